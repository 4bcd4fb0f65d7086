/*
 * secure_link: is a link one that the site made, and does it still hold?
 *
 * secure_link and secure_link_md5: $secure_link is empty if the digest that
 * came is not that of the text, "0" if the link has expired, "1" if it holds.
 * secure_link_secret: of a path "/prefix/DIGEST/link" it is the link.
 */

#include <errno.h>

#include "base/base64.h"
#include "http/conn.h"
#include "http/digest.h"
#include "http/variable.h"
#include "modules/modules.h"

enum { SECURE_LINK_HEX = 2 * DIGEST_MD5_SIZE };

struct secure_link_record {
	struct http_value link, text;	/* of no parts: not set */
	struct slice secret;
	const struct conf_node *node;	/* that set it */
};

extern const struct http_module http_secure_link_module;

/* ---- requests ---- */

/* The digest in `text`, as base64 with '-' and '_' (RFC 4648 §5). */
static bool secure_link_digest(struct slice text, uint8_t *ret)
{
	char copy[BASE64_LEN(DIGEST_MD5_SIZE)];
	char bytes[sizeof(copy) / 4 * 3 + 2];

	if (text.len > sizeof(copy))
		return false;
	for (size_t i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (c == '+' || c == '/')
			return false;
		copy[i] = c == '-' ? '+' : c == '_' ? '/' : c;
	}
	if (base64_decode_to((struct slice){ copy, text.len }, bytes) !=
	    DIGEST_MD5_SIZE)
		return false;
	memcpy(ret, bytes, DIGEST_MD5_SIZE);
	return true;
}

static bool secure_link_equal(const uint8_t *a, const uint8_t *b)
{
	return digest_equal(
	    (struct slice){ (const char *)a, DIGEST_MD5_SIZE },
	    (struct slice){ (const char *)b, DIGEST_MD5_SIZE });
}

/* Split "DIGEST" or "DIGEST,EXPIRES"; `expires` is 0 if it is not there. */
static bool secure_link_split(struct slice *link, struct slice *text,
    uint64_t *expires)
{
	const char *comma = link->len ? memchr(link->data, ',', link->len) :
	    NULL;

	*expires = 0;
	if (!comma)
		return true;
	*text = slice_from(*link, (size_t)(comma + 1 - link->data));
	link->len = (size_t)(comma - link->data);
	return slice_to_u64(*text, expires) && *expires > 0 &&
	    *expires <= INT64_MAX;
}

static bool secure_link_check(struct http_request *request,
    const struct secure_link_record *record, struct slice *ret)
{
	void **data = http_request_data(request, &http_secure_link_module);
	struct slice link = http_value_get(request, &record->link);
	struct slice *expires_text = arena_calloc(&request->arena, 1,
	    sizeof(*expires_text));
	uint8_t wanted[DIGEST_MD5_SIZE], digest[DIGEST_MD5_SIZE];
	struct slice text;
	uint64_t expires;

	if (!data || !expires_text ||
	    !secure_link_split(&link, expires_text, &expires))
		return false;
	*data = expires ? expires_text : NULL;	/* for $secure_link_expires */
	if (!secure_link_digest(link, wanted))
		return false;
	text = http_value_get(request, &record->text);
	if (!text.data || digest_md5(text, digest) ||
	    !secure_link_equal(wanted, digest))
		return false;
	*ret = expires && expires < http_worker_real_ns(request->worker) /
	    NS_PER_SEC ? SLICE("0") : SLICE("1");
	return true;
}

static int secure_link_nibble(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 :
	    -1;
}

static bool secure_link_hex(struct slice text, uint8_t *ret)
{
	for (unsigned i = 0; i < DIGEST_MD5_SIZE; i++) {
		int high = secure_link_nibble(text.data[2 * i]);
		int low = secure_link_nibble(text.data[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		ret[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* The part of `path` up to the next '/', which is taken from it, too. */
static bool secure_link_segment(struct slice *path, struct slice *ret)
{
	const char *slash = path->len ? memchr(path->data, '/', path->len) :
	    NULL;

	if (!slash)
		return false;
	*ret = slice_first(*path, (size_t)(slash - path->data));
	*path = slice_from(*path, ret->len + 1);
	return true;
}

/* "/prefix/DIGEST/link", of the target as it was received. */
static bool secure_link_path(struct http_request *request,
    const struct secure_link_record *record, struct slice *ret)
{
	struct slice link = slice_from(request->head.path, 1);
	struct slice prefix, hex, text;
	uint8_t wanted[DIGEST_MD5_SIZE], digest[DIGEST_MD5_SIZE];

	if (!secure_link_segment(&link, &prefix) ||
	    !secure_link_segment(&link, &hex) ||
	    hex.len != SECURE_LINK_HEX || link.len == 0 ||
	    !secure_link_hex(hex, wanted))
		return false;
	text = arena_printf(&request->arena, "%.*s%.*s", SLICE_ARG(link),
	    SLICE_ARG(record->secret));
	if (!text.data || digest_md5(text, digest) ||
	    !secure_link_equal(wanted, digest))
		return false;
	*ret = link;
	return true;
}

static bool get_secure_link(struct http_request *request, struct slice name,
    struct slice *ret)
{
	const struct secure_link_record *record = http_request_record(request,
	    &http_secure_link_module.table);

	(void)name;
	if (record->secret.data)
		return secure_link_path(request, record, ret);
	return record->link.count && record->text.count &&
	    secure_link_check(request, record, ret);
}

/* As the last look at $secure_link found it. */
static bool get_secure_link_expires(struct http_request *request,
    struct slice name, struct slice *ret)
{
	void **data = http_request_data(request, &http_secure_link_module);
	const struct slice *expires = data ? *data : NULL;

	(void)name;
	if (expires)
		*ret = *expires;
	return expires;
}

static const struct http_variable secure_link_variables[] = {
	{ .name = { "secure_link", 11 }, .get = get_secure_link,
	  .help = "\"1\" if the link is right; \"0\" if its time is over; "
	    "else empty" },
	{ .name = { "secure_link_expires", 19 },
	  .get = get_secure_link_expires,
	  .help = "the time that the link is valid until, as it says itself" },
	{ .name = { NULL, 0 }, .get = NULL },
};

/* ---- configuration ---- */

static int secure_link_set(struct conf *conf, const struct conf_node *node,
    struct http_value *value)
{
	if (value->count)
		return conf_fail(conf, node, 0, "\"%s\" directive is "
		    "duplicate", node->args[0].data);
	return http_value_compile(conf, node, node->args[1], value);
}

static int secure_link_set_link(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope,
    void *record)
{
	(void)scope;
	return secure_link_set(conf, node,
	    &((struct secure_link_record *)record)->link);
}

static int secure_link_set_md5(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope,
    void *record)
{
	(void)scope;
	return secure_link_set(conf, node,
	    &((struct secure_link_record *)record)->text);
}

static int secure_link_set_secret(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope,
    void *record)
{
	struct secure_link_record *link = record;

	(void)scope;
	if (link->secret.data)
		return conf_fail(conf, node, 0,
		    "\"secure_link_secret\" directive is duplicate");
	link->secret = node->args[1];
	link->node = node;
	return 0;
}

static int secure_link_merge(struct conf *conf, const void *parent,
    void *record)
{
	const struct secure_link_record *from = parent;
	struct secure_link_record *link = record;

	if (link->secret.data)
		return !link->link.count && !link->text.count ? 0 :
		    conf_fail(conf, link->node, 0, "\"secure_link_secret\" "
		    "cannot be mixed with \"secure_link\" and "
		    "\"secure_link_md5\"");
	if (!from)
		return 0;
	if (!link->link.count)
		link->link = from->link;
	if (!link->text.count)
		link->text = from->text;
	if (!link->link.count && !link->text.count)
		link->secret = from->secret;
	return 0;
}

static const struct conf_directive secure_link_directives[] = {
	{ .name = "secure_link", .contexts = CONF_HTTP_ALL, .args_min = 1,
	  .args_max = 1, .set = secure_link_set_link,
	  .syntax = "TEXT",
	  .help = "where a link's digest and expiry come from" },
	{ .name = "secure_link_md5", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .set = secure_link_set_md5,
	  .syntax = "TEXT",
	  .help = "text whose digest a link must have" },
	{ .name = "secure_link_secret", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .set = secure_link_set_secret,
	  .syntax = "WORD",
	  .help = "word whose digest the paths of links begin with" },
	{ .name = NULL },
};

const struct http_module http_secure_link_module = {
	.table = {
		.name = "secure_link",
		.help = "checks that a link was made by somebody who knows "
		    "a secret, and is still valid",
		.directives = secure_link_directives,
		.record_size = sizeof(struct secure_link_record),
		.merge = secure_link_merge,
	},
	.variables = secure_link_variables,
};
