#ifndef RINGMASTER_REPORT_PNG_H
#define RINGMASTER_REPORT_PNG_H

#include "base/buf.h"

/*
 * PNG (W3C, third edition): pictures of flat colours, and text in them.
 *
 * The text is an iTXt chunk, deflated, before the pixels: programs that show
 * pictures skip it, and those that pass them on mostly keep it.
 */

enum {
	PNG_BYTES_MAX = 64 << 20,	/* of a picture that is read */
	PNG_TEXT_MAX = 64 << 20,	/* of its text */
};

struct png_picture {
	const unsigned char *pixels;	/* four bytes: blue, green, red, - */
	unsigned width, height;
	size_t stride;
	double scale;			/* pixels in 1/96 inch */
	const char *keyword;		/* of the text; 1 to 79 letters */
	struct slice text;		/* UTF-8 */
};

/* Append it to `out`. Returns 0 or -ENOMEM. */
int png_write(const struct png_picture *picture, struct buf *out);

/* Do these bytes begin as a PNG does? */
bool png_is(struct slice file);

/*
 * Append the text of a keyword to `out`.
 * Returns 0; -ENOENT if it has none; -EBADMSG if it is damaged: cut short, or
 * with a wrong checksum; -EFBIG for text beyond PNG_TEXT_MAX; -ENOMEM.
 */
int png_read_text(struct slice file, const char *keyword, struct buf *out);

#endif
