#ifndef RINGMASTER_HTTP_FILE_OPEN_H
#define RINGMASTER_HTTP_FILE_OPEN_H

#include "http/request.h"

/* Which symbolic links may be followed on the way to a file; the values of
 * disable_symlinks. */
enum file_links {
	FILE_LINKS_ALL,			/* off */
	FILE_LINKS_NONE,		/* on */
	FILE_LINKS_OWNER,		/* those to files of the same owner */
};

struct file_policy {
	enum file_links links;
	size_t trusted;			/* bytes of the path, up to a slash,
					 * in which links are not looked at */
};

/* What the request's location says of links in `path`. */
struct file_policy file_policy_get(struct http_request *request,
    struct slice path);

/*
 * Open an absolute path for reading. May block: for a thread of the pool.
 * Returns a descriptor; -ELOOP if the policy refuses a link, or -errno.
 */
int file_open(struct slice path, struct file_policy policy);

#endif
