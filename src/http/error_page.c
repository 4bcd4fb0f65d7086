/*
 * What is served instead of an answer that a status stands for: the page of
 * error_page, or the default one.
 */

#include "http/response.h"

#include "http/conn.h"
#include "http/status.h"

static const struct http_error_page *http_error_page_find(
    const struct http_core_record *core, unsigned status)
{
	const struct http_error_page *page = core->error_pages;
	const struct http_error_page *found = NULL;

	/* The list is in reverse order; the first one written counts. */
	for (; page; page = page->next)
		if (page->status == status)
			found = page;
	return found;
}

bool http_error_page_has(const struct http_request *request, unsigned status)
{
	return http_error_page_find(request->location->core, status);
}

int http_error_page_serve(struct http_request *request,
    unsigned status)
{
	const struct http_core_record *core = request->location->core;
	const struct http_error_page *page = status < 300 ||
	    (request->error_status && !core->recursive_error_pages) ? NULL :
	    http_error_page_find(core, status);
	struct slice uri, args = { NULL, 0 };
	const char *mark;

	if (!page)
		return HTTP_DECLINED;
	uri = http_value_get(request, &page->uri);
	if (uri.len == 0)
		return HTTP_DECLINED;
	request->error_status = status;
	request->answer_status = page->overwrite > 0 ?
	    (unsigned)page->overwrite : page->overwrite < 0 ? 0 : status;
	if (uri.data[0] != '/' && uri.data[0] != '@') {
		request->answer_status = 0;
		request->response.location = uri;
		return page->overwrite > 300 && page->overwrite < 309 ?
		    page->overwrite : 302;
	}
	mark = uri.data[0] == '/' ? memchr(uri.data, '?', uri.len) : NULL;
	if (mark) {
		args = slice_from(uri, (size_t)(mark + 1 - uri.data));
		uri.len = (size_t)(mark - uri.data);
	}
	if (uri.data[0] == '/' && request->method != HTTP_METHOD_HEAD)
		request->method = HTTP_METHOD_GET;
	return http_redirect_internally(request, uri, args);
}

void http_response_reset(struct http_request *request)
{
	struct slice location = request->response.location;
	struct slice allow = request->response.allow;
	struct http_source *source = request->response.body.source;
	struct http_field *field = request->response.fields;
	struct http_field **end = &request->response.fields;

	if (source && source->close)
		source->close(source);
	request->response = (struct http_response){ .length = -1,
	    .last_modified = -1, .location = location, .allow = allow,
	    .body.fd = -1 };
	for (; field; field = field->next) {
		if (!field->kept)
			continue;
		*end = field;
		end = &field->next;
	}
	*end = NULL;
	request->response.fields_end = end;
}

void http_request_refuse(struct http_request *request, unsigned status)
{
	bool version = request->location->core->server_tokens !=
	    HTTP_TOKENS_OFF;

	http_response_reset(request);
	http_response_text(request, status, SLICE("text/html"),
	    http_status_page(status, version));
	if (request->response.body.bytes.len == 0)
		request->response.content_type = (struct slice){ NULL, 0 };
}
