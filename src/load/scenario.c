#include "load/scenario.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/number.h"
#include "conf/conf.h"
#include "load/stages.h"
#include "load/urls.h"

enum { SCENARIO_EXPRESSION_MAX = 200 };	/* bytes of an slo */

/* A scenario while it is read; what its file's conf is for. */
struct scenario_reader {
	struct draft *draft;
	struct scenario *scenario;
	struct fault fault;		/* of those that conf_fail() words */
	char text[1024];
	bool found;
	double at_s, rate;		/* where the stages have come to */
	struct buf requests;		/* const struct conf_node *: made when
					 * the target is known */
};

struct scenario_record {
	int64_t arrivals;
};

/* What a request block says. */
struct scenario_request {
	struct slice method, uri;
	struct slice body;
	struct draft_header headers[LOAD_HEADERS_MAX];
	unsigned header_count;
	unsigned expect_status;
	struct slice expect_body;
};

static struct scenario_reader *scenario_reader(const struct conf *conf)
{
	return conf->owner;
}

/* ---- the parts of a request ---- */

static int scenario_set_uri(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct scenario_request *request = record;
	struct slice uri = node->args[1];
	char *method;

	(void)scope;
	if (request->method.len)
		return conf_fail(conf, node, 0, "the request has a second "
		    "\"%s\"", node->args[0].data);
	if (!slice_starts(uri, SLICE("/")))
		return conf_fail(conf, node, 0, "\"%s\" needs a path that "
		    "begins with a slash", node->args[0].data);
	if (!load_uri_encode(uri, &conf->arena, &request->uri))
		return conf_fail(conf, node, 0, "the path is longer than %d "
		    "bytes", LOAD_TARGET_MAX);
	request->method = arena_copy(&conf->arena, node->args[0]);
	if (!request->method.data)
		return conf_fail(conf, node, ENOMEM, "request");
	method = (char *)request->method.data;
	for (size_t i = 0; i < request->method.len; i++)
		method[i] = (char)(method[i] - 'a' + 'A');
	return 0;
}

static int scenario_set_header(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope,
    void *record)
{
	struct scenario_request *request = record;
	struct draft_header header = { node->args[1], node->args[2] };
	const char *wrong = draft_header_wrong(&header);

	(void)scope;
	if (wrong)
		return conf_fail(conf, node, 0, "header \"%s\" cannot be "
		    "sent: %s", header.name.data, wrong);
	if (request->header_count == LOAD_HEADERS_MAX)
		return conf_fail(conf, node, 0, "a request has at most %d "
		    "headers", LOAD_HEADERS_MAX);
	request->headers[request->header_count++] = header;
	return 0;
}

static int scenario_set_expect(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope,
    void *record)
{
	struct scenario_request *request = record;
	struct slice what = node->args[1], value = node->args[2];
	uint64_t status;

	(void)scope;
	if (slice_equal(what, SLICE("body"))) {
		if (value.len == 0)
			return conf_fail(conf, node, 0, "every body has an "
			    "empty text in it");
		request->expect_body = value;
		return 0;
	}
	if (!slice_equal(what, SLICE("status")))
		return conf_fail(conf, node, 0, "\"expect\" is followed by "
		    "status NUMBER or body TEXT");
	if (!slice_to_u64(value, &status) || status < 200 || status > 599)
		return conf_fail(conf, node, 0, "\"%s\" is not a status from "
		    "200 to 599", value.data);
	request->expect_status = (unsigned)status;
	return 0;
}

/* ---- the parts of a scenario ---- */

static int scenario_set_target(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope,
    void *record)
{
	struct scenario_reader *reader = scenario_reader(conf);
	struct load_target target;

	(void)scope;
	(void)record;
	if (load_target_parse(node->args[1], reader->draft->arena,
		&reader->fault, &target) != 0)
		return conf_fail(conf, node, 0, "%s", reader->text);
	if (!reader->draft->target.host.data)
		reader->draft->target = target;
	return 0;
}

static int scenario_stage_rate(struct conf *conf,
    const struct conf_node *node, unsigned arg, double *ret)
{
	if (!number_parse_rate(node->args[arg], ret))
		return conf_fail(conf, node, 0, "\"%s\" is not a rate, as "
		    "2000/s", node->args[arg].data);
	return 0;
}

/* A point, behind which the stages are then. */
static int scenario_stage_point(struct conf *conf,
    const struct conf_node *node, double at_s, double rate)
{
	struct scenario_reader *reader = scenario_reader(conf);
	const char *wrong = stages_add(&reader->scenario->schedule, at_s,
	    rate);

	reader->at_s = at_s;
	reader->rate = rate;
	return wrong ? conf_fail(conf, node, 0, "the stages cannot be "
	    "followed: %s", wrong) : 0;
}

/* ramp [RATE] RATE over TIME */
static int scenario_stage_ramp(struct conf *conf,
    const struct conf_node *node, double over_s)
{
	struct scenario_reader *reader = scenario_reader(conf);
	bool first = reader->scenario->schedule.count == 0;
	double from = reader->rate, to;
	int err = scenario_stage_rate(conf, node, node->argc - 3, &to);

	if (!err && node->argc == 6)
		err = scenario_stage_rate(conf, node, 2, &from);
	if (!err && (first || from != reader->rate))
		err = scenario_stage_point(conf, node, reader->at_s, from);
	return err ? err : scenario_stage_point(conf, node, reader->at_s +
	    over_s, to);
}

static int scenario_set_stage(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct scenario_reader *reader = scenario_reader(conf);
	struct slice kind = node->args[1];
	bool ramp = slice_equal(kind, SLICE("ramp")) && node->argc >= 5 &&
	    slice_equal(node->args[node->argc - 2], SLICE("over"));
	double time_s;

	(void)scope;
	(void)record;
	if (!ramp && !(slice_equal(kind, SLICE("hold")) && node->argc == 3))
		return conf_fail(conf, node, 0, "a stage is \"ramp [RATE] "
		    "RATE over TIME\" or \"hold TIME\"");
	if (!number_parse_seconds(node->args[node->argc - 1], &time_s))
		return conf_fail(conf, node, 0, "\"%s\" is not a time, as "
		    "30s", node->args[node->argc - 1].data);
	if (ramp)
		return scenario_stage_ramp(conf, node, time_s);
	if (reader->scenario->schedule.count == 0)
		return conf_fail(conf, node, 0, "there is no rate to hold: "
		    "the first stage is a ramp");
	return scenario_stage_point(conf, node, reader->at_s + time_s,
	    reader->rate);
}

/* TIME[..TIME] */
static bool scenario_think(struct slice text, struct scenario *scenario)
{
	const char *dots = memmem(text.data, text.len, "..", 2);
	size_t len = dots ? (size_t)(dots - text.data) : text.len;

	return number_parse_seconds(slice_first(text, len),
		&scenario->think_min_s) &&
	    number_parse_seconds(slice_from(text, dots ? len + 2 : 0),
		&scenario->think_max_s) &&
	    scenario->think_min_s <= scenario->think_max_s &&
	    scenario->think_max_s <= LOAD_DURATION_MAX_S;
}

static int scenario_set_session(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope,
    void *record)
{
	static const struct slice think = { "think=", 6 };
	struct scenario_reader *reader = scenario_reader(conf);

	(void)scope;
	(void)record;
	if (reader->scenario->has_session)
		return conf_fail(conf, node, 0, "there is a second "
		    "\"session\"");
	reader->scenario->has_session = true;
	for (unsigned i = 1; i < node->argc; i++) {
		struct slice arg = node->args[i];

		if (slice_equal(arg, SLICE("cookies=keep")))
			reader->draft->cookies = true;
		else if (!slice_starts(arg, think))
			return conf_fail(conf, node, 0, "a session has "
			    "\"cookies=keep\" and \"think=TIME..TIME\", not "
			    "\"%s\"", arg.data);
		else if (!scenario_think(slice_from(arg, think.len),
			     reader->scenario))
			return conf_fail(conf, node, 0, "\"%s\" is not a time "
			    "or a range of times up to %d s, as "
			    "think=0s..200ms", arg.data, LOAD_DURATION_MAX_S);
	}
	return 0;
}

static int scenario_set_slo(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct scenario_reader *reader = scenario_reader(conf);
	struct scenario *scenario = reader->scenario;
	struct buf text = buf_make(SCENARIO_EXPRESSION_MAX);
	const char *copy = NULL;

	(void)scope;
	(void)record;
	if (scenario->slo_count == LOAD_SLOS_MAX)
		return conf_fail(conf, node, 0, "there are more than %d "
		    "\"slo\"", LOAD_SLOS_MAX);
	for (unsigned i = 1; i < node->argc; i++)
		buf_append_slice(&text, node->args[i]);
	if (!text.failed)
		copy = arena_copy(reader->draft->arena, buf_slice(&text)).data;
	buf_free(&text);
	if (!copy)
		return conf_fail(conf, node, 0, "the \"slo\" is longer than "
		    "%d bytes", SCENARIO_EXPRESSION_MAX);
	scenario->slos[scenario->slo_count++] = copy;
	return 0;
}

/* Made later: see scenario_add_requests(). */
static int scenario_set_request(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope,
    void *record)
{
	struct buf *requests = &scenario_reader(conf)->requests;

	(void)scope;
	(void)record;
	buf_append(requests, &node, sizeof(node));
	return requests->failed ? conf_fail(conf, node, 0, "there are more "
	    "than %d requests", LOAD_REQUESTS_MAX) : 0;
}

static int scenario_set_scenario(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope,
    void *record)
{
	struct scenario_reader *reader = scenario_reader(conf);
	const struct conf_scope inner = { .context = CONF_SCENARIO,
	    .records = scope->records, .parent = scope };

	(void)record;
	if (reader->found)
		return conf_fail(conf, node, 0, "a file has one scenario, "
		    "\"%s\" is the second", node->args[1].data);
	reader->found = true;
	reader->scenario->name = arena_copy(reader->draft->arena,
	    node->args[1]).data;
	if (!reader->scenario->name)
		return conf_fail(conf, node, ENOMEM, "scenario");
	return conf_apply(conf, node->children, &inner);
}

/* ---- tables ---- */

static const struct conf_enum scenario_arrivals[] = {
	{ "constant", SCHEDULE_CONSTANT },
	{ "poisson", SCHEDULE_POISSON },
	{ "uniform", SCHEDULE_UNIFORM },
	{ NULL, 0 },
};

static const struct conf_directive scenario_directives[] = {
	{ .name = "scenario", .contexts = CONF_MAIN, .args_min = 1,
	  .args_max = 1, .block = true, .set = scenario_set_scenario,
	  .help = "a load test" },
	{ .name = "target", .contexts = CONF_SCENARIO, .args_min = 1,
	  .args_max = 1, .set = scenario_set_target,
	  .help = "URL of the server" },
	{ .name = "arrivals", .contexts = CONF_SCENARIO, .args_min = 1,
	  .args_max = 1, .type = CONF_ENUM, .values = scenario_arrivals,
	  .offset = offsetof(struct scenario_record, arrivals),
	  .help = "how requests are spread over the time" },
	{ .name = "stage", .contexts = CONF_SCENARIO, .args_min = 2,
	  .args_max = 5, .set = scenario_set_stage,
	  .help = "a part of the course of the rate" },
	{ .name = "request", .contexts = CONF_SCENARIO, .args_min = 1,
	  .args_max = 2, .block = true, .set = scenario_set_request,
	  .help = "a kind of request" },
	{ .name = "slo", .contexts = CONF_SCENARIO, .args_min = 1,
	  .args_max = 8, .set = scenario_set_slo,
	  .help = "what the server is to keep to" },
	{ .name = "session", .contexts = CONF_SCENARIO, .args_min = 1,
	  .args_max = 2, .set = scenario_set_session,
	  .help = "what the user of a connection remembers, and how long it "
	    "thinks" },
	{ .name = NULL },
};

static const struct conf_table scenario_table = {
	.name = "scenario",
	.directives = scenario_directives,
	.record_size = sizeof(struct scenario_record),
};

#define SCENARIO_METHOD(method) \
	{ .name = method, .contexts = CONF_SCENARIO_REQUEST, .args_min = 1, \
	  .args_max = 1, .set = scenario_set_uri, \
	  .help = "method and path of the request" }

static const struct conf_directive request_directives[] = {
	SCENARIO_METHOD("get"),
	SCENARIO_METHOD("post"),
	SCENARIO_METHOD("put"),
	SCENARIO_METHOD("delete"),
	{ .name = "header", .contexts = CONF_SCENARIO_REQUEST, .args_min = 2,
	  .args_max = 2, .set = scenario_set_header,
	  .help = "a header to send" },
	{ .name = "body", .contexts = CONF_SCENARIO_REQUEST, .args_min = 1,
	  .args_max = 1, .type = CONF_STRING,
	  .offset = offsetof(struct scenario_request, body),
	  .help = "content to send" },
	{ .name = "expect", .contexts = CONF_SCENARIO_REQUEST, .args_min = 2,
	  .args_max = 2, .set = scenario_set_expect,
	  .help = "what the answer must be" },
	{ .name = NULL },
};

static const struct conf_table request_table = {
	.name = "request",
	.directives = request_directives,
	.record_size = sizeof(struct scenario_request),
};

static const struct conf_table *const scenario_tables[] = {
	&scenario_table, &request_table, NULL };

/* ---- all of it ---- */

static int scenario_weight(struct conf *conf, const struct conf_node *node,
    double *ret)
{
	static const struct slice name = { "weight=", 7 };

	*ret = 0;
	if (node->argc < 3)
		return 0;
	if (!slice_starts(node->args[2], name) || !urls_weight_parse(
		slice_from(node->args[2], name.len), ret))
		return conf_fail(conf, node, 0, "\"%s\" is not weight=NUMBER, "
		    "above 0 and at most %d", node->args[2].data,
		    LOAD_WEIGHT_MAX);
	return 0;
}

static int scenario_add_request(struct conf *conf,
    const struct conf_node *node)
{
	struct scenario_reader *reader = scenario_reader(conf);
	struct draft_request wanted = { .name = node->args[1] };
	struct conf_scope scope = { .context = CONF_SCENARIO_REQUEST };
	const struct scenario_request *request;
	int err = scenario_weight(conf, node, &wanted.weight);

	if (err)
		return err;
	scope.records = conf_records_new(conf);
	if (!scope.records)
		return conf_fail(conf, node, ENOMEM, "request");
	err = conf_apply(conf, node->children, &scope);
	if (err)
		return err;
	request = conf_record(conf, scope.records, &request_table);
	if (request->method.len == 0)
		return conf_fail(conf, node, 0, "the request \"%s\" has "
		    "neither get, post, put nor delete", node->args[1].data);
	wanted.method = request->method;
	wanted.uri = request->uri;
	wanted.headers = request->headers;
	wanted.header_count = request->header_count;
	wanted.body = request->body;
	wanted.has_body = request->body.data != NULL;
	wanted.expect_status = request->expect_status;
	wanted.expect_body = request->expect_body;
	err = draft_add(reader->draft, &wanted);
	return err ? conf_fail(conf, node, 0, "%s", reader->text) : 0;
}

static int scenario_add_requests(struct conf *conf)
{
	struct scenario_reader *reader = scenario_reader(conf);
	const struct conf_node **nodes =
	    (const struct conf_node **)reader->requests.data;
	size_t count = reader->requests.len / sizeof(*nodes);
	int err = 0;

	if (!reader->draft->target.host.data)
		return conf_fail(conf, NULL, 0, "the scenario has no target, "
		    "and no URL was given");
	if (count == 0)
		return conf_fail(conf, NULL, 0, "the scenario has no request");
	for (size_t i = 0; i < count && !err; i++)
		err = scenario_add_request(conf, nodes[i]);
	return err;
}

static int scenario_apply(struct conf *conf, const char *path)
{
	struct scenario_reader *reader = scenario_reader(conf);
	struct schedule *schedule = &reader->scenario->schedule;
	struct conf_scope scope = { .context = CONF_MAIN,
	    .records = conf_records_new(conf) };
	const struct scenario_record *record;
	struct conf_node *first;
	int err;

	if (!scope.records)
		return conf_fail(conf, NULL, ENOMEM, "scenario");
	err = conf_parse_file(conf, path, &first);
	if (!err)
		err = conf_apply(conf, first, &scope);
	if (err)
		return err;
	if (!reader->found)
		return conf_fail(conf, NULL, 0, "%s has no scenario", path);
	record = conf_record(conf, scope.records, &scenario_table);
	if (record->arrivals != CONF_UNSET) {
		reader->scenario->has_arrivals = true;
		schedule->arrivals = (enum schedule_arrivals)record->arrivals;
	}
	if (schedule->count && stages_check(schedule))
		return conf_fail(conf, NULL, 0, "the stages of %s cannot be "
		    "followed: %s", path, stages_check(schedule));
	return scenario_add_requests(conf);
}

/* What was logged: "NAME: [emerg] SENTENCE\n", without its beginning. */
static void scenario_tell(int fd, const struct fault *fault)
{
	char text[LOG_LINE_MAX + 1];
	ssize_t n = pread(fd, text, LOG_LINE_MAX, 0);
	const char *begin;

	text[n > 0 ? n : 0] = '\0';
	text[strcspn(text, "\n")] = '\0';
	begin = strstr(text, "] ");
	(void)fault_set(fault, "--scenario: %s", begin ? begin + 2
						       : "it cannot be read");
}

static int scenario_directory(const char *path, struct arena *arena,
    const char **ret)
{
	const char *slash = strrchr(path, '/');

	*ret = slash ? arena_copy(arena, (struct slice){ path,
	    (size_t)(slash - path) + 1 }).data : "./";
	return *ret ? 0 : -ENOMEM;
}

int scenario_read(struct draft *draft, const char *path, struct scenario *ret)
{
	const struct fault *outer = draft->fault;
	struct scenario_reader reader = { .draft = draft, .scenario = ret,
	    .requests = buf_make(LOAD_REQUESTS_MAX * sizeof(void *)) };
	struct log_file file = { .program = "scenario",
	    .fd = memfd_create("scenario", MFD_CLOEXEC) };
	struct log log = { .count = 0 };
	const char *directory;
	struct conf conf;
	int err;

	if (file.fd < 0)
		return fault_set(outer, "--scenario: %s", strerror(errno));
	*ret = (struct scenario){ .name = NULL };
	err = scenario_directory(path, draft->arena, &directory);
	if (err)
		goto out;
	err = log_add(&log, &file, LOG_LEVEL_EMERG);
	assert(err == 0); /* the first of several */
	conf_init(&conf, scenario_tables, directory, directory, &log);
	conf.owner = &reader;
	reader.fault = (struct fault){ reader.text, sizeof(reader.text) };
	draft->fault = &reader.fault;
	err = scenario_apply(&conf, path);
	draft->fault = outer;
	if (err)
		scenario_tell(file.fd, outer);
	conf_free(&conf);
	buf_free(&reader.requests);
out:
	(void)close(file.fd); /* memory */
	return err;
}
