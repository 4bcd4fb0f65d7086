#include <math.h>
#include <stdio.h>

#include "stat/plot.h"
#include "stat/screen.h"

enum {
	WORKERS_METER_COLUMN = 74,	/* the last column of numbers ends */
	WORKERS_DETAIL_ROWS = 9,
};

static const struct {
	const char *name;
	enum canvas_style style;
} workers_states[] = {
	{ "unknown", STYLE_FAINT },
	{ "running", STYLE_OK },
	{ "draining", STYLE_CLIENT },
	{ "gone", STYLE_SERVER },
};

static void workers_state(struct pen *pen, int state)
{
	unsigned at = state >= 0 && state < 4 ? (unsigned)state : 0;

	pen_fit(pen, workers_states[at].style, 9, workers_states[at].name);
}

static double workers_cpu(const struct view *view,
    const Ringmaster__V1__Worker *worker)
{
	return track_rate(view->track, TRACK_OF_WORKER_CPU, worker->index) *
	    1e-9;
}

static void workers_head(struct area area)
{
	struct pen pen = pen_at(area, 1, 0);

	pen_fit(&pen, STYLE_TITLE, 3, "#");
	pen_right(&pen, STYLE_TITLE, 8, "pid");
	pen_text(&pen, STYLE_TITLE, " ");
	pen_fit(&pen, STYLE_TITLE, 9, "state");
	pen_right(&pen, STYLE_TITLE, 7, "conns");
	pen_right(&pen, STYLE_TITLE, 8, "req/s");
	pen_right(&pen, STYLE_TITLE, 9, "cpu");
	pen_right(&pen, STYLE_TITLE, 9, "memory");
	pen_right(&pen, STYLE_TITLE, 10, "lag p99");
	pen_right(&pen, STYLE_TITLE, 8, "stalls");
	if (area.columns > WORKERS_METER_COLUMN + 16) {
		pen_text(&pen, STYLE_TITLE, "  ");
		pen_fit(&pen, STYLE_TITLE, 14, "share of load");
	}
}

/* Requests a second of all workers, to say who gets how many. */
static double workers_sum(const struct view *view)
{
	const Ringmaster__V1__Snapshot *now = view->track->now;
	double sum = 0;

	for (size_t i = 0; i < now->n_workers; i++) {
		double rate = track_rate(view->track, TRACK_OF_WORKER,
		    now->workers[i]->index);

		sum += rate > 0 ? rate : 0;
	}
	return sum;
}

static void workers_row(const struct view *view, struct area area,
    const Ringmaster__V1__Worker *worker, double sum)
{
	double rate = track_rate(view->track, TRACK_OF_WORKER, worker->index);
	double lag = worker->loop_lag ? worker->loop_lag->p99 : NAN;
	double cpu = workers_cpu(view, worker);
	char pid[WORDS_MAX];
	struct pen pen = pen_at(area, 1, 0);

	pen_printf(&pen, STYLE_STRONG, "%-3u", worker->index);
	(void)snprintf(pid, sizeof(pid), "%u", worker->pid);
	pen_right(&pen, STYLE_PLAIN, 8, worker->pid ? pid : "-");
	pen_text(&pen, STYLE_PLAIN, " ");
	workers_state(&pen, (int)worker->state);
	pen_right(&pen, STYLE_PLAIN, 7, word_short(worker->connections).s);
	pen_right(&pen, STYLE_STRONG, 8, word_short(rate).s);
	pen_right(&pen, cpu > 0.9 ? STYLE_CLIENT : STYLE_PLAIN, 9,
	    word_share(cpu).s);
	pen_right(&pen, STYLE_PLAIN, 9,
	    word_bytes((double)worker->rss_bytes).s);
	pen_right(&pen, lag > 0.01 ? STYLE_CLIENT : STYLE_PLAIN, 10,
	    word_time(lag).s);
	pen_right(&pen, worker->stalls ? STYLE_CLIENT : STYLE_PLAIN, 8,
	    word_short((double)worker->stalls).s);
	if (area.columns > WORKERS_METER_COLUMN + 16)
		plot_meter(area_columns(area, pen.x + 2,
		    area.columns - pen.x - 3), sum > 0 ? rate / sum : 0,
		    STYLE_REQUESTS);
}

/* "name value" in a column of its own. */
static void workers_pair(struct area area, unsigned at, const char *name,
    const char *value)
{
	unsigned width = area.columns / 3;
	struct pen pen = pen_at(area_columns(area, at % 3 * width, width - 1),
	    1, at / 3);

	pen_fit(&pen, STYLE_FAINT, width > 26 ? 16 : 14, name);
	pen_fit(&pen, STYLE_PLAIN, pen.area.columns > pen.x
	    ? pen.area.columns - pen.x : 0, value);
}

static void workers_ring(struct area area,
    const Ringmaster__V1__Ring *ring, unsigned at)
{
	workers_pair(area, at++, "in flight", screen_of(ring->inflight,
	    ring->sq_entries).s);
	workers_pair(area, at++, "CQ backlog",
	    word_short(ring->cq_backlog).s);
	workers_pair(area, at++, "CQ full",
	    word_short((double)ring->cq_overflows).s);
	workers_pair(area, at++, "buffers free", screen_of(
	    ring->buffers_free, ring->buffers_total).s);
	workers_pair(area, at++, "out of bufs",
	    word_short((double)ring->buffers_exhausted).s);
	workers_pair(area, at++, "coroutines",
	    word_short(ring->coroutines).s);
	workers_pair(area, at++, "CQEs/enter", word_number(
	    (double)ring->completions / (double)ring->enters).s);
}

/* "name TIME, of it TIME after recv for SERVER LOCATION". */
static void workers_stall(struct area row, const char *name,
    const Ringmaster__V1__Stall *stall)
{
	struct pen pen = pen_at(row, 1, 0);

	pen_fit(&pen, STYLE_FAINT, 20, name);
	if (!stall) {
		pen_text(&pen, STYLE_PLAIN, "-");
		return;
	}
	pen_text(&pen, STYLE_PLAIN, word_time(stall->seconds).s);
	if (stall->work_seconds > 0)
		pen_printf(&pen, STYLE_PLAIN, ", of it %s %s",
		    word_time(stall->work_seconds).s, stall->work);
	else
		pen_printf(&pen, STYLE_PLAIN, ", %u completions",
		    stall->completions);
	if (*stall->server)
		pen_printf(&pen, STYLE_PLAIN, " for %s %s", stall->server,
		    stall->location);
}

static void workers_detail(struct area area,
    const Ringmaster__V1__Worker *worker)
{
	char title[WORDS_MAX];
	struct area inner;
	unsigned at = 0;

	(void)snprintf(title, sizeof(title), "Worker %u", worker->index);
	inner = area_box(area, title, NULL);
	workers_pair(inner, at++, "requests",
	    word_short((double)worker->requests).s);
	workers_pair(inner, at++, "descriptors", screen_of(worker->open_fds,
	    worker->max_fds).s);
	workers_pair(inner, at++, "generation",
	    word_short(worker->generation).s);
	workers_pair(inner, at++, "lag p50", word_time(worker->loop_lag
	    ? worker->loop_lag->p50 : NAN).s);
	workers_pair(inner, at++, "pool", worker->pool ? screen_of(
	    worker->pool->busy, worker->pool->busy +
		worker->pool->idle).s : "-");
	workers_pair(inner, at++, "tasks queued", worker->pool
	    ? word_short(worker->pool->queued).s : "-");
	if (worker->ring)
		workers_ring(inner, worker->ring, at);
	workers_stall(area_rows(inner, inner.rows - 2, 1),
	    "longest turn of late", worker->recent_stall);
	workers_stall(area_rows(inner, inner.rows - 1, 1),
	    "longest turn", worker->longest_stall);
}

/*
 * How evenly requests are spread: 1 if all workers get the same, 1/n if one
 * of n gets all of them (Jain, Chiu, Hawe 1984).
 */
static double workers_balance(const struct view *view)
{
	const Ringmaster__V1__Snapshot *now = view->track->now;
	double sum = 0, squares = 0;

	for (size_t i = 0; i < now->n_workers; i++) {
		double rate = track_rate(view->track, TRACK_OF_WORKER,
		    now->workers[i]->index);

		if (rate > 0) {
			sum += rate;
			squares += rate * rate;
		}
	}
	return squares > 0 ? sum * sum / (squares * (double)now->n_workers)
			   : NAN;
}

static void workers_processes(const struct view *view, struct area area)
{
	const Ringmaster__V1__Processes *all = view->track->now->processes;
	struct pen pen = pen_at(area, 1, 0);

	if (!all)
		return;
	pen_printf(&pen, STYLE_FAINT,
	    "%u current, %u draining, %s respawned; reloads %s ok, ",
	    all->workers_current, all->workers_draining,
	    word_short((double)all->respawns).s,
	    word_short((double)all->reloads_ok).s);
	pen_printf(&pen, all->reloads_failed ? STYLE_CLIENT : STYLE_FAINT,
	    "%s failed", word_short((double)all->reloads_failed).s);
	pen_printf(&pen, STYLE_FAINT, "; balance %s",
	    word_number(workers_balance(view)).s);
}

void screen_workers(struct view *view, struct area body)
{
	const Ringmaster__V1__Snapshot *now = view->track->now;
	unsigned page = body.rows - WORKERS_DETAIL_ROWS - 4;
	struct view_list *list = screen_list(view, (unsigned)now->n_workers,
	    page);
	struct area table = area_box(area_rows(body, 1, page + 3),
	    "Workers", screen_list_words(list).s);
	struct area rows = area_rows(table, 1, page);
	double sum = workers_sum(view);

	workers_processes(view, body);
	workers_head(table);
	for (unsigned i = 0; i < page && list->first + i < list->count; i++)
		workers_row(view, area_rows(rows, i, 1),
		    now->workers[list->first + i], sum);
	screen_list_mark(list, rows);
	if (list->count)
		workers_detail(area_rows(body, page + 4, WORKERS_DETAIL_ROWS),
		    now->workers[list->selected]);
}
