#ifndef RINGMASTER_DASHBOARD_ASSETS_H
#define RINGMASTER_DASHBOARD_ASSETS_H

#include "base/slice.h"

/*
 * Files of html/ that the dashboard serves: scripts/embed makes the array
 * from those that html/Makefile.inc lists when ringmaster is built, so that
 * they are where it is.
 */
struct asset {
	struct slice path;	/* "/style.css"; "/" is the page */
	struct slice type;	/* of Content-Type */
	struct asset_body {
		struct slice etag;	/* strong, with its quotes */
		struct slice data;
	} plain, gzip;
};

extern const struct asset dashboard_assets[];
extern const unsigned dashboard_asset_count;

#endif
