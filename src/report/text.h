#ifndef RINGMASTER_REPORT_TEXT_H
#define RINGMASTER_REPORT_TEXT_H

#include "report/report.h"

/*
 * Reports that are no pictures. Inside src/report only. Each function appends
 * to `out`, whose failure is for the caller to see.
 */

/* All that the picture shows, as a file of results: what a PNG carries.
 * Returns 0 or -ENOMEM. */
int report_data(const struct source *source,
    const struct report_request *request, struct buf *out);

/* In one of the formats from REPORT_CSV on. Returns 0 or -ENOMEM. */
int report_text(const struct source *source,
    const struct report_request *request, enum report_format format,
    struct buf *out);

/* A page with the picture and its text, which loads nothing else. */
struct report_html {
	const struct scene *scene;
	struct slice svg;		/* of it, without its texts */
	struct slice text;
};
void report_page(const struct report_html *html, struct buf *out);

#endif
