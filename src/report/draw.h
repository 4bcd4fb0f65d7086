#ifndef RINGMASTER_REPORT_DRAW_H
#define RINGMASTER_REPORT_DRAW_H

#include "base/buf.h"
#include "report/scene.h"

/*
 * Paints scenes. The only file that knows the graphics library; fonts are
 * found by their names when one is made, and measured, whatever they are.
 * What one thread makes, it uses and frees; threads do not share any.
 */

struct draw;

/* -ENOENT if this machine has no font; -ENOMEM. */
int draw_new(struct draw **ret);
void draw_free(struct draw *draw);

/* A scene_measure_cb; `draw` is its argument. */
void draw_measure(void *draw, struct slice text, const struct scene_font *font,
    struct scene_extent *ret);

/* Pixels, four bytes each: blue, green, red, nothing. */
struct draw_image {
	unsigned char *pixels;
	unsigned width, height;
	size_t stride;			/* bytes from row to row */
	void *surface;			/* for draw_image_free() */
};

enum { DRAW_SIDE_MAX = 8000 };		/* pixels of a picture */

/*
 * Each of these returns 0, -E2BIG for a picture beyond DRAW_SIDE_MAX, or
 * -ENOMEM; the last two append to `out`.
 */

/* `scale` pixels a unit; free the image with draw_image_free(). */
int draw_image(struct draw *draw, const struct scene *scene, double scale,
    struct draw_image *ret);
void draw_image_free(struct draw_image *image);

/* A document, which is the same for the same scene; see svg.h. Its letters are
 * outlines, which look the same everywhere; `bare`: it has none. */
int draw_svg(struct draw *draw, const struct scene *scene, bool bare,
    struct buf *out);

/* On A4, or of its own size in points if it is not of that shape; `date` as
 * in ISO 8601. */
int draw_pdf(struct draw *draw, const struct scene *scene, const char *date,
    struct buf *out);

#endif
