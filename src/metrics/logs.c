/*
 * A writer takes a number, which says where its line goes, and claims that
 * place by making its sequence odd; whoever was there before is over, dead or
 * a whole round too slow. Should one of the latter go on after all, its words
 * fall among those of another line: the checksum tells, and that line is not
 * shown. It takes METRICS_LOG_LINES lines during one copy of 248 bytes.
 */
#include "metrics/logs.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "metrics/lock.h"

/* ---- writing ---- */

static uint64_t metrics_log_check(const struct metrics_log_line *line)
{
	struct metrics_log_line copy = *line;

	copy.check = 0;
	return hash_bytes((struct slice){ (const char *)&copy,
	    sizeof(copy) }, 0);
}

/* Make the place of line number `n` (from 0) this line's; false: a later one
 * has it. */
static bool metrics_log_claim(uint64_t *sequence, uint64_t n)
{
	uint64_t was = metrics_load(sequence);

	while (was < 2 * n + 1)
		if (__atomic_compare_exchange_n(sequence, &was, 2 * n + 1,
		    false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
			return true;
	return false;
}

static void metrics_log_put(struct metrics_logs *logs,
    const struct metrics_log_line *line)
{
	uint64_t n = __atomic_fetch_add(&logs->count, 1, __ATOMIC_ACQ_REL);
	uint64_t *sequence = &logs->lines[n % METRICS_LOG_LINES].sequence;
	uint64_t mine = 2 * n + 1;

	if (!metrics_log_claim(sequence, n))
		return;
	metrics_store_words(&logs->lines[n % METRICS_LOG_LINES].line, line,
	    sizeof(*line));
	(void)__atomic_compare_exchange_n(sequence, &mine, 2 * n + 2, false,
	    __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE); /* else a later one has it */
}

void metrics_log_tap(void *arg, enum log_level level, struct slice message)
{
	struct metrics_segment *segment = arg;
	struct metrics_log_line line = {
		.real_ns = clock_real_ns(),
		.pid = (uint32_t)getpid(),
		.level = (uint16_t)level,
	};

	if (level > LOG_LEVEL_NOTICE)
		return;
	line.len = (uint16_t)metrics_log_redact(line.text, sizeof(line.text),
	    message);
	line.check = metrics_log_check(&line);
	metrics_log_put(&segment->file->logs, &line);
}

/* ---- reading ---- */

static bool metrics_log_is_whole(const struct metrics_log_line *line)
{
	return line->len <= METRICS_LOG_TEXT_MAX &&
	    line->level >= LOG_LEVEL_EMERG &&
	    line->level <= LOG_LEVEL_NOTICE &&
	    line->check == metrics_log_check(line);
}

/* The line number `n`; false: lost, or it is just being written, and its
 * writer does not get ready. */
static bool metrics_log_read(const struct metrics_logs *logs, uint64_t n,
    struct metrics_log_line *ret)
{
	const uint64_t *sequence = &logs->lines[n % METRICS_LOG_LINES].sequence;

	for (unsigned i = 0; i < METRICS_READ_SPINS; i++) {
		if (metrics_load(sequence) > 2 * n + 2)
			return false;
		if (metrics_load(sequence) == 2 * n + 2 &&
		    metrics_read(sequence, ret,
		    &logs->lines[n % METRICS_LOG_LINES].line, sizeof(*ret),
		    1) == 0)
			return metrics_log_is_whole(ret);
	}
	return false;
}

unsigned metrics_logs_read(const struct metrics_segment *segment,
    uint64_t since_id, struct metrics_log_entry *entries, uint64_t *ret_last)
{
	const struct metrics_logs *logs = &segment->file->logs;
	uint64_t count = metrics_load(&logs->count);
	uint64_t first = count > METRICS_LOG_LINES ? count - METRICS_LOG_LINES
						   : 0;
	unsigned found = 0;

	if (first < since_id)
		first = since_id;
	for (uint64_t n = first; n < count; n++) {
		if (!metrics_log_read(logs, n, &entries[found].line))
			continue;
		entries[found++].id = n + 1;
	}
	*ret_last = count;
	return found;
}
