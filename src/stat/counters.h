#ifndef RINGMASTER_STAT_COUNTERS_H
#define RINGMASTER_STAT_COUNTERS_H

#include "metrics/catalogue.h"
#include "stat/source.h"

/*
 * The numbers of samples as rows, one below the other, with how they change.
 *
 * A row's name is that of the catalogue, with dots: "connections.accepted".
 * For each one of several there is what tells it apart: "http.codes.404.count",
 * "servers.example.org.bytes_out", "workers.0.ring.inflight". A histogram is
 * several rows: "http.duration.count", "http.duration.p99". Texts have none.
 */

enum stat_kind {
	STAT_COUNTER,
	STAT_GAUGE,
	STAT_QUANTILE,			/* of a histogram: p50, p99, maximum */
};

enum { STAT_AVERAGES = 3 };		/* over 10, 100 and 1000 samples */

struct stat_bins;

struct stat_row {
	const struct metrics_entry *entry;	/* unit, help and level */
	const char *name;			/* valid UTF-8 */
	const char *unit;			/* or "" */
	enum stat_kind kind;
	bool is_integer;	/* then `integer` is exact */
	uint64_t integer;
	double value;		/* finite */
	/* Since the last sample: of a counter how much a second; the quantile
	 * of what came in between. NAN if unknown, and of gauges. */
	double change;
	double average;		/* of a counter a second, since the start */
	/* What `change`, and of a gauge `value`, was on average of late; over
	 * all samples as long as they are fewer. NAN before there is one. */
	double averages[STAT_AVERAGES];
	unsigned samples;			/* in these averages */
	const struct stat_bins *bins;	/* of a quantile's histogram */
};

struct stat_table {
	struct stat_row *rows;		/* in the order of the catalogue */
	unsigned count;
	struct arena arena;		/* of the rows and the names */
	uint64_t taken_ns;		/* 0: nothing yet */
	unsigned run;
};

/* One without rows. */
void stat_table_init(struct stat_table *table);
void stat_table_fini(struct stat_table *table);

/*
 * Replace the rows by those of a sample, which is not needed any more then.
 * The run of another server begins with new averages.
 * Returns 0, or -ENOMEM with the rows as they were.
 */
int stat_table_update(struct stat_table *table,
    const struct stat_sample *sample);

/* The averages begin anew. */
void stat_table_reset(struct stat_table *table);

/* The row of this name, or NULL. */
const struct stat_row *stat_table_find(const struct stat_table *table,
    struct slice name);

/*
 * Can there be a row of this name, now or later? Then its kind is set. What is
 * counted by code, server or worker has no row before it was counted once.
 */
bool stat_name_known(struct slice name, enum stat_kind *ret);

#endif
