#ifndef RINGMASTER_MASTER_DAEMON_H
#define RINGMASTER_MASTER_DAEMON_H

/*
 * Go on in the background: fork, and return in the child, which is the
 * leader of a new session. The parent waits until a byte is written to the
 * descriptor and exits with 0 if that is 0; with 1 for another one, which
 * says that no worker could be started, or when it is closed without one.
 * Returns that descriptor, or -errno.
 */
int daemon_start(void);

#endif
