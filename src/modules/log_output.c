/*
 * The buffers of an access log, and the job that writes them.
 *
 * A batch is lines, or, for a log whose path has variables or that goes to a
 * syslog daemon, records: a struct line_head, path and root with their
 * terminators, and the line.
 *
 * Locks: output->lock guards what the job uses. The loop takes it only when
 * the worker ends, to write what is left; else it touches those fields only
 * while no job is under way.
 */

#include "modules/log_output.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/syslog.h"
#include "modules/coder.h"

#define LOG_RETRY_NS (10 * NS_PER_MSEC)	/* when the pool's queue is full */

/* Bytes kept free for the line that makes a buffer full. */
enum { LOG_LINE_ROOM = 4096 };

struct line_head {
	struct log_files *files;	/* that keeps it open, or NULL */
	size_t path_size, root_size;	/* with terminators */
	size_t line_len;
};

/* ---- the job: on a thread of the pool ---- */

static uint64_t lines_in(struct slice text)
{
	uint64_t count = 0;

	for (const char *p = text.data, *end = p + text.len;
	    (p = memchr(p, '\n', (size_t)(end - p))); p++)
		count++;
	return count;
}

/*
 * Take back the last `len` bytes, a line that was written in part. Another
 * worker can only have written behind it if the disk that was full a moment
 * ago has room again; pipes and terminals have no way back.
 */
static void cut_torn_line(int fd, size_t len)
{
	struct stat st;

	if (len && !fstat(fd, &st) && S_ISREG(st.st_mode) &&
	    st.st_size >= (off_t)len)
		(void)!ftruncate(fd, st.st_size - (off_t)len); /* counted as
		    lost in any case */
}

/* Write `lines` at once; what does not go is lost, by whole lines. */
static void write_lines(struct log_output *output, int fd, struct slice lines)
{
	struct slice done;
	ssize_t n;

	do {
		n = write(fd, lines.data, lines.len);
	} while (n < 0 && errno == EINTR);
	if (n == (ssize_t)lines.len)
		return;
	output->error = n < 0 ? errno : 0;
	done = slice_first(lines, n < 0 ? 0 : (size_t)n);
	while (done.len && done.data[done.len - 1] != '\n')
		done.len--;
	if (n > 0)
		cut_torn_line(fd, (size_t)n - done.len);
	output->lost += lines_in(slice_from(lines, done.len));
}

/* Compress `lines` to *ret, on the heap; an errno value, or 0. */
static int compress_lines(struct slice lines, int level, struct slice *ret)
{
	struct coder_options options = { .level = level, .window_bits = 15,
	    .memory = 8, .size = (int64_t)lines.len };
	size_t size = lines.len + lines.len / 100 + 128;	/* at most */
	char *out = malloc(size);
	struct coder_io io = { .in = lines, .out = out, .room = size };
	void *state;
	int done;

	if (!out || coder_deflate.open(&options, &state)) {
		free(out);
		return ENOMEM;
	}
	done = coder_deflate.run(state, &io, CODER_FINISH);
	coder_deflate.close(state);
	if (done != 1) {
		free(out);
		return EIO;
	}
	*ret = (struct slice){ out, size - io.room };
	return 0;
}

/* Write `lines` as one member of a file of gzip; or all are lost. */
static void write_gzip(struct log_output *output, struct slice lines)
{
	struct slice packed = { NULL, 0 };
	int error = compress_lines(lines, output->gzip, &packed);
	ssize_t n = 0;

	if (!error) {
		do
			n = write(output->file->fd, packed.data, packed.len);
		while (n < 0 && errno == EINTR);
		error = n < 0 ? errno : 0;
	}
	if (n != (ssize_t)packed.len || error) {
		if (n > 0)
			cut_torn_line(output->file->fd, (size_t)n);
		output->error = error;
		output->lost += lines_in(lines);
	}
	free((char *)packed.data);
}

/* Send each record as a message, without its line end. */
static void send_records(struct log_output *output, struct slice records)
{
	while (records.len) {
		const struct syslog_target *target = output->file->syslog;
		struct line_head head;
		struct slice text;
		int err;

		memcpy(&head, records.data, sizeof(head));
		records = slice_from(records,
		    sizeof(head) + head.path_size + head.root_size);
		text = slice_first(records, head.line_len);
		if (slice_ends(text, SLICE("\n")))
			text.len--;
		err = syslog_send(target, output->file->fd, target->severity,
		    text);
		if (err) {
			output->error = -err;
			output->lost++;
		}
		records = slice_from(records, head.line_len);
	}
}

/* The file that a record was written to, which stays open for the next. */
struct record_file {
	const char *path;	/* NULL: none yet */
	int fd;			/* -1: it could not be opened, because: */
	int error;		/* 0: it must not be made */
};

static void record_file_close(struct record_file *file)
{
	if (file->path && file->fd >= 0)
		(void)close(file->fd); /* nothing is buffered */
	file->path = NULL;
}

static void record_file_find(struct record_file *file,
    const struct line_head *head, const char *path)
{
	const char *root = path + head->path_size;

	if (head->files) {
		record_file_close(file);
		file->fd = log_files_take(head->files, path, root);
	} else if (!file->path || strcmp(file->path, path)) {
		record_file_close(file);
		file->fd = log_files_open(path, root);
		file->path = path;
	} else {
		return;
	}
	file->error = file->fd < 0 ? errno : 0;
}

/* Write each record to its file. */
static void write_records(struct log_output *output, struct slice records)
{
	struct record_file file = { NULL, -1, 0 };

	while (records.len) {
		struct line_head head;

		memcpy(&head, records.data, sizeof(head));
		record_file_find(&file, &head, records.data + sizeof(head));
		records = slice_from(records,
		    sizeof(head) + head.path_size + head.root_size);
		if (file.fd >= 0) {
			write_lines(output, file.fd,
			    slice_first(records, head.line_len));
		} else if (file.error) {
			output->error = file.error;
			output->lost++;
		}
		if (head.files)
			log_files_give(head.files);
		records = slice_from(records, head.line_len);
	}
	record_file_close(&file);
}

static void write_batch(void *arg)
{
	struct log_output *output = arg;

	(void)pthread_mutex_lock(&output->lock); /* a plain mutex: cannot */
	if (!output->batch.len)
		;	/* another has written it */
	else if (!output->file)
		write_records(output, buf_slice(&output->batch));
	else if (output->file->syslog)
		send_records(output, buf_slice(&output->batch));
	else if (output->gzip)
		write_gzip(output, buf_slice(&output->batch));
	else
		write_lines(output, output->file->fd,
		    buf_slice(&output->batch));
	output->batch.len = 0;
	(void)pthread_mutex_unlock(&output->lock);
}

/* ---- the loop ---- */

/* Count what was lost, and tell of it if that was not done lately. */
static void report(struct log_output *output, uint64_t now)
{
	if (!output->lost)
		return;
	metrics_count(output->metrics, METRICS_LOG_DROPPED, output->lost);
	if (now >= output->report_ns) {
		bool named = output->file && output->file->path;

		/* As nginx: a file that a variable names is less serious. */
		log_write(output->log,
		    output->file && !output->file->syslog ? LOG_LEVEL_ALERT
							  : LOG_LEVEL_CRIT,
		    output->error, "writing to \"%s\" failed: %llu lines "
		    "were lost", named ? output->file->path : "access_log",
		    (unsigned long long)output->lost);
		output->report_ns = now + LOG_REPORT_S * NS_PER_SEC;
	}
	output->lost = 0;
	output->error = 0;
}

/* Make the lines that were gathered the batch, which is empty. */
static void swap_buffers(struct log_output *output)
{
	struct buf empty = output->batch;
	uint64_t now = ring_now(output->ring);

	/* Memory that only a burst or a slow disk needed is given back. */
	if (empty.size > 2 * (output->size + LOG_LINE_ROOM))
		buf_free(&empty);
	output->batch = output->gathered;
	output->gathered = empty;
	output->flush = false;
	if (output->even_ns + LOG_BURST * LOG_DELAY_NS < now)
		output->even_ns = now - LOG_BURST * LOG_DELAY_NS;
	output->even_ns += LOG_DELAY_NS;
	ring_timer_clear(output->ring, &output->timer);
}

static void arm_timer(struct log_output *output)
{
	if (output->flush_ns && !output->timer.link)
		ring_timer_set(output->ring, &output->timer,
		    ring_now(output->ring) + output->flush_ns);
}

/* A coroutine: write until less than a bufferful is left. */
static void write_out(void *arg)
{
	struct log_output *output = arg;
	struct ring *ring = output->ring;

	do {
		swap_buffers(output);
		while (ring_offload(ring, write_batch, output) == -EAGAIN)
			ring_sleep(ring, ring_now(ring) + LOG_RETRY_NS);
		report(output, ring_now(ring));
	} while (output->gathered.len >= output->size ||
	    (output->flush && output->gathered.len));
	output->writing = false;
	if (output->gathered.len)
		arm_timer(output);
}

void log_output_flush(struct log_output *output)
{
	output->flush = true;
	if (output->writing || !output->gathered.len)
		return;
	output->writing = true;
	if (ring_spawn(output->ring, NULL, write_out, output)) {
		/* No stack for a coroutine just now. */
		output->writing = false;
		ring_timer_set(output->ring, &output->timer,
		    ring_now(output->ring) + LOG_RETRY_NS);
	}
}

static void timer_cb(void *arg)
{
	log_output_flush(arg);
}

void log_output_open(struct log_output *output, struct ring *ring,
    struct metrics_writer *metrics, const struct log *log)
{
	output->ring = ring;
	output->metrics = metrics;
	output->log = log;
	output->gathered = buf_make(LOG_BUFFER_MAX);
	output->batch = buf_make(LOG_BUFFER_MAX);
	output->timer = (struct ring_timer){ .fn = timer_cb, .arg = output };
	(void)pthread_mutex_init(&output->lock, NULL); /* cannot fail */
}

void log_output_close(struct log_output *output)
{
	if (!output->ring)
		return; /* another module's failure came before its start */
	ring_timer_clear(output->ring, &output->timer);
	write_batch(output); /* if its job did not begin */
	(void)pthread_mutex_lock(&output->lock);
	buf_free(&output->batch);
	output->batch = output->gathered;
	output->gathered = buf_make(0);
	(void)pthread_mutex_unlock(&output->lock);
	write_batch(output);
	report(output, ring_now(output->ring));
	(void)pthread_mutex_lock(&output->lock);
	buf_free(&output->batch);
	(void)pthread_mutex_unlock(&output->lock);
}

/* ---- lines ---- */

struct buf *log_line_begin(struct log_output *output)
{
	struct buf *buf = &output->gathered;

	if (!buf->size && !buf_reserve(buf, output->size + LOG_LINE_ROOM))
		buf->failed = false; /* the line will fail by itself */
	output->line = buf->len;
	return buf;
}

struct buf *log_line_begin_at(struct log_output *output,
    struct log_files *files, struct slice path, struct slice root)
{
	struct buf *buf = log_line_begin(output);
	struct line_head head = { files, path.len + 1, root.len + 1, 0 };

	buf_append(buf, &head, sizeof(head));
	buf_append(buf, path.data, path.len + 1);
	buf_append(buf, root.data, root.len + 1);
	output->text = buf->len;
	return buf;
}

/* The length of a record's line is known only now. */
static void record_end(struct log_output *output)
{
	char *at = output->gathered.data + output->line;
	struct line_head head;

	memcpy(&head, at, sizeof(head));
	head.line_len = output->gathered.len - output->text;
	memcpy(at, &head, sizeof(head));
}

/* Without buffer=: have there been so few jobs that it need not wait? Who
 * looks into the log finds it there then. */
static bool may_go_at_once(const struct log_output *output)
{
	return !output->buffered &&
	    output->even_ns <= ring_now(output->ring);
}

void log_line_end(struct log_output *output)
{
	struct buf *buf = &output->gathered;

	if (buf->failed) {
		buf->failed = false;
		buf->len = output->line;
		metrics_count(output->metrics, METRICS_LOG_DROPPED, 1);
		log_output_flush(output);
		return;
	}
	if (!output->file || output->file->syslog)
		record_end(output);
	if (buf->len >= output->size || may_go_at_once(output))
		log_output_flush(output);
	else
		arm_timer(output);
}
