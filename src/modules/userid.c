/*
 * userid: a cookie with an id for each client, by which sessions are counted.
 *
 * As nginx's module, but for two things: an id is 128 random bits, which
 * nobody can guess, where nginx puts address, time and process together; and
 * the cookie is HttpOnly and SameSite=Lax unless userid_flags says otherwise.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/hash.h"
#include "http/conn.h"
#include "http/variable.h"
#include "modules/modules.h"

enum {
	USERID_DIGITS = 22,		/* of base64, without padding */
	USERID_RANDOM = 256,		/* bytes fetched from the kernel at
					 * once: 16 ids */
};

enum userid_mode { USERID_OFF, USERID_LOG, USERID_V1, USERID_ON };

enum userid_flag {
	USERID_FLAGS_OFF = 1 << 0,
	USERID_SECURE = 1 << 1,
	USERID_HTTPONLY = 1 << 2,
	USERID_STRICT = 1 << 3,
	USERID_LAX = 1 << 4,
	USERID_NONE = 1 << 5,
};

/* 31 Dec 2037 23:55:55 GMT: what "max" stands for. */
#define USERID_EXPIRES_MAX INT64_C(2145916555)

struct userid_record {
	int64_t mode;
	int64_t service;
	struct slice name, domain, path, p3p;
	int64_t expires;		/* seconds; 0: with the browser */
	int64_t mark;			/* a character, or 0 */
	unsigned flags;			/* 0: not set */
	struct http_value reset;	/* $uid_reset */
	struct slice attributes;	/* of the cookie, but for expires */
};

union userid {
	uint32_t words[4];		/* as nginx prints them */
	char bytes[16];
};

/* What is known of a request's cookie. */
struct userid_state {
	union userid got, set;
	bool has_got, has_set;
	struct slice cookie;		/* as received */
};

extern const struct http_module http_userid_module;

/* ---- ids ---- */

/* Random bytes from the kernel, which are asked for by the handful. */
static bool userid_random(void *out, size_t size)
{
	static char bytes[USERID_RANDOM];
	static size_t left;

	if (left < size) {
		if (getrandom(bytes, sizeof(bytes), 0) !=
		    (ssize_t)sizeof(bytes))
			return false;
		left = sizeof(bytes);
	}
	left -= size;
	memcpy(out, bytes + left, size);
	return true;
}

/* Who issues ids, unless userid_service says it: the address that the client
 * connected to, or of IPv6 its end. In network order. */
static uint32_t userid_issuer(const struct http_request *request)
{
	union http_address address;
	socklen_t len = sizeof(address);

	if (getsockname(request->conn->stream.fd, &address.any, &len))
		return 0;
	if (address.any.sa_family == AF_INET)
		return address.in.sin_addr.s_addr;
	return address.any.sa_family == AF_INET6 ?
	    address.in6.sin6_addr.s6_addr32[3] : 0;
}

/* The first word says who issued it, as in nginx's ids; the rest is random. */
static bool userid_make(const struct http_request *request,
    const struct userid_record *record, union userid *ret)
{
	bool set = record->service != CONF_UNSET;
	uint32_t service = set ? (uint32_t)record->service : 0;

	if (!userid_random(ret, sizeof(*ret)))
		return false;
	if (record->mode == USERID_V1)
		ret->words[0] = service;
	else
		ret->words[0] = set ? htonl(service) : userid_issuer(request);
	return true;
}

static void userid_count(struct http_request *request,
    const union userid *id)
{
	metrics_session_seen(request->worker->metrics,
	    hash_bytes((struct slice){ id->bytes, sizeof(*id) }, 0));
}

/* Only the first 22 characters count: a mark may stand behind them. */
static void userid_read_cookie(struct http_request *request,
    const struct userid_record *record, struct userid_state *state)
{
	/* Room for what 22 digits decode to, and its last, partial byte. */
	char bytes[USERID_DIGITS / 4 * 3 + 2];

	if (!http_cookie_find(request, record->name, &state->cookie))
		return;
	if (state->cookie.len < USERID_DIGITS) {
		http_log(request, LOG_LEVEL_ERROR, 0,
		    "client sent too short userid cookie \"%.*s\"",
		    SLICE_ARG(state->cookie));
		return;
	}
	if (base64_decode_to(slice_first(state->cookie, USERID_DIGITS),
	    bytes) < 0) {
		http_log(request, LOG_LEVEL_ERROR, 0,
		    "client sent invalid userid cookie \"%.*s\"",
		    SLICE_ARG(state->cookie));
		return;
	}
	memcpy(&state->got, bytes, sizeof(state->got));
	state->has_got = true;
}

/* This request's state, with the cookie read; NULL without memory. */
static struct userid_state *userid_state_get(struct http_request *request,
    const struct userid_record *record)
{
	void **data = http_request_data(request, &http_userid_module);
	struct userid_state *state;

	if (!data || *data)
		return data ? *data : NULL;
	state = arena_calloc(&request->arena, 1, sizeof(*state));
	if (!state)
		return NULL;
	userid_read_cookie(request, record, state);
	*data = state;
	return state;
}

/* Does the cookie that came lack the mark that it should have? */
static bool userid_unmarked(const struct userid_record *record,
    struct slice cookie)
{
	return record->mark && (cookie.len < USERID_DIGITS + 2 ||
	    cookie.data[USERID_DIGITS] != (char)record->mark ||
	    cookie.data[USERID_DIGITS + 1] != '=');
}

/* Is $uid_reset set? Says so in the error log if it is "log". */
static bool userid_reset(struct http_request *request,
    const struct userid_record *record, const struct userid_state *state)
{
	struct slice reset = http_value_get(request, &record->reset);
	const uint32_t *id = state->got.words;

	if (!reset.len || slice_equal(reset, SLICE("0")))
		return false;
	if (slice_equal(reset, SLICE("log")))
		http_log(request, LOG_LEVEL_NOTICE, 0, "userid cookie "
		    "\"%.*s=%08X%08X%08X%08X\" was reset",
		    SLICE_ARG(record->name), id[0], id[1], id[2], id[3]);
	return true;
}

/* Decide which id the answer sets, if any; false on a failure. */
static bool userid_choose(struct http_request *request,
    const struct userid_record *record, struct userid_state *state)
{
	if (state->has_set)
		return true;
	if (state->has_got && !userid_reset(request, record, state)) {
		state->has_set = userid_unmarked(record, state->cookie);
		state->set = state->got;
		return true;
	}
	state->has_set = userid_make(request, record, &state->set);
	return state->has_set;
}

/* ---- the answer ---- */

/* "; expires=Thu, 31-Dec-37 23:55:55 GMT": as browsers always took it. */
static struct slice userid_expires_text(struct http_request *request,
    const struct userid_record *record)
{
	static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu",
		"Fri", "Sat" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
		"May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	int64_t now = (int64_t)(http_worker_real_ns(request->worker) /
	    NS_PER_SEC);
	time_t t = record->expires;
	struct tm tm;

	if (!record->expires)
		return SLICE("");
	if (t != USERID_EXPIRES_MAX)
		t += now;
	if (!gmtime_r(&t, &tm))
		return SLICE("");
	/* Two digits of the year until they would be taken for 19xx. */
	return arena_printf(&request->arena,
	    "; expires=%s, %02d-%s-%02d %02d:%02d:%02d GMT", days[tm.tm_wday],
	    tm.tm_mday, months[tm.tm_mon], tm.tm_year + 1900 > 2037 ?
	    tm.tm_year + 1900 : tm.tm_year % 100, tm.tm_hour, tm.tm_min,
	    tm.tm_sec);
}

static int userid_set_cookie(struct http_request *request,
    const struct userid_record *record, const struct userid_state *state)
{
	struct slice id = { state->set.bytes, sizeof(state->set) };
	struct slice expires = userid_expires_text(request, record), cookie;
	char text[BASE64_LEN(sizeof(state->set))];
	int err;

	base64_encode(id, text);
	if (record->mark)
		text[USERID_DIGITS] = (char)record->mark;
	cookie = arena_printf(&request->arena, "%.*s=%.*s%.*s%.*s",
	    SLICE_ARG(record->name), (int)sizeof(text), text,
	    SLICE_ARG(expires), SLICE_ARG(record->attributes));
	if (!cookie.data || !expires.data)
		return -ENOMEM;
	err = http_response_add(request, SLICE("Set-Cookie"), cookie);
	if (!err && record->p3p.len)
		err = http_response_add(request, SLICE("P3P"), record->p3p);
	return err;
}

static int userid_filter(struct http_request *request)
{
	const struct userid_record *record = http_request_record(request,
	    &http_userid_module.table);
	struct userid_state *state;

	if (record->mode == USERID_OFF || request->parent)
		return 0;
	state = userid_state_get(request, record);
	if (!state)
		return -ENOMEM;
	if (record->mode == USERID_LOG) {
		if (state->has_got)
			userid_count(request, &state->got);
		return 0;
	}
	if (!userid_choose(request, record, state))
		return -EIO;
	userid_count(request, &state->set);
	return state->has_set ? userid_set_cookie(request, record, state) : 0;
}

/* ---- variables ---- */

static bool userid_text(struct http_request *request,
    const struct userid_record *record, const union userid *id,
    struct slice *ret)
{
	*ret = arena_printf(&request->arena, "%.*s=%08X%08X%08X%08X",
	    SLICE_ARG(record->name), id->words[0], id->words[1],
	    id->words[2], id->words[3]);
	return ret->data != NULL;
}

static bool get_uid_got(struct http_request *request, struct slice name,
    struct slice *ret)
{
	const struct userid_record *record = http_request_record(request,
	    &http_userid_module.table);
	struct userid_state *state = record->mode == USERID_OFF ? NULL :
	    userid_state_get(request, record);

	(void)name;
	return state && state->has_got &&
	    userid_text(request, record, &state->got, ret);
}

static bool get_uid_set(struct http_request *request, struct slice name,
    struct slice *ret)
{
	const struct userid_record *record = http_request_record(request,
	    &http_userid_module.table);
	struct userid_state *state = record->mode < USERID_V1 ? NULL :
	    userid_state_get(request, record);

	(void)name;
	return state && userid_choose(request, record, state) &&
	    state->has_set && userid_text(request, record, &state->set, ret);
}

/* For the configuration to set. */
static bool get_uid_reset(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)request, (void)name;
	*ret = SLICE("");
	return true;
}

static const struct http_variable userid_variables[] = {
	{ .name = { "uid_got", 7 }, .get = get_uid_got,
	  .help = "name and value of the cookie that came" },
	{ .name = { "uid_set", 7 }, .get = get_uid_set,
	  .help = "name and value of the cookie that is sent" },
	{ .name = { "uid_reset", 9 }, .get = get_uid_reset,
	  .changeable = true,
	  .help = "if not empty or \"0\", the cookie is renewed; \"log\" "
	    "logs that, too" },
	{ .name = { NULL, 0 }, .get = NULL },
};

/* ---- directives ---- */

static const struct conf_enum userid_modes[] = {
	{ "off", USERID_OFF },
	{ "log", USERID_LOG },
	{ "v1", USERID_V1 },
	{ "on", USERID_ON },
	{ NULL, 0 },
};

static const struct userid_attribute {
	struct slice name;
	unsigned flag;
} userid_attributes[] = {
	{ { "secure", 6 }, USERID_SECURE },
	{ { "httponly", 8 }, USERID_HTTPONLY },
	{ { "samesite=strict", 15 }, USERID_STRICT },
	{ { "samesite=lax", 12 }, USERID_LAX },
	{ { "samesite=none", 13 }, USERID_NONE },
	{ { "off", 3 }, USERID_FLAGS_OFF },
};
enum {
	USERID_ATTRIBUTES =
	    sizeof(userid_attributes) / sizeof(*userid_attributes)
};

static int userid_set_flags(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct userid_record *record = arg;

	(void)scope;
	if (record->flags)
		return conf_fail(conf, node, 0,
		    "\"userid_flags\" directive is duplicate");
	for (unsigned i = 1; i < node->argc; i++) {
		unsigned k = 0;

		while (k < USERID_ATTRIBUTES && !slice_equal_nocase(
		    node->args[i], userid_attributes[k].name))
			k++;
		if (k == USERID_ATTRIBUTES)
			return conf_fail(conf, node, 0,
			    "invalid value \"%s\"", node->args[i].data);
		record->flags |= userid_attributes[k].flag;
	}
	return 0;
}

static int userid_set_expires(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct userid_record *record = arg;
	struct slice text = node->args[1];
	int64_t ms = 0;

	(void)scope;
	if (record->expires != CONF_UNSET)
		return conf_fail(conf, node, 0,
		    "\"userid_expires\" directive is duplicate");
	if (slice_equal(text, SLICE("max"))) {
		record->expires = USERID_EXPIRES_MAX;
		return 0;
	}
	if (!slice_equal(text, SLICE("off")) && !conf_parse_time(text, &ms))
		return conf_fail(conf, node, 0,
		    "\"userid_expires\" directive invalid value");
	record->expires = ms / 1000;
	return 0;
}

static int userid_set_mark(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct userid_record *record = arg;
	struct slice text = node->args[1];
	char c = text.len == 1 ? text.data[0] : '\0';
	bool digit = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z') || c == '=';

	(void)scope;
	if (record->mark != CONF_UNSET)
		return conf_fail(conf, node, 0,
		    "\"userid_mark\" directive is duplicate");
	if (!digit && !slice_equal(text, SLICE("off")))
		return conf_fail(conf, node, 0, "\"userid_mark\" directive "
		    "value must be \"off\" or a single letter, digit or "
		    "\"=\"");
	record->mark = digit ? c : 0;
	return 0;
}

static void userid_init(struct conf *conf, void *arg)
{
	struct userid_record *record = arg;

	(void)conf;
	record->expires = CONF_UNSET;
	record->mark = CONF_UNSET;
}

static int64_t userid_merge_number(int64_t own, int64_t from, int64_t initial)
{
	if (own != CONF_UNSET)
		return own;
	return from != CONF_UNSET ? from : initial;
}

/* "; domain=...; path=...; secure; ..." once, not for each cookie. */
static struct slice userid_attributes_text(struct conf *conf,
    const struct userid_record *record)
{
	bool domain = !slice_equal(record->domain, SLICE("none"));
	struct slice text = arena_printf(&conf->arena, "%s%.*s; path=%.*s",
	    domain ? "; domain=" : "", domain ? (int)record->domain.len : 0,
	    record->domain.data, SLICE_ARG(record->path));

	for (unsigned i = 0; i < USERID_ATTRIBUTES && text.data; i++) {
		const struct userid_attribute *attribute =
		    &userid_attributes[i];

		if (!(record->flags & attribute->flag & ~USERID_FLAGS_OFF))
			continue;
		text = arena_printf(&conf->arena, "%.*s; %.*s",
		    SLICE_ARG(text), SLICE_ARG(attribute->name));
	}
	return text;
}

static int userid_merge(struct conf *conf, const void *parent, void *arg)
{
	const struct userid_record *from = parent;
	struct userid_record *record = arg;

	record->expires = userid_merge_number(record->expires,
	    from ? from->expires : CONF_UNSET, 0);
	record->mark = userid_merge_number(record->mark,
	    from ? from->mark : CONF_UNSET, 0);
	if (!record->flags)
		record->flags = from ? from->flags
				     : USERID_HTTPONLY | USERID_LAX;
	if (slice_equal(record->p3p, SLICE("none")))
		record->p3p = SLICE("");
	record->attributes = userid_attributes_text(conf, record);
	if (!record->attributes.data)
		return conf_fail(conf, NULL, ENOMEM, "userid");
	return http_value_compile(conf, NULL, SLICE("$uid_reset"),
	    &record->reset);
}

#define USERID_ROW(directive, kind, field, preset, text)		\
	{ .name = directive, .contexts = CONF_HTTP_ALL, .args_min = 1,	\
	  .args_max = 1, .type = kind,					\
	  .offset = offsetof(struct userid_record, field),		\
	  .initial = preset, .help = text }

static const struct conf_directive userid_directives[] = {
	{ .name = "userid", .contexts = CONF_HTTP_ALL, .args_min = 1,
	  .args_max = 1, .type = CONF_ENUM, .values = userid_modes,
	  .offset = offsetof(struct userid_record, mode), .initial = "off",
	  .help = "give clients a cookie with an id; log: only read it" },
	USERID_ROW("userid_name", CONF_STRING, name, "uid",
	    "name of the cookie"),
	USERID_ROW("userid_domain", CONF_STRING, domain, "none",
	    "domain that the cookie is for"),
	USERID_ROW("userid_path", CONF_STRING, path, "/",
	    "path that the cookie is for"),
	USERID_ROW("userid_p3p", CONF_STRING, p3p, "none",
	    "value of a P3P header sent with the cookie"),
	USERID_ROW("userid_service", CONF_NUMBER, service, NULL,
	    "number of this server: the first word of the ids it makes"),
	{ .name = "userid_expires", .contexts = CONF_HTTP_ALL, .args_min = 1,
	  .args_max = 1, .set = userid_set_expires, .initial = "off",
	  .syntax = "TIME | max | off",
	  .help = "how long browsers keep the cookie; max: until 2037" },
	{ .name = "userid_mark", .contexts = CONF_HTTP_ALL, .args_min = 1,
	  .args_max = 1, .set = userid_set_mark, .initial = "off",
	  .syntax = "CHARACTER | off",
	  .help = "character behind the id; cookies without are renewed" },
	{ .name = "userid_flags", .contexts = CONF_HTTP_ALL, .args_min = 1,
	  .args_max = 3, .set = userid_set_flags,
	  .initial = "httponly samesite=lax",
	  .syntax = "off | FLAG ...",
	  .help = "what browsers are told of the cookie: secure, httponly, "
	  "samesite=strict, samesite=lax or samesite=none" },
	{ .name = NULL },
};

const struct http_module http_userid_module = {
	.table = {
		.name = "userid",
		.help = "gives each client a cookie with an id",
		.directives = userid_directives,
		.record_size = sizeof(struct userid_record),
		.init = userid_init,
		.merge = userid_merge,
	},
	.variables = userid_variables,
	.filter = userid_filter,
};
