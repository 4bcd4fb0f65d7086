/* Tables of addresses: each address has the value that a slow look through
 * all that was written gives it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "modules/geo_table.h"

static int setup(void **state)
{
	static const struct conf_table *const tables[] = { NULL };
	static const struct log quiet;
	static struct conf conf;

	conf_init(&conf, tables, "/", "/", &quiet);
	*state = &conf;
	return 0;
}

static int teardown(void **state)
{
	conf_free(*state);
	return 0;
}

#define ALL (~(unsigned __int128)0)

static void is(const struct geo_table *table, unsigned __int128 address,
    const char *expected)
{
	struct slice value = geo_table_find(table, address);

	if (!expected)
		assert_null(value.data);
	else
		assert_true(slice_equal(value, slice_cstr(expected)));
}

static void add(struct geo_networks *networks, unsigned __int128 first,
    unsigned __int128 last, const char *value)
{
	struct geo_network network = { first, last, SLICE("n"),
		{ value, value ? strlen(value) : 0 }, NULL, 0 };

	assert_int_equal(geo_networks_add(networks, &network), 0);
}

static void test_networks_within_networks(void **state)
{
	struct geo_networks networks = { .count = 0 };
	struct geo_table table = { .count = 0 };

	add(&networks, 16, 31, "b");
	add(&networks, 0, ALL, "a");
	add(&networks, 16, 16, "c");
	add(&networks, 31, 31, "d");
	add(&networks, ALL, ALL, "e");
	add(&networks, 64, 127, "f");
	add(&networks, 64, 127, NULL);		/* deleted */
	add(&networks, 256, 511, NULL);		/* was not there */
	add(&networks, 1024, 2047, "g");
	add(&networks, 1024, 2047, "h");	/* instead */
	assert_int_equal(geo_networks_finish(*state, &networks, &table), 0);
	is(&table, 0, "a");
	is(&table, 15, "a");
	is(&table, 16, "c");
	is(&table, 17, "b");
	is(&table, 30, "b");
	is(&table, 31, "d");
	is(&table, 32, "a");
	is(&table, 64, "a");
	is(&table, 300, "a");
	is(&table, 1024, "h");
	is(&table, 2048, "a");
	is(&table, ALL - 1, "a");
	is(&table, ALL, "e");
}

static void test_nothing(void **state)
{
	struct geo_networks networks = { .count = 0 };
	struct geo_table table = { .count = 0 };

	is(&table, 0, NULL);
	assert_int_equal(geo_networks_finish(*state, &networks, &table), 0);
	is(&table, ALL, NULL);
	add(&networks, 0, 1, NULL);
	assert_int_equal(geo_networks_finish(*state, &networks, &table), 0);
	is(&table, 0, NULL);
}

/* All networks of 10 bits and less, some of them said twice or deleted. */
static void test_random_networks(void **state)
{
	static char texts[4][2] = { "a", "b", "c", "d" };
	static const char *said[11][1024];
	struct geo_networks networks = { .count = 0 };
	struct geo_table table = { .count = 0 };

	for (unsigned i = 0; i < 600; i++) {
		unsigned bits = (unsigned)rand() % 11;
		unsigned size = 1024U >> bits;
		unsigned at = (unsigned)rand() % (1U << bits);
		const char *value = rand() % 5 ? texts[rand() % 4] : NULL;

		add(&networks, at * size, (at + 1) * size - 1, value);
		said[bits][at] = value;
	}
	assert_int_equal(geo_networks_finish(*state, &networks, &table), 0);
	for (unsigned i = 0; i < 1024; i++) {
		const char *expected = NULL;

		for (unsigned bits = 0; bits < 11; bits++)
			if (said[bits][i >> (10 - bits)])
				expected = said[bits][i >> (10 - bits)];
		is(&table, i, expected);
	}
	is(&table, 1024, NULL);
}

static int range(struct conf *conf, struct geo_ranges *ranges,
    uint32_t first, uint32_t last, const char *value)
{
	struct geo_range it = { first, last, SLICE("r"), { value, 1 }, NULL };

	return geo_ranges_add(conf, ranges, &it);
}

static void delete(struct conf *conf, struct geo_ranges *ranges,
    uint32_t first, uint32_t last)
{
	struct geo_range it = { first, last, SLICE("r"), { NULL, 0 }, NULL };

	geo_ranges_delete(conf, ranges, &it);
}

static void test_ranges_over_ranges(void **state)
{
	struct geo_ranges *ranges = geo_ranges_new();
	struct geo_table table;

	assert_non_null(ranges);
	assert_int_equal(range(*state, ranges, 100, 200, "a"), 0);
	assert_int_equal(range(*state, ranges, 300, 0x3ffff, "b"), 0);
	assert_int_equal(range(*state, ranges, 100, 110, "c"), 0);
	assert_int_equal(range(*state, ranges, 190, 200, "d"), 0);
	assert_int_equal(range(*state, ranges, 150, 150, "e"), 0);
	assert_int_equal(range(*state, ranges, 150, 150, "f"), 0);
	assert_int_equal(range(*state, ranges, 0, 99, "g"), 0);
	assert_int_equal(range(*state, ranges, UINT32_MAX, UINT32_MAX, "h"),
	    0);
	/* Neither over an end nor around all of one. */
	assert_int_equal(range(*state, ranges, 199, 201, "x"), -EINVAL);
	assert_int_equal(range(*state, ranges, 90, 100, "x"), -EINVAL);
	assert_int_equal(range(*state, ranges, 299, 0x40000, "x"), -EINVAL);
	delete(*state, ranges, 190, 200);
	delete(*state, ranges, 150, 151);	/* not there */
	delete(*state, ranges, 0x10000, 0x1ffff);
	assert_int_equal(geo_ranges_finish(*state, ranges, &table), 0);
	geo_ranges_free(&ranges);
	is(&table, 0, "g");
	is(&table, 99, "g");
	is(&table, 100, "c");
	is(&table, 110, "c");
	is(&table, 111, "a");
	is(&table, 149, "a");
	is(&table, 150, "f");
	is(&table, 151, "a");
	is(&table, 189, "a");
	is(&table, 190, NULL);
	is(&table, 201, NULL);
	is(&table, 300, "b");
	is(&table, 0xffff, "b");
	is(&table, 0x10000, NULL);
	is(&table, 0x1ffff, NULL);
	is(&table, 0x20000, "b");
	is(&table, 0x3ffff, "b");
	is(&table, 0x40000, NULL);
	is(&table, UINT32_MAX - 1, NULL);
	is(&table, UINT32_MAX, "h");
}

/* Whatever fits, in any order, against an array of all addresses. */
static void test_random_ranges(void **state)
{
	static char texts[4][2] = { "a", "b", "c", "d" };
	static const char *said[4096];
	struct geo_ranges *ranges = geo_ranges_new();
	const uint32_t base = 0x1f800;	/* on both sides of a block's end */
	struct geo_table table;

	assert_non_null(ranges);
	for (unsigned i = 0; i < 3000; i++) {
		uint32_t first = (uint32_t)rand() % 4096;
		uint32_t last = first + (uint32_t)rand() % 40;
		const char *value = texts[rand() % 4];
		bool inside = last < 4096 && (first + base) >> 16 ==
		    (last + base) >> 16;

		for (uint32_t at = first; inside && at <= last; at++)
			inside = said[at] == said[first];
		if (!inside || (said[first] && first == last) ||
		    range(*state, ranges, base + first, base + last, value))
			continue;
		for (uint32_t at = first; at <= last; at++)
			said[at] = value;
	}
	assert_int_equal(geo_ranges_finish(*state, ranges, &table), 0);
	geo_ranges_free(&ranges);
	for (uint32_t i = 0; i < 4096; i++)
		is(&table, base + i, said[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_networks_within_networks),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_random_networks),
		cmocka_unit_test(test_ranges_over_ranges),
		cmocka_unit_test(test_random_ranges),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
