/*
 * The kinds of password hashes: what crypt(3) of the C library knows is left
 * to it; the others are made here, Apache's from its definition in
 * apr_md5.c (https://httpd.apache.org/docs/2.4/misc/password_encryptions.html)
 * as a sequence of MD5 digests.
 */

#include "http/password.h"

#include <crypt.h>
#include <stdlib.h>

#include "base/base64.h"
#include "http/digest.h"

enum {
	APR1_SALT_MAX = 8,
	APR1_TEXT_LEN = 22,		/* of the digest */
	APR1_ROUNDS = 1000,
	/* The longest that is digested: password, salt, password, digest;
	 * or at first password, "$apr1$", salt, as many bytes of a digest as
	 * the password has, a byte for each bit of its length. */
	APR1_INPUT_MAX = 2 * PASSWORD_MAX + 64,
	DES_LEN = 13,
};

static const char password_digits[] =
    "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

static bool password_is_digits(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!s.data[i] || !strchr(password_digits, s.data[i]))
			return false;
	return true;
}

/* ---- $apr1$ ---- */

struct apr1_input {
	char data[APR1_INPUT_MAX];
	size_t len;
};

static void apr1_add(struct apr1_input *input, struct slice s)
{
	memcpy(input->data + input->len, s.data, s.len);
	input->len += s.len;
}

static bool apr1_digest(struct apr1_input *input, uint8_t *ret)
{
	int err = digest_md5((struct slice){ input->data, input->len }, ret);

	explicit_bzero(input->data, input->len);
	input->len = 0;
	return err == 0;
}

/* The first digest, of which the rounds begin. */
static bool apr1_begin(struct slice salt, struct slice password,
    uint8_t *ret)
{
	const struct slice digest = { (const char *)ret, DIGEST_MD5_SIZE };
	struct apr1_input input = { .len = 0 };

	apr1_add(&input, password);
	apr1_add(&input, salt);
	apr1_add(&input, password);
	if (!apr1_digest(&input, ret))
		return false;
	apr1_add(&input, password);
	apr1_add(&input, SLICE("$apr1$"));
	apr1_add(&input, salt);
	for (size_t left = password.len; left; left -= left < digest.len ?
	    left : digest.len)
		apr1_add(&input, slice_first(digest, left));
	for (size_t bits = password.len; bits; bits >>= 1)
		apr1_add(&input, bits & 1 ? SLICE("\0") :
		    slice_first(password, 1));
	return apr1_digest(&input, ret);
}

static bool apr1_round(unsigned number, struct slice salt,
    struct slice password, uint8_t *ret)
{
	const struct slice digest = { (const char *)ret, DIGEST_MD5_SIZE };
	struct apr1_input input = { .len = 0 };

	apr1_add(&input, number & 1 ? password : digest);
	if (number % 3)
		apr1_add(&input, salt);
	if (number % 7)
		apr1_add(&input, password);
	apr1_add(&input, number & 1 ? digest : password);
	return apr1_digest(&input, ret);
}

/* Bytes of the digest three at a time, least significant digit first. */
static void apr1_text(const uint8_t *digest, char *ret)
{
	static const uint8_t order[][3] = { { 0, 6, 12 }, { 1, 7, 13 },
		{ 2, 8, 14 }, { 3, 9, 15 }, { 4, 10, 5 } };
	unsigned bits;

	for (unsigned i = 0; i < sizeof(order) / sizeof(*order); i++) {
		bits = (unsigned)digest[order[i][0]] << 16 |
		    (unsigned)digest[order[i][1]] << 8 | digest[order[i][2]];
		for (unsigned n = 0; n < 4; n++, bits >>= 6)
			*ret++ = password_digits[bits & 63];
	}
	*ret++ = password_digits[digest[11] & 63];
	*ret++ = password_digits[digest[11] >> 6];
}

/* What follows "$apr1$" as salt and digest. */
static bool apr1_split(struct slice text, struct slice *salt,
    struct slice *digest)
{
	const char *end = text.len ? memchr(text.data, '$', text.len) : NULL;

	if (!end)
		return false;
	*salt = slice_first(text, (size_t)(end - text.data));
	*digest = slice_from(text, salt->len + 1);
	return salt->len <= APR1_SALT_MAX && digest->len == APR1_TEXT_LEN &&
	    password_is_digits(*digest);
}

static bool apr1_valid(struct slice text)
{
	struct slice salt, digest;

	return apr1_split(text, &salt, &digest);
}

static bool apr1_verify(struct slice text, struct slice password)
{
	uint8_t digest[DIGEST_MD5_SIZE];
	char ours[APR1_TEXT_LEN];
	struct slice salt, theirs;

	if (!apr1_split(text, &salt, &theirs) ||
	    !apr1_begin(salt, password, digest))
		return false;
	for (unsigned i = 0; i < APR1_ROUNDS; i++)
		if (!apr1_round(i, salt, password, digest))
			return false;
	apr1_text(digest, ours);
	return digest_equal((struct slice){ ours, sizeof(ours) }, theirs);
}

/* ---- {SHA}, {SSHA}, {PLAIN} ---- */

/* What follows "{SHA}" or "{SSHA}": the digest and, behind it, the salt.
 * Returns the number of bytes, or -1. */
static ssize_t sha_decode(struct slice text, char *ret)
{
	ssize_t len = text.len > PASSWORD_HASH_MAX ? -1 :
	    base64_decode_to(text, ret);

	return len < DIGEST_SHA1_SIZE ? -1 : len;
}

static bool sha_verify(struct slice text, struct slice password)
{
	char theirs[PASSWORD_HASH_MAX], input[PASSWORD_MAX + sizeof(theirs)];
	ssize_t len = sha_decode(text, theirs);
	size_t salt_len = len < 0 ? 0 : (size_t)len - DIGEST_SHA1_SIZE;
	uint8_t ours[DIGEST_SHA1_SIZE];
	int err;

	if (len < 0)
		return false;
	memcpy(input, password.data, password.len);
	memcpy(input + password.len, theirs + DIGEST_SHA1_SIZE, salt_len);
	err = digest_sha1((struct slice){ input, password.len + salt_len },
	    ours);
	explicit_bzero(input, sizeof(input));
	return !err && digest_equal((struct slice){ (char *)ours,
	    sizeof(ours) }, (struct slice){ theirs, sizeof(ours) });
}

static bool sha_valid(struct slice text)
{
	char bytes[PASSWORD_HASH_MAX];

	return sha_decode(text, bytes) == DIGEST_SHA1_SIZE;
}

static bool ssha_valid(struct slice text)
{
	char bytes[PASSWORD_HASH_MAX];

	return sha_decode(text, bytes) > DIGEST_SHA1_SIZE;
}

/* By way of digests, since a comparison may tell how long they are. */
static bool plain_verify(struct slice text, struct slice password)
{
	uint8_t a[DIGEST_SHA256_SIZE], b[DIGEST_SHA256_SIZE];

	return digest_hmac(SLICE("password"), text, a) == 0 &&
	    digest_hmac(SLICE("password"), password, b) == 0 &&
	    digest_equal((struct slice){ (char *)a, sizeof(a) },
		(struct slice){ (char *)b, sizeof(b) });
}

static bool plain_valid(struct slice text)
{
	return text.len > 0;
}

/* ---- crypt(3) ---- */

static bool crypt_verify(struct slice hash, struct slice password)
{
	struct crypt_data *data = calloc(1, sizeof(*data));
	const char *ours = NULL;
	bool equal;

	if (!data)
		return false;
	memcpy(data->setting, hash.data, hash.len);
	memcpy(data->input, password.data, password.len);
	ours = crypt_r(data->input, data->setting, data);
	/* It fails with a text that no hash is equal to. */
	equal = ours && digest_equal(slice_cstr(ours), hash);
	explicit_bzero(data, sizeof(*data));
	free(data);
	return equal;
}

/* Does the setting make sense, and is the digest behind its last '$' of
 * `len` characters? */
static bool crypt_valid(struct slice hash, size_t len)
{
	char text[PASSWORD_HASH_MAX + 1];
	const char *mark;
	int check;

	memcpy(text, hash.data, hash.len);
	text[hash.len] = '\0';
	mark = strrchr(text, '$');
	check = crypt_checksalt(text);
	return check != CRYPT_SALT_INVALID &&
	    check != CRYPT_SALT_METHOD_DISABLED && mark &&
	    strlen(mark + 1) == len && password_is_digits(slice_cstr(mark + 1));
}

_Static_assert(sizeof(((struct crypt_data *)NULL)->setting) >
    PASSWORD_HASH_MAX, "a hash and its terminator fit");
_Static_assert(sizeof(((struct crypt_data *)NULL)->input) > PASSWORD_MAX,
    "a password and its terminator fit");

/* ---- the kinds ---- */

static const struct password_kind {
	struct slice prefix;
	size_t len;		/* of crypt(3)'s digest; 0: a kind of ours */
	bool (*valid)(struct slice text);	/* behind the prefix */
	bool (*verify)(struct slice text, struct slice password);
} password_kinds[] = {
	{ SLICE("$2a$"), 53, NULL, NULL },	/* with the salt */
	{ SLICE("$2b$"), 53, NULL, NULL },
	{ SLICE("$2y$"), 53, NULL, NULL },
	{ SLICE("$y$"), 43, NULL, NULL },
	{ SLICE("$gy$"), 43, NULL, NULL },
	{ SLICE("$7$"), 43, NULL, NULL },
	{ SLICE("$6$"), 86, NULL, NULL },
	{ SLICE("$5$"), 43, NULL, NULL },
	{ SLICE("$1$"), 22, NULL, NULL },
	{ SLICE("$apr1$"), 0, apr1_valid, apr1_verify },
	{ SLICE("{SHA}"), 0, sha_valid, sha_verify },
	{ SLICE("{SSHA}"), 0, ssha_valid, sha_verify },
	{ SLICE("{PLAIN}"), 0, plain_valid, plain_verify },
};

static const struct password_kind *password_kind_find(struct slice hash)
{
	for (size_t i = 0; i < sizeof(password_kinds) /
	    sizeof(*password_kinds); i++)
		if (slice_starts(hash, password_kinds[i].prefix))
			return &password_kinds[i];
	return NULL;
}

bool password_hash_valid(struct slice hash)
{
	const struct password_kind *kind;

	if (!hash.len || hash.len > PASSWORD_HASH_MAX ||
	    memchr(hash.data, '\0', hash.len))
		return false;
	kind = password_kind_find(hash);
	if (!kind)
		return hash.len == DES_LEN && password_is_digits(hash);
	return kind->len ? crypt_valid(hash, kind->len) :
	    kind->valid(slice_from(hash, kind->prefix.len));
}

bool password_verify(struct slice hash, struct slice password)
{
	const struct password_kind *kind;

	if (!password_hash_valid(hash) || password.len > PASSWORD_MAX ||
	    (password.len && memchr(password.data, '\0', password.len)))
		return false;
	kind = password_kind_find(hash);
	return kind && kind->verify ? kind->verify(slice_from(hash,
	    kind->prefix.len), password) : crypt_verify(hash, password);
}
