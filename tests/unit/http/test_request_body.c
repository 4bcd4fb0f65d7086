/*
 * Bodies of requests that a handler reads: a server with one module of its
 * own, whose handler answers with what it was given, and a client at the
 * other end of a pair of sockets.
 */

#include "../conf/fixture.h"
#include "../ring/support.h"

#include <dirent.h>
#include <sys/stat.h>

#include "http/conn.h"
#include "http/request_body.h"
#include "http/value.h"
#include "http/variable.h"
#include "metrics/slot.h"

enum { ANSWER_MAX = 4096, STEP_MS = 2, STEPS = 2500 };

/* ---- the module ---- */

extern const struct http_module echo_module;

static struct {
	struct fixture fixture;
	struct http_conf *http;
	struct http_worker *worker;
	struct metrics_segment *segment;
	struct metrics_writer *metrics;
	struct ring_stream client;
	char answer[ANSWER_MAX];
	/* what the handler saw */
	int status;
	bool aborted;
	char path[256];
	unsigned names;			/* in the directory, meanwhile */
	bool drained;
} t;

/* Files in the directory for bodies. */
static unsigned count_files(void)
{
	char path[128];
	unsigned count = 0;
	struct dirent *entry;
	DIR *dir;

	(void)snprintf(path, sizeof(path), "%sbody", t.fixture.dir);
	dir = opendir(path);
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		count += entry->d_name[0] != '.';
	assert_int_equal(closedir(dir), 0);
	return count;
}

static const char *echo_kind(enum http_body_kind kind)
{
	return kind == HTTP_BODY_NONE ? "none" :
	    kind == HTTP_BODY_BYTES ? "bytes" : "file";
}

static struct slice echo_variable(struct http_request *request,
    const char *name)
{
	const struct http_variable *variable =
	    http_variable_find(slice_cstr(name));
	struct slice value;

	assert_non_null(variable);
	return variable->get(request, variable->name, &value) ? value :
	    SLICE("-");
}

static int echo_handle(struct http_request *request)
{
	struct http_body body, again;
	struct slice text, path;

	t.status = http_request_body_read(request, &body);
	t.aborted = request->aborted_by_client;
	t.names = count_files();
	assert_int_equal(http_request_body_read(request, &again), t.status);
	if (t.status)
		return t.status;
	assert_int_equal(again.kind, body.kind);
	assert_int_equal(again.fd, body.fd);
	text = body.bytes;
	if (body.kind == HTTP_BODY_FILE) {
		char *data = arena_alloc_text(&request->arena,
		    request->body_received + 1);

		assert_int_equal(pread(body.fd, data,
		    request->body_received + 1, 0), request->body_received);
		text = (struct slice){ data, request->body_received };
	}
	path = echo_variable(request, "request_body_file");
	(void)snprintf(t.path, sizeof(t.path), "%.*s", SLICE_ARG(path));
	http_response_text(request, 200, SLICE("text/plain"),
	    arena_printf(&request->arena, "%s:%.*s:%.*s:",
		echo_kind(body.kind), SLICE_ARG(text),
		SLICE_ARG(echo_variable(request, "request_body"))));
	return HTTP_DONE;
}

static int echo_set(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	(void)conf, (void)node, (void)record;
	http_location_handle(scope, echo_handle);
	return 0;
}

static const struct conf_directive echo_directives[] = {
	{ .name = "echo_body", .contexts = CONF_LOCATION, .set = echo_set,
	  .help = "answer with the request's body" },
	{ .name = NULL },
};

const struct http_module echo_module = {
	.table = { .name = "echo", .directives = echo_directives },
};

static const struct http_module *const modules[] = { &echo_module, NULL };

/* ---- the server ---- */

static void server_read(const char *settings)
{
	static const struct conf_table *tables[HTTP_TABLES_MAX + 1];
	struct conf *conf = &t.fixture.conf;
	struct conf_scope scope = { .context = CONF_MAIN };
	struct http_block *block;
	struct conf_node *node;
	char text[1024];

	memset(&t, 0, sizeof(t));
	http_variables_use(modules);
	(void)http_tables(modules, tables);
	fixture_init(&t.fixture, tables);
	(void)snprintf(text, sizeof(text), "http { client_body_temp_path "
	    "%sbody; server { listen 127.0.0.1:1; %s location / { echo_body; "
	    "} } }", t.fixture.dir, settings);
	fixture_write(&t.fixture, "body/none", "");
	fixture_write(&t.fixture, "test.conf", text);
	assert_int_equal(fixture_parse(&t.fixture, "test.conf", &node), 0);
	scope.records = conf_records_new(conf);
	block = conf_record(conf, scope.records, &http_block_table);
	block->modules = modules;
	assert_int_equal(conf_apply(conf, node, &scope), 0);
	t.http = block->http;
	(void)snprintf(text, sizeof(text), "%sbody/none", t.fixture.dir);
	assert_int_equal(unlink(text), 0);
}

static void server_start(void)
{
	static const char *const methods[] = { "other" };
	struct metrics_options options = { .version = "1", .config_file = "",
	    .uring_features = "", .methods = methods, .method_count = 1 };
	struct http_worker_options worker = { .http = t.http, .ring = ring,
	    .log = &t.fixture.log, .connections_max = 8 };
	char path[128];
	int slot;

	(void)snprintf(path, sizeof(path), "%ssegment", t.fixture.dir);
	assert_int_equal(metrics_segment_create(path, &options, &t.segment),
	    0);
	slot = metrics_slot_assign(t.segment, METRICS_KIND_WORKER, 1, 0);
	assert_true(slot >= 0);
	assert_int_equal(metrics_writer_open(t.segment, (unsigned)slot,
	    &t.metrics), 0);
	worker.segment = t.segment;
	worker.metrics = t.metrics;
	assert_int_equal(http_worker_start(&worker, &t.worker), 0);
}

static void server_drained(void *arg)
{
	(void)arg;
	t.drained = true;
}

static void server_drain(void)
{
	http_worker_drain(t.worker, server_drained, NULL);
	for (int i = 0; i < STEPS && !t.drained; i++)
		ring_sleep(ring, ring_now(ring) + STEP_MS * NS_PER_MSEC);
	assert_true(t.drained);
	ring_yield(ring);	/* the coroutine that told has to return */
}

static void server_stop(void)
{
	http_worker_stop(&t.worker);
	metrics_writer_close(&t.metrics);
	metrics_segment_close(&t.segment);
}

/* ---- the client ---- */

static void client_readable(void *arg)
{
	(void)arg;	/* it asks when it wants to know */
}

static void client_send(const char *text)
{
	size_t len = strlen(text);

	assert_int_equal(ring_send(ring, t.client.fd,
	    (struct slice){ text, len }, 0, RING_NO_DEADLINE), len);
}

/* What comes until `last` has come, or until the server closes. */
static const char *client_receive(const char *last)
{
	size_t len = 0;
	ssize_t n = 1;

	while (n > 0 && (!last || !strstr(t.answer, last))) {
		n = ring_recv(&t.client, t.answer + len,
		    sizeof(t.answer) - 1 - len,
		    ring_now(ring) + 5000 * NS_PER_MSEC);
		assert_true(n >= 0);
		len += (size_t)n;
		t.answer[len] = '\0';
	}
	return t.answer;
}

static void client_open(void)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0, fds), 0);
	http_worker_accept(t.worker, t.http->listens, fds[0]);
	t.client = (struct ring_stream){ .ring = ring, .fd = fds[1],
	    .readable = client_readable };
	ring_stream_open(&t.client);
}

/* ---- what tests say ---- */

struct run {
	const char *settings;
	const char *request;
	const char *expected;	/* in the answer; NULL: hang up instead */
	void (*check)(void);	/* afterwards; or NULL */
};

static void run_client(void *arg)
{
	const struct run *run = arg;

	client_open();
	client_send(run->request);
	if (run->expected && !strstr(client_receive(NULL), run->expected))
		fail_msg("\"%s\" is not in \"%s\"", run->expected, t.answer);
	ring_stream_close(&t.client);
	server_drain();
	ring_stop(ring);
}

static void run(struct run *run)
{
	struct ring_options options = test_options();

	(void)alarm(TEST_SECONDS_MAX);
	server_read(run->settings);
	assert_int_equal(ring_open(&options, &ring), 0);
	server_start();
	assert_int_equal(ring_spawn(ring, NULL, run_client, run), 0);
	assert_int_equal(ring_run(ring), 0);
	server_stop();
	ring_close(&ring);
	if (run->check)
		run->check();
	fixture_fini(&t.fixture);
}

#define POST "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
#define CHUNKED POST "Transfer-Encoding: chunked\r\n\r\n"

static void no_file_was_made(void)
{
	assert_int_equal(count_files(), 0);
	assert_string_equal(t.path, "-");
}

static void file_has_no_name(void)
{
	assert_int_equal(t.names, 0);
	assert_int_equal(count_files(), 0);
	assert_memory_equal(t.path, t.fixture.dir, strlen(t.fixture.dir));
}

static void file_stays(void)
{
	struct stat st;

	assert_int_equal(count_files(), 1);
	assert_int_equal(stat(t.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void file_is_gone(void)
{
	assert_int_equal(t.names, 1);
	assert_int_equal(count_files(), 0);
}

/* ---- the tests ---- */

static void a_body_as_large_as_the_buffer_stays_in_memory(void **state)
{
	(void)state;
	run(&(struct run){ "client_body_buffer_size 8;",
	    POST "Content-Length: 8\r\n\r\n12345678",
	    "bytes:12345678:12345678:", no_file_was_made });
	run(&(struct run){ "client_body_buffer_size 8;",
	    CHUNKED "3\r\n123\r\n5\r\n45678\r\n0\r\n\r\n",
	    "bytes:12345678:12345678:", no_file_was_made });
}

static void a_larger_one_goes_to_a_file_without_a_name(void **state)
{
	(void)state;
	run(&(struct run){ "client_body_buffer_size 8;",
	    POST "Content-Length: 9\r\n\r\n123456789",
	    "file:123456789:-:", file_has_no_name });
	run(&(struct run){ "client_body_buffer_size 8;",
	    CHUNKED "13\r\n1234567890123456789\r\n1\r\nx\r\n0\r\n\r\n",
	    "file:1234567890123456789x:-:", file_has_no_name });
}

static void in_file_only_makes_a_file_that_stays(void **state)
{
	(void)state;
	run(&(struct run){ "client_body_in_file_only on;",
	    POST "Content-Length: 2\r\n\r\nab", "file:ab:-:", file_stays });
	run(&(struct run){ "client_body_in_file_only on;",
	    POST "Content-Length: 0\r\n\r\n", "file::-:", file_stays });
}

static void in_file_only_clean_removes_it_behind_the_request(void **state)
{
	(void)state;
	run(&(struct run){ "client_body_in_file_only clean;",
	    CHUNKED "2\r\nab\r\n0\r\n\r\n", "file:ab:-:", file_is_gone });
}

static void a_request_without_a_body(void **state)
{
	(void)state;
	run(&(struct run){ "client_body_in_file_only on;",
	    POST "\r\n", "none::-:", no_file_was_made });
}

static void beyond_the_limit_is_413(void **state)
{
	(void)state;
	run(&(struct run){ "client_max_body_size 4;",
	    CHUNKED "4\r\n1234\r\n0\r\n\r\n", "bytes:1234:", NULL });
	run(&(struct run){ "client_max_body_size 4;",
	    CHUNKED "5\r\n12345\r\n0\r\n\r\n", "HTTP/1.1 413 ", NULL });
}

static void a_malformed_one_is_400(void **state)
{
	(void)state;
	run(&(struct run){ "", CHUNKED "2\r\nabc\r\n0\r\n\r\n",
	    "HTTP/1.1 400 ", NULL });
}

static void a_pause_too_long_is_408(void **state)
{
	(void)state;
	run(&(struct run){ "client_body_timeout 20ms;",
	    POST "Content-Length: 3\r\n\r\nab", "HTTP/1.1 408 ", NULL });
}

static void hung_up_on_the_handler(void)
{
	assert_int_equal(t.status, 400);
	assert_true(t.aborted);
}

static void a_client_that_hangs_up(void **state)
{
	(void)state;
	run(&(struct run){ "", POST "Content-Length: 3\r\n\r\nab", NULL,
	    hung_up_on_the_handler });
}

static void a_directory_that_is_missing_is_500(void **state)
{
	(void)state;
	run(&(struct run){ "client_body_in_file_only on; "
	    "client_body_temp_path /nowhere/at/all;",
	    POST "Content-Length: 2\r\n\r\nab", "HTTP/1.1 500 ", NULL });
}

static void the_next_request_begins_behind_the_body(void **state)
{
	(void)state;
	run(&(struct run){ "client_body_buffer_size 2;",
	    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
	    POST "Content-Length: 2\r\n\r\nde", "bytes:de:de:", NULL });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_body_as_large_as_the_buffer_stays_in_memory),
		cmocka_unit_test(a_larger_one_goes_to_a_file_without_a_name),
		cmocka_unit_test(in_file_only_makes_a_file_that_stays),
		cmocka_unit_test(
		    in_file_only_clean_removes_it_behind_the_request),
		cmocka_unit_test(a_request_without_a_body),
		cmocka_unit_test(beyond_the_limit_is_413),
		cmocka_unit_test(a_malformed_one_is_400),
		cmocka_unit_test(a_pause_too_long_is_408),
		cmocka_unit_test(a_client_that_hangs_up),
		cmocka_unit_test(a_directory_that_is_missing_is_500),
		cmocka_unit_test(the_next_request_begins_behind_the_body),
	};

	return cmocka_run_group_tests_name("request bodies", tests, NULL,
	    NULL);
}
