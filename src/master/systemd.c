#include "master/systemd.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/clock.h"
#include "master/process.h"
#include "master/upgrade.h"
#include "metrics/peaks.h"
#include "metrics/segment.h"

#define SYSTEMD_STATUS_NS (5 * NS_PER_SEC)

enum {
	SYSTEMD_FEEDS = 4,		/* a watchdog's time */
	SYSTEMD_TEXT_MAX = 1024,
	SYSTEMD_EXTRA_MS = 5000,	/* to stop, behind the workers */
};

/* ---- who listens ---- */

static uint64_t systemd_number(const char *name)
{
	const char *text = getenv(name);
	uint64_t value;

	return text && slice_to_u64(slice_cstr(text), &value) ? value : 0;
}

static void systemd_find_watchdog(struct systemd *systemd)
{
	uint64_t usec = systemd_number("WATCHDOG_USEC");

	if (getenv("WATCHDOG_PID") &&
	    systemd_number("WATCHDOG_PID") != (uint64_t)getpid())
		return;		/* meant for another process */
	if (usec <= UINT64_MAX / NS_PER_USEC)
		systemd->watchdog_ns = usec * NS_PER_USEC;
}

void systemd_open(struct systemd *systemd)
{
	const struct timeval patience = { .tv_usec = SYSTEMD_SEND_MS * 1000 };
	const char *path = getenv("NOTIFY_SOCKET");
	size_t len = path ? strlen(path) : 0;

	systemd->fd = -1;
	if (len < 2 || len > sizeof(systemd->address.sun_path) - 1 ||
	    (path[0] != '/' && path[0] != '@'))
		return;
	systemd->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (systemd->fd < 0)
		return;
	(void)setsockopt(systemd->fd, SOL_SOCKET, SO_SNDTIMEO, &patience,
	    sizeof(patience)); /* else a deaf listener can stop us */
	systemd->address.sun_family = AF_UNIX;
	memcpy(systemd->address.sun_path, path, len + 1);
	systemd->address_len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	if (path[0] == '@')
		systemd->address.sun_path[0] = '\0';	/* abstract */
	systemd_find_watchdog(systemd);
}

void systemd_close(struct systemd *systemd)
{
	if (systemd->fd >= 0)
		(void)close(systemd->fd); /* each message is one call */
	systemd->fd = -1;
}

static bool systemd_send(const struct systemd *systemd, const char *text)
{
	return sendto(systemd->fd, text, strlen(text), MSG_NOSIGNAL,
	    (const struct sockaddr *)&systemd->address,
	    systemd->address_len) >= 0;
}

/* ---- the line ---- */

static const char *systemd_plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static const char *systemd_doing(const struct master *master)
{
	switch (master->state) {
	case MASTER_RESTING:
		return "Without workers, for an upgrade: ";
	case MASTER_QUITTING:
	case MASTER_TERMINATING:
		return "Stopping: ";
	default:
		return "";
	}
}

/* What is going on, in one line. */
static void systemd_describe(struct master *master, uint64_t now_ns,
    char *line, size_t size)
{
	struct systemd *systemd = &master->systemd;
	uint64_t passed_ns = now_ns - systemd->status_ns;
	unsigned workers = process_serving(master);
	struct metrics_reload reload = { .ok = true };
	struct metrics_glance glance = { 0 };
	uint64_t rate = 0;
	int len;

	metrics_glance(master->segment, &glance);
	(void)metrics_reload_read(master->segment, &reload); /* or torn */
	if (systemd->status_ns && passed_ns &&
	    glance.requests >= systemd->requests)
		rate = (uint64_t)((double)(glance.requests -
		    systemd->requests) * NS_PER_SEC / (double)passed_ns);
	systemd->requests = glance.requests;
	systemd->status_ns = now_ns;
	len = snprintf(line, size, "%s%u worker%s, %llu connection%s, %llu "
	    "request%s/s", systemd_doing(master), workers,
	    systemd_plural(workers), (unsigned long long)glance.connections,
	    systemd_plural(glance.connections), (unsigned long long)rate,
	    systemd_plural(rate));
	if (!reload.ok)
		(void)snprintf(line + len, size - (size_t)len,
		    "; the last reload failed: %.*s",
		    (int)sizeof(reload.error), reload.error);
}

/* Say `first`, which is empty or a line, and the line if it has changed. */
static bool systemd_say(struct master *master, const char *first,
    uint64_t now_ns)
{
	struct systemd *systemd = &master->systemd;
	char text[SYSTEMD_TEXT_MAX], line[sizeof(systemd->line)];

	systemd_describe(master, now_ns, line, sizeof(line));
	if (!*first && strcmp(line, systemd->line) == 0)
		return true;
	memcpy(systemd->line, line, sizeof(line));
	(void)snprintf(text, sizeof(text), "%sSTATUS=%s\n", first, line);
	return systemd_send(systemd, text);
}

/* ---- in the loop ---- */

static void systemd_feed(struct master *master, uint64_t now_ns)
{
	struct systemd *systemd = &master->systemd;

	if (systemd->watchdog_ns == 0 || now_ns - systemd->fed_ns <
	    systemd->watchdog_ns / SYSTEMD_FEEDS)
		return;
	if (process_progress(master) && systemd_send(systemd, "WATCHDOG=1\n"))
		systemd->fed_ns = now_ns;
}

void systemd_turn(struct master *master, uint64_t now_ns)
{
	struct systemd *systemd = &master->systemd;

	if (systemd->fd < 0 || master->starting || master->failed ||
	    upgrade_follows(master))
		return;
	if (!systemd->ready && master->state < MASTER_QUITTING &&
	    process_settled(master))
		systemd->ready = systemd_say(master, "READY=1\n", now_ns);
	else if (now_ns - systemd->status_ns >= SYSTEMD_STATUS_NS)
		(void)systemd_say(master, "", now_ns); /* the next will */
	systemd_feed(master, now_ns);
}

static bool systemd_is_told(const struct master *master)
{
	return master->systemd.fd >= 0 && !upgrade_follows(master);
}

void systemd_reloading(struct master *master)
{
	char text[SYSTEMD_TEXT_MAX];

	if (!systemd_is_told(master))
		return;
	(void)snprintf(text, sizeof(text),
	    "RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=Reloading\n",
	    (unsigned long long)(clock_mono_ns() / NS_PER_USEC));
	master->systemd.ready = false;
	(void)systemd_send(&master->systemd, text); /* READY=1 will follow */
}

void systemd_stopping(struct master *master)
{
	int64_t timeout_ms = master->cycle->core->worker_shutdown_timeout;
	uint64_t now_ns = clock_mono_ns();
	char first[64] = "STOPPING=1\n";

	/* With a successor the service does not stop. */
	if (!systemd_is_told(master) || master->new_binary)
		return;
	if (master->state == MASTER_QUITTING) {
		if (timeout_ms == 0) {
			timeout_ms = SYSTEMD_STOP_MS;
			master->systemd.stop_ns = now_ns +
			    SYSTEMD_STOP_MS * NS_PER_MSEC;
		}
		(void)snprintf(first, sizeof(first),
		    "STOPPING=1\nEXTEND_TIMEOUT_USEC=%lld\n",
		    (long long)(timeout_ms + SYSTEMD_EXTRA_MS) * 1000);
	}
	(void)systemd_say(master, first, now_ns); /* it sees us end */
}

void systemd_leave(struct master *master)
{
	char text[64];

	if (!systemd_is_told(master) || !master->new_binary)
		return;
	(void)snprintf(text, sizeof(text), "MAINPID=%d\n",
	    (int)master->new_binary);
	(void)systemd_send(&master->systemd, text); /* nobody is left to ask */
}
