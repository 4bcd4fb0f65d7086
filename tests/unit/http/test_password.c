/* Hashes that htpasswd, openssl passwd, mkpasswd and a few lines of Python
 * made; and what must not be taken for one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "http/digest.h"
#include "http/password.h"

static const struct { const char *hash, *password; } known[] = {
	{ "$2y$04$cc4BxK68b3RXlTpsbcFs7eyT/cVhZW5dD4qVxFPvUHMpV1qjUn1kG",
	  "correct horse" },
	{ "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e",
	  "correct horse" },
	{ "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$"
	  "zwtVrjrUCmXcyLTs6oxLTQlzifSUkF8RHJ./tK5KU79", "correct horse" },
	{ "$gy$j9T$F5Jx5fExrKuPp53xLKQ..1$"
	  "fjSOzYe3VPU6Q.dJqx4tYW6CE1ptRyuKNHZ4IlHBYq1", "correct horse" },
	{ "$7$CU..../....abcdefgh$"
	  "zsdaqwx89mPOv8.UAUJOC7yCeca1WUSV.qqzsN2U1JA", "correct horse" },
	{ "$6$saltsalt$hRM5XZ86KXEw9UOmjigeVqFgULtFB2sgpC9lXQDfMib3Zgw7mEi"
	  "UvBJI2EplzfAqxL5Vvwp2scFtv/uamSo5z0", "correct horse" },
	{ "$5$saltsalt$myjXcpMpE2Ofk7fj9hqyNYSn6lmWG4Mqnjx.KIRRr4/",
	  "correct horse" },
	{ "$5$rounds=1000$ab$lMxgB9r4O0h7N8Fc22csLTwDjQhj47dburbojE4s.sD",
	  "x" },
	{ "$1$abcdefgh$y6iHhJNbuC0xpbk0w9pm80", "correct horse" },
	{ "SWyV.zOLIuLvQ", "horse" },
	{ "abkwZZadvNgTs", "horse" },
	{ "$apr1$4CZhVmLC$TjaUWda4VsxJ9bRBe9EtW1", "correct horse" },
	{ "$apr1$abcdefgh$L.PT565ESX4Tp2bqNs7Ie.", "" },
	{ "$apr1$abc$zG9J8v9VYTznLWgQaKxC2.",
	  "a much longer password than sixteen bytes, even" },
	{ "{SHA}L55TUjtiq8FBorTWAZ0jy6g129A=", "correct horse" },
	{ "{SSHA}LhKrkM9Fy+zlstjdD7Kv2s6QvhBzYWx0", "correct horse" },
	{ "{SSHA}spXRFxNal2PaKC59rnOlyn0+WxFzYWx0", "" },
	{ "{PLAIN}correct horse", "correct horse" },
};

static void a_password_fits_its_hash_and_no_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		struct slice hash = slice_cstr(known[i].hash);
		char longer[128];

		assert_true(password_hash_valid(hash));
		if (!password_verify(hash, slice_cstr(known[i].password)))
			fail_msg("%s", known[i].hash);
		(void)snprintf(longer, sizeof(longer), "%sx",
		    known[i].password);
		assert_false(password_verify(hash, slice_cstr(longer)));
		assert_false(password_verify(hash, SLICE("Correct horse")));
	}
}

static void a_changed_hash_fits_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		struct slice password = slice_cstr(known[i].password);
		struct slice hash = slice_cstr(known[i].hash);
		size_t at = hash.len - 5;
		char text[PASSWORD_HASH_MAX];

		memcpy(text, hash.data, hash.len);
		text[at] = text[at] == 'A' ? 'B' : 'A';
		assert_false(password_verify((struct slice){ text, hash.len },
		    password));
		assert_false(password_verify(slice_first(hash, hash.len - 2),
		    password));
		assert_false(password_verify(slice_first(hash, at), password));
	}
}

static void what_is_no_hash_is_told(void **state)
{
	static const char *const bad[] = { "", "secret", "$", "$$", "$2y$",
		"$2y$04$short", "$6$saltsalt$short", "$6$saltsalt", "{SHA}",
		"{SHA}AAAA", "{SSHA}L55TUjtiq8FBorTWAZ0jy6g129A=",
		"{SHA}LhKrkM9Fy+zlstjdD7Kv2s6QvhBzYWx0", "{PLAIN}", "{MD5}x",
		"{SHA}L55TUjtiq8FBorTWAZ0jy6g12:A=", "$apr1$", "$apr1$salt",
		"$apr1$ninechars$TjaUWda4VsxJ9bRBe9EtW1",
		"$apr1$4CZhVmLC$TjaUWda4VsxJ9bRBe9EtW",
		"$apr1$4CZhVmLC$TjaUWda4VsxJ9bRBe9Et!1",
		"$9$abcdefgh$y6iHhJNbuC0xpbk0w9pm80", "abkwZZadvNgT:",
		"abkwZZadvNgTss", "*0", "*LK*",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (password_hash_valid(slice_cstr(bad[i])))
			fail_msg("%s", bad[i]);
		assert_false(password_verify(slice_cstr(bad[i]), SLICE("")));
		assert_false(password_verify(slice_cstr(bad[i]),
		    slice_cstr(bad[i])));
	}
	assert_false(password_hash_valid(SLICE("{PLAIN}a\0b")));
}

static void lengths_have_limits(void **state)
{
	char hash[sizeof("{PLAIN}") + PASSWORD_MAX + 1] = "{PLAIN}";
	char text[PASSWORD_MAX + 1];

	(void)state;
	memset(text, 'x', sizeof(text));
	memset(hash + 7, 'x', sizeof(hash) - 7);
	assert_true(password_verify((struct slice){ hash, PASSWORD_HASH_MAX },
	    (struct slice){ text, PASSWORD_HASH_MAX - 7 }));
	assert_false(password_hash_valid((struct slice){ hash,
	    PASSWORD_HASH_MAX + 1 }));
	/* The longest password goes through each kind without harm. */
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		assert_false(password_verify(slice_cstr(known[i].hash),
		    (struct slice){ text, PASSWORD_MAX }));
		assert_false(password_verify(slice_cstr(known[i].hash),
		    (struct slice){ text, PASSWORD_MAX + 1 }));
	}
	assert_false(password_verify(SLICE("{PLAIN}a"), SLICE("a\0")));
	assert_false(password_verify(SLICE("$1$abcdefgh$"
	    "y6iHhJNbuC0xpbk0w9pm80"), SLICE("correct horse\0x")));
}

/* RFC 1321 A.5, RFC 3174 7.3, FIPS 180-2 B.1, RFC 4231 4.3. */
static void digests_are_those_of_the_standards(void **state)
{
	static const uint8_t md5[] = "\x90\x01\x50\x98\x3c\xd2\x4f\xb0"
	    "\xd6\x96\x3f\x7d\x28\xe1\x7f\x72";
	static const uint8_t sha1[] = "\xa9\x99\x3e\x36\x47\x06\x81\x6a"
	    "\xba\x3e\x25\x71\x78\x50\xc2\x6c\x9c\xd0\xd8\x9d";
	static const uint8_t sha256[] = "\xba\x78\x16\xbf\x8f\x01\xcf\xea"
	    "\x41\x41\x40\xde\x5d\xae\x22\x23\xb0\x03\x61\xa3\x96\x17"
	    "\x7a\x9c\xb4\x10\xff\x61\xf2\x00\x15\xad";
	static const uint8_t hmac[] = "\x5b\xdc\xc1\x46\xbf\x60\x75\x4e"
	    "\x6a\x04\x24\x26\x08\x95\x75\xc7\x5a\x00\x3f\x08\x9d\x27"
	    "\x39\x83\x9d\xec\x58\xb9\x64\xec\x38\x43";
	uint8_t ours[DIGEST_SHA256_SIZE];

	(void)state;
	assert_int_equal(digest_md5(SLICE("abc"), ours), 0);
	assert_memory_equal(ours, md5, DIGEST_MD5_SIZE);
	assert_int_equal(digest_sha1(SLICE("abc"), ours), 0);
	assert_memory_equal(ours, sha1, DIGEST_SHA1_SIZE);
	assert_int_equal(digest_sha256(SLICE("abc"), ours), 0);
	assert_memory_equal(ours, sha256, DIGEST_SHA256_SIZE);
	assert_int_equal(digest_hmac(SLICE("Jefe"),
	    SLICE("what do ya want for nothing?"), ours), 0);
	assert_memory_equal(ours, hmac, DIGEST_SHA256_SIZE);
	assert_true(digest_equal(SLICE("abc"), SLICE("abc")));
	assert_true(digest_equal(SLICE(""), (struct slice){ NULL, 0 }));
	assert_false(digest_equal(SLICE("abc"), SLICE("abd")));
	assert_false(digest_equal(SLICE("abc"), SLICE("ab")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_password_fits_its_hash_and_no_other),
		cmocka_unit_test(a_changed_hash_fits_nothing),
		cmocka_unit_test(what_is_no_hash_is_told),
		cmocka_unit_test(lengths_have_limits),
		cmocka_unit_test(digests_are_those_of_the_standards),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
