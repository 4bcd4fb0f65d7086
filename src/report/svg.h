#ifndef RINGMASTER_REPORT_SVG_H
#define RINGMASTER_REPORT_SVG_H

#include "base/buf.h"
#include "report/scene.h"

/*
 * Finish a document as Cairo writes it (terminated):
 *
 * - It numbers surfaces over the life of a process, and names parts of a
 *   document by that: surface7, image8. They are numbered by their order, so
 *   that the same picture is the same document.
 * - Places get as many decimals as are seen, paths are relative, colours are
 *   hexadecimal, and what is the default is left out, which makes it smaller
 *   by half.
 * - It gets a title, for those who do not see it.
 *
 * Appends to `out`; nothing if `svg` is no document.
 */
void svg_finish(const char *svg, const char *title, struct buf *out);

/*
 * Append the texts of a scene as text, each as wide as it was measured,
 * whatever font it is read with: for pages, where people search and copy.
 */
void svg_texts(const struct scene *scene, struct buf *out);

#endif
