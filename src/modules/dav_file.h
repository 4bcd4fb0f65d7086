#ifndef RINGMASTER_MODULES_DAV_FILE_H
#define RINGMASTER_MODULES_DAV_FILE_H

#include <limits.h>
#include <sys/stat.h>

/*
 * Changes of files and trees, as WebDAV wants them. All of it may block: it
 * is for threads of the pool. Paths are absolute, without a slash at the end.
 * A link is never followed to a directory.
 */

enum { DAV_DEPTH_MAX = 64 };	/* directories within each other in a tree */

/* What went wrong first. */
struct dav_failure {
	const char *call;	/* "unlink()"; NULL: nothing did */
	int error;		/* errno of it */
	char name[NAME_MAX + 1];	/* in the tree; "": what was named */
};

/*
 * What a file becomes when it is moved or copied. A copy is made beside its
 * destination and takes its place when it is whole.
 */
struct dav_target {
	const char *path;
	mode_t access;		/* its permissions; 0: as they were */
	time_t modified;	/* its date; -1: as it was */
	mode_t parents;		/* permissions of directories that are made
				 * on the way; 0: none are */
};

/*
 * All return 0, or -errno after filling in `failure`. A tree is gone through
 * to its end, whatever fails in it; what a failed copy has made stays.
 *
 * dav_file_move:   rename, across devices copy and remove
 * dav_file_copy:   regular files only
 * dav_tree_copy:   to a directory that is made; links and what is neither
 *                  directory nor file are left out
 * dav_tree_remove: a directory with all that is in it
 */
int dav_file_move(const char *from, const struct dav_target *to,
    struct dav_failure *failure);
int dav_file_copy(const char *from, const struct dav_target *to,
    struct dav_failure *failure);
int dav_tree_copy(const char *from, const char *to,
    struct dav_failure *failure);
int dav_tree_remove(const char *path, struct dav_failure *failure);

#endif
