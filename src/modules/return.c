/*
 * return: answer with a status, a text, or a redirect.
 */

#include <errno.h>

#include "http/conn.h"
#include "modules/modules.h"

struct return_record {
	unsigned status;		/* 0: not set */
	bool text_set;
	struct http_value text;		/* or where to redirect */
};

extern const struct http_module http_return_module;

static bool return_is_redirect(unsigned status)
{
	return status == 301 || status == 302 || status == 303 ||
	    status == 307 || status == 308;
}

static int return_set(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct return_record *ret = record;
	struct slice first = node->args[1];
	uint64_t status;

	(void)scope;
	if (ret->status)
		return 0;		/* the first one counts */
	if (!slice_to_u64(first, &status)) {
		if (node->argc == 2 && (slice_starts(first,
		    SLICE("http://")) || slice_starts(first,
		    SLICE("https://")) || slice_starts(first, SLICE("$")))) {
			ret->status = 302;
			ret->text_set = true;
			return http_value_compile(conf, node, first,
			    &ret->text);
		}
		return conf_fail(conf, node, 0, "invalid return code \"%.*s\"",
		    SLICE_ARG(first));
	}
	if (status == 0 || status > 999)
		return conf_fail(conf, node, 0, "invalid return code \"%.*s\"",
		    SLICE_ARG(first));
	ret->status = (unsigned)status;
	ret->text_set = node->argc == 3;
	return ret->text_set ? http_value_compile(conf, node, node->args[2],
	    &ret->text) : 0;
}

static int return_run(struct http_request *request)
{
	const struct return_record *ret = http_request_record(request,
	    &http_return_module.table);
	struct slice text;

	if (!ret->status)
		return HTTP_DECLINED;
	if (ret->status == 444)
		return HTTP_ABORT;
	if (!ret->text_set && ret->status >= 400)
		return (int)ret->status;
	text = ret->text_set ? http_value_get(request, &ret->text) : SLICE("");
	if (!text.data)
		return 500;
	if (return_is_redirect(ret->status)) {
		request->response.location = text;
		return (int)ret->status;
	}
	http_response_text(request, ret->status,
	    http_content_type(request->location->core, request->uri), text);
	return HTTP_DONE;
}

static const struct conf_directive return_directives[] = {
	{ .name = "return", .contexts = CONF_SERVER | CONF_LOCATION,
	  .args_min = 1, .args_max = 2, .set = return_set,
	  .help = "answer with a status, and a text or a redirect" },
	{ .name = NULL },
};

const struct http_module http_return_module = {
	.table = { .name = "return", .directives = return_directives,
	    .record_size = sizeof(struct return_record) },
	.phase = { [HTTP_PHASE_SERVER_REWRITE] = return_run,
	    [HTTP_PHASE_REWRITE] = return_run },
};
