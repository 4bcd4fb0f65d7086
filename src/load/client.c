/*
 * In the closed model a connection's coroutine lives as long as the test and
 * sends the next request when the last one was answered. In the open model a
 * connection is idle until a request is due; when all are busy, what is due
 * waits for the first that is done, and the time it waited counts.
 *
 * Each request has four stamps: intended, sent, first byte, done. The clock
 * is read when a request is handed to the ring and when its answer is read;
 * what the ring's batches add to that is within a turn of the loop.
 */

#include "load/client.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "load/arrivals.h"
#include "load/reader.h"

enum {
	CLIENT_MARKED_SIZE = 4096,	/* larger requests are not copied to be
					 * marked */
};

/* After a failed connection the closed model would spin. */
#define CLIENT_RETRY_NS (10 * NS_PER_MSEC)

/*
 * The open model wakes up before a request is due and watches the clock, if
 * that does not take more than a quarter of the time: so much before as a
 * processor that sleeps needs to be awake again, or if it is kept awake, as
 * a timer may be late.
 */
#define CLIENT_EARLY_NS (NS_PER_MSEC / 10)
#define CLIENT_EARLY_AWAKE_NS (NS_PER_MSEC / 16)

/* One or, pipelined, several requests that are sent together. */
struct exchange {
	unsigned count;
	uint64_t sent_ns;		/* the first time */
	unsigned answered;
	bool heard;			/* a byte of the next answer */
	bool keeps;			/* the last answer says: the connection
					 * may be used again */
	bool followed;			/* the only one is; it has `stamps` */
	struct load_stamps stamps;
	struct {
		const struct load_request *request;
		uint64_t intended_ns;
	} due[LOAD_PIPELINE_MAX];
};

/* ---- connecting ---- */

static enum load_error client_connect_error(int err)
{
	enum load_error error = load_error_of(err);

	if (error == LOAD_ERROR_TIMEOUT)
		return LOAD_ERROR_CONNECT_TIMEOUT;
	return error == LOAD_ERROR_OTHER ? LOAD_ERROR_CONNECT_OTHER : error;
}

/* Idle, it got bytes nobody asked for, or more likely its end. */
static void client_readable(void *arg)
{
	struct load_client *client = arg;

	if (!client->busy)
		client->stale = true;
}

static void client_close(struct load_client *client)
{
	if (!client->open)
		return;
	client->open = client->used = false;
	client->worker->connected--;
	ring_stream_close(&client->stream);
}

static int client_socket(const struct load_plan *plan)
{
	int on = 1, fd = socket(plan->address.ss_family,
	    SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	/* Fails for a unix socket, which has no delay. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	return fd;
}

static enum load_error client_connect(struct load_client *client)
{
	struct load_worker *worker = client->worker;
	const struct load_plan *plan = worker->plan;
	uint64_t since = clock_mono_ns();
	int fd = client_socket(plan), err;

	if (fd < 0)
		return client_connect_error(fd);
	err = ring_connect(worker->ring, fd,
	    (const struct sockaddr *)&plan->address, plan->address_len,
	    since + plan->timeout_ns);
	if (err) {
		(void)close(fd); /* nothing was written */
		return client_connect_error(err);
	}
	client->stream = (struct ring_stream){ .ring = worker->ring,
	    .fd = fd, .readable = client_readable, .arg = client };
	ring_stream_open(&client->stream);
	client->open = true;
	client->stale = false;
	worker->connected++;
	worker->record->counts.connects++;
	worker->second.counts.connects++;
	hdr_add(&worker->record->connect, clock_mono_ns() - since);
	return LOAD_OK;
}

/* ---- what is due ---- */

/* What the client is to do next: false for nothing now. */
static bool client_take(struct load_client *client,
    struct exchange *exchange)
{
	struct load_worker *worker = client->worker;
	const struct load_plan *plan = worker->plan;

	exchange->count = exchange->answered = 0;
	exchange->heard = exchange->keeps = false;
	if (plan->open) {
		while (exchange->count < plan->pipeline && arrivals_take(
		    worker, &exchange->due[exchange->count].request,
		    &exchange->due[exchange->count].intended_ns))
			exchange->count++;
		return exchange->count > 0;
	}
	if (worker->stopping || clock_mono_ns() >= worker->end_ns)
		return false;
	while (exchange->count < plan->pipeline &&
	    (plan->each == 0 || client->requests < plan->each)) {
		exchange->due[exchange->count].request =
		    arrivals_choose(worker);
		exchange->due[exchange->count++].intended_ns = 0;
		client->requests++;
	}
	return exchange->count > 0;
}

/* ---- measuring ---- */

static void client_failed(struct load_client *client, enum load_error error,
    unsigned count)
{
	struct load_worker *worker = client->worker;

	worker->record->counts.errors[error] += count;
	worker->second.counts.errors[error] += count;
}

static void client_measure(struct load_client *client,
    const struct exchange *exchange, unsigned i, uint64_t first_ns)
{
	struct load_worker *worker = client->worker;
	struct load_record *record = worker->record;
	uint64_t done_ns = clock_mono_ns(), sent_ns = exchange->sent_ns;
	uint64_t intended_ns = exchange->due[i].intended_ns;

	if (intended_ns == 0)
		intended_ns = sent_ns;
	record->counts.completed++;
	record->last_ns = done_ns;
	if (done_ns - worker->start_ns >= worker->plan->warmup_ns)
		record->measured++;
	worker->second.counts.completed++;
	hist_add(&worker->second.response, done_ns - intended_ns);
	if (done_ns - sent_ns > worker->second.service_max_ns)
		worker->second.service_max_ns = done_ns - sent_ns;
	if (intended_ns - worker->start_ns < worker->plan->warmup_ns)
		return;
	hdr_add(&record->response, done_ns - intended_ns);
	hdr_add(&record->service, done_ns - sent_ns);
	hdr_add(&record->first_byte, first_ns - sent_ns);
	if (worker->plan->open)
		hdr_add(&record->slip, sent_ns - intended_ns);
	if (exchange->followed) {
		struct load_stamps stamps = exchange->stamps;

		stamps.intended_ns = intended_ns;
		stamps.sent_ns = sent_ns;
		stamps.done_ns = done_ns;
		load_follow_done(worker->follow, &stamps);
	}
}

/* ---- the life of a connection ---- */

/* Requests that were sent alone, after the warm-up. */
static bool client_follows(struct load_client *client,
    struct exchange *exchange)
{
	const struct load_worker *worker = client->worker;
	uint64_t due_ns = exchange->due[0].intended_ns;

	if (due_ns == 0)
		due_ns = exchange->sent_ns;
	return worker->follow && exchange->count == 1 &&
	    due_ns >= worker->start_ns + worker->plan->warmup_ns &&
	    load_follow_choose(worker->follow, exchange->sent_ns,
		&exchange->stamps);
}

static enum load_error client_send_bytes(struct load_client *client,
    struct slice bytes, int flags, uint64_t deadline)
{
	struct load_worker *worker = client->worker;
	ssize_t n = ring_send(worker->ring, client->stream.fd, bytes, flags,
	    deadline);

	if (n < 0)
		return load_error_of((int)n);
	worker->record->counts.bytes_out += bytes.len;
	worker->second.counts.bytes_out += bytes.len;
	return LOAD_OK;
}

/* Send a request with a line more, behind its first. Not inline, or its room
 * would lie between what others use of the stack, which is to be in as few
 * pages as possible. */
__attribute__((noinline))
static enum load_error client_send_marked(struct load_client *client,
    const struct load_stamps *stamps, struct slice bytes, uint64_t deadline)
{
	const char *end = memchr(bytes.data, '\n', bytes.len);
	size_t first = (size_t)(end + 1 - bytes.data), len = 0;
	char line[LOAD_FOLLOW_LINE], data[CLIENT_MARKED_SIZE];
	struct slice pieces[] = { slice_first(bytes, first),
		load_follow_line(client->worker->follow, stamps, line),
		slice_from(bytes, first) };
	enum { COUNT = sizeof(pieces) / sizeof(*pieces) };
	bool whole = bytes.len + pieces[1].len <= sizeof(data);
	enum load_error error = LOAD_OK;

	for (unsigned i = 0; i < COUNT && error == LOAD_OK; i++) {
		if (whole)
			memcpy(data + len, pieces[i].data, pieces[i].len);
		else
			error = client_send_bytes(client, pieces[i],
			    i + 1 < COUNT ? MSG_MORE : 0, deadline);
		len += pieces[i].len;
	}
	return whole ? client_send_bytes(client,
	    (struct slice){ data, len }, 0, deadline) : error;
}

static enum load_error client_send(struct load_client *client,
    struct exchange *exchange, uint64_t deadline)
{
	const struct load_plan *plan = client->worker->plan;
	unsigned count = exchange->count;
	enum load_error error = LOAD_OK;

	exchange->followed = client_follows(client, exchange);
	if (!exchange->followed && exchange->answered == 0 &&
	    count == plan->pipeline && plan->batch.len)
		return client_send_bytes(client, plan->batch, 0, deadline);
	for (unsigned i = exchange->answered; i < count && error == LOAD_OK;
	    i++) {
		struct slice bytes = cookies_add(&client->cookies,
		    exchange->due[i].request);

		if (bytes.len == 0)
			return load_error_of(-ENOMEM);
		error = exchange->followed
		    ? client_send_marked(client, &exchange->stamps, bytes,
			deadline)
		    : client_send_bytes(client, bytes,
			i + 1 < count ? MSG_MORE : 0, deadline);
	}
	return error;
}

static void client_free(struct load_client *client)
{
	free(client->head);
	free(client->content);
	client->head = client->content = NULL;
}

void client_fini(struct load_client *client)
{
	client_free(client);
	cookies_free(&client->cookies);
}

/* Read the answers. One that is complete but not as expected is an error of
 * its own and goes on. */
static enum load_error client_receive(struct load_client *client,
    struct exchange *exchange)
{
	enum load_error error;
	struct reader reader;

	reader_init(&reader, client,
	    exchange->sent_ns + client->worker->plan->timeout_ns);
	exchange->keeps = true;
	while (exchange->answered < exchange->count && exchange->keeps) {
		error = reader_answer(&reader,
		    exchange->due[exchange->answered].request,
		    &exchange->keeps);
		exchange->heard = reader.first_ns != 0;
		if (error == LOAD_OK)
			client_measure(client, exchange, exchange->answered,
			    reader.first_ns);
		else if (error == LOAD_ERROR_STATUS ||
		    error == LOAD_ERROR_BODY)
			client_failed(client, error, 1);
		else
			goto out;
		client->worker->waiting--;
		client->used = true;
		exchange->heard = false;
		exchange->answered++;
	}
	/* Bytes that nobody asked for: another answer would be taken for
	 * that of the next request. */
	if (reader.begin < reader.end)
		exchange->keeps = false;
	error = exchange->answered < exchange->count ? LOAD_ERROR_CLOSED
						     : LOAD_OK;
out:
	client_free(client);
	return error;
}

static enum load_error client_attempt(struct load_client *client,
    struct exchange *exchange)
{
	enum load_error error = client_send(client, exchange,
	    exchange->sent_ns + client->worker->plan->timeout_ns);

	return error == LOAD_OK ? client_receive(client, exchange) : error;
}

/*
 * A server may close a connection that nobody uses just as somebody does, or
 * behind one of several answers: nobody's error, and what may be sent twice
 * is sent once more on another connection (RFC 9112 §9.3.1, §9.3.2). What was
 * on its way counts as time.
 */
static bool client_may_retry(const struct exchange *exchange,
    enum load_error error)
{
	bool may = !exchange->heard &&
	    (error == LOAD_ERROR_CLOSED || error == LOAD_ERROR_RESET);

	for (unsigned i = exchange->answered; i < exchange->count && may; i++)
		may = http_method_idempotent(exchange->due[i].request->method);
	return may;
}

static void client_exchange(struct load_client *client,
    struct exchange *exchange)
{
	struct load_worker *worker = client->worker;
	const struct load_plan *plan = worker->plan;
	enum load_error error = LOAD_OK;

	if (client->open && (client->stale ||
	    ring_stream_ready(&client->stream)))
		client_close(client);
	if (!client->open)
		error = client_connect(client);
	exchange->sent_ns = clock_mono_ns();
	worker->record->counts.sent += exchange->count;
	worker->second.counts.sent += exchange->count;
	worker->waiting += exchange->count;
	if (error == LOAD_OK)
		error = client_attempt(client, exchange);
	if (client->used && client_may_retry(exchange, error)) {
		client_close(client);
		worker->record->counts.retried += exchange->count -
		    exchange->answered;
		error = client_connect(client);
		if (error == LOAD_OK)
			error = client_attempt(client, exchange);
	}
	if (error != LOAD_OK) {
		client_failed(client, error,
		    exchange->count - exchange->answered);
		worker->waiting -= exchange->count - exchange->answered;
	}
	if (error != LOAD_OK || !exchange->keeps || !plan->keepalive)
		client_close(client);
	if (!plan->open && error != LOAD_OK && !client->open &&
	    exchange->answered == 0)
		ring_sleep(worker->ring, clock_mono_ns() + CLIENT_RETRY_NS);
}

/* Come back when the next request is due, or shortly before. */
static void worker_wait(struct load_worker *worker)
{
	uint64_t early_ns = worker->kept_awake ? CLIENT_EARLY_AWAKE_NS
					       : CLIENT_EARLY_NS;
	bool far = worker->due_ns > clock_mono_ns() + 4 * early_ns;

	ring_timer_set(worker->ring, &worker->timer,
	    far ? worker->due_ns - early_ns : worker->due_ns);
}

/* Nothing is due: wait for the loop to have something, after those clients
 * that are idle already. */
static void client_park(struct load_client *client)
{
	struct load_worker *worker = client->worker;

	client->next_idle = NULL;
	*worker->idle_end = client;
	worker->idle_end = &client->next_idle;
	if (worker->more && !worker->awake)
		worker_wait(worker);
	if (!client->open)
		return;
	ring_stream_keep(&client->stream);
	client->stale = ring_stream_ready(&client->stream);
}

static bool client_all_done(const struct load_worker *worker)
{
	return worker->busy == 0 && (!worker->plan->open || !worker->more);
}

/* The pause of the closed model; an end of the test does not wait for it. */
static void client_think(struct load_client *client)
{
	struct load_worker *worker = client->worker;
	const struct load_plan *plan = worker->plan;
	double range_ns = (double)(plan->think_max_ns - plan->think_min_ns);
	uint64_t until_ns;

	if (plan->open || plan->think_max_ns == 0 ||
	    (plan->each && client->requests == plan->each))
		return;
	until_ns = clock_mono_ns() + plan->think_min_ns + (uint64_t)(range_ns *
	    schedule_random_unit(&worker->random));
	ring_sleep(worker->ring, until_ns < worker->end_ns ? until_ns
	    : worker->end_ns);
}

/* Coroutine. */
static void client_run(void *arg)
{
	struct load_client *client = arg;
	struct load_worker *worker = client->worker;
	struct exchange exchange;

	while (client_take(client, &exchange)) {
		client_exchange(client, &exchange);
		if (client->open)
			ring_stream_keep(&client->stream);
		client_think(client);
	}
	client->busy = false;
	worker->busy--;
	if (worker->plan->open)
		client_park(client);
	if (client_all_done(worker))
		ring_stop(worker->ring);
}

static bool client_spawn(struct load_client *client)
{
	client->busy = true;
	client->worker->busy++;
	if (ring_spawn(client->worker->ring, NULL, client_run, client) == 0)
		return true;
	client->busy = false;
	client->worker->busy--;
	return false;
}

/* Give what is due to idle clients, and come back for what will be. */
static void worker_give(struct load_worker *worker)
{
	while (worker->more && worker->idle && !worker->stopping) {
		struct load_client *client = worker->idle;

		if (worker->due_ns > clock_mono_ns()) {
			worker_wait(worker);
			return;
		}
		worker->idle = client->next_idle;
		if (!worker->idle)
			worker->idle_end = &worker->idle;
		if (!client_spawn(client)) {
			/* No memory for a stack: what is due waits. */
			client_park(client);
			return;
		}
	}
}

/* Coroutine: let the ring turn without sleeping until a request is due. */
static void worker_stay_awake(void *arg)
{
	struct load_worker *worker = arg;
	uint64_t due_ns = worker->due_ns;

	while (worker->due_ns == due_ns && due_ns > clock_mono_ns())
		ring_yield(worker->ring);
	worker->awake = false;
	worker_give(worker);
}

static void worker_timer(void *arg)
{
	struct load_worker *worker = arg;

	if (worker->due_ns <= clock_mono_ns()) {
		worker_give(worker);
	} else if (worker->more && !worker->awake) {
		worker->awake = true;
		if (ring_spawn(worker->ring, NULL, worker_stay_awake,
			worker) == 0)
			return;
		worker->awake = false;
		ring_timer_set(worker->ring, &worker->timer, worker->due_ns);
	}
}

/* Coroutine: the connection before the test. If it fails, that of the first
 * request is tried again, and counted. */
static void client_prepare(void *arg)
{
	struct load_client *client = arg;

	(void)client_connect(client);
	if (client->open)
		ring_stream_keep(&client->stream);
	client->worker->connecting--;
}

void client_connect_all(struct load_worker *worker)
{
	if (!worker->plan->keepalive)
		return;
	worker->connecting = worker->client_count;
	for (unsigned i = 0; i < worker->client_count; i++)
		if (ring_spawn(worker->ring, NULL, client_prepare,
			&worker->clients[i]) != 0)
			worker->connecting--;
}

void client_start_all(struct load_worker *worker)
{
	worker->idle_end = &worker->idle;
	worker->timer.fn = worker_timer;
	worker->timer.arg = worker;
	if (worker->plan->open)
		arrivals_start(worker);
	for (unsigned i = 0; i < worker->client_count; i++) {
		if (worker->plan->open)
			client_park(&worker->clients[i]);
		else
			/* Without memory for a stack there are fewer. */
			(void)client_spawn(&worker->clients[i]);
	}
	if (client_all_done(worker))
		ring_stop(worker->ring);
}

void client_change_rate(struct load_worker *worker, double rate)
{
	if (!arrivals_change_rate(worker, rate))
		return;
	if (worker->more)
		worker_wait(worker);
	else if (client_all_done(worker))
		ring_stop(worker->ring);
}
