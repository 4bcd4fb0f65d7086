/* ringstat --requests: what the server answers, a line each. */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>

#include "base/clock.h"
#include "stat/conditions.h"
#include "stat/output.h"
#include "tools/ringstat.h"

/* A worker's last METRICS_RECENT are seen up to 12,800 a second. */
enum { REQUESTS_POLL_MS = 20 };

struct follower {
	const struct tool_options *options;
	struct stat_source *source;
	struct expression query;
	struct buf out;
	unsigned printed;
	uint64_t missed, told;		/* of these, already */
	uint64_t told_ns;		/* when */
	bool stopped;
};

static volatile sig_atomic_t follower_signal;

static void follower_stop_cb(int number)
{
	follower_signal = number;
}

static bool follower_is_done(const struct follower *follower)
{
	const struct tool_options *options = follower->options;

	return options->counted && options->count > 0 &&
	    follower->printed >= options->count;
}

/* Those that were lost, not more than once a second. */
static void follower_tell_missed(struct follower *follower, bool now)
{
	uint64_t mono_ns = clock_mono_ns();

	if (follower->missed == follower->told ||
	    (!now && mono_ns - follower->told_ns < NS_PER_SEC))
		return;
	tool_say("%" PRIu64 " requests came too fast to be seen",
	    follower->missed - follower->told);
	follower->told = follower->missed;
	follower->told_ns = mono_ns;
}

static void follower_add(struct follower *follower,
    const struct stat_requests *requests)
{
	for (unsigned i = 0; i < requests->count &&
	    !follower_is_done(follower); i++) {
		if (follower->options->query &&
		    !expression_holds(&follower->query, requests->list[i]))
			continue;
		stat_write_request(&follower->out, requests->list[i]);
		follower->printed++;
	}
}

/* Take what is new; what was there before us only if `show`. */
static int follower_take(struct follower *follower, bool show)
{
	struct stat_requests requests;
	struct arena arena;
	int err;

	arena_init(&arena, NULL, 0, METRICS_SNAPSHOT_BYTES);
	err = stat_source_requests(follower->source, &arena, &requests);
	if (!err && show)
		follower_add(follower, &requests);
	if (!err)
		follower->missed += requests.missed;
	arena_fini(&arena);
	return err ? err : stat_output_write(&follower->out);
}

/* Say when the server goes and comes back. */
static int follower_watch(struct follower *follower)
{
	struct stat_sample sample;
	char words[STAT_WHY_MAX];
	int err = stat_source_sample(follower->source, NULL, &sample);
	bool stopped;

	if (err)
		return err;
	stopped = sample.stopped_real_ns != 0;
	if (stopped != follower->stopped)
		tool_say("%s: %s", stat_source_name(follower->source), stopped
		    ? stat_sample_stopped(&sample, words) : "runs again");
	follower->stopped = stopped;
	stat_sample_free(&sample);
	return 0;
}

static int follower_loop(struct follower *follower)
{
	enum { WATCH = 1000 / REQUESTS_POLL_MS };
	uint64_t next_ns = clock_mono_ns();
	int err = 0;

	for (unsigned i = 1; !err && !follower_signal &&
	    !follower_is_done(follower); i++) {
		next_ns += REQUESTS_POLL_MS * NS_PER_MSEC;
		tool_sleep_until(next_ns);
		if (i % WATCH == 0)
			err = follower_watch(follower);
		if (!err)
			err = follower_take(follower, true);
		follower_tell_missed(follower, false);
	}
	follower_tell_missed(follower, true);
	return err;
}

int tool_requests(const struct tool_options *options,
    struct stat_source *source)
{
	struct follower follower = { .options = options, .source = source,
		.out = buf_make(STAT_OUTPUT_MAX) };
	const struct sigaction stop = { .sa_handler = follower_stop_cb };
	char why[EXPRESSION_WHY_MAX];
	bool once;
	int err;

	if (options->query && !expression_parse(slice_cstr(options->query),
		&stat_request_names, &follower.query, why)) {
		tool_say("the query %s", why);
		return TOOL_USAGE;
	}
	(void)sigaction(SIGINT, &stop, NULL); /* cannot fail, as the next */
	(void)sigaction(SIGTERM, &stop, NULL);
	err = follower_watch(&follower);
	once = follower.stopped || stat_source_is_file(source);
	if (!err)
		err = follower_take(&follower, once);
	if (!err && !once)
		err = follower_loop(&follower);
	buf_free(&follower.out);
	if (err)
		return tool_output_failed(err);
	return once && follower.stopped ? TOOL_STOPPED : TOOL_OK;
}
