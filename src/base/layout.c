#include "base/layout.h"

static const struct {
	struct slice name;	/* with '/': all that begins so */
	const char *folder;
	bool replaced;		/* the folder stands for the name itself */
} layout_places[] = {
	{ SLICE("conf/"), RM_CONFDIR "/", true },
	{ SLICE("logs/"), RM_LOGDIR "/", true },
	{ SLICE("ringmaster.pid"), RM_RUNDIR "/", false },
	{ SLICE("ringmaster.shm"), RM_RUNDIR "/", false },
	{ SLICE("ringmaster.history"), RM_STATEDIR "/", false },
	{ SLICE("ringmaster.pb"), RM_STATEDIR "/", false },
	{ SLICE("reports"), RM_STATEDIR "/", false },
	{ SLICE("client_body_temp"), RM_CACHEDIR "/", false },
	{ SLICE("proxy_temp"), RM_CACHEDIR "/", false },
};

/* Is `name` the path, or a folder at its beginning? */
static bool layout_begins(struct slice path, struct slice name)
{
	return slice_starts(path, name) && (path.len == name.len ||
	    name.data[name.len - 1] == '/' || path.data[name.len] == '/');
}

struct layout_path layout_path(const char *prefix, struct slice path)
{
	size_t count = sizeof(layout_places) / sizeof(layout_places[0]);

	if (prefix)
		return (struct layout_path){ prefix, path };
	for (size_t i = 0; i < count; i++) {
		struct slice name = layout_places[i].name;

		if (layout_begins(path, name))
			return (struct layout_path){ layout_places[i].folder,
			    layout_places[i].replaced
				? slice_from(path, name.len) : path };
	}
	return (struct layout_path){ RM_SHAREDIR "/", path };
}
