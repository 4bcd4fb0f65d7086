/*
 * gunzip: what is compressed with gzip (a file beside another, the answer of
 * an upstream) is expanded for clients that cannot.
 */

#include <errno.h>

#include "modules/coder.h"
#include "modules/compress.h"
#include "modules/modules.h"

struct gunzip_record {
	int64_t on;
};

extern const struct http_module http_gunzip_module;

static int gunzip_filter(struct http_request *request)
{
	const struct gunzip_record *record = http_request_record(request,
	    &http_gunzip_module.table);
	struct coder_options options = { .size = -1 };
	const struct http_field *field;
	struct coder_filter *coder;

	if (!record->on)
		return 0;
	field = http_response_find(request, SLICE("Content-Encoding"));
	if (!field || !slice_equal_nocase(field->value, SLICE("gzip")))
		return 0;
	compress_vary(request);
	if (compress_wanted(request, 1u << COMPRESS_GZIP) == COMPRESS_GZIP)
		return 0;
	http_response_remove(request, SLICE("Content-Encoding"));
	if (http_response_weaken(request))
		return -ENOMEM;
	/* A full buffer ends each step: the loop is never held up. */
	return coder_use(request, &coder_inflate, &options, SIZE_MAX, &coder);
}

static const struct conf_directive gunzip_directives[] = {
	{ .name = "gunzip", .contexts = CONF_HTTP_ALL, .args_min = 1,
	  .args_max = 1, .type = CONF_FLAG,
	  .offset = offsetof(struct gunzip_record, on), .initial = "off",
	  .help = "expand gzip for clients that cannot" },
	{ .name = "gunzip_buffers", .contexts = CONF_HTTP_ALL, .args_min = 2,
	  .args_max = 2, .type = CONF_ACCEPTED,
	  .help = "one buffer of fixed size is used" },
	{ .name = NULL },
};

const struct http_module http_gunzip_module = {
	.table = { .name = "gunzip",
	    .help = "expands answers that came compressed for clients that "
	      "do not take gzip",
	    .directives = gunzip_directives,
	    .record_size = sizeof(struct gunzip_record) },
	.filter = gunzip_filter,
};
