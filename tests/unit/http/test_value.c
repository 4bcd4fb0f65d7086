/*
 * Texts with variables, and the variables that need a request only.
 */

#include "http/value.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "http/conn.h"
#include "http/variable.h"

static struct {
	struct log log;
	struct conf conf;
	struct http_request request;
	struct http_server server;
	struct http_header headers[8];
} t;

static bool get_test(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)request;
	*ret = slice_from(name, strlen("http_test_"));
	return ret->len != 0;
}

static const struct http_variable test_variables[] = {
	{ .name = { "http_test_*", 11 }, .get = get_test },
	{ .name = { NULL, 0 }, .get = NULL },
};
static const struct http_module test_module = {
	.variables = test_variables,
};
static const struct http_module *const test_modules[] = {
	&test_module, NULL,
};

static int setup(void **state)
{
	static const struct conf_table *const tables[] = { NULL };

	(void)state;
	memset(&t, 0, sizeof(t));
	conf_init(&t.conf, tables, "/", "/", &t.log);
	http_variables_use(test_modules);
	arena_init(&t.request.arena, NULL, 0, 1 << 20);
	t.request.server = &t.server;
	t.request.uri = SLICE("/path");
	t.request.args = SLICE("a=1&bc=two&A=3&d&e=");
	t.request.response.length = -1;
	t.request.response.last_modified = -1;
	t.request.head.headers = t.headers;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_fini(&t.request.arena);
	conf_free(&t.conf);
	return 0;
}

static void add_header(const char *name, const char *value)
{
	struct http_header *header =
	    &t.headers[t.request.head.header_count++];

	header->name = slice_cstr(name);
	header->value = slice_cstr(value);
	header->id = (uint8_t)http_header_lookup(header->name);
	t.request.head.present |= HTTP_HEADER_BIT(header->id);
}

static void check(const char *text, const char *expected)
{
	struct http_value value;
	struct slice result;

	assert_int_equal(http_value_compile(&t.conf, NULL, slice_cstr(text),
	    &value), 0);
	result = http_value_get(&t.request, &value);
	assert_non_null(result.data);
	assert_int_equal(result.len, strlen(expected));
	assert_memory_equal(result.data, expected, result.len);
}

static void check_error(const char *text)
{
	struct http_value value = { .count = 77 };

	assert_int_not_equal(http_value_compile(&t.conf, NULL,
	    slice_cstr(text), &value), 0);
	assert_int_equal(value.count, 77);
}

static void text_without_variables_is_itself(void **state)
{
	struct http_value value;
	struct slice text = SLICE("plain"), result;

	(void)state;
	assert_int_equal(http_value_compile(&t.conf, NULL, text, &value), 0);
	assert_true(value.constant);
	result = http_value_get(&t.request, &value);
	assert_ptr_equal(result.data, text.data);
	check("", "");
}

static void a_single_variable_is_not_copied(void **state)
{
	struct http_value value;

	(void)state;
	assert_int_equal(http_value_compile(&t.conf, NULL, SLICE("$uri"),
	    &value), 0);
	assert_false(value.constant);
	assert_ptr_equal(http_value_get(&t.request, &value).data,
	    t.request.uri.data);
}

static void parts_are_joined(void **state)
{
	(void)state;
	check("$uri$is_args$args", "/path?a=1&bc=two&A=3&d&e=");
	check("<${uri}x>", "</pathx>");
	check("$uri/$URI-$Uri.", "/path//path-/path.");
	check("a}${uri}}", "a}/path}");
	check("$http_none-$arg_none", "-");
}

static void mistakes_are_errors(void **state)
{
	(void)state;
	check_error("$");
	check_error("a$");
	check_error("$ uri");
	check_error("$$uri");
	check_error("${uri");
	check_error("${uri x}");
	check_error("${}");
	check_error("$no_such_variable");
	check_error("$ur");
	check_error("$urix");
}

static void arguments_by_their_whole_name(void **state)
{
	(void)state;
	check("$arg_a|$arg_A|$arg_bc|$arg_b|$arg_c|$arg_d|$arg_e|$arg_",
	    "1|1|two|||||");
}

static void headers_by_their_name(void **state)
{
	(void)state;
	add_header("X-Some_Name", "one");
	add_header("Referer", "from");
	add_header("x-some-name", "two");
	check("$http_x_some_name|$http_referer|$http_user_agent|$http_x",
	    "one, two|from||");
}

static void cookies_of_all_lines(void **state)
{
	(void)state;
	add_header("Cookie", "a=1; bc = two ;d=; =x; junk");
	add_header("Cookie", "z=\"q\"; a=2");
	check("$cookie_a|$cookie_BC|$cookie_b|$cookie_d|$cookie_z|"
	    "$cookie_junk", "1|two |||\"q\"|");
	check("$http_cookie",
	    "a=1; bc = two ;d=; =x; junk; z=\"q\"; a=2");
}

static void lines_of_the_response(void **state)
{
	struct http_response *response = &t.request.response;

	(void)state;
	check("$sent_http_content_type|$sent_http_content_length|$status",
	    "||000");
	response->status = 200;
	response->content_type = SLICE("text/html");
	response->charset = SLICE("utf-8");
	response->length = 12345678901;
	response->last_modified = 784111777;
	assert_int_equal(http_response_add(&t.request,
	    SLICE("Cache-Control"), SLICE("private")), 0);
	assert_int_equal(http_response_add(&t.request,
	    SLICE("Cache-Control"), SLICE("max-age=1")), 0);
	check("$sent_http_content_type|$sent_http_content_length|$status",
	    "text/html; charset=utf-8|12345678901|200");
	check("$sent_http_cache_control|$sent_http_last_modified",
	    "private, max-age=1|Sun, 06 Nov 1994 08:49:37 GMT");
}

static void users_of_basic_authentication(void **state)
{
	(void)state;
	check("<$remote_user>", "<>");
	add_header("Authorization", "Basic YWxhZGRpbjpvcGVu");
	check("<$remote_user>", "<aladdin>");
	t.headers[0].value = SLICE("Basic YWxhZGRpbg=="); /* no colon */
	check("<$remote_user>", "<>");
	t.headers[0].value = SLICE("Bearer YWxhZGRpbjpvcGVu");
	check("<$remote_user>", "<>");
	t.request.user = SLICE("known");
	check("<$remote_user>", "<known>");
}

static void the_longest_prefix_counts(void **state)
{
	(void)state;
	check("$http_test_abc|$http_tes", "abc|");
}

static void durations_have_three_decimals(void **state)
{
	struct slice text;

	(void)state;
	assert_true(http_variable_seconds(&t.request, 0, &text));
	assert_true(slice_equal(text, SLICE("0.000")));
	assert_true(http_variable_seconds(&t.request, 1999999, &text));
	assert_true(slice_equal(text, SLICE("0.001")));
	assert_true(http_variable_seconds(&t.request, UINT64_MAX, &text));
	assert_true(slice_equal(text, SLICE("18446744073.709")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static bool make_twice(struct http_request *request, void *arg,
    struct slice *ret)
{
	unsigned *calls = arg;

	*ret = arena_printf(&request->arena, "%u", ++*calls);
	return true;
}

static struct http_variable *define(const char *name)
{
	struct http_variable *variable;

	assert_int_equal(http_variable_define(&t.conf, NULL, slice_cstr(name),
	    &variable), 0);
	return variable;
}

/* A request of a worker that runs t.conf. */
static void serve_with_variables(void)
{
	static struct http_conf http;
	static struct http_worker worker;

	http.conf = &t.conf;
	worker.http = &http;
	t.request.worker = &worker;
}

static void the_configuration_defines_variables(void **state)
{
	struct http_value early;
	struct http_variable *variable;
	unsigned calls = 0;

	(void)state;
	assert_int_equal(http_variables_begin(&t.conf), 0);
	assert_int_equal(http_value_compile(&t.conf, NULL, SLICE("<$Later>"),
	    &early), 0);
	assert_int_not_equal(http_variables_check(&t.conf), 0);
	variable = define("later");
	variable->make = make_twice;
	variable->arg = &calls;
	assert_int_equal(http_variables_check(&t.conf), 0);

	serve_with_variables();
	check("$later$later", "11");
	variable->is_volatile = true;
	check("$later$later", "23");
	variable->is_volatile = false;
	assert_int_equal(http_variable_set(&t.request, variable,
	    SLICE("set")), 0);
	check("$later", "set");
}

static void what_cannot_be_set_cannot_be_defined(void **state)
{
	struct http_variable *variable;

	(void)state;
	assert_int_not_equal(http_variable_define(&t.conf, NULL,
	    SLICE("request_uri"), &variable), 0);
	variable = define("args");
	assert_int_equal(http_variable_set(&t.request, variable,
	    SLICE("x=y")), 0);
	check("$args", "x=y");
}

static void one_of_a_family_may_be_defined(void **state)
{
	(void)state;
	assert_int_equal(http_variables_begin(&t.conf), 0);
	add_header("Test", "sent");
	serve_with_variables();
	assert_int_equal(http_variable_set(&t.request, define("http_test"),
	    SLICE("defined")), 0);
	check("$http_test", "defined");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(text_without_variables_is_itself),
		TEST(a_single_variable_is_not_copied),
		TEST(parts_are_joined),
		TEST(mistakes_are_errors),
		TEST(arguments_by_their_whole_name),
		TEST(headers_by_their_name),
		TEST(cookies_of_all_lines),
		TEST(lines_of_the_response),
		TEST(users_of_basic_authentication),
		TEST(the_longest_prefix_counts),
		TEST(durations_have_three_decimals),
		TEST(the_configuration_defines_variables),
		TEST(what_cannot_be_set_cannot_be_defined),
		TEST(one_of_a_family_may_be_defined),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
