/*
 * stub_status: the few numbers that nginx shows, in its words, and the same
 * as variables. They are sums over all workers, from the metrics segment.
 */

#include "http/conn.h"
#include "http/variable.h"
#include "metrics/lock.h"
#include "metrics/slot.h"
#include "modules/modules.h"

/* The first words of struct metrics_totals: without its histograms it is
 * small enough for a coroutine's stack. */
struct stub_totals {
	uint64_t counters[METRICS_COUNTER_COUNT];
	uint64_t requests;
};
_Static_assert(offsetof(struct stub_totals, requests) ==
    offsetof(struct metrics_totals, requests), "the same beginning");

struct stub_numbers {
	uint64_t accepted, handled, requests;
	int64_t reading, writing, waiting;
};

enum { STUB_READ_TRIES = 100 };		/* spins only: the loop cannot wait */

static void stub_add_slot(struct stub_numbers *numbers,
    const struct metrics_slot *slot)
{
	struct stub_totals totals;
	int64_t gauges[METRICS_GAUGE_COUNT];

	/* A copy that is torn is off by a request or so: as good as any. */
	(void)metrics_read(&slot->sequence, &totals, &slot->core.totals,
	    sizeof(totals), STUB_READ_TRIES);
	numbers->accepted += totals.counters[METRICS_ACCEPTED];
	numbers->handled += totals.counters[METRICS_HANDLED];
	numbers->requests += totals.requests;
	if (!metrics_slot_alive(slot))
		return;
	(void)metrics_read(&slot->sequence, gauges, slot->core.gauges.values,
	    sizeof(gauges), STUB_READ_TRIES);
	numbers->reading += gauges[METRICS_READING];
	numbers->writing += gauges[METRICS_WRITING];
	numbers->waiting += gauges[METRICS_IDLE];
}

/* The sums of now. Workers count a request when it has ended, nginx when it
 * begins: so those that are being answered are added. */
static struct stub_numbers stub_numbers_get(struct http_worker *worker)
{
	const struct metrics_file *file = worker->segment->file;
	unsigned count = metrics_load32(&file->header.slot_count);
	struct stub_numbers numbers = { 0 };

	metrics_flush(worker->metrics);
	for (unsigned i = 0; i < count; i++)
		if (file->slots[i].kind == METRICS_KIND_WORKER)
			stub_add_slot(&numbers, &file->slots[i]);
	numbers.requests += (uint64_t)numbers.writing;
	return numbers;
}

static int stub_handle(struct http_request *request)
{
	struct stub_numbers n;
	struct slice text;

	if (request->method != HTTP_METHOD_GET &&
	    request->method != HTTP_METHOD_HEAD)
		return 405;
	n = stub_numbers_get(request->worker);
	text = arena_printf(&request->arena,
	    "Active connections: %lld \n"
	    "server accepts handled requests\n"
	    " %llu %llu %llu \n"
	    "Reading: %lld Writing: %lld Waiting: %lld \n",
	    (long long)(n.reading + n.writing + n.waiting),
	    (unsigned long long)n.accepted, (unsigned long long)n.handled,
	    (unsigned long long)n.requests, (long long)n.reading,
	    (long long)n.writing, (long long)n.waiting);
	if (!text.data)
		return 500;
	http_response_text(request, 200, SLICE("text/plain"), text);
	return HTTP_DONE;
}

static int stub_set(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	(void)conf, (void)node, (void)record;
	http_location_handle(scope, stub_handle);
	return 0;
}

static bool get_active(struct http_request *request, struct slice name,
    struct slice *ret)
{
	struct stub_numbers n = stub_numbers_get(request->worker);

	(void)name;
	return http_variable_number(request,
	    (uint64_t)(n.reading + n.writing + n.waiting), ret);
}

static bool get_reading(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	return http_variable_number(request,
	    (uint64_t)stub_numbers_get(request->worker).reading, ret);
}

static bool get_writing(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	return http_variable_number(request,
	    (uint64_t)stub_numbers_get(request->worker).writing, ret);
}

static bool get_waiting(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	return http_variable_number(request,
	    (uint64_t)stub_numbers_get(request->worker).waiting, ret);
}

static const struct http_variable stub_variables[] = {
	{ .name = { "connections_active", 18 }, .get = get_active,
	  .help = "client connections that are open, in all workers" },
	{ .name = { "connections_reading", 19 }, .get = get_reading,
	  .help = "those whose request is being read" },
	{ .name = { "connections_writing", 19 }, .get = get_writing,
	  .help = "those that are answered" },
	{ .name = { "connections_waiting", 19 }, .get = get_waiting,
	  .help = "those that are kept without a request" },
	{ .name = { NULL, 0 }, .get = NULL },
};

static const struct conf_directive stub_directives[] = {
	{ .name = "stub_status", .contexts = CONF_SERVER | CONF_LOCATION,
	  .args_max = 1, .set = stub_set,
	  .syntax = "[on]",
	  .help = "answer with counts of connections and requests" },
	{ .name = NULL },
};

const struct http_module http_stub_status_module = {
	.table = {
		.name = "stub_status",
		.help = "answers with a few counts as text; the dashboard "
		    "has them all",
		.directives = stub_directives,
	},
	.variables = stub_variables,
};
