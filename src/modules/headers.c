/*
 * headers: lines that the configuration adds to responses, before their body
 * (add_header, expires) and behind it (add_trailer).
 */

#include <errno.h>
#include <stdlib.h>

#include "http/conn.h"
#include "http/date.h"
#include "modules/modules.h"

enum headers_inherit { HEADERS_OFF, HEADERS_ON, HEADERS_MERGE };

enum headers_expires {
	EXPIRES_UNSET,
	EXPIRES_OFF,
	EXPIRES_EPOCH,
	EXPIRES_MAX,
	EXPIRES_ACCESS,			/* so long after the request */
	EXPIRES_MODIFIED,		/* so long after the last change */
	EXPIRES_DAILY,			/* at this time of the day */
};

enum headers_kind {			/* by name: how a line is added */
	HEADERS_ADD,
	HEADERS_ETAG,
	HEADERS_LAST_MODIFIED,
};

struct headers_line {
	struct slice name;
	struct http_value value;
	enum headers_kind kind;
	bool always;
	struct headers_line *next;
};

struct headers_lines {
	struct headers_line *first, **end;
};

struct headers_time {
	enum headers_expires kind;
	int64_t seconds;
};

struct headers_record {
	struct headers_time expires;
	struct http_value expires_value; /* of no parts: `expires` is it */
	struct headers_lines headers, trailers;
	int64_t headers_inherit, trailers_inherit;
};

extern const struct http_module http_headers_module;

/* The last second of the year 9999: dates have four digits of it. */
#define HEADERS_TIME_MAX INT64_C(253402300799)

/* ---- expires ---- */

/*
 * Parse what "expires" says, or a variable in it. ret->kind is ACCESS, or
 * MODIFIED if that was said before. Returns NULL, or what is wrong.
 */
static const char *headers_parse_expires(struct slice text,
    struct headers_time *ret)
{
	bool modified = ret->kind == EXPIRES_MODIFIED, minus = false;
	int64_t ms;

	if (!modified && slice_equal(text, SLICE("epoch"))) {
		ret->kind = EXPIRES_EPOCH;
		return NULL;
	}
	if (!modified && slice_equal(text, SLICE("max"))) {
		ret->kind = EXPIRES_MAX;
		return NULL;
	}
	if (!modified && slice_equal(text, SLICE("off"))) {
		ret->kind = EXPIRES_OFF;
		return NULL;
	}
	if (slice_starts(text, SLICE("@"))) {
		if (modified)
			return "daily time cannot be used with \"modified\" "
			    "parameter";
		ret->kind = EXPIRES_DAILY;
	}
	minus = slice_starts(text, SLICE("-"));
	if (minus || ret->kind == EXPIRES_DAILY ||
	    slice_starts(text, SLICE("+")))
		text = slice_from(text, 1);
	if (!conf_parse_time(text, &ms) || ms % 1000 != 0)
		return "invalid value";
	if (ret->kind == EXPIRES_DAILY && ms > 24 * 60 * 60 * 1000)
		return "daily time value must be less than 24 hours";
	ret->seconds = minus ? -(ms / 1000) : ms / 1000;
	return NULL;
}

/* When it will be `seconds` after midnight, local time. */
static int64_t headers_next_daily(int64_t now, int64_t seconds)
{
	time_t t = now;
	struct tm tm;

	if (!localtime_r(&t, &tm))
		return now;
	tm.tm_hour = (int)(seconds / 3600);
	tm.tm_min = (int)(seconds / 60 % 60);
	tm.tm_sec = (int)(seconds % 60);
	tm.tm_isdst = -1;
	t = mktime(&tm);
	if (t > now)
		return t;
	tm.tm_mday++;
	tm.tm_isdst = -1;
	return mktime(&tm);
}

/* Two header lines in the place of all that are called so. */
static int headers_set_expires(struct http_request *request, int64_t at,
    struct slice control)
{
	char text[HTTP_DATE_LEN];
	struct slice date;
	int err;

	if (at < 0)
		at = 0;
	http_date_format(text, at < HEADERS_TIME_MAX ? at : HEADERS_TIME_MAX);
	date = arena_copy(&request->arena,
	    (struct slice){ text, sizeof(text) });
	if (!date.data || !control.data)
		return -ENOMEM;
	err = http_response_set(request, SLICE("Expires"), date);
	return err ? err : http_response_set(request, SLICE("Cache-Control"),
	    control);
}

/* The end of a life of `seconds`, which began at `from`. */
static int64_t headers_life_end(int64_t from, int64_t seconds)
{
	return seconds > HEADERS_TIME_MAX - from ? HEADERS_TIME_MAX
						 : from + seconds;
}

static int headers_expires(struct http_request *request,
    const struct headers_record *record)
{
	int64_t now = (int64_t)(http_worker_real_ns(request->worker) /
	    NS_PER_SEC);
	int64_t modified = request->response.last_modified, at = now, age;
	struct headers_time time = record->expires;

	/* What cannot be understood says nothing. */
	if (record->expires_value.count && headers_parse_expires(
	    http_value_get(request, &record->expires_value), &time))
		return 0;
	switch (time.kind) {
	case EXPIRES_UNSET:
	case EXPIRES_OFF:
		return 0;
	case EXPIRES_EPOCH:
		return headers_set_expires(request, 1, SLICE("no-cache"));
	case EXPIRES_MAX:
		return headers_set_expires(request, INT64_C(2145916555),
		    SLICE("max-age=315360000"));
	case EXPIRES_DAILY:
		at = headers_next_daily(now, time.seconds);
		break;
	case EXPIRES_MODIFIED:
		at = headers_life_end(modified == -1 || time.seconds == 0
		    ? now : modified, time.seconds);
		break;
	case EXPIRES_ACCESS:
		at = headers_life_end(now, time.seconds);
		break;
	}
	age = at - now;
	return headers_set_expires(request, at, time.seconds < 0 || age < 0 ?
	    SLICE("no-cache") : arena_printf(&request->arena, "max-age=%lld",
	    (long long)age));
}

/* ---- lines ---- */

/* A variable may hold what a client sent, decoded: a line end in it must not
 * begin another header line. */
static struct slice headers_safe(struct http_request *request,
    struct slice value)
{
	struct slice copy = { NULL, 0 };
	bool bad = false;

	for (size_t i = 0; i < value.len; i++)
		bad |= value.data[i] == '\n' || value.data[i] == '\r' ||
		    value.data[i] == '\0';
	if (bad)
		copy = arena_copy(&request->arena, value);
	for (size_t i = 0; i < copy.len; i++)
		if (copy.data[i] == '\n' || copy.data[i] == '\r' ||
		    copy.data[i] == '\0')
			((char *)copy.data)[i] = ' ';
	return bad ? copy : value;
}

/* A date of the usual form goes where others look for it. */
static int headers_last_modified(struct http_request *request,
    const struct headers_line *line, struct slice value)
{
	char text[HTTP_DATE_LEN];
	time_t date;

	request->response.last_modified = -1;
	if (http_date_parse(value, &date)) {
		http_date_format(text, date);
		if (slice_equal(value, (struct slice){ text, sizeof(text) })) {
			request->response.last_modified = date;
			return 0;
		}
	}
	return value.len ? http_response_set(request, line->name, value) : 0;
}

static int headers_add(struct http_request *request,
    const struct headers_line *line, struct slice value)
{
	switch (line->kind) {
	case HEADERS_ETAG:
		request->response.etag = value;
		request->response.prepared = (struct slice){ NULL, 0 };
		return 0;
	case HEADERS_LAST_MODIFIED:
		request->response.prepared = (struct slice){ NULL, 0 };
		return headers_last_modified(request, line, value);
	case HEADERS_ADD:
		break;
	}
	return value.len ? http_response_add(request, line->name, value) : 0;
}

/* Is it a status with which all lines are added? */
static bool headers_status_is_safe(unsigned status)
{
	switch (status) {
	case 200:
	case 201:
	case 204:
	case 206:
	case 301:
	case 302:
	case 303:
	case 304:
	case 307:
	case 308:
		return true;
	default:
		return false;
	}
}

/* The lines that follow the body, of which its sender asks when it ended. */
static int headers_trailers(struct http_request *request)
{
	const struct headers_record *record = http_request_record(request,
	    &http_headers_module.table);
	bool safe = headers_status_is_safe(request->response.status);
	struct http_field **end = &request->response.trailers;
	const struct headers_line *line = record->trailers.first;

	for (; line; line = line->next) {
		struct slice value;

		if (!safe && !line->always)
			continue;
		value = headers_safe(request,
		    http_value_get(request, &line->value));
		if (value.len == 0)
			continue;
		*end = arena_alloc(&request->arena, sizeof(**end));
		if (!*end)
			return -ENOMEM;
		**end = (struct http_field){ .name = line->name,
		    .value = value };
		end = &(*end)->next;
	}
	return 0;
}

static int headers_filter(struct http_request *request)
{
	const struct headers_record *record = http_request_record(request,
	    &http_headers_module.table);
	bool safe = headers_status_is_safe(request->response.status);
	const struct headers_line *line;
	int err = 0;

	if (record->expires.kind != EXPIRES_OFF && safe)
		err = headers_expires(request, record);
	for (line = record->headers.first; line && !err; line = line->next)
		if (safe || line->always)
			err = headers_add(request, line, headers_safe(request,
			    http_value_get(request, &line->value)));
	for (line = record->trailers.first; line; line = line->next)
		if (safe || line->always)
			request->response.make_trailers = headers_trailers;
	return err;
}

/* ---- directives ---- */

static int headers_set_time(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct headers_record *record = arg;
	struct slice text = node->args[node->argc - 1];
	struct http_value value;
	const char *wrong;
	int err;

	(void)scope;
	if (record->expires.kind != EXPIRES_UNSET)
		return conf_fail(conf, node, 0,
		    "\"expires\" directive is duplicate");
	if (node->argc == 3 && !slice_equal(node->args[1],
	    SLICE("modified")))
		return conf_fail(conf, node, 0,
		    "\"expires\" directive invalid value");
	record->expires.kind = node->argc == 3 ? EXPIRES_MODIFIED
					       : EXPIRES_ACCESS;
	err = http_value_compile(conf, node, text, &value);
	if (err)
		return err;
	if (!value.constant) {
		record->expires_value = value;
		return 0;
	}
	wrong = headers_parse_expires(text, &record->expires);
	return wrong ? conf_fail(conf, node, 0, "\"expires\" directive %s",
	    wrong) : 0;
}

static int headers_set_line(struct conf *conf, const struct conf_node *node,
    struct headers_lines *lines, enum headers_kind kind)
{
	struct headers_line *line = arena_calloc(&conf->arena, 1,
	    sizeof(*line));

	if (!line)
		return -ENOMEM;
	if (node->argc == 4 && !slice_equal(node->args[3], SLICE("always")))
		return conf_fail(conf, node, 0, "invalid parameter \"%.*s\"",
		    SLICE_ARG(node->args[3]));
	line->name = node->args[1];
	line->kind = kind;
	line->always = node->argc == 4;
	if (!lines->end)
		lines->end = &lines->first;
	*lines->end = line;
	lines->end = &line->next;
	return http_value_compile(conf, node, node->args[2], &line->value);
}

static int headers_set_header(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct headers_record *record = arg;
	enum headers_kind kind = HEADERS_ADD;

	(void)scope;
	if (slice_equal_nocase(node->args[1], SLICE("ETag")))
		kind = HEADERS_ETAG;
	else if (slice_equal_nocase(node->args[1], SLICE("Last-Modified")))
		kind = HEADERS_LAST_MODIFIED;
	return headers_set_line(conf, node, &record->headers, kind);
}

static int headers_set_trailer(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope, void *arg)
{
	struct headers_record *record = arg;

	(void)scope;
	return headers_set_line(conf, node, &record->trailers, HEADERS_ADD);
}

/* The parent's lines are complete, and may stand behind those of several. */
static void headers_merge_lines(struct headers_lines *lines,
    const struct headers_lines *parent, int64_t inherit)
{
	if (inherit == HEADERS_OFF)
		return;
	if (!lines->first)
		*lines = *parent;
	else if (inherit == HEADERS_MERGE)
		*lines->end = parent->first;
}

static int headers_merge(struct conf *conf, const void *parent, void *arg)
{
	const struct headers_record *from = parent;
	struct headers_record *record = arg;

	(void)conf;
	if (record->expires.kind == EXPIRES_UNSET) {
		record->expires.kind = EXPIRES_OFF;
		if (from) {
			record->expires = from->expires;
			record->expires_value = from->expires_value;
		}
	}
	if (from) {
		headers_merge_lines(&record->headers, &from->headers,
		    record->headers_inherit);
		headers_merge_lines(&record->trailers, &from->trailers,
		    record->trailers_inherit);
	}
	return 0;
}

static const struct conf_enum headers_inherit_values[] = {
	{ "off", HEADERS_OFF }, { "on", HEADERS_ON },
	{ "merge", HEADERS_MERGE }, { NULL, 0 },
};

#define HEADERS_WHERE (CONF_HTTP_ALL | CONF_LOCATION_IF)
#define HEADERS_INHERIT(directive, field, text)				\
	{ .name = directive, .contexts = HEADERS_WHERE, .args_min = 1,	\
	  .args_max = 1, .type = CONF_ENUM,				\
	  .values = headers_inherit_values, .initial = "on",		\
	  .offset = offsetof(struct headers_record, field), .help = text }

static const struct conf_directive headers_directives[] = {
	{ .name = "expires", .contexts = HEADERS_WHERE, .args_min = 1,
	  .args_max = 2, .set = headers_set_time, .initial = "off",
	  .syntax = "[modified] TIME | @TIME | epoch | max | off",
	  .help = "how long caches may keep an answer" },
	{ .name = "add_header", .contexts = HEADERS_WHERE, .args_min = 2,
	  .args_max = 3, .set = headers_set_header,
	  .syntax = "NAME VALUE [always]",
	  .help = "a header line; always: with each status" },
	{ .name = "add_trailer", .contexts = HEADERS_WHERE, .args_min = 2,
	  .args_max = 3, .set = headers_set_trailer,
	  .syntax = "NAME VALUE [always]",
	  .help = "a line behind the body; always: with each status" },
	HEADERS_INHERIT("add_header_inherit", headers_inherit,
	    "whether add_header of outer blocks holds: not at all, if there "
	    "is none here, or besides those here"),
	HEADERS_INHERIT("add_trailer_inherit", trailers_inherit,
	    "the same for add_trailer"),
	{ .name = NULL },
};

const struct http_module http_headers_module = {
	.table = {
		.name = "headers",
		.help = "adds header lines and trailers to answers, and "
		    "says how long they may be kept",
		.directives = headers_directives,
		.record_size = sizeof(struct headers_record),
		.merge = headers_merge,
	},
	.filter = headers_filter,
};
