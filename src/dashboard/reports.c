/*
 * Reports of load tests: /api/v1/reports draws one, /reports/ shows all that
 * are kept.
 *
 * To draw takes a tenth of a second and some ten megabytes. It is done on the
 * thread pool, one picture at a time, so that a thread stays for everything
 * else; the others wait here, up to REPORTS_WAITING_MAX of them.
 */

#include "dashboard/answer.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/number.h"
#include "dashboard/loadtest.h"
#include "dashboard/page.h"
#include "dashboard/query.h"
#include "dashboard/since.h"
#include "http/conn.h"
#include "report/report.h"

enum {
	REPORTS_WAITING_MAX = 64,	/* requests */
	REPORTS_OUT_MAX = 16 << 20,	/* bytes of a report */
	REPORTS_PIXELS_MAX = 8 << 20,	/* of a picture */
	REPORTS_SHOWN = 50,		/* in the gallery */
	REPORTS_TAG = 24,		/* bytes of an entity tag */
	REPORTS_TREND = 20,		/* runs, if nobody says */
	REPORTS_SECONDS = 3600,		/* of the server, likewise */
};

#define REPORTS_WAIT_NS (10 * NS_PER_SEC)
#define REPORTS_STEP_NS (10 * NS_PER_MSEC)

struct reports {
	/* what to do */
	void (*work)(struct reports *reports, struct source *source);
	const char *run, *other;	/* ids; NULL: the last one */
	struct report_request request;
	struct since since;		/* of the server; history NULL: runs */
	struct slice query;		/* all that was asked, for the tag */
	struct slice known;		/* tags that the client has */
	/* what came of it */
	int err;
	bool unchanged;			/* the client has it */
	char tag[REPORTS_TAG];
	char why[SOURCE_WHY_MAX];
	struct buf out;
};

static void reports_gallery(struct reports *reports, struct source *source);

static bool reports_drawing;		/* only the loop's thread looks */
static unsigned reports_waiting;

/* ---- on the thread pool ---- */

/* What the file was when it was looked at, and what was asked of it. */
static int reports_tag(struct reports *reports)
{
	struct stat status;
	uint64_t hash;

	if (stat(loadtest_file(), &status) < 0)
		return -errno;
	hash = hash_bytes(reports->query, (uint64_t)status.st_ino);
	hash = hash_mix(hash ^ (uint64_t)status.st_size) ^
	    hash_mix((uint64_t)status.st_mtim.tv_sec * NS_PER_SEC +
		(uint64_t)status.st_mtim.tv_nsec);
	(void)snprintf(reports->tag, sizeof(reports->tag), "\"%016llx\"",
	    (unsigned long long)hash);
	reports->unchanged = reports->known.len &&
	    memmem(reports->known.data, reports->known.len, reports->tag,
		strlen(reports->tag));
	return 0;
}

static int reports_find(struct reports *reports, struct source *source,
    const char *run, unsigned *ret)
{
	int index = run ? source_find(source, run) : (int)source->count - 1;

	if (index < 0) {
		(void)snprintf(reports->why, sizeof(reports->why),
		    "There is no such run.");
		return -ENOENT;
	}
	*ret = (unsigned)index;
	return 0;
}

/* Why nothing was drawn; that a run is missing has another reason. */
static void reports_explain(struct reports *reports)
{
	if (reports->err)
		(void)snprintf(reports->why, sizeof(reports->why),
		    "It cannot be drawn: %s.", reports->err == -ENOENT
		    ? "this machine has no font" : strerror(-reports->err));
	if (reports->err == -ENOENT)
		reports->err = -ENOSYS;
}

static void reports_draw(struct reports *reports, struct source *source)
{
	struct report_request *request = &reports->request;

	reports->err = reports_find(reports, source, reports->run,
	    &request->runs[0]);
	if (!reports->err && request->view == REPORT_COMPARE)
		reports->err = reports_find(reports, source, reports->other,
		    &request->runs[1]);
	if (reports->err)
		return;
	reports->err = report_make(source, request, &reports->out);
	reports_explain(reports);
}

/* Of the server; there is no file of results behind it. */
static void reports_since(struct reports *reports, struct source *source)
{
	(void)source;
	reports->err = since_report(&reports->since, &reports->request,
	    &reports->out);
	reports_explain(reports);
}

static void reports_run(void *arg)
{
	struct reports *reports = arg;
	struct source *source;
	unsigned last;

	if (reports->since.history) {
		reports->work(reports, NULL);
		return;
	}
	reports->err = reports_tag(reports);
	if (reports->err == -ENOENT && reports->work != reports_draw) {
		reports->err = 0;
		reports->work(reports, NULL);
		return;
	}
	if (reports->err || reports->unchanged)
		return;
	source = source_new();
	reports->err = source ? source_read(source, loadtest_file(), &last)
	    : -ENOMEM;
	if (!reports->err || reports->err == -ENODATA)
		reports->work(reports, source);
	else if (source)
		(void)snprintf(reports->why, sizeof(reports->why), "%s",
		    source->why);
	source_free(source);
}

/* ---- on the loop ---- */

/* Wait for the turn; false if that takes too long. [coroutine] */
static bool reports_begin(struct ring *ring)
{
	uint64_t until = clock_mono_ns() + REPORTS_WAIT_NS;

	if (reports_waiting == REPORTS_WAITING_MAX)
		return false;
	reports_waiting++;
	while (reports_drawing && clock_mono_ns() < until)
		ring_sleep(ring, clock_mono_ns() + REPORTS_STEP_NS);
	reports_waiting--;
	if (reports_drawing)
		return false;
	reports_drawing = true;
	return true;
}

static int reports_refuse(struct http_request *request,
    struct reports *reports)
{
	buf_free(&reports->out);
	switch (reports->err) {
	case -ENOENT:
		return dashboard_error(request, 404, "There is no such run.");
	case -E2BIG:
		return dashboard_error(request, 400, "%s", reports->why);
	default:
		http_log(request, LOG_LEVEL_ERROR, -reports->err,
		    "dashboard: a report: %s", reports->why);
		return dashboard_error(request, 500, "%s", reports->why[0]
		    ? reports->why : "The report could not be made.");
	}
}

/* Of what a browser does not show as it is, the name to keep it by. */
static int reports_disposition(struct http_request *request,
    const struct reports *reports)
{
	enum report_format format = reports->request.format;
	struct slice value;

	if (format == REPORT_PNG || reports->work == reports_gallery)
		return 0;
	value = arena_printf(&request->arena,
	    "attachment; filename=\"%s.%s\"", reports->run ? reports->run
	    : "report", report_format_names[format]);
	return value.data ? http_response_add(request,
	    SLICE("Content-Disposition"), value) : -ENOMEM;
}

static int reports_answer(struct http_request *request,
    struct reports *reports, struct slice type)
{
	struct ring *ring = request->worker->ring;
	int rc;

	reports->query = arena_printf(&request->arena, "%.*s?%.*s",
	    SLICE_ARG(request->uri), SLICE_ARG(request->args));
	reports->known = http_request_header(request, SLICE("if-none-match"));
	reports->out = buf_make(REPORTS_OUT_MAX);
	if (!reports->query.data)
		return 500;
	if (!reports_begin(ring))
		return dashboard_error(request, 503,
		    "Too many reports are being drawn.");
	rc = ring_offload(ring, reports_run, reports);
	reports_drawing = false;
	if (rc)
		return dashboard_error(request, 503,
		    "Too many are asking at once.");
	if (reports->err)
		return reports_refuse(request, reports);
	if (reports_disposition(request, reports))
		return 500;
	request->response.etag = slice_cstr(reports->tag);
	return dashboard_answer(request, 200, type, &reports->out);
}

/* ---- what is asked ---- */

static int reports_name(struct slice value, const char *const *names,
    unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (slice_equal(value, slice_cstr(names[i])))
			return (int)i;
	return -1;
}

static bool reports_size(struct slice value, struct report_request *request)
{
	const char *by = value.len ? memchr(value.data, 'x', value.len)
	    : NULL;
	size_t at = by ? (size_t)(by - value.data) : 0;
	uint64_t width, height;

	if (!by || !slice_to_u64(slice_first(value, at), &width) ||
	    !slice_to_u64(slice_from(value, at + 1), &height) ||
	    width < PAGE_WIDTH_MIN || width > PAGE_SIDE_MAX ||
	    height < PAGE_HEIGHT_MIN || height > PAGE_SIDE_MAX)
		return false;
	request->width = (unsigned)width;
	request->height = (unsigned)height;
	return true;
}

static bool reports_scale(struct slice value, struct report_request *request)
{
	uint64_t hundredths;

	/* "2", or in hundredths "150%". */
	if (slice_ends(value, SLICE("%"))) {
		value.len--;
		if (!slice_to_u64(value, &hundredths))
			return false;
	} else if (slice_to_u64(value, &hundredths) && hundredths <= 4) {
		hundredths *= 100;
	} else {
		return false;
	}
	request->scale = (double)hundredths / 100;
	return request->scale >= REPORT_SCALE_MIN &&
	    request->scale <= REPORT_SCALE_MAX;
}

static bool reports_range(struct slice value, unsigned *ret)
{
	double seconds;

	if (!number_parse_seconds(value, &seconds) ||
	    seconds < SINCE_SECONDS_MIN || seconds > SINCE_SECONDS_MAX)
		return false;
	*ret = (unsigned)seconds;
	return true;
}

static bool reports_named(const struct query_arg *arg,
    struct report_request *request)
{
	int index;

	if (slice_equal(arg->name, SLICE("format"))) {
		index = reports_name(arg->value, report_format_names,
		    REPORT_FORMATS);
		request->format = (enum report_format)index;
	} else if (slice_equal(arg->name, SLICE("theme"))) {
		index = reports_name(arg->value, theme_names, THEMES);
		request->theme = (enum theme)index;
	} else if (slice_equal(arg->name, SLICE("panel"))) {
		index = reports_name(arg->value, page_panel_names, PANELS);
		request->panel = (enum page_panel)index;
	} else {
		return true;
	}
	return index >= 0;
}

static bool reports_arg(struct reports *reports, struct arena *arena,
    const struct query_arg *arg)
{
	struct report_request *request = &reports->request;
	uint64_t last;

	if (slice_equal(arg->name, SLICE("size")))
		return reports_size(arg->value, request);
	if (slice_equal(arg->name, SLICE("scale")))
		return reports_scale(arg->value, request);
	if (slice_equal(arg->name, SLICE("n"))) {
		if (!slice_to_u64(arg->value, &last) || last < 2 ||
		    last > REPORT_TREND_MAX)
			return false;
		request->last = (unsigned)last;
	}
	if (slice_equal(arg->name, SLICE("thumb"))) {
		*request = (struct report_request){ .panel = PANEL_NONE,
			.width = 1200, .height = 630, .scale = 0.5,
			.bare = true, .theme = request->theme };
	}
	if (slice_equal(arg->name, SLICE("range")))
		return reports_range(arg->value, &reports->since.seconds);
	if (slice_equal(arg->name, SLICE("a")))
		return (reports->run = arena_copy(arena, arg->value).data);
	if (slice_equal(arg->name, SLICE("b")))
		return (reports->other = arena_copy(arena, arg->value).data);
	return reports_named(arg, request);
}

static bool reports_fits(const struct report_request *request)
{
	double scale = request->scale > 0 ? request->scale : 2;
	double width = request->width ? request->width : PAGE_WIDTH;
	double height = request->height ? request->height : PAGE_HEIGHT;

	return width * height * scale * scale <= REPORTS_PIXELS_MAX;
}

static int reports_read(struct http_request *request,
    struct reports *reports)
{
	struct slice rest = request->args;
	struct query_arg arg;

	while (query_next(&request->arena, &rest, &arg))
		if (!reports_arg(reports, &request->arena, &arg))
			return dashboard_error(request, 400, "In the query, "
			    "\"%.*s\" is not as it should be.",
			    (int)slice_first(arg.name, 20).len,
			    arg.name.data);
	if (!reports_fits(&reports->request))
		return dashboard_error(request, 400,
		    "The picture would have more than 8 million pixels.");
	return HTTP_DECLINED;
}

static struct reports *reports_new(struct http_request *request,
    enum report_view view)
{
	struct reports *reports = arena_calloc(&request->arena, 1,
	    sizeof(*reports));

	if (!reports)
		return NULL;
	reports->work = reports_draw;
	reports->request.view = view;
	reports->request.panel = PANEL_NONE;
	reports->request.last = REPORTS_TREND;
	return reports;
}

static int reports_make(struct http_request *request, struct reports *reports)
{
	static const struct slice types[REPORT_FORMATS] = {
		[REPORT_PNG] = SLICE("image/png"),
		[REPORT_SVG] = SLICE("image/svg+xml"),
		[REPORT_PDF] = SLICE("application/pdf"),
		[REPORT_HTML] = SLICE("text/html; charset=utf-8"),
		[REPORT_CSV] = SLICE("text/csv; charset=utf-8"),
		[REPORT_JSON] = SLICE("application/json"),
		[REPORT_MD] = SLICE("text/markdown; charset=utf-8"),
		[REPORT_TEXT] = SLICE("text/plain; charset=utf-8"),
	};
	enum report_view view = reports->request.view;
	int rc = reports_read(request, reports);

	if (rc != HTTP_DECLINED)
		return rc;
	reports->request.view = view;
	if (view == REPORT_COMPARE && (!reports->run || !reports->other))
		return dashboard_error(request, 400,
		    "Two runs are compared: ?a=RUN&b=RUN");
	return reports_answer(request, reports,
	    types[reports->request.format]);
}

int dashboard_report(struct http_request *request)
{
	static const struct slice folder = SLICE("/api/v1/reports/");
	struct slice name = slice_from(request->uri, folder.len);
	struct reports *reports = reports_new(request,
	    slice_equal(name, SLICE("compare")) ? REPORT_COMPARE
	    : slice_equal(name, SLICE("trend")) ? REPORT_TREND : REPORT_RUN);

	if (!reports)
		return 500;
	if (reports->request.view != REPORT_RUN)
		return reports_make(request, reports);
	if (!slice_equal(name, SLICE("last"))) {
		reports->run = arena_copy(&request->arena, name).data;
		/* It becomes the name of a file. */
		for (size_t i = 0; i < name.len; i++)
			if (!reports->run || !strchr(
				"0123456789ABCDEFGHJKMNPQRSTVWXYZ",
				name.data[i]) || !name.data[i])
				return dashboard_error(request, 404,
				    "There is no such run.");
	}
	return reports_make(request, reports);
}

int dashboard_report_server(struct http_request *request)
{
	struct reports *reports = reports_new(request, REPORT_RUN);

	if (!reports)
		return 500;
	reports->work = reports_since;
	reports->since = (struct since){
		.history = dashboard_request_conf(request)->history,
		.segment = request->worker->segment,
		.now_s = clock_real_ns() / NS_PER_SEC,
		.seconds = REPORTS_SECONDS };
	if (!reports->since.history)
		return dashboard_error(request, 503,
		    "There is no history: the error log says why.");
	return reports_make(request, reports);
}

/* ---- the gallery ---- */

static void reports_date(uint64_t unix_ns, char date[32])
{
	time_t seconds = (time_t)(unix_ns / NS_PER_SEC);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) ||
	    strftime(date, 32, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
		date[0] = '\0';
}

/* The newest first. */
static void reports_gallery(struct reports *reports, struct source *source)
{
	unsigned count = source ? source->count : 0;
	char date[32], rate[WORDS_MAX], p99[WORDS_MAX], figures[80];

	page_write_reports_begin(&reports->out, count);
	for (unsigned i = 0; i < count && i < REPORTS_SHOWN; i++) {
		const struct source_run *run = &source->runs[count - 1 - i];

		reports_date(run->started_ns, date);
		(void)snprintf(figures, sizeof(figures), "%s/s, p99 %s%s",
		    words_number(rate, run->rate), words_time(p99, run->p99),
		    run->passed && run->valid ? "" : ", failed");
		page_write_report(&reports->out, &(struct page_report){
		    .run = run->run, .date = date, .figures = figures,
		    .name = run->name[0] ? run->name : run->url });
	}
	page_write_reports_end(&reports->out);
}

int dashboard_reports(struct http_request *request)
{
	struct reports *reports = reports_new(request, REPORT_RUN);

	if (!reports)
		return 500;
	reports->work = reports_gallery;
	return reports_answer(request, reports,
	    SLICE("text/html; charset=utf-8"));
}
