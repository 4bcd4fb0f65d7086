/* The public face: options in, figures and texts out; see load.h. */

#include "load/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load/print.h"
#include "load/run.h"
#include "load/spec.h"

enum { LOAD_TEST_MEMORY_MAX = 1 << 30 };	/* bytes of plan and result */

/* The caller sees `result`, which is first. */
struct test {
	struct load_test_result result;
	struct arena arena;
	struct buf json, text;
	struct load_options options;
	struct load_plan plan;
	struct slo_list slos;
	struct load_server *server;
	const struct load_test_options *wanted;
	char *error;
};

static int test_fail(const struct test *test, int err)
{
	(void)snprintf(test->error, LOAD_TEST_ERROR_SIZE,
	    "cannot run the test: %s", strerror(-err));
	return err;
}

static int test_options(struct test *test)
{
	const struct load_test_options *wanted = test->wanted;

	test->options = (struct load_options){
		.url = wanted->url,
		.method = wanted->method,
		.headers = wanted->headers,
		.header_count = wanted->header_count,
		.body = { wanted->body, wanted->body_size },
		.has_body = wanted->body != NULL,
		.connections = wanted->connections,
		.threads = wanted->threads,
		.pipeline = wanted->pipeline,
		.requests_each = wanted->requests_each,
		.duration_s = wanted->duration_s,
		/* There, below 0 is the default. */
		.warmup_s = wanted->warmup_s < 0 ? 0
		    : wanted->warmup_s > 0 ? wanted->warmup_s : -1,
		.timeout_s = wanted->timeout_s,
		.rate = wanted->rate,
		.stages = wanted->stages,
		.no_keepalive = wanted->no_keepalive != 0,
		.seed = wanted->seed,
		.allowed = wanted->allowed,
		.allowed_count = wanted->allowed_count,
		.slos = wanted->slos,
		.slo_count = wanted->slo_count,
	};
	if (!wanted->arrivals || load_arrivals_parse(
		slice_cstr(wanted->arrivals), &test->options.arrivals))
		return 0;
	(void)snprintf(test->error, LOAD_TEST_ERROR_SIZE,
	    "arrivals are constant, poisson or uniform, not \"%s\"",
	    wanted->arrivals);
	return -EINVAL;
}

static int test_plan(struct test *test)
{
	int err = test_options(test);

	if (!err)
		err = load_spec_build(&test->options, &test->arena,
		    &test->plan, test->error, LOAD_TEST_ERROR_SIZE);
	for (unsigned i = 0; !err && i < test->plan.slo_count; i++)
		err = slo_parse(&test->slos,
		    slice_cstr(test->plan.slos[i]), false, test->error,
		    LOAD_TEST_ERROR_SIZE);
	return err;
}

static bool test_second(void *arg, const struct load_progress *progress)
{
	const struct test *test = arg;
	Ringmaster__V1__LoadStatusNow now;
	struct load_test_progress told;

	if (!test->wanted->progress)
		return true;
	load_progress_now(progress, &now);
	told = (struct load_test_progress){
		.progress = now.progress,
		.left_s = now.eta_seconds,
		.sent = now.sent,
		.answered = now.done,
		.failed = now.errors,
		.rate = now.rate,
		.p50_s = now.p50,
		.p99_s = now.p99,
		.max_s = now.max,
		.connections = now.connections,
	};
	return test->wanted->progress(test->wanted->arg, &told) == 0;
}

static void test_figures(struct load_test_result *ret,
    const Ringmaster__V1__LoadResult *result)
{
	const Ringmaster__V1__LoadLatency *latency = result->latency;

	*ret = (struct load_test_result){
		.requests = result->requests,
		.errors = result->errors,
		.unfinished = result->unfinished,
		.rate = result->rate,
		.duration_s = result->duration_seconds,
		.latency = { .mean = latency->mean, .min = latency->min,
		    .max = latency->max, .p50 = latency->p50,
		    .p90 = latency->p90, .p99 = latency->p99,
		    .p999 = latency->p999 },
		.verdict = result->verdict
		    ? (enum load_test_verdict)result->verdict->state
		    : LOAD_TEST_UNKNOWN,
		.passed = result->passed,
		.partial = result->partial,
	};
}

static int test_texts(struct test *test,
    const Ringmaster__V1__LoadResult *result)
{
	load_print_json(&test->json, result);
	load_print_text(&test->text, result);
	buf_append_char(&test->json, '\0');
	buf_append_char(&test->text, '\0');
	test->result.json = test->json.data;
	test->result.text = test->text.data;
	return test->json.failed || test->text.failed ? -ENOMEM : 0;
}

static int test_server(struct test *test)
{
	const char *path = test->wanted->server;
	int err = load_server_open(path, &test->server);

	if (!err || !path)
		return 0;
	(void)snprintf(test->error, LOAD_TEST_ERROR_SIZE,
	    "the metrics segment \"%s\" cannot be used: %s", path,
	    strerror(-err));
	return err;
}

static int test_run(struct test *test)
{
	struct load_run run = { .plan = &test->plan, .second = test_second,
	    .arg = test, .stop = test->wanted->stop, .slos = &test->slos,
	    .server = test->server };
	Ringmaster__V1__LoadResult *result;
	int err = load_run_make(&run, &test->arena, &result);

	if (!err) {
		test_figures(&test->result, result);
		err = test_texts(test, result);
	}
	return err ? test_fail(test, err) : 0;
}

int load_test_run(const struct load_test_options *options,
    struct load_test_result **result, char *error)
{
	struct test *test = calloc(1, sizeof(*test));
	int err;

	*error = '\0';
	if (!test) {
		(void)snprintf(error, LOAD_TEST_ERROR_SIZE, "out of memory");
		return -ENOMEM;
	}
	arena_init(&test->arena, NULL, 0, LOAD_TEST_MEMORY_MAX);
	test->json = test->text = buf_make(LOAD_TEST_MEMORY_MAX);
	test->wanted = options;
	test->error = error;
	err = test_plan(test);
	if (!err)
		err = test_server(test);
	if (!err)
		err = test_run(test);
	load_server_close(&test->server);
	if (err)
		load_test_result_free(&test->result);
	else
		*result = &test->result;
	return err;
}

void load_test_result_free(struct load_test_result *result)
{
	struct test *test = (struct test *)result;

	if (!test)
		return;
	arena_fini(&test->arena);
	buf_free(&test->json);
	buf_free(&test->text);
	free(test);
}
