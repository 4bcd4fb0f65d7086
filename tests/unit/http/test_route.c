/* Which server and location: tables built from configurations as text. */
#include "http_conf.h"
#include "http/names.h"

#include <errno.h>

static struct http_conf_fixture f;

static int teardown(void **state)
{
	(void)state;
	http_conf_fixture_free(&f);
	return 0;
}

/* ---- locations ---- */

static void assert_location(const char *uri, const char *expected)
{
	struct http_found found;

	assert_int_equal(0, http_location_find(f.http->servers[0],
	    slice_cstr(uri), &found));
	assert_int_equal(found.regex != NULL,
	    found.location->kind == HTTP_LOCATION_REGEX);
	if (!expected)
		assert_ptr_equal(found.location, &f.http->servers[0]->root);
	else if (!slice_equal(found.location->name, slice_cstr(expected)))
		fail_msg("%s: \"%.*s\", not \"%s\"", uri,
		    SLICE_ARG(found.location->name), expected);
}

static bool locations(const char *text)
{
	char server[4096];

	assert_in_range(snprintf(server, sizeof(server), "server { %s }",
	    text), 1, sizeof(server) - 1);
	return http_conf_fixture_read(&f, server);
}

static void no_location_is_the_server_itself(void **state)
{
	(void)state;
	assert_true(locations(""));
	assert_location("/", NULL);
}

static void the_longest_prefix_counts(void **state)
{
	(void)state;
	assert_true(locations("location /a { } location /ab/c { } "
	    "location /abc { } location /ab { } location /b { }"));
	assert_location("/", NULL);
	assert_location("/a", "/a");
	assert_location("/ab", "/ab");
	assert_location("/ab/b", "/ab");
	assert_location("/ab/c", "/ab/c");
	assert_location("/ab/d", "/ab");
	assert_location("/abb", "/ab");
	assert_location("/abcd", "/abc");
	assert_location("/abd", "/ab");
	assert_location("/az", "/a");
	assert_location("/c", NULL);
}

static void an_exact_one_comes_first(void **state)
{
	(void)state;
	assert_true(locations("location ~ . { } location = /a { } "
	    "location ^~ /a { } location =/b { }"));
	assert_location("/a", "/a");
	assert_location("/a/", "/a");
	assert_location("/b", "/b");
	assert_location("/b/", ".");
}

static void expressions_are_tried_in_order(void **state)
{
	(void)state;
	assert_true(locations("location /p { } location ^~ /final { } "
	    "location ~ x { } location ~* Y { } location ~ xy { }"));
	assert_location("/p", "/p");
	assert_location("/px", "x");
	assert_location("/py", "Y");
	assert_location("/pxy", "x");
	assert_location("/pX", "/p");
	assert_location("/final/x", "/final");
}

static void a_longer_prefix_undoes_a_final_one(void **state)
{
	(void)state;
	assert_true(locations("location ^~ /a { } location /a/b { } "
	    "location ~ x { }"));
	assert_location("/a/x", "/a");
	assert_location("/a/bx", "x");
}

static void inner_locations(void **state)
{
	(void)state;
	assert_true(locations("location /a { location = /a/e { } "
	    "location /a/b { location ~ z$ { } } location ~ y$ { } } "
	    "location ~ y { } location ~ ^/r { location ~ s { } }"));
	assert_location("/a", "/a");
	assert_location("/a/e", "/a/e");
	assert_location("/a/b", "/a/b");
	assert_location("/a/bz", "z$");
	assert_location("/a/y", "y$");
	assert_location("/a/by", "y$");
	assert_location("/a/yz", "y");
	assert_location("/r", "^/r");
	assert_location("/rs", "s");
}

static void names_are_found_by_name_only(void **state)
{
	struct http_server *server;

	(void)state;
	assert_true(locations("location @a { } location / { }"));
	server = f.http->servers[0];
	assert_non_null(http_location_named(server, SLICE("@a")));
	assert_null(http_location_named(server, SLICE("@b")));
	assert_null(http_location_named(server, SLICE("/")));
	assert_location("@a", NULL);
	assert_location("/@a", "/");
}

static void many_locations(void **state)
{
	char text[4096], uri[32];
	size_t len = 0;

	(void)state;
	for (int i = 0; i < 100; i++)
		len += (size_t)sprintf(text + len, "location /%d { } ",
		    i * 37 % 100);
	assert_true(locations(text));
	for (int i = 10; i < 100; i++) {
		sprintf(uri, "/%d", i);
		assert_location(uri, uri);
		sprintf(uri + strlen(uri), "/x");
		uri[3] = '\0';
		assert_location(uri, uri);
	}
}

static void duplicates_are_errors(void **state)
{
	(void)state;
	assert_false(locations("location /a { } location ^~ /a { }"));
	assert_non_null(strstr(f.message, "duplicate location \"/a\""));
	http_conf_fixture_free(&f);
	assert_false(locations("location = /a { } location =/a { }"));
	http_conf_fixture_free(&f);
	assert_true(locations("location = /a { } location /a { } "
	    "location ~ /a { } location ~ /a { }"));
}

static void nesting_has_a_limit(void **state)
{
	char text[1024];
	size_t len;

	(void)state;
	for (int over = 0; over < 2; over++) {
		len = 0;
		for (int i = 0; i < HTTP_NESTING_MAX + over; i++)
			len += (size_t)sprintf(text + len, "location / { ");
		for (int i = 0; i < HTTP_NESTING_MAX + over; i++)
			len += (size_t)sprintf(text + len, "} ");
		assert_int_equal(locations(text), !over);
		if (!over)
			http_conf_fixture_free(&f);
	}
}

static void an_expression_that_takes_too_long_is_an_error(void **state)
{
	struct http_found found;
	char uri[64];

	(void)state;
	assert_true(http_conf_fixture_read(&f, "server { location / { } "
	    "location ~ \"^/(a+)+$\" { } }"));
	memset(uri, 'a', sizeof(uri));
	uri[0] = '/';
	uri[sizeof(uri) - 1] = 'b';
	assert_int_equal(-E2BIG, http_location_find(f.http->servers[0],
	    (struct slice){ uri, sizeof(uri) }, &found));
	http_conf_fixture_free(&f);
}

/* ---- servers ---- */

static void assert_server(const char *host, unsigned expected)
{
	const struct http_regex *regex = NULL;
	struct http_server *found = http_server_find(f.http->listens,
	    slice_cstr(host), &regex);

	if (found != f.http->servers[expected])
		fail_msg("\"%s\" is not server %u", host, expected);
}

static void exact_names_then_wildcards_then_expressions(void **state)
{
	(void)state;
	assert_true(http_conf_fixture_read(&f,
	    "server { server_name default; }"
	    "server { server_name ~^a; }"
	    "server { server_name a.*; }"
	    "server { server_name *.example; }"
	    "server { server_name *.b.example; }"
	    "server { server_name A.B.Example; }"
	    "server { server_name .dot; }"));
	assert_server("default", 0);
	assert_server("other", 0);
	assert_server("", 0);
	assert_server("abc", 1);
	assert_server("a.org", 2);
	assert_server("a.example", 3);
	assert_server("x.example", 3);
	assert_server("example", 0);
	assert_server("x.b.example", 4);
	assert_server("x.y.b.example", 4);
	assert_server("b.example", 3);
	assert_server("a.b.example", 5);
	assert_server("dot", 6);
	assert_server("x.dot", 6);
	assert_server("xdot", 0);
}

static void the_longest_wildcard_at_the_end(void **state)
{
	(void)state;
	assert_true(http_conf_fixture_read(&f, "server { }"
	    "server { server_name a.*; } server { server_name a.b.*; }"));
	assert_server("a.c", 1);
	assert_server("a.b", 1);
	assert_server("a.b.c", 2);
	assert_server("a.b.c.d", 2);
}

static void hosts_too_long_for_a_wildcard(void **state)
{
	char host[HTTP_NAME_MAX + 2];

	(void)state;
	assert_true(http_conf_fixture_read(&f,
	    "server { } server { server_name *.x; }"));
	memset(host, 'a', sizeof(host));
	memcpy(host + HTTP_NAME_MAX - 2, ".x", 3);
	assert_server(host, 1);
	memcpy(host + HTTP_NAME_MAX - 1, ".x", 3);
	assert_server(host, 0);
}

static void the_default_server(void **state)
{
	(void)state;
	assert_true(http_conf_fixture_read(&f, "server { listen 81; }"
	    "server { listen 81 default_server; server_name b; }"
	    "server { listen 82; server_name c; }"));
	assert_server("other", 1);
	assert_server("c", 1);
	assert_ptr_equal(f.http->listens->next->default_server,
	    f.http->servers[2]);
	http_conf_fixture_free(&f);
	assert_false(http_conf_fixture_read(&f,
	    "server { listen 81 default_server; }"
	    "server { listen 81 default_server; }"));
	assert_non_null(strstr(f.message,
	    "a duplicate default server for 0.0.0.0:81"));
}

static void a_name_taken_twice_is_a_warning(void **state)
{
	(void)state;
	assert_true(http_conf_fixture_read(&f, "server { server_name a; }"
	    "server { server_name b a; }"));
	assert_non_null(strstr(f.message, "[warn]"));
	assert_non_null(strstr(f.message, "conflicting server name \"a\""));
	assert_server("a", 0);
	assert_server("b", 1);
}

static void bad_names(void **state)
{
	static const char *const bad[] = { "*", "a*b", "*.a.*", "*a", "a*",
	    ".", "a.*.b", "~(" };
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		sprintf(text, "server { server_name %s; }", bad[i]);
		assert_false(http_conf_fixture_read(&f, text));
		if (i + 1 < sizeof(bad) / sizeof(*bad))
			http_conf_fixture_free(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_teardown(fn, teardown)
		TEST(no_location_is_the_server_itself),
		TEST(the_longest_prefix_counts),
		TEST(an_exact_one_comes_first),
		TEST(expressions_are_tried_in_order),
		TEST(a_longer_prefix_undoes_a_final_one),
		TEST(inner_locations),
		TEST(names_are_found_by_name_only),
		TEST(many_locations),
		TEST(duplicates_are_errors),
		TEST(nesting_has_a_limit),
		TEST(an_expression_that_takes_too_long_is_an_error),
		TEST(exact_names_then_wildcards_then_expressions),
		TEST(the_longest_wildcard_at_the_end),
		TEST(hosts_too_long_for_a_wildcard),
		TEST(the_default_server),
		TEST(a_name_taken_twice_is_a_warning),
		TEST(bad_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
