#include "load/server_result.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "base/words.h"
#include "load/stats.h"

/* Busier than this, nothing is said of waiting: it has no bound. */
#define SERVER_BUSY_MAX 0.99

/* ---- lists ---- */

static int server_parts(const double seconds[LOAD_PARTS], double whole,
    struct arena *arena, Ringmaster__V1__LoadPart ***ret)
{
	Ringmaster__V1__LoadPart *parts = arena_calloc(arena, LOAD_PARTS,
	    sizeof(*parts));
	Ringmaster__V1__LoadPart **list = arena_calloc(arena, LOAD_PARTS,
	    sizeof(Ringmaster__V1__LoadPart *));

	if (!parts || !list)
		return -ENOMEM;
	for (unsigned i = 0; i < LOAD_PARTS; i++) {
		ringmaster__v1__load_part__init(&parts[i]);
		/* The model's strings are not written to. */
		parts[i].stage = (char *)(uintptr_t)load_part_names[i];
		parts[i].seconds = seconds[i];
		parts[i].share = whole > 0 ? seconds[i] / whole : 0;
		list[i] = &parts[i];
	}
	*ret = list;
	return 0;
}

static int server_bars(const struct load_join_summary *summary,
    struct arena *arena, Ringmaster__V1__LoadServer *server)
{
	int err = server_parts(summary->median.parts, summary->median.whole,
	    arena, &server->median);

	if (!err)
		err = server_parts(summary->tail.parts, summary->tail.whole,
		    arena, &server->tail);
	if (!err)
		server->n_median = server->n_tail = LOAD_PARTS;
	return err;
}

static int server_slow(const struct load_joined *joined, uint64_t started_ns,
    struct arena *arena, Ringmaster__V1__LoadSlow **ret)
{
	Ringmaster__V1__LoadSlow *slow = arena_alloc(arena, sizeof(*slow));
	double parts[LOAD_PARTS];
	int err;

	if (!slow)
		return -ENOMEM;
	ringmaster__v1__load_slow__init(slow);
	slow->at_seconds = (double)(joined->intended_ns - started_ns) * 1e-9;
	slow->seconds = (double)joined->whole_ns * 1e-9;
	slow->worker = joined->worker;
	for (unsigned i = 0; i < LOAD_PARTS; i++)
		parts[i] = (double)joined->parts_ns[i] * 1e-9;
	err = server_parts(parts, slow->seconds, arena, &slow->parts);
	if (err)
		return err;
	slow->n_parts = LOAD_PARTS;
	*ret = slow;
	return 0;
}

static int server_slowest(const struct load_join_summary *summary,
    uint64_t started_ns, struct arena *arena,
    Ringmaster__V1__LoadServer *server)
{
	int err = 0;

	server->slowest = arena_calloc(arena, LOAD_JOIN_SLOWEST,
	    sizeof(*server->slowest));
	if (!server->slowest)
		return -ENOMEM;
	for (unsigned i = 0; i < summary->slowest_count && !err; i++) {
		err = server_slow(&summary->slowest[i], started_ns, arena,
		    &server->slowest[i]);
		server->n_slowest += !err;
	}
	return err;
}

static int server_workers(const struct load_server_facts *facts,
    struct arena *arena, Ringmaster__V1__LoadServer *server)
{
	unsigned count = facts->worker_count;
	Ringmaster__V1__LoadWorker *workers = arena_calloc(arena, count + 1,
	    sizeof(*workers));
	double *requests = arena_calloc(arena, count + 1, sizeof(*requests));

	server->workers = arena_calloc(arena, count + 1,
	    sizeof(*server->workers));
	if (!workers || !requests || !server->workers)
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++) {
		const struct load_server_worker *from = &facts->workers[i];

		ringmaster__v1__load_worker__init(&workers[i]);
		workers[i].index = from->index;
		workers[i].requests = from->requests;
		workers[i].connections = from->connections;
		workers[i].p99_seconds = (double)from->p99_ns * 1e-9;
		workers[i].loop_lag_p99_seconds =
		    (double)from->lag_p99_ns * 1e-9;
		workers[i].cpu = from->cpu;
		requests[i] = (double)from->requests;
		server->workers[i] = &workers[i];
	}
	server->n_workers = count;
	server->balance = stats_jain((struct stats_series){ requests, count });
	return 0;
}

static int server_marks(const struct load_server_facts *facts,
    struct arena *arena, Ringmaster__V1__LoadServer *server)
{
	unsigned count = facts->mark_count;
	Ringmaster__V1__LoadMark *marks = arena_calloc(arena, count + 1,
	    sizeof(*marks));

	server->marks = arena_calloc(arena, count + 1,
	    sizeof(*server->marks));
	if (!marks || !server->marks)
		return -ENOMEM;
	for (unsigned i = 0; i < count; i++) {
		struct slice text = arena_copy(arena,
		    slice_cstr(facts->marks[i].text));

		if (!text.data)
			return -ENOMEM;
		ringmaster__v1__load_mark__init(&marks[i]);
		marks[i].at_seconds = facts->marks[i].at_s;
		marks[i].text = (char *)(uintptr_t)text.data;
		server->marks[server->n_marks++] = &marks[i];
	}
	return 0;
}

/* ---- counts ---- */

static int server_counts(const struct load_server_facts *facts,
    struct arena *arena, Ringmaster__V1__LoadServer *server)
{
	struct slice text = SLICE("");
	char words[WORDS_MAX];

	server->requests = facts->requests;
	server->aborted = facts->aborted;
	server->agrees = facts->requests >= facts->answered &&
	    facts->requests <= facts->sent;
	if (facts->requests > facts->sent)
		text = arena_printf(arena, "the server also had %s requests "
		    "of other clients", words_count(words,
			facts->requests - facts->sent));
	else if (!server->agrees)
		text = arena_printf(arena, "the server lacks %s of the "
		    "requests that were answered: a worker was killed, or "
		    "another server answered, too", words_count(words,
			facts->answered - facts->requests));
	if (!text.data)
		return -ENOMEM;
	server->disagreement = (char *)(uintptr_t)text.data;
	return 0;
}

/*
 * A worker is one server with one queue. Its service time is the processor
 * time of a request, of which the variation of what can be measured by
 * request is taken as the whole's: the mean wait in M/G/1 is
 * u / (1 - u) * (1 + c^2) / 2 * service time (Pollaczek, Khinchine).
 */
static void server_waiting(const struct load_server_facts *facts,
    const struct load_join_summary *summary,
    Ringmaster__V1__LoadServer *server)
{
	double cpu = 0, busy, service;
	unsigned used = 0;

	for (unsigned i = 0; i < facts->worker_count; i++) {
		cpu += facts->workers[i].cpu;
		used += facts->workers[i].requests > 0;
	}
	busy = used ? cpu / used : 0;
	service = facts->requests ? cpu * facts->elapsed_s /
	    (double)facts->requests : 0;
	server->utilisation = busy;
	server->waiting_seconds = summary->waiting;
	server->expected_waiting_seconds = busy > SERVER_BUSY_MAX
	    ? (double)NAN : busy / (1 - busy) * service *
	    (1 + summary->work_variation) / 2;
}

int load_server_message(const struct load_server_facts *facts,
    const struct load_join_summary *summary, struct arena *arena,
    Ringmaster__V1__LoadServer **ret)
{
	Ringmaster__V1__LoadServer *server = arena_alloc(arena,
	    sizeof(*server));
	struct slice version, hash;
	int err;

	if (!server)
		return -ENOMEM;
	ringmaster__v1__load_server__init(server);
	version = arena_copy(arena, slice_cstr(facts->version));
	hash = arena_printf(arena, "%016" PRIx64, facts->config_hash);
	if (!version.data || !hash.data)
		return -ENOMEM;
	server->version = (char *)(uintptr_t)version.data;
	server->config_hash = (char *)(uintptr_t)hash.data;
	server->generation = (uint32_t)facts->generation;
	server->followed = summary->followed;
	server_waiting(facts, summary, server);
	err = server_counts(facts, arena, server);
	if (!err)
		err = server_workers(facts, arena, server);
	if (!err)
		err = server_marks(facts, arena, server);
	if (!err && summary->sample)
		err = server_bars(summary, arena, server);
	if (!err)
		err = server_slowest(summary, facts->started_ns, arena,
		    server);
	if (!err)
		*ret = server;
	return err;
}
