/* Addresses and networks: what is one, and which is in which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/address.h"

static const struct {
	const char *text, *expected;	/* NULL: it is no address */
	uint16_t port;
} addresses[] = {
	{ "192.0.2.1", "192.0.2.1", 0 },
	{ "255.255.255.255", "255.255.255.255", 0 },
	{ "0.0.0.0", "0.0.0.0", 0 },
	{ "2001:DB8::1", "2001:db8::1", 0 },
	{ "::ffff:192.0.2.1", "::ffff:192.0.2.1", 0 },
	{ "192.0.2.1:80", "192.0.2.1", 80 },
	{ "192.0.2.1:65535", "192.0.2.1", 65535 },
	{ "[2001:db8::1]:443", "2001:db8::1", 443 },
	{ "2001:db8::1:443", "2001:db8::1:443", 0 },
	{ "192.0.2.1:0", NULL, 0 },
	{ "192.0.2.1:65536", NULL, 0 },
	{ "192.0.2.1:", NULL, 0 },
	{ "192.0.2.1:8x", NULL, 0 },
	{ "[2001:db8::1]", NULL, 0 },
	{ "[2001:db8::1]:", NULL, 0 },
	{ "[192.0.2.1]:x", NULL, 0 },
	{ "[:80", NULL, 0 },
	{ "[]:80", NULL, 0 },
	{ ":80", NULL, 0 },
	{ ":", NULL, 0 },
	{ "", NULL, 0 },
	{ "192.0.2", NULL, 0 },
	{ "192.0.2.256", NULL, 0 },
	{ "192.0.2.1 ", NULL, 0 },
	{ "unix:", NULL, 0 },
	{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", NULL, 0 },
};

static void test_addresses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(addresses) / sizeof(*addresses); i++) {
		char text[HTTP_ADDRESS_TEXT] = "";
		union http_address address;
		bool is = http_address_parse_port(
		    slice_cstr(addresses[i].text), &address);
		size_t len;

		if (is != (addresses[i].expected != NULL))
			fail_msg("\"%s\"", addresses[i].text);
		if (!is)
			continue;
		len = http_address_text(&address, text);
		assert_int_equal(len, strlen(text));
		assert_string_equal(text, addresses[i].expected);
		assert_int_equal(http_address_port(&address),
		    addresses[i].port);
	}
}

static void test_no_address_with_a_zero(void **state)
{
	union http_address address;

	(void)state;
	assert_false(http_address_parse(SLICE("192.0.2.1\0x"), &address));
}

static const struct {
	const char *network, *address;
	enum http_network_result result;
	bool has;
} networks[] = {
	{ "192.0.2.0/24", "192.0.2.255", HTTP_NETWORK_GOOD, true },
	{ "192.0.2.0/24", "192.0.3.0", HTTP_NETWORK_GOOD, false },
	{ "192.0.2.0/23", "192.0.3.255", HTTP_NETWORK_GOOD, true },
	{ "192.0.2.0/23", "192.0.4.0", HTTP_NETWORK_GOOD, false },
	{ "0.0.0.0/0", "255.255.255.255", HTTP_NETWORK_GOOD, true },
	{ "0.0.0.0/0", "2001:db8::1", HTTP_NETWORK_GOOD, false },
	{ "0.0.0.0/1", "127.255.255.255", HTTP_NETWORK_GOOD, true },
	{ "0.0.0.0/1", "128.0.0.0", HTTP_NETWORK_GOOD, false },
	{ "192.0.2.1", "192.0.2.1", HTTP_NETWORK_GOOD, true },
	{ "192.0.2.1/32", "192.0.2.0", HTTP_NETWORK_GOOD, false },
	{ "255.255.255.255", "255.255.255.255", HTTP_NETWORK_GOOD, true },
	{ "192.0.2.1/24", "192.0.2.9", HTTP_NETWORK_LOW_BITS, true },
	{ "192.0.2.0/24", "::ffff:192.0.2.7", HTTP_NETWORK_GOOD, true },
	{ "192.0.2.0/24", "::192.0.2.7", HTTP_NETWORK_GOOD, false },
	{ "2001:db8::/32", "2001:db8:ffff::1", HTTP_NETWORK_GOOD, true },
	{ "2001:db8::/33", "2001:db8:8000::", HTTP_NETWORK_GOOD, false },
	{ "2001:db8::1", "2001:db8::1", HTTP_NETWORK_GOOD, true },
	{ "::/0", "2001:db8::1", HTTP_NETWORK_GOOD, true },
	{ "::/0", "192.0.2.1", HTTP_NETWORK_GOOD, false },
	{ "2001:db8::1/64", "2001:db8::2", HTTP_NETWORK_LOW_BITS, true },
	{ "192.0.2.0/33", "", HTTP_NETWORK_BAD, false },
	{ "2001:db8::/129", "", HTTP_NETWORK_BAD, false },
	{ "192.0.2.0/", "", HTTP_NETWORK_BAD, false },
	{ "192.0.2.0/x", "", HTTP_NETWORK_BAD, false },
	{ "/24", "", HTTP_NETWORK_BAD, false },
	{ "", "", HTTP_NETWORK_BAD, false },
	{ "localhost", "", HTTP_NETWORK_BAD, false },
};

static void test_networks(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(networks) / sizeof(*networks); i++) {
		struct http_network network;
		union http_address address;

		assert_int_equal(http_network_parse(
		    slice_cstr(networks[i].network), &network),
		    networks[i].result);
		if (networks[i].result == HTTP_NETWORK_BAD)
			continue;
		assert_true(http_address_parse(
		    slice_cstr(networks[i].address), &address));
		if (http_network_has(&network, &address) != networks[i].has)
			fail_msg("%s in %s", networks[i].address,
			    networks[i].network);
	}
}

static void test_unix_sockets(void **state)
{
	const union http_address address = { .any = { .sa_family = AF_UNIX } };
	const struct http_network network = { .family = AF_UNIX };
	struct http_network any;
	char text[HTTP_ADDRESS_TEXT];

	(void)state;
	assert_true(http_network_has(&network, &address));
	assert_int_equal(http_network_parse(SLICE("0.0.0.0/0"), &any),
	    HTTP_NETWORK_GOOD);
	assert_false(http_network_has(&any, &address));
	(void)http_address_text(&address, text); /* as long as the text */
	assert_string_equal(text, "unix:");
	assert_int_equal(http_address_port(&address), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_no_address_with_a_zero),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_unix_sockets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
