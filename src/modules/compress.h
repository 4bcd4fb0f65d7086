#ifndef RINGMASTER_MODULES_COMPRESS_H
#define RINGMASTER_MODULES_COMPRESS_H

#include "http/request.h"

/* The codings that content is compressed in; of those a client likes equally
 * the first one is taken. */
enum compress_coding {
	COMPRESS_BROTLI,
	COMPRESS_ZSTD,
	COMPRESS_GZIP,
	COMPRESS_COUNT,			/* none of them */
};

/* "br", "zstd", "gzip". */
extern const struct slice compress_names[COMPRESS_COUNT];

/*
 * The coding that the client wants most, of those in `available` (bits, by
 * enum compress_coding), by what it sent as Accept-Encoding (RFC 9110
 * §12.5.3). As in nginx it has to name one: "*" is not enough, and "identity"
 * is not preferred to any. COMPRESS_COUNT for none.
 */
enum compress_coding compress_choose(struct slice accept_encoding,
    unsigned available);

/* The same for a request, if gzip_http_version, gzip_proxied and gzip_disable
 * allow compressed answers to it. */
enum compress_coding compress_wanted(struct http_request *request,
    unsigned available);

/* The answer depends on Accept-Encoding: if gzip_vary is on it says so. */
void compress_vary(struct http_request *request);

/* Is gzip_vary on? */
bool compress_varies(const struct http_request *request);

#endif
