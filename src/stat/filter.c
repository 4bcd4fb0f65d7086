#include "stat/filter.h"

#include <fnmatch.h>

bool stat_filter_add(struct stat_filter *filter, const char *glob)
{
	if (filter->count == STAT_FILTER_MAX)
		return false;
	filter->globs[filter->count++] = glob;
	return true;
}

bool stat_filter_passes(const struct stat_filter *filter, const char *name)
{
	bool wanted = false, any = false;

	for (unsigned i = 0; i < filter->count; i++) {
		const char *glob = filter->globs[i];
		bool excludes = *glob == '^';

		if (!excludes)
			any = true;
		if (fnmatch(glob + excludes, name, 0) != 0)
			continue;
		if (excludes)
			return false;
		wanted = true;
	}
	return wanted || !any;
}
