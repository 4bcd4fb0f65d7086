#ifndef RINGMASTER_HTTP_FILE_VARIANT_H
#define RINGMASTER_HTTP_FILE_VARIANT_H

#include "http/file_cache.h"

/*
 * What is made of a whole file (compressed forms of it) and kept with it in
 * the file cache: it counts in the cache's bytes, and goes when the file
 * changes or is evicted. Each is made once: who asks meanwhile waits.
 */

enum {
	FILE_VARIANT_SOURCE_MAX = 1024 * 1024,	/* bytes of the file */
	FILE_VARIANTS_MAX = 16,			/* of one file */
};

struct file_variant;

/*
 * How one is made: make(arg) fills in bytes from malloc(). Returns 0 or
 * -errno. [coroutine]
 */
struct file_variant_maker {
	int (*make)(struct http_request *request, const struct file *file,
	    void *arg, struct slice *ret);
	void *arg;
};

/*
 * The variant `key` (whatever tells how it is made) of a file that the request
 * holds, made by `maker` if there is none. *ret lives as long as the
 * request. Returns 0; -ENOENT if the file is not in the cache or too large, or
 * has none if `maker` is NULL; or what making it returned, now or before.
 * [coroutine]
 */
int file_variant_get(struct http_request *request, struct file *file,
    uint64_t key, const struct file_variant_maker *maker, struct slice *ret);

/* Free all of a file's; nobody may wait for one. */
void file_variants_free(struct file *file);

#endif
