#include "load/host.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* proc(5): user, nice, system, idle, iowait, irq, softirq, steal; what
 * follows is contained in these. */
enum { HOST_FIELDS = 8, HOST_IDLE = 3, HOST_IOWAIT = 4, HOST_STEAL = 7 };

enum { HOST_LINE_MAX = 256 };

void load_host_parse(const char *line, struct load_host *ret)
{
	uint64_t fields[HOST_FIELDS] = { 0 };
	int n = sscanf(line, "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
	    " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64, &fields[0],
	    &fields[1], &fields[2], &fields[3], &fields[4], &fields[5],
	    &fields[6], &fields[7]);

	*ret = (struct load_host){ .total = 0 };
	if (n != HOST_FIELDS)
		return;
	for (unsigned i = 0; i < HOST_FIELDS; i++)
		ret->total += fields[i];
	ret->idle = fields[HOST_IDLE] + fields[HOST_IOWAIT];
	ret->steal = fields[HOST_STEAL];
}

void load_host_read(struct load_host *ret)
{
	FILE *file = fopen("/proc/stat", "re");
	char line[HOST_LINE_MAX] = "";

	if (file && !fgets(line, sizeof(line), file))
		line[0] = '\0';
	if (file)
		(void)fclose(file); /* only read */
	load_host_parse(line, ret);
}

unsigned load_host_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) == 0
	    ? (unsigned)CPU_COUNT(&set) : 1;
}

/* "150000 100000", of a period in us, or "max 100000". */
static double host_quota_read(const char *path)
{
	FILE *file = fopen(path, "re");
	uint64_t quota, period;
	double ret = HUGE_VAL;

	if (!file)
		return ret;
	if (fscanf(file, "%" SCNu64 " %" SCNu64, &quota, &period) == 2 &&
	    period > 0)
		ret = (double)quota / (double)period;
	(void)fclose(file); /* only read */
	return ret;
}

double load_host_quota_of(const char *root, const char *group)
{
	char path[PATH_MAX];
	size_t len = strlen(group);
	double least = HUGE_VAL, quota;

	for (;;) {
		if (snprintf(path, sizeof(path), "%s%.*s/cpu.max", root,
		    (int)len, group) < (int)sizeof(path)) {
			quota = host_quota_read(path);
			if (quota < least)
				least = quota;
		}
		if (len == 0)
			return least;
		while (len > 0 && group[--len] != '/')
			continue;
	}
}

/* "0::/user.slice/..." in one of its lines (cgroups(7)). */
double load_host_quota(void)
{
	FILE *file = fopen("/proc/self/cgroup", "re");
	char line[PATH_MAX];
	const char *group = "";

	while (file && !*group && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "0::", 3) == 0)
			group = line + 3;
	}
	if (file)
		(void)fclose(file); /* only read */
	return load_host_quota_of("/sys/fs/cgroup", group);
}

/* "model name	: Some Processor" on x86; elsewhere there may be none. */
static struct slice host_cpu_model(struct arena *arena)
{
	FILE *file = fopen("/proc/cpuinfo", "re");
	struct slice model = { "", 0 };
	char line[HOST_LINE_MAX];

	while (file && model.len == 0 && fgets(line, sizeof(line), file)) {
		const char *colon = strchr(line, ':');
		struct slice value;

		if (!colon || strncmp(line, "model name", 10) != 0)
			continue;
		value = slice_cstr(colon + 1);
		if (slice_ends(value, SLICE("\n")))
			value.len--;
		model = arena_copy(arena, slice_trim(value));
	}
	if (file)
		(void)fclose(file); /* only read */
	return model;
}

Ringmaster__V1__LoadPlace *load_host_place(struct arena *arena)
{
	Ringmaster__V1__LoadPlace *place = arena_alloc(arena, sizeof(*place));
	struct slice model = host_cpu_model(arena), kernel, host;
	struct utsname name;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	(void)uname(&name); /* cannot fail */
	kernel = arena_copy(arena, slice_cstr(name.release));
	host = arena_copy(arena, slice_cstr(name.nodename));
	if (!place || !model.data || !kernel.data || !host.data)
		return NULL;
	ringmaster__v1__load_place__init(place);
	/* The model's strings are not written to. */
	place->version = (char *)(uintptr_t)PACKAGE_VERSION;
	place->kernel = (char *)(uintptr_t)kernel.data;
	place->host = (char *)(uintptr_t)host.data;
	place->cpu_model = (char *)(uintptr_t)model.data;
	place->cpus = cpus > 0 ? (uint32_t)cpus : 0;
	return place;
}
