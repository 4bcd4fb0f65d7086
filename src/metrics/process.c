#include "metrics/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"

enum { PROCESS_FILE_MAX = 4096 };

/* /proc/PID/NAME with a terminator; empty if it cannot be read. */
static void process_file(pid_t pid, const char *name,
    char text[PROCESS_FILE_MAX])
{
	char path[64];
	ssize_t len = -1;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		len = read(fd, text, PROCESS_FILE_MAX - 1);
		(void)close(fd);
	}
	text[len > 0 ? len : 0] = '\0';
}

static void process_stat(const char *text, struct metrics_process *ret)
{
	/* The name, in parentheses, may hold any byte. proc(5): state is
	 * field 3, utime and stime are 14 and 15, rss is 24. */
	const char *p = strrchr(text, ')');
	uint64_t tick_ns = NS_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK);
	unsigned long user, system;
	long pages;

	if (!p || sscanf(p + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u "
	    "%*u %lu %lu %*d %*d %*d %*d %*d %*d %*u %*u %ld",
	    &user, &system, &pages) != 3)
		return;
	ret->cpu_user_ns = user * tick_ns;
	ret->cpu_system_ns = system * tick_ns;
	ret->rss_bytes = (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Counting needs leave to trace the process; the size of the directory,
 * which Linux 6.2 and later give, does not. */
static uint32_t process_fds(pid_t pid)
{
	struct stat status;
	char path[64];
	uint32_t count = 0;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	if (stat(path, &status) == 0 && status.st_size > 0)
		return (uint32_t)status.st_size;
	dir = opendir(path);
	if (!dir)
		return 0;
	for (const struct dirent *entry; (entry = readdir(dir)); )
		count += entry->d_name[0] != '.';
	(void)closedir(dir);
	return count;
}

void metrics_process_read(pid_t pid, struct metrics_process *ret)
{
	char text[PROCESS_FILE_MAX];
	const char *limit;

	memset(ret, 0, sizeof(*ret));
	process_file(pid, "stat", text);
	process_stat(text, ret);
	process_file(pid, "limits", text);
	limit = strstr(text, "Max open files");
	if (limit)
		ret->max_fds = (uint32_t)strtoul(
		    limit + strlen("Max open files"), NULL, 10);
	ret->open_fds = process_fds(pid);
}

bool metrics_process_is_zombie(pid_t pid)
{
	char text[PROCESS_FILE_MAX];
	const char *p;

	process_file(pid, "stat", text);
	p = strrchr(text, ')');
	return p && strncmp(p, ") Z", 3) == 0;
}
