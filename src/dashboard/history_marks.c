/*
 * Marks in the history: a segment begins anew with each master and keeps few,
 * so that the owner of the history copies them to its file.
 *
 * A mark that the segment still has cannot have left the file's ring, which
 * is larger, so that comparing with what the file has is enough to copy none
 * twice.
 */

#include "dashboard/history_file.h"

#include <stdlib.h>

_Static_assert((int)HISTORY_MARKS > (int)METRICS_MARKS,
    "what the segment has, the file has");

static bool history_mark_same(const struct metrics_mark *a,
    const struct metrics_mark *b)
{
	return a->real_ns == b->real_ns && a->kind == b->kind &&
	    strncmp(a->text, b->text, sizeof(a->text)) == 0;
}

static bool history_mark_among(const struct metrics_mark *mark,
    const struct metrics_mark *marks, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (history_mark_same(mark, &marks[i]))
			return true;
	return false;
}

/* The mark in a place of the file; false if there is none. The copy is what
 * is checked, as another process may be writing. */
static bool history_mark_get(const struct history *history, unsigned place,
    struct history_mark *ret)
{
	*ret = history->file->marks[place];
	if (ret->sum != history_sum(ret, sizeof(*ret)))
		return false;
	/* Whoever wrote it, it is a text. */
	ret->mark.text[sizeof(ret->mark.text) - 1] = '\0';
	return true;
}

/* Those of the file; *ret_number is that of the newest, 0 without any. */
static unsigned history_marks_get(struct history *history,
    struct metrics_mark *marks, uint64_t *ret_number)
{
	struct history_mark one;
	unsigned count = 0;

	*ret_number = 0;
	(void)pthread_mutex_lock(&history->mutex);
	for (unsigned i = 0; i < HISTORY_MARKS; i++) {
		if (!history_mark_get(history, i, &one))
			continue;
		marks[count++] = one.mark;
		if (one.number > *ret_number)
			*ret_number = one.number;
	}
	(void)pthread_mutex_unlock(&history->mutex);
	return count;
}

static void history_mark_put(struct history *history, uint64_t number,
    const struct metrics_mark *mark)
{
	struct history_mark one = { .number = number, .mark = *mark };

	one.sum = history_sum(&one, sizeof(one));
	(void)pthread_mutex_lock(&history->mutex);
	history->file->marks[number % HISTORY_MARKS] = one;
	(void)pthread_mutex_unlock(&history->mutex);
}

void history_marks_copy(struct history *history,
    const struct metrics_mark *marks, unsigned count)
{
	struct metrics_mark known[HISTORY_MARKS];
	uint64_t number;
	unsigned known_count = history_marks_get(history, known, &number);

	for (unsigned i = 0; i < count; i++)
		if (!history_mark_among(&marks[i], known, known_count))
			history_mark_put(history, ++number, &marks[i]);
}

/* Newest first. */
static int history_mark_compare(const void *a, const void *b)
{
	uint64_t left = ((const struct metrics_mark *)a)->real_ns;
	uint64_t right = ((const struct metrics_mark *)b)->real_ns;

	return (left < right) - (left > right);
}

unsigned history_marks_read(struct history *history,
    const struct metrics_segment *segment, struct metrics_mark *ret)
{
	struct metrics_mark now[METRICS_MARKS];
	unsigned now_count = segment ? metrics_marks_read(segment, now) : 0;
	unsigned count = 0;
	uint64_t number;

	if (history)
		count = history_marks_get(history, ret, &number);
	for (unsigned i = 0; i < now_count; i++)
		if (!history_mark_among(&now[i], ret, count))
			ret[count++] = now[i];
	if (count)
		qsort(ret, count, sizeof(*ret), history_mark_compare);
	return count;
}
