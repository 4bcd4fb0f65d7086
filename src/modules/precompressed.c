/*
 * gzip_static, brotli_static, zstd_static: a file is answered with the
 * compressed form of it that lies beside it ("page.html.gz"), where there is
 * one and the client takes it.
 */

#include <errno.h>

#include "http/conn.h"
#include "http/filter.h"
#include "http/variable.h"
#include "modules/compress.h"
#include "modules/modules.h"
#include "modules/static.h"

enum precompressed_mode {
	PRECOMPRESSED_OFF,
	PRECOMPRESSED_ON,		/* for those who want it */
	PRECOMPRESSED_ALWAYS,		/* whatever they say */
};

struct precompressed_record {
	int64_t mode[COMPRESS_COUNT];
	unsigned on, always;		/* the codings, as bits */
};

extern const struct http_module http_precompressed_module;

static const struct slice precompressed_suffixes[COMPRESS_COUNT] = {
	[COMPRESS_BROTLI] = { ".br", 3 },
	[COMPRESS_ZSTD] = { ".zst", 4 },
	[COMPRESS_GZIP] = { ".gz", 3 },
};

/* The file beside the one that the request names, to *ret; NULL if there is
 * none. Returns 0 or a status. */
static int precompressed_open(struct http_request *request,
    enum compress_coding coding, struct file **ret)
{
	struct slice path = http_request_filename(request);
	struct file *file;
	int err;

	if (path.data)
		path = arena_printf(&request->arena, "%.*s%s",
		    SLICE_ARG(path), precompressed_suffixes[coding].data);
	if (!path.data)
		return 500;
	err = file_cache_open(request, path, &file);
	if (err)
		return err == -EAGAIN ? 503 : 500;
	*ret = NULL;
	if (file->error && file->error != ENOENT && file->error != ENOTDIR &&
	    file->error != ENAMETOOLONG)
		http_log(request, file->error == EACCES ||
		    file->error == ELOOP || file->error == EXDEV ?
		    LOG_LEVEL_ERROR : LOG_LEVEL_CRIT, file->error,
		    "open() \"%.*s\" failed", SLICE_ARG(path));
	if (!file->error && !S_ISDIR(file->mode))
		*ret = file;
	return 0;
}

static int precompressed_answer(struct http_request *request,
    enum compress_coding coding, struct file *file)
{
	if (!S_ISREG(file->mode)) {
		http_log(request, LOG_LEVEL_CRIT, 0, "\"%.*s\" is not a "
		    "regular file", SLICE_ARG(file->path));
		return 404;
	}
	if (http_response_add(request, SLICE("Content-Encoding"),
	    compress_names[coding]))
		return 500;
	return static_answer(request, file);
}

static int precompressed_content(struct http_request *request)
{
	const struct precompressed_record *record = http_request_record(
	    request, &http_precompressed_module.table);
	unsigned left = record->on | record->always;

	if (!left || slice_ends(request->uri, SLICE("/")) ||
	    (request->method != HTTP_METHOD_GET &&
		request->method != HTTP_METHOD_HEAD))
		return HTTP_DECLINED;
	while (left) {
		enum compress_coding coding = compress_wanted(request, left);
		bool wanted = coding != COMPRESS_COUNT;
		struct file *file;
		int rc;

		if (!wanted) {
			coding = (enum compress_coding)__builtin_ctz(left);
			wanted = record->always & 1u << coding;
		}
		left &= ~(1u << coding);
		if (!wanted && !compress_varies(request))
			continue;
		rc = precompressed_open(request, coding, &file);
		if (rc)
			return rc;
		if (file && record->on & 1u << coding)
			compress_vary(request);
		if (file && wanted)
			return precompressed_answer(request, coding, file);
	}
	return HTTP_DECLINED;
}

static int precompressed_merge(struct conf *conf, const void *parent,
    void *arg)
{
	struct precompressed_record *record = arg;

	(void)conf, (void)parent;
	record->on = record->always = 0;
	for (unsigned c = 0; c < COMPRESS_COUNT; c++) {
		if (record->mode[c] == PRECOMPRESSED_ON)
			record->on |= 1u << c;
		else if (record->mode[c] == PRECOMPRESSED_ALWAYS)
			record->always |= 1u << c;
	}
	return 0;
}

static const struct conf_enum precompressed_modes[] = {
	{ "off", PRECOMPRESSED_OFF },
	{ "on", PRECOMPRESSED_ON },
	{ "always", PRECOMPRESSED_ALWAYS },
	{ NULL, 0 },
};

#define PRECOMPRESSED_ROW(directive, coding, text)			\
	{ .name = directive, .contexts = CONF_HTTP_ALL, .args_min = 1,	\
	  .args_max = 1, .type = CONF_ENUM,				\
	  .values = precompressed_modes,				\
	  .offset = offsetof(struct precompressed_record, mode[coding]),\
	  .initial = "off", .help = text }

static const struct conf_directive precompressed_directives[] = {
	PRECOMPRESSED_ROW("brotli_static", COMPRESS_BROTLI,
	    "answer with FILE.br where there is one"),
	PRECOMPRESSED_ROW("zstd_static", COMPRESS_ZSTD,
	    "answer with FILE.zst where there is one"),
	PRECOMPRESSED_ROW("gzip_static", COMPRESS_GZIP,
	    "answer with FILE.gz where there is one"),
	{ .name = NULL },
};

const struct http_module http_precompressed_module = {
	.table = {
		.name = "precompressed",
		.help = "answers with files that were compressed beforehand",
		.directives = precompressed_directives,
		.record_size = sizeof(struct precompressed_record),
		.merge = precompressed_merge,
	},
	.phase = { [HTTP_PHASE_CONTENT] = precompressed_content },
};
