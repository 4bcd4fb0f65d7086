#include "metrics/switches.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

#include "metrics/lock.h"
#include "metrics/slot.h"

/* ---- the level of the error logs ---- */

int metrics_log_switch(struct metrics_segment *segment, unsigned level,
    struct slice who)
{
	char text[METRICS_MARK_TEXT_MAX];
	uint32_t was = __atomic_exchange_n(&segment->file->header.log_level,
	    level, __ATOMIC_RELAXED);

	assert(level <= LOG_LEVEL_DEBUG);
	if (was == level)
		return 0;
	(void)snprintf(text, sizeof(text), "%s, by %.*s",
	    level == METRICS_LEVEL_CONFIGURED ? "as configured"
	    : log_level_name((enum log_level)level), SLICE_ARG(who)); /* cut */
	return metrics_mark(segment, METRICS_MARK_LOG_LEVEL,
	    slice_cstr(text));
}

void metrics_log_reset(struct metrics_segment *segment)
{
	metrics_store32(&segment->file->header.log_level,
	    METRICS_LEVEL_CONFIGURED);
}

unsigned metrics_log_level(const struct metrics_segment *segment)
{
	uint32_t level = __atomic_load_n(&segment->file->header.log_level,
	    __ATOMIC_RELAXED);

	/* A reader trusts no number it did not check. */
	return level <= LOG_LEVEL_DEBUG ? level : METRICS_LEVEL_CONFIGURED;
}

/* ---- replacing a worker ---- */

int metrics_drain_want(struct metrics_segment *segment, unsigned worker,
    struct slice who)
{
	unsigned slots = metrics_slot_count(segment);
	char text[METRICS_MARK_TEXT_MAX];
	uint32_t pid = 0;
	int err;

	if (worker >= METRICS_WORKERS_MAX)
		return -ENOENT;
	for (unsigned i = 0; i < slots; i++) {
		const struct metrics_slot *slot = &segment->file->slots[i];

		if (slot->kind != METRICS_KIND_WORKER ||
		    slot->worker != worker || !metrics_slot_alive(slot))
			continue;
		if (pid || metrics_load32(&slot->state) !=
		    METRICS_SLOT_RUNNING)
			return -EBUSY;
		pid = metrics_load32(&slot->pid);
	}
	if (!pid)
		return -ENOENT;
	(void)snprintf(text, sizeof(text), "worker %u (%u), by %.*s", worker,
	    pid, SLICE_ARG(who)); /* cut */
	err = metrics_mark(segment, METRICS_MARK_DRAIN, slice_cstr(text));
	if (err < 0)
		return err;
	(void)__atomic_fetch_or(&segment->file->header.drain[worker / 64],
	    UINT64_C(1) << worker % 64, __ATOMIC_RELAXED);
	return (int)pid;
}

bool metrics_drain_take(struct metrics_segment *segment, unsigned worker)
{
	uint64_t *word = &segment->file->header.drain[worker / 64];
	uint64_t bit = UINT64_C(1) << worker % 64;

	return __atomic_load_n(word, __ATOMIC_RELAXED) & bit &&
	    __atomic_fetch_and(word, ~bit, __ATOMIC_RELAXED) & bit;
}
