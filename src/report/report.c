#include "report/report.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "load/compare.h"
#include "report/draw.h"
#include "report/png.h"
#include "report/server.h"
#include "report/text.h"

enum {
	REPORT_MEMORY_MAX = 256 << 20,
	REPORT_DATA_MAX = PNG_TEXT_MAX,
	REPORT_PANEL_WIDTH = 800, REPORT_PANEL_HEIGHT = 320,
};

const char *const report_format_names[REPORT_FORMATS] = { "png", "svg", "pdf",
	"html", "csv", "json", "md", "txt" };

/* A report that is made. */
struct report {
	const struct source *source;	/* of runs, or */
	const struct report_server *server;
	const struct report_request *request;
	struct arena arena;
	struct scene scene;
	struct page page;
	struct buf data;		/* that it is made of, of runs */
	char digest[SOURCE_DIGEST + 1];	/* of that */
	struct draw *draw;
};

/* ---- the page ---- */

static int report_run(struct report *report)
{
	struct page *page = &report->page;
	int before = source_previous(report->source, page->index);
	int err = page_run_make(page, page->index, &page->run);

	if (!err && before >= 0)
		err = page_run_make(page, (unsigned)before, &page->before);
	return err;
}

static int report_compare(struct report *report)
{
	const struct report_request *request = report->request;
	struct page *page = &report->page;
	int err = page_run_make(page, request->runs[0], &page->before);

	if (!err)
		err = page_run_make(page, request->runs[1], &page->run);
	return err ? err : load_compare(page->before.result, page->run.result,
	    &report->arena, &page->comparison);
}

static void report_size(const struct report_request *request, double *width,
    double *height)
{
	bool panel = request->view == REPORT_RUN &&
	    request->panel != PANEL_NONE;

	*width = request->width ? request->width
	    : panel ? REPORT_PANEL_WIDTH : PAGE_WIDTH;
	*height = request->height ? request->height
	    : panel ? REPORT_PANEL_HEIGHT
	    /* The shape of the paper. */
	    : request->format == REPORT_PDF ? PAGE_WIDTH / 1.4142
	    : PAGE_HEIGHT;
}

static void report_run_layout(struct report *report, double width,
    double height)
{
	enum page_panel panel = report->request->panel;

	if (panel != PANEL_NONE)
		page_panel_layout(&report->page, panel, width, height);
	else if (width >= PAGE_FULL_WIDTH && height >= PAGE_FULL_HEIGHT)
		page_run_layout(&report->page, width, height);
	else
		page_card_layout(&report->page, width, height);
}

static int report_layout(struct report *report)
{
	const struct report_request *request = report->request;
	struct page *page = &report->page;
	double width, height;
	int err = 0;

	report_size(request, &width, &height);
	if (report->server) {
		page_server_layout(&report->scene, report->server, width,
		    height);
		return report->scene.failed ? -ENOMEM : 0;
	}
	page->index = request->runs[request->view == REPORT_COMPARE];
	page->history = request->view == REPORT_TREND ? request->last
	    : PAGE_HISTORY;
	switch (request->view) {
	case REPORT_RUN:
		err = report_run(report);
		if (!err)
			report_run_layout(report, width, height);
		break;
	case REPORT_COMPARE:
		err = report_compare(report);
		if (!err)
			page_compare_layout(page, width, height);
		break;
	case REPORT_TREND:
		err = page_run_make(page, page->index, &page->run);
		if (!err)
			page_trend_layout(page, width, height);
	}
	return err || !report->scene.failed ? err : -ENOMEM;
}

/* ---- formats ---- */

static int report_png(struct report *report, struct buf *out)
{
	double scale = report->request->scale > 0 ? report->request->scale : 2;
	struct draw_image image;
	int err = draw_image(report->draw, &report->scene, scale, &image);

	if (err)
		return err;
	err = png_write(&(struct png_picture){
	    .pixels = image.pixels, .width = image.width,
	    .height = image.height, .stride = image.stride,
	    .scale = scale, .keyword = SOURCE_KEYWORD,
	    .text = buf_slice(&report->data) }, out);
	draw_image_free(&image);
	return err;
}

/* The day of the last run, as documents say when they were made. */
static void report_date(const struct report *report, char date[32])
{
	time_t seconds = (time_t)(report->server ? report->server->from_s
	    : report->source->runs[report->request->runs[0]].started_ns /
	    NS_PER_SEC);
	struct tm tm;

	if (!gmtime_r(&seconds, &tm) ||
	    strftime(date, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		date[0] = '\0';
}

static int report_html(struct report *report, struct buf *out)
{
	struct buf svg = buf_make(out->limit), text = buf_make(out->limit);
	int err = draw_svg(report->draw, &report->scene, true, &svg);

	if (!err && report->server)
		report_server_text(report->server, &text);
	else if (!err)
		err = report_text(report->source, report->request,
		    REPORT_TEXT, &text);
	if (!err)
		report_page(&(struct report_html){
		    .scene = &report->scene, .svg = buf_slice(&svg),
		    .text = buf_slice(&text) }, out);
	buf_free(&svg);
	buf_free(&text);
	return err;
}

static int report_write(struct report *report, struct buf *out)
{
	char date[32];

	switch (report->request->format) {
	case REPORT_PNG:
		return report_png(report, out);
	case REPORT_SVG:
		return draw_svg(report->draw, &report->scene, false, out);
	case REPORT_HTML:
		return report_html(report, out);
	default:
		report_date(report, date);
		return draw_pdf(report->draw, &report->scene, date, out);
	}
}

static int report_picture(struct report *report, struct buf *out)
{
	int err = draw_new(&report->draw);

	if (err)
		return err;
	report->scene.measure = draw_measure;
	report->scene.measure_arg = report->draw;
	err = report_layout(report);
	if (!err)
		err = report_write(report, out);
	draw_free(report->draw);
	return err;
}

static int report_collect(struct report *report)
{
	int err;

	report->data = buf_make(REPORT_DATA_MAX);
	if (!report->source || report->request->bare)
		return 0;
	err = report_data(report->source, report->request, &report->data);
	if (!err)
		err = source_digest(buf_slice(&report->data), report->digest);
	if (!err)
		report->page.digest = report->digest;
	return err;
}

static int report_begin(struct report *report, struct buf *out)
{
	int err;

	arena_init(&report->arena, NULL, 0, REPORT_MEMORY_MAX);
	scene_init(&report->scene, &report->arena, report->request->theme);
	report->page = (struct page){ .scene = &report->scene,
		.arena = &report->arena, .source = report->source };
	err = report_collect(report);
	if (!err)
		err = report_picture(report, out);
	buf_free(&report->data);
	arena_fini(&report->arena);
	return err || !out->failed ? err : -ENOMEM;
}

int report_make(const struct source *source,
    const struct report_request *request, struct buf *out)
{
	struct report report = { .source = source, .request = request };
	int err;

	if (request->format < REPORT_CSV)
		return report_begin(&report, out);
	err = report_text(source, request, request->format, out);
	return err || !out->failed ? err : -ENOMEM;
}

int report_server_make(const struct report_server *server,
    const struct report_request *request, struct buf *out)
{
	struct report report = { .server = server, .request = request };

	if (request->format < REPORT_CSV)
		return report_begin(&report, out);
	report_server_text(server, out);
	return out->failed ? -ENOMEM : 0;
}
