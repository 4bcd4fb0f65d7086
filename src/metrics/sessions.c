#include "metrics/sessions.h"

#include <math.h>

#include "base/hash.h"
#include "metrics/lock.h"

enum {
	METRICS_SESSIONS_MASK = METRICS_SESSIONS_TABLE - 1,
	METRICS_HLL_RANK_MAX = 64 - METRICS_HLL_BITS + 1,
};

_Static_assert((METRICS_SESSIONS_TABLE & METRICS_SESSIONS_MASK) == 0,
    "a power of two");

int metrics_sessions_init(struct metrics_sessions *sessions, unsigned idle_s)
{
	if (idle_s == 0)
		idle_s = METRICS_SESSION_IDLE_S;
	sessions->idle_s = idle_s < METRICS_SESSION_IDLE_MIN_S
	    ? METRICS_SESSION_IDLE_MIN_S : idle_s;
	return metrics_lock_init(&sessions->lock);
}

uint64_t metrics_session_key(const struct metrics_segment *segment,
    uint64_t id_hash)
{
	uint64_t key = hash_mix(id_hash ^ segment->file->header.session_seed);

	return key ? key : 1;
}

static bool metrics_session_is_expired(const struct metrics_sessions *sessions,
    const struct metrics_session *session, uint64_t now_s)
{
	return now_s > session->seen_s + sessions->idle_s;
}

/* ---- the table ---- */

/* Where `key` is, or the free entry where it would go. There always is one:
 * half of the table stays free. */
static unsigned metrics_session_find(const struct metrics_sessions *sessions,
    uint64_t key)
{
	unsigned i = key & METRICS_SESSIONS_MASK;

	while (sessions->table[i].key != 0 && sessions->table[i].key != key)
		i = (i + 1) & METRICS_SESSIONS_MASK;
	return i;
}

/*
 * Empty entry `i` and close the gap, or searches would end there. An entry
 * is copied up before its old place is reused, so that a death here leaves
 * one twice, but none out of reach.
 */
static void metrics_session_remove(struct metrics_sessions *sessions,
    unsigned i)
{
	struct metrics_session *table = sessions->table;

	for (unsigned j = (i + 1) & METRICS_SESSIONS_MASK; table[j].key != 0;
	    j = (j + 1) & METRICS_SESSIONS_MASK) {
		unsigned home = table[j].key & METRICS_SESSIONS_MASK;

		/* May it not stand at i? Then its home lies after i. */
		if (((j - home) & METRICS_SESSIONS_MASK) <
		    ((j - i) & METRICS_SESSIONS_MASK))
			continue;
		metrics_store(&table[i].key, table[j].key);
		metrics_store(&table[i].seen_s, table[j].seen_s);
		i = j;
	}
	metrics_store(&table[i].key, 0);
}

/* Recount a table with at most one entry more than once in it, and end its
 * removal. See metrics_session_remove(). */
void metrics_sessions_repair(void *arg)
{
	struct metrics_sessions *sessions = arg;
	uint64_t count = 0;

	for (unsigned i = 0; i < METRICS_SESSIONS_TABLE; ) {
		struct metrics_session *session = &sessions->table[i];
		unsigned first = session->key == 0 ? i
		    : metrics_session_find(sessions, session->key);

		if (first == i) {
			count += session->key != 0;
			i++;
			continue;
		}
		/* A copy may have got its key, but not yet its time. */
		if (sessions->table[first].seen_s < session->seen_s)
			metrics_store(&sessions->table[first].seen_s,
			    session->seen_s);
		metrics_session_remove(sessions, i);	/* another comes to i */
	}
	/* created - expired is what the count was or was about to be. */
	if (sessions->created - sessions->expired < count)
		metrics_store(&sessions->created, sessions->expired + count);
	else
		metrics_store(&sessions->expired, sessions->created - count);
	metrics_store(&sessions->count, count);
}

static void metrics_session_seen_locked(struct metrics_sessions *sessions,
    uint64_t key, uint64_t now_s)
{
	unsigned i = metrics_session_find(sessions, key);
	struct metrics_session *session = &sessions->table[i];

	if (session->key == 0 &&
	    sessions->count >= METRICS_SESSIONS_EXACT_MAX) {
		metrics_store(&sessions->full_s, now_s);
		return;
	}
	if (session->key == 0) {
		metrics_store(&session->seen_s, now_s);
		metrics_store(&session->key, key);
		metrics_store(&sessions->count, sessions->count + 1);
		metrics_store(&sessions->created, sessions->created + 1);
		return;
	}
	if (metrics_session_is_expired(sessions, session, now_s)) {
		/* Not swept away yet: the old one ended, this is another. */
		metrics_store(&sessions->created, sessions->created + 1);
		metrics_store(&sessions->expired, sessions->expired + 1);
	}
	metrics_store(&session->seen_s, now_s);
}

/* ---- the estimate ---- */

static void metrics_hll_raise(uint8_t *cell, uint8_t rank)
{
	if (*cell < rank)
		__atomic_store_n(cell, rank, __ATOMIC_RELAXED);
}

static void metrics_hll_clear(uint8_t *registers)
{
	for (unsigned i = 0; i < METRICS_HLL_REGISTERS; i++)
		__atomic_store_n(&registers[i], 0, __ATOMIC_RELAXED);
}

/* Go on to the part of the period `number`, clearing those skipped. */
static void metrics_hll_turn(struct metrics_sessions *sessions,
    uint64_t number)
{
	uint64_t from = sessions->part_number + 1;

	if (number >= METRICS_HLL_PARTS &&
	    from < number + 1 - METRICS_HLL_PARTS)
		from = number + 1 - METRICS_HLL_PARTS;
	for (uint64_t i = from; i <= number; i++)
		metrics_hll_clear(sessions->parts[i % METRICS_HLL_PARTS]);
	/* Last: a death before this is made up for by the next to come. */
	if (number > sessions->part_number)
		metrics_store(&sessions->part_number, number);
}

static uint64_t metrics_hll_number(const struct metrics_sessions *sessions,
    uint64_t now_s)
{
	return now_s / (sessions->idle_s / (METRICS_HLL_PARTS - 1));
}

static void metrics_hll_add(struct metrics_sessions *sessions, uint64_t key)
{
	/* Other bits than those that choose the table's entry: mixed anew. */
	uint64_t hash = hash_mix(key);
	unsigned i = (unsigned)(hash >> (64 - METRICS_HLL_BITS));
	/* The sentinel bit bounds the rank by METRICS_HLL_RANK_MAX. */
	uint8_t rank = (uint8_t)(1 + __builtin_clzll(hash << METRICS_HLL_BITS |
	    UINT64_C(1) << (METRICS_HLL_BITS - 1)));

	metrics_hll_raise(&sessions->parts
	    [sessions->part_number % METRICS_HLL_PARTS][i], rank);
	metrics_hll_raise(&sessions->today[i], rank);
}

/* sigma(x) = x + sum of x^(2^k) 2^(k-1), k >= 1: the empty registers. */
static double metrics_hll_sigma(double x)
{
	double y = 1, z = x, last;

	if (x == 1)
		return INFINITY;
	do {
		x *= x;
		last = z;
		z += x * y;
		y += y;
	} while (z != last);
	return z;
}

/* tau(x) = (1 - x - sum of (1 - x^(2^-k))^2 2^-k, k >= 1) / 3: full ones. */
static double metrics_hll_tau(double x)
{
	double y = 1, z = 1 - x, last;

	if (x == 0 || x == 1)
		return 0;
	do {
		x = sqrt(x);
		last = z;
		y *= 0.5;
		z -= (1 - x) * (1 - x) * y;
	} while (z != last);
	return z / 3;
}

/*
 * O. Ertl, "New cardinality estimation algorithms for HyperLogLog sketches",
 * 2017, algorithm 6: without bias from none to all, and without tables.
 */
static double metrics_hll_estimate(const unsigned *ranks)
{
	const double m = METRICS_HLL_REGISTERS;
	double z = m * metrics_hll_tau(1 - ranks[METRICS_HLL_RANK_MAX] / m);

	for (unsigned i = METRICS_HLL_RANK_MAX - 1; i >= 1; i--)
		z = 0.5 * (z + ranks[i]);
	z += m * metrics_hll_sigma(ranks[0] / m);
	return m * m / (2 * M_LN2 * z);
}

/* A reader trusts no number that it did not check. */
static void metrics_hll_rank(unsigned *ranks, uint8_t rank)
{
	ranks[rank < METRICS_HLL_RANK_MAX ? rank : METRICS_HLL_RANK_MAX]++;
}

/* What was seen in the parts that reach into the period before now_s. */
static uint64_t metrics_hll_count(const struct metrics_sessions *sessions,
    uint64_t now_s)
{
	uint64_t number = metrics_hll_number(sessions, now_s);
	uint64_t newest = metrics_load(&sessions->part_number);
	unsigned ranks[METRICS_HLL_RANK_MAX + 1] = { 0 };

	for (unsigned i = 0; i < METRICS_HLL_REGISTERS; i++) {
		uint8_t max = 0;

		for (uint64_t n = 0; n <= newest && n < METRICS_HLL_PARTS;
		    n++) {
			const uint8_t *part = sessions->parts
			    [(newest - n) % METRICS_HLL_PARTS];
			uint8_t rank = __atomic_load_n(&part[i],
			    __ATOMIC_RELAXED);

			/* Nobody came since: these have expired. */
			if (newest - n + METRICS_HLL_PARTS <= number)
				break;
			if (rank > max)
				max = rank;
		}
		metrics_hll_rank(ranks, max);
	}
	return (uint64_t)(metrics_hll_estimate(ranks) + 0.5);
}

static uint64_t metrics_hll_count_today(
    const struct metrics_sessions *sessions)
{
	unsigned ranks[METRICS_HLL_RANK_MAX + 1] = { 0 };

	for (unsigned i = 0; i < METRICS_HLL_REGISTERS; i++)
		metrics_hll_rank(ranks, __atomic_load_n(&sessions->today[i],
		    __ATOMIC_RELAXED));
	return (uint64_t)(metrics_hll_estimate(ranks) + 0.5);
}

/* ---- both ---- */

static int metrics_sessions_lock(struct metrics_segment *segment)
{
	return metrics_lock(&segment->file->sessions.lock,
	    metrics_sessions_repair, &segment->file->sessions,
	    &segment->file->header.recoveries);
}

int metrics_sessions_add(struct metrics_segment *segment,
    const uint64_t *keys, unsigned count, uint64_t now_s)
{
	struct metrics_sessions *sessions = &segment->file->sessions;
	int result = metrics_sessions_lock(segment);

	if (result < 0)
		return result;
	metrics_hll_turn(sessions, metrics_hll_number(sessions, now_s));
	for (unsigned i = 0; i < count; i++) {
		metrics_hll_add(sessions, keys[i]);
		metrics_session_seen_locked(sessions, keys[i], now_s);
	}
	metrics_unlock(&sessions->lock);
	return result;
}

int metrics_sessions_sweep(struct metrics_segment *segment, uint64_t now_s)
{
	struct metrics_sessions *sessions = &segment->file->sessions;
	int result = metrics_sessions_lock(segment);
	unsigned i;

	if (result < 0)
		return result;
	i = sessions->sweep_next & METRICS_SESSIONS_MASK;
	for (unsigned n = 0; n < METRICS_SESSIONS_SWEEP; ) {
		struct metrics_session *session = &sessions->table[i];

		if (session->key == 0 ||
		    !metrics_session_is_expired(sessions, session, now_s)) {
			i = (i + 1) & METRICS_SESSIONS_MASK;
			n++;
			continue;
		}
		metrics_session_remove(sessions, i);	/* another comes to i */
		metrics_store(&sessions->count, sessions->count - 1);
		metrics_store(&sessions->expired, sessions->expired + 1);
	}
	metrics_store(&sessions->sweep_next, i);
	metrics_unlock(&sessions->lock);
	return result;
}

int metrics_sessions_day(struct metrics_segment *segment, uint64_t day)
{
	struct metrics_sessions *sessions = &segment->file->sessions;
	int result;

	if (sessions->day == day)
		return 0;
	result = metrics_sessions_lock(segment);
	if (result < 0)
		return result;
	metrics_hll_clear(sessions->today);
	metrics_store(&sessions->day, day);	/* last: else it is redone */
	metrics_unlock(&sessions->lock);
	return result;
}

void metrics_sessions_read(const struct metrics_segment *segment,
    uint64_t now_s, struct metrics_session_counts *ret)
{
	const struct metrics_sessions *sessions = &segment->file->sessions;
	uint64_t full_s = metrics_load(&sessions->full_s);

	ret->live = metrics_load(&sessions->count);
	ret->today = metrics_hll_count_today(sessions);
	ret->created = metrics_load(&sessions->created);
	ret->expired = metrics_load(&sessions->expired);
	/* A session that found no room is missed until it would have ended. */
	ret->exact = full_s == 0 || now_s > full_s + sessions->idle_s;
	if (!ret->exact) {
		uint64_t estimate = metrics_hll_count(sessions, now_s);

		if (estimate > ret->live)
			ret->live = estimate;
	}
}
