#include "load/awake.h"

#include <sched.h>
#include <unistd.h>

#include "base/clock.h"
#include "load/host.h"

/*
 * Who did not run for so long had to wait for others, or for the hypervisor.
 * A processor that others use is awake anyway, and time that is used there may
 * be charged to all of this session or control group, the first thread with
 * it. So leave it to them for a nap, and for a longer one each time.
 *
 * A processor of our own is taken by the hypervisor only. Each request may be
 * late while it sleeps, and ten in a thousand are a p99: there the nap waits
 * until it is gone for more than a tenth of the time.
 */
#define AWAKE_GONE_NS (NS_PER_MSEC / 2)
#define AWAKE_GONE_MAX_NS (10 * NS_PER_MSEC)
#define AWAKE_NAP_NS (10 * NS_PER_MSEC)
#define AWAKE_NAP_MAX_NS (320 * NS_PER_MSEC)

enum { AWAKE_GONE_SHARE = 10 };

bool awake_own(unsigned cpus, unsigned online, double quota)
{
	return cpus < online && quota >= cpus;
}

bool awake_may(unsigned threads, unsigned cpus, unsigned online,
    double quota)
{
	double usable = quota < cpus ? quota : cpus;

	return usable >= threads + (awake_own(cpus, online, quota) ? 0 : 1);
}

static unsigned awake_online(void)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	return online > 0 ? (unsigned)online : 1;
}

bool awake_spare(unsigned threads)
{
	return awake_may(threads, load_host_cpus(), awake_online(),
	    load_host_quota());
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

uint64_t awake_watch(struct awake_watch *watch, uint64_t now_ns)
{
	uint64_t passed_ns = now_ns - watch->last_ns;
	uint64_t forgotten_ns = passed_ns / AWAKE_GONE_SHARE;

	watch->last_ns = now_ns;
	if (passed_ns <= AWAKE_GONE_NS) {
		if (watch->gone_ns > forgotten_ns)
			watch->gone_ns -= forgotten_ns;
		else
			watch->gone_ns = watch->nap_ns = 0;
		return 0;
	}
	watch->gone_ns += watch->own ? passed_ns : AWAKE_GONE_MAX_NS;
	if (watch->gone_ns < AWAKE_GONE_MAX_NS)
		return 0;
	watch->nap_ns = watch->nap_ns ? watch->nap_ns * 2 : AWAKE_NAP_NS;
	if (watch->nap_ns > AWAKE_NAP_MAX_NS)
		watch->nap_ns = AWAKE_NAP_MAX_NS;
	/* A nap is forgotten no sooner than it was long. */
	watch->gone_ns = watch->nap_ns / AWAKE_GONE_SHARE;
	if (watch->gone_ns < AWAKE_GONE_MAX_NS)
		watch->gone_ns = AWAKE_GONE_MAX_NS;
	return watch->nap_ns;
}

/* A nap is a number of the shortest ones. */
static void awake_nap(const struct awake *awake, uint64_t nap_ns)
{
	const struct timespec nap = { .tv_nsec = AWAKE_NAP_NS };

	for (; nap_ns > 0 && !awake_stopped(awake); nap_ns -= AWAKE_NAP_NS)
		(void)nanosleep(&nap, NULL); /* shorter is fine */
}

/* The clock in turns, which leaves most of a core to its other half. */
static void awake_run(struct awake *awake)
{
	struct awake_watch watch = { .last_ns = clock_mono_ns(),
		.own = awake->own };
	int here = -1, cpu;
	uint64_t nap_ns;

	while (!awake_stopped(awake)) {
		cpu = __atomic_load_n(&awake->cpu, __ATOMIC_RELAXED);
		if (cpu != here)
			awake_move(cpu);
		here = cpu;
		nap_ns = awake_watch(&watch, clock_mono_ns());
		if (nap_ns > 0) {
			awake_nap(awake, nap_ns);
			watch.last_ns = clock_mono_ns();
		}
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
	*awake = (struct awake){ .cpu = sched_getcpu(),
		.own = awake_own(load_host_cpus(), awake_online(),
		    load_host_quota()) };
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
