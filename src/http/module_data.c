/*
 * What modules keep, by the index of the module.
 */

#include <assert.h>

#include "http/conn.h"

static unsigned http_module_index(const struct http_conf *http,
    const struct http_module *module)
{
	unsigned i = 0;

	while (i < http->module_count && http->modules[i] != module)
		i++;
	assert(i < http->module_count);
	return i;
}

void **http_request_data(struct http_request *request,
    const struct http_module *module)
{
	const struct http_conf *http = request->worker->http;

	if (!request->module_data)
		request->module_data = arena_calloc(&request->arena,
		    http->module_count, sizeof(*request->module_data));
	if (!request->module_data)
		return NULL;
	return &request->module_data[http_module_index(http, module)];
}
