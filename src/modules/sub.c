/*
 * sub_filter: replaces strings in bodies, in whatever pieces those come.
 *
 * Each piece is looked through where it lies, and what is long between two
 * matches is passed on from there. Only where a match may lie across pieces
 * is the end of one joined with the beginning of the next.
 */

#include <errno.h>

#include "http/filter.h"
#include "http/types.h"
#include "http/value.h"
#include "modules/modules.h"
#include "modules/sub_match.h"

enum {
	SUB_OUT = 16 * 1024,	/* bytes of a piece that is put together */
	SUB_LONG = 4 * 1024,	/* of what is passed on by itself */
};

struct sub_pair {
	struct http_value match;	/* in lower case if constant */
	struct http_value value;
};

struct sub_record {
	struct sub_pair *pairs;
	unsigned count;
	struct sub_patterns *patterns;	/* NULL: they have variables */
	struct http_types *types;
	int64_t once;
	int64_t last_modified;
};

struct sub_filter {
	struct http_filter filter;
	const struct sub_patterns *patterns;
	const struct http_value **values;	/* of each pattern */
	struct slice *texts;		/* the values; no data: not yet */
	bool *used;			/* patterns that are none any more */
	unsigned used_count;
	bool once;
	struct slice piece;		/* what came */
	struct slice joined;		/* in `join`: of earlier pieces ... */
	size_t earlier;			/* ... so much, then this one begins */
	char *join;
	struct slice ready[2];		/* what goes out next */
	struct slice whole;		/* instead of `out` */
	char *out;
	size_t out_len;
	bool ended, flush;
};

extern const struct http_module http_sub_module;

static const struct slice sub_types[] = { { "text/html", 9 }, { NULL, 0 } };

/* ---- the body ---- */

/* Move what is ready to what goes out; false if that is complete. */
static bool sub_drain(struct sub_filter *sub)
{
	for (unsigned i = 0; i < 2; i++) {
		struct slice *ready = &sub->ready[i];
		size_t room = SUB_OUT - sub->out_len;
		size_t len = ready->len < room ? ready->len : room;

		if (ready->len >= SUB_LONG) {
			if (sub->out_len == 0) {
				sub->whole = *ready;
				ready->len = 0;
			}
			return false;
		}
		if (len)
			memcpy(sub->out + sub->out_len, ready->data, len);
		sub->out_len += len;
		*ready = slice_from(*ready, len);
		if (ready->len)
			return false;
	}
	return true;
}

/* Keep what a match may begin in, which is less than a pattern, and get more
 * text. Returns 0 or -errno. */
static int sub_fill(struct sub_filter *sub)
{
	struct http_source *inner = sub->filter.inner;
	struct slice rest = sub->earlier ? sub->joined : sub->piece;
	struct http_chunk chunk;
	size_t more;
	int rc;

	if (rest.len)
		memmove(sub->join, rest.data, rest.len);
	sub->piece = (struct slice){ NULL, 0 };
	rc = inner->next(inner, &chunk);
	if (rc < 0)
		return rc;
	sub->ended = rc == 0;
	sub->flush = rc && chunk.bytes.len == 0;
	if (rc)
		sub->piece = chunk.bytes;
	/* So much that it can be told of each place in `rest`. */
	more = sub->piece.len < sub->patterns->len_max ? sub->piece.len :
	    sub->patterns->len_max;
	if (rest.len && more)
		memcpy(sub->join + rest.len, sub->piece.data, more);
	sub->earlier = rest.len;
	sub->joined = (struct slice){ sub->join, rest.len + more };
	return 0;
}

/* `len` bytes have been dealt with. */
static void sub_advance(struct sub_filter *sub, size_t len)
{
	if (len < sub->earlier) {
		sub->joined = slice_from(sub->joined, len);
		sub->earlier -= len;
	} else {
		sub->piece = slice_from(sub->piece, len - sub->earlier);
		sub->earlier = 0;
	}
}

/* What stands for pattern `index`; `data` is NULL without memory. */
static struct slice sub_text(struct sub_filter *sub, unsigned index)
{
	struct slice *text = &sub->texts[index];

	if (!text->data)
		*text = http_value_get(sub->filter.request,
		    sub->values[index]);
	if (sub->once) {
		sub->used[index] = true;
		sub->used_count++;
	}
	return *text;
}

/* Find the next match, and make ready what is before it, and its text.
 * Returns 1; 0 if there has to be more text for that; or -ENOMEM. */
static int sub_step(struct sub_filter *sub)
{
	struct slice text = sub->earlier ? sub->joined : sub->piece;
	size_t begins = sub->earlier ? sub->earlier : text.len;
	struct sub_match match = { .before = text.len };
	size_t len = 0;

	if (sub->used_count < sub->patterns->count &&
	    sub_find(sub->patterns, sub->used, text, sub->ended, &match) &&
	    match.before < begins) {
		sub->ready[1] = sub_text(sub, match.index);
		if (!sub->ready[1].data)
			return -ENOMEM;
		len = sub->patterns->patterns[match.index].len;
	}
	if (match.before > begins)
		match.before = begins;
	sub->ready[0] = slice_first(text, match.before);
	len += match.before;
	sub_advance(sub, len);
	return len != 0;
}

static int sub_memory(struct sub_filter *sub)
{
	struct arena *arena = &sub->filter.request->arena;

	sub->join = arena_alloc_text(arena, 2 * sub->patterns->len_max);
	sub->out = arena_alloc_text(arena, SUB_OUT);
	return sub->join && sub->out ? 0 : -ENOMEM;
}

static int sub_next(struct http_source *source, struct http_chunk *ret)
{
	struct sub_filter *sub = (struct sub_filter *)source;
	int rc = sub->out ? 0 : sub_memory(sub);

	if (sub->flush && sub->out_len) {
		sub->out_len = 0;	/* it went out with the last pull */
		sub->flush = false;
		*ret = (struct http_chunk){ .fd = -1 };
		return 1;
	}
	sub->out_len = 0;
	sub->whole.len = 0;
	while (rc >= 0 && sub_drain(sub) && !sub->flush) {
		rc = sub_step(sub);
		if (rc == 0 && sub->ended)
			break;
		if (rc == 0)
			rc = sub_fill(sub);
	}
	if (rc < 0)
		return rc;
	*ret = (struct http_chunk){ .fd = -1, .bytes = sub->whole.len ?
	    sub->whole : (struct slice){ sub->out, sub->out_len } };
	if (ret->bytes.len == 0 && sub->flush) {
		sub->flush = false;
		return 1;
	}
	return ret->bytes.len != 0;
}

/* ---- the header ---- */

/* A copy in lower case; `data` is NULL without memory. */
static struct slice sub_lower(struct arena *arena, struct slice text)
{
	char *copy = arena_alloc_text(arena, text.len + 1);

	for (size_t i = 0; copy && i < text.len; i++) {
		char c = text.data[i];

		copy[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
	}
	return (struct slice){ copy, copy ? text.len : 0 };
}

/* The patterns for this request, of which some may be none. Returns their
 * number, or -ENOMEM. */
static int sub_collect(struct http_request *request,
    const struct sub_record *record, struct sub_filter *sub)
{
	struct arena *arena = &request->arena;
	struct slice *texts = arena_calloc(arena, record->count,
	    sizeof(*texts));
	struct sub_patterns *patterns = arena_alloc(arena, sizeof(*patterns));
	unsigned count = 0;

	if (!texts || !patterns)
		return -ENOMEM;
	for (unsigned i = 0; i < record->count; i++) {
		const struct sub_pair *pair = &record->pairs[i];
		struct slice text = http_value_get(request, &pair->match);

		if (text.len)
			text = sub_lower(arena, text);
		if (!text.data)
			return -ENOMEM;
		sub->values[count] = &pair->value;
		texts[count] = text;
		count += text.len != 0;
	}
	if (count)
		sub_patterns_init(patterns, texts, count);
	sub->patterns = patterns;
	return (int)count;
}

static int sub_prepare(struct http_request *request,
    const struct sub_record *record, struct sub_filter *sub)
{
	struct arena *arena = &request->arena;

	sub->filter.source.next = sub_next;
	sub->once = record->once;
	sub->values = arena_calloc(arena, record->count,
	    sizeof(*sub->values));
	sub->texts = arena_calloc(arena, record->count, sizeof(*sub->texts));
	sub->used = arena_calloc(arena, record->count, sizeof(*sub->used));
	if (!sub->values || !sub->texts || !sub->used)
		return -ENOMEM;
	if (!record->patterns)
		return sub_collect(request, record, sub);
	for (unsigned i = 0; i < record->count; i++)
		sub->values[i] = &record->pairs[i].value;
	sub->patterns = record->patterns;
	return (int)record->count;
}

static int sub_filter(struct http_request *request)
{
	const struct sub_record *record = http_request_record(request,
	    &http_sub_module.table);
	struct http_response *response = &request->response;
	struct sub_filter *sub;
	int rc;

	if (!record->count || response->length == 0 ||
	    response->body.kind == HTTP_BODY_NONE ||
	    !http_types_match(record->types, sub_types,
		response->content_type))
		return 0;
	sub = arena_calloc(&request->arena, 1, sizeof(*sub));
	if (!sub)
		return -ENOMEM;
	rc = sub_prepare(request, record, sub);
	if (rc <= 0)
		return rc;
	rc = http_filter_use(request, &sub->filter);
	if (rc || record->last_modified)
		return rc ? rc : http_response_weaken(request);
	response->last_modified = -1;
	response->etag = (struct slice){ NULL, 0 };
	http_response_remove(request, SLICE("Last-Modified"));
	http_response_remove(request, SLICE("ETag"));
	return 0;
}

/* ---- directives ---- */

static int sub_grow(struct conf *conf, struct sub_record *record)
{
	struct sub_pair *pairs;

	/* Room for a power of two. */
	if (record->count & (record->count - 1))
		return 0;
	pairs = arena_calloc(&conf->arena, record->count ? 2 * record->count :
	    1, sizeof(*pairs));
	if (!pairs)
		return -ENOMEM;
	if (record->count)
		memcpy(pairs, record->pairs, record->count * sizeof(*pairs));
	record->pairs = pairs;
	return 0;
}

static int sub_set_pair(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct sub_record *record = arg;
	struct sub_pair *pair;
	int err;

	(void)scope;
	if (node->args[1].len == 0)
		return conf_fail(conf, node, 0, "empty search pattern");
	if (record->count == SUB_PATTERNS_MAX)
		return conf_fail(conf, node, 0,
		    "number of search patterns exceeds 255");
	if (sub_grow(conf, record))
		return -ENOMEM;
	pair = &record->pairs[record->count++];
	err = http_value_compile(conf, node, node->args[1], &pair->match);
	return err ? err : http_value_compile(conf, node, node->args[2],
	    &pair->value);
}

static int sub_set_types(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct sub_record *record = arg;

	(void)scope;
	return http_types_add(conf, node, &record->types);
}

static int sub_merge(struct conf *conf, const void *parent, void *arg)
{
	const struct sub_record *from = parent;
	struct sub_record *record = arg;
	struct slice *texts;

	if (!record->types && from)
		record->types = from->types;
	if (!record->count && from) {
		record->pairs = from->pairs;
		record->count = from->count;
		record->patterns = from->patterns;
		return 0;
	}
	for (unsigned i = 0; i < record->count; i++)
		if (!record->pairs[i].match.constant)
			return 0;
	if (!record->count)
		return 0;
	texts = arena_calloc(&conf->arena, record->count, sizeof(*texts));
	record->patterns = arena_alloc(&conf->arena,
	    sizeof(*record->patterns));
	if (!texts || !record->patterns)
		return -ENOMEM;
	for (unsigned i = 0; i < record->count; i++) {
		texts[i] = sub_lower(&conf->arena,
		    record->pairs[i].match.parts[0].text);
		if (!texts[i].data)
			return -ENOMEM;
	}
	sub_patterns_init(record->patterns, texts, record->count);
	return 0;
}

#define SUB_FLAG(directive, field, preset, text)			\
	{ .name = directive, .contexts = CONF_HTTP_ALL, .args_min = 1,	\
	  .args_max = 1, .type = CONF_FLAG,				\
	  .offset = offsetof(struct sub_record, field),			\
	  .initial = preset, .help = text }

static const struct conf_directive sub_directives[] = {
	{ .name = "sub_filter", .contexts = CONF_HTTP_ALL, .args_min = 2,
	  .args_max = 2, .set = sub_set_pair,
	  .syntax = "TEXT REPLACEMENT",
	  .help = "a string in bodies, and what it is replaced with" },
	{ .name = "sub_filter_types", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = CONF_ARGS_ANY, .set = sub_set_types,
	  .initial = "text/html",
	  .syntax = "TYPE ...",
	  .help = "types it is done in besides text/html; *: all" },
	SUB_FLAG("sub_filter_once", once, "on",
	    "replace each string only where it is first"),
	SUB_FLAG("sub_filter_last_modified", last_modified, "off",
	    "keep Last-Modified, and a weak ETag"),
	{ .name = NULL },
};

const struct http_module http_sub_module = {
	.table = {
		.name = "sub",
		.help = "replaces strings in bodies",
		.directives = sub_directives,
		.record_size = sizeof(struct sub_record),
		.merge = sub_merge,
	},
	.filter = sub_filter,
};
