#include "dashboard/history.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"

#define HISTORY_MAGIC UINT64_C(0x315453494852474d)	/* "MGRHIST1" */

enum {
	HISTORY_VERSION = 1,	/* of the meaning of what is recorded */
	HISTORY_MODE = 0640,
	HISTORY_ALIGN = 4096,
	HISTORY_PATH_MAX = 4096,
	/* Records that a process which is killed, and one that is writing
	 * just now, can leave unfinished: one a ring each. */
	HISTORY_TORN_MAX = 2 * HISTORY_TIERS,
	/* Records looked back for a counter's last value. */
	HISTORY_LOOKBACK = 60,
};

const struct history_series history_series[HISTORY_COUNT] = {
#define HISTORY_ROW(id, name, unit, kind) { name, unit, HISTORY_##kind },
	HISTORY_SERIES(HISTORY_ROW)
#undef HISTORY_ROW
};

const char *history_kind_name(enum history_kind kind)
{
	static const char *const names[] = { "gauge", "rate", "peak" };

	return names[kind];
}

enum {
	HISTORY_SECONDS = 3600,
	HISTORY_TENS = 8640,
	HISTORY_MINUTES = 10080,
	HISTORY_RECORDS = HISTORY_SECONDS + HISTORY_TENS + HISTORY_MINUTES,
};

const struct history_tier history_tiers[HISTORY_TIERS] = {
	{ 1, HISTORY_SECONDS },
	{ 10, HISTORY_TENS },
	{ 60, HISTORY_MINUTES },
};

static const unsigned history_first[HISTORY_TIERS] = { 0, HISTORY_SECONDS,
    HISTORY_SECONDS + HISTORY_TENS };

struct history_header {
	uint64_t magic;
	uint64_t version;
	uint64_t layout_hash;	/* of the series and the rings */
	uint64_t file_size;
	uint64_t created_real_ns;
	uint64_t sum;		/* of the words before */
};

struct history_file {
	struct history_header header;
	_Alignas(HISTORY_ALIGN) struct history_record records[HISTORY_RECORDS];
};

_Static_assert(sizeof(struct history_record) ==
    8 * (4 + (int)HISTORY_COUNT), "no holes: it is summed as bytes");

struct history {
	struct history_file *file;
	int fd;
	bool owned;		/* fd has the lock of the file */
	pthread_mutex_t mutex;	/* of the records, within this process */
};

/* ---- checks ---- */

static uint64_t history_layout_hash(void)
{
	static const char text[] =
#define HISTORY_TEXT(id, name, unit, kind) name " " unit " " #kind "\n"
	    HISTORY_SERIES(HISTORY_TEXT)
#undef HISTORY_TEXT
	    ;

	return hash_bytes((struct slice){ (const char *)history_tiers,
	    sizeof(history_tiers) }, hash_bytes(SLICE(text), 0));
}

static uint64_t history_header_sum(const struct history_header *header)
{
	return hash_bytes((struct slice){ (const char *)header,
	    offsetof(struct history_header, sum) }, HISTORY_MAGIC);
}

/* Never 0, which is the sum of an empty record. */
static uint64_t history_record_sum(const struct history_record *record)
{
	uint64_t sum = hash_bytes((struct slice){
	    (const char *)&record->time_s, sizeof(*record) -
	    offsetof(struct history_record, time_s) }, HISTORY_MAGIC);

	return sum ? sum : 1;
}

/* What is wrong with the file, in words; NULL if nothing. */
static const char *history_header_wrong(const struct history_header *header)
{
	if (header->magic != HISTORY_MAGIC)
		return "it is not a history";
	if (header->sum != history_header_sum(header))
		return "its header is damaged";
	if (header->version != HISTORY_VERSION ||
	    header->layout_hash != history_layout_hash())
		return "another version wrote it";
	if (header->file_size != sizeof(struct history_file))
		return "its size is wrong";
	return NULL;
}

static bool history_record_empty(const struct history_record *record)
{
	static const struct history_record empty;

	return memcmp(record, &empty, sizeof(empty)) == 0;
}

static const char *history_records_wrong(const struct history_file *file)
{
	unsigned torn = 0;

	for (unsigned i = 0; i < HISTORY_RECORDS; i++) {
		const struct history_record *record = &file->records[i];

		if (!history_record_empty(record) &&
		    record->sum != history_record_sum(record) &&
		    ++torn > HISTORY_TORN_MAX)
			return "its records are damaged";
	}
	return NULL;
}

/* ---- the file ---- */

static int history_map(struct history *history)
{
	void *memory;
	int err;

	/* Also of an old file, which may be a copy with holes: to write to
	 * one on a full disk would be a SIGBUS. */
	err = posix_fallocate(history->fd, 0, sizeof(struct history_file));
	if (err)
		return -err;
	memory = mmap(NULL, sizeof(struct history_file),
	    PROT_READ | PROT_WRITE, MAP_SHARED, history->fd, 0);
	if (memory == MAP_FAILED)
		return -errno;
	history->file = memory;
	return 0;
}

static void history_drop(struct history *history)
{
	if (history->file)
		(void)munmap(history->file, sizeof(*history->file));
	if (history->fd >= 0)
		(void)close(history->fd); /* written through the mapping */
	history->file = NULL;
	history->fd = -1;
}

/* Open what is there; `ret_wrong` says why it cannot be used, if so. */
static int history_open_old(struct history *history, const char *path,
    const char **ret_wrong)
{
	struct history_header header = { .magic = 0 };
	struct stat status;
	int err;

	history->fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (history->fd < 0 || fstat(history->fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode) || status.st_nlink > 1)
		return -EINVAL;
	if (pread(history->fd, &header, sizeof(header), 0) < 0)
		return -errno;
	*ret_wrong = history_header_wrong(&header);
	if (!*ret_wrong && status.st_size != sizeof(struct history_file))
		*ret_wrong = "it was cut short or has grown";
	if (*ret_wrong)
		return 0;
	err = history_map(history);
	if (!err)
		*ret_wrong = history_records_wrong(history->file);
	return err;
}

static int history_put_aside(const char *path, const char *why,
    const struct log *log)
{
	char name[HISTORY_PATH_MAX];
	int len = snprintf(name, sizeof(name), "%s.bad-%llu", path,
	    (unsigned long long)(clock_real_ns() / NS_PER_SEC));

	if (len < 0 || (size_t)len >= sizeof(name))
		return -ENAMETOOLONG;
	if (rename(path, name) < 0)
		return -errno;
	log_write(log, LOG_LEVEL_WARN, 0, "the history \"%s\" cannot be used, "
	    "%s: it was put aside as \"%s\" and a new one is begun", path,
	    why, name);
	return 0;
}

static int history_fill(struct history *history, const char *name,
    const char *path)
{
	struct history_header *header;
	int err = history_map(history);

	if (err)
		return err;
	header = &history->file->header;
	*header = (struct history_header){
		.magic = HISTORY_MAGIC,
		.version = HISTORY_VERSION,
		.layout_hash = history_layout_hash(),
		.file_size = sizeof(struct history_file),
		.created_real_ns = clock_real_ns(),
	};
	header->sum = history_header_sum(header);
	return rename(name, path) < 0 ? -errno : 0;
}

static int history_create(struct history *history, const char *path)
{
	char name[HISTORY_PATH_MAX];
	int len = snprintf(name, sizeof(name), "%s.new", path), err;

	if (len < 0 || (size_t)len >= sizeof(name))
		return -ENAMETOOLONG;
	if (unlink(name) < 0 && errno != ENOENT)
		return -errno;
	history->fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC |
	    O_NOFOLLOW, HISTORY_MODE);
	if (history->fd < 0)
		return -errno;
	err = history_fill(history, name, path);
	if (err)
		(void)unlink(name);
	return err;
}

static int history_attach(struct history *history, const char *path,
    const struct log *log)
{
	const char *wrong = NULL;
	int err = history_open_old(history, path, &wrong);

	if (!err && !wrong)
		return 0;
	history_drop(history);
	if (err && err != -ENOENT)
		return err;
	err = wrong ? history_put_aside(path, wrong, log) : 0;
	return err ? err : history_create(history, path);
}

int history_open(const char *path, const struct log *log,
    struct history **ret)
{
	struct history *history = calloc(1, sizeof(*history));
	int err;

	if (!history)
		return -ENOMEM;
	history->fd = -1;
	err = history_attach(history, path, log);
	if (err) {
		history_drop(history);
		free(history);
		return err;
	}
	(void)pthread_mutex_init(&history->mutex, NULL); /* cannot fail */
	*ret = history;
	return 0;
}

void history_close(struct history **history)
{
	if (!*history)
		return;
	history_drop(*history);
	(void)pthread_mutex_destroy(&(*history)->mutex); /* is not locked */
	free(*history);
	*history = NULL;
}

/* Empty what a writer that was killed left unfinished, lest such records
 * add up to what counts as damage. */
static void history_mend(struct history *history)
{
	(void)pthread_mutex_lock(&history->mutex);
	for (unsigned i = 0; i < HISTORY_RECORDS; i++) {
		struct history_record *record = &history->file->records[i];

		if (!history_record_empty(record) &&
		    record->sum != history_record_sum(record))
			*record = (struct history_record){ .sum = 0 };
	}
	(void)pthread_mutex_unlock(&history->mutex);
}

bool history_own(struct history *history)
{
	if (history->owned)
		return true;
	history->owned = flock(history->fd, LOCK_EX | LOCK_NB) == 0;
	if (history->owned)
		history_mend(history);
	return history->owned;
}

/* ---- records ---- */

static struct history_record *history_place(struct history *history,
    unsigned tier, uint64_t time_s)
{
	const struct history_tier *ring = &history_tiers[tier];

	return &history->file->records[history_first[tier] +
	    time_s / ring->span_s % ring->count];
}

/* The record of that time; false if there is none. The copy is what is
 * checked, as another process may be writing. */
static bool history_get(struct history *history, unsigned tier,
    uint64_t time_s, struct history_record *ret)
{
	*ret = *history_place(history, tier, time_s);
	return ret->time_s == time_s && ret->sum == history_record_sum(ret);
}

void history_write(struct history *history, unsigned tier,
    struct history_record *record)
{
	record->sum = history_record_sum(record);
	(void)pthread_mutex_lock(&history->mutex);
	*history_place(history, tier, record->time_s) = *record;
	(void)pthread_mutex_unlock(&history->mutex);
}

void history_average(struct history *history, unsigned span_s,
    struct history_record *record)
{
	struct history_record one;
	double sums[HISTORY_COUNT] = { 0 };
	unsigned count = 0;

	(void)pthread_mutex_lock(&history->mutex);
	for (unsigned i = 0; i < span_s && i < record->time_s; i++) {
		if (!history_get(history, 0, record->time_s - i, &one))
			continue;
		count++;
		for (unsigned id = 0; id < HISTORY_COUNT; id++)
			sums[id] += one.values[id];
	}
	(void)pthread_mutex_unlock(&history->mutex);
	for (unsigned id = 0; count && id < HISTORY_COUNT; id++)
		if (history_series[id].kind == HISTORY_GAUGE)
			record->values[id] = sums[id] / count;
}

/* ---- reading ---- */

unsigned history_tier_find(uint64_t from_s, unsigned step_s, uint64_t now_s)
{
	unsigned tier = HISTORY_TIERS - 1;

	while (tier > 0 && step_s % history_tiers[tier].span_s)
		tier--;
	while (tier < HISTORY_TIERS - 1 && from_s +
	    (uint64_t)history_tiers[tier].span_s * history_tiers[tier].count <
	    now_s)
		tier++;
	return tier;
}

/* What came together in one step. */
struct history_step {
	double sum, weight;
};

static void history_gather(enum history_kind kind, double value,
    struct history_step *step)
{
	if (isnan(value))
		return;
	if (kind == HISTORY_GAUGE)
		step->sum += value;
	else if (!step->weight || value > step->sum)
		step->sum = value;
	step->weight++;
}

/* By how much did a counter grow, in which time, up to `now`? */
static struct history_step history_grown(enum history_id id, unsigned span_s,
    const struct history_record *last, const struct history_record *now)
{
	uint64_t since = last->time_s;
	double before = last->values[id], grown = now->values[id];

	if (last->time_s == 0 || last->instance != now->instance) {
		since = now->started_s;
		before = 0;
		/* Long counted, but not seen: nobody knows when. */
		if (since + (uint64_t)HISTORY_LOOKBACK * span_s < now->time_s)
			return (struct history_step){ 0, 0 };
		if (since + span_s > now->time_s)
			since = now->time_s - span_s;
	}
	grown -= before;
	return (struct history_step){ grown > 0 ? grown : 0,
	    (double)(now->time_s - since) };
}

static double history_point(enum history_kind kind,
    const struct history_step *step)
{
	if (step->weight <= 0)
		return (double)NAN;
	return kind == HISTORY_PEAK ? step->sum : step->sum / step->weight;
}

void history_read(struct history *history, const struct history_range *range,
    enum history_id id, double *points, double *total)
{
	const unsigned tier = range->tier;
	const enum history_kind kind = history_series[id].kind;
	const unsigned span_s = history_tiers[tier].span_s;
	uint64_t back_s = (uint64_t)HISTORY_LOOKBACK * span_s, time_s;
	struct history_record last = { .time_s = 0 }, now;
	double grown = 0;

	time_s = range->from_s > back_s ? range->from_s - back_s : span_s;
	time_s -= time_s % span_s;
	(void)pthread_mutex_lock(&history->mutex);
	for (; time_s <= range->from_s; time_s += span_s)
		if (history_get(history, tier, time_s, &now))
			last = now;
	for (unsigned i = 0; i < range->count; i++) {
		uint64_t end_s = range->from_s +
		    (uint64_t)(i + 1) * range->step_s;
		struct history_step step = { 0, 0 }, more;

		for (; time_s <= end_s; time_s += span_s) {
			if (!history_get(history, tier, time_s, &now))
				continue;
			if (kind != HISTORY_COUNTER) {
				history_gather(kind, now.values[id], &step);
				continue;
			}
			more = history_grown(id, span_s, &last, &now);
			step.sum += more.sum;
			step.weight += more.weight;
			grown += more.sum;
			last = now;
		}
		points[i] = history_point(kind, &step);
	}
	(void)pthread_mutex_unlock(&history->mutex);
	if (kind == HISTORY_COUNTER)
		*total = grown;
}
