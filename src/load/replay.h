#ifndef RINGMASTER_LOAD_REPLAY_H
#define RINGMASTER_LOAD_REPLAY_H

#include "http/method.h"
#include "load/draft.h"

/*
 * The access log of a server, to be asked the same once more at the pace it
 * was asked then.
 *
 * A line has, somewhere, the time and in quotes the request line, as nginx's
 * "combined" and most formats do, JSON among them. Times: [$time_local], which
 * is to the second; $time_iso8601, or $msec, in brackets, quotes or neither,
 * which may be finer. The first one of a line counts, or a finer one that says
 * nearly the same: what clients send is in the log, too. Requests of one
 * second that the log does not tell apart are spread evenly over it.
 *
 * What was answered with an error then, by the status behind the request line,
 * is expected to be answered with the same one again.
 */

enum {
	REPLAY_FIELDS_MAX = 256,	/* of a line that are looked at */
	REPLAY_URI_MAX = LOAD_TARGET_MAX,
};

struct replay_line {
	uint64_t at_ns;			/* since 1970 */
	bool to_second;			/* it is not known finer */
	struct slice method;
	struct slice uri;		/* in `buffer`; unescaped, so it may
					 * hold any byte */
	unsigned status;		/* of the answer; 0: not known */
	char buffer[REPLAY_URI_MAX];
};

/*
 * Take a line of a log apart. Pure.
 * Returns false if it has no time, or no request that can be asked again:
 * what was no HTTP, CONNECT, "OPTIONS *".
 */
bool replay_line_parse(struct slice line, struct replay_line *ret);

/*
 * Add the requests of a log to `draft` and their times to draft->replay. The
 * target must be known.
 *
 * *notice: what was left out, or NULL; in the arena
 * Returns 0 or -errno after fault_set().
 */
int replay_read(struct draft *draft, const char *path, const char **notice);

#endif
