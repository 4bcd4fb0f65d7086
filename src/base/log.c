#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/syslog.h"
#include "base/utf8.h"

static const char *const log_level_names[] = {
	[LOG_LEVEL_EMERG] = "emerg",
	[LOG_LEVEL_ALERT] = "alert",
	[LOG_LEVEL_CRIT] = "crit",
	[LOG_LEVEL_ERROR] = "error",
	[LOG_LEVEL_WARN] = "warn",
	[LOG_LEVEL_NOTICE] = "notice",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_DEBUG] = "debug",
};

const char *log_level_name(enum log_level level)
{
	return log_level_names[level];
}

bool log_level_parse(struct slice name, enum log_level *ret)
{
	for (int i = LOG_LEVEL_EMERG; i <= LOG_LEVEL_DEBUG; i++) {
		if (slice_equal(name, slice_cstr(log_level_names[i]))) {
			*ret = (enum log_level)i;
			return true;
		}
	}
	return false;
}

int log_add(struct log *log, const struct log_file *file,
    enum log_level level)
{
	if (log->count == LOG_SINKS_MAX)
		return -ENOSPC;
	log->sinks[log->count].file = file;
	log->sinks[log->count].level = level;
	log->count++;
	return 0;
}

static unsigned log_process_level;	/* 0: each sink has its own */

void log_set_level(unsigned level)
{
	__atomic_store_n(&log_process_level, level, __ATOMIC_RELAXED);
}

/* Does sink `i` take lines of that level? */
static bool log_sink_wants(const struct log *log, unsigned i,
    enum log_level level)
{
	unsigned chosen = __atomic_load_n(&log_process_level,
	    __ATOMIC_RELAXED);

	return level <= (chosen && !log->sinks[i].file->program ? chosen
	    : log->sinks[i].level);
}

bool log_wants(const struct log *log, enum log_level level)
{
	for (unsigned i = 0; i < log->count; i++)
		if (log_sink_wants(log, i, level))
			return true;
	return false;
}

static struct {
	log_tap *fn;
	void *arg;
} log_process_tap;

void log_set_tap(log_tap *fn, void *arg)
{
	log_process_tap.fn = fn;
	log_process_tap.arg = arg;
}

/* A line being built; `len` never exceeds LOG_LINE_MAX - 1. */
struct log_line {
	char text[LOG_LINE_MAX];
	size_t len;
	size_t message;		/* where it begins */
};

static void log_line_tap(const struct log_line *line, enum log_level level)
{
	if (log_process_tap.fn)
		log_process_tap.fn(log_process_tap.arg, level, (struct slice){
		    line->text + line->message,
		    line->len - line->message - 1 });
}

__attribute__((format(printf, 2, 0)))
static void log_line_vadd(struct log_line *line, const char *format,
    va_list args)
{
	size_t room = sizeof(line->text) - line->len;
	int n = vsnprintf(line->text + line->len, room, format, args);

	if (n > 0)
		line->len += (size_t)n < room ? (size_t)n : room - 1;
}

__attribute__((format(printf, 2, 3)))
static void log_line_add(struct log_line *line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_line_vadd(line, format, args);
	va_end(args);
}

/* What a terminal might obey, as its bytes in hexadecimal. */
static void log_line_escape(struct log_line *line, const char *text)
{
	for (struct slice rest = slice_cstr(text); rest.len;) {
		size_t len = utf8_char_len(rest);
		bool control = utf8_char_is_control(rest.data, len);

		if (len == 0)
			len = 1;	/* not UTF-8 */
		for (size_t i = 0; i < len; i++) {
			char c = rest.data[i];

			if (control)
				log_line_add(line, "\\x%02X",
				    (unsigned char)c);
			else if (line->len < sizeof(line->text) - 1)
				line->text[line->len++] = c;
		}
		rest = slice_from(rest, len);
	}
}

/* "2026/01/31 12:00:00 [error] PID#TID: TEXT" */
static void log_line_make(struct log_line *line, enum log_level level,
    const char *text)
{
	time_t now = time(NULL);
	struct tm tm;

	(void)localtime_r(&now, &tm); /* valid for every present-day time */
	line->len = strftime(line->text, sizeof(line->text),
	    "%Y/%m/%d %H:%M:%S ", &tm);
	log_line_add(line, "[%s] %d#%d: ", log_level_names[level],
	    (int)getpid(), (int)gettid());
	line->message = line->len;
	log_line_escape(line, text);
	line->text[line->len++] = '\n';
}

/* "ringmaster: [error] TEXT" */
static void log_line_make_console(struct log_line *line, const char *program,
    enum log_level level, const char *text)
{
	line->len = 0;
	log_line_add(line, "%s: [%s] ", program, log_level_names[level]);
	log_line_escape(line, text);
	line->text[line->len++] = '\n';
}

void log_vwrite(const struct log *log, enum log_level level, int error,
    const char *format, va_list args)
{
	struct log_line message, line, console;

	if (!log_wants(log, level))
		return;
	message.len = 0;
	log_line_vadd(&message, format, args);
	if (error)
		log_line_add(&message, " (%d: %s)", error, strerror(error));
	log_line_make(&line, level, message.text);
	log_line_tap(&line, level);

	for (unsigned i = 0; i < log->count; i++) {
		const struct log_file *file = log->sinks[i].file;
		const struct log_line *out = &line;

		if (!log_sink_wants(log, i, level))
			continue;
		if (file->syslog) {
			(void)syslog_send(file->syslog, file->fd,
			    level - LOG_LEVEL_EMERG, (struct slice){
			    line.text, line.len - 1 }); /* dropped */
			continue;
		}
		if (file->program) {
			log_line_make_console(&console, file->program, level,
			    message.text);
			out = &console;
		}
		(void)!write(file->fd, out->text, out->len); /* dropped */
	}
}

void log_write(const struct log *log, enum log_level level, int error,
    const char *format, ...)
{
	va_list args;

	va_start(args, format);
	log_vwrite(log, level, error, format, args);
	va_end(args);
}
