#ifndef RINGMASTER_DASHBOARD_HISTORY_FILE_H
#define RINGMASTER_DASHBOARD_HISTORY_FILE_H

#include <pthread.h>

#include "base/hash.h"
#include "dashboard/history.h"

/* The layout of the history's file, for the sources named history*.c. */

#define HISTORY_MAGIC UINT64_C(0x315453494852474d)	/* "MGRHIST1" */

enum {
	HISTORY_ALIGN = 4096,
	HISTORY_SECONDS = 3600,
	HISTORY_TENS = 8640,
	HISTORY_MINUTES = 10080,
	HISTORY_RECORDS = HISTORY_SECONDS + HISTORY_TENS + HISTORY_MINUTES,
};

struct history_header {
	uint64_t magic;
	uint64_t version;
	uint64_t layout_hash;	/* of the series and the rings */
	uint64_t file_size;
	uint64_t created_real_ns;
	uint64_t sum;		/* of the words before */
};

/* Empty places are all zeros. The n-th mark, from 1, is in place
 * n % HISTORY_MARKS. */
struct history_mark {
	uint64_t sum;		/* of what follows */
	uint64_t number;
	struct metrics_mark mark;
};

struct history_file {
	struct history_header header;
	_Alignas(HISTORY_ALIGN) struct history_record records[HISTORY_RECORDS];
	_Alignas(HISTORY_ALIGN) struct history_mark marks[HISTORY_MARKS];
};

_Static_assert(sizeof(struct history_record) ==
    8 * (6 + (int)HISTORY_COUNT) + 4 * (int)HISTORY_HEAT_ROWS &&
    sizeof(struct history_mark) == 16 + sizeof(struct metrics_mark),
    "no holes: they are summed as bytes");

struct history {
	struct history_file *file;
	int fd;
	bool owned;		/* fd has the lock of the file */
	pthread_mutex_t mutex;	/* of the records and marks, within this
				 * process */
};

/* The checksum of the `size` bytes of a record or mark, whose first eight
 * are for the sum itself; never 0, which is that of an empty place. */
static inline uint64_t history_sum(const void *place, size_t size)
{
	uint64_t sum = hash_bytes((struct slice){
	    (const char *)place + sizeof(uint64_t), size - sizeof(uint64_t) },
	    HISTORY_MAGIC);

	return sum ? sum : 1;
}

#endif
