/*
 * What people and programs are shown: the verdict first, within a terminal,
 * and no number that the sample does not support.
 */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/clock.h"
#include "load/latency.h"
#include "load/print.h"
#include "load/verdict.h"
#include "sample_result.h"

static struct arena arena;
static struct sample sample;
static struct buf out;
static Ringmaster__V1__LoadResult *const result = &sample.result;

static int begin(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 0, 1 << 20);
	out = buf_make(1 << 20);
	sample_make(&sample, &arena);
	return 0;
}

static int begin_open(void **state)
{
	(void)begin(state);
	sample_open(&sample, &arena);
	return 0;
}

static int end(void **state)
{
	(void)state;
	buf_free(&out);
	arena_fini(&arena);
	return 0;
}

/* What `print` writes, terminated. */
static const char *printed(void (*print)(struct buf *buf,
    const Ringmaster__V1__LoadResult *run))
{
	assert_int_equal(load_verdict_make(result, false, &arena), 0);
	out.len = 0;
	print(&out, result);
	buf_append_char(&out, '\0');
	assert_false(out.failed);
	return out.data;
}

static void has(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("no \"%s\" in:\n%s", words, text);
}

static void has_not(const char *text, const char *words)
{
	if (strstr(text, words))
		fail_msg("\"%s\" in:\n%s", words, text);
}

/* Columns of the longest line; the number of lines to *ret. */
static size_t extent(const char *text, unsigned *ret)
{
	size_t longest = 0;

	*ret = 0;
	for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
		if ((size_t)(end - text) > longest)
			longest = (size_t)(end - text);
		++*ret;
	}
	return longest;
}

static void the_verdict_comes_first(void **state)
{
	const char *text = printed(load_print_text);

	(void)state;
	assert_int_equal(strncmp(text, "valid\n", 6), 0);
	has(text, "closed loop: while the server stalled, this client did "
	    "not ask\n");
	has(text, "8 connections, 1 thread, 10.0 s (warm-up 1.00 s)\n");
	has(text, "requests  10,000, 1,000/s; 10.0 MiB read");
	has(text, "statuses  200: 10,000\n");
	has(text, "\nservice      5.50 ms 5.50 ms 9.10 ms");
	has_not(text, "\nresponse");
	has_not(text, "slip");
	sample.health.cpu_max = 0.97;
	text = printed(load_print_text);
	assert_int_equal(strncmp(text, "suspect   the generator used 97.0 %",
	    35), 0);
}

/* 9,000 samples: no p99.9, and that is said once. */
static void what_the_sample_does_not_support_is_not_shown(void **state)
{
	const char *text = printed(load_print_text);
	const char *said;

	(void)state;
	has(text, "       -       - 10.0 ms\n");
	said = strstr(text, "p99.9 needs 10,000 samples");
	assert_non_null(said);
	assert_null(strstr(strchr(said, '\n'), "needs"));
}

static void the_open_model_shows_waiting(void **state)
{
	const char *text;

	(void)state;
	text = printed(load_print_text);
	has(text, "target 1,000/s, achieved 1,000/s");
	has(text, "\nresponse ");
	has(text, "\nservice ");
	has(text, "\nslip ");
	sample.spec.rate = 2000;
	sample.seconds[9].backlog = 5900;
	text = printed(load_print_text);
	assert_int_equal(strncmp(text, "suspect   target 2,000/s, achieved "
	    "1,000/s: the queue grew to 5,900", 64), 0);
}

/* As much as there may be, in every line. */
static void it_fits_a_terminal(void **state)
{
	static char url[2000];
	Ringmaster__V1__LoadSlo slos[8], *list[8];
	Ringmaster__V1__LoadError causes[LOAD_ERROR_COUNT],
	    *cause_list[LOAD_ERROR_COUNT];
	Ringmaster__V1__LoadStatus statuses[500], *status_list[500];
	unsigned lines;

	(void)state;
	memset(url, 'u', sizeof(url) - 1);
	result->url = url;
	result->partial = true;
	result->partial_reason = url;
	result->unfinished = UINT64_MAX;
	result->requests = UINT64_MAX / 2;
	result->bytes_in = UINT64_MAX;
	result->slos = list;
	result->n_slos = 8;
	for (unsigned i = 0; i < 8; i++) {
		list[i] = &slos[i];
		ringmaster__v1__load_slo__init(&slos[i]);
		slos[i].text = "fail if p99.9999999                <= 2.0001ms";
		slos[i].value = 0.005;
	}
	result->causes = cause_list;
	for (unsigned i = 0; i < LOAD_ERROR_COUNT; i++) {
		cause_list[i] = &causes[i];
		ringmaster__v1__load_error__init(&causes[i]);
		causes[i].cause = (char *)(uintptr_t)load_error_names[i];
		causes[i].count = UINT32_MAX;
		result->errors += UINT32_MAX;
	}
	result->n_causes = LOAD_ERROR_COUNT;
	result->statuses = status_list;
	for (unsigned i = 0; i < 500; i++) {
		status_list[i] = &statuses[i];
		ringmaster__v1__load_status__init(&statuses[i]);
		statuses[i].code = 100 + i;
		statuses[i].count = UINT32_MAX;
	}
	result->n_statuses = 500;
	sample.spec.connections = 10000;
	sample.spec.threads = sample.spec.pipeline = 64;
	sample.spec.keepalive = false;
	sample.spec.rate = 50000;
	sample.health.cpu_max = sample.health.steal = 0.99;
	sample.health.cq_overflows = UINT64_MAX;
	sample.health.involuntary_switches = UINT64_MAX;
	if (extent(printed(load_print_text), &lines) > PRINT_COLUMNS)
		fail_msg("too wide:\n%s", out.data);
	if (lines >= PRINT_LINES || lines < PRINT_LINES - 3)
		fail_msg("%u lines:\n%s", lines, out.data);
}

static void slos_are_shown_failed_ones_first(void **state)
{
	Ringmaster__V1__LoadSlo slos[3] = { RINGMASTER__V1__LOAD_SLO__INIT,
		RINGMASTER__V1__LOAD_SLO__INIT,
		RINGMASTER__V1__LOAD_SLO__INIT };
	Ringmaster__V1__LoadSlo *list[] = { &slos[0], &slos[1], &slos[2] };
	const char *text;

	(void)state;
	result->slos = list;
	result->n_slos = 3;
	slos[0].text = "p99<5ms";
	slos[0].value = 0.00321;
	slos[0].passed = true;
	slos[1].text = "err<0.1%";
	slos[1].value = 0.5;
	slos[2].text = "fail if rate < 5";
	slos[2].value = NAN;
	text = printed(load_print_text);
	has(text, "FAILED    err<0.1%: 50.0 %\nFAILED    fail if rate < 5: -\n"
	    "passed    p99<5ms: 3.21 ms\n");
	text = printed(load_print_markdown);
	has(text, "- **failed**: err\\<0.1%\n");
}

/* A terminal obeys none of it; Markdown makes nothing of it. */
static void text_from_elsewhere_is_harmless(void **state)
{
	(void)state;
	result->url = "http://a/\x1b[2J\n|<b>";
	has(printed(load_print_text), "http://a/?[2J?|<b>\n");
	has(printed(load_print_markdown), "http://a/?\\[2J?\\|\\<b\\>\n");
}

static void markdown_has_the_table(void **state)
{
	const char *text = printed(load_print_markdown);

	(void)state;
	has(text, "## valid: http://127.0.0.1:8080/\n");
	has(text, "| service | 5.50 ms | 5.50 ms |");
	has(text, "|---|---:|---:|---:|---:|---:|---:|---:|---:|\n");
}

/* ---- for programs ---- */

static void csv_has_a_line_a_second(void **state)
{
	const char *text;
	unsigned lines, commas = 0;

	(void)state;
	sample.seconds[0].warmup = true;
	text = printed(load_print_csv);
	(void)extent(text, &lines);
	assert_int_equal(lines, 11);
	for (const char *c = text; *c; c++)
		commas += *c == ',';
	assert_int_equal(commas, 11 * 12);
	assert_int_equal(strncmp(text, "second_s,", 9), 0);
	has(text, "\n0,0,1000,1000,0,0,8,0.005500000,0.000000000,"
	    "0.000000000,0.000000000,0,1\n");
}

static void json_is_one_line(void **state)
{
	Ringmaster__V1__LoadStatusNow now =
	    RINGMASTER__V1__LOAD_STATUS_NOW__INIT;
	const char *text = printed(load_print_json);

	(void)state;
	assert_int_equal(strncmp(text, "{\"requests\":10000,\"rate\":1000,"
	    "\"errors\":0,\"latency\":{", 52), 0);
	has(text, "\"p999\":null");
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
	out.len = 0;
	now.running = true;
	load_print_status(&out, &now);
	buf_append_char(&out, '\0');
	assert_int_equal(strncmp(out.data, "{\"running\":true,", 16), 0);
	assert_ptr_equal(strchr(out.data, '\n'), out.data + out.len - 2);
}

/* 1 to 1000 ms: each line's value is what its percentile says, counts never
 * go back, and the last one is all. */
static void hgrm_is_the_distribution(void **state)
{
	struct hdr *hdr = calloc(1, sizeof(*hdr));
	double value, percentile, last = -1;
	uint64_t count, before = 0;
	unsigned lines = 0;
	int used;

	(void)state;
	assert_non_null(hdr);
	for (unsigned i = 1; i <= 1000; i++)
		hdr_add(hdr, i * NS_PER_MSEC);
	load_print_hgrm(&out, hdr);
	buf_append_char(&out, '\0');
	has(out.data, "Value     Percentile TotalCount 1/(1-Percentile)\n\n");
	for (const char *line = strstr(out.data, "\n\n"); sscanf(line,
		"%lf %lf %" SCNu64 "%*[^\n]%n", &value, &percentile, &count,
		&used) == 3; line += used) {
		assert_true(fabs(value - fmax(1, 1000 * percentile)) <= 1.5);
		assert_true(percentile > last && count >= before);
		last = percentile;
		before = count;
		lines++;
	}
	assert_int_equal(before, 1000);
	assert_true(percentile == 1 && value == 1000);
	assert_in_range(lines, 30, 100);
	has(out.data, "    1000.000 1.000000000000       1000            inf\n"
	    "#[Mean    =      500.500, StdDeviation   =      288.6");
	has(out.data, "#[Max     =     1000.000, Total count    =         "
	    "1000]\n");
	free(hdr);
}

static void an_empty_hgrm_ends(void **state)
{
	struct hdr *hdr = calloc(1, sizeof(*hdr));

	(void)state;
	assert_non_null(hdr);
	load_print_hgrm(&out, hdr);
	buf_append_char(&out, '\0');
	has(out.data, "Total count    =            0]\n");
	free(hdr);
}

static void control_characters_are_not_printed(void **state)
{
	(void)state;
	load_print_plain(&out, SLICE("a\n\x1b[2J\x7f\xc2\x9b\xc2\xa0\xc2"));
	assert_true(slice_equal(buf_slice(&out),
	    SLICE("a??[2J??\xc2\xa0\xc2")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
#define OPEN(name) cmocka_unit_test_setup_teardown(name, begin_open, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_verdict_comes_first),
		TEST(what_the_sample_does_not_support_is_not_shown),
		OPEN(the_open_model_shows_waiting),
		OPEN(it_fits_a_terminal),
		TEST(slos_are_shown_failed_ones_first),
		TEST(text_from_elsewhere_is_harmless),
		TEST(markdown_has_the_table),
		TEST(csv_has_a_line_a_second),
		TEST(json_is_one_line),
		TEST(hgrm_is_the_distribution),
		TEST(an_empty_hgrm_ends),
		TEST(control_characters_are_not_printed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
