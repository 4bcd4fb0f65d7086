/*
 * gzip, brotli and zstd: responses are compressed on the way to clients that
 * say they can take it; in one coding, that which the client likes most.
 *
 * The compressed form of a file that is in the file cache is made once and
 * kept there with it; everything else is compressed as it comes.
 */

#include "modules/compress.h"

#include <errno.h>

#include "http/conn.h"
#include "http/date.h"
#include "http/file_variant.h"
#include "http/timing.h"
#include "http/types.h"
#include "http/variable.h"
#include "modules/coder.h"
#include "modules/modules.h"

enum compress_proxied {
	COMPRESS_PROXIED_OFF = 1 << 0,
	COMPRESS_PROXIED_EXPIRED = 1 << 1,
	COMPRESS_PROXIED_NO_CACHE = 1 << 2,
	COMPRESS_PROXIED_NO_STORE = 1 << 3,
	COMPRESS_PROXIED_PRIVATE = 1 << 4,
	COMPRESS_PROXIED_NO_LM = 1 << 5,
	COMPRESS_PROXIED_NO_ETAG = 1 << 6,
	COMPRESS_PROXIED_AUTH = 1 << 7,
	COMPRESS_PROXIED_ANY = 1 << 8,
};

/* What is said of one coding. */
struct compress_settings {
	int64_t on;
	int64_t level;
	int64_t window;			/* bytes */
	int64_t min_length;
	struct http_types *types;	/* NULL: text/html */
};

/* A regular expression of gzip_disable. */
struct compress_disable {
	const struct http_regex *regex;
	struct compress_disable *next;
};

struct compress_record {
	struct compress_settings codings[COMPRESS_COUNT];
	unsigned on;			/* bits of the codings that are */
	int64_t hash;			/* bytes of zlib's table */
	int64_t vary;
	int64_t http_version;		/* minor, of 1.x */
	unsigned proxied;		/* 0: not said */
	struct compress_disable *disable;
	bool disable_msie6;
};

/* What is kept of a request. */
struct compress_state {
	enum compress_coding coding;
	uint64_t in, out;		/* of a kept variant */
	const struct coder_filter *coder;
};

extern const struct http_module http_compress_module;

static const struct compress_kind {
	const struct coder_kind *coder;
	/* Bytes of input that take less than 0.2 ms, by far; and at levels
	 * above `level_inline` there is no such number. */
	size_t inline_max;
	int level_inline;
} compress_kinds[COMPRESS_COUNT] = {
	[COMPRESS_BROTLI] = { &coder_brotli, 2048, 5 },
	[COMPRESS_ZSTD] = { &coder_zstd, 8192, 6 },
	[COMPRESS_GZIP] = { &coder_deflate, 4096, 9 },
};

static const struct slice compress_types[] = { { "text/html", 9 },
	{ NULL, 0 } };

static const struct compress_record *compress_record(
    const struct http_request *request)
{
	return http_request_record(request, &http_compress_module.table);
}

/* ---- whom a compressed answer may be given ---- */

/* Does one of the response's Cache-Control lines say `token`? */
static bool compress_cache_control(const struct http_request *request,
    struct slice token)
{
	const struct http_field *field = request->response.fields;

	for (; field; field = field->next) {
		struct http_list list = { field->value };
		struct slice member;

		if (!slice_equal_nocase(field->name, SLICE("Cache-Control")))
			continue;
		while (http_list_next(&list, &member))
			if (slice_equal_nocase(member, token))
				return true;
	}
	return false;
}

static bool compress_expired(struct http_request *request,
    struct slice expires)
{
	time_t at;

	return http_date_parse(expires, &at) && (uint64_t)at <
	    http_worker_real_ns(request->worker) / NS_PER_SEC;
}

/* May the answer to a request that came through a proxy be compressed? */
static bool compress_proxied(struct http_request *request, unsigned proxied)
{
	const struct http_response *response = &request->response;
	const struct http_field *expires;

	if (proxied & COMPRESS_PROXIED_OFF)
		return false;
	if (proxied & COMPRESS_PROXIED_ANY ||
	    (proxied & COMPRESS_PROXIED_AUTH && request->head.present &
		HTTP_HEADER_BIT(HTTP_HEADER_AUTHORIZATION)))
		return true;
	expires = http_response_find(request, SLICE("Expires"));
	if (expires)
		return proxied & COMPRESS_PROXIED_EXPIRED &&
		    compress_expired(request, expires->value);
	if (http_response_find(request, SLICE("Cache-Control")))
		return (proxied & COMPRESS_PROXIED_NO_CACHE &&
		    compress_cache_control(request, SLICE("no-cache"))) ||
		    (proxied & COMPRESS_PROXIED_NO_STORE &&
		    compress_cache_control(request, SLICE("no-store"))) ||
		    (proxied & COMPRESS_PROXIED_PRIVATE &&
		    compress_cache_control(request, SLICE("private")));
	return !(proxied & COMPRESS_PROXIED_NO_LM &&
	    response->last_modified != -1) &&
	    !(proxied & COMPRESS_PROXIED_NO_ETAG && response->etag.len);
}

/* Internet Explorer 4 to 6, but for the 6 of Windows XP SP2. */
static bool compress_msie6(struct slice agent)
{
	const char *p = memmem(agent.data, agent.len, "MSIE ", 5);
	struct slice rest;

	if (!p)
		return false;
	rest = slice_from(agent, (size_t)(p - agent.data) + 5);
	if (rest.len < 2 || rest.data[1] != '.')
		return false;
	return rest.data[0] == '4' || rest.data[0] == '5' ||
	    (rest.data[0] == '6' && !memmem(rest.data, rest.len, "SV1", 3));
}

static bool compress_disabled(struct http_request *request,
    const struct compress_record *record)
{
	const struct compress_disable *disable = record->disable;
	const struct http_header *agent;

	if (!disable && !record->disable_msie6)
		return false;
	agent = http_header_find(request->head.headers,
	    request->head.header_count, HTTP_HEADER_USER_AGENT);
	if (!agent)
		return false;
	if (record->disable_msie6 && compress_msie6(agent->value))
		return true;
	for (; disable; disable = disable->next)
		if (http_regex_match(disable->regex, agent->value))
			return true;
	return false;
}

enum compress_coding compress_wanted(struct http_request *request,
    unsigned available)
{
	const struct compress_record *record = compress_record(request);
	const struct h1_head *head = &request->head;
	enum compress_coding coding;

	if (!(head->present & HTTP_HEADER_BIT(HTTP_HEADER_ACCEPT_ENCODING)) ||
	    head->version_minor < record->http_version)
		return COMPRESS_COUNT;
	coding = compress_choose(http_header_find(head->headers,
	    head->header_count, HTTP_HEADER_ACCEPT_ENCODING)->value,
	    available);
	if (coding == COMPRESS_COUNT ||
	    (head->present & HTTP_HEADER_BIT(HTTP_HEADER_VIA) &&
		!compress_proxied(request, record->proxied)) ||
	    compress_disabled(request, record))
		return COMPRESS_COUNT;
	return coding;
}

bool compress_varies(const struct http_request *request)
{
	return compress_record(request)->vary;
}

void compress_vary(struct http_request *request)
{
	request->response.vary_encoding = compress_varies(request);
}

/* ---- compressing ---- */

static struct coder_options compress_options(
    const struct compress_record *record, enum compress_coding coding)
{
	const struct compress_settings *settings = &record->codings[coding];
	struct coder_options options = { .level = (int)settings->level,
	    .size = -1 };

	if (settings->window)
		options.window_bits = __builtin_ctzll(
		    (unsigned long long)settings->window);
	/* zlib's table has 2 bytes for each of 2^(memLevel + 7). */
	options.memory = __builtin_ctzll((unsigned long long)record->hash) - 8;
	return options;
}

static size_t compress_inline_max(const struct compress_record *record,
    enum compress_coding coding)
{
	const struct compress_kind *kind = &compress_kinds[coding];

	return record->codings[coding].level > kind->level_inline ? 0 :
	    kind->inline_max;
}

/* Compress a whole file; `arg` is what with. */
struct compress_making {
	const struct compress_record *record;
	enum compress_coding coding;
};

static int compress_make(struct http_request *request,
    const struct file *file, void *arg, struct slice *ret)
{
	const struct compress_making *making = arg;
	struct coder_whole whole = {
		.kind = compress_kinds[making->coding].coder,
		.options = compress_options(making->record, making->coding),
		.bytes = { file->body, file->body ? file->size : 0 },
		.fd = file->fd,
		.size = file->size,
	};

	if (file->size <= compress_inline_max(making->record, making->coding))
		coder_whole_run(&whole);
	else
		http_offload_sure(request, coder_whole_run, &whole);
	*ret = (struct slice){ whole.result, whole.result_len };
	return whole.error;
}

/* The kept form of the file that is the body. Returns 0 if the body is that
 * now; else it is what it was. */
static int compress_kept(struct http_request *request,
    const struct compress_record *record, struct compress_state *state)
{
	struct http_response *response = &request->response;
	struct compress_making making = { record, state->coding };
	struct coder_options options = compress_options(record, state->coding);
	uint64_t key = (uint64_t)state->coding << 24 |
	    (uint64_t)options.level << 16 |
	    (uint64_t)options.window_bits << 8 | (uint64_t)options.memory;
	bool head = request->method == HTTP_METHOD_HEAD;
	struct slice bytes;
	struct file_variant_maker maker = { compress_make, &making };
	int rc = file_variant_get(request, response->file, key,
	    head ? NULL : &maker, &bytes);

	if (rc)
		return rc;
	state->in = response->file->size;
	state->out = bytes.len;
	response->file = NULL;
	response->body = (struct http_body){ .kind = HTTP_BODY_BYTES,
	    .bytes = bytes, .fd = -1 };
	response->length = (int64_t)bytes.len;
	response->accept_ranges = false;
	return 0;
}

static int compress_stream(struct http_request *request,
    const struct compress_record *record, struct compress_state *state)
{
	struct coder_options options = compress_options(record, state->coding);
	struct coder_filter *coder;
	int err;

	options.size = request->response.length;
	err = coder_use(request, compress_kinds[state->coding].coder, &options,
	    compress_inline_max(record, state->coding), &coder);
	if (!err)
		state->coder = coder;
	return err;
}

/* The codings that the response may be in, as far as it decides that. */
static unsigned compress_available(const struct http_request *request,
    const struct compress_record *record)
{
	const struct http_response *response = &request->response;
	unsigned available = 0;

	if ((response->status != 200 && response->status != 403 &&
	    response->status != 404) ||
	    http_response_find(request, SLICE("Content-Encoding")))
		return 0;
	for (unsigned c = 0; c < COMPRESS_COUNT; c++) {
		const struct compress_settings *settings = &record->codings[c];

		if (settings->on && (response->length < 0 ||
		    response->length >= settings->min_length) &&
		    http_types_match(settings->types, compress_types,
			response->content_type))
			available |= 1u << c;
	}
	return available;
}

static int compress_filter(struct http_request *request)
{
	const struct compress_record *record = compress_record(request);
	unsigned available = record->on && !request->parent ?
	    compress_available(request, record) : 0;
	struct compress_state *state;
	enum compress_coding coding;
	void **data;
	int err;

	if (!available)
		return 0;
	compress_vary(request);
	coding = compress_wanted(request, available);
	if (coding == COMPRESS_COUNT)
		return 0;
	data = http_request_data(request, &http_compress_module);
	state = data ? arena_calloc(&request->arena, 1, sizeof(*state)) : NULL;
	if (!state)
		return -ENOMEM;
	state->coding = coding;
	*data = state;
	err = http_response_weaken(request);
	if (!err)
		err = http_response_add(request, SLICE("Content-Encoding"),
		    compress_names[coding]);
	if (err || (request->response.file &&
	    compress_kept(request, record, state) == 0))
		return err;
	return compress_stream(request, record, state);
}

/* ---- variables ---- */

/* "3.25": how many times smaller the body became. */
static bool compress_ratio(struct http_request *request,
    enum compress_coding coding, struct slice *ret)
{
	void **data = http_request_data(request, &http_compress_module);
	const struct compress_state *state = data ? *data : NULL;
	uint64_t in, out, ratio;

	if (!state || state->coding != coding)
		return false;
	in = state->coder ? state->coder->in : state->in;
	out = state->coder ? state->coder->out : state->out;
	if (out == 0 || (state->coder && !state->coder->done))
		return false;
	ratio = (in * 1000 / out + 5) / 10;
	*ret = arena_printf(&request->arena, "%llu.%02llu",
	    (unsigned long long)(ratio / 100),
	    (unsigned long long)(ratio % 100));
	return ret->data != NULL;
}

static bool get_gzip_ratio(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	return compress_ratio(request, COMPRESS_GZIP, ret);
}

static bool get_brotli_ratio(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	return compress_ratio(request, COMPRESS_BROTLI, ret);
}

static bool get_zstd_ratio(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	return compress_ratio(request, COMPRESS_ZSTD, ret);
}

static const struct http_variable compress_variables[] = {
	{ .name = { "gzip_ratio", 10 }, .get = get_gzip_ratio,
	  .help = "how many times smaller gzip made the body" },
	{ .name = { "brotli_ratio", 12 }, .get = get_brotli_ratio,
	  .help = "the same for brotli" },
	{ .name = { "zstd_ratio", 10 }, .get = get_zstd_ratio,
	  .help = "the same for zstd" },
	{ .name = { NULL, 0 }, .get = NULL },
};

/* ---- directives ---- */

static const struct conf_enum compress_versions[] = {
	{ "1.0", 0 },
	{ "1.1", 1 },
	{ NULL, 0 },
};

/* Its bits are those of enum compress_proxied, in order. */
static const char *const compress_proxied_names[] = { "off", "expired",
	"no-cache", "no-store", "private", "no_last_modified", "no_etag",
	"auth", "any" };

static int compress_set_proxied(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope, void *arg)
{
	enum {
		NAMES = sizeof(compress_proxied_names) /
		    sizeof(*compress_proxied_names)
	};
	struct compress_record *record = arg;

	(void)scope;
	for (unsigned i = 1; i < node->argc; i++) {
		unsigned k = 0;

		while (k < NAMES && strcasecmp(node->args[i].data,
		    compress_proxied_names[k]) != 0)
			k++;
		if (k == NAMES)
			return conf_fail(conf, node, 0,
			    "invalid value \"%s\"", node->args[i].data);
		if (record->proxied & 1u << k)
			(void)conf_warn(conf, node, /* it goes on */
			    "duplicate value \"%s\"", node->args[i].data);
		record->proxied |= 1u << k;
	}
	return 0;
}

static int compress_set_disable(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope, void *arg)
{
	struct compress_record *record = arg;

	(void)scope;
	for (unsigned i = 1; i < node->argc; i++) {
		struct compress_disable *disable;
		struct http_regex *regex;
		int err;

		if (slice_equal(node->args[i], SLICE("msie6"))) {
			record->disable_msie6 = true;
			continue;
		}
		disable = arena_alloc(&conf->arena, sizeof(*disable));
		if (!disable)
			return -ENOMEM;
		err = http_regex_compile(conf, node, node->args[i], true,
		    &regex);
		if (err)
			return err;
		*disable = (struct compress_disable){ regex, record->disable };
		record->disable = disable;
	}
	return 0;
}

static int compress_set_types(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct compress_record *record = arg;
	char first = node->args[0].data[0];

	(void)scope;
	return http_types_add(conf, node, &record->codings[
	    first == 'g' ? COMPRESS_GZIP : first == 'b' ? COMPRESS_BROTLI :
	    COMPRESS_ZSTD].types);
}

static bool compress_is_power(int64_t value, int64_t min, int64_t max)
{
	return value >= min && value <= max && !(value & (value - 1));
}

static int compress_set_window(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope, void *arg)
{
	struct compress_record *record = arg;

	(void)scope;
	return compress_is_power(record->codings[COMPRESS_GZIP].window, 512,
	    32 * 1024) ? 0 : conf_fail(conf, node, 0, "\"gzip_window\" "
	    "directive must be 512, 1k, 2k, 4k, 8k, 16k, or 32k");
}

static int compress_set_hash(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct compress_record *record = arg;

	(void)scope;
	return compress_is_power(record->hash, 512, 128 * 1024) ? 0 :
	    conf_fail(conf, node, 0, "\"gzip_hash\" directive must be 512, "
	    "1k, 2k, 4k, 8k, 16k, 32k, 64k, or 128k");
}

static int compress_set_brotli_window(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope, void *arg)
{
	struct compress_record *record = arg;

	(void)scope;
	return compress_is_power(record->codings[COMPRESS_BROTLI].window, 1024,
	    16 * 1024 * 1024) ? 0 : conf_fail(conf, node, 0,
	    "\"brotli_window\" directive must be 1k, 2k, 4k, 8k, 16k, 32k, "
	    "64k, 128k, 256k, 512k, 1m, 2m, 4m, 8m or 16m");
}

static int compress_merge(struct conf *conf, const void *parent, void *arg)
{
	const struct compress_record *from = parent;
	struct compress_record *record = arg;

	(void)conf;
	record->on = 0;
	for (unsigned c = 0; c < COMPRESS_COUNT; c++) {
		struct compress_settings *settings = &record->codings[c];

		if (!settings->types && from)
			settings->types = from->codings[c].types;
		record->on |= settings->on ? 1u << c : 0;
	}
	if (!record->proxied)
		record->proxied = from ? from->proxied : COMPRESS_PROXIED_OFF;
	if (!record->disable && !record->disable_msie6 && from) {
		record->disable = from->disable;
		record->disable_msie6 = from->disable_msie6;
	}
	return 0;
}

#define COMPRESS_ROW(directive, kind, field, preset, text)		\
	.name = directive, .contexts = CONF_HTTP_ALL, .args_min = 1,	\
	.args_max = 1, .type = kind,					\
	.offset = offsetof(struct compress_record, field),		\
	.initial = preset, .help = text
#define COMPRESS_FLAG(directive, field, text)				\
	{ .name = directive,						\
	  .contexts = CONF_HTTP_ALL | CONF_LOCATION_IF, .args_min = 1,	\
	  .args_max = 1, .type = CONF_FLAG,				\
	  .offset = offsetof(struct compress_record, field),		\
	  .initial = "off", .help = text }
#define COMPRESS_TYPES(directive)					\
	{ .name = directive, .contexts = CONF_HTTP_ALL, .args_min = 1,	\
	  .args_max = CONF_ARGS_ANY, .set = compress_set_types,		\
	  .initial = "text/html", .syntax = "TYPE ...",			\
	  .help = "types that are compressed besides text/html; *: all" }
#define COMPRESS_BUFFERS(directive)					\
	{ .name = directive, .contexts = CONF_HTTP_ALL, .args_min = 2,	\
	  .args_max = 2, .type = CONF_ACCEPTED,				\
	  .help = "one buffer of fixed size is used" }

static const struct conf_directive compress_directives[] = {
	COMPRESS_FLAG("gzip", codings[COMPRESS_GZIP].on,
	    "compress responses with gzip"),
	{ COMPRESS_ROW("gzip_comp_level", CONF_NUMBER,
	    codings[COMPRESS_GZIP].level, "1",
	    "effort of gzip"), .min = 1, .max = 9 },
	{ COMPRESS_ROW("gzip_min_length", CONF_SIZE,
	    codings[COMPRESS_GZIP].min_length, "20",
	    "smaller bodies are not compressed"), .unit = "bytes" },
	{ COMPRESS_ROW("gzip_window", CONF_SIZE,
	    codings[COMPRESS_GZIP].window, "32k",
	    "how far back gzip looks"), .set = compress_set_window,
	  .unit = "bytes" },
	{ COMPRESS_ROW("gzip_hash", CONF_SIZE, hash, "64k",
	    "memory for what gzip looks up"), .set = compress_set_hash,
	  .unit = "bytes" },
	COMPRESS_TYPES("gzip_types"),
	{ COMPRESS_ROW("gzip_vary", CONF_FLAG, vary, "off",
	    "say \"Vary: Accept-Encoding\" where it is so") },
	{ COMPRESS_ROW("gzip_http_version", CONF_ENUM, http_version, "1.1",
	    "older clients get nothing compressed"),
	  .values = compress_versions },
	{ .name = "gzip_proxied", .contexts = CONF_HTTP_ALL, .args_min = 1,
	  .args_max = CONF_ARGS_ANY, .set = compress_set_proxied,
	  .initial = "off",
	  .syntax = "off | CONDITION ...",
	  .help = "which answers to requests with Via are compressed" },
	{ .name = "gzip_disable", .contexts = CONF_HTTP_ALL, .args_min = 1,
	  .args_max = CONF_ARGS_ANY, .set = compress_set_disable,
	  .syntax = "REGEX ...",
	  .help = "user agents that get nothing compressed, or msie6" },
	COMPRESS_BUFFERS("gzip_buffers"),
	{ .name = "postpone_gzipping", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "what there is is compressed" },
	{ .name = "gzip_no_buffer", .contexts = CONF_HTTP_ALL, .args_min = 1,
	  .args_max = 1, .type = CONF_ACCEPTED,
	  .help = "a source says itself when it pauses" },

	COMPRESS_FLAG("brotli", codings[COMPRESS_BROTLI].on,
	    "compress responses with brotli"),
	{ COMPRESS_ROW("brotli_comp_level", CONF_NUMBER,
	    codings[COMPRESS_BROTLI].level, "6",
	    "effort of brotli"), .min = 0, .max = 11 },
	{ COMPRESS_ROW("brotli_min_length", CONF_SIZE,
	    codings[COMPRESS_BROTLI].min_length, "20",
	    "smaller bodies are not compressed"), .unit = "bytes" },
	{ COMPRESS_ROW("brotli_window", CONF_SIZE,
	    codings[COMPRESS_BROTLI].window, "512k",
	    "how far back brotli looks"), .set = compress_set_brotli_window,
	  .unit = "bytes" },
	COMPRESS_TYPES("brotli_types"),
	COMPRESS_BUFFERS("brotli_buffers"),

	COMPRESS_FLAG("zstd", codings[COMPRESS_ZSTD].on,
	    "compress responses with zstd"),
	{ COMPRESS_ROW("zstd_comp_level", CONF_NUMBER,
	    codings[COMPRESS_ZSTD].level, "1",
	    "effort of zstd"), .min = 1, .max = 22 },
	{ COMPRESS_ROW("zstd_min_length", CONF_SIZE,
	    codings[COMPRESS_ZSTD].min_length, "20",
	    "smaller bodies are not compressed"), .unit = "bytes" },
	COMPRESS_TYPES("zstd_types"),
	COMPRESS_BUFFERS("zstd_buffers"),
	{ .name = NULL },
};

const struct http_module http_compress_module = {
	.table = {
		.name = "compress",
		.help = "compresses answers for clients that take gzip, "
		    "brotli or zstd",
		.directives = compress_directives,
		.record_size = sizeof(struct compress_record),
		.merge = compress_merge,
	},
	.variables = compress_variables,
	.filter = compress_filter,
};
