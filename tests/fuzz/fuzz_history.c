/*
 * The file of the history: whatever is in it, it is read or put aside, never
 * is a number written that JSON does not have, and a new one can be begun.
 *
 * The input is a list of steps, each a byte that chooses one, and what that
 * needs. Numbers are in the machine's byte order; what is missing is zero.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "dashboard/history_query.h"

#define NOW UINT64_C(1800000000)

enum { STEPS_MAX = 16, QUERY_MAX = 100, BODY_MAX = 64 << 20 };

static char directory[] = "/tmp/fuzz-history-XXXXXX";
static char path[64];
static const struct log quiet;
static struct metrics_segment *segment;
static struct history *history;
static struct slice rest;

static void check(bool ok)
{
	if (!ok)
		abort();
}

static void fuzz_remove(void)
{
	char command[80];

	(void)snprintf(command, sizeof(command), "rm -r %s", directory);
	check(system(command) == 0);
}

static void fuzz_begin(void)
{
	const struct metrics_options options = { .version = "fuzz" };

	if (segment)
		return;
	check(mkdtemp(directory) != NULL && atexit(fuzz_remove) == 0);
	(void)snprintf(path, sizeof(path), "%s/shm", directory);
	check(metrics_segment_create(path, &options, &segment) == 0);
	(void)snprintf(path, sizeof(path), "%s/h", directory);
}

static void take(void *to, size_t size)
{
	size_t len = size < rest.len ? size : rest.len;

	memset(to, 0, size);
	memcpy(to, rest.data, len);
	rest = slice_from(rest, len);
}

static unsigned take_byte(void)
{
	unsigned char byte;

	take(&byte, 1);
	return byte;
}

static void fuzz_open(void)
{
	check(history_open(path, &quiet, &history) == 0);
	check(history_own(history));
}

/* ---- the steps ---- */

static void fuzz_damage(void)
{
	uint8_t bytes[64];
	uint32_t offset;
	size_t size = take_byte() % sizeof(bytes) + 1;
	struct stat status;
	int fd = open(path, O_WRONLY);

	take(&offset, sizeof(offset));
	take(bytes, size);
	check(fd >= 0 && fstat(fd, &status) == 0);
	/* Past the end it would become longer. */
	if (offset + size <= (uint64_t)status.st_size)
		check(pwrite(fd, bytes, size, offset) == (ssize_t)size);
	(void)close(fd);
}

static void fuzz_record(void)
{
	struct history_record record;
	unsigned tier = take_byte() % HISTORY_TIERS;
	unsigned back = take_byte();

	take(&record, sizeof(record));
	if (back)
		record.time_s = NOW - back * history_tiers[tier].span_s;
	history_write(history, tier, &record);
}

static void fuzz_reopen(void)
{
	uint32_t size;
	struct stat status;

	take(&size, sizeof(size));
	history_close(&history);
	check(stat(path, &status) == 0);
	if (size && size < (uint64_t)status.st_size * 2)
		check(truncate(path, size) == 0);
	fuzz_open();
}

static void fuzz_mark(void)
{
	struct metrics_mark mark;

	take(&mark, sizeof(mark));
	history_marks_copy(history, &mark, 1);
}

static void check_answer(struct buf *out)
{
	check(!out->failed);
	check(!out->len || (!memmem(out->data, out->len, "nan", 3) &&
	    !memmem(out->data, out->len, "inf", 3)));
	buf_free(out);
}

static void fuzz_query(struct slice args)
{
	struct history_query query;
	struct history_range range;
	struct buf out = buf_make(BODY_MAX);
	struct arena arena;

	arena_init(&arena, NULL, 0, 1 << 20);
	if (!history_query_parse(args, NOW, &arena, &query)) {
		history_query_write(&out, history, &query);
		check_answer(&out);
	}
	if (!heatmap_query_parse(args, NOW, &arena, &range)) {
		check(range.count <= HEATMAP_COLUMNS_MAX);
		heatmap_query_write(&out, history, &range);
		check_answer(&out);
	}
	arena_fini(&arena);
}

static void fuzz_ask(void)
{
	char args[QUERY_MAX];
	size_t size = take_byte() % sizeof(args);

	take(args, size);
	fuzz_query((struct slice){ args, size });
}

static void fuzz_all(void)
{
	struct metrics_mark marks[HISTORY_MARKS_ALL];
	unsigned count = history_marks_read(history, segment, marks);

	check(count <= HISTORY_MARKS_ALL);
	for (unsigned i = 0; i < count; i++)
		check(memchr(marks[i].text, '\0', sizeof(marks[i].text)));
	fuzz_query(SLICE("range=10m"));
	fuzz_query(SLICE("range=24h"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const steps[])(void) = { fuzz_damage, fuzz_record,
		fuzz_reopen, fuzz_mark, fuzz_ask };

	fuzz_begin();
	(void)unlink(path);
	fuzz_open();
	rest = (struct slice){ (const char *)data, size };
	for (unsigned i = 0; i < STEPS_MAX && rest.len; i++)
		steps[take_byte() % (sizeof(steps) / sizeof(*steps))]();
	fuzz_all();
	history_close(&history);
	fuzz_open();
	fuzz_query(SLICE("range=7d&format=csv"));
	history_close(&history);
	return 0;
}
