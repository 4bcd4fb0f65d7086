#ifndef RINGMASTER_LOAD_LINES_H
#define RINGMASTER_LOAD_LINES_H

#include "base/slice.h"

/* The lines of a file, one after the other, in memory that does not grow. */

enum {
	LINES_LENGTH_MAX = 32 << 10,	/* bytes of a line */
	LINES_COUNT_MAX = 50000000,	/* of a file */
	LINES_BUFFER_SIZE = 2 * LINES_LENGTH_MAX,
};

enum lines_result {
	LINES_LINE,
	LINES_LONG,		/* a line, too long: nothing of it is given */
	LINES_END,
	LINES_ERROR,		/* errno says which; -EFBIG: too many lines */
};

struct lines {
	int fd;
	uint64_t number;	/* of the line that was given last, from 1 */
	size_t begin, end;	/* of what is in the buffer */
	bool over;		/* the file */
	char buffer[LINES_BUFFER_SIZE];
};

/* Returns 0 or -errno. lines_close() it. */
int lines_open(struct lines *lines, const char *path);
void lines_close(struct lines *lines);

/* The next line, without its end (LF or CRLF); valid until the next call. */
enum lines_result lines_next(struct lines *lines, struct slice *ret);

#endif
