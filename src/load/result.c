/*
 * The result of a run; see result.h.
 */

#include "load/result.h"

#include <errno.h>
#include <math.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "load/latency.h"
#include "load/spec.h"

static double seconds(uint64_t ns)
{
	return (double)ns / (double)NS_PER_SEC;
}

/* ---- the id ---- */

void load_run_id(uint64_t unix_ns, char id[LOAD_RUN_ID_SIZE])
{
	static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint64_t time_ms = unix_ns / NS_PER_MSEC;
	uint64_t random[2];

	/* Early at boot there may be no random bytes; then time must do. */
	if (getrandom(random, sizeof(random), GRND_NONBLOCK) !=
	    sizeof(random)) {
		random[0] = hash_mix(unix_ns);
		random[1] = hash_mix(clock_mono_ns());
	}
	for (unsigned i = 0; i < 10; i++)
		id[i] = digits[time_ms >> (45 - 5 * i) & 31];
	for (unsigned i = 0; i < 16; i++)
		id[10 + i] = digits[random[i / 8] >> (5 * (i % 8)) & 31];
	id[LOAD_RUN_ID_SIZE - 1] = '\0';
}

/* ---- what was wanted ---- */

static const char *result_arrivals(const struct load_plan *plan)
{
	if (!plan->open)
		return "";
	return plan->replay ? "replay"
	    : load_arrivals_name(plan->schedule.arrivals);
}

/* Requests a second that were meant, on average. */
static double result_rate_meant(const struct load_plan *plan)
{
	uint64_t end_ns;

	if (!plan->open)
		return 0;
	end_ns = schedule_end_ns(&plan->schedule);
	return end_ns ? schedule_area(&plan->schedule, end_ns) /
	    seconds(end_ns) : 0;
}

/* The course of the rate, if it is not the same all the time. */
static int result_stages(const struct load_plan *plan, struct arena *arena,
    Ringmaster__V1__LoadSpec *spec)
{
	const struct schedule *schedule = &plan->schedule;
	Ringmaster__V1__LoadStage *stages;

	if (!plan->open || (schedule->count == 2 &&
	    schedule->points[0].rate == schedule->points[1].rate))
		return 0;
	stages = arena_calloc(arena, schedule->count, sizeof(*stages));
	spec->stages = arena_calloc(arena, schedule->count,
	    sizeof(*spec->stages));
	if (!stages || !spec->stages)
		return -ENOMEM;
	for (unsigned i = 0; i < schedule->count; i++) {
		ringmaster__v1__load_stage__init(&stages[i]);
		stages[i].at_seconds = seconds(schedule->points[i].at_ns);
		stages[i].rate = schedule->points[i].rate;
		spec->stages[i] = &stages[i];
	}
	spec->n_stages = schedule->count;
	return 0;
}

static int result_names(const struct load_plan *plan, struct arena *arena,
    Ringmaster__V1__LoadSpec *spec)
{
	unsigned count = plan->request_count < LOAD_NAMES_MAX
	    ? plan->request_count : LOAD_NAMES_MAX;

	spec->request_count = plan->request_count;
	spec->requests = arena_calloc(arena, LOAD_NAMES_MAX,
	    sizeof(*spec->requests));
	if (!spec->requests)
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++)
		spec->requests[i] = (char *)(uintptr_t)plan->requests[i].name;
	spec->n_requests = count;
	return 0;
}

static int result_spec(const struct load_plan *plan, struct arena *arena,
    Ringmaster__V1__LoadSpec **ret)
{
	Ringmaster__V1__LoadSpec *spec = arena_alloc(arena, sizeof(*spec));
	int err;

	if (!spec)
		return -ENOMEM;
	ringmaster__v1__load_spec__init(spec);
	/* The model's strings are not written to. */
	spec->model = (char *)(uintptr_t)(plan->open ? "open" : "closed");
	spec->arrivals = (char *)(uintptr_t)result_arrivals(plan);
	spec->connections = plan->connections;
	spec->threads = plan->threads;
	spec->requests_each = plan->each;
	spec->duration_seconds = seconds(plan->duration_ns);
	spec->warmup_seconds = seconds(plan->warmup_ns);
	spec->rate = result_rate_meant(plan);
	spec->pipeline = plan->pipeline;
	spec->keepalive = plan->keepalive;
	spec->timeout_seconds = seconds(plan->timeout_ns);
	spec->seed = plan->seed;
	spec->cookies = plan->cookies;
	spec->think_min_seconds = seconds(plan->think_min_ns);
	spec->think_max_seconds = seconds(plan->think_max_ns);
	err = result_stages(plan, arena, spec);
	if (!err)
		err = result_names(plan, arena, spec);
	if (!err)
		*ret = spec;
	return err;
}

/* ---- what came of it ---- */

/*
 * The time in which the requests were done: until the last answer. What never
 * answers keeps the engine waiting beyond the end of the test, and a server
 * that stops answers nothing until then: neither is a higher rate.
 */
static uint64_t result_time_ns(const struct load_plan *plan,
    const struct engine_result *engine)
{
	uint64_t last_ns = 0, end_ns = engine->elapsed_ns;

	if (plan->duration_ns == 0)
		return end_ns;
	if (engine->record.last_ns > engine->started_ns)
		last_ns = engine->record.last_ns - engine->started_ns;
	if (end_ns > plan->duration_ns || (plan->open && !engine->stopped))
		end_ns = plan->duration_ns;
	return last_ns > end_ns ? last_ns : end_ns;
}

static int result_causes(const struct load_counts *counts,
    struct arena *arena, Ringmaster__V1__LoadResult *result)
{
	Ringmaster__V1__LoadError *causes = arena_calloc(arena,
	    LOAD_ERROR_COUNT, sizeof(*causes));

	result->causes = arena_calloc(arena, LOAD_ERROR_COUNT,
	    sizeof(*result->causes));
	if (!causes || !result->causes)
		return -ENOMEM;
	for (unsigned i = 0; i < LOAD_ERROR_COUNT; i++) {
		Ringmaster__V1__LoadError *cause = &causes[result->n_causes];

		if (counts->errors[i] == 0)
			continue;
		ringmaster__v1__load_error__init(cause);
		cause->cause = (char *)(uintptr_t)load_error_names[i];
		cause->count = counts->errors[i];
		result->errors += cause->count;
		result->causes[result->n_causes++] = cause;
	}
	return 0;
}

static int result_statuses(const struct load_record *record,
    struct arena *arena, Ringmaster__V1__LoadResult *result)
{
	Ringmaster__V1__LoadStatus *statuses = arena_calloc(arena,
	    LOAD_STATUSES, sizeof(*statuses));

	result->statuses = arena_calloc(arena, LOAD_STATUSES,
	    sizeof(*result->statuses));
	if (!statuses || !result->statuses)
		return -ENOMEM;
	for (unsigned i = 0; i < LOAD_STATUSES; i++) {
		Ringmaster__V1__LoadStatus *status =
		    &statuses[result->n_statuses];

		if (record->statuses[i] == 0)
			continue;
		ringmaster__v1__load_status__init(status);
		status->code = i;
		status->count = record->statuses[i];
		result->statuses[result->n_statuses++] = status;
	}
	return 0;
}

static uint64_t result_errors(const struct load_counts *counts)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < LOAD_ERROR_COUNT; i++)
		sum += counts->errors[i];
	return sum;
}

/* Durations of a second; 0 without any. */
static void result_second_latency(const struct hist *hist,
    Ringmaster__V1__LoadSecond *to)
{
	to->p50 = seconds(hist_quantile_ns(hist, 0.5));
	to->p90 = seconds(hist_quantile_ns(hist, 0.9));
	to->p99 = seconds(hist_quantile_ns(hist, 0.99));
	to->max = seconds(hist->max_ns);
}

static int result_second(const struct engine_result *engine, unsigned index,
    struct arena *arena, Ringmaster__V1__LoadSecond *to)
{
	const struct load_second *from = &engine->seconds[index];

	ringmaster__v1__load_second__init(to);
	to->second = index;
	to->due = from->due;
	to->sent = from->counts.sent;
	to->requests = from->counts.completed;
	to->errors = result_errors(&from->counts);
	to->backlog = from->backlog;
	to->connections = from->connections;
	to->bytes_in = from->counts.bytes_in;
	result_second_latency(&from->response, to);
	if (engine->second_count > LOAD_SECOND_BINS_MAX)
		return 0;
	return latency_bins(&from->response, arena, &to->first_bin,
	    &to->n_bins, &to->bins);
}

/* The last second may be the moment after the end. */
static unsigned result_second_count(const struct engine_result *engine)
{
	unsigned count = engine->second_count;

	while (count > 1 && count - 1 >= engine->elapsed_ns / NS_PER_SEC) {
		const struct load_counts *counts =
		    &engine->seconds[count - 1].counts;

		if (counts->sent || counts->completed ||
		    result_errors(counts))
			break;
		count--;
	}
	return count;
}

static int result_seconds(const struct load_plan *plan,
    const struct engine_result *engine, struct arena *arena,
    Ringmaster__V1__LoadResult *result)
{
	unsigned count = result_second_count(engine);
	Ringmaster__V1__LoadSecond *list;
	int err = 0;

	if (count == 0)
		return 0;
	list = arena_calloc(arena, count, sizeof(*list));
	result->seconds = arena_calloc(arena, count,
	    sizeof(*result->seconds));
	if (!list || !result->seconds)
		return -ENOMEM;
	for (unsigned i = 0; i < count && !err; i++) {
		err = result_second(engine, i, arena, &list[i]);
		list[i].warmup = i * NS_PER_SEC < plan->warmup_ns;
		result->seconds[i] = &list[i];
	}
	result->n_seconds = count;
	return err;
}

static int result_latencies(const struct load_plan *plan,
    const struct load_record *record, struct arena *arena,
    Ringmaster__V1__LoadResult *result)
{
	result->latency = latency_make(&record->response, arena);
	result->service = latency_make(&record->service, arena);
	result->first_byte = latency_make(&record->first_byte, arena);
	result->connect = latency_make(&record->connect, arena);
	if (plan->open)
		result->slip = latency_make(&record->slip, arena);
	if (!result->latency || !result->service || !result->first_byte ||
	    !result->connect || (plan->open && !result->slip))
		return -ENOMEM;
	return 0;
}

static int result_health(const struct engine_health *from,
    struct arena *arena, Ringmaster__V1__LoadHealth **ret)
{
	Ringmaster__V1__LoadHealth *health =
	    arena_alloc(arena, sizeof(*health));

	if (!health)
		return -ENOMEM;
	ringmaster__v1__load_health__init(health);
	health->cpu_max = from->cpu_max;
	health->cpu_seconds = seconds(from->cpu_ns);
	health->awake_seconds = seconds(from->awake_ns);
	health->cq_overflows = from->cq_overflows;
	health->involuntary_switches = from->involuntary;
	health->stalled_seconds = seconds(from->stalled_ns);
	*ret = health;
	return 0;
}

static int result_counts(const struct load_plan *plan,
    const struct engine_result *engine, struct arena *arena,
    Ringmaster__V1__LoadResult *result)
{
	const struct load_record *record = &engine->record;
	uint64_t time_ns = result_time_ns(plan, engine);
	char id[LOAD_RUN_ID_SIZE];
	struct slice run;

	load_run_id(engine->started_real_ns, id);
	run = arena_copy(arena, slice_cstr(id));
	if (!run.data)
		return -ENOMEM;
	result->run = (char *)(uintptr_t)run.data;
	result->url = (char *)(uintptr_t)plan->url;
	result->started_unix_ns = engine->started_real_ns;
	result->duration_seconds = seconds(time_ns);
	result->requests = record->counts.completed;
	if (time_ns > plan->warmup_ns)
		result->rate = (double)record->measured /
		    seconds(time_ns - plan->warmup_ns);
	result->passed = true;
	result->partial = engine->stopped;
	if (engine->stopped)
		result->partial_reason =
		    (char *)(uintptr_t)"stopped before its end";
	result->sent = record->counts.sent;
	result->unfinished = record->unfinished;
	result->unsent = record->unsent;
	result->retried = record->counts.retried;
	result->connects = record->counts.connects;
	result->bytes_out = record->counts.bytes_out;
	result->bytes_in = record->counts.bytes_in;
	return 0;
}

int load_result_make(const struct load_plan *plan,
    const struct engine_result *engine, struct arena *arena,
    Ringmaster__V1__LoadResult **ret)
{
	const struct load_record *record = &engine->record;
	Ringmaster__V1__LoadResult *result =
	    arena_alloc(arena, sizeof(*result));
	int err;

	if (!result)
		return -ENOMEM;
	ringmaster__v1__load_result__init(result);
	err = result_counts(plan, engine, arena, result);
	if (!err)
		err = result_spec(plan, arena, &result->spec);
	if (!err)
		err = result_latencies(plan, record, arena, result);
	if (!err)
		err = result_causes(&record->counts, arena, result);
	if (!err)
		err = result_statuses(record, arena, result);
	if (!err)
		err = result_seconds(plan, engine, arena, result);
	if (!err)
		err = result_health(&engine->health, arena, &result->health);
	if (err)
		return err;
	result->place = load_host_place(arena);
	if (!result->place)
		return -ENOMEM;
	*ret = result;
	return 0;
}

void load_result_host(Ringmaster__V1__LoadResult *result,
    const struct load_host *before, const struct load_host *after)
{
	double total = (double)(after->total - before->total);
	/* Who keeps a processor awake has it only while it is idle. */
	double idle = (double)(after->idle - before->idle) +
	    result->health->awake_seconds * (double)sysconf(_SC_CLK_TCK);

	if (after->total <= before->total || after->idle < before->idle ||
	    after->steal < before->steal)
		return;
	result->health->steal = (double)(after->steal - before->steal) / total;
	result->health->busy = fmax(1 - idle / total, 0);
}
