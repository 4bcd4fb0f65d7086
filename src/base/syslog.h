#ifndef RINGMASTER_BASE_SYSLOG_H
#define RINGMASTER_BASE_SYSLOG_H

#include <sys/socket.h>

#include "base/slice.h"

/* Log lines as messages to a syslog daemon (RFC 3164): one datagram each, to
 * UDP or a unix socket. What the kernel does not take at once is lost. */

enum {
	SYSLOG_TAG_MAX = 32,
	SYSLOG_HOST_MAX = 64,
	SYSLOG_SEVERITIES = 8,	/* of a facility; 0 is the worst */
};

struct syslog_target {
	struct sockaddr_storage address;
	socklen_t address_len;
	unsigned facility;
	unsigned severity;		/* of lines that have none */
	char tag[SYSLOG_TAG_MAX + 1];
	char host[SYSLOG_HOST_MAX + 1];	/* of this machine; "": not sent */
};

/* A socket to send from; -errno. It serves any number of processes. */
int syslog_open(const struct syslog_target *target);

/* Send one message; never waits. Returns 0 or -errno. Any thread. */
int syslog_send(const struct syslog_target *target, int fd,
    unsigned severity, struct slice text);

#endif
