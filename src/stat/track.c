#include "stat/track.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"

const char *const track_stages[TRACK_STAGES] = { "header", "parse",
	"pool_wait", "handler", "upstream", "send" };

/* ---- pieces of the model ---- */

uint64_t track_class_count(const Ringmaster__V1__CodeClasses *classes,
    enum track_class which)
{
	if (!classes)
		return 0;
	const uint64_t counts[TRACK_CLASS_COUNT] = { classes->c1xx,
		classes->c2xx, classes->c3xx, classes->c4xx, classes->c5xx,
		classes->aborted };

	return counts[which];
}

uint64_t track_class_sum(const Ringmaster__V1__CodeClasses *classes)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < TRACK_CLASS_COUNT; i++)
		sum += track_class_count(classes, (enum track_class)i);
	return sum;
}

void track_stage_hists(const Ringmaster__V1__Snapshot *now,
    const Ringmaster__V1__Histogram *ret[TRACK_STAGES])
{
	const Ringmaster__V1__Stages *stages = now->http ? now->http->stages
							 : NULL;

	memset(ret, 0, TRACK_STAGES * sizeof(*ret));
	if (!stages)
		return;
	ret[0] = stages->header;
	ret[1] = stages->parse;
	ret[2] = stages->pool_wait;
	ret[3] = stages->handler;
	ret[4] = stages->upstream;
	ret[5] = stages->send;
}

/* A histogram of the model as one that can be asked for quantiles. */
static void read_hist(const Ringmaster__V1__Histogram *from, struct hist *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (!from)
		return;
	ret->count = from->count;
	ret->sum_ns = (uint64_t)(from->sum_seconds * 1e9);
	ret->max_ns = (uint64_t)(from->max_seconds * 1e9);
	for (size_t i = 0; i < from->n_bins && from->first_bin + i < HIST_BINS;
	    i++)
		ret->bins[from->first_bin + i] = from->bins[i];
}

/* ---- rates ---- */

static uint64_t track_key(enum track_what what, uint64_t which)
{
	return hash_mix(which * TRACK_WHAT_COUNT + what + 1) | 1;
}

/* The place of a key, or a free one for it; NULL if there is none. */
static struct track_rate *track_rate_at(struct track_rate *rates, uint64_t key)
{
	for (unsigned i = 0; i < TRACK_RATES; i++) {
		struct track_rate *rate = &rates[(key + i) % TRACK_RATES];

		if (rate->key == key || rate->key == 0)
			return rate;
	}
	return NULL;
}

double track_rate(const struct track *track, enum track_what what,
    uint64_t which)
{
	const struct track_rate *rate = track_rate_at(
	    (struct track_rate *)track->rates[track->rates_now],
	    track_key(what, which));

	return rate && rate->key ? rate->rate : NAN;
}

/* Note a number; those that do not fit have no rate. */
static void track_count(struct track *track, enum track_what what,
    uint64_t which, uint64_t value)
{
	uint64_t key = track_key(what, which);
	struct track_rate *rate = track_rate_at(
	    track->rates[track->rates_now], key);
	const struct track_rate *before = track_rate_at(
	    track->rates[!track->rates_now], key);

	if (!rate)
		return;
	*rate = (struct track_rate){ key, value, NAN };
	/* Less than before is what was begun anew. */
	if (before && before->key && value >= before->value &&
	    track->interval_s > 0)
		rate->rate = (double)(value - before->value) /
		    track->interval_s;
}

static void track_count_all(struct track *track)
{
	const Ringmaster__V1__Snapshot *now = track->now;
	const Ringmaster__V1__Http *http = now->http;
	const uint64_t totals[] = {
		[TRACK_ALL_REQUESTS] = now->total_requests,
		[TRACK_ALL_BYTES_IN] = http ? http->bytes_in : 0,
		[TRACK_ALL_BYTES_OUT] = http ? http->bytes_out : 0,
		[TRACK_ALL_HITS] = now->cache_hits,
		[TRACK_ALL_MISSES] = now->cache_misses,
		[TRACK_ALL_SESSIONS] = now->sessions ? now->sessions->created
						     : 0,
		[TRACK_ALL_TASKS] = now->pool ? now->pool->done : 0,
	};

	for (unsigned i = 0; i < TRACK_ALL_CLASSES; i++)
		track_count(track, TRACK_OF_ALL, i, totals[i]);
	for (unsigned i = 0; http && i < TRACK_CLASS_COUNT; i++)
		track_count(track, TRACK_OF_ALL, TRACK_ALL_CLASSES + i,
		    track_class_count(http->classes, (enum track_class)i));
}

static void track_count_server(struct track *track, uint64_t at,
    const Ringmaster__V1__Server *server)
{
	track_count(track, TRACK_OF_SERVER, at,
	    track_class_sum(server->classes));
	track_count(track, TRACK_OF_SERVER_BYTES, at, server->bytes_out);
	for (size_t i = 0; i < server->n_locations; i++) {
		const Ringmaster__V1__Location *location =
		    server->locations[i];
		uint64_t which = at << 16 | i;

		track_count(track, TRACK_OF_LOCATION, which,
		    track_class_sum(location->classes));
		track_count(track, TRACK_OF_LOCATION_BYTES, which,
		    location->bytes_out);
	}
}

static void track_count_upstream(struct track *track, uint64_t at,
    const Ringmaster__V1__Upstream *upstream)
{
	for (size_t i = 0; i < upstream->n_peers; i++) {
		uint64_t which = at << 16 | i;

		track_count(track, TRACK_OF_PEER, which,
		    track_class_sum(upstream->peers[i]->classes));
		track_count(track, TRACK_OF_PEER_BYTES, which,
		    upstream->peers[i]->bytes_in);
	}
}

static void track_rates_update(struct track *track)
{
	const Ringmaster__V1__Snapshot *now = track->now;

	track->rates_now = !track->rates_now;
	memset(track->rates[track->rates_now], 0, sizeof(*track->rates));
	track_count_all(track);
	for (size_t i = 0; i < now->n_workers; i++) {
		const Ringmaster__V1__Worker *worker = now->workers[i];

		track_count(track, TRACK_OF_WORKER, worker->index,
		    worker->requests);
		track_count(track, TRACK_OF_WORKER_CPU, worker->index,
		    (uint64_t)((worker->cpu_user_seconds +
			worker->cpu_system_seconds) * 1e9));
	}
	for (size_t i = 0; i < now->n_servers; i++)
		track_count_server(track, i, now->servers[i]);
	for (size_t i = 0; i < now->n_upstreams; i++)
		track_count_upstream(track, i, now->upstreams[i]);
}

/* ---- histograms ---- */

static void track_hist_update(const struct track *track,
    const Ringmaster__V1__Histogram *now, struct track_hist *hist)
{
	unsigned next = track->before_next;
	unsigned last = (next + TRACK_MINUTE - 1) % TRACK_MINUTE;
	unsigned oldest = track->before_count == TRACK_MINUTE ? next : 0;

	read_hist(now, &hist->total);
	memset(&hist->interval, 0, sizeof(hist->interval));
	memset(&hist->lately, 0, sizeof(hist->lately));
	if (track->before_count > 0) {
		hist_difference(&hist->total, &hist->before[last],
		    &hist->interval);
		hist_difference(&hist->total, &hist->before[oldest],
		    &hist->lately);
	}
	hist->before[next] = hist->total;
}

static void track_hists_update(struct track *track)
{
	const Ringmaster__V1__Snapshot *now = track->now;

	track_hist_update(track, now->http ? now->http->duration : NULL,
	    &track->all);
	track_hist_update(track, now->n_caches ? now->caches[0]->hit_duration
					       : NULL, &track->hits);
	track->before_next = (track->before_next + 1) % TRACK_MINUTE;
	if (track->before_count < TRACK_MINUTE)
		track->before_count++;
}

static void track_heat_update(const struct track *track, uint32_t *heat)
{
	/* Rows are of even height on the axis, so by their edges in time. */
	for (unsigned bin = 0; bin < HIST_BINS; bin++) {
		double decades;

		if (track->all.interval.bins[bin] == 0)
			continue;
		decades = log10((double)hist_bin_upper_ns(bin) /
		    (double)HIST_MIN_NS) - 1e-6;
		heat[(unsigned)(decades > 0 ? decades * TRACK_HEAT_EACH : 0)] +=
		    (uint32_t)track->all.interval.bins[bin];
	}
}

static void track_stages_update(struct track *track)
{
	const Ringmaster__V1__Histogram *all[TRACK_STAGES];
	double more[TRACK_STAGES], sum = 0;

	track_stage_hists(track->now, all);
	for (unsigned i = 0; i < TRACK_STAGES; i++) {
		double now = all[i] ? all[i]->sum_seconds : 0;

		more[i] = fmax(0, now - track->stage_sums[i]);
		sum += more[i];
		track->stage_sums[i] = now;
	}
	/* Only of samples: between two snapshots there may be none. */
	for (unsigned i = 0; sum > 0 && i < TRACK_STAGES; i++)
		track->stage_shares[i] = more[i] / sum;
}

/* ---- lines ---- */

/* Room for one more value in each line: returns its index. */
static unsigned track_advance(struct track *track)
{
	enum { KEPT = TRACK_SAMPLES - 1 };

	if (track->count < TRACK_SAMPLES)
		return track->count++;
	for (unsigned i = 0; i < TRACK_LINES; i++)
		memmove(track->lines[i], &track->lines[i][1],
		    KEPT * sizeof(**track->lines));
	memmove(track->heat, &track->heat[1], KEPT * sizeof(*track->heat));
	return KEPT;
}

static double track_quantile(const struct hist *hist, double q)
{
	return hist->count ? (double)hist_quantile_ns(hist, q) * 1e-9 : NAN;
}

/* The mean duration of late, from sums, as a difference has none. */
static double track_mean(const struct track *track)
{
	const struct hist *before = &track->all.before[(track->before_next +
	    TRACK_MINUTE - 2) % TRACK_MINUTE];
	uint64_t count = track->all.total.count - before->count;

	if (track->before_count < 2 ||
	    track->all.total.count <= before->count ||
	    track->all.total.sum_ns < before->sum_ns)
		return NAN;
	return (double)(track->all.total.sum_ns - before->sum_ns) * 1e-9 /
	    (double)count;
}

static void track_lines_update(struct track *track)
{
	const Ringmaster__V1__Snapshot *now = track->now;
	unsigned at = track_advance(track);
	double hits = track_rate(track, TRACK_OF_ALL, TRACK_ALL_HITS);
	double misses = track_rate(track, TRACK_OF_ALL, TRACK_ALL_MISSES);
	const double values[TRACK_LINES] = {
		[TRACK_TIME] = (double)now->taken_unix_ns * 1e-9,
		[TRACK_REQUEST_RATE] = track_rate(track, TRACK_OF_ALL,
		    TRACK_ALL_REQUESTS),
		[TRACK_CLIENTS] = (double)now->active_clients,
		[TRACK_MEAN] = track_mean(track),
		[TRACK_P50] = track_quantile(&track->all.interval, 0.5),
		[TRACK_P95] = track_quantile(&track->all.interval, 0.95),
		[TRACK_P99] = track_quantile(&track->all.interval, 0.99),
		[TRACK_BYTES_OUT] = track_rate(track, TRACK_OF_ALL,
		    TRACK_ALL_BYTES_OUT),
		[TRACK_HIT_SHARE] = hits + misses > 0 ? hits / (hits + misses)
						      : NAN,
		[TRACK_BUSY] = now->pool ? now->pool->busy : 0,
		[TRACK_SESSIONS] = (double)now->unique_sessions,
	};

	for (unsigned i = 0; i < TRACK_LINES; i++)
		track->lines[i][at] = values[i];
	for (unsigned i = 0; i < TRACK_CLASS_COUNT; i++)
		track->lines[TRACK_CLASSES + i][at] = track_rate(track,
		    TRACK_OF_ALL, TRACK_ALL_CLASSES + i);
	track->lines[TRACK_ERRORS][at] =
	    track->lines[TRACK_CLASSES + TRACK_5XX][at] +
	    track->lines[TRACK_CLASSES + TRACK_ABORTED][at];
	if (values[TRACK_REQUEST_RATE] > track->peak_rate)
		track->peak_rate = values[TRACK_REQUEST_RATE];
	memset(track->heat[at], 0, sizeof(track->heat[at]));
	track_heat_update(track, track->heat[at]);
}

/* ---- single requests ---- */

static void track_text(char *to, size_t size, const char *from)
{
	(void)snprintf(to, size, "%s", from ? from : ""); /* cut is fine */
}

static void track_request_stages(struct track_request *to,
    const Ringmaster__V1__Request *from)
{
	to->staged = from->n_stages > 0;
	for (size_t i = 0; i < from->n_stages; i++)
		for (unsigned k = 0; k < TRACK_STAGES; k++)
			if (strcmp(from->stages[i]->stage,
				track_stages[k]) == 0)
				to->stages[k] = from->stages[i]->seconds;
}

void track_request_add(struct track *track,
    const Ringmaster__V1__Request *from)
{
	struct track_request *to = &track->requests[track->request_next];
	bool failed = from->aborted || from->status == 0 ||
	    from->status >= 500;
	struct sketch_add add = { .error = failed, .bytes = from->bytes_sent,
		.seconds = from->response_time };

	*to = (struct track_request){ .time_unix_ns = from->time_unix_ns,
		.seconds = from->response_time, .bytes = from->bytes_sent,
		.status = from->status, .worker = from->worker,
		.cache = from->cache, .aborted = from->aborted,
		.upstream_seconds = from->upstream_time };
	track_request_stages(to, from);
	track_text(to->client, sizeof(to->client), from->client_ip);
	track_text(to->method, sizeof(to->method), from->method);
	track_text(to->protocol, sizeof(to->protocol), from->protocol);
	track_text(to->id, sizeof(to->id), from->request_id);
	track_text(to->server, sizeof(to->server), from->server);
	track_text(to->upstream, sizeof(to->upstream), from->upstream);
	track_text(to->path, sizeof(to->path), from->path);
	track->request_next = (track->request_next + 1) % TRACK_REQUESTS;
	if (track->request_count < TRACK_REQUESTS)
		track->request_count++;
	add.key = to->path;
	sketch_add(&track->paths, &add);
	add.key = to->client;
	sketch_add(&track->clients, &add);
}

const struct track_request *track_request_at(const struct track *track,
    unsigned i)
{
	return &track->requests[(track->request_next + TRACK_REQUESTS - 1 -
	    i) % TRACK_REQUESTS];
}

/* ---- all of it ---- */

/* Another server counts from zero: what was before is no base for rates. */
static void track_begin(struct track *track)
{
	memset(track->rates, 0, sizeof(track->rates));
	memset(track->stage_sums, 0, sizeof(track->stage_sums));
	track->before_count = track->before_next = 0;
	track->mono_ns = 0;
}

void track_update(struct track *track, const Ringmaster__V1__Snapshot *now,
    uint64_t mono_ns, unsigned run)
{
	if (track->run != run)
		track_begin(track);
	track->run = run;
	track->now = now;
	track->interval_s = track->mono_ns
	    ? (double)(mono_ns - track->mono_ns) * 1e-9 : 0;
	track->mono_ns = mono_ns;
	track_rates_update(track);
	track_hists_update(track);
	track_stages_update(track);
	track_lines_update(track);
}

void track_gap(struct track *track)
{
	unsigned at = track_advance(track);

	for (unsigned i = 0; i < TRACK_LINES; i++)
		track->lines[i][at] = NAN;
	track->lines[TRACK_TIME][at] = (double)clock_real_ns() * 1e-9;
	memset(track->heat[at], 0, sizeof(track->heat[at]));
}

void track_reset(struct track *track)
{
	memset(&track->paths, 0, sizeof(track->paths));
	memset(&track->clients, 0, sizeof(track->clients));
	track->missed = 0;
	track->before_count = track->before_next = 0;
	track->peak_rate = 0;
}

double track_last(const struct track *track, enum track_line line)
{
	return track->count ? track->lines[line][track->count - 1] : NAN;
}

double track_max(const struct track *track, enum track_line line,
    unsigned count)
{
	double max = 0;

	for (unsigned i = 0; i < count && i < track->count; i++)
		max = fmax(max, track->lines[line][track->count - 1 - i]);
	return max;
}
