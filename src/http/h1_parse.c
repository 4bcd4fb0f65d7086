/*
 * The parser of request heads.
 *
 * A head is a handful of items: method, target, version, then names and
 * values. Each has a step that searches for the item's end and, when it is
 * there, goes to the next; when it is not, the parser remembers how far it has
 * come and asks for more. All it remembers are offsets, except for the slices
 * in the head, which are moved along when the bytes have moved.
 *
 * A step judges only bytes that it has, from left to right and never beyond
 * the limits, so that the result cannot depend on how the bytes arrived.
 *
 * What the items mean is in h1_fields.c.
 */
#include "http/h1_parse.h"

#include "http/h1_fields.h"
#include "http/scan.h"

/* What a step returns beside an enum h1_result: the next step may follow. */
#define GO_ON (-1)

/*
 * The parser during one call: the same places as in struct h1_parser, but as
 * addresses. It is a local variable whose address goes to inlined functions
 * only, so that it can live in registers.
 */
struct run {
	const struct h1_options *options;
	const char *data_end;	/* of the bytes */
	const char *head_end;	/* of those that the head may have */
	const char *end;	/* of those that the line may have */
	const char *start;
	const char *line;
	const char *item;
	const char *at;
	struct slice name;
	enum h1_step step;
	uint8_t name_classes;
};

static const char *limited(const char *from, const char *end, size_t max)
{
	return (size_t)(end - from) > max ? from + max : end;
}

/* The head begins at `at`: see how far it may go. */
static void head_begin(struct run *r, const char *at)
{
	r->start = at;
	r->head_end = limited(at, r->data_end, r->options->head_bytes_max);
}

/* The same of a line. */
static void line_begin(struct run *r, const char *at)
{
	r->line = at;
	r->end = limited(at, r->head_end, r->options->line_bytes_max);
}

/* The bytes ended at `at`: ask for more, unless the line is too long. */
static int starved(struct run *r, struct h1_head *head, const char *at)
{
	r->at = at;
	if ((size_t)(r->end - r->line) < r->options->line_bytes_max &&
	    (size_t)(r->end - r->start) < r->options->head_bytes_max)
		return H1_MORE;
	if (r->step < H1_STEP_LINE)
		return (int)h1_fail(head, H1_URI_TOO_LONG,
		    "client sent too long URI");
	return (int)h1_fail(head, H1_HEADERS_TOO_LARGE,
	    "client sent too large request header");
}

static int bad(struct h1_head *head, const char *reason)
{
	return (int)h1_fail(head, H1_BAD_REQUEST, reason);
}

/* The next item begins at `at`. */
static int go(struct run *r, const char *at, enum h1_step step)
{
	r->item = r->at = at;
	r->step = step;
	return GO_ON;
}

/* What lies between two places. */
static struct slice between(const char *from, const char *to)
{
	return (struct slice){ from, (size_t)(to - from) };
}

/* The length of the line end at `at`: 1, 2, 0 for none, -1 for not yet. */
static int line_end(const struct run *r, const char *at)
{
	if (at == r->end)
		return -1;
	if (*at == '\n')
		return 1;
	if (*at != '\r')
		return 0;
	if (at + 1 == r->end)
		return -1;
	return at[1] == '\n' ? 2 : 0;
}

static int step_start(struct run *r, struct h1_parser *p,
    struct h1_head *head)
{
	const char *at = r->at;

	for (;;) {
		int len = line_end(r, at);

		if (len < 0) {
			r->at = at;
			return H1_MORE;
		}
		if (len == 0)
			break;
		if (p->empty_lines++ == H1_EMPTY_LINES_MAX)
			return bad(head, "client sent too many empty lines");
		at += len;
	}
	head_begin(r, at);
	line_begin(r, at);
	return go(r, at, H1_STEP_METHOD);
}

static int step_method(struct run *r, struct h1_head *head)
{
	const char *at = scan_token(r->start, r->at, r->end,
	    &r->name_classes);

	if (at == r->end)
		return starved(r, head, at);
	head->method_text = between(r->item, at);
	if (*at != ' ' || at == r->item)
		return bad(head, "client sent invalid method");
	head->method = http_method_lookup(head->method_text);
	return go(r, at + 1, H1_STEP_TARGET);
}

static int step_target(struct run *r, struct h1_head *head)
{
	const char *at = scan_target(r->start, r->at, r->end);
	enum h1_result result;

	if (at == r->end)
		return starved(r, head, at);
	head->target = between(r->item, at);
	if (*at != ' ' || at == r->item)
		return bad(head, "client sent invalid request line");
	result = h1_target_parse(head);
	if (result != H1_DONE)
		return (int)result;
	return go(r, at + 1, H1_STEP_VERSION);
}

/* RFC 9112 §2.3: "HTTP/" DIGIT "." DIGIT */
static bool version_begins(const char *at, size_t len)
{
	static const char form[] = "HTTP/0.0";

	for (size_t i = 0; i < len && i < sizeof(form) - 1; i++) {
		if (form[i] == '0'
		    ? !(scan_class[(unsigned char)at[i]] & SCAN_DIGIT)
		    : at[i] != form[i])
			return false;
	}
	return true;
}

static int step_version(struct run *r, struct h1_head *head)
{
	const char *at = r->item;
	size_t len = (size_t)(r->end - at);
	int end_len;

	if ((len < 8 || memcmp(at, "HTTP/1.1", 8) != 0) &&
	    !version_begins(at, len))
		return bad(head, "client sent invalid version");
	if (len < 8)
		return starved(r, head, at);
	if (at[5] == '0')
		return bad(head, "client sent invalid version");
	if (at[5] != '1')
		return (int)h1_fail(head, H1_VERSION,
		    "client sent unsupported version");
	head->version_major = 1;
	head->version_minor = (uint8_t)(at[7] - '0');
	end_len = line_end(r, at + 8);
	if (end_len < 0)
		return starved(r, head, at);
	if (end_len == 0)
		return bad(head, "client sent invalid request line");
	return go(r, at + 8 + end_len, H1_STEP_LINE);
}

/* The beginning of a header, or the empty line. */
static int step_line(struct run *r, struct h1_head *head)
{
	const char *at = r->item;
	int end_len;

	line_begin(r, at);
	end_len = line_end(r, at);
	if (end_len < 0)
		return starved(r, head, at);
	if (end_len > 0) {
		r->at = at + end_len;
		head->raw = between(r->start, r->at);
		return (int)h1_head_finish(head);
	}
	if (head->header_count == r->options->header_count_max)
		return (int)h1_fail(head, H1_TOO_MANY_HEADERS,
		    "client sent too many header lines");
	if (head->header_count == head->header_capacity)
		return H1_MORE_HEADERS;
	r->name_classes = 0;
	return go(r, at, H1_STEP_NAME);
}

static int step_name(struct run *r, struct h1_head *head)
{
	const char *at = scan_token(r->start, r->at, r->end,
	    &r->name_classes);

	if (at == r->end)
		return starved(r, head, at);
	r->name = between(r->item, at);
	if (*at != ':' || at == r->item)
		return bad(head, "client sent invalid header line");
	return go(r, at + 1, H1_STEP_VALUE);
}

/* nginx's idea of a name that is a token, yet better not passed on. */
static bool name_dropped(const struct run *r)
{
	if (r->name_classes == 0 || r->options->keep_invalid_headers)
		return false;
	return r->name_classes & SCAN_ODD || !r->options->underscores;
}

/* What lies between two places, without the blanks around it. */
static struct slice trimmed(const char *from, const char *to)
{
	while (from < to && (*from == ' ' || *from == '\t'))
		from++;
	while (from < to && (to[-1] == ' ' || to[-1] == '\t'))
		to--;
	return between(from, to);
}

static int step_value(struct run *r, struct h1_head *head)
{
	const char *at = scan_value(r->start, r->at, r->end);
	int end_len = line_end(r, at);

	if (end_len < 0)
		return starved(r, head, at);
	if (end_len == 0)
		return bad(head, "client sent invalid header line");
	if (!name_dropped(r)) {
		struct http_header *header = &head->headers[head->header_count];

		header->name = r->name;
		header->value = trimmed(r->item, at);
		header->id = (uint8_t)http_header_lookup(r->name);
		if (HTTP_HEADER_BIT(header->id) & H1_HEADERS_APPLIED) {
			enum h1_result result = h1_header_apply(head, header);

			if (result != H1_DONE)
				return (int)result;
		}
		head->present |= HTTP_HEADER_BIT(header->id);
		head->header_count++;
	}
	return go(r, at + end_len, H1_STEP_LINE);
}

static int run(struct run *r, struct h1_parser *p, struct h1_head *head)
{
	int result;

#define STEP(call) do { result = (call); if (result != GO_ON) return result; } \
    while (0)
	for (;;) {
		switch (r->step) {
		case H1_STEP_START:
			STEP(step_start(r, p, head));
			/* fall through */
		case H1_STEP_METHOD:
			STEP(step_method(r, head));
			/* fall through */
		case H1_STEP_TARGET:
			STEP(step_target(r, head));
			/* fall through */
		case H1_STEP_VERSION:
			STEP(step_version(r, head));
			/* fall through */
		case H1_STEP_LINE:
			STEP(step_line(r, head));
			/* fall through */
		case H1_STEP_NAME:
			STEP(step_name(r, head));
			/* fall through */
		case H1_STEP_VALUE:
			STEP(step_value(r, head));
		}
	}
#undef STEP
}

static void slice_move(struct slice *s, uintptr_t from, const char *to)
{
	if (s->data)
		s->data = to + ((uintptr_t)s->data - from);
}

/* The bytes that were at p->base are at `to` now. */
static void head_move(struct h1_parser *p, struct h1_head *head,
    const char *to)
{
	uintptr_t from = p->base;

	for (unsigned i = 0; i < head->header_count; i++) {
		slice_move(&head->headers[i].name, from, to);
		slice_move(&head->headers[i].value, from, to);
	}
	slice_move(&p->name, from, to);
	slice_move(&head->method_text, from, to);
	slice_move(&head->target, from, to);
	slice_move(&head->scheme, from, to);
	slice_move(&head->path, from, to);
	slice_move(&head->host.name, from, to);
}

void h1_parser_init(struct h1_parser *parser,
    const struct h1_options *options)
{
	*parser = (struct h1_parser){ .options = options };
}

enum h1_result h1_parse_head(struct h1_parser *parser, const char *data,
    size_t len, struct h1_head *head, size_t *consumed)
{
	struct run r;
	int result;

	if (parser->base == 0)
		*head = (struct h1_head){ .headers = head->headers,
		    .header_capacity = head->header_capacity };
	else if (parser->base != (uintptr_t)data)
		head_move(parser, head, data);
	parser->base = (uintptr_t)data;
	r = (struct run){ .options = parser->options,
	    .data_end = data + len, .end = data + len,
	    .start = data + parser->start,
	    .line = data + parser->line, .item = data + parser->item,
	    .at = data + parser->pos, .name = parser->name,
	    .step = parser->step, .name_classes = parser->name_classes };
	if (r.step != H1_STEP_START) {
		head_begin(&r, r.start);
		line_begin(&r, r.line);
	}
	result = run(&r, parser, head);
	if (result == H1_DONE) {
		*consumed = (size_t)(r.at - data);
		return H1_DONE;
	}
	parser->start = (size_t)(r.start - data);
	parser->line = (size_t)(r.line - data);
	parser->item = (size_t)(r.item - data);
	parser->pos = (size_t)(r.at - data);
	parser->name = r.name;
	parser->step = r.step;
	parser->name_classes = r.name_classes;
	return (enum h1_result)result;
}
