/*
 * Lists of URLs: methods and weights, mistakes with file and line, and one
 * server only.
 */
#include "plan_fixture.h"

#include <math.h>
#include <stdlib.h>

#include "load/lines.h"

#define REQUEST(line) line " HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n" \
	"User-Agent: ringload/" PACKAGE_VERSION "\r\nAccept: */*\r\n"

static void a_list_is_sent_in_turn(void **state)
{
	struct fixture *f = *state;
	const struct load_options options = { .urls_file = fixture_write(f,
	    "# a list\n\nhttp://127.0.0.1:8080/a\r\n  /b?c=d\n"
	    "\tDELETE   /e\t\nHEAD http://127.0.0.1:8080") };

	fixture_builds(f, &options);
	assert_int_equal(f->plan.request_count, 4);
	assert_true(f->plan.in_turn);
	assert_string_equal(f->plan.source, f->path);
	assert_string_equal(f->plan.url, "http://127.0.0.1:8080/a");
	fixture_request(f, 0, REQUEST("GET /a") "\r\n");
	fixture_request(f, 1, REQUEST("GET /b?c=d") "\r\n");
	fixture_request(f, 2, REQUEST("DELETE /e") "\r\n");
	fixture_request(f, 3, REQUEST("HEAD /") "\r\n");
	assert_int_equal(f->plan.requests[3].method, HTTP_METHOD_HEAD);
	assert_string_equal(f->plan.requests[1].name, "/b?c=d");
}

static void weights_add_up_to_1(void **state)
{
	struct fixture *f = *state;
	const struct load_options options = {
		.url = "http://127.0.0.1:8080/",
		.urls_file = fixture_write(f,
		    "/a weight=7\n/b weight=0.5\n/c\nPUT /d weight=1.5\n") };

	fixture_builds(f, &options);
	assert_false(f->plan.in_turn);
	assert_true(fabs(f->plan.requests[0].until - 0.7) < 1e-9);
	assert_true(fabs(f->plan.requests[1].until - 0.75) < 1e-9);
	assert_true(fabs(f->plan.requests[2].until - 0.85) < 1e-9);
	assert_true(f->plan.requests[3].until == 1);
}

static void a_body_goes_with_what_may_have_one(void **state)
{
	struct fixture *f = *state;
	const struct load_options options = {
		.url = "http://127.0.0.1:8080/", .has_body = true,
		.body = SLICE("x"),
		.urls_file = fixture_write(f, "/a\nGET /b\nPUT /c\n") };

	fixture_builds(f, &options);
	fixture_request(f, 0, REQUEST("POST /a") "Content-Length: 1\r\n\r\nx");
	fixture_request(f, 1, REQUEST("GET /b") "\r\n");
	fixture_request(f, 2, REQUEST("PUT /c") "Content-Length: 1\r\n\r\nx");
}

static void mistakes_have_a_line(void **state)
{
	static const struct {
		const char *text, *sentence;
	} bad[] = {
		{ "/a\n", "file:1: the first URL must be whole, or --urls be "
		  "followed by one" },
		{ "http://127.0.0.1/\n#\nhttp://127.0.0.1:81/", "file:3: "
		  "127.0.0.1:81 is not 127.0.0.1: all URLs must lead to the "
		  "same server" },
		{ "http://127.0.0.1/\nGET\n", "file:2: there is no URL" },
		{ "G@T /\n", "file:1: it is not a method" },
		{ "CONNECT /\n", "file:1: CONNECT makes a tunnel of the "
		  "connection" },
		{ "GET a\n", "file:1: the URL must begin with http:// or, "
		  "behind one that does, with a slash" },
		{ "http://127.0.0.1/ 5\n", "file:1: only weight=NUMBER may "
		  "follow the URL" },
		{ "http://127.0.0.1/ weight=0\n", "file:1: the weight must be "
		  "a number above 0, at most 1000000" },
		{ "http://127.0.0.1/ weight=1000001\n", "file:1: the weight "
		  "must be a number above 0, at most 1000000" },
		{ "http://127.0.0.1/ weight=1 x\n", "file:1: nothing may "
		  "follow the weight" },
		{ "https://127.0.0.1/\n", "file:1: https is not there yet: "
		  "TLS comes later, use http:// until then" },
		{ "# nothing\n", "--urls: \"file\" has no URL" },
	};
	struct fixture *f = *state;
	struct load_options options = { .url = NULL };

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		options.urls_file = fixture_write(f, bad[i].text);
		fixture_refused(f, &options, bad[i].sentence);
	}
}

static void a_missing_file_is_told(void **state)
{
	struct fixture *f = *state;
	const struct load_options options = { .urls_file = f->path };

	fixture_refused(f, &options, "--urls: \"file\" cannot be opened: No "
	    "such file or directory");
}

static void lines_have_a_limit(void **state)
{
	struct fixture *f = *state;
	char *text = malloc(3 * LINES_LENGTH_MAX);
	struct load_options options = { .url = "http://127.0.0.1/" };
	size_t comment = LINES_LENGTH_MAX;

	assert_non_null(text);
	memset(text, '#', comment);
	strcpy(text + comment, "\n/a\n");
	options.urls_file = fixture_write(f, text);
	fixture_builds(f, &options);
	memset(text, '#', 2 * comment + 5);
	strcpy(text + 2 * comment + 5, "\n/a\n");
	options.urls_file = fixture_write(f, text);
	fixture_refused(f, &options,
	    "file:1: the line is longer than 32768 bytes");
	strcpy(text + comment + 1, "\n/a\n");
	options.urls_file = fixture_write(f, text);
	fixture_refused(f, &options,
	    "file:1: the line is longer than 32768 bytes");
	free(text);
}

static void requests_have_a_limit(void **state)
{
	struct fixture *f = *state;
	char *text = malloc(3 * (LOAD_REQUESTS_MAX + 1) + 1), *end = text;
	struct load_options options = { .url = "http://127.0.0.1/" };

	assert_non_null(text);
	for (unsigned i = 0; i < LOAD_REQUESTS_MAX; i++)
		end = stpcpy(end, "/a\n");
	options.urls_file = fixture_write(f, text);
	fixture_builds(f, &options);
	assert_int_equal(f->plan.request_count, LOAD_REQUESTS_MAX);
	(void)stpcpy(end, "/a\n");
	options.urls_file = fixture_write(f, text);
	fixture_refused(f, &options, "file:100001: there are more than "
	    "100000 different requests");
	free(text);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_list_is_sent_in_turn),
		TEST(weights_add_up_to_1),
		TEST(a_body_goes_with_what_may_have_one),
		TEST(mistakes_have_a_line),
		TEST(a_missing_file_is_told),
		TEST(lines_have_a_limit),
		TEST(requests_have_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
