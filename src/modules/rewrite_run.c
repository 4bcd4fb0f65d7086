/*
 * The program of the rewrite module, run for a request.
 */

#include "modules/rewrite.h"

#include <errno.h>
#include <stdio.h>

#include "http/file_cache.h"
#include "http/uri.h"

/* A program under way. */
struct rewrite_run {
	struct http_request *request;
	bool escapes;		/* groups are quoted where they are used: as
				 * in nginx, until the first rewrite */
	bool moved;		/* the uri changed: another location is due */
	bool logs;		/* rewrite_log */
};

/* What an operation leaves to do, besides what hooks return. */
enum { REWRITE_NEXT = -1, REWRITE_END = -2 };

static struct slice rewrite_text(struct rewrite_run *run,
    const struct http_value *value, bool escape)
{
	struct http_request *request = run->request;
	struct slice text;

	request->escape_captures = escape;
	text = http_value_get(request, value);
	request->escape_captures = false;
	return text;
}

/* 1, 0, or -errno; the groups are kept if it matches. */
static int rewrite_match(struct rewrite_run *run,
    const struct http_regex *regex, struct slice pattern,
    struct slice subject)
{
	struct http_request *request = run->request;
	int match = http_regex_match(regex, subject);

	if (run->logs && match >= 0)
		http_log(request, LOG_LEVEL_NOTICE, 0, "\"%.*s\" %s \"%.*s\"",
		    SLICE_ARG(pattern), match ? "matches" : "does not match",
		    SLICE_ARG(subject));
	if (match == 0)
		request->captures = NULL;
	if (match <= 0)
		return match;
	match = http_regex_capture(request, regex, subject);
	return match ? match : 1;
}

/* ---- set ---- */

static int rewrite_run_set(struct rewrite_run *run,
    const struct rewrite_op *op)
{
	struct slice text = rewrite_text(run, &op->text, run->escapes);

	if (!text.data || http_variable_set(run->request, op->variable, text))
		return 500;
	return REWRITE_NEXT;
}

/* ---- if ---- */

static int rewrite_test_file(struct http_request *request, struct slice path,
    enum rewrite_test test)
{
	struct file *file;
	int err;

	path = arena_copy(&request->arena, path);	/* terminated */
	if (!path.data)
		return -ENOMEM;
	err = file_cache_open(request, path, &file);
	if (err)
		return err;
	if (file->error)
		return 0;
	switch (test) {
	case REWRITE_TEST_FILE:
		return S_ISREG(file->mode);
	case REWRITE_TEST_DIRECTORY:
		return S_ISDIR(file->mode);
	case REWRITE_TEST_EXECUTABLE:
		return (file->mode & S_IXUSR) != 0;
	default:
		return 1;
	}
}

/* Does the condition hold? 1, 0, or -errno. */
static int rewrite_test(struct rewrite_run *run,
    const struct rewrite_condition *condition)
{
	struct slice subject = http_value_get(run->request,
	    &condition->subject);
	struct slice other;
	int holds;

	if (!subject.data)
		return -ENOMEM;
	switch (condition->test) {
	case REWRITE_TEST_TRUE:
		return subject.len != 0 && !slice_equal(subject, SLICE("0"));
	case REWRITE_TEST_EQUAL:
		other = rewrite_text(run, &condition->other, run->escapes);
		holds = other.data ? slice_equal(subject, other) : -ENOMEM;
		break;
	case REWRITE_TEST_REGEX:
		holds = rewrite_match(run, condition->regex,
		    condition->pattern, subject);
		break;
	default:
		holds = rewrite_test_file(run->request, subject,
		    condition->test);
		break;
	}
	return holds < 0 ? holds : holds != condition->negated;
}

static int rewrite_run_ops(struct rewrite_run *run,
    const struct http_location *location);

static int rewrite_run_if(struct rewrite_run *run,
    const struct rewrite_op *op)
{
	int holds = rewrite_test(run, &op->condition);

	if (holds < 0)
		return holds == -EAGAIN ? 503 : 500;
	if (!holds)
		return REWRITE_NEXT;
	if (!op->in_server)
		http_request_enter(run->request, op->location);
	return rewrite_run_ops(run, op->location);
}

/* ---- rewrite ---- */

static int rewrite_hex(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* A redirect's path: %XX of what may stand in a URL becomes that character,
 * in place. What is behind '?' stays. */
static size_t rewrite_unescape(char *text, size_t len)
{
	size_t to = 0;

	for (size_t i = 0; i < len; i++) {
		int high = text[i] == '%' && i + 2 < len ?
		    rewrite_hex(text[i + 1]) : -1;
		int low = high >= 0 ? rewrite_hex(text[i + 2]) : -1;
		int c = low >= 0 ? high << 4 | low : -1;

		if (c > '%' && c < 0x7f) {
			text[to++] = (char)c;
			i += 2;
		} else {
			c = text[i];
			text[to++] = text[i];
		}
		if (c == '?') {
			memmove(text + to, text + i + 1, len - i - 1);
			return to + len - i - 1;
		}
	}
	return to;
}

static int rewrite_redirect(struct rewrite_run *run,
    const struct rewrite_op *op)
{
	struct http_request *request = run->request;
	struct slice text = rewrite_text(run, &op->text, true);
	bool args = op->keep_args && request->args.len;
	char *url = text.data ? arena_alloc_text(&request->arena,
	    text.len + request->args.len + 2) : NULL;
	size_t len;

	if (!url)
		return 500;
	memcpy(url, text.data, text.len);
	len = rewrite_unescape(url, text.len);
	if (args) {
		url[len++] = op->has_args ? '&' : '?';
		memcpy(url + len, request->args.data, request->args.len);
		len += request->args.len;
	}
	request->response.location = (struct slice){ url, len };
	if (run->logs)
		http_log(request, LOG_LEVEL_NOTICE, 0,
		    "rewritten redirect: \"%.*s\"", (int)len, url);
	return (int)op->status;
}

/* The query that a rewrite makes; `data` is NULL without memory. */
static struct slice rewrite_args(struct rewrite_run *run,
    const struct rewrite_op *op)
{
	struct http_request *request = run->request;
	struct slice args;

	if (!op->has_args)
		return op->keep_args && request->args.data ? request->args
							   : SLICE("");
	args = rewrite_text(run, &op->args, true);
	if (!args.data || !op->keep_args || !request->args.len)
		return args;
	return arena_printf(&request->arena, "%.*s&%.*s", SLICE_ARG(args),
	    SLICE_ARG(request->args));
}

/* The path as it was made is a path: '/' or not, but below the root. */
static int rewrite_check_uri(struct http_request *request, struct slice uri)
{
	if (uri.len == 0) {
		http_log(request, LOG_LEVEL_ERROR, 0,
		    "the rewritten URI has a zero length");
		return 500;
	}
	if (uri_dots(uri)) {
		http_log(request, LOG_LEVEL_ERROR, 0, "the rewritten URI "
		    "\"%.*s\" would leave the root", SLICE_ARG(uri));
		return 404;
	}
	return REWRITE_NEXT;
}

static int rewrite_run_uri(struct rewrite_run *run,
    const struct rewrite_op *op)
{
	struct http_request *request = run->request;
	int rc = rewrite_match(run, op->regex, op->pattern, request->uri);
	struct slice uri, args;

	if (rc < 0)
		return 500;
	if (rc == 0)
		return REWRITE_NEXT;
	run->escapes = false;
	if (op->status)
		return rewrite_redirect(run, op);
	uri = rewrite_text(run, &op->text, false);
	args = uri.data ? rewrite_args(run, op) : uri;
	if (!args.data)
		return 500;
	rc = rewrite_check_uri(request, uri);
	if (rc != REWRITE_NEXT)
		return rc;
	request->uri = uri;
	request->args = args;
	request->internal = true;
	request->uri_changed = true;
	run->moved = !op->stay;
	request->uri_rewritten |= op->stay;
	if (run->logs)
		http_log(request, LOG_LEVEL_NOTICE, 0, "rewritten data: "
		    "\"%.*s\", args: \"%.*s\"", SLICE_ARG(uri),
		    SLICE_ARG(args));
	return op->last ? REWRITE_END : REWRITE_NEXT;
}

/* ---- return ---- */

static bool rewrite_is_redirect(unsigned status)
{
	return status == 301 || status == 302 || status == 303 ||
	    status == 307 || status == 308;
}

static int rewrite_run_return(struct rewrite_run *run,
    const struct rewrite_op *op)
{
	struct http_request *request = run->request;
	struct slice text;

	if (op->status == 444)
		return HTTP_ABORT;
	if (!op->has_text && op->status >= 400)
		return (int)op->status;
	text = op->has_text ? http_value_get(request, &op->text) : SLICE("");
	if (!text.data)
		return 500;
	if (rewrite_is_redirect(op->status)) {
		request->response.location = text;
		return (int)op->status;
	}
	http_response_text(request, op->status,
	    http_content_type(request->location->core, request->uri), text);
	return HTTP_DONE;
}

/* ---- all of it ---- */

static int rewrite_run_break(struct rewrite_run *run)
{
	if (run->moved)
		run->request->uri_rewritten = true;
	run->moved = false;
	return REWRITE_END;
}

static int rewrite_run_op(struct rewrite_run *run,
    const struct rewrite_op *op)
{
	switch (op->kind) {
	case REWRITE_SET:
		return rewrite_run_set(run, op);
	case REWRITE_IF:
		return rewrite_run_if(run, op);
	case REWRITE_URI:
		return rewrite_run_uri(run, op);
	case REWRITE_BREAK:
		return rewrite_run_break(run);
	case REWRITE_RETURN:
		break;
	}
	return rewrite_run_return(run, op);
}

static int rewrite_run_list(struct rewrite_run *run,
    const struct rewrite_op *op)
{
	int rc = REWRITE_NEXT;

	for (; op && rc == REWRITE_NEXT; op = op->next)
		rc = rewrite_run_op(run, op);
	return rc;
}

/* The block of an "if". */
static int rewrite_run_ops(struct rewrite_run *run,
    const struct http_location *location)
{
	const struct rewrite_record *record = conf_record(
	    run->request->worker->http->conf, location->records,
	    &http_rewrite_module.table);

	return rewrite_run_list(run, record->ops);
}

int rewrite_run(struct http_request *request)
{
	const struct rewrite_record *record = http_request_record(request,
	    &http_rewrite_module.table);
	struct rewrite_run run = { .request = request, .escapes = true,
	    .logs = record->log };
	int rc;

	if (!record->ops)
		return HTTP_DECLINED;
	rc = rewrite_run_list(&run, record->ops);
	if (rc >= 0)
		return rc;
	return run.moved ? HTTP_REDIRECTED : HTTP_DECLINED;
}
