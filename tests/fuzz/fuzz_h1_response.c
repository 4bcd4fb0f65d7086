/*
 * Heads of responses: each beginning of a head that is complete asks for
 * more, and what is found lies within the bytes.
 */
#include <stdlib.h>

#include "http/h1_response.h"

enum { HEADERS = 32 };

static void check_slice(struct slice s, const char *data, size_t len)
{
	if (s.data < data || s.data + s.len > data + len)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice all = { (const char *)data, size };
	struct http_header headers[HEADERS];
	struct h1_response response = { .headers = headers,
	    .header_capacity = HEADERS };
	size_t consumed, other;

	if (h1_response_parse(all, &response, &consumed) != H1_RESPONSE_DONE)
		return 0;
	if (consumed == 0 || consumed > size || response.status < 100 ||
	    response.status > 999)
		abort();
	check_slice(response.reason, all.data, consumed);
	for (unsigned i = 0; i < response.header_count && i < HEADERS; i++) {
		check_slice(headers[i].name, all.data, consumed);
		check_slice(headers[i].value, all.data, consumed);
	}
	(void)h1_response_framing(&response, HTTP_METHOD_GET);
	if (h1_response_parse(slice_first(all, consumed - 1), &response,
		&other) != H1_RESPONSE_MORE)
		abort();
	return 0;
}
