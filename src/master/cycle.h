#ifndef RINGMASTER_MASTER_CYCLE_H
#define RINGMASTER_MASTER_CYCLE_H

#include "conf/conf.h"
#include "http/http.h"
#include "master/core.h"

/*
 * One generation of the configuration: read, checked, its files open. A new
 * one is made beside the old one, which serves on untouched until the new
 * one is complete; so if anything fails, nothing has changed.
 */

enum { CYCLE_TABLES_MAX = HTTP_TABLES_MAX + 3 };

struct cycle_options {
	const char *prefix;		/* of layout_path() */
	const char *conf_prefix;	/* of relative includes; ends in '/' */
	const char *conf_file;		/* absolute */
	const char *error_log;		/* if the file names none; "stderr" */
	const char *directives;		/* -g, or NULL */
};

struct cycle {
	struct conf conf;
	const struct conf_table *tables[CYCLE_TABLES_MAX + 1];
	void **records;
	const struct core_conf *core;
	struct http_conf *http;		/* NULL: no such block */
	struct http_conf *dashboard;	/* NULL: no such block */
	struct log log;			/* where messages go when it runs */
};

/*
 * Read the configuration, saying on `log` what is wrong with it. Nothing
 * outside the process is touched. Returns 0 or -errno.
 */
int cycle_new(const struct cycle_options *options, const struct log *log,
    struct cycle **ret);

/*
 * Open its log files, make its directories, and get the memory of its zones,
 * which it shares with `old` (the one that runs, or NULL) where they are the
 * same. On an error free it: `log` was told what failed. Returns 0 or -errno.
 */
int cycle_open(struct cycle *cycle, const struct cycle *old,
    const struct log *log);

/* Close its files and free it. */
void cycle_free(struct cycle **cycle);

/*
 * Open each log file again by its name, as after a rotation; descriptors
 * keep their numbers. One that cannot be opened stays as it is.
 *
 * create:  make those that are missing, for the workers' user (the master);
 *          false: those that are missing stay as they are (workers)
 */
void cycle_reopen(struct cycle *cycle, bool create);

/* Have standard error go to the first error log, unless one of them is
 * standard error itself: for what libraries and sanitizers say. */
void cycle_redirect_stderr(const struct cycle *cycle);

/* A number that differs when any file of the configuration does. */
uint64_t cycle_hash(const struct cycle *cycle);

#endif
