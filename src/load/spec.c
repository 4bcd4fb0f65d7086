/*
 * Options to a plan: defaults, limits, what excludes what. The options are
 * taken in the order in which people think of them: what is sent, where to,
 * by how many, when.
 */
#include "load/spec.h"

#include <sys/random.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "load/host.h"
#include "load/replay.h"
#include "load/scenario.h"
#include "load/stages.h"
#include "load/urls.h"

static const char *const spec_arrivals[] = {
	[SCHEDULE_CONSTANT] = "constant",
	[SCHEDULE_POISSON] = "poisson",
	[SCHEDULE_UNIFORM] = "uniform",
};
enum { SPEC_ARRIVALS = sizeof(spec_arrivals) / sizeof(*spec_arrivals) };

bool load_arrivals_parse(struct slice name, enum schedule_arrivals *ret)
{
	for (unsigned i = 0; i < SPEC_ARRIVALS; i++) {
		if (slice_equal(name, slice_cstr(spec_arrivals[i]))) {
			*ret = (enum schedule_arrivals)i;
			return true;
		}
	}
	return false;
}

const char *load_arrivals_name(enum schedule_arrivals arrivals)
{
	return spec_arrivals[arrivals];
}

/* A plan that is being made. */
struct spec {
	struct load_options options;	/* with defaults filled in */
	struct arena *arena;
	const struct fault *fault;
	struct load_plan *plan;
	struct draft draft;
	struct scenario scenario;	/* name: NULL without one */
};

/* ---- numbers ---- */

static uint64_t spec_ns(double seconds)
{
	return (uint64_t)(seconds * (double)NS_PER_SEC);
}

/* Seconds of an option, above 0 and at most LOAD_DURATION_MAX_S. */
static int spec_check_seconds(const struct spec *spec, const char *name,
    double seconds)
{
	if (seconds >= 0.001 && seconds <= LOAD_DURATION_MAX_S)
		return 0;
	return fault_set(spec->fault, "%s: %g s is not from 1 ms to %d s",
	    name, seconds, LOAD_DURATION_MAX_S);
}

/* Processors for the generator: one is left to a server on this machine. */
static unsigned spec_cpus(void)
{
	unsigned count = load_host_cpus();

	return count > 2 ? count - 1 : 1;
}

static unsigned spec_threads(const struct load_options *options)
{
	unsigned wanted = (options->connections - 1) /
	    LOAD_CONNECTIONS_PER_THREAD + 1, cpus = spec_cpus();

	if (wanted > cpus)
		wanted = cpus;
	return wanted < LOAD_THREADS_MAX ? wanted : LOAD_THREADS_MAX;
}

static int spec_check_counts(struct spec *spec)
{
	struct load_options *options = &spec->options;

	if (options->connections == 0)
		options->connections = LOAD_CONNECTIONS_DEFAULT;
	if (options->connections > LOAD_CONNECTIONS_MAX)
		return fault_set(spec->fault, "--connections: %u is above the "
		    "limit of %d", options->connections,
		    LOAD_CONNECTIONS_MAX);
	if (options->threads == 0)
		options->threads = spec_threads(options);
	if (options->threads > LOAD_THREADS_MAX)
		return fault_set(spec->fault, "--threads: %u is above the "
		    "limit of %d", options->threads, LOAD_THREADS_MAX);
	if (options->threads > options->connections)
		return fault_set(spec->fault, "--threads: %u threads have "
		    "nothing to do with %u connections", options->threads,
		    options->connections);
	if (options->pipeline == 0)
		options->pipeline = 1;
	if (options->pipeline > LOAD_PIPELINE_MAX)
		return fault_set(spec->fault, "--pipeline: %u is above the "
		    "limit of %d", options->pipeline, LOAD_PIPELINE_MAX);
	if (options->requests_each > LOAD_REQUESTS_EACH_MAX)
		return fault_set(spec->fault, "--requests: %llu is above the "
		    "limit of %d", (unsigned long long)options->requests_each,
		    LOAD_REQUESTS_EACH_MAX);
	if (options->seed > LOAD_SEED_MAX)
		return fault_set(spec->fault, "--seed: %llu is above the "
		    "limit of %llu", (unsigned long long)options->seed,
		    (unsigned long long)LOAD_SEED_MAX);
	if (options->pipeline > 1 && options->no_keepalive)
		return fault_set(spec->fault, "--pipeline needs connections "
		    "that are kept, without --no-keepalive");
	return 0;
}

static int spec_check_times(struct spec *spec)
{
	struct load_options *options = &spec->options;
	int err = 0;

	if (options->timeout_s == 0)
		options->timeout_s = LOAD_TIMEOUT_DEFAULT_S;
	if (options->duration_s != 0)
		err = spec_check_seconds(spec, "--duration",
		    options->duration_s);
	if (!err)
		err = spec_check_seconds(spec, "--timeout",
		    options->timeout_s);
	if (err)
		return err;
	if (options->rate != 0 &&
	    !(options->rate > 0 && options->rate <= LOAD_RATE_MAX))
		return fault_set(spec->fault, "--rate: %g is not above 0 and "
		    "at most %d requests a second", options->rate,
		    LOAD_RATE_MAX);
	if (options->speed != 0 && !options->replay_file)
		return fault_set(spec->fault, "--speed is that of a --replay");
	if (options->speed == 0)
		options->speed = 1;
	if (!(options->speed > 0 && options->speed <= LOAD_SPEED_MAX))
		return fault_set(spec->fault, "--speed: %g is not above 0 and "
		    "at most %d", options->speed, LOAD_SPEED_MAX);
	return 0;
}

/* ---- what is sent ---- */

static int spec_check_headers(struct spec *spec)
{
	const struct load_options *options = &spec->options;
	const char *wrong = options->method
	    ? draft_method_wrong(slice_cstr(options->method)) : NULL;
	struct draft_header header;

	if (wrong)
		return fault_set(spec->fault, "--method: \"%s\" cannot be "
		    "sent: %s", options->method, wrong);
	if (options->header_count > LOAD_HEADERS_MAX)
		return fault_set(spec->fault, "--header: there are more than "
		    "%d", LOAD_HEADERS_MAX);
	for (unsigned i = 0; i < options->header_count; i++) {
		if (!draft_header_split(slice_cstr(options->headers[i]),
			&header))
			return fault_set(spec->fault, "--header: \"%s\" is "
			    "not NAME: VALUE", options->headers[i]);
		wrong = draft_header_wrong(&header);
		if (wrong)
			return fault_set(spec->fault, "--header: \"%.*s\" "
			    "cannot be sent: %s", SLICE_ARG(header.name),
			    wrong);
	}
	if (options->has_body && options->body.len > LOAD_BODY_MAX)
		return fault_set(spec->fault, "--body: it is longer than %d "
		    "bytes", LOAD_BODY_MAX);
	return 0;
}

/* Where requests come from; at most one, besides a URL. */
static int spec_check_source(struct spec *spec)
{
	const struct load_options *options = &spec->options;
	unsigned files = !!options->urls_file + !!options->replay_file +
	    !!options->scenario_file;

	if (files > 1)
		return fault_set(spec->fault, "of --urls, --replay and "
		    "--scenario there can be only one");
	if (!options->url && files == 0)
		return fault_set(spec->fault, "there is no URL");
	if (!options->url && options->replay_file)
		return fault_set(spec->fault, "--replay needs the URL of the "
		    "server, a log does not say it");
	if (options->replay_file && options->method)
		return fault_set(spec->fault, "--method does not go with "
		    "--replay, the log has the methods");
	return 0;
}

static int spec_add_url(struct spec *spec)
{
	const struct draft_request wanted = {
		.uri = spec->draft.target.uri,
		.name = spec->draft.target.uri,
	};

	return draft_add(&spec->draft, &wanted);
}

static int spec_read_source(struct spec *spec)
{
	const struct load_options *options = &spec->options;
	int err = 0;

	if (options->url)
		err = load_target_parse(slice_cstr(options->url), spec->arena,
		    spec->fault, &spec->draft.target);
	if (err)
		return err;
	if (options->urls_file)
		return urls_read(&spec->draft, options->urls_file);
	if (options->replay_file)
		return replay_read(&spec->draft, options->replay_file,
		    &spec->plan->notice);
	if (options->scenario_file)
		return scenario_read(&spec->draft, options->scenario_file,
		    &spec->scenario);
	return spec_add_url(spec);
}

/* ---- when ---- */

static int spec_check_model(const struct spec *spec)
{
	const struct load_options *options = &spec->options;
	bool course = options->stages || (spec->scenario.schedule.count &&
	    options->rate == 0);

	if (options->rate != 0 && options->stages)
		return fault_set(spec->fault, "--rate and --stages both say "
		    "the rate, there can be only one");
	if (options->replay_file && (options->rate != 0 || options->stages ||
	    options->arrivals != SCHEDULE_CONSTANT))
		return fault_set(spec->fault, "--rate, --stages and "
		    "--arrivals do not go with --replay, the log has the "
		    "times");
	if (options->requests_each && (options->replay_file || course ||
	    options->rate != 0))
		return fault_set(spec->fault, "--requests counts those of a "
		    "connection, which is not how the open model ends: use "
		    "--duration");
	if (course && options->duration_s != 0)
		return fault_set(spec->fault, "--duration does not go with "
		    "stages, which have their times");
	return 0;
}

/* A straight line. */
static struct schedule spec_constant(double rate, double duration_s)
{
	return (struct schedule){ .points = { { 0, rate },
	    { spec_ns(duration_s), rate } }, .count = 2 };
}

/* Of the replay: its last entry ends it. */
static void spec_replay_times(struct load_plan *plan)
{
	plan->open = true;
	plan->duration_ns = plan->replay[plan->replay_count - 1].at_ns +
	    NS_PER_MSEC;
	plan->schedule = spec_constant(plan->replay_count /
	    ((double)plan->duration_ns / (double)NS_PER_SEC), 0);
	plan->schedule.points[1].at_ns = plan->duration_ns;
}

static int spec_course(struct spec *spec)
{
	const struct load_options *options = &spec->options;
	struct schedule *schedule = &spec->plan->schedule;
	const char *wrong = NULL;

	if (options->stages)
		wrong = stages_parse(slice_cstr(options->stages), schedule);
	else if (options->rate != 0)
		*schedule = spec_constant(options->rate,
		    options->duration_s ? options->duration_s
					: LOAD_DURATION_DEFAULT_S);
	else
		*schedule = spec->scenario.schedule;
	if (wrong)
		return fault_set(spec->fault, "--stages: \"%s\" cannot be "
		    "followed: %s", options->stages, wrong);
	schedule->arrivals = options->arrivals != SCHEDULE_CONSTANT
	    ? options->arrivals : spec->scenario.schedule.arrivals;
	spec->plan->open = schedule->count > 0;
	if (schedule->count)
		spec->plan->duration_ns = schedule_end_ns(schedule);
	else if (schedule->arrivals != SCHEDULE_CONSTANT)
		return fault_set(spec->fault, "arrivals are those of a rate: "
		    "give --rate or --stages, too");
	return 0;
}

static void spec_closed_times(struct spec *spec)
{
	const struct load_options *options = &spec->options;
	double duration_s = options->duration_s;

	if (duration_s == 0 && options->requests_each == 0)
		duration_s = LOAD_DURATION_DEFAULT_S;
	spec->plan->duration_ns = spec_ns(duration_s);
	spec->plan->each = options->requests_each;
}

static int spec_warmup(struct spec *spec)
{
	struct load_plan *plan = spec->plan;
	double warmup_s = spec->options.warmup_s;
	uint64_t limit_ns = plan->duration_ns ? plan->duration_ns
	    : LOAD_DURATION_MAX_S * NS_PER_SEC;

	if (warmup_s < 0) {
		plan->warmup_ns = plan->each ? 0 : plan->duration_ns / 10;
		if (plan->warmup_ns > LOAD_WARMUP_MAX_S * NS_PER_SEC)
			plan->warmup_ns = LOAD_WARMUP_MAX_S * NS_PER_SEC;
		return 0;
	}
	if (!(warmup_s < (double)limit_ns / (double)NS_PER_SEC))
		return fault_set(spec->fault, "--warmup: %g s leave nothing "
		    "of a test of %g s", warmup_s, (double)limit_ns /
		    (double)NS_PER_SEC);
	plan->warmup_ns = spec_ns(warmup_s);
	return 0;
}

/* Pauses between requests would be late requests of the open model. */
static void spec_think(struct spec *spec)
{
	const struct scenario *scenario = &spec->scenario;

	if (!spec->plan->open) {
		spec->plan->think_min_ns = spec_ns(scenario->think_min_s);
		spec->plan->think_max_ns = spec_ns(scenario->think_max_s);
	} else if (scenario->think_max_s > 0) {
		spec->plan->notice = "nobody thinks in the open model: the "
		    "rate says when requests are sent";
	}
}

static int spec_times(struct spec *spec)
{
	int err = 0;

	if (spec->plan->replay)
		spec_replay_times(spec->plan);
	else
		err = spec_course(spec);
	if (!err && !spec->plan->open)
		spec_closed_times(spec);
	spec_think(spec);
	return err ? err : spec_warmup(spec);
}

/* ---- the rest ---- */

/* Are there descriptors for the connections? The soft limit is for programs
 * that use select(2), which this one does not. */
static int spec_descriptors(const struct spec *spec)
{
	struct rlimit limit;
	uint64_t usable;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return 0;
	if (limit.rlim_cur < limit.rlim_max) {
		rlim_t soft = limit.rlim_cur;

		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
			limit.rlim_cur = soft;
	}
	usable = (uint64_t)((double)limit.rlim_cur / 100 *
	    LOAD_DESCRIPTORS_PERCENT);
	if (spec->options.connections <= usable)
		return 0;
	return fault_set(spec->fault, "--connections: %u are more than %d %% "
	    "of the %llu files that this process may open (ulimit -n)",
	    spec->options.connections, LOAD_DESCRIPTORS_PERCENT,
	    (unsigned long long)limit.rlim_cur);
}

static int spec_slos(struct spec *spec)
{
	const struct load_options *options = &spec->options;
	const struct scenario *scenario = &spec->scenario;
	unsigned count = options->slo_count + scenario->slo_count;
	const char **slos = arena_calloc(spec->arena, count + 1,
	    sizeof(*slos));

	if (options->slo_count > LOAD_SLOS_MAX)
		return fault_set(spec->fault, "--slo: there are more than %d",
		    LOAD_SLOS_MAX);
	if (!slos)
		return fault_memory(spec->fault);
	for (unsigned i = 0; i < count; i++)
		slos[i] = i < options->slo_count ? options->slos[i]
		    : scenario->slos[i - options->slo_count];
	spec->plan->slos = slos;
	spec->plan->slo_count = count;
	return 0;
}

/* One that people can type again. */
static uint64_t spec_seed(void)
{
	uint32_t seed = 0;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = (uint32_t)clock_mono_ns();
	return seed ? seed : 1;
}

static int spec_check(struct spec *spec)
{
	int err = spec_check_source(spec);

	if (!err)
		err = spec_check_counts(spec);
	if (!err)
		err = spec_check_times(spec);
	if (!err)
		err = spec_check_headers(spec);
	return err;
}

static void spec_fill(struct spec *spec)
{
	const struct load_options *options = &spec->options;
	struct load_plan *plan = spec->plan;

	plan->url = spec->draft.target.text.data;
	plan->source = options->urls_file ? options->urls_file
	    : options->replay_file ? options->replay_file
				   : spec->scenario.name;
	plan->connections = options->connections;
	plan->threads = options->threads;
	plan->pipeline = options->pipeline;
	plan->keepalive = !options->no_keepalive;
	plan->timeout_ns = spec_ns(options->timeout_s);
	plan->seed = options->seed;
}

static int spec_make(struct spec *spec)
{
	const struct load_options *options = &spec->options;
	int err = spec_check(spec);

	if (!err)
		err = spec_read_source(spec);
	if (!err)
		err = spec_check_model(spec);
	if (err)
		return err;
	spec_fill(spec);
	err = draft_finish(&spec->draft, spec->plan);
	if (!err)
		err = spec_times(spec);
	if (!err)
		err = spec_slos(spec);
	if (!err)
		err = load_target_resolve(&spec->draft.target,
		    options->allowed, options->allowed_count, spec->plan,
		    spec->fault);
	return err ? err : spec_descriptors(spec);
}

int load_spec_build(const struct load_options *options, struct arena *arena,
    struct load_plan *ret, char *error, size_t size)
{
	const struct fault fault = { error, size };
	struct load_plan plan = { .connections = 0 };
	struct spec spec = { .options = *options, .arena = arena,
	    .fault = &fault, .plan = &plan };
	int err;

	if (spec.options.seed == 0)
		spec.options.seed = spec_seed();
	draft_init(&spec.draft, &spec.options, arena, &fault);
	err = spec_make(&spec);
	draft_fini(&spec.draft);
	if (!err)
		*ret = plan;
	return err;
}
