#include "load/arrivals.h"

#include "base/clock.h"
#include "load/client.h"

/* The arrival after this one to worker->due_*; see worker->more. */
static void arrivals_advance(struct load_worker *worker)
{
	const struct load_plan *plan = worker->plan;
	uint64_t at_ns;

	if (plan->replay) {
		worker->more = worker->replay_next < plan->replay_count;
		if (worker->more) {
			at_ns = plan->replay[worker->replay_next].at_ns;
			worker->due_request =
			    plan->replay[worker->replay_next].request;
			worker->replay_next += plan->threads;
		}
	} else {
		worker->more = schedule_next(&worker->schedule, &at_ns);
	}
	if (worker->more)
		worker->due_ns = worker->start_ns + at_ns;
}

/* The first request whose sum of weights reaches `share`. */
static unsigned arrivals_find(const struct load_plan *plan, double share)
{
	unsigned low = 0, high = plan->request_count - 1;

	while (low < high) {
		unsigned middle = (low + high) / 2;

		if (plan->requests[middle].until < share)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct load_request *arrivals_choose(struct load_worker *worker)
{
	const struct load_plan *plan = worker->plan;

	if (plan->request_count == 1)
		return plan->requests;
	if (plan->in_turn)
		return &plan->requests[worker->turn++ % plan->request_count];
	return &plan->requests[arrivals_find(plan,
	    schedule_random_unit(&worker->random))];
}

bool arrivals_take(struct load_worker *worker,
    const struct load_request **request, uint64_t *due_ns)
{
	if (!worker->more || worker->stopping ||
	    worker->due_ns > clock_mono_ns())
		return false;
	*request = worker->plan->replay
	    ? &worker->plan->requests[worker->due_request]
	    : arrivals_choose(worker);
	*due_ns = worker->due_ns;
	worker->taken++;
	worker->second.due++;
	arrivals_advance(worker);
	return true;
}

void arrivals_start(struct load_worker *worker)
{
	worker->schedule = worker->plan->schedule;
	schedule_start(&worker->schedule, worker->plan->seed, worker->index,
	    worker->plan->threads);
	worker->replay_next = worker->index;
	arrivals_advance(worker);
}

bool arrivals_change_rate(struct load_worker *worker, double rate)
{
	if (!worker->plan->open || worker->plan->replay || !worker->more ||
	    !schedule_change(&worker->schedule,
		clock_mono_ns() - worker->start_ns, rate))
		return false;
	arrivals_advance(worker);
	return true;
}

uint64_t arrivals_backlog(const struct load_worker *worker, uint64_t now_ns)
{
	double due;

	if (!worker->plan->open || worker->plan->replay ||
	    now_ns < worker->start_ns)
		return 0;
	due = schedule_area(&worker->schedule, now_ns - worker->start_ns) /
	    worker->plan->threads - (double)worker->taken;
	return due > 0 ? (uint64_t)due : 0;
}
