#ifndef RINGMASTER_MASTER_LOGFILE_H
#define RINGMASTER_MASTER_LOGFILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/log.h"

/*
 * Opening log files, which root does in directories that may belong to
 * others: so a symbolic link is followed only where nobody but us could
 * have put it there.
 */

/*
 * Open for appending; `create` it if it is missing.
 * Returns the descriptor (close-on-exec) or -errno, -ELOOP for a link that
 * is not trusted.
 */
int logfile_open(const char *path, bool create);

/* Let `owner` open the file for writing; -1: leave it as it is. 0 or -errno. */
int logfile_give(int fd, uid_t owner);

/*
 * Open file->path again in place of file->fd, whose number stays: other
 * threads may be writing to it.
 *
 * owner:  who shall be able to do the same; -1: leave the owner as it is
 * Returns 0 or -errno, and then file->fd is what it was.
 */
int logfile_reopen(const struct log_file *file, bool create, uid_t owner);

#endif
