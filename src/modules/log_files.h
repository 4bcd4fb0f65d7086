#ifndef RINGMASTER_MODULES_LOG_FILES_H
#define RINGMASTER_MODULES_LOG_FILES_H

#include "conf/conf.h"

/*
 * Files of logs whose paths have variables, kept open (open_log_file_cache).
 * The jobs that write lines use it, on threads of the pool, where each has it
 * for itself meanwhile.
 */

enum { LOG_FILES_MAX = 4096 };		/* of one directive */

struct log_files;

/*
 * What the directive `node` says, to *ret: NULL for "off". Its memory is the
 * configuration's, but what log_files_close() frees. Returns 0 or the result
 * of conf_fail().
 */
int log_files_set(struct conf *conf, const struct conf_node *node,
    struct log_files **ret);

/* Open the file for appending, if the directory `root` exists; -1 with errno,
 * which is 0 if that does not. */
int log_files_open(const char *path, const char *root);

/*
 * The same for a file that may be open already, and will be for others if it
 * was used often enough; not to be closed. Others wait until it is given back
 * with log_files_give(), also after -1.
 */
int log_files_take(struct log_files *files, const char *path,
    const char *root);
void log_files_give(struct log_files *files);

/* Paths may mean other files now: look before each is used again. */
void log_files_void(struct log_files *files);

/* Close all; no job uses it any more. */
void log_files_close(struct log_files *files);

#endif
