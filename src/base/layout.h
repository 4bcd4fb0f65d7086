#ifndef RINGMASTER_BASE_LAYOUT_H
#define RINGMASTER_BASE_LAYOUT_H

#include "base/slice.h"

/*
 * Where relative paths lead. Under a prefix (-p) all files are in that one
 * folder, as nginx has them. Installed, without a prefix, the same names
 * stand for the places of the system:
 *
 *	conf/					RM_CONFDIR
 *	logs/					RM_LOGDIR
 *	ringmaster.pid, ringmaster.shm		in RM_RUNDIR
 *	ringmaster.history, ringmaster.pb	in RM_STATEDIR
 *	reports/				in RM_STATEDIR
 *	client_body_temp/, proxy_temp/		in RM_CACHEDIR
 *	html/ and all others			in RM_SHAREDIR
 */

/* What readers of the metrics open if nobody says which. */
#define LAYOUT_SEGMENT RM_RUNDIR "/ringmaster.shm"

/* A path in two pieces, to be joined as they are. */
struct layout_path {
	const char *folder;	/* static, or the prefix; ends in '/' */
	struct slice name;	/* a part of what was asked for */
};

/*
 * What the relative `path` means.
 *
 * prefix:  ends in '/' and must outlive the result; NULL: installed
 */
struct layout_path layout_path(const char *prefix, struct slice path);

#endif
