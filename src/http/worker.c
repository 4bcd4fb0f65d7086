/*
 * A worker as HTTP sees it: what its requests share, its clock, its modules'
 * beginning and end. Its connections are in conn.c.
 */

#include "http/conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/hash.h"
#include "http/date.h"
#include "http/file_cache.h"
#include "http/upstream.h"
#include "http/zone.h"
#include "metrics/segment.h"

enum {
	HTTP_FDS_RESERVED = 16,		/* for files, logs, one burst more */
};

/* ---- clock ---- */

uint64_t http_worker_real_ns(const struct http_worker *worker)
{
	return worker->real_offset_ns + ring_now(worker->ring);
}

static void http_date_update(struct http_worker *worker, uint64_t second)
{
	static const char *const servers[] = { "ringmaster",
	    "ringmaster/" PACKAGE_VERSION };
	struct http_date_text *date = &worker->date;

	date->second = second;
	http_date_format(date->imf, (time_t)second);
	for (int i = 0; i < 2; i++)
		date->head_len[i] = (unsigned)snprintf(date->head[i],
		    sizeof(date->head[i]), "HTTP/1.1 200 OK\r\nServer: %s\r\n"
		    "Date: %.*s\r\n", servers[i], HTTP_DATE_LEN, date->imf);
}

const struct http_date_text *http_worker_date(struct http_worker *worker)
{
	uint64_t now = ring_now(worker->ring);

	/* The wall clock may be set; look at it again each second. */
	if (now >= worker->date_until_ns) {
		uint64_t real = clock_real_ns();

		worker->real_offset_ns = real - clock_mono_ns();
		worker->date_until_ns = now + NS_PER_SEC - real % NS_PER_SEC;
		http_date_update(worker, real / NS_PER_SEC);
	}
	return &worker->date;
}

/* ---- life ---- */

/*
 * As many connections as were asked for, or as the descriptors are enough
 * for: it is better to close an idle connection than not to accept one.
 */
static unsigned http_worker_limit(unsigned wanted)
{
	int lowest = dup(STDERR_FILENO);
	unsigned used = lowest < 0 ? 0 : (unsigned)lowest, room;
	struct rlimit limit;

	if (lowest >= 0)
		(void)close(lowest); /* it was a question */
	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= UINT32_MAX ||
	    limit.rlim_cur <= used)
		return wanted;
	room = (unsigned)limit.rlim_cur - used;
	room -= room / 2 < HTTP_FDS_RESERVED ? room / 2 : HTTP_FDS_RESERVED;
	return wanted < room ? wanted : room;
}

int http_worker_start(const struct http_worker_options *options,
    struct http_worker **ret)
{
	const struct http_module *const *module = options->http->modules;
	struct http_worker *worker = calloc(1, sizeof(*worker));
	int err;

	if (!worker)
		return -ENOMEM;
	worker->http = options->http;
	worker->ring = options->ring;
	worker->segment = options->segment;
	worker->metrics = options->metrics;
	worker->log = options->log;
	worker->connections_max = http_worker_limit(options->connections_max);
	worker->conns_end = &worker->conns;
	/* No other process has the same ids, but by a rare chance. */
	worker->request_ids = hash_mix(clock_real_ns() ^
	    (uint64_t)getpid() << 32) << 32;
	(void)http_worker_date(worker);	/* sets the wall clock */
	err = file_cache_new(worker, &worker->files);
	for (; !err && *module; module++)
		if ((*module)->worker_start)
			err = (*module)->worker_start(worker);
	if (err) {
		http_worker_stop(&worker);
		return err;
	}
	*ret = worker;
	return 0;
}

void http_worker_stop(struct http_worker **worker)
{
	const struct http_module *const *module = (*worker)->http->modules;

	for (; *module; module++)
		if ((*module)->worker_stop)
			(*module)->worker_stop(*worker);
	while ((*worker)->conns) {
		struct http_conn *conn = (*worker)->conns;

		(*worker)->conns = conn->next;
		free(conn);
	}
	if ((*worker)->files)
		file_cache_free(&(*worker)->files);
	free(*worker);
	*worker = NULL;
}

static void http_worker_show_zones(const struct http_worker *worker)
{
	const struct http_zone *zone = worker->http->conf->zones;
	struct metrics_zone_use use;

	for (; zone; zone = zone->next) {
		zone->look(zone, &use);
		metrics_zone_show(worker->segment, zone->metrics, &use);
	}
}

void http_worker_tick(struct http_worker *worker)
{
	file_cache_tick(worker->files);
	http_worker_show_zones(worker);
	http_inflight_tick(worker);
	upstream_tick(worker);
	worker->follow_run = metrics_follow_look(worker->metrics,
	    ring_now(worker->ring) / NS_PER_SEC);
}

void http_worker_reopened(struct http_worker *worker)
{
	const struct http_module *const *module = worker->http->modules;

	for (; *module; module++)
		if ((*module)->reopened)
			(*module)->reopened(worker);
}
