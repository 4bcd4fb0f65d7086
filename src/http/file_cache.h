#ifndef RINGMASTER_HTTP_FILE_CACHE_H
#define RINGMASTER_HTTP_FILE_CACHE_H

#include <sys/stat.h>
#include <time.h>

#include "base/slice.h"

/*
 * Files as a worker serves them: what stat() said, small ones with their
 * bytes, large ones as open descriptors, missing ones as an error. A path is
 * looked up on the thread pool once, and again when inotify tells of a change
 * or, for what inotify does not see (a renamed parent, NFS), after
 * FILE_CACHE_CHECK_MS. Each worker has its own cache.
 */

struct file_cache;
struct file_variant;
struct http_request;
struct http_worker;

enum {
	FILE_CACHE_ENTRIES_MAX = 8192,
	FILE_CACHE_BYTES_MAX = 64 * 1024 * 1024,
	FILE_CACHE_BODY_MAX = 32 * 1024,	/* larger ones are not copied */
	FILE_CACHE_FDS_MAX = 512,	/* and a tenth of RLIMIT_NOFILE */
	FILE_CACHE_CHECK_MS = 1000,
};

struct file {
	struct slice path;		/* terminated */
	int error;			/* errno of opening it, or 0 */
	mode_t mode;			/* with its type */
	uint64_t size;
	time_t modified;
	int fd;				/* -1 if `body` has all of it */
	char *body;			/* of `size` bytes, or NULL */
	char etag[40];
	unsigned etag_len;
	/* Header lines for `prepared_type`, made when first asked for. */
	struct slice prepared_type;
	char *prepared;
	unsigned prepared_len;
	struct stat seen;		/* if there was no error */
	struct file_variant *variants;	/* see file_variant.h */
	/* private */
	size_t grown;			/* file_cache_grown() in all */
	uint64_t hash;
	struct file *next_hash;
	struct file *next, **link;	/* all files: the clock's face */
	struct file_dir *dir;		/* watched, or NULL */
	uint64_t checked_ns;
	unsigned refs;			/* of requests, and one of the table */
	bool listed, used;
};

int file_cache_new(struct http_worker *worker, struct file_cache **ret);
void file_cache_free(struct file_cache **cache);

/* A directory got another name: whatever is known of files may be wrong, in
 * all workers. Also for other threads. */
void file_cache_void(const struct http_worker *worker);

/* Empty it, if that was asked for: the next file_cache_open() would, too. */
void file_cache_tick(struct file_cache *cache);

/*
 * The file at `path`, which is absolute and terminated. Waits for the thread
 * pool if it is not known. It is held until the request ends.
 * Returns 0, with file->error telling whether it exists; or -ENOMEM, -EAGAIN
 * when the pool's queue is full. [coroutine]
 */
int file_cache_open(struct http_request *request, struct slice path,
    struct file **ret);

/* The same of a file that the configuration names and no client gets: links
 * are followed, and it does not count as a hit or miss. */
int file_cache_open_ours(struct http_request *request, struct slice path,
    struct file **ret);

/* The file has `size` bytes of memory more; others may have to go for them,
 * or the file itself, which those who hold it keep. */
void file_cache_grown(struct file_cache *cache, struct file *file,
    size_t size);

#endif
