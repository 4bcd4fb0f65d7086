#ifndef RINGMASTER_MASTER_UPGRADE_H
#define RINGMASTER_MASTER_UPGRADE_H

#include "master/state.h"

/* Replacing the binary while it serves: USR2 starts the new one, which gets
 * the listening sockets; then either master may be told to quit. */

/* The environment variables in which the sockets are handed over, the path of
 * the segment (the configuration may name another one meanwhile), and the
 * process id of the old master. */
#define UPGRADE_VARIABLE "RINGMASTER_SOCKETS"
#define UPGRADE_SEGMENT	 "RINGMASTER_SEGMENT"
#define UPGRADE_MASTER	 "RINGMASTER_MASTER"

/*
 * The absolute path under which this program is to be executed again, found
 * at start: a name without '/' came by PATH, which the kernel knows resolved.
 * To be freed; NULL if it cannot be found.
 */
char *upgrade_executable(const char *argv0);

/* Start the new binary; what fails is said in the log. */
void upgrade_start(struct master *master);

/* The new binary has exited: the upgrade is off. */
void upgrade_ended(struct master *master);

/* Has the new binary exited? Also told of one that is not our child. */
bool upgrade_is_over(const struct master *master);

/* A pidfd of the master before us, as the environment says; -1: it is gone,
 * or there was none. */
int upgrade_old_master(void);

/* Is the master before us still there? */
bool upgrade_follows(const struct master *master);

#endif
