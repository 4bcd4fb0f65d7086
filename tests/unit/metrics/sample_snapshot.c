#include "sample_snapshot.h"

#include <math.h>

#include "base/hist.h"

static uint64_t bins[HIST_BINS];
static Ringmaster__V1__Histogram durations = RINGMASTER__V1__HISTOGRAM__INIT;
static Ringmaster__V1__CodeCount codes[2];
static Ringmaster__V1__CodeCount *code_list[2] = { &codes[0], &codes[1] };
static Ringmaster__V1__CodeClasses classes = RINGMASTER__V1__CODE_CLASSES__INIT;
static Ringmaster__V1__Location location = RINGMASTER__V1__LOCATION__INIT;
static Ringmaster__V1__Location *location_list[1] = { &location };
static Ringmaster__V1__Server servers[2];
static Ringmaster__V1__Server *server_list[2] = { &servers[0], &servers[1] };
static Ringmaster__V1__Peer peer = RINGMASTER__V1__PEER__INIT;
static Ringmaster__V1__Peer *peer_list[1] = { &peer };
static Ringmaster__V1__Upstream upstream = RINGMASTER__V1__UPSTREAM__INIT;
static Ringmaster__V1__Upstream *upstream_list[1] = { &upstream };
static Ringmaster__V1__Ring ring = RINGMASTER__V1__RING__INIT;
static Ringmaster__V1__Worker workers[2];
static Ringmaster__V1__Worker *worker_list[2] = { &workers[0], &workers[1] };
static Ringmaster__V1__Connections connections =
    RINGMASTER__V1__CONNECTIONS__INIT;
static Ringmaster__V1__Build build = RINGMASTER__V1__BUILD__INIT;
static Ringmaster__V1__Identity identity = RINGMASTER__V1__IDENTITY__INIT;
static Ringmaster__V1__Pool pool = RINGMASTER__V1__POOL__INIT;
static Ringmaster__V1__Request request = RINGMASTER__V1__REQUEST__INIT;
static Ringmaster__V1__Request *request_list[1] = { &request };
static Ringmaster__V1__Snapshot snapshot = RINGMASTER__V1__SNAPSHOT__INIT;

/* 5 ms exactly, the next nanosecond, and 2 minutes. */
static void fill_durations(void)
{
	unsigned first = hist_bin(5000000);

	bins[0]++;
	bins[hist_bin(5000001) - first]++;
	bins[hist_bin(120000000000) - first]++;
	durations.count = 3;
	durations.sum_seconds = 120.010000001;
	durations.max_seconds = 120;
	durations.first_bin = first;
	durations.n_bins = hist_bin(120000000000) - first + 1;
	durations.bins = bins;
	durations.p50 = 0.00505;
}

static void fill_servers(void)
{
	for (int i = 0; i < 2; i++) {
		ringmaster__v1__code_count__init(&codes[i]);
		ringmaster__v1__server__init(&servers[i]);
	}
	codes[0].code = 200;
	codes[0].count = 18446744073709551615u;
	codes[1].count = 7;
	classes.c2xx = 12;
	location.pattern = "~ \\.php$";
	location.classes = &classes;
	location.duration = &durations;
	servers[0].name = "a\"b\\c\nd";
	servers[0].codes = code_list;
	servers[0].n_codes = 2;
	servers[0].duration = &durations;
	servers[0].locations = location_list;
	servers[0].n_locations = 1;
	servers[1].name = "caf\xe9 \xc3\xa9";
	servers[1].bytes_in = 5;
	snapshot.servers = server_list;
	snapshot.n_servers = 2;
}

static void fill_upstreams(void)
{
	peer.address = "10.0.0.1:80";
	peer.state = RINGMASTER__V1__PEER_STATE__PEER_STATE_DOWN;
	peer.classes = &classes;
	upstream.name = "app";
	upstream.peers = peer_list;
	upstream.n_peers = 1;
	snapshot.upstreams = upstream_list;
	snapshot.n_upstreams = 1;
}

static void fill_workers(void)
{
	ring.inflight = 4;
	for (unsigned i = 0; i < 2; i++) {
		ringmaster__v1__worker__init(&workers[i]);
		workers[i].index = i;
		workers[i].state =
		    RINGMASTER__V1__WORKER_STATE__WORKER_STATE_RUNNING;
		workers[i].cpu_user_seconds = i + 0.1;
		workers[i].ring = &ring;
	}
	snapshot.workers = worker_list;
	snapshot.n_workers = 2;
}

const Ringmaster__V1__Snapshot *sample_snapshot(void)
{
	if (snapshot.n_servers > 0)
		return &snapshot;
	fill_durations();
	fill_servers();
	fill_upstreams();
	fill_workers();
	build.version = "0.1";
	build.uring_features = "multishot bundles";
	identity.build = &build;
	identity.started_unix_ns = 1700000000500000000;
	identity.last_reload_ok = 1;
	connections.accepted = 10;
	connections.reading = 1;
	connections.idle = 2;
	pool.oldest_wait_seconds = NAN;
	request.path = "/a%20b";
	request.cache = RINGMASTER__V1__CACHE_RESULT__CACHE_RESULT_HIT;
	request.time_unix_ns = 1700000000123456789;
	snapshot.active_clients = 3;
	snapshot.total_requests = 19;
	snapshot.average_response_time = 0.0234;
	snapshot.identity = &identity;
	snapshot.connections = &connections;
	snapshot.pool = &pool;
	snapshot.recent_requests = request_list;
	snapshot.n_recent_requests = 1;
	return &snapshot;
}
