#include "load/awake.h"

#include <sched.h>
#include <unistd.h>

#include "base/clock.h"
#include "load/host.h"

/*
 * Who did not run for so long is on a processor that others use. That is
 * awake anyway, and time that is used there may be charged to all of this
 * session or control group, the first thread with it. So leave it to them for
 * some naps, and for more of them each time.
 */
#define AWAKE_TAKEN_NS (NS_PER_MSEC / 2)
#define AWAKE_NAP_NS (10 * NS_PER_MSEC)

enum { AWAKE_NAPS_MAX = 32 };

bool awake_may(unsigned threads, unsigned cpus, unsigned online,
    double quota)
{
	bool own = cpus < online && quota >= cpus;
	double usable = quota < cpus ? quota : cpus;

	return usable >= threads + (own ? 0 : 1);
}

bool awake_spare(unsigned threads)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	return awake_may(threads, load_host_cpus(),
	    online > 0 ? (unsigned)online : 1, load_host_quota());
}

/* To the processor of the other thread. If that cannot be done, it was not to
 * be. */
static void awake_move(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
}

static bool awake_stopped(const struct awake *awake)
{
	return __atomic_load_n(&awake->stop, __ATOMIC_RELAXED);
}

static void awake_nap(const struct awake *awake, unsigned count)
{
	const struct timespec nap = { .tv_nsec = AWAKE_NAP_NS };

	while (count-- > 0 && !awake_stopped(awake))
		(void)nanosleep(&nap, NULL); /* shorter is fine */
}

/* The clock in turns, which leaves most of a core to its other half. */
static void awake_run(struct awake *awake)
{
	uint64_t since_ns = clock_mono_ns(), last_ns = since_ns, now_ns;
	unsigned naps = 1;
	int here = -1, cpu;

	while (!awake_stopped(awake)) {
		cpu = __atomic_load_n(&awake->cpu, __ATOMIC_RELAXED);
		if (cpu != here)
			awake_move(cpu);
		here = cpu;
		now_ns = clock_mono_ns();
		if (now_ns - last_ns > AWAKE_TAKEN_NS) {
			awake_nap(awake, naps);
			if (naps < AWAKE_NAPS_MAX)
				naps *= 2;
			since_ns = now_ns = clock_mono_ns();
		} else if (now_ns - since_ns > naps * AWAKE_NAP_NS) {
			naps = 1;
		}
		last_ns = now_ns;
	}
}

static void *awake_main(void *arg)
{
	const struct sched_param param = { .sched_priority = 0 };
	struct awake *awake = arg;

	if (sched_setscheduler(0, SCHED_IDLE, &param) != 0)
		return NULL;
	awake_run(awake);
	awake->cpu_ns = clock_thread_ns();
	return NULL;
}

bool awake_start(struct awake *awake)
{
	*awake = (struct awake){ .cpu = sched_getcpu() };
	awake->started = pthread_create(&awake->id, NULL, awake_main,
	    awake) == 0;
	return awake->started;
}

void awake_here(struct awake *awake)
{
	int cpu = sched_getcpu();

	if (cpu != __atomic_load_n(&awake->cpu, __ATOMIC_RELAXED))
		__atomic_store_n(&awake->cpu, cpu, __ATOMIC_RELAXED);
}

void awake_stop(struct awake *awake)
{
	if (!awake->started)
		return;
	awake->started = false;
	__atomic_store_n(&awake->stop, true, __ATOMIC_RELAXED);
	(void)pthread_join(awake->id, NULL); /* cannot fail */
}
