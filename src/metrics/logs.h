#ifndef RINGMASTER_METRICS_LOGS_H
#define RINGMASTER_METRICS_LOGS_H

#include "base/log.h"
#include "metrics/segment.h"

/*
 * The last METRICS_LOG_LINES lines that any process of the server wrote to an
 * error log, with level notice or worse, for whoever shows logs.
 *
 * Any number of writers, none of which waits for another; a writer that dies
 * in the middle loses its own line only. Readers take no lock.
 */

/*
 * Keep a line, for log_set_tap(): segment is a struct metrics_segment with a
 * writable mapping. Lines of lesser levels are left out. What should not be
 * shown is taken out (metrics_log_redact()), then it is cut at
 * METRICS_LOG_TEXT_MAX. Any thread, any process.
 */
void metrics_log_tap(void *segment, enum log_level level,
    struct slice message);

struct metrics_log_entry {
	uint64_t id;		/* counts all lines ever, from 1 */
	struct metrics_log_line line;
};

/*
 * The lines with ids above `since_id` that are still there, oldest first, to
 * `entries`, which has room for METRICS_LOG_LINES. *ret_last becomes the id
 * to ask with next time. Returns how many.
 */
unsigned metrics_logs_read(const struct metrics_segment *segment,
    uint64_t since_id, struct metrics_log_entry *entries, uint64_t *ret_last);

/*
 * Copy `message` to `to`, cut at `size` bytes, with "[redacted]" in place of
 * - the query of an address: what stands between '?' and the next space, or
 *   the '"' that ends the text it is quoted in;
 * - the value of the fields Authorization, Proxy-Authorization, Cookie and
 *   Set-Cookie: all up to such a '"', a line's end or the end.
 * Returns the length.
 */
size_t metrics_log_redact(char *to, size_t size, struct slice message);

#endif
