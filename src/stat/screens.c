#include "stat/screens.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "stat/counters.h"
#include "stat/terminal.h"
#include "stat/view.h"

struct screens {
	struct stat_source *source;
	struct terminal *terminal;
	struct stat_sample sample;	/* that is shown */
	struct stat_table table;
	struct track *track;
	struct view view;
	struct canvas canvas;
	uint64_t next_ns;		/* of the next sample */
};

/* ---- samples ---- */

static void screens_requests(struct screens *screens)
{
	struct stat_requests requests;
	struct arena arena;

	arena_init(&arena, NULL, 0, METRICS_SNAPSHOT_BYTES);
	if (stat_source_requests(screens->source, &arena, &requests) == 0) {
		for (unsigned i = 0; i < requests.count; i++)
			track_request_add(screens->track, requests.list[i]);
		screens->track->missed += requests.missed;
	}
	arena_fini(&arena);
}

/* A stopped server says nothing new after its last state was taken in. */
static bool screens_is_over(const struct screens *screens,
    const struct stat_sample *sample)
{
	return sample->stopped_real_ns && screens->sample.stopped_real_ns &&
	    sample->run == screens->sample.run;
}

static int screens_sample(struct screens *screens)
{
	struct view *view = &screens->view;
	struct stat_sample sample, before = screens->sample;
	const struct metrics_snapshot_options options = {
		.top_keys = SKETCH_ENTRIES };
	int err = stat_source_sample(screens->source, &options, &sample);

	if (err)
		return err;
	if (sample.stopped_real_ns)
		(void)stat_sample_stopped(&sample, view->stopped);
	view->source = stat_source_is_file(screens->source) ? VIEW_FILE
	    : sample.stopped_real_ns ? VIEW_STOPPED : VIEW_LIVE;
	if (before.snapshot && screens_is_over(screens, &sample)) {
		track_gap(screens->track);
		stat_sample_free(&sample);
		return 0;
	}
	screens->sample = sample;
	track_update(screens->track, sample.snapshot, sample.taken_ns,
	    sample.run);
	screens_requests(screens);
	stat_sample_free(&before);
	return stat_table_update(&screens->table, &screens->sample);
}

/* ---- the loop ---- */

static void screens_draw(struct screens *screens, bool again)
{
	unsigned columns, rows;

	terminal_size(screens->terminal, &columns, &rows);
	if ((screens->canvas.columns != columns ||
		screens->canvas.rows != rows) &&
	    canvas_resize(&screens->canvas, columns, rows) < 0)
		return;
	view_draw(&screens->view, &screens->canvas);
	terminal_show(screens->terminal, &screens->canvas, again);
}

/* Milliseconds until there is something to do; -1: only keys can tell. */
static int screens_timeout(const struct screens *screens)
{
	uint64_t now_ns = clock_mono_ns();

	if (screens->view.paused || screens->view.source == VIEW_FILE)
		return -1;
	return screens->next_ns <= now_ns ? 0
	    : (int)((screens->next_ns - now_ns) / NS_PER_MSEC) + 1;
}

static int screens_now(struct screens *screens)
{
	screens->next_ns = clock_mono_ns() +
	    screens->view.interval_ms * NS_PER_MSEC;
	return screens_sample(screens);
}

/* Obey what came; true if that was the end. */
static bool screens_obey(struct screens *screens, uint32_t key, int *err)
{
	enum view_action action;

	if (key == TERMINAL_ENDED)
		return true;
	if (key == TERMINAL_NOTHING && screens_timeout(screens) != 0)
		return false;		/* half a key */
	if (key == TERMINAL_NOTHING)
		action = VIEW_SAMPLE;
	else if (key == TERMINAL_RESIZED)
		action = VIEW_REDRAW;
	else
		action = view_key(&screens->view, key);
	if (action == VIEW_SAMPLE)
		*err = screens_now(screens);
	screens_draw(screens, action == VIEW_REDRAW);
	return action == VIEW_QUIT;
}

static int screens_loop(struct screens *screens)
{
	int err = screens_now(screens);
	bool ended = false;

	if (!err)
		screens_draw(screens, true);
	while (!err && !ended)
		ended = screens_obey(screens, terminal_wait(screens->terminal,
		    screens_timeout(screens)), &err);
	return err;
}

static void screens_fini(struct screens *screens)
{
	stat_sample_free(&screens->sample);
	stat_table_fini(&screens->table);
	canvas_free(&screens->canvas);
	free(screens->track);
}

int screens_run(struct stat_source *source,
    const struct screens_options *options, char why[STAT_WHY_MAX])
{
	struct screens screens = { .source = source };
	double interval_ms = options->interval_s * 1e3;
	int err;

	/* Of the locale only the characters: numbers are the same in all. */
	(void)setlocale(LC_CTYPE, "");
	screens.track = calloc(1, sizeof(*screens.track));
	if (!screens.track) {
		(void)snprintf(why, STAT_WHY_MAX, "no memory");
		return -ENOMEM;
	}
	screens.view = (struct view){ .track = screens.track,
		.table = &screens.table, .filter = options->filter,
		.name = stat_source_name(source),
		.interval_ms = (unsigned)interval_ms };
	stat_table_init(&screens.table);
	err = terminal_open(why, &screens.terminal);
	if (!err) {
		terminal_can(screens.terminal, &screens.canvas);
		if (screens.canvas.glyphs > options->glyphs)
			screens.canvas.glyphs = options->glyphs;
		err = screens_loop(&screens);
		if (err)
			(void)snprintf(why, STAT_WHY_MAX, "no memory");
	}
	screens_fini(&screens);
	/* The last, as a signal may end the process here. */
	if (screens.terminal)
		terminal_close(&screens.terminal);
	return err;
}
