#include <math.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "dashboard/frame.h"

/* What a frame says, and that it stays short and JSON whatever it is told. */

static double values[HISTORY_COUNT];
static uint32_t heat[HISTORY_HEAT_ROWS];
static struct frame_worker workers[FRAME_WORKERS_MAX];
static struct frame_request requests[FRAME_REQUESTS_MAX];
static struct metrics_mark marks[METRICS_MARKS];
static struct frame_data data;
static struct buf out;

static int setup(void **state)
{
	(void)state;
	memset(values, 0, sizeof(values));
	memset(heat, 0, sizeof(heat));
	memset(workers, 0, sizeof(workers));
	memset(requests, 0, sizeof(requests));
	memset(marks, 0, sizeof(marks));
	data = (struct frame_data){ .values = values, .heat = heat,
	    .worker = workers, .requests = requests, .marks = marks,
	    .totals.mean_s = (double)NAN };
	out = buf_make(2 * FRAME_SIZE_MAX);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	buf_free(&out);
	return 0;
}

/* ---- a JSON reader that only says yes or no ---- */

static const char *json_value(const char *p, const char *end);

static const char *json_text(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++) {
		if ((unsigned char)*p < 0x20)
			return NULL;
		if (*p != '\\')
			continue;
		if (++p == end || !strchr("\"\\/bfnrtu", *p))
			return NULL;
		if (*p == 'u' && (end - p < 5 ||
		    strspn(p + 1, "0123456789abcdef") < 4))
			return NULL;
	}
	return p < end ? p + 1 : NULL;
}

/* The members of a list or an object, up to `close`. */
static const char *json_members(const char *p, const char *end, char close)
{
	if (p + 1 < end && p[1] == close)
		return p + 2;
	do {
		p++;
		if (close == '}') {
			p = p < end && *p == '"' ? json_text(p, end) : NULL;
			if (!p || p == end || *p++ != ':')
				return NULL;
		}
		p = json_value(p, end);
	} while (p && p < end && *p == ',');
	return p && p < end && *p == close ? p + 1 : NULL;
}

static const char *json_value(const char *p, const char *end)
{
	static const char *const words[] = { "true", "false", "null" };
	char *after;

	if (p >= end)
		return NULL;
	if (*p == '"')
		return json_text(p, end);
	if (*p == '[' || *p == '{')
		return json_members(p, end, *p == '[' ? ']' : '}');
	for (unsigned i = 0; i < 3; i++)
		if (strncmp(p, words[i], strlen(words[i])) == 0)
			return p + strlen(words[i]);
	if (!strchr("-0123456789", *p))
		return NULL;
	(void)strtod(p, &after);
	return after;
}

/* Write the frame; it is short and JSON. Returns its marks. */
static unsigned write_frame(void)
{
	unsigned told;

	out.len = 0;
	told = frame_write(&out, &data);
	assert_false(out.failed);
	assert_true(out.len <= FRAME_SIZE_MAX);
	buf_append_char(&out, '\0');
	out.len--;
	assert_ptr_equal(json_value(out.data, out.data + out.len),
	    out.data + out.len);
	return told;
}

static bool frame_has(const char *text)
{
	return strstr(out.data, text) != NULL;
}

/* How often `text` stands in the frame. */
static unsigned frame_count(const char *text)
{
	unsigned count = 0;

	for (const char *p = out.data; (p = strstr(p, text)); p++)
		count++;
	return count;
}

/* ---- what it says ---- */

static void each_part_is_where_it_belongs(void **state)
{
	(void)state;
	data.seq = 7;
	data.time_s = 1800000000;
	data.instance = 0xabc;
	data.up = true;
	data.recording = true;
	data.workers = 2;
	values[0] = 12;
	values[1] = (double)NAN;
	values[2] = 0.5;
	heat[3] = 4;
	heat[63] = 1;
	data.totals.requests = UINT64_C(12345678901);
	data.totals.mean_s = 0.00123456;
	write_frame();
	assert_true(frame_has("{\"v\":1,\"seq\":7,\"t\":1800000000,"
	    "\"instance\":\"0000000000000abc\",\"up\":true,\"since\":0,"));
	assert_true(frame_has("\"reload_ok\":false,\"workers\":2,"
	    "\"draining\":0,\"cache\":false,\"recording\":true,"
	    "\"s\":[12,null,0.5,0,"));
	assert_true(frame_has("\"tot\":{\"requests\":12345678901,"));
	assert_true(frame_has("\"mean\":0.001235,"));
	assert_true(frame_has(",\"h\":[3,4,63,1],\"w\":[],\"w_all\":0,"
	    "\"m\":[],\"r\":[]}"));
}

static void a_test_is_told_while_there_is_one(void **state)
{
	const struct loadtest_now test = { .running = true,
		.progress = 0.424242, .rate = 1234.56, .p99_s = (double)NAN,
		.errors = 3, .eta_s = 2.5 };

	(void)state;
	write_frame();
	assert_false(frame_has("\"test\""));
	data.test = &test;
	write_frame();
	assert_true(frame_has(",\"test\":{\"running\":true,"
	    "\"progress\":0.4242,\"rate\":1235,\"p99\":null,"
	    "\"errors\":3,\"eta\":2.5}"));
}

static void a_worker_has_its_columns(void **state)
{
	(void)state;
	workers[0] = (struct frame_worker){ .index = 1, .pid = 77,
	    .state = METRICS_SLOT_DRAINING, .connections = 5, .rate = 12.5,
	    .p99_s = 0.0012345, .lag_p99_s = (double)NAN,
	    .ring_inflight = 6, .pool_busy = 2, .pool_queued = 1,
	    .cpu_ratio = 0.25, .rss_bytes = 1 << 20, .stalls = 3 };
	workers[1] = (struct frame_worker){ .index = 2,
	    .state = METRICS_SLOT_RUNNING };
	data.worker_count = 2;
	data.worker_all = 40;
	write_frame();
	assert_true(frame_has("\"w\":[[1,77,\"draining\",5,12.5,0.001234,null,"
	    "6,2,1,0.25,1048576,3],[2,0,\"gone\",0,"));
	assert_true(frame_has("\"w_all\":40,"));
}

static void a_request_has_its_columns(void **state)
{
	(void)state;
	requests[0] = (struct frame_request){ .worker = 1,
	    .method = SLICE("GET"), .server = SLICE("localhost:80"),
	    .request = { .ended_real_ns = 1800000000123456789,
		.duration_ns = 1500000, .bytes_out = 321, .id = 0x1f,
		.status = 404, .cache = METRICS_CACHE_MISS,
		.family = AF_INET, .address = { 127, 0, 0, 1 },
		.path_len = 5, .path = "/a\"\x01\xff" } };
	data.request_count = 1;
	write_frame();
	assert_true(frame_has("\"r\":[[1800000000123,\"127.0.0.1\",\"GET\","
	    "\"/a\\\"\\u0001\\u00ff\",404,0.0015,321,\"miss\",1,"
	    "\"000000000000001f\",\"localhost:80\"]]}"));
}

static void each_kind_of_mark_has_a_name(void **state)
{
	(void)state;
	data.mark_count = 1;
	for (unsigned kind = 0; kind < METRICS_MARK_KIND_COUNT; kind++) {
		marks[0].kind = kind;
		assert_int_equal(write_frame(), 1);
		assert_false(frame_has("unknown") || frame_has("null)"));
	}
	marks[0].kind = METRICS_MARK_RELOAD_FAILED;
	marks[0].real_ns = 1800000000123456789;
	memcpy(marks[0].text, "no <b>", 6);
	write_frame();
	assert_true(frame_has(
	    "\"m\":[[1800000000123,\"reload_failed\",\"no <b>\"]]"));
}

/* ---- how much it says ---- */

static void fill_workers(uint64_t large)
{
	for (unsigned i = 0; i < FRAME_WORKERS_MAX; i++)
		workers[i] = (struct frame_worker){ .index = i,
		    .pid = 4194304, .state = METRICS_SLOT_DRAINING,
		    .connections = 65535, .rate = 123456.7,
		    .p99_s = 1.2345e-05, .lag_p99_s = 1.2345e-05,
		    .ring_inflight = large, .pool_busy = large,
		    .pool_queued = large, .cpu_ratio = 0.98765,
		    .rss_bytes = large, .stalls = large };
	data.worker_count = FRAME_WORKERS_MAX;
	data.worker_all = FRAME_WORKERS_MAX;
}

static void fill_requests(char byte, unsigned path_len)
{
	for (unsigned i = 0; i < FRAME_REQUESTS_MAX; i++) {
		struct metrics_request *request = &requests[i].request;

		*request = (struct metrics_request){
			.ended_real_ns = 1800000000000000000,
			.family = AF_INET6,
			.path_len = (uint8_t)path_len,
		};
		memset(request->address, 0xfd, sizeof(request->address));
		memset(request->path, byte, path_len);
		requests[i].method = SLICE("PROPFIND");
		requests[i].server = SLICE("www.example.com:8080");
	}
	data.request_count = FRAME_REQUESTS_MAX;
}

static void usual_figures_of_16_workers_all_fit(void **state)
{
	(void)state;
	fill_workers(12345);
	for (unsigned i = 20; i < 44; i++)
		heat[i] = 12345;
	for (unsigned i = 0; i < HISTORY_COUNT; i++)
		values[i] = 12345.678;
	fill_requests('x', 20);
	write_frame();
	assert_int_equal(frame_count("\"draining\","), FRAME_WORKERS_MAX);
	assert_true(frame_count("PROPFIND") >= 4);
}

static void at_most_so_many_requests_are_shown(void **state)
{
	(void)state;
	fill_requests('x', 20);
	write_frame();
	assert_int_equal(frame_count("PROPFIND"), FRAME_REQUESTS_MAX);
}

/* Hostile paths cost six bytes for one. */
static void long_paths_push_others_out(void **state)
{
	(void)state;
	fill_workers(12345);
	fill_requests('\x01', METRICS_PATH_MAX);
	write_frame();
	assert_int_equal(frame_count("\"draining\","), FRAME_WORKERS_MAX);
	assert_in_range(frame_count("PROPFIND"), 1, 3);
	/* One that is short is shown behind those that found no room. */
	requests[FRAME_REQUESTS_MAX - 1].request.path_len = 1;
	requests[FRAME_REQUESTS_MAX - 1].method = SLICE("GET");
	write_frame();
	assert_int_equal(frame_count("\"GET\""), 1);
}

static void the_limit_is_exact(void **state)
{
	static char name[FRAME_SIZE_MAX];
	size_t shortest;

	(void)state;
	fill_workers(12345);
	fill_requests('x', 1);
	data.request_count = 1;
	requests[0].server = SLICE("");
	write_frame();
	shortest = out.len;
	memset(name, 'x', sizeof(name));
	requests[0].server = (struct slice){ name, FRAME_SIZE_MAX - shortest };
	write_frame();
	assert_int_equal(out.len, FRAME_SIZE_MAX);
	assert_int_equal(frame_count("PROPFIND"), 1);
	requests[0].server.len++;
	write_frame();
	assert_int_equal(frame_count("PROPFIND"), 0);
	assert_int_equal(frame_count("\"draining\","), FRAME_WORKERS_MAX);
}

static void marks_that_find_no_room_are_for_the_next(void **state)
{
	unsigned told;

	(void)state;
	data.mark_count = FRAME_MARKS_MAX + 1;
	assert_int_equal(write_frame(), FRAME_MARKS_MAX);
	assert_int_equal(frame_count("\"start\""), FRAME_MARKS_MAX);
	for (unsigned i = 0; i < METRICS_MARKS; i++)
		memset(marks[i].text, '\x7', sizeof(marks[i].text));
	data.mark_count = METRICS_MARKS;
	fill_workers(12345);
	told = write_frame();
	assert_in_range(told, 1, FRAME_MARKS_MAX - 1);
	assert_int_equal(frame_count("\"start\""), told);
}

static void nothing_makes_it_too_long(void **state)
{
	const struct loadtest_now test = { .progress = -1.23456789e-300,
		.rate = -1.23456789e-300, .p99_s = -1.23456789e-300,
		.errors = UINT64_MAX, .eta_s = -1.23456789e-300 };

	(void)state;
	data.test = &test;
	for (unsigned i = 0; i < HISTORY_COUNT; i++)
		values[i] = -1.23456789e-300;
	memset(heat, 0xff, sizeof(heat));
	memset(&data.totals, 0xff, sizeof(data.totals));
	data.totals.mean_s = -1.23456789e-300;
	data.seq = data.time_s = data.instance = data.since_s = UINT64_MAX;
	data.generation = data.started_s = data.reloaded_s = UINT64_MAX;
	data.workers = data.draining = UINT32_MAX;
	fill_workers(UINT64_MAX);
	data.worker_all = UINT32_MAX;
	fill_requests('\x01', METRICS_PATH_MAX);
	for (unsigned i = 0; i < METRICS_MARKS; i++)
		memset(marks[i].text, 1, sizeof(marks[i].text));
	data.mark_count = METRICS_MARKS;
	write_frame();
	assert_true(frame_has("\"h\":[0,4294967295,1,"));
	data.heat = NULL;
	write_frame();
	assert_true(frame_has("\"w\":[[0,4194304,"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(each_part_is_where_it_belongs),
		TEST(a_test_is_told_while_there_is_one),
		TEST(a_worker_has_its_columns),
		TEST(a_request_has_its_columns),
		TEST(each_kind_of_mark_has_a_name),
		TEST(usual_figures_of_16_workers_all_fit),
		TEST(at_most_so_many_requests_are_shown),
		TEST(long_paths_push_others_out),
		TEST(the_limit_is_exact),
		TEST(marks_that_find_no_room_are_for_the_next),
		TEST(nothing_makes_it_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
