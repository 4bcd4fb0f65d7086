#include "metrics/follow.h"

#include <errno.h>

#include "metrics/lock.h"
#include "metrics/slot.h"

enum { FOLLOW_DIGITS = 16 };

/* ---- the tag ---- */

static void follow_format_number(uint64_t number, char *to)
{
	for (unsigned i = FOLLOW_DIGITS; i-- > 0; number >>= 4)
		to[i] = "0123456789abcdef"[number & 15];
}

static bool follow_parse_number(const char *from, uint64_t *ret)
{
	uint64_t number = 0;

	for (unsigned i = 0; i < FOLLOW_DIGITS; i++) {
		char c = from[i];

		if (c >= '0' && c <= '9')
			number = number << 4 | (uint64_t)(c - '0');
		else if (c >= 'a' && c <= 'f')
			number = number << 4 | (uint64_t)(c - 'a' + 10);
		else
			return false;
	}
	*ret = number;
	return true;
}

void metrics_follow_format(uint64_t run, uint64_t number,
    char to[METRICS_FOLLOW_TAG])
{
	follow_format_number(run, to);
	to[FOLLOW_DIGITS] = '.';
	follow_format_number(number, to + FOLLOW_DIGITS + 1);
}

bool metrics_follow_parse(struct slice value, uint64_t *run,
    uint64_t *number)
{
	return value.len == METRICS_FOLLOW_TAG &&
	    value.data[FOLLOW_DIGITS] == '.' &&
	    follow_parse_number(value.data, run) &&
	    follow_parse_number(value.data + FOLLOW_DIGITS + 1, number);
}

/* ---- the lease ---- */

static bool follow_exchange(uint64_t *cell, uint64_t from, uint64_t to)
{
	return __atomic_compare_exchange_n(cell, &from, to, false,
	    __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

/* Who changes the time has the lease; the key follows it. */
int metrics_follow_claim(struct metrics_segment *segment,
    struct metrics_lease *lease, uint64_t now_s)
{
	struct metrics_header *header = &segment->file->header;
	uint64_t was_s = metrics_load(&header->follow_until_s);
	uint64_t until_s = now_s + METRICS_FOLLOW_LEASE_S;

	if (now_s < was_s ||
	    !follow_exchange(&header->follow_until_s, was_s, until_s))
		return -EBUSY;
	lease->until_s = until_s;
	metrics_store(&header->follow_run, lease->run);
	return 0;
}

int metrics_follow_renew(struct metrics_segment *segment,
    struct metrics_lease *lease, uint64_t now_s)
{
	uint64_t until_s = now_s + METRICS_FOLLOW_LEASE_S;

	if (!follow_exchange(&segment->file->header.follow_until_s,
	    lease->until_s, until_s))
		return -ESTALE;
	lease->until_s = until_s;
	return 0;
}

void metrics_follow_release(struct metrics_segment *segment,
    const struct metrics_lease *lease)
{
	struct metrics_header *header = &segment->file->header;

	/* In this order, neither can be another's. */
	(void)follow_exchange(&header->follow_run, lease->run, 0);
	(void)follow_exchange(&header->follow_until_s, lease->until_s, 0);
}

unsigned metrics_follow_unaware(const struct metrics_segment *segment,
    uint64_t run)
{
	unsigned slots = metrics_slot_count(segment), unaware = 0;

	for (unsigned i = 0; i < slots; i++) {
		const struct metrics_slot *slot = &segment->file->slots[i];

		unaware += slot->kind == METRICS_KIND_WORKER &&
		    metrics_slot_alive(slot) &&
		    metrics_load(&slot->follow_run) != run;
	}
	return unaware;
}
