#include "server_sample.h"

#include <stdlib.h>

#include "base/hist.h"

/* A message of the arena; NAME is that of its type in lower case. */
#define SAMPLE_NEW(arena, TYPE, NAME)                                      \
	({                                                                 \
		Ringmaster__V1__##TYPE *new_ = arena_alloc(arena,          \
		    sizeof(*new_));                                        \
		if (!new_)                                                 \
			abort();                                           \
		ringmaster__v1__##NAME##__init(new_);                      \
		new_;                                                      \
	})

static char *sample_text(const struct sample_options *options,
    const char *usual)
{
	return (char *)(options->text ? options->text : usual);
}

static Ringmaster__V1__Histogram *sample_hist(struct arena *arena,
    uint64_t count)
{
	Ringmaster__V1__Histogram *hist = SAMPLE_NEW(arena, Histogram,
	    histogram);

	hist->count = count;
	hist->sum_seconds = (double)count * 1e-3;
	hist->max_seconds = count ? 0.2 : 0;
	hist->first_bin = hist_bin(1000000);
	hist->n_bins = 1;
	hist->bins = arena_calloc(arena, 1, sizeof(*hist->bins));
	hist->bins[0] = count;
	hist->p50 = hist->p90 = hist->p95 = 1e-3;
	hist->p99 = hist->p999 = 1.5e-3;
	return hist;
}

static Ringmaster__V1__CodeClasses *sample_classes(struct arena *arena,
    const struct sample_options *options)
{
	Ringmaster__V1__CodeClasses *classes = SAMPLE_NEW(arena, CodeClasses,
	    code_classes);

	classes->c2xx = options->requests - options->requests / 10 +
	    options->large;
	classes->c4xx = options->requests / 10;
	classes->c5xx = options->requests / 100;
	return classes;
}

static void sample_workers(struct arena *arena,
    const struct sample_options *options, Ringmaster__V1__Snapshot *ret)
{
	ret->workers = arena_calloc(arena, options->workers + 1,
	    sizeof(*ret->workers));
	ret->n_workers = options->workers;
	for (unsigned i = 0; i < options->workers; i++) {
		Ringmaster__V1__Worker *worker = SAMPLE_NEW(arena, Worker,
		    worker);

		worker->index = i;
		worker->pid = 4000000 + i;
		worker->state =
		    RINGMASTER__V1__WORKER_STATE__WORKER_STATE_RUNNING;
		worker->connections = 12345;
		worker->requests = options->requests / options->workers +
		    options->large;
		worker->loop_lag = sample_hist(arena, options->requests);
		worker->stalls = options->large;
		worker->rss_bytes = 123456789;
		worker->open_fds = 99999;
		worker->max_fds = 1048576;
		worker->ring = SAMPLE_NEW(arena, Ring, ring);
		worker->ring->completions = options->large;
		worker->ring->buffers_total = 1048576;
		worker->pool = SAMPLE_NEW(arena, WorkerPool, worker_pool);
		worker->pool->busy = 64;
		ret->workers[i] = worker;
	}
}

static Ringmaster__V1__Server *sample_server(struct arena *arena,
    const struct sample_options *options)
{
	Ringmaster__V1__Server *server = SAMPLE_NEW(arena, Server, server);

	server->name = sample_text(options, "shop.example");
	server->classes = sample_classes(arena, options);
	server->duration = sample_hist(arena, options->requests);
	server->bytes_out = options->large;
	server->n_locations = 3;
	server->locations = arena_calloc(arena, 3, sizeof(void *));
	for (unsigned i = 0; i < 3; i++) {
		Ringmaster__V1__Location *location = SAMPLE_NEW(arena,
		    Location, location);

		location->pattern = sample_text(options, "~ \\.php$");
		location->classes = sample_classes(arena, options);
		location->duration = sample_hist(arena, options->requests);
		server->locations[i] = location;
	}
	return server;
}

static Ringmaster__V1__Http *sample_http(struct arena *arena,
    const struct sample_options *options)
{
	Ringmaster__V1__Http *http = SAMPLE_NEW(arena, Http, http);
	Ringmaster__V1__MethodCount *method = SAMPLE_NEW(arena, MethodCount,
	    method_count);

	http->classes = sample_classes(arena, options);
	http->duration = sample_hist(arena, options->requests);
	http->bytes_out = options->requests * 1000 + options->large;
	http->n_codes = 500;
	http->codes = arena_calloc(arena, 500, sizeof(void *));
	for (unsigned i = 0; i < 500; i++) {
		http->codes[i] = SAMPLE_NEW(arena, CodeCount, code_count);
		http->codes[i]->code = i ? 100 + i : 0;
		http->codes[i]->count = options->requests + options->large;
	}
	method->method = sample_text(options, "GET");
	method->count = options->requests;
	http->n_methods = 1;
	http->methods = arena_calloc(arena, 1, sizeof(void *));
	http->methods[0] = method;
	http->stages = SAMPLE_NEW(arena, Stages, stages);
	http->stages->handler = sample_hist(arena, options->requests);
	http->stages->send = sample_hist(arena, options->requests);
	return http;
}

static void sample_upstream(struct arena *arena,
    const struct sample_options *options, Ringmaster__V1__Snapshot *ret)
{
	Ringmaster__V1__Upstream *upstream = SAMPLE_NEW(arena, Upstream,
	    upstream);

	upstream->name = sample_text(options, "backend");
	upstream->n_peers = 2;
	upstream->peers = arena_calloc(arena, 2, sizeof(void *));
	for (unsigned i = 0; i < 2; i++) {
		Ringmaster__V1__Peer *peer = SAMPLE_NEW(arena, Peer, peer);

		peer->address = sample_text(options, "192.0.2.1:8080");
		peer->state = i
		    ? RINGMASTER__V1__PEER_STATE__PEER_STATE_UNAVAIL
		    : RINGMASTER__V1__PEER_STATE__PEER_STATE_UP;
		peer->active = 12;
		peer->classes = sample_classes(arena, options);
		peer->response = sample_hist(arena, options->requests);
		peer->bytes_in = options->large;
		upstream->peers[i] = peer;
	}
	ret->n_upstreams = 1;
	ret->upstreams = arena_calloc(arena, 1, sizeof(void *));
	ret->upstreams[0] = upstream;
}

static void sample_identity(struct arena *arena,
    const struct sample_options *options, Ringmaster__V1__Snapshot *ret)
{
	Ringmaster__V1__Mark *mark = SAMPLE_NEW(arena, Mark, mark);

	ret->identity = SAMPLE_NEW(arena, Identity, identity);
	ret->identity->generation = UINT32_MAX;
	ret->identity->started_unix_ns = 1000000000;
	ret->identity->build = SAMPLE_NEW(arena, Build, build);
	ret->identity->build->version = sample_text(options, "1.2.3");
	ret->processes = SAMPLE_NEW(arena, Processes, processes);
	ret->processes->workers_current = options->workers;
	ret->processes->respawns = options->large;
	mark->time_unix_ns = ret->taken_unix_ns;
	mark->kind = RINGMASTER__V1__MARK_KIND__MARK_KIND_CRASH;
	mark->text = sample_text(options, "worker 4711 was killed");
	ret->n_marks = 1;
	ret->marks = arena_calloc(arena, 1, sizeof(void *));
	ret->marks[0] = mark;
}

Ringmaster__V1__Snapshot *sample_snapshot(struct arena *arena,
    const struct sample_options *options)
{
	Ringmaster__V1__Snapshot *ret = SAMPLE_NEW(arena, Snapshot, snapshot);

	ret->taken_unix_ns = UINT64_C(1700000000000000000);
	ret->active_clients = 100 + options->large;
	ret->total_requests = options->requests + options->large;
	ret->average_response_time = 1e-3;
	ret->cache_enabled = options->large == 0;
	ret->cache_hits = options->requests + options->large;
	ret->cache_misses = options->requests / 10;
	ret->unique_sessions = options->large;
	ret->thread_pool_size = 64;
	ret->connections = SAMPLE_NEW(arena, Connections, connections);
	ret->connections->limit = 65536;
	ret->connections->idle = 99;
	ret->http = sample_http(arena, options);
	ret->pool = SAMPLE_NEW(arena, Pool, pool);
	ret->sessions = SAMPLE_NEW(arena, Sessions, sessions);
	ret->sessions->today = options->large;
	sample_identity(arena, options, ret);
	sample_workers(arena, options, ret);
	sample_upstream(arena, options, ret);
	ret->n_servers = options->servers;
	ret->servers = arena_calloc(arena, options->servers + 1,
	    sizeof(*ret->servers));
	for (unsigned i = 0; i < options->servers; i++)
		ret->servers[i] = sample_server(arena, options);
	return ret;
}

Ringmaster__V1__Request *sample_request(struct arena *arena, unsigned number,
    const char *path)
{
	Ringmaster__V1__Request *request = SAMPLE_NEW(arena, Request, request);

	request->time_unix_ns = UINT64_C(1700000000000000000) + number;
	request->client_ip = (char *)"2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff";
	request->method = (char *)"GET";
	request->path = (char *)path;
	request->status = number % 7 ? 200 : 503;
	request->response_time = 1e-3 * number;
	request->bytes_sent = UINT64_C(1) << number % 64;
	request->request_id = (char *)arena_printf(arena, "%016x",
	    number).data;
	request->server = (char *)path;
	request->protocol = (char *)"HTTP/1.1";
	request->n_stages = 1;
	request->stages = arena_calloc(arena, 1, sizeof(void *));
	request->stages[0] = SAMPLE_NEW(arena, StageTime, stage_time);
	request->stages[0]->stage = (char *)"handler";
	request->stages[0]->seconds = 1e-3;
	return request;
}
