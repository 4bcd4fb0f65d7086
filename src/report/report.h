#ifndef RINGMASTER_REPORT_REPORT_H
#define RINGMASTER_REPORT_REPORT_H

#include "base/buf.h"
#include "report/page.h"
#include "report/source.h"

/*
 * Reports of load tests. The same input gives the same bytes, with the same
 * fonts and zone; only the deflated bytes of a PNG may differ with zlib.
 * Nothing is shared between calls: any thread, with a source of its own.
 */

enum report_view {
	REPORT_RUN,
	REPORT_COMPARE,			/* two */
	REPORT_TREND,			/* the last ones */
};

enum report_format {
	REPORT_PNG, REPORT_SVG, REPORT_PDF, REPORT_HTML, REPORT_CSV,
	REPORT_JSON, REPORT_MD, REPORT_TEXT, REPORT_FORMATS
};

/* Also what the names of files end with. */
extern const char *const report_format_names[REPORT_FORMATS];

enum { REPORT_TREND_MAX = 200 };

#define REPORT_SCALE_MIN 0.25
#define REPORT_SCALE_MAX 4.0

struct report_request {
	enum report_view view;
	enum report_format format;
	enum theme theme;
	unsigned runs[2];	/* in the source: of a run, or A and B; the
				 * last of a trend */
	unsigned last;		/* of a trend: how many, 2 to
				 * REPORT_TREND_MAX */
	enum page_panel panel;	/* of a run; PANEL_NONE: the whole page */
	unsigned width, height;	/* units; 0: as is usual */
	double scale;		/* pixels a unit, of a PNG; 0: 2 */
	bool bare;		/* a PNG without its data */
};

/*
 * Append the report to `out`, whose limit it keeps.
 * Returns 0; -ENOENT if this machine has no font; -E2BIG for a picture that
 * is too large; -EIO if libcrypto refuses; -ENOMEM.
 */
int report_make(const struct source *source,
    const struct report_request *request, struct buf *out);

#endif
