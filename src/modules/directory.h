#ifndef RINGMASTER_MODULES_DIRECTORY_H
#define RINGMASTER_MODULES_DIRECTORY_H

#include <time.h>

#include "base/buf.h"
#include "http/request.h"

/* What is in a directory, but for names that begin with a dot. */

enum {
	DIRECTORY_ENTRIES_MAX = 65536,
	DIRECTORY_NAMES_MAX = 8 * 1024 * 1024,	/* bytes of all names */
};

struct directory_entry {
	size_t name;			/* where it begins in `names` */
	unsigned name_len;
	bool is_directory, is_file;	/* of what a link leads to */
	time_t modified;
	uint64_t size;
};

struct directory {
	struct directory_entry *entries;
	unsigned count;
	struct buf names;		/* each with a terminator */
};

enum directory_want {
	DIRECTORY_NOTHING,	/* only whether it can be opened */
	DIRECTORY_FILES,	/* names of regular files */
	DIRECTORY_ALL,		/* and what stat() says; directories first,
				 * each kind by name */
};

/*
 * Read the directory that the request names; the thread pool does that. It is
 * there until the request ends.
 * Returns 0, or the status to answer with, after logging. [coroutine]
 */
int directory_read(struct http_request *request, enum directory_want want,
    struct directory **ret);

static inline struct slice directory_name(const struct directory *directory,
    const struct directory_entry *entry)
{
	return (struct slice){ directory->names.data + entry->name,
	    entry->name_len };
}

#endif
