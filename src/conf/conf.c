/*
 * The life of a configuration, and what it says about itself: messages with
 * file and line, paths, and the text of its files.
 */

#include "conf/conf.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/layout.h"
#include "conf/syslog.h"

/* Where the search for a table begins. */
static unsigned conf_table_slot(const struct conf_table *table)
{
	return (unsigned)(hash_mix((uintptr_t)table) % CONF_TABLE_SLOTS);
}

/* Bytes of a message before its place, so that the place is never cut. */
enum { CONF_MESSAGE_SIZE = 1024 };

/* Have conf_record() find the table that was counted last. */
static void conf_table_add(struct conf *conf, const struct conf_table *table)
{
	unsigned slot = conf_table_slot(table);

	assert(conf->table_count <= CONF_TABLE_SLOTS / 2);
	while (conf->table_slots[slot])
		slot = (slot + 1) % CONF_TABLE_SLOTS;
	conf->table_slots[slot] = (uint8_t)conf->table_count;
}

void *conf_record(const struct conf *conf, void *const *records,
    const struct conf_table *table)
{
	unsigned slot = conf_table_slot(table);

	while (conf->tables[conf->table_slots[slot] - 1] != table) {
		slot = (slot + 1) % CONF_TABLE_SLOTS;
		assert(conf->table_slots[slot]);
	}
	return records[conf->table_slots[slot] - 1];
}

void conf_init(struct conf *conf, const struct conf_table *const *tables,
    const char *prefix, const char *conf_prefix, const struct log *log)
{
	*conf = (struct conf){
		.tables = tables,
		.prefix = prefix,
		.conf_prefix = conf_prefix,
		.log = log,
	};
	arena_init(&conf->arena, NULL, 0, CONF_MEMORY_MAX);
	while (tables[conf->table_count])
		conf_table_add(conf, tables[conf->table_count++]);
}

struct conf_cleanup {
	void (*fn)(void *arg);
	void *arg;
	struct conf_cleanup *next;
};

void *conf_cleanup(struct conf *conf, void (*fn)(void *arg), void *arg)
{
	struct conf_cleanup *cleanup = arena_alloc(&conf->arena,
	    sizeof(*cleanup));

	if (!cleanup) {
		fn(arg);
		return NULL;
	}
	*cleanup = (struct conf_cleanup){ fn, arg, conf->cleanups };
	conf->cleanups = cleanup;
	return arg;
}

void conf_free(struct conf *conf)
{
	for (; conf->cleanups; conf->cleanups = conf->cleanups->next)
		conf->cleanups->fn(conf->cleanups->arg);
	arena_fini(&conf->arena);
	conf->files = NULL;
	conf->open_files = NULL;
	conf->directories = NULL;
}

static void conf_log(const struct conf *conf, const struct conf_node *node,
    enum log_level level, const char *text)
{
	if (!node)
		log_write(conf->log, level, 0, "%s", text);
	else if (node->line == 0)
		log_write(conf->log, level, 0, "%s in %s", text, node->file);
	else
		log_write(conf->log, level, 0, "%s in %s:%u", text, node->file,
		    node->line);
}

int conf_fail(struct conf *conf, const struct conf_node *node, int error,
    const char *format, ...)
{
	char text[CONF_MESSAGE_SIZE];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (error && len >= 0 && (size_t)len < sizeof(text))
		(void)snprintf(text + len, sizeof(text) - (size_t)len,
		    " (%d: %s)", error, strerror(error)); /* may be cut */
	conf_log(conf, node, LOG_LEVEL_EMERG, text);
	return -EINVAL;
}

int conf_warn(struct conf *conf, const struct conf_node *node,
    const char *format, ...)
{
	char text[CONF_MESSAGE_SIZE];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args); /* may be cut */
	va_end(args);
	conf_log(conf, node, LOG_LEVEL_WARN, text);
	return 0;
}

const char *conf_full_path(struct conf *conf, struct slice path)
{
	struct layout_path place;

	if (path.len && path.data[0] == '/')
		return arena_copy(&conf->arena, path).data;
	place = layout_path(conf->prefix, path);
	return arena_printf(&conf->arena, "%s%.*s", place.folder,
	    SLICE_ARG(place.name)).data;
}

struct log_file *conf_open_file(struct conf *conf, struct slice path)
{
	struct conf_open_file **slot = &conf->open_files;
	bool console = slice_equal(path, SLICE("stderr"));
	const char *full = console ? NULL : conf_full_path(conf, path);

	if (!console && !full)
		return NULL;
	for (; *slot; slot = &(*slot)->next) {
		const char *other = (*slot)->file.path;

		if ((*slot)->file.syslog)
			continue;
		if (console ? !other : other && strcmp(other, full) == 0)
			return &(*slot)->file;
	}
	*slot = arena_calloc(&conf->arena, 1, sizeof(**slot));
	if (!*slot)
		return NULL;
	(*slot)->file.fd = console ? STDERR_FILENO : -1;
	(*slot)->file.path = (char *)full;
	return &(*slot)->file;
}

int conf_error_log(struct conf *conf, const struct conf_node *node,
    struct log *log)
{
	enum log_level level = LOG_LEVEL_ERROR;
	struct log_file *file;
	struct slice path = node->args[1];

	if (slice_starts(path, SLICE("memory:")))
		return conf_fail(conf, node, 0, "logging to \"%s\" is not "
		    "supported by ringmaster", path.data);
	if (node->argc > 2 && !log_level_parse(node->args[2], &level))
		return conf_fail(conf, node, 0, "invalid log level \"%s\"",
		    node->args[2].data);
	if (slice_starts(path, SLICE("syslog:"))) {
		if (conf_syslog(conf, node, path, &file))
			return -EINVAL;
	} else {
		file = conf_open_file(conf, path);
	}
	if (!file)
		return conf_fail(conf, node, ENOMEM, "error_log failed");
	if (log_add(log, file, level) < 0)
		return conf_fail(conf, node, 0,
		    "too many \"error_log\" directives, the limit is %d",
		    LOG_SINKS_MAX);
	return 0;
}

const char *conf_directory(struct conf *conf, struct slice path)
{
	struct conf_directory **slot = &conf->directories;
	const char *full = conf_full_path(conf, path);

	if (!full)
		return NULL;
	for (; *slot; slot = &(*slot)->next)
		if (strcmp((*slot)->path, full) == 0)
			return (*slot)->path;
	*slot = arena_calloc(&conf->arena, 1, sizeof(**slot));
	if (!*slot)
		return NULL;
	(*slot)->path = full;
	return full;
}

int conf_dump(const struct conf *conf, FILE *out)
{
	for (const struct conf_file *file = conf->files; file;
	    file = file->next) {
		size_t len = file->text.len;

		if (fprintf(out, "# configuration file %s:\n",
			file->path) < 0 ||
		    fwrite(file->text.data, 1, len, out) != len ||
		    putc('\n', out) == EOF)
			return errno ? -errno : -EIO;
	}
	return 0;
}
