/* Names of headers and methods, lists, and hosts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/header.h"
#include "http/host.h"
#include "http/method.h"

static void every_known_name_is_found_in_any_case(void **state)
{
	(void)state;
	for (int id = 1; id < HTTP_HEADER_COUNT; id++) {
		struct slice name = http_header_name((enum http_header_id)id);
		char *copy = malloc(name.len);

		assert_int_equal(http_header_lookup(name), id);
		for (size_t i = 0; i < name.len; i++) {
			char c = name.data[i];

			copy[i] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
		}
		name.data = copy;
		assert_int_equal(http_header_lookup(name), id);
		for (size_t i = 0; i < name.len; i++) {
			copy[i] ^= 1;
			assert_int_equal(http_header_lookup(name),
			    HTTP_HEADER_OTHER);
			copy[i] ^= 1;
		}
		free(copy);
	}
	assert_int_equal(http_header_lookup(SLICE("")), HTTP_HEADER_OTHER);
	assert_int_equal(http_header_lookup(SLICE("x-other")),
	    HTTP_HEADER_OTHER);
}

static void methods_are_case_sensitive(void **state)
{
	(void)state;
	for (int m = 1; m < HTTP_METHOD_COUNT; m++) {
		assert_int_equal(http_method_lookup(
		    http_method_name((enum http_method)m)), m);
	}
	assert_int_equal(http_method_lookup(SLICE("get")), HTTP_METHOD_OTHER);
	assert_int_equal(http_method_lookup(SLICE("GETX")), HTTP_METHOD_OTHER);
	assert_int_equal(http_method_lookup(SLICE("")), HTTP_METHOD_OTHER);
}

static void lists_skip_empty_members(void **state)
{
	struct http_list list = { SLICE(" ,a ,\tb,, c d,") };
	struct slice token;

	(void)state;
	assert_true(http_list_next(&list, &token));
	assert_true(slice_equal(token, SLICE("a")));
	assert_true(http_list_next(&list, &token));
	assert_true(slice_equal(token, SLICE("b")));
	assert_true(http_list_next(&list, &token));
	assert_true(slice_equal(token, SLICE("c d")));
	assert_false(http_list_next(&list, &token));
}

static void codings_have_weights(void **state)
{
	static const struct {
		const char *accept, *coding;
		unsigned weight;
	} table[] = {
		{ "", "gzip", 0 },
		{ "gzip", "gzip", 1000 },
		{ "GZip", "gzip", 1000 },
		{ "br, gzip;q=0.25", "gzip", 250 },
		{ "br , gzip ; Q=0.001 ,x", "gzip", 1 },
		{ "gzip;q=0", "gzip", 0 },
		{ "gzip;q=0.000, *", "gzip", 0 },
		{ "*;q=0.5", "gzip", 500 },
		{ "*;q=0.5, gzip", "gzip", 1000 },
		{ "*;q=0, gzip", "identity", 0 },
		{ "gzip;q=2", "gzip", 0 },
		{ "gzip;q=2, gzip;q=1", "gzip", 1000 },
		{ "gzip;level=9", "gzip", 0 },
		{ "gzip;", "gzip", 0 },
		{ "xgzip, gzipx", "gzip", 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		unsigned weight = http_coding_weight(
		    slice_cstr(table[i].accept), slice_cstr(table[i].coding));

		if (weight != table[i].weight)
			fail_msg("%s: %s has %u", table[i].accept,
			    table[i].coding, weight);
	}
}

static void good_hosts_are_normalised(void **state)
{
	static const struct { const char *in, *name; int port; } table[] = {
		{ "l", "l", -1 },
		{ "AbC-d93.0.34ZhGt.Ru:88", "abc-d93.0.34zhgt.ru", 88 },
		{ "a.b.", "a.b", -1 },
		{ "a.b.:88", "a.b", 88 },
		{ "a:", "a", -1 },
		{ "a:0", "a", 0 },
		{ "a:65535", "a", 65535 },
		{ "a:00080", "a", 80 },
		{ "127.0.0.1:8080", "127.0.0.1", 8080 },
		{ "[::1]", "[::1]", -1 },
		{ "[ABCD::ef98:0:7654:321]:80", "[abcd::ef98:0:7654:321]", 80 },
		{ "[::ffff:12.30.67.89]", "[::ffff:12.30.67.89]", -1 },
		{ "[vF.A:b~!$&'()*+,;=-._]", "[vf.a:b~!$&'()*+,;=-._]", -1 },
		{ "a!$&'()*+,;=b_~", "a!$&'()*+,;=b_~", -1 },
		{ "a%2Fb", "a%2fb", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct http_host host;
		char buffer[64];

		if (!http_host_parse(slice_cstr(table[i].in), &host))
			fail_msg("%s refused", table[i].in);
		assert_true(slice_equal(http_host_lower(&host, buffer),
		    slice_cstr(table[i].name)));
		assert_int_equal(host.has_port, table[i].port >= 0);
		if (host.has_port)
			assert_int_equal(host.port, table[i].port);
	}
}

static void bad_hosts_are_refused(void **state)
{
	static const char *const table[] = {
		"", ".", "..", "a..b", "a..", "..a", ":80", ".:80", "a b",
		"a\tb", "a#b", "u@a", "a\\b", "a/b", "<a>", "a^b", "a:-1",
		"a:65536", "a:999999999999999999999", "a:8x", "a:1:2",
		"a.:1.2", "[::1",
		"[::1]x", "[::1].", "[::1].:9", "[zz::]", "[]", "[1.2.3.4]",
		"[::1%eth0]", "[1:2:3:4:5:6:7:8:9]", "x[::1]", "http://a",
		"a%zz", "a%2", "a%", "a\x01", "a\x7f", "a\x80", "[v.a]",
		"[v1.]", "[v1a]", "[v1.\\]", "[ab..cd::1]",
		"[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]",
	};
	struct http_host host;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (http_host_parse(slice_cstr(table[i]), &host))
			fail_msg("%s accepted", table[i]);
	}
	assert_false(http_host_parse((struct slice){ "a\0b", 3 }, &host));
	assert_false(http_host_parse((struct slice){ "[::\0]", 5 }, &host));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_known_name_is_found_in_any_case),
		cmocka_unit_test(methods_are_case_sensitive),
		cmocka_unit_test(lists_skip_empty_members),
		cmocka_unit_test(codings_have_weights),
		cmocka_unit_test(good_hosts_are_normalised),
		cmocka_unit_test(bad_hosts_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
