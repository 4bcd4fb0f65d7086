#ifndef RINGMASTER_MODULES_LOG_OUTPUT_H
#define RINGMASTER_MODULES_LOG_OUTPUT_H

#include <pthread.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "metrics/writer.h"
#include "modules/log_files.h"
#include "ring/ring.h"

/*
 * Where the lines of a worker go on their way to a log file.
 *
 * Lines gather in one buffer while those of another are written by a thread
 * of the pool, so that no disk ever stops the loop; at most one such job is
 * under way for a log, so lines keep their order. Whole lines are written, a
 * bufferful with one write() to a file opened with O_APPEND: those of several
 * workers do not mix. Lines that find no room, in memory or on the disk, are
 * lost as a whole and counted.
 */

enum {
	LOG_BATCH_SIZE = 64 << 10,	/* bytes a job, without buffer= */
	LOG_BURST = 32,			/* jobs that may follow each other
					 * quicker, after a pause */
	LOG_BUFFER_MAX = 16 << 20,	/* bytes that may wait in a log */
	LOG_REPORT_S = 60,		/* a log's failures are told once so
					 * often */
};

/* Without buffer=, how long a line may wait for others to join it. It does
 * not while there were, over time, fewer jobs than one each so long. */
#define LOG_DELAY_NS (5 * NS_PER_MSEC)

/* One log file, or one access_log with variables in its path. `file`, `size`
 * and `flush_ns` belong to the configuration, the rest to the worker. */
struct log_output {
	const struct log_file *file;	/* NULL: each line names its file */
	size_t size;			/* bytes at which lines are written */
	uint64_t flush_ns;		/* or after so long; 0: never */
	bool buffered;			/* size was given (buffer=) */
	int gzip;			/* level; 0: lines are not compressed */
	struct log_output *next;	/* in the configuration */

	struct ring *ring;
	struct metrics_writer *metrics;
	const struct log *log;		/* for failures */
	struct buf gathered;
	size_t line;			/* where in it the last line begins */
	size_t text;			/* and its text, behind the path */
	uint64_t even_ns;		/* when the jobs that there were will
					 * be no more than one each
					 * LOG_DELAY_NS; see LOG_BURST */
	struct ring_timer timer;	/* of flush_ns */
	bool writing;			/* a coroutine is at it */
	bool flush;			/* write even less than `size` */
	uint64_t report_ns;		/* when failures may be told again */

	/* Of the job, while one is under way. */
	pthread_mutex_t lock;
	struct buf batch;
	uint64_t lost;			/* lines */
	int error;			/* why; 0: the disk took a part */
};

/* Begin and end, in a worker; nothing of the worker's is kept after close,
 * which writes what is left and waits for a job that runs. */
void log_output_open(struct log_output *output, struct ring *ring,
    struct metrics_writer *metrics, const struct log *log);
void log_output_close(struct log_output *output);

/*
 * Append a line (with its end) to what log_line_begin() returned, then call
 * log_line_end() with it, without waiting in between.
 */
struct buf *log_line_begin(struct log_output *output);
void log_line_end(struct log_output *output);

/* The same for a log without a `file`: the next line is for `path`, if the
 * directory `root` exists (as nginx: then a Host that a client made up
 * creates no file). Two terminated strings, empty for a log that goes to a
 * syslog daemon, which takes lines one by one. `files`, if it is not NULL,
 * may have the file open. */
struct buf *log_line_begin_at(struct log_output *output,
    struct log_files *files, struct slice path, struct slice root);

/* Have all lines written now, by the pool. */
void log_output_flush(struct log_output *output);

#endif
