#ifndef TESTS_UNIT_HTTP_H1_DUMP_H
#define TESTS_UNIT_HTTP_H1_DUMP_H

#include <stdio.h>

#include "http/h1_parse.h"

/*
 * What a parser made of its input, as text with offsets instead of addresses,
 * so that two runs can be compared.
 */
static inline size_t h1_dump(char *out, size_t size, enum h1_result result,
    const struct h1_head *h, const char *data,
    size_t consumed)
{
	size_t n;

#define AT(s) (int)((s).data ? (s).data - data : -1), (int)(s).len
	n = (size_t)snprintf(out, size, "%d %s", (int)result,
	    h->reason ? h->reason : "-");
	if (result != H1_DONE)
		return n;
	n += (size_t)snprintf(out + n, size - n,
	    " %zu m%d %d+%d t%d+%d f%d s%d+%d p%d+%d v%d.%d h%d:%d+%d:%d:%d"
	    " cl%d:%llu ch%d c%d%d%d%d e%d raw%d+%d present%llx", consumed,
	    (int)h->method, AT(h->method_text), AT(h->target), (int)h->form,
	    AT(h->scheme), AT(h->path), h->version_major, h->version_minor,
	    h->has_host, AT(h->host.name), h->host.port, h->host.has_upper,
	    h->has_content_length, (unsigned long long)h->content_length,
	    h->chunked, h->connection_close, h->connection_keep_alive,
	    h->connection_upgrade, h->keep_alive, (int)h->expect, AT(h->raw),
	    (unsigned long long)h->present);
	for (unsigned i = 0; i < h->header_count && n < size; i++) {
		n += (size_t)snprintf(out + n, size - n, " %d:%d+%d=%d+%d",
		    h->headers[i].id, AT(h->headers[i].name),
		    AT(h->headers[i].value));
	}
#undef AT
	return n;
}

#endif
