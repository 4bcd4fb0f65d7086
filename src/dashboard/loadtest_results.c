/*
 * /api/v1/tests: the runs that are kept, whoever made them. The file is read
 * and written on the thread pool.
 */

#include "dashboard/answer.h"

#include <errno.h>

#include "dashboard/change.h"
#include "dashboard/loadtest.h"
#include "dashboard/query.h"
#include "http/conn.h"
#include "load/compare.h"
#include "load/results.h"
#include "metrics/json.h"

enum {
	TESTS_SHOWN = 50,		/* runs, if nobody says */
	TESTS_MAX = 1000,		/* of a file */
	TESTS_MEMORY_MAX = 256 << 20,
};

struct tests {
	/* what to do */
	void (*work)(struct tests *tests);
	struct load_results results;
	uint64_t shown, offset;		/* of the list, newest first */
	const char *run, *other;	/* ids */
	struct load_results_edit edit;
	/* what came of it */
	int err;
	struct buf out;
	/* the list: where each run is in `runs` */
	struct buf runs;
	size_t ends[TESTS_MAX];
	unsigned count;
};

static void tests_run(void *arg)
{
	struct tests *tests = arg;

	tests->work(tests);
}

static int tests_refuse(struct http_request *request,
    const struct tests *tests)
{
	static const struct {
		int err;
		unsigned status;
	} known[] = {
		{ -ENOENT, 404 }, { -EINVAL, 400 }, { -EBUSY, 503 },
	};
	unsigned status = 500;

	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].err == tests->err)
			status = known[i].status;
	if (status == 500)
		http_log(request, LOG_LEVEL_ERROR, -tests->err,
		    "dashboard: results of load tests: %s",
		    tests->results.message);
	return dashboard_error(request, status, "%s",
	    status == 404 ? "There is no such run." :
	    tests->results.message);
}

static int tests_answer(struct http_request *request, struct tests *tests)
{
	int rc;

	tests->results.path = loadtest_file();
	tests->out = tests->runs = buf_make(DASHBOARD_BODY_MAX);
	if (ring_offload(request->worker->ring, tests_run, tests))
		return dashboard_error(request, 503,
		    "Too many are asking at once.");
	if (tests->err) {
		rc = tests_refuse(request, tests);
		buf_free(&tests->out);
	} else {
		tests->out.failed |= tests->runs.failed;
		rc = dashboard_answer(request, 200,
		    SLICE("application/json"), &tests->out);
	}
	buf_free(&tests->runs);
	return rc;
}

/* A text that ends, of a slice; NULL without memory. */
static const char *tests_text(struct http_request *request, struct slice text)
{
	return arena_printf(&request->arena, "%.*s", SLICE_ARG(text)).data;
}

/* ---- the list ---- */

/* What a list has of a run: no seconds, no bins, no second distribution. */
static void tests_put_short(struct buf *out,
    const Ringmaster__V1__LoadResult *result)
{
	const struct json_options options = { .bins = false };
	Ringmaster__V1__LoadResult some = *result;

	some.n_seconds = 0;
	some.service = some.first_byte = some.slip = some.connect = NULL;
	some.health = NULL;
	some.server = NULL;
	some.place = NULL;
	json_write(out, &some.base, &options);
}

static bool tests_list_one(void *arg, const Ringmaster__V1__LoadResult *result)
{
	struct tests *tests = arg;

	if (tests->count == TESTS_MAX)
		return false;
	tests_put_short(&tests->runs, result);
	tests->ends[tests->count++] = tests->runs.len;
	return true;
}

static void tests_list(struct tests *tests)
{
	struct buf *out = &tests->out;
	uint64_t count, shown = 0;

	tests->err = load_results_each(&tests->results, tests_list_one, tests);
	count = tests->count;
	buf_append_cstr(out, "{\"tests\":[");
	for (uint64_t i = tests->offset; i < count && shown < tests->shown &&
	    !tests->runs.failed; i++) {
		size_t at = count - 1 - i;
		size_t from = at ? tests->ends[at - 1] : 0;

		buf_append_cstr(out, shown++ ? "," : "");
		buf_append(out, tests->runs.data + from,
		    tests->ends[at] - from);
	}
	buf_printf(out, "],\"shown\":%llu,\"total\":%llu}\n",
	    (unsigned long long)shown, (unsigned long long)count);
}

static void tests_one(struct tests *tests)
{
	const struct json_options options = { .bins = true };
	Ringmaster__V1__LoadResult *result;
	struct arena arena;

	arena_init(&arena, NULL, 0, TESTS_MEMORY_MAX);
	tests->err = load_results_find(&tests->results, tests->run, &arena,
	    &result);
	if (!tests->err) {
		json_write(&tests->out, &result->base, &options);
		buf_append_char(&tests->out, '\n');
	}
	arena_fini(&arena);
}

static bool tests_arg(struct tests *tests, const struct query_arg *arg)
{
	if (slice_equal(arg->name, SLICE("n")))
		return slice_to_u64(arg->value, &tests->shown);
	if (slice_equal(arg->name, SLICE("offset")))
		return slice_to_u64(arg->value, &tests->offset);
	return true;
}

static struct tests *tests_new(struct http_request *request,
    void (*work)(struct tests *tests))
{
	struct tests *tests = arena_calloc(&request->arena, 1,
	    sizeof(*tests));

	if (tests)
		tests->work = work;
	return tests;
}

int dashboard_tests(struct http_request *request)
{
	static const struct slice folder = SLICE("/api/v1/tests/");
	struct tests *tests = tests_new(request, tests_list);
	struct slice rest = request->args;
	struct query_arg arg;

	if (!tests)
		return 500;
	tests->shown = TESTS_SHOWN;
	if (slice_starts(request->uri, folder)) {
		tests->work = tests_one;
		tests->run = tests_text(request,
		    slice_from(request->uri, folder.len));
		return tests->run ? tests_answer(request, tests) : 500;
	}
	while (query_next(&request->arena, &rest, &arg))
		if (!tests_arg(tests, &arg))
			return dashboard_error(request, 400, "\"n\" and "
			    "\"offset\" are whole numbers.");
	return tests_answer(request, tests);
}

/* ---- two of them ---- */

/* Compare by their seconds, which are not shown then. */
static int tests_put_comparison(struct buf *out, struct arena *arena,
    Ringmaster__V1__LoadResult *a, Ringmaster__V1__LoadResult *b)
{
	const struct json_options options = { .bins = false };
	Ringmaster__V1__LoadComparison *comparison;
	int err = load_compare(a, b, arena, &comparison);

	if (err)
		return err;
	a->n_seconds = b->n_seconds = 0;
	json_write(out, &comparison->base, &options);
	buf_append_char(out, '\n');
	return 0;
}

static void tests_compare(struct tests *tests)
{
	Ringmaster__V1__LoadResult *a, *b;
	struct arena arena;

	arena_init(&arena, NULL, 0, TESTS_MEMORY_MAX);
	tests->err = load_results_find(&tests->results, tests->run, &arena,
	    &a);
	if (!tests->err)
		tests->err = load_results_find(&tests->results, tests->other,
		    &arena, &b);
	if (!tests->err)
		tests->err = tests_put_comparison(&tests->out, &arena, a, b);
	arena_fini(&arena);
}

int dashboard_tests_compare(struct http_request *request)
{
	struct tests *tests = tests_new(request, tests_compare);
	struct slice rest = request->args;
	struct query_arg arg;

	if (!tests)
		return 500;
	while (query_next(&request->arena, &rest, &arg)) {
		if (slice_equal(arg.name, SLICE("a")))
			tests->run = tests_text(request, arg.value);
		else if (slice_equal(arg.name, SLICE("b")))
			tests->other = tests_text(request, arg.value);
	}
	if (!tests->run || !tests->other)
		return dashboard_error(request, 400,
		    "Two runs are compared: ?a=RUN&b=RUN");
	return tests_answer(request, tests);
}

/* ---- changing one ---- */

static void tests_edit(struct tests *tests)
{
	tests->err = load_results_edit(&tests->results, tests->run,
	    &tests->edit);
	buf_append_cstr(&tests->out, "{\"changed\":true}\n");
}

/* What the three changes are told besides the run. */
static const struct change tests_changes[] = {
	{ .field = SLICE("note"),
	  .expected = "{\"run\": \"ID\", \"note\": \"text\"}, at most 1000 "
	    "bytes" },
	{ .field = SLICE("pinned"),
	  .expected = "{\"run\": \"ID\", \"pinned\": true}" },
	{ .expected = "{\"run\": \"ID\"}" },
};

static bool tests_edit_read(struct http_request *request,
    const struct change *change, const struct fields *fields,
    struct tests *tests)
{
	struct slice run, note;
	bool *pinned = arena_alloc(&request->arena, sizeof(*pinned));

	if (!pinned || !fields_text(fields, SLICE("run"), &run))
		return false;
	tests->run = tests_text(request, run);
	if (slice_equal(change->field, SLICE("note"))) {
		if (!fields_text(fields, change->field, &note))
			return false;
		tests->edit.note = tests_text(request, note);
		return tests->run && tests->edit.note;
	}
	if (slice_equal(change->field, SLICE("pinned"))) {
		tests->edit.pinned = pinned;
		return tests->run && fields_bool(fields, change->field,
		    pinned);
	}
	tests->edit.remove = true;
	return tests->run != NULL;
}

int dashboard_tests_edit(struct http_request *request)
{
	static const struct slice names[] = { SLICE("run"), SLICE("") };
	struct tests *tests = tests_new(request, tests_edit);
	struct change change = slice_ends(request->uri, SLICE("/note")) ?
	    tests_changes[0] : slice_ends(request->uri, SLICE("/pin")) ?
	    tests_changes[1] : tests_changes[2];
	struct fields fields;
	int rc;

	if (!tests)
		return 500;
	change.more = names;
	rc = change_begin(request, &change, &fields);
	if (rc != HTTP_DECLINED)
		return rc;
	if (!tests_edit_read(request, &change, &fields, tests))
		return dashboard_error(request, 400, "Expected: %s",
		    change.expected);
	rc = tests_answer(request, tests);
	if (!tests->err)
		change_log(request, "changed the load test %s (%s)",
		    tests->run, change.field.len ? change.field.data :
		    "deleted");
	return rc;
}
