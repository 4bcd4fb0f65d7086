#ifndef RINGMASTER_MASTER_PIDFILE_H
#define RINGMASTER_MASTER_PIDFILE_H

#include <sys/types.h>

#include "base/log.h"

/* What is appended to the old master's pid file during an upgrade. */
#define PIDFILE_OLD ".oldbin"

/* Each of these says on `log` what failed, and returns 0 or -errno. */

/* Write our process id to `path`. */
int pidfile_write(const char *path, const struct log *log);

/* Read the process id in `path`. */
int pidfile_read(const char *path, const struct log *log, pid_t *ret);

/* Rename PATH to PATH.oldbin, or back. */
int pidfile_set_old(const char *path, bool old, const struct log *log);

/* Remove PATH, or PATH.oldbin. */
void pidfile_remove(const char *path, bool old, const struct log *log);

#endif
