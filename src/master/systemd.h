#ifndef RINGMASTER_MASTER_SYSTEMD_H
#define RINGMASTER_MASTER_SYSTEMD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

/*
 * What the master tells systemd, or whoever else set NOTIFY_SOCKET: that it
 * is ready, reloads, stops, has a successor; a line about what it does; and,
 * if WATCHDOG_USEC asks for it, that the workers make progress.
 *
 * The protocol is a datagram of lines, sd_notify(3), and one that systemd
 * promises to keep; so it needs no library. A message that cannot be sent
 * within SYSTEMD_SEND_MS is lost, but for READY=1, which is tried again.
 *
 * Only the master that systemd calls the main one is listened to. After USR2
 * that is the old one for as long as it lives, so that an upgrade can be
 * called off; the new one is silent till then.
 */

enum {
	SYSTEMD_SEND_MS = 500,
	SYSTEMD_STOP_MS = 10 * 1000,	/* see systemd_stopping() */
};

struct master;

struct systemd {
	int fd;				/* -1: nobody listens */
	struct sockaddr_un address;
	socklen_t address_len;
	uint64_t watchdog_ns;		/* between signs of life; 0: none */
	uint64_t fed_ns;		/* the last one */
	bool ready;			/* READY=1 was said */
	uint64_t stop_ns;		/* has to be fast from then on; or 0 */
	uint64_t status_ns;		/* when the line was made, and the */
	uint64_t requests;		/* requests until then */
	char line[512];			/* the last one */
};

/* Find out from the environment who listens. */
void systemd_open(struct systemd *systemd);

/* In a child, which has nothing to say. */
void systemd_close(struct systemd *systemd);

/* Once a turn of the master's loop: READY=1 when the workers serve, the line
 * every few seconds, the watchdog if they make progress. */
void systemd_turn(struct master *master, uint64_t now_ns);

/* A reload begins; systemd_turn() tells its end. */
void systemd_reloading(struct master *master);

/*
 * The master begins to stop: that may take worker_shutdown_timeout. A service
 * manager waits not for any time, and kills; so if the configuration sets no
 * limit, the graceful stop becomes a fast one after SYSTEMD_STOP_MS.
 */
void systemd_stopping(struct master *master);

/* The master ends: its successor, if there is one, is the main process. */
void systemd_leave(struct master *master);

#endif
