#include "master/cycle.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/syslog.h"
#include "dashboard/dashboard.h"
#include "http/zone.h"
#include "master/logfile.h"
#include "modules/modules.h"

/* ---- reading ---- */

static void cycle_tables(struct cycle *cycle)
{
	unsigned count = 0;

	cycle->tables[count++] = &core_table;
	cycle->tables[count++] = &dashboard_block_table;
	count += http_tables(http_modules, cycle->tables + count);
	cycle->tables[count] = NULL;
}

/* Read -g, which may hold plain directives only, and apply it. */
static int cycle_apply_directives(struct cycle *cycle, const char *text,
    const struct conf_scope *scope)
{
	struct conf_node *node;
	int err;

	if (!text)
		return 0;
	err = conf_parse_text(&cycle->conf, slice_cstr(text), "command line",
	    &node);
	if (err)
		return err;
	for (const struct conf_node *n = node; n; n = n->next)
		if (n->block)
			return conf_fail(&cycle->conf, n, 0,
			    "blocks are not allowed");
	return conf_apply(&cycle->conf, node, scope);
}

static int cycle_apply(struct cycle *cycle,
    const struct cycle_options *options)
{
	struct conf *conf = &cycle->conf;
	struct conf_scope scope = { .context = CONF_MAIN };
	struct conf_node *node;
	int err;

	cycle->records = conf_records_new(conf);
	if (!cycle->records)
		return conf_fail(conf, NULL, ENOMEM, "configuration failed");
	scope.records = cycle->records;
	((struct http_block *)conf_record(conf, cycle->records,
	    &http_block_table))->modules = http_modules;
	err = cycle_apply_directives(cycle, options->directives, &scope);
	if (!err)
		err = conf_parse_file(conf, options->conf_file, &node);
	if (!err)
		err = conf_apply(conf, node, &scope);
	if (!err)
		err = conf_merge(conf, CONF_MAIN | CONF_EVENTS, NULL,
		    cycle->records);
	return err;
}

/* Take what the tables left behind, with an error log if there is none. */
static int cycle_collect(struct cycle *cycle,
    const struct cycle_options *options)
{
	struct conf *conf = &cycle->conf;
	const struct http_block *http = conf_record(conf, cycle->records,
	    &http_block_table);
	struct dashboard_conf *dashboard = conf_record(conf,
	    cycle->records, &dashboard_block_table);
	const struct log_file *file;

	cycle->core = conf_record(conf, cycle->records, &core_table);
	cycle->http = http->http;
	dashboard->site = http->http;
	cycle->dashboard = dashboard->enabled ? dashboard->http : NULL;
	cycle->log = cycle->core->log;
	if (cycle->log.count)
		return 0;
	file = conf_open_file(conf, slice_cstr(options->error_log));
	if (!file)
		return conf_fail(conf, NULL, ENOMEM, "configuration failed");
	return log_add(&cycle->log, file, LOG_LEVEL_ERROR);
}

int cycle_new(const struct cycle_options *options, const struct log *log,
    struct cycle **ret)
{
	struct cycle *cycle = calloc(1, sizeof(*cycle));
	int err;

	if (!cycle) {
		log_write(log, LOG_LEVEL_EMERG, ENOMEM, "configuration failed");
		return -ENOMEM;
	}
	cycle_tables(cycle);
	conf_init(&cycle->conf, cycle->tables, options->prefix,
	    options->conf_prefix, log);
	err = cycle_apply(cycle, options);
	if (!err)
		err = cycle_collect(cycle, options);
	if (err)
		cycle_free(&cycle);
	else
		*ret = cycle;
	return err;
}

void cycle_free(struct cycle **take)
{
	struct cycle *cycle = *take;

	*take = NULL;
	for (struct conf_open_file *file = cycle->conf.open_files; file;
	    file = file->next)
		if (file->file.fd > STDERR_FILENO)
			(void)close(file->file.fd); /* each write was checked */
	conf_free(&cycle->conf);
	free(cycle);
}

uint64_t cycle_hash(const struct cycle *cycle)
{
	uint64_t hash = 0;

	for (const struct conf_file *file = cycle->conf.files; file;
	    file = file->next)
		hash = hash_bytes(file->text, hash);
	return hash;
}

/* ---- files ---- */

/* Who the workers will be; -1: who we are. */
static uid_t cycle_user(const struct cycle *cycle)
{
	return cycle->core->user_name.data ? cycle->core->user : (uid_t)-1;
}

static int cycle_make_directory(const struct cycle *cycle, const char *path,
    const struct log *log)
{
	uid_t user = cycle_user(cycle);

	if (mkdir(path, 0700) < 0 && errno != EEXIST) {
		log_write(log, LOG_LEVEL_EMERG, errno, "mkdir() \"%s\" failed",
		    path);
		return -EIO;
	}
	if (user != (uid_t)-1 && lchown(path, user, (gid_t)-1) < 0) {
		log_write(log, LOG_LEVEL_EMERG, errno,
		    "chown(\"%s\", %u) failed", path, (unsigned)user);
		return -EIO;
	}
	return 0;
}

/*
 * A log file belongs to the workers' user from the start: root, who tests a
 * configuration, may have made it for a server that has never been root.
 */
static int cycle_open_file(const struct cycle *cycle, struct log_file *file,
    const struct log *log)
{
	int fd, err;

	if (!file->path && !file->syslog)
		return 0;
	fd = file->syslog ? syslog_open(file->syslog)
			  : logfile_open(file->path, true);
	if (fd < 0) {
		log_write(log, LOG_LEVEL_EMERG, -fd, file->syslog
		    ? "socket() failed" : "open() \"%s\" failed", file->path);
		return fd;
	}
	file->fd = fd;
	err = file->path ? logfile_give(fd, cycle_user(cycle)) : 0;
	if (err)
		log_write(log, LOG_LEVEL_EMERG, -err, "chown(\"%s\") failed",
		    file->path);
	return err;
}

int cycle_open(struct cycle *cycle, const struct cycle *old,
    const struct log *log)
{
	int err;

	for (struct conf_open_file *file = cycle->conf.open_files; file;
	    file = file->next) {
		err = cycle_open_file(cycle, &file->file, log);
		if (err)
			return err;
	}
	for (struct conf_directory *directory = cycle->conf.directories;
	    directory; directory = directory->next) {
		err = cycle_make_directory(cycle, directory->path, log);
		if (err)
			return err;
	}
	return http_zones_open(&cycle->conf, old ? &old->conf : NULL, log);
}

void cycle_reopen(struct cycle *cycle, bool create)
{
	uid_t user = create ? cycle_user(cycle) : (uid_t)-1;
	int err;

	for (struct conf_open_file *file = cycle->conf.open_files; file;
	    file = file->next) {
		if (!file->file.path)
			continue;
		err = logfile_reopen(&file->file, create, user);
		/* Missing to a worker: renamed again, the next USR1 comes. */
		if (err && (create || err != -ENOENT))
			log_write(&cycle->log, LOG_LEVEL_EMERG, -err,
			    "open() \"%s\" failed", file->file.path);
	}
	cycle_redirect_stderr(cycle);
}

void cycle_redirect_stderr(const struct cycle *cycle)
{
	const struct log *log = &cycle->log;
	const struct log_file *first = NULL;

	for (const struct conf_open_file *file = cycle->conf.open_files; file;
	    file = file->next)
		if (!file->file.path && !file->file.syslog)
			return;
	for (unsigned i = 0; i < log->count && !first; i++)
		if (log->sinks[i].file->path)
			first = log->sinks[i].file;
	if (first && dup2(first->fd, STDERR_FILENO) < 0)
		log_write(log, LOG_LEVEL_ALERT, errno, "dup2() failed");
}
