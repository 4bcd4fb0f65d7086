/* No good hash is proved by tests; these find the ways to break one. */
#include "base/hash.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static char text[80];

static void fill(void)
{
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('A' + i * 7 % 60);
}

/* Under a sanitizer a read beyond the end is found: each has its own block. */
static uint64_t hash_copy(size_t len, uint64_t seed, bool nocase)
{
	char *copy = malloc(len ? len : 1);
	struct slice s = { copy, len };
	uint64_t h;

	assert_non_null(copy);
	memcpy(copy, text, len);
	h = nocase ? hash_bytes_nocase(s, seed) : hash_bytes(s, seed);
	free(copy);
	return h;
}

static void equal_bytes_have_equal_hashes(void **state)
{
	(void)state;
	fill();
	for (size_t len = 0; len <= sizeof(text); len++)
		assert_int_equal(hash_copy(len, 1, false),
		    hash_bytes((struct slice){ text, len }, 1));
	assert_int_equal(hash_bytes((struct slice){ NULL, 0 }, 1),
	    hash_bytes(SLICE(""), 1));
}

static void each_byte_the_length_and_the_seed_count(void **state)
{
	(void)state;
	for (size_t len = 1; len <= sizeof(text); len++) {
		uint64_t h;

		fill();
		h = hash_copy(len, 1, false);
		assert_int_not_equal(h, hash_copy(len, 2, false));
		assert_int_not_equal(h, hash_copy(len - 1, 1, false));
		for (size_t i = 0; i < len; i++) {
			text[i] ^= 0x20;
			assert_int_not_equal(h, hash_copy(len, 1, false));
			text[i] ^= 0x20;
		}
	}
}

static void zeros_of_any_length_differ(void **state)
{
	(void)state;
	memset(text, 0, sizeof(text));
	for (size_t a = 0; a <= sizeof(text); a++)
		for (size_t b = 0; b < a; b++)
			assert_int_not_equal(hash_copy(a, 0, false),
			    hash_copy(b, 0, false));
}

static void case_is_ignored_for_letters_only(void **state)
{
	(void)state;
	for (size_t len = 0; len <= sizeof(text); len++) {
		uint64_t h;

		fill();
		h = hash_copy(len, 1, true);
		for (size_t i = 0; i < len; i++)
			text[i] = (char)tolower((unsigned char)text[i]);
		assert_int_equal(h, hash_copy(len, 1, true));
	}
	for (int c = 0; c < 256; c++) {
		char other = (char)(c ^ 0x20), one = (char)c;
		bool same = hash_bytes_nocase((struct slice){ &one, 1 }, 1) ==
		    hash_bytes_nocase((struct slice){ &other, 1 }, 1);

		assert_int_equal(same, (c | 0x20) >= 'a' && (c | 0x20) <= 'z');
	}
}

static void low_bits_spread_similar_keys(void **state)
{
	unsigned used[1024] = { 0 }, empty = 0;

	(void)state;
	for (int i = 0; i < 4096; i++) {
		char name[16];
		int len = snprintf(name, sizeof(name), "/file%d.html", i);

		used[hash_bytes((struct slice){ name, (size_t)len }, 0) %
		    1024]++;
	}
	for (int i = 0; i < 1024; i++) {
		empty += used[i] == 0;
		assert_in_range(used[i], 0, 16);
	}
	assert_in_range(empty, 5, 40);	/* 1024 / e^4 is 19 */
}

static void mixing_loses_nothing(void **state)
{
	(void)state;
	for (uint64_t a = 0; a < 300; a++)
		for (uint64_t b = 0; b < a; b++)
			assert_int_not_equal(hash_mix(a), hash_mix(b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_bytes_have_equal_hashes),
		cmocka_unit_test(each_byte_the_length_and_the_seed_count),
		cmocka_unit_test(zeros_of_any_length_differ),
		cmocka_unit_test(case_is_ignored_for_letters_only),
		cmocka_unit_test(low_bits_spread_similar_keys),
		cmocka_unit_test(mixing_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
