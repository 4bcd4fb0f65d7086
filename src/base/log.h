#ifndef RINGMASTER_BASE_LOG_H
#define RINGMASTER_BASE_LOG_H

#include <stdarg.h>

#include "base/slice.h"

struct syslog_target;

/* nginx's levels: a line is written where its level is at most the log's. */
enum log_level {
	LOG_LEVEL_EMERG = 1,
	LOG_LEVEL_ALERT,
	LOG_LEVEL_CRIT,
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARN,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

enum {
	LOG_SINKS_MAX = 8,	/* error_log directives of one context */
	LOG_LINE_MAX = 2048,	/* bytes of a line; longer ones are cut */
};

/*
 * A file that lines go to. Several logs may share one, so that reopening it
 * (after rotation) is one change of `fd`. The opener owns the descriptor,
 * which was opened with O_APPEND: then lines of many processes do not mix.
 */
struct log_file {
	int fd;
	const struct syslog_target *syslog;	/* `fd` is a socket then, and
				 * there is no path; or NULL */
	char *path;		/* as opened; NULL for standard error */
	const char *program;	/* of a console: lines are written to people,
				 * as "PROGRAM: [level] MESSAGE"; or NULL */
};

struct log {
	struct {
		const struct log_file *file;
		enum log_level level;
	} sinks[LOG_SINKS_MAX];
	unsigned count;
};

/* Would a line of `level` be written anywhere? */
bool log_wants(const struct log *log, enum log_level level);

/*
 * Have all sinks of this process but consoles take lines up to `level` (enum
 * log_level), whatever their own is; 0: their own again. Any thread.
 */
void log_set_level(unsigned level);

/*
 * Write one line as nginx does:
 *
 *   2026/01/31 12:00:00 [error] PID#TID: MESSAGE (ERRNO: TEXT)
 *
 * error:  an errno value whose number and text are added, or 0
 * Control bytes of the message are escaped as \xXX, so that a client cannot
 * forge a line or reach a terminal. A failed write is dropped: there is
 * nowhere to say so. Any thread.
 */
void log_write(const struct log *log, enum log_level level, int error,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
void log_vwrite(const struct log *log, enum log_level level, int error,
    const char *format, va_list args) __attribute__((format(printf, 4, 0)));

/*
 * Have fn(arg, ...) called with each line that is written anywhere, and once
 * if that is to several files: with its level and with the message, escaped,
 * without time and process. It must bear any thread and be quick. The one tap
 * of the process, as what it is for (to show what the process logs) does not
 * depend on which log that was; set it before there are threads. NULL: none.
 */
typedef void log_tap(void *arg, enum log_level level, struct slice message);
void log_set_tap(log_tap *fn, void *arg);

/* "emerg" .. "debug" to its level; false for anything else. */
bool log_level_parse(struct slice name, enum log_level *ret);

const char *log_level_name(enum log_level level);

/* Add a sink; 0, or -ENOSPC beyond LOG_SINKS_MAX. `file` must outlive it. */
int log_add(struct log *log, const struct log_file *file,
    enum log_level level);

#endif
