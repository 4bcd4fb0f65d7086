#include "load/draft.h"

#include "http/header.h"
#include "http/scan.h"

enum {
	DRAFT_BYTES_MAX = LOAD_HEAD_MAX + LOAD_BODY_MAX,
	DRAFT_NAME_MAX = 120,		/* bytes of a name for people */
};

void draft_init(struct draft *draft, const struct load_options *options,
    struct arena *arena, const struct fault *fault)
{
	*draft = (struct draft){
		.options = options,
		.arena = arena,
		.fault = fault,
		.requests = buf_make(LOAD_REQUESTS_MAX *
		    sizeof(struct load_request)),
		.replay = buf_make(LOAD_REPLAY_MAX *
		    sizeof(struct load_replay)),
		.bytes = buf_make(DRAFT_BYTES_MAX),
	};
}

void draft_fini(struct draft *draft)
{
	buf_free(&draft->requests);
	buf_free(&draft->replay);
	buf_free(&draft->bytes);
}

unsigned draft_count(const struct draft *draft)
{
	return (unsigned)(draft->requests.len / sizeof(struct load_request));
}

/* ---- what may be sent ---- */

/* RFC 9110 §5.6.2 */
static bool draft_token(struct slice s)
{
	uint8_t classes = 0;

	return s.len > 0 && scan_token(s.data, s.data, s.data + s.len,
	    &classes) == s.data + s.len;
}

const char *draft_method_wrong(struct slice method)
{
	if (!draft_token(method))
		return "it is not a method";
	if (http_method_lookup(method) == HTTP_METHOD_CONNECT)
		return "CONNECT makes a tunnel of the connection";
	return NULL;
}

const char *draft_header_wrong(const struct draft_header *header)
{
	const char *value = header->value.data;

	if (!draft_token(header->name))
		return "its name is not a word";
	if (header->value.len && scan_value(value, value, value +
		header->value.len) != value + header->value.len)
		return "it has an end of line or a control character";
	switch (http_header_lookup(header->name)) {
	case HTTP_HEADER_CONTENT_LENGTH:
	case HTTP_HEADER_TRANSFER_ENCODING:
		return "ringload sets it by the body";
	default:
		return NULL;
	}
}

bool draft_header_split(struct slice line, struct draft_header *ret)
{
	const char *colon = line.len ? memchr(line.data, ':', line.len) : NULL;
	size_t len = colon ? (size_t)(colon - line.data) : 0;

	if (!colon)
		return false;
	ret->name = slice_first(line, len);
	ret->value = slice_trim(slice_from(line, len + 1));
	return true;
}

/* ---- a request as bytes ---- */

static bool draft_has_header(const struct draft_request *wanted,
    struct slice name)
{
	for (unsigned i = 0; i < wanted->header_count; i++)
		if (slice_equal_nocase(wanted->headers[i].name, name))
			return true;
	return false;
}

/* The same, also among those of the options, which were checked. */
static bool draft_any_header(const struct draft *draft,
    const struct draft_request *wanted, struct slice name)
{
	struct draft_header header;

	for (unsigned i = 0; i < draft->options->header_count; i++)
		if (draft_header_split(slice_cstr(draft->options->headers[i]),
			&header) && slice_equal_nocase(header.name, name))
			return true;
	return draft_has_header(wanted, name);
}

static void draft_write_header(struct buf *buf, struct slice name,
    struct slice value)
{
	buf_append_slice(buf, name);
	buf_append_cstr(buf, ": ");
	buf_append_slice(buf, value);
	buf_append_cstr(buf, "\r\n");
}

static void draft_write_headers(struct draft *draft,
    const struct draft_request *wanted)
{
	const struct draft_header defaults[] = {
		{ SLICE("Host"), draft->target.authority },
		{ SLICE("User-Agent"), SLICE("ringload/" PACKAGE_VERSION) },
		{ SLICE("Accept"), SLICE("*/*") },
		{ SLICE("Connection"), SLICE("close") },
	};
	unsigned count = draft->options->no_keepalive ? 4 : 3;
	struct draft_header header;

	for (unsigned i = 0; i < count; i++)
		if (!draft_any_header(draft, wanted, defaults[i].name))
			draft_write_header(&draft->bytes, defaults[i].name,
			    defaults[i].value);
	for (unsigned i = 0; i < draft->options->header_count; i++)
		if (draft_header_split(slice_cstr(draft->options->headers[i]),
			&header) && !draft_has_header(wanted, header.name))
			draft_write_header(&draft->bytes, header.name,
			    header.value);
	for (unsigned i = 0; i < wanted->header_count; i++)
		draft_write_header(&draft->bytes, wanted->headers[i].name,
		    wanted->headers[i].value);
}

/* Does the server expect to be told that there is no body? RFC 9110 §8.6 */
static bool draft_method_has_body(enum http_method method)
{
	return method == HTTP_METHOD_POST || method == HTTP_METHOD_PUT ||
	    method == HTTP_METHOD_PATCH;
}

static int draft_write(struct draft *draft, struct slice method,
    const struct draft_request *wanted, bool has_body)
{
	struct buf *buf = &draft->bytes;

	buf->len = 0;
	buf_append_slice(buf, method);
	buf_append_char(buf, ' ');
	buf_append_slice(buf, wanted->uri);
	buf_append_cstr(buf, " HTTP/1.1\r\n");
	draft_write_headers(draft, wanted);
	if (has_body || draft_method_has_body(http_method_lookup(method)))
		buf_printf(buf, "Content-Length: %zu\r\n",
		    has_body ? wanted->body.len : 0);
	buf_append_cstr(buf, "\r\n");
	if (buf->len > LOAD_HEAD_MAX)
		return fault_set(draft->fault, "the headers of a request are "
		    "longer than %d bytes", LOAD_HEAD_MAX);
	if (has_body)
		buf_append_slice(buf, wanted->body);
	return buf->failed ? fault_memory(draft->fault) : 0;
}

static struct slice draft_method(const struct draft *draft,
    const struct draft_request *wanted)
{
	if (wanted->method.len)
		return wanted->method;
	if (draft->options->method)
		return slice_cstr(draft->options->method);
	return wanted->has_body ? SLICE("POST") : SLICE("GET");
}

int draft_add(struct draft *draft, const struct draft_request *wanted)
{
	struct draft_request full = *wanted;
	struct load_request request = { .until = wanted->weight,
	    .expect_status = wanted->expect_status };
	struct slice method;
	int err;

	if (draft_count(draft) == LOAD_REQUESTS_MAX)
		return fault_set(draft->fault, "there are more than %d "
		    "different requests", LOAD_REQUESTS_MAX);
	request.method = http_method_lookup(wanted->method);
	if (!full.has_body && draft->options->has_body &&
	    request.method != HTTP_METHOD_GET &&
	    request.method != HTTP_METHOD_HEAD) {
		full.body = draft->options->body;
		full.has_body = true;
	}
	method = draft_method(draft, &full);
	request.method = http_method_lookup(method);
	if (draft->cookies && draft_any_header(draft, &full, SLICE("Cookie")))
		return fault_set(draft->fault, "a session that keeps cookies "
		    "sends its own, so there can be no header \"Cookie\"");
	err = draft_write(draft, method, &full, full.has_body);
	if (err)
		return err;
	request.bytes = arena_copy(draft->arena, buf_slice(&draft->bytes));
	request.head_len = request.bytes.len - strlen("\r\n") -
	    (full.has_body ? full.body.len : 0);
	request.name = arena_copy(draft->arena, slice_first(wanted->name,
	    DRAFT_NAME_MAX)).data;
	request.expect_body = arena_copy(draft->arena, wanted->expect_body);
	buf_append(&draft->requests, &request, sizeof(request));
	if (!request.bytes.data || !request.name ||
	    !request.expect_body.data || draft->requests.failed)
		return fault_memory(draft->fault);
	return 0;
}

/* ---- all of them ---- */

/* From weights to sums of them, of 1; false if there were none. */
static bool draft_weigh(struct load_request *requests, unsigned count)
{
	double total = 0, sum = 0;
	bool weighted = false;

	for (unsigned i = 0; i < count; i++) {
		weighted |= requests[i].until > 0;
		if (!(requests[i].until > 0))
			requests[i].until = 1;
		total += requests[i].until;
	}
	for (unsigned i = 0; i < count; i++) {
		sum += requests[i].until;
		requests[i].until = i + 1 < count ? sum / total : 1;
	}
	return weighted;
}

/* The only request as often as it is sent at once; empty if that is large,
 * when sending each by itself costs nothing. */
static int draft_batch(struct draft *draft, struct load_plan *plan)
{
	struct slice bytes = plan->requests[0].bytes;
	char *batch;

	if (plan->pipeline < 2 || plan->request_count > 1 || plan->cookies ||
	    bytes.len > LOAD_BATCH_MAX / plan->pipeline)
		return 0;
	batch = arena_alloc_text(draft->arena, bytes.len * plan->pipeline);
	if (!batch)
		return fault_memory(draft->fault);
	plan->batch = (struct slice){ batch, bytes.len * plan->pipeline };
	for (unsigned i = 0; i < plan->pipeline; i++)
		memcpy(batch + i * bytes.len, bytes.data, bytes.len);
	return 0;
}

/* What was collected, in the arena. */
static void *draft_keep(struct draft *draft, const struct buf *buf)
{
	void *copy = arena_alloc(draft->arena, buf->len);

	return copy ? memcpy(copy, buf->data, buf->len) : NULL;
}

int draft_finish(struct draft *draft, struct load_plan *plan)
{
	struct load_request *requests = draft_keep(draft, &draft->requests);
	const struct load_replay *replay = NULL;

	if (draft->replay.len)
		replay = draft_keep(draft, &draft->replay);
	if (!requests || (draft->replay.len && !replay))
		return fault_memory(draft->fault);
	plan->cookies = draft->cookies;
	plan->request_count = draft_count(draft);
	plan->in_turn = !draft_weigh(requests, plan->request_count);
	plan->requests = requests;
	plan->replay = replay;
	plan->replay_count = (unsigned)(draft->replay.len / sizeof(*replay));
	return draft_batch(draft, plan);
}
