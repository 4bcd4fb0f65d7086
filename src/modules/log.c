/*
 * access_log and log_format: a line for each request, in the words that the
 * configuration chose.
 *
 * A format is the parts of its text, as in any text with variables; a value
 * is escaped as it is appended, so a line is made in one go where it waits to
 * be written (log_output.c).
 */

#include <errno.h>

#include "conf/syslog.h"
#include "http/conn.h"
#include "http/variable.h"
#include "modules/log_escape.h"
#include "modules/log_output.h"
#include "modules/modules.h"

enum { LOG_GZIP_LEVEL = 1 };	/* the quickest */

struct log_format {
	struct slice name;
	enum log_escape escape;
	struct http_value *texts;	/* one an argument of log_format */
	unsigned count;
	struct log_format *next;
};

/* One access_log directive. */
struct log_target {
	struct log_output *output;
	const struct log_format *format;
	struct http_value *path;	/* if it has variables, or NULL */
	struct http_value *condition;	/* if=, or NULL */
	struct log_target *next;
};

/* What all access logs of a configuration share. */
struct log_main {
	struct log_format *formats;
	struct log_output *outputs;
	struct log_files_list *files;
};

struct log_record {
	struct log_main *main;		/* NULL until needed or merged */
	struct log_target *targets, **end;
	bool off;
	struct log_files *files;	/* open ones; NULL: none are kept */
	bool files_set;
};

/* One of all open_log_file_cache. */
struct log_files_list {
	struct log_files *files;
	struct log_files_list *next;
};

extern const struct http_module http_log_module;

static struct log_record *log_record_of(const struct conf *conf,
    void *const *records)
{
	return conf_record(conf, records, &http_log_module.table);
}

/* ---- formats ---- */

static const char log_combined[] = "$remote_addr - $remote_user "
    "[$time_local] \"$request\" $status $body_bytes_sent "
    "\"$http_referer\" \"$http_user_agent\"";

static struct log_format *log_format_find(const struct log_main *log,
    struct slice name)
{
	struct log_format *format = log->formats;

	while (format && !slice_equal(format->name, name))
		format = format->next;
	return format;
}

/* A format of `count` texts; NULL after logging what is wrong. */
static struct log_format *log_format_new(struct conf *conf,
    const struct conf_node *node, const struct slice *texts, unsigned count)
{
	struct log_format *format = arena_calloc(&conf->arena, 1,
	    sizeof(*format));

	if (format)
		format->texts = arena_calloc(&conf->arena, count,
		    sizeof(*format->texts));
	if (!format || !format->texts) {
		(void)conf_fail(conf, node, ENOMEM, "log format");
		return NULL;
	}
	for (; format->count < count; format->count++)
		if (http_value_compile(conf, node, texts[format->count],
		    &format->texts[format->count]))
			return NULL;
	return format;
}

/* Add a format, which is NULL if it could not be made. */
static int log_format_add(struct log_main *log, struct slice name,
    struct log_format *format)
{
	if (!format)
		return -EINVAL;
	format->name = name;
	format->next = log->formats;
	log->formats = format;
	return 0;
}

/* What the logs of the "http" block share, made when first needed. */
static struct log_main *log_main_get(struct conf *conf,
    struct log_record *record)
{
	struct slice combined = slice_cstr(log_combined);

	if (record->main)
		return record->main;
	record->main = arena_calloc(&conf->arena, 1, sizeof(*record->main));
	if (!record->main) {
		(void)conf_fail(conf, NULL, ENOMEM, "access log");
		return NULL;
	}
	if (log_format_add(record->main, SLICE("combined"),
	    log_format_new(conf, NULL, &combined, 1)))
		return NULL;
	return record->main;
}

static int log_parse_escape(struct conf *conf, const struct conf_node *node,
    struct slice name, enum log_escape *ret)
{
	if (slice_equal(name, SLICE("default")))
		*ret = LOG_ESCAPE_DEFAULT;
	else if (slice_equal(name, SLICE("json")))
		*ret = LOG_ESCAPE_JSON;
	else if (slice_equal(name, SLICE("none")))
		*ret = LOG_ESCAPE_NONE;
	else
		return conf_fail(conf, node, 0,
		    "unknown log format escaping \"%.*s\"", SLICE_ARG(name));
	return 0;
}

/* log_format NAME [escape=...] TEXT ... */
static int log_set_format(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct log_main *log = log_main_get(conf, arg);
	enum log_escape escape = LOG_ESCAPE_DEFAULT;
	struct slice option = SLICE("escape=");
	struct log_format *format;
	unsigned first = 2;
	int err = 0;

	(void)scope;
	if (!log)
		return -ENOMEM;
	if (log_format_find(log, node->args[1]))
		return conf_fail(conf, node, 0,
		    "duplicate \"log_format\" name \"%s\"",
		    node->args[1].data);
	if (slice_starts(node->args[2], option))
		err = log_parse_escape(conf, node,
		    slice_from(node->args[first++], option.len), &escape);
	if (err)
		return err;
	format = log_format_new(conf, node, node->args + first,
	    node->argc - first);
	if (format)
		format->escape = escape;
	return log_format_add(log, node->args[1], format);
}

/* ---- access_log ---- */

/* The output for an open file; NULL without memory. */
static struct log_output *log_output_for(struct conf *conf,
    struct log_main *log, const struct log_file *file)
{
	struct log_output *output = log->outputs;

	while (file && output && output->file != file)
		output = output->next;
	if (file && output)
		return output;
	output = arena_calloc(&conf->arena, 1, sizeof(*output));
	if (!output)
		return NULL;
	output->file = file;
	output->size = LOG_BATCH_SIZE;
	output->flush_ns = LOG_DELAY_NS;
	output->next = log->outputs;
	log->outputs = output;
	return output;
}

static int log_set_path(struct conf *conf, const struct conf_node *node,
    struct log_main *log, struct log_target *target)
{
	struct slice path = node->args[1];
	struct log_file *file = NULL;

	if (slice_starts(path, SLICE("syslog:"))) {
		if (conf_syslog(conf, node, path, &file))
			return -EINVAL;
	} else if (memchr(path.data, '$', path.len)) {
		const char *full = conf_full_path(conf, path);

		target->path = arena_alloc(&conf->arena,
		    sizeof(*target->path));
		if (!full || !target->path)
			return conf_fail(conf, node, ENOMEM, "access log");
		if (http_value_compile(conf, node, slice_cstr(full),
		    target->path))
			return -EINVAL;
	} else {
		file = conf_open_file(conf, path);
		if (!file)
			return conf_fail(conf, node, ENOMEM, "access log");
	}
	target->output = log_output_for(conf, log, file);
	return target->output ? 0 : conf_fail(conf, node, ENOMEM,
	    "access log");
}

/* What the parameters behind the format say. */
struct log_options {
	int64_t size;			/* 0: not given */
	int64_t flush_ms;
	int gzip;
};

/* "gzip" or "gzip=LEVEL", which is worth nothing without a buffer. */
static int log_set_gzip(struct conf *conf, const struct conf_node *node,
    struct slice option, struct log_options *options)
{
	struct slice level = slice_from(option, strlen("gzip="));

	options->gzip = LOG_GZIP_LEVEL;
	if (options->size == 0)
		options->size = LOG_BATCH_SIZE;
	if (slice_equal(option, SLICE("gzip")))
		return 0;
	if (level.len != 1 || level.data[0] < '1' || level.data[0] > '9')
		return conf_fail(conf, node, 0,
		    "invalid compression level \"%.*s\"", SLICE_ARG(level));
	options->gzip = level.data[0] - '0';
	return 0;
}

static int log_set_condition(struct conf *conf, const struct conf_node *node,
    struct slice text, struct log_target *target)
{
	target->condition = arena_alloc(&conf->arena,
	    sizeof(*target->condition));
	if (!target->condition)
		return conf_fail(conf, node, ENOMEM, "access log");
	return http_value_compile(conf, node, text, target->condition);
}

static int log_set_option(struct conf *conf, const struct conf_node *node,
    struct slice option, struct log_options *options)
{
	struct slice buffer = SLICE("buffer="), flush = SLICE("flush=");

	if (slice_starts(option, buffer)) {
		option = slice_from(option, buffer.len);
		if (conf_parse_size(option, &options->size) &&
		    options->size > 0 && options->size <= LOG_BUFFER_MAX / 2)
			return 0;
		return conf_fail(conf, node, 0,
		    "invalid buffer size \"%.*s\"", SLICE_ARG(option));
	}
	if (slice_starts(option, flush)) {
		option = slice_from(option, flush.len);
		if (conf_parse_time(option, &options->flush_ms) &&
		    options->flush_ms > 0 &&
		    options->flush_ms <= INT64_MAX / (int64_t)NS_PER_MSEC)
			return 0;
		return conf_fail(conf, node, 0,
		    "invalid flush time \"%.*s\"", SLICE_ARG(option));
	}
	if (slice_equal(option, SLICE("gzip")) ||
	    slice_starts(option, SLICE("gzip=")))
		return log_set_gzip(conf, node, option, options);
	return conf_fail(conf, node, 0, "invalid parameter \"%.*s\"",
	    SLICE_ARG(option));
}

/* Give the output its buffer; a file has one for all that log to it. */
static int log_set_buffer(struct conf *conf, const struct conf_node *node,
    const struct log_options *options, struct log_target *target)
{
	struct log_output *output = target->output;
	uint64_t flush_ns = (uint64_t)options->flush_ms * NS_PER_MSEC;

	if (options->flush_ms && !options->size)
		return conf_fail(conf, node, 0, "no buffer is defined for "
		    "access_log \"%s\"", node->args[1].data);
	if (!options->size)
		return 0;
	if (target->path)
		return conf_fail(conf, node, 0,
		    "buffered logs cannot have variables in name");
	if (output->file->syslog)
		return conf_fail(conf, node, 0,
		    "logs to syslog cannot be buffered");
	if (output->buffered && (output->size != (size_t)options->size ||
	    output->flush_ns != flush_ns || output->gzip != options->gzip))
		return conf_fail(conf, node, 0, "access_log \"%s\" already "
		    "defined with conflicting parameters",
		    node->args[1].data);
	output->buffered = true;
	output->size = (size_t)options->size;
	output->flush_ns = flush_ns;
	output->gzip = options->gzip;
	return 0;
}

/* PATH [FORMAT [buffer=SIZE] [flush=TIME] [gzip] [if=TEXT]] to `target`. */
static int log_set_target(struct conf *conf, const struct conf_node *node,
    struct log_main *log, struct log_target *target)
{
	struct slice name = node->argc > 2 ? node->args[2]
					   : SLICE("combined");
	struct log_options options = { 0, 0, 0 };
	int err = log_set_path(conf, node, log, target);

	target->format = log_format_find(log, name);
	if (!err && !target->format)
		return conf_fail(conf, node, 0, "unknown log format \"%.*s\"",
		    SLICE_ARG(name));
	for (unsigned i = 3; i < node->argc && !err; i++) {
		struct slice option = node->args[i], test = SLICE("if=");

		if (slice_starts(option, test))
			err = log_set_condition(conf, node,
			    slice_from(option, test.len), target);
		else
			err = log_set_option(conf, node, option, &options);
	}
	return err ? err : log_set_buffer(conf, node, &options, target);
}

static void log_target_add(struct log_record *record,
    struct log_target *target)
{
	if (!record->end)
		record->end = &record->targets;
	*record->end = target;
	record->end = &target->next;
}

static struct log_main *log_main_of(struct conf *conf,
    const struct conf_scope *scope)
{
	while (scope->context != CONF_HTTP)
		scope = scope->parent;
	return log_main_get(conf, log_record_of(conf, scope->records));
}

static int log_set_access_log(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct log_record *record = arg;
	struct log_target *target;
	struct log_main *log;
	int err;

	if (slice_equal(node->args[1], SLICE("off"))) {
		record->off = true;
		return node->argc == 2 ? 0 : conf_fail(conf, node, 0,
		    "invalid parameter \"%s\"", node->args[2].data);
	}
	log = log_main_of(conf, scope);
	target = arena_calloc(&conf->arena, 1, sizeof(*target));
	if (!log || !target)
		return conf_fail(conf, node, ENOMEM, "access log");
	err = log_set_target(conf, node, log, target);
	if (!err)
		log_target_add(record, target);
	return err;
}

static int log_set_files(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct log_record *record = arg;
	struct log_main *log = log_main_of(conf, scope);
	struct log_files_list *list = arena_calloc(&conf->arena, 1,
	    sizeof(*list));
	int err;

	if (record->files_set)
		return conf_fail(conf, node, 0,
		    "\"open_log_file_cache\" directive is duplicate");
	if (!log || !list)
		return conf_fail(conf, node, ENOMEM, "open_log_file_cache");
	err = log_files_set(conf, node, &record->files);
	record->files_set = true;
	if (err || !record->files)
		return err;
	*list = (struct log_files_list){ record->files, log->files };
	log->files = list;
	return 0;
}

/* Where nothing was said at all, nginx writes logs/access.log. */
static int log_set_default(struct conf *conf, struct log_record *record)
{
	struct log_file *file = conf_open_file(conf,
	    SLICE("logs/access.log"));
	struct log_target *target = arena_calloc(&conf->arena, 1,
	    sizeof(*target));

	if (!file || !target)
		return conf_fail(conf, NULL, ENOMEM, "access log");
	target->output = log_output_for(conf, record->main, file);
	if (!target->output)
		return conf_fail(conf, NULL, ENOMEM, "access log");
	target->format = log_format_find(record->main, SLICE("combined"));
	log_target_add(record, target);
	return 0;
}

static int log_merge(struct conf *conf, const void *parent, void *arg)
{
	const struct log_record *from = parent;
	struct log_record *record = arg;

	if (!from)
		return log_main_get(conf, record) ? 0 : -ENOMEM;
	record->main = from->main;
	if (!record->files_set)
		record->files = from->files;
	if (!record->targets && !record->off) {
		record->targets = from->targets;
		record->off = from->off;
	}
	return record->targets || record->off ? 0
					      : log_set_default(conf, record);
}

/* ---- the hook ---- */

/* Append what a variable gives, or what stands for nothing. */
static void log_append_variable(struct buf *buf,
    struct http_request *request, const struct http_value_part *part,
    enum log_escape escape)
{
	struct slice value;

	if (http_variable_get(request, part->variable, part->text, &value))
		log_escape_append(buf, value, escape);
	else if (escape == LOG_ESCAPE_DEFAULT)
		log_append_text(buf, SLICE("-"));
}

static void log_append_line(struct buf *buf, struct http_request *request,
    const struct log_format *format)
{
	for (unsigned i = 0; i < format->count; i++) {
		const struct http_value *text = &format->texts[i];

		for (unsigned k = 0; k < text->count; k++) {
			const struct http_value_part *part = &text->parts[k];

			if (part->variable)
				log_append_variable(buf, request, part,
				    format->escape);
			else
				log_append_text(buf, part->text);
		}
	}
	log_append_text(buf, SLICE("\n"));
}

static bool log_wanted(struct http_request *request,
    const struct log_target *target)
{
	struct slice text;

	if (!target->condition)
		return true;
	text = http_value_get(request, target->condition);
	return text.len != 0 && !slice_equal(text, SLICE("0"));
}

/* Does a path made with what a client sent stay where it was meant to be? */
static bool log_path_safe(struct slice path)
{
	return !memchr(path.data, '\0', path.len) &&
	    !memmem(path.data, path.len, "/../", 4) &&
	    !slice_ends(path, SLICE("/..")) && !slice_ends(path, SLICE("/"));
}

static void log_write_at(struct http_request *request,
    const struct log_target *target, struct log_files *files)
{
	struct slice path = http_value_get(request, target->path);
	struct slice root = http_document_root(request);

	path = arena_copy(&request->arena, path);
	root = arena_copy(&request->arena, root);
	if (!path.data || !root.data)
		return;
	if (!log_path_safe(path)) {
		http_log(request, LOG_LEVEL_ERROR, 0,
		    "unsafe access log path \"%.*s\"", SLICE_ARG(path));
		return;
	}
	log_append_line(log_line_begin_at(target->output, files, path, root),
	    request, target->format);
	log_line_end(target->output);
}

static void log_request(struct http_request *request)
{
	const struct log_record *record = http_request_record(request,
	    &http_log_module.table);
	const struct log_target *target = record->off ? NULL
						      : record->targets;

	for (; target; target = target->next) {
		if (!log_wanted(request, target))
			continue;
		if (target->path) {
			log_write_at(request, target, record->files);
			continue;
		}
		log_append_line(target->output->file->syslog ?
		    log_line_begin_at(target->output, NULL, SLICE(""),
			SLICE("")) :
		    log_line_begin(target->output), request, target->format);
		log_line_end(target->output);
	}
}

/* ---- the worker ---- */

static const struct log_main *log_main_in(const struct http_worker *worker)
{
	return log_record_of(worker->http->conf,
	    worker->http->main_records)->main;
}

static int log_worker_start(struct http_worker *worker)
{
	struct log_output *output = log_main_in(worker)->outputs;

	for (; output; output = output->next)
		log_output_open(output, worker->ring, worker->metrics,
		    worker->log);
	return 0;
}

static void log_worker_reopened(struct http_worker *worker)
{
	const struct log_main *log = log_main_in(worker);
	struct log_files_list *list = log->files;

	for (; list; list = list->next)
		log_files_void(list->files);
	for (struct log_output *output = log->outputs; output;
	    output = output->next)
		log_output_flush(output);
}

static void log_worker_stop(struct http_worker *worker)
{
	const struct log_main *log = log_main_in(worker);
	struct log_files_list *list = log->files;

	for (struct log_output *output = log->outputs; output;
	    output = output->next)
		log_output_close(output);
	for (; list; list = list->next)
		log_files_close(list->files);
}

static const struct conf_directive log_directives[] = {
	{ .name = "log_format", .contexts = CONF_HTTP, .args_min = 2,
	  .args_max = CONF_ARGS_ANY, .set = log_set_format,
	  .syntax = "NAME [escape=default | escape=json | escape=none] TEXT "
	    "...",
	  .help = "a name for the text of log lines" },
	{ .name = "access_log",
	  .contexts = CONF_HTTP_ALL | CONF_LOCATION_IF | CONF_LIMIT_EXCEPT,
	  .args_min = 1, .args_max = CONF_ARGS_ANY,
	  .set = log_set_access_log, .initial = "logs/access.log combined",
	  .syntax = "off | FILE [FORMAT] [PARAMETER ...]",
	  .help = "file, format and buffer of a log of requests, or off" },
	{ .name = "open_log_file_cache", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 4, .set = log_set_files,
	  .initial = "off", .syntax = "off | max=NUMBER [inactive=TIME] "
	  "[min_uses=NUMBER] [valid=TIME]",
	  .help = "keep files open whose names have variables" },
	{ .name = NULL },
};

const struct http_module http_log_module = {
	.table = {
		.name = "log",
		.help = "writes a line for each request",
		.directives = log_directives,
		.record_size = sizeof(struct log_record),
		.merge = log_merge,
	},
	.worker_start = log_worker_start,
	.worker_stop = log_worker_stop,
	.reopened = log_worker_reopened,
	.log = log_request,
};
