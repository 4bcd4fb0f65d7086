/* The way to a change: where the request comes from, then what it says. */

#include "dashboard/change.h"

#include <assert.h>
#include <stdio.h>

#include "dashboard/access.h"
#include "dashboard/answer.h"
#include "dashboard/auth.h"
#include "dashboard/page.h"
#include "http/conn.h"
#include "http/request_body.h"

/* ---- where it comes from ---- */

static struct access_request change_access(struct http_request *request)
{
	return (struct access_request){
		.host = http_request_header(request, SLICE("host")),
		.origin = http_request_header(request, SLICE("origin")),
		.referer = http_request_header(request, SLICE("referer")),
		.fetch_site = http_request_header(request,
		    SLICE("sec-fetch-site")),
		.user_agent = http_request_header(request,
		    SLICE("user-agent")),
		.post = request->method == HTTP_METHOD_POST,
		.auth = dashboard_request_conf(request)->auth != NULL,
		.token = auth_csrf_check(request, http_request_header(request,
		    SLICE("x-ringmaster-token"))),
	};
}

static int change_refuse(struct http_request *request)
{
	bool post = request->method == HTTP_METHOD_POST;

	http_log(request, LOG_LEVEL_WARN, 0,
	    "dashboard: a change from another site was refused");
	request->response.allow = SLICE("POST");
	return dashboard_error(request, post ? 403 : 405, "Only the "
	    "dashboard's own page and programs may change something.");
}

/* A page whose button posts, with the token. */
static int change_ask(struct http_request *request, const char *question)
{
	struct buf out = buf_make(DASHBOARD_BODY_MAX);
	char token[AUTH_CSRF_LEN + 1];

	if (auth_csrf_token(request, token))
		return 500;
	page_write_confirm(&out, question, request->uri, token);
	return dashboard_answer(request, 200,
	    SLICE("text/html; charset=utf-8"), &out);
}

static int change_want_token(struct http_request *request,
    const struct change *change)
{
	if (change->question && dashboard_wants_html(request))
		return change_ask(request, change->question);
	return dashboard_error(request, 403, "The header X-Ringmaster-Token "
	    "is missing or is not what /api/v1/session says.");
}

/* ---- what it says ---- */

typedef const char *change_parser(struct arena *arena, struct slice text,
    struct fields *ret);

/* What reads a body of the type that the request names; NULL: nothing. */
static change_parser *change_parser_find(const struct http_request *request)
{
	struct slice type = http_request_header(request,
	    SLICE("content-type"));
	const char *end = type.len ? memchr(type.data, ';', type.len) : NULL;

	if (end)
		type.len = (size_t)(end - type.data);
	type = slice_trim(type);
	if (slice_equal_nocase(type, SLICE("application/json")))
		return fields_parse_json;
	return slice_equal_nocase(type,
	    SLICE("application/x-www-form-urlencoded")) ?
	    fields_parse_form : NULL;
}

static bool change_field_known(const struct change *change,
    struct slice name)
{
	for (const struct slice *more = change->more; more && more->len; more++)
		if (slice_equal(name, *more))
			return true;
	return slice_equal(name, change->field) ||
	    slice_equal(name, SLICE("token"));
}

/* Is each field the change's own, or the token? */
static bool change_fields_known(const struct change *change,
    const struct fields *fields)
{
	for (unsigned i = 0; i < fields->count; i++)
		if (!change_field_known(change, fields->list[i].name))
			return false;
	return true;
}

static int change_read(struct http_request *request,
    const struct change *change, struct fields *ret)
{
	change_parser *parse = change_parser_find(request);
	struct http_body body;
	const char *wrong;
	int rc = http_request_body_read(request, &body);

	if (rc == 413)
		return dashboard_error(request, 413, "The body is larger "
		    "than %d bytes.", DASHBOARD_REQUEST_MAX);
	if (rc)
		return rc;
	if (!request->body_received)
		return HTTP_DECLINED;
	if (!parse)
		return dashboard_error(request, 415, "The body is neither "
		    "application/json nor application/x-www-form-urlencoded.");
	/* As client_body_buffer_size is more than client_max_body_size. */
	assert(body.kind == HTTP_BODY_BYTES);
	wrong = parse(&request->arena, body.bytes, ret);
	if (!wrong && !change_fields_known(change, ret))
		wrong = "a name in it is not known here";
	return wrong ? dashboard_error(request, 400, "The body was not "
	    "understood: %s. Expected: %s", wrong, change->expected) :
	    HTTP_DECLINED;
}

int change_begin(struct http_request *request, const struct change *change,
    struct fields *ret)
{
	const struct access_request access = change_access(request);
	enum access_verdict verdict = access_change(&access);
	struct slice token;
	int rc = HTTP_DECLINED;

	*ret = (struct fields){ .count = 0 };
	if (!access.post && !dashboard_request_conf(request)->change_by_get) {
		request->response.allow = SLICE("POST");
		return dashboard_error(request, 405,
		    "The method is not POST.");
	}
	if (verdict == ACCESS_REFUSE)
		return change_refuse(request);
	if (verdict == ACCESS_CONFIRM)
		return change_ask(request, change->question);
	if (access.post)
		rc = change_read(request, change, ret);
	if (rc == HTTP_DECLINED && verdict == ACCESS_TOKEN &&
	    !(fields_text(ret, SLICE("token"), &token) &&
		auth_csrf_check(request, token)))
		rc = change_want_token(request, change);
	return rc;
}

struct slice change_who(struct http_request *request,
    char text[HTTP_ADDRESS_TEXT])
{
	if (request->user.len)
		return request->user;
	return (struct slice){ text,
	    http_address_text(http_request_client(request), text) };
}

void change_log(struct http_request *request, const char *format, ...)
{
	char text[256], client[HTTP_ADDRESS_TEXT];
	struct slice who = change_who(request, client);
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args); /* may be cut */
	va_end(args);
	http_log(request, LOG_LEVEL_NOTICE, 0, "dashboard: %.*s %s",
	    SLICE_ARG(who), text);
}
