/* Conditional requests, in the order of RFC 9110 §13.2.2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/conditional.h"

#define MODIFIED 784111777
#define SAME "Sun, 06 Nov 1994 08:49:37 GMT"
#define LATER "Sun, 06 Nov 1994 08:49:38 GMT"
#define EARLIER "Sun, 06 Nov 1994 08:49:36 GMT"
#define IM HTTP_HEADER_IF_MATCH
#define INM HTTP_HEADER_IF_NONE_MATCH
#define IMS HTTP_HEADER_IF_MODIFIED_SINCE
#define IUS HTTP_HEADER_IF_UNMODIFIED_SINCE

static const struct http_validators strong = { { "\"e\"", 3 }, MODIFIED };
static const struct http_validators weak = { { "W/\"e\"", 5 }, MODIFIED };
static const struct http_validators none = { { NULL, 0 }, -1 };

struct expected {
	enum http_header_id id;
	const char *value;
	unsigned status;
	enum http_header_id id2;	/* a second header, or none */
	const char *value2;
};

static const struct expected cases[] = {
	{ 0, "", 200, 0, NULL },
	{ INM, "\"e\"", 304, 0, NULL },
	{ INM, "W/\"e\"", 304, 0, NULL },
	{ INM, "*", 304, 0, NULL },
	{ INM, "\"a\", \"e\" , \"b\"", 304, 0, NULL },
	{ INM, "\"a,\",\t\"e\"", 304, 0, NULL },
	{ INM, "\"nope\"", 200, 0, NULL },
	{ INM, "\"a, \"e\"", 200, 0, NULL },
	{ INM, "\"ee\"", 200, 0, NULL },
	{ INM, "e", 200, 0, NULL },
	{ INM, "\"e", 200, 0, NULL },
	{ INM, "w/\"e\"", 200, 0, NULL },
	{ INM, "", 200, 0, NULL },
	{ INM, "\"a\"", 304, INM, "\"e\"" },
	{ INM, "\"nope\"", 200, IMS, SAME },
	{ INM, "\"e\"", 304, IMS, EARLIER },
	{ IMS, SAME, 304, 0, NULL },
	{ IMS, LATER, 200, 0, NULL },
	{ IMS, EARLIER, 200, 0, NULL },
	{ IMS, "yesterday", 200, 0, NULL },
	{ IM, "\"e\"", 200, 0, NULL },
	{ IM, "*", 200, 0, NULL },
	{ IM, "\"a\", \"b\", \t\"e\" , \"c\"", 200, 0, NULL },
	{ IM, "\"nope\"", 412, 0, NULL },
	{ IM, "W/\"e\"", 412, 0, NULL },
	{ IM, "e", 412, 0, NULL },
	{ IM, "\"e\"", 200, IUS, EARLIER },
	{ IM, "\"e\"", 304, INM, "\"e\"" },
	{ IUS, SAME, 200, 0, NULL },
	{ IUS, LATER, 200, 0, NULL },
	{ IUS, EARLIER, 412, 0, NULL },
	{ IUS, "yesterday", 200, 0, NULL },
};

static unsigned status(enum http_method method, const struct expected *e,
    const struct http_validators *validators, enum http_ims ims)
{
	struct http_header headers[3] = { { .id = HTTP_HEADER_HOST },
		{ .id = (uint8_t)e->id, .value = slice_cstr(e->value) } };
	size_t count = 2;

	if (e->value2)
		headers[count++] = (struct http_header){
		    .id = (uint8_t)e->id2, .value = slice_cstr(e->value2) };
	return http_conditional(method, headers, count, validators, ims);
}

static void each_precondition_is_evaluated(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned got = status(HTTP_METHOD_GET, &cases[i], &strong,
		    HTTP_IMS_EXACT);

		if (got != cases[i].status)
			fail_msg("%s: %u, not %u", cases[i].value, got,
			    cases[i].status);
		assert_int_equal(status(HTTP_METHOD_HEAD, &cases[i], &strong,
		    HTTP_IMS_EXACT), got);
	}
}

static void if_modified_since_follows_its_directive(void **state)
{
	const struct expected same = { IMS, SAME, 0, 0, NULL };
	const struct expected later = { IMS, LATER, 0, 0, NULL };
	const struct expected earlier = { IMS, EARLIER, 0, 0, NULL };

	(void)state;
	assert_int_equal(status(1, &same, &strong, HTTP_IMS_OFF), 200);
	assert_int_equal(status(1, &same, &strong, HTTP_IMS_BEFORE), 304);
	assert_int_equal(status(1, &later, &strong, HTTP_IMS_BEFORE), 304);
	assert_int_equal(status(1, &earlier, &strong, HTTP_IMS_BEFORE), 200);
	assert_int_equal(status(1, &later, &none, HTTP_IMS_BEFORE), 200);
}

static void changes_are_refused_rather_than_not_modified(void **state)
{
	const struct expected tag = { INM, "\"e\"", 0, 0, NULL };
	const struct expected time = { IMS, SAME, 0, 0, NULL };

	(void)state;
	assert_int_equal(status(HTTP_METHOD_PUT, &tag, &strong,
	    HTTP_IMS_EXACT), 412);
	assert_int_equal(status(HTTP_METHOD_PUT, &time, &strong,
	    HTTP_IMS_EXACT), 200);
}

static void missing_and_weak_validators_match_less(void **state)
{
	const struct expected im = { IM, "W/\"e\"", 0, 0, NULL };
	const struct expected inm = { INM, "\"e\"", 0, 0, NULL };
	const struct expected ius = { IUS, SAME, 0, 0, NULL };

	(void)state;
	assert_int_equal(status(1, &im, &weak, HTTP_IMS_EXACT), 412);
	assert_int_equal(status(1, &inm, &weak, HTTP_IMS_EXACT), 304);
	assert_int_equal(status(1, &im, &none, HTTP_IMS_EXACT), 412);
	assert_int_equal(status(1, &inm, &none, HTTP_IMS_EXACT), 200);
	assert_int_equal(status(1, &ius, &none, HTTP_IMS_EXACT), 412);
}

static bool if_range(const char *value, const struct http_validators *v)
{
	struct http_header header = { .id = HTTP_HEADER_IF_RANGE,
		.value = slice_cstr(value) };

	return http_if_range(&header, 1, v);
}

static void if_range_needs_the_very_same(void **state)
{
	(void)state;
	assert_true(http_if_range(NULL, 0, &strong));
	assert_true(if_range("\"e\"", &strong));
	assert_true(if_range(SAME, &strong));
	assert_false(if_range("\"x\"", &strong));
	assert_false(if_range("W/\"e\"", &strong));
	assert_false(if_range("W/\"e\"", &weak));
	assert_false(if_range(LATER, &strong));
	assert_false(if_range("wrong", &strong));
	assert_false(if_range("", &strong));
	assert_false(if_range("\"e\"", &none));
	assert_false(if_range("Wed, 31 Dec 1969 23:59:59 GMT", &none));
}

static void lists_of_tags_are_recognised(void **state)
{
	(void)state;
	assert_true(http_etag_list_valid(SLICE("*")));
	assert_true(http_etag_list_valid(SLICE("\"a\"")));
	assert_true(http_etag_list_valid(SLICE("W/\"a\",\"b,c\" , \"\"")));
	assert_false(http_etag_list_valid(SLICE("foo")));
	assert_false(http_etag_list_valid(SLICE("\"a\" \"b\"")));
	assert_false(http_etag_list_valid(SLICE("\"a\", b")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_precondition_is_evaluated),
		cmocka_unit_test(if_modified_since_follows_its_directive),
		cmocka_unit_test(changes_are_refused_rather_than_not_modified),
		cmocka_unit_test(missing_and_weak_validators_match_less),
		cmocka_unit_test(if_range_needs_the_very_same),
		cmocka_unit_test(lists_of_tags_are_recognised),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
