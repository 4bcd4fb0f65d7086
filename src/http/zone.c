#include "http/zone.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { HTTP_ZONE_PAGES_MIN = 8 };

/* Memory, and how many configurations have it; the master's alone. */
struct http_zone_map {
	void *memory;
	size_t size;
	unsigned users;
};

/* ---- while the configuration is read ---- */

static struct http_zone *http_zone_find(const struct conf *conf,
    struct slice name)
{
	struct http_zone *zone = conf->zones;

	while (zone && !slice_equal(zone->name, name))
		zone = zone->next;
	return zone;
}

int http_zone_use(struct conf *conf, const struct conf_node *node,
    struct slice name, const void *use, struct http_zone **ret)
{
	struct http_zone *zone = http_zone_find(conf, name);

	if (zone && zone->use != use)
		return conf_fail(conf, node, 0, "the shared memory zone "
		    "\"%.*s\" is already declared for a different use",
		    SLICE_ARG(name));
	if (!zone) {
		zone = arena_calloc(&conf->arena, 1, sizeof(*zone));
		if (!zone)
			return conf_fail(conf, node, ENOMEM, "zone");
		*zone = (struct http_zone){ .name = name, .use = use,
		    .node = node, .next = conf->zones };
		conf->zones = zone;
	}
	*ret = zone;
	return 0;
}

int http_zone_declare(struct conf *conf, const struct conf_node *node,
    struct slice argument, const void *use, struct http_zone **ret)
{
	struct slice name = slice_from(argument, strlen("zone="));
	const char *colon = name.len ? memchr(name.data, ':', name.len) :
	    NULL;
	size_t least = HTTP_ZONE_PAGES_MIN * (size_t)sysconf(_SC_PAGESIZE);
	int64_t size;
	int err;

	if (colon)
		name.len = (size_t)(colon - name.data);
	if (!colon || !name.len || !conf_parse_size(slice_from(argument,
	    (size_t)(colon + 1 - argument.data)), &size))
		return conf_fail(conf, node, 0, "invalid zone size \"%.*s\"",
		    SLICE_ARG(argument));
	if ((uint64_t)size < least)
		return conf_fail(conf, node, 0, "zone \"%.*s\" is too small",
		    SLICE_ARG(argument));
	err = http_zone_use(conf, node, name, use, ret);
	if (err)
		return err;
	if ((*ret)->size && (*ret)->size != (size_t)size)
		return conf_fail(conf, node, 0, "the size %lld of shared "
		    "memory zone \"%.*s\" conflicts with already declared "
		    "size %zu", (long long)size, SLICE_ARG(name),
		    (*ret)->size);
	(*ret)->size = (size_t)size;
	return 0;
}

int http_zones_check(struct conf *conf)
{
	for (struct http_zone *zone = conf->zones; zone; zone = zone->next)
		if (!zone->size)
			return conf_fail(conf, zone->node, 0, "zero size "
			    "shared memory zone \"%.*s\"",
			    SLICE_ARG(zone->name));
	return 0;
}

/* ---- in the master ---- */

static void http_zone_release(void *arg)
{
	struct http_zone_map *map = arg;

	if (--map->users)
		return;
	(void)munmap(map->memory, map->size); /* workers have it still */
	free(map);
}

static struct http_zone_map *http_zone_map_new(size_t size)
{
	struct http_zone_map *map = calloc(1, sizeof(*map));

	if (!map)
		return NULL;
	map->size = size;
	map->memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (map->memory == MAP_FAILED) {
		free(map);
		return NULL;
	}
	return map;
}

/* That of the configuration before which it goes on with; or NULL. */
static struct http_zone *http_zone_before(const struct http_zone *zone,
    const struct conf *old)
{
	struct http_zone *before = old ? http_zone_find(old, zone->name) :
	    NULL;

	return before && before->use == zone->use &&
	    before->size == zone->size ? before : NULL;
}

int http_zones_open(struct conf *conf, const struct conf *old,
    const struct log *log)
{
	int err = 0;

	for (struct http_zone *zone = conf->zones; zone && !err;
	    zone = zone->next) {
		struct http_zone *before = http_zone_before(zone, old);

		zone->map = before ? before->map :
		    http_zone_map_new(zone->size);
		if (zone->map)
			zone->map->users++;
		if (!zone->map || !conf_cleanup(conf, http_zone_release,
		    zone->map)) {
			log_write(log, LOG_LEVEL_EMERG, ENOMEM, "no memory "
			    "for zone \"%.*s\"", SLICE_ARG(zone->name));
			return -ENOMEM;
		}
		zone->memory = zone->map->memory;
		err = zone->open(zone, before, log);
	}
	return err;
}
