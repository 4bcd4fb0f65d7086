#include "base/syslog.h"

#include <errno.h>
#include <stdio.h>
#include <sys/uio.h>
#include <time.h>

enum { SYSLOG_HEAD_MAX = 32 + SYSLOG_HOST_MAX + SYSLOG_TAG_MAX };

int syslog_open(const struct syslog_target *target)
{
	int fd = socket(target->address.ss_family,
	    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

/* "<190>Jan  2 03:04:05 host tag: "; in English, whatever the locale. */
static size_t syslog_head(const struct syslog_target *target,
    unsigned severity, char *to, size_t size)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
		"May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	time_t now = time(NULL);
	struct tm tm;

	(void)localtime_r(&now, &tm); /* valid for every present-day time */
	return (size_t)snprintf(to, size, "<%u>%s %2d %02d:%02d:%02d %s%s%s: ",
	    target->facility * SYSLOG_SEVERITIES + severity,
	    months[tm.tm_mon], tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
	    target->host, target->host[0] ? " " : "", target->tag);
}

int syslog_send(const struct syslog_target *target, int fd,
    unsigned severity, struct slice text)
{
	char head[SYSLOG_HEAD_MAX];
	struct iovec parts[2] = {
		{ head, syslog_head(target, severity, head, sizeof(head)) },
		{ (void *)(uintptr_t)text.data, text.len },
	};
	/* To an address each time: a daemon may go and come back. */
	struct msghdr message = {
		.msg_name = (void *)(uintptr_t)&target->address,
		.msg_namelen = target->address_len,
		.msg_iov = parts,
		.msg_iovlen = 2,
	};

	return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ?
	    -errno : 0;
}
