#include "load/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int lines_open(struct lines *lines, const char *path)
{
	lines->fd = open(path, O_RDONLY | O_CLOEXEC);
	lines->number = 0;
	lines->begin = lines->end = 0;
	lines->over = false;
	return lines->fd < 0 ? -errno : 0;
}

void lines_close(struct lines *lines)
{
	(void)close(lines->fd); /* only read from */
}

/* Read more behind what is there; false on an error. */
static bool lines_fill(struct lines *lines)
{
	ssize_t n;

	memmove(lines->buffer, lines->buffer + lines->begin,
	    lines->end - lines->begin);
	lines->end -= lines->begin;
	lines->begin = 0;
	do {
		n = read(lines->fd, lines->buffer + lines->end,
		    sizeof(lines->buffer) - lines->end);
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		return false;
	lines->over = n == 0;
	lines->end += (size_t)n;
	return true;
}

/* The rest of the line in the buffer, to its LF or the end of the file;
 * `ended`: there is one of these. */
static struct slice lines_peek(const struct lines *lines, bool *ended)
{
	const char *begin = lines->buffer + lines->begin;
	size_t len = lines->end - lines->begin;
	const char *lf = len ? memchr(begin, '\n', len) : NULL;

	*ended = lf || lines->over;
	return (struct slice){ begin, lf ? (size_t)(lf - begin) : len };
}

enum lines_result lines_next(struct lines *lines, struct slice *ret)
{
	bool ended, cut = false;
	struct slice line;

	for (;;) {
		line = lines_peek(lines, &ended);
		if (ended)
			break;
		if (line.len > LINES_LENGTH_MAX) {
			cut = true;
			lines->begin = lines->end;
		}
		if (!lines_fill(lines))
			return LINES_ERROR;
	}
	if (line.len == 0 && lines->begin == lines->end && !cut)
		return LINES_END;
	if (++lines->number > LINES_COUNT_MAX) {
		errno = EFBIG;
		return LINES_ERROR;
	}
	lines->begin += line.len;
	lines->begin += lines->begin < lines->end;	/* the LF */
	if (cut || line.len > LINES_LENGTH_MAX)
		return LINES_LONG;
	if (slice_ends(line, SLICE("\r")))
		line.len--;
	*ret = line;
	return LINES_LINE;
}
