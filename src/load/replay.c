/*
 * A log becomes requests, each kept once however often it was asked, and a
 * list of times. See replay.h.
 */
#include "load/replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/hash.h"
#include "load/lines.h"

enum {
	REPLAY_SLOTS = 1 << 18,		/* more than twice LOAD_REQUESTS_MAX */
	REPLAY_KEY_MAX = LOAD_TARGET_MAX + 256,
};
_Static_assert(REPLAY_SLOTS > 2 * LOAD_REQUESTS_MAX, "tables stay half empty");

struct replay_entry {
	uint64_t at_ns;			/* since 1970, then since the start */
	uint32_t request;		/* index */
	uint32_t order : 31;		/* in the log */
	uint32_t to_second : 1;
};
_Static_assert(LOAD_REPLAY_MAX <= INT32_MAX, "orders have 31 bits");

struct replay {
	struct draft *draft;
	struct lines lines;
	struct replay_line line;
	struct buf entries;		/* struct replay_entry */
	uint64_t window_ns;		/* of the log; UINT64_MAX: all of it */
	uint64_t first_ns;		/* time of its first line; 0: none */
	uint64_t malformed, methods, late;	/* lines left out */
	uint32_t slots[REPLAY_SLOTS];	/* by hash: index of a request + 1 */
};

static struct replay_entry *replay_entries(const struct replay *replay)
{
	return (struct replay_entry *)replay->entries.data;
}

static size_t replay_count(const struct replay *replay)
{
	return replay->entries.len / sizeof(struct replay_entry);
}

/* ---- requests, each once ---- */

static const struct load_request *replay_request(const struct replay *replay,
    uint32_t index)
{
	return (const struct load_request *)replay->draft->requests.data +
	    index;
}

/* The status that the answer must have; 0: any that is no error. */
static unsigned replay_expected(const struct replay *replay)
{
	return replay->line.status >= 400 ? replay->line.status : 0;
}

/* The slot of the request that begins with `key`, or where it belongs. */
static uint32_t *replay_slot(struct replay *replay, struct slice key)
{
	unsigned expected = replay_expected(replay);
	uint64_t i = hash_bytes(key, replay->draft->options->seed + expected);

	for (;; i++) {
		uint32_t *slot = &replay->slots[i % REPLAY_SLOTS];
		const struct load_request *request;

		if (*slot == 0)
			return slot;
		request = replay_request(replay, *slot - 1);
		if (request->expect_status == expected &&
		    slice_starts(request->bytes, key))
			return slot;
	}
}

/* The index of the line's request, which is added if it is new. */
static int replay_request_index(struct replay *replay, struct slice uri,
    uint32_t *ret)
{
	struct draft_request wanted = { .method = replay->line.method,
	    .uri = uri, .name = uri,
	    .expect_status = replay_expected(replay) };
	const char *query = memchr(uri.data, '?', uri.len);
	char key[REPLAY_KEY_MAX];
	int len = snprintf(key, sizeof(key), "%.*s %.*s HTTP/1.1\r\n",
	    SLICE_ARG(wanted.method), SLICE_ARG(uri));
	uint32_t *slot;
	int err;

	if (len < 0 || (size_t)len >= sizeof(key))
		return fault_set(replay->draft->fault, "the method is longer "
		    "than any");
	slot = replay_slot(replay, (struct slice){ key, (size_t)len });
	if (*slot == 0) {
		/* Queries may be secret; names are kept. */
		if (query)
			wanted.name.len = (size_t)(query - uri.data);
		err = draft_add(replay->draft, &wanted);
		if (err)
			return err;
		*slot = draft_count(replay->draft);
	}
	*ret = *slot - 1;
	return 0;
}

/* ---- lines ---- */

static bool replay_wants(const struct replay *replay)
{
	enum http_method method = http_method_lookup(replay->line.method);

	return replay->draft->options->replay_all_methods ||
	    method == HTTP_METHOD_GET || method == HTTP_METHOD_HEAD;
}

static int replay_add(struct replay *replay, struct slice uri)
{
	struct replay_entry entry = {
		.at_ns = replay->line.at_ns,
		.to_second = replay->line.to_second,
		.order = (uint32_t)replay_count(replay) & INT32_MAX,
	};
	uint32_t request = 0;
	int err;

	if (replay_count(replay) == LOAD_REPLAY_MAX)
		return fault_set(replay->draft->fault, "the log has more than "
		    "%d requests: take a part with --duration",
		    LOAD_REPLAY_MAX);
	err = replay_request_index(replay, uri, &request);
	if (err)
		return err;
	entry.request = request;
	buf_append(&replay->entries, &entry, sizeof(entry));
	return replay->entries.failed ? fault_memory(replay->draft->fault)
				      : 0;
}

static int replay_take_line(struct replay *replay, struct slice text)
{
	char buffer[LOAD_TARGET_MAX + 1];
	struct arena scratch;
	struct slice uri;
	int err = 0;

	arena_init(&scratch, buffer, sizeof(buffer), 0);
	if (!replay_line_parse(text, &replay->line) ||
	    !load_uri_encode(replay->line.uri, &scratch, &uri)) {
		replay->malformed++;
		return 0;
	}
	if (replay->first_ns == 0)
		replay->first_ns = replay->line.at_ns;
	/* The log is nearly in order: what is far behind its first line
	 * stays behind when it is sorted. */
	if (replay->line.at_ns > replay->first_ns &&
	    replay->line.at_ns - replay->first_ns > replay->window_ns)
		replay->late++;
	else if (!replay_wants(replay))
		replay->methods++;
	else
		err = replay_add(replay, uri);
	arena_fini(&scratch);
	return err;
}

static int replay_take_lines(struct replay *replay)
{
	enum lines_result result;
	struct slice line;
	int err = 0;

	while (!err && (result = lines_next(&replay->lines, &line)) !=
	    LINES_END) {
		if (result == LINES_ERROR)
			return fault_set(replay->draft->fault, "%s",
			    strerror(errno));
		if (result == LINES_LONG)
			replay->malformed++;
		else if (slice_trim(line).len)
			err = replay_take_line(replay, line);
	}
	return err;
}

/* ---- times ---- */

static int replay_compare(const void *a, const void *b)
{
	const struct replay_entry *x = a, *y = b;

	if (x->at_ns != y->at_ns)
		return x->at_ns < y->at_ns ? -1 : 1;
	return (x->order > y->order) - (x->order < y->order);
}

static void replay_sort(struct replay *replay)
{
	qsort(replay_entries(replay), replay_count(replay),
	    sizeof(struct replay_entry), replay_compare);
}

/* Those that the log has in the same second, evenly over it. */
static void replay_spread(struct replay *replay)
{
	struct replay_entry *entries = replay_entries(replay);
	size_t count = replay_count(replay), next;

	for (size_t i = 0; i < count; i = next) {
		uint64_t at_ns = entries[i].at_ns, same = 0, number = 0;

		for (next = i; next < count && entries[next].at_ns == at_ns;
		    next++)
			same += entries[next].to_second;
		for (size_t j = i; j < next; j++)
			if (entries[j].to_second)
				entries[j].at_ns += number++ * NS_PER_SEC /
				    same;
	}
}

/* From times of the log to times of the test; what is too late goes. */
static int replay_scale(struct replay *replay)
{
	double speed = replay->draft->options->speed;
	struct replay_entry *entries = replay_entries(replay);
	size_t count = replay_count(replay), kept = 0;
	uint64_t start_ns = entries[0].at_ns;

	while (kept < count &&
	    entries[kept].at_ns - start_ns <= replay->window_ns)
		kept++;
	replay->late += count - kept;
	for (size_t i = 0; i < kept; i++) {
		double at_s = (double)(entries[i].at_ns - start_ns) /
		    (double)NS_PER_SEC / speed;

		if (at_s > LOAD_DURATION_MAX_S)
			return fault_set(replay->draft->fault, "the log takes "
			    "%.0f s, a test at most %d: raise --speed, or take "
			    "a part with --duration", (double)(entries[kept -
			    1].at_ns - start_ns) / (double)NS_PER_SEC / speed,
			    LOAD_DURATION_MAX_S);
		entries[i].at_ns = (uint64_t)(at_s * (double)NS_PER_SEC);
	}
	replay->entries.len = kept * sizeof(*entries);
	for (size_t i = LOAD_RATE_MAX; i < kept; i++)
		if (entries[i].at_ns - entries[i - LOAD_RATE_MAX].at_ns <
		    NS_PER_SEC)
			return fault_set(replay->draft->fault, "the log has "
			    "more than %d requests in a second at this "
			    "--speed", LOAD_RATE_MAX);
	return 0;
}

static int replay_finish(struct replay *replay)
{
	int err;

	if (replay_count(replay) == 0)
		return fault_set(replay->draft->fault, replay->methods
		    ? "it has no GET and no HEAD; --replay-all-methods takes "
		      "other methods, too"
		    : "it has no line with a time and a request");
	replay_sort(replay);
	replay_spread(replay);
	replay_sort(replay);
	err = replay_scale(replay);
	if (err)
		return err;
	for (size_t i = 0; i < replay_count(replay); i++) {
		const struct replay_entry *entry = &replay_entries(replay)[i];
		const struct load_replay at = { entry->at_ns,
		    entry->request };

		buf_append(&replay->draft->replay, &at, sizeof(at));
	}
	return replay->draft->replay.failed
	    ? fault_memory(replay->draft->fault) : 0;
}

static bool replay_notice(const struct replay *replay, const char *path,
    const char **ret)
{
	struct slice text;

	*ret = NULL;
	if (replay->malformed + replay->methods + replay->late == 0)
		return true;
	text = arena_printf(replay->draft->arena, "%s: left out %llu lines "
	    "without a time or a request, %llu requests that are neither GET "
	    "nor HEAD, %llu behind the end", path,
	    (unsigned long long)replay->malformed,
	    (unsigned long long)replay->methods,
	    (unsigned long long)replay->late);
	*ret = text.data;
	return text.data != NULL;
}

/* ---- all of it ---- */

/* How much of the log the test has time for. */
static uint64_t replay_window(const struct load_options *options)
{
	double window = options->duration_s * options->speed *
	    (double)NS_PER_SEC;

	return options->duration_s > 0 && window < 0x1p63 ? (uint64_t)window
							  : UINT64_MAX;
}

int replay_read(struct draft *draft, const char *path, const char **notice)
{
	const struct fault *outer = draft->fault;
	char text[1024];
	const struct fault fault = { text, sizeof(text) };
	struct replay *replay = calloc(1, sizeof(*replay));
	int err;

	if (!replay)
		return fault_memory(outer);
	err = lines_open(&replay->lines, path);
	if (err) {
		free(replay);
		return fault_set(outer, "--replay: \"%s\" cannot be opened: "
		    "%s", path, strerror(-err));
	}
	replay->draft = draft;
	replay->entries = buf_make(LOAD_REPLAY_MAX *
	    sizeof(struct replay_entry));
	replay->window_ns = replay_window(draft->options);
	draft->fault = &fault;
	err = replay_take_lines(replay);
	if (!err)
		err = replay_finish(replay);
	if (!err && !replay_notice(replay, path, notice))
		err = fault_memory(&fault);
	draft->fault = outer;
	if (err)
		(void)fault_set(outer, "--replay: %s: %s", path, text);
	lines_close(&replay->lines);
	buf_free(&replay->entries);
	free(replay);
	return err;
}
