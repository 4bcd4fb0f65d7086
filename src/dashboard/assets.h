#ifndef RINGMASTER_DASHBOARD_ASSETS_H
#define RINGMASTER_DASHBOARD_ASSETS_H

#include "base/slice.h"

/* Files of html/ that the dashboard serves: scripts/embed makes the array
 * from them when ringmaster is built, so that they are where it is. */
struct asset {
	struct slice path;	/* "/style.css" */
	struct slice type;	/* of Content-Type */
	struct slice etag;	/* with its quotes */
	struct slice data;
};

extern const struct asset dashboard_assets[];
extern const unsigned dashboard_asset_count;

#endif
