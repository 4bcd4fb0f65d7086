/* Blocks of addresses: which texts are one, and what is in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include <arpa/inet.h>

#include "http/cidr.h"

static struct cidr parse(const char *text, enum cidr_result expected)
{
	struct cidr cidr = { 0 };

	assert_int_equal(cidr_parse(slice_cstr(text), &cidr), expected);
	return cidr;
}

static bool has(const char *text, const char *address)
{
	struct cidr cidr = parse(text, CIDR_OK);
	sa_family_t family = strchr(address, ':') ? AF_INET6 : AF_INET;
	unsigned char bytes[16];

	assert_int_equal(inet_pton(family, address, bytes), 1);
	return cidr_has(&cidr, family, bytes);
}

static void test_invalid(void **state)
{
	static const char *const texts[] = { "", "/", "all", "unix", "unix:/",
		"192.0.2", "192.0.2.256", "192.0.2.1/", "192.0.2.1/33",
		"192.0.2.1/-1", "192.0.2.1/8x", "192.0.2.0/255.255.255.0",
		"::/129", "2001:db8", "[::1]", "1::2::3", " ::1",
		"192.0.2.1/99999999999999999999",
		"0000:0000:0000:0000:0000:0000:255.255.255.2550" };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		(void)parse(texts[i], CIDR_INVALID);
}

static void test_ipv4(void **state)
{
	(void)state;
	assert_true(has("192.0.2.1", "192.0.2.1"));
	assert_false(has("192.0.2.1", "192.0.2.0"));
	assert_true(has("192.0.2.0/24", "192.0.2.255"));
	assert_false(has("192.0.2.0/24", "192.0.3.0"));
	assert_true(has("192.0.2.128/25", "192.0.2.128"));
	assert_false(has("192.0.2.128/25", "192.0.2.127"));
	assert_true(has("192.0.2.254/31", "192.0.2.255"));
	assert_false(has("192.0.2.254/31", "192.0.2.253"));
	assert_true(has("0.0.0.0/0", "255.255.255.255"));
	assert_false(has("0.0.0.0/0", "::"));
}

static void test_ipv6(void **state)
{
	(void)state;
	assert_true(has("::1", "::1"));
	assert_false(has("::1", "::"));
	assert_true(has("2001:db8::/33", "2001:db8:7fff::1"));
	assert_false(has("2001:db8::/33", "2001:db8:8000::1"));
	assert_true(has("::/0", "ffff::"));
	assert_false(has("::/0", "192.0.2.1"));
	assert_true(has("::ffff:192.0.2.0/120", "::ffff:192.0.2.9"));
}

/* What stands behind the prefix does not count, and that is said. */
static void test_low_bits(void **state)
{
	struct cidr cidr = parse("192.0.2.77/24", CIDR_LOW_BITS);
	unsigned char address[4] = { 192, 0, 2, 3 };

	(void)state;
	assert_true(cidr_has(&cidr, AF_INET, address));
	(void)parse("2001:db8::1/64", CIDR_LOW_BITS);
	(void)parse("128.0.0.0/0", CIDR_LOW_BITS);
}

static void test_unix(void **state)
{
	struct cidr cidr = parse("unix:", CIDR_OK);
	unsigned char address[16] = { 0 };

	(void)state;
	assert_true(cidr_has(&cidr, AF_UNIX, NULL));
	assert_false(cidr_has(&cidr, AF_INET, address));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_invalid),
		cmocka_unit_test(test_ipv4),
		cmocka_unit_test(test_ipv6),
		cmocka_unit_test(test_low_bits),
		cmocka_unit_test(test_unix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
