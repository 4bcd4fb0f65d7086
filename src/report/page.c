/* Which panel goes where; see page.h. */

#include "report/page.h"

#include <errno.h>

const char *const page_panel_names[PANELS] = { "throughput", "latency",
	"distribution", "percentiles", "stages", "status", "workers",
	"history", "notes" };

static void (*const page_panels[PANELS])(struct page *, struct box) = {
	panel_throughput, panel_latency, panel_distribution,
	panel_percentiles, panel_stages, panel_status, panel_workers,
	panel_history, panel_notes };

#define PAGE_NONE 240.0			/* of panels that explain */

/* Those in the time that is shown. */
static void page_run_marks(struct page_run *run)
{
	const Ringmaster__V1__LoadServer *server = run->result->server;

	for (size_t i = 0; server && i < server->n_marks &&
	    run->mark_count < CHART_MARKS_MAX; i++) {
		const Ringmaster__V1__LoadMark *mark = server->marks[i];

		if (mark->at_seconds >= 0 &&
		    mark->at_seconds <= run->series.span)
			run->marks[run->mark_count++] = (struct chart_mark){
				mark->at_seconds, mark->text };
	}
}

int page_run_make(struct page *page, unsigned index, struct page_run *ret)
{
	int err;

	*ret = (struct page_run){
		.result = source_unpack(page->source, index, page->arena) };
	if (!ret->result)
		return -ENOMEM;
	ret->open = strcmp(ret->result->spec->model, "open") == 0;
	err = series_make(ret->result, SERIES_COLUMNS_MAX, page->arena,
	    &ret->series);
	if (!err)
		page_run_marks(ret);
	return err == -ENODATA ? 0 : err;
}

/* ---- rows ---- */

struct page_row {
	enum page_panel panels[3];
	double widths[3];		/* shares */
	unsigned count;
	double height;			/* share */
};

static void page_row_add(struct page_row *row, enum page_panel panel,
    double width)
{
	row->panels[row->count] = panel;
	row->widths[row->count++] = width;
}

static void page_row(struct page *page, const struct page_row *row,
    struct box box)
{
	double all = 0, room = box.w - PAGE_GAP * (row->count - 1);

	for (unsigned i = 0; i < row->count; i++)
		all += row->widths[i];
	for (unsigned i = 0; i < row->count; i++) {
		box.w = room * row->widths[i] / all;
		page_panels[row->panels[i]](page, box);
		box.x += box.w + PAGE_GAP;
	}
}

static void page_rows(struct page *page, const struct page_row *rows,
    unsigned count, struct box box)
{
	double all = 0, room = box.h - PAGE_GAP * (count - 1);

	for (unsigned i = 0; i < count; i++)
		all += rows[i].height;
	for (unsigned i = 0; i < count; i++) {
		box.h = room * rows[i].height / all;
		page_row(page, &rows[i], box);
		box.y += box.h + PAGE_GAP;
	}
}

/* Without answers there is nothing to draw: why that is so. */
static void page_none(struct page *page, struct box box)
{
	struct page_row row = { .panels = { PANEL_STATUS, PANEL_NOTES },
		.widths = { 2, 3 }, .count = 2 };

	box.h = box.h < PAGE_NONE ? box.h : PAGE_NONE;
	page_row(page, &row, box);
}

/* What the server said of itself decides which panels there are; those that
 * stay get the room of those that go. */
static void page_fill(struct page *page, struct box box)
{
	const Ringmaster__V1__LoadResult *result = page->run.result;
	const Ringmaster__V1__LoadServer *server = result->server;
	struct page_row rows[3] = {
		{ .panels = { PANEL_THROUGHPUT, PANEL_LATENCY },
		    .widths = { 1, 1 }, .count = 2, .height = 230 },
		{ .panels = { PANEL_DISTRIBUTION, PANEL_PERCENTILES },
		    .widths = { 1, 1 }, .count = 2, .height = 230 },
		{ .panels = { PANEL_STATUS }, .widths = { 1 }, .count = 1,
		    .height = 190 } };

	if (server && (server->n_median || server->n_tail))
		page_row_add(&rows[1], PANEL_STAGES, 1);
	if (server && server->n_workers)
		page_row_add(&rows[2], PANEL_WORKERS, 1);
	page_row_add(&rows[2], page->index ? PANEL_HISTORY : PANEL_NOTES, 1);
	if (result->requests)
		page_rows(page, rows, 3, box);
	else
		page_none(page, box);
}

void page_run_layout(struct page *page, double width, double height)
{
	struct box box = { PAGE_MARGIN, 24, width - 2 * PAGE_MARGIN,
		PAGE_HEADER };

	scene_ground(page->scene, width, height);
	page_header(page, box);
	box.y += box.h + PAGE_GAP;
	box.h = height - box.y;
	box.y += page_tiles(page, box) + PAGE_GAP;
	box.h = height - box.y - PAGE_FOOTER - 24 - PAGE_GAP / 2;
	page_fill(page, box);
	box.y += box.h + PAGE_GAP / 2;
	box.h = PAGE_FOOTER;
	page_footer(page, box);
}

void page_card_layout(struct page *page, double width, double height)
{
	struct box box = { PAGE_GAP, PAGE_GAP, width - 2 * PAGE_GAP,
		PAGE_HEADER };
	struct page_row row = { .panels = { PANEL_THROUGHPUT, PANEL_LATENCY },
		.widths = { 1, 1 }, .count = 2 };

	scene_ground(page->scene, width, height);
	page_header(page, box);
	box.y += box.h + PAGE_GAP / 2;
	box.h = height - box.y - PAGE_GAP;
	box.y += page_tiles(page, box) + PAGE_GAP;
	box.h = height - box.y - PAGE_GAP;
	if (box.h >= PAGE_CHART_MIN)
		page_row(page, &row, box);
}

void page_panel_layout(struct page *page, enum page_panel panel, double width,
    double height)
{
	scene_ground(page->scene, width, height);
	page_panels[panel](page, (struct box){ PAGE_GAP / 2, PAGE_GAP / 2,
	    width - PAGE_GAP, height - PAGE_GAP });
}
