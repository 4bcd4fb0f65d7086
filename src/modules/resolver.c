/*
 * resolver: looking names up, and remembering them.
 *
 * A name that is being looked up, or was, is a struct resolver_name in the
 * table of its directive. A coroutine of its own asks the servers, so that
 * all who want the name at once wait for one answer, whoever of them goes.
 * Failures are told to all who wait, and not remembered.
 *
 * Directives lie in the configuration; their tables are those of one worker.
 */

#include "modules/resolver.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

#include "base/hash.h"
#include "http/conn.h"
#include "http/upstream.h"
#include "modules/dns.h"

enum {
	RESOLVER_NAMES_MAX = 4096,	/* remembered; the least used goes */
	RESOLVER_LOOKUPS_MAX = 256,	/* at once; more names fail */
	RESOLVER_BUCKETS = 1024,
};

struct resolver;

struct resolver_name {
	struct resolver *resolver;
	struct ring *ring;
	struct resolver_name *next;		/* in its bucket */
	struct resolver_name *newer, **link;	/* by use */
	struct ring_event done;
	unsigned users;			/* who read it, or look it up */
	bool pending;			/* it is being looked up */
	unsigned answers;		/* lookups that ended */
	bool known;			/* it is in the table */
	uint64_t deadline_ns;		/* of the lookup */
	uint64_t until_ns;		/* to be looked up again from then */
	unsigned code;			/* why there is none; 0: there are */
	unsigned count;
	unsigned turn;			/* whose address comes first */
	union http_address *addresses;
	char name[DNS_NAME_SIZE];
};

/* One directive. */
struct resolver {
	struct dns_servers servers;
	bool has_valid;
	uint64_t valid_ns;		/* instead of what answers say */
	struct resolver *next;
	/* of the worker */
	unsigned names, lookups;
	uint64_t seed;
	struct resolver_name *buckets[RESOLVER_BUCKETS];
	struct resolver_name *oldest, **newest;
};

struct resolver_record {
	struct resolver *resolver;	/* NULL: inherit */
	struct resolver **all;		/* of the whole configuration */
	int64_t timeout;		/* ms */
};

extern const struct http_module http_resolver_module;

/* ---- the table ---- */

static struct resolver_name **resolver_bucket(struct resolver *resolver,
    const char *name)
{
	return &resolver->buckets[hash_bytes(slice_cstr(name),
	    resolver->seed) % RESOLVER_BUCKETS];
}

static struct resolver_name *resolver_find(struct resolver *resolver,
    const char *name)
{
	struct resolver_name *at = *resolver_bucket(resolver, name);

	while (at && strcmp(at->name, name))
		at = at->next;
	return at;
}

static void resolver_list(struct resolver_name *name)
{
	struct resolver *resolver = name->resolver;

	name->newer = NULL;
	name->link = resolver->newest;
	*name->link = name;
	resolver->newest = &name->newer;
}

static void resolver_unlist(struct resolver_name *name)
{
	*name->link = name->newer;
	if (name->newer)
		name->newer->link = name->link;
	else
		name->resolver->newest = name->link;
}

/* Nobody can find it any more; the last one who uses it frees it. */
static void resolver_forget(struct resolver_name *name)
{
	struct resolver_name **at = resolver_bucket(name->resolver,
	    name->name);

	while (*at != name)
		at = &(*at)->next;
	*at = name->next;
	resolver_unlist(name);
	name->resolver->names--;
	name->known = false;
}

static void resolver_release(struct resolver_name *name)
{
	name->users--;
	if (name->users || name->known)
		return;
	free(name->addresses);
	free(name);
}

static struct resolver_name *resolver_add(struct resolver *resolver,
    const char *text)
{
	struct resolver_name *name, **bucket = resolver_bucket(resolver, text);

	if (resolver->names == RESOLVER_NAMES_MAX) {
		struct resolver_name *oldest = resolver->oldest;

		oldest->users++;
		resolver_forget(oldest);
		resolver_release(oldest);
	}
	name = calloc(1, sizeof(*name));
	if (!name)
		return NULL;
	name->resolver = resolver;
	strcpy(name->name, text);
	name->next = *bucket;
	*bucket = name;
	resolver_list(name);
	resolver->names++;
	name->known = true;
	return name;
}

/* ---- looking up ---- */

static unsigned resolver_keep(struct resolver_name *name,
    const struct dns_answer *answer)
{
	size_t size = answer->count * sizeof(*name->addresses);
	union http_address *addresses = malloc(size);

	if (!addresses)
		return DNS_SERVER_FAILURE;
	memcpy(addresses, answer->addresses, size);
	free(name->addresses);
	name->addresses = addresses;
	name->count = answer->count;
	name->until_ns = ring_now(name->ring) + (name->resolver->has_valid ?
	    name->resolver->valid_ns : answer->ttl * NS_PER_SEC);
	return DNS_OK;
}

/* A coroutine. */
static void resolver_run(void *arg)
{
	struct resolver_name *name = arg;
	struct dns_answer answer;

	name->code = dns_ask(&name->resolver->servers, name->ring, name->name,
	    name->deadline_ns, &answer);
	if (!name->code)
		name->code = resolver_keep(name, &answer);
	name->pending = false;
	name->answers++;
	name->resolver->lookups--;
	if (name->code && name->known)
		resolver_forget(name);
	ring_event_wake(&name->done);
	resolver_release(name);
}

/* Begin to look it up: 0 or -errno. */
static int resolver_begin(struct http_request *request,
    struct resolver_name *name, int64_t timeout_ms)
{
	int err;

	if (name->resolver->lookups == RESOLVER_LOOKUPS_MAX)
		return -EBUSY;
	name->ring = request->worker->ring;
	name->deadline_ns = ring_now(name->ring) +
	    (uint64_t)timeout_ms * NS_PER_MSEC;
	name->pending = true;
	name->code = DNS_OK;
	name->users++;
	name->resolver->lookups++;
	err = ring_spawn(name->ring, NULL, resolver_run, name);
	if (err) {
		name->pending = false;
		name->users--;
		name->resolver->lookups--;
	}
	return err;
}

static int resolver_failed(struct http_request *request, struct slice text,
    unsigned code)
{
	http_log(request, LOG_LEVEL_ERROR, 0,
	    "%.*s could not be resolved (%u: %s)", SLICE_ARG(text), code,
	    dns_code_text(code));
	return 502;
}

/* Its addresses, beginning with the next one each time. */
static int resolver_give(struct http_request *request,
    struct resolver_name *name, struct resolver_addresses *ret)
{
	union http_address *list = arena_calloc(&request->arena, name->count,
	    sizeof(*list));
	unsigned turn = name->turn++;

	if (!list)
		return 500;
	for (unsigned i = 0; i < name->count; i++)
		list[i] = name->addresses[(turn + i) % name->count];
	*ret = (struct resolver_addresses){ list, name->count };
	return HTTP_DECLINED;
}

/* Wait until the name is known, which it may be already. */
static int resolver_wait(struct http_request *request,
    struct resolver_name *name, int64_t timeout_ms, struct slice text)
{
	struct ring *ring = request->worker->ring;
	uint64_t end = ring_now(ring) + (uint64_t)timeout_ms * NS_PER_MSEC;
	unsigned answers = name->answers;
	int rc = 0;

	if (!name->pending && (!name->count || name->until_ns <=
	    ring_now(ring)) && resolver_begin(request, name, timeout_ms)) {
		http_log(request, LOG_LEVEL_ERROR, 0, "too many names are "
		    "being looked up, among them not %.*s", SLICE_ARG(text));
		return 502;
	}
	while (name->pending && name->answers == answers && !rc)
		rc = http_request_wait(request, &name->done, end);
	if (rc == -ECONNRESET)
		return HTTP_ABORT;
	if (rc || name->code)
		return resolver_failed(request, text, rc ? DNS_TIMED_OUT :
		    name->code);
	return HTTP_DECLINED;
}

int resolver_lookup(struct http_request *request, struct slice text,
    struct resolver_addresses *ret)
{
	const struct resolver_record *record = http_request_record(request,
	    &http_resolver_module.table);
	struct resolver *resolver = record->resolver;
	struct resolver_name *name;
	char plain[DNS_NAME_SIZE];
	int rc;

	if (!resolver) {
		http_log(request, LOG_LEVEL_ERROR, 0, "no resolver defined to "
		    "resolve %.*s", SLICE_ARG(text));
		return 502;
	}
	if (!dns_name_make(text, plain))
		return resolver_failed(request, text, DNS_NOT_FOUND);
	name = resolver_find(resolver, plain);
	if (!name)
		name = resolver_add(resolver, plain);
	if (!name)
		return 500;
	resolver_unlist(name);
	resolver_list(name);
	name->users++;
	rc = resolver_wait(request, name, record->timeout, text);
	if (rc == HTTP_DECLINED)
		rc = resolver_give(request, name, ret);
	else if (name->known && !name->pending && !name->count)
		resolver_forget(name);	/* it was not even begun */
	resolver_release(name);
	return rc;
}

/* ---- the worker ---- */

static struct resolver *resolver_all(const struct http_worker *worker)
{
	const struct resolver_record *record = conf_record(worker->http->conf,
	    worker->http->main_records, &http_resolver_module.table);

	return *record->all;
}

static int resolver_start(struct http_worker *worker)
{
	struct resolver *resolver = resolver_all(worker);

	for (; resolver; resolver = resolver->next) {
		resolver->newest = &resolver->oldest;
		if (getrandom(&resolver->seed, sizeof(resolver->seed), 0) !=
		    (ssize_t)sizeof(resolver->seed))
			return -EIO;
	}
	return 0;
}

static void resolver_stop(struct http_worker *worker)
{
	struct resolver *resolver = resolver_all(worker);

	for (; resolver; resolver = resolver->next)
		while (resolver->oldest) {
			struct resolver_name *name = resolver->oldest;

			/* Who used it will not run again. */
			name->users = 1;
			resolver_forget(name);
			resolver_release(name);
		}
}

/* ---- directives ---- */

/* "ipv6=on" and the like: false if the name is another. */
static bool resolver_flag(struct slice argument, struct slice name, bool *ret,
    bool *bad)
{
	struct slice value = slice_from(argument, name.len);

	if (!slice_starts(argument, name))
		return false;
	*ret = slice_equal(value, SLICE("on"));
	*bad = !*ret && !slice_equal(value, SLICE("off"));
	return true;
}

/* False if it is no parameter, but a server. */
static bool resolver_parameter(struct slice argument,
    struct resolver *resolver, bool *bad)
{
	struct dns_servers *servers = &resolver->servers;
	int64_t ms = 0;

	if (slice_starts(argument, SLICE("valid="))) {
		*bad = !conf_parse_time(slice_from(argument, 6), &ms) ||
		    ms > INT64_MAX / (int64_t)NS_PER_MSEC;
		/* As in nginx 0 is the same as nothing. */
		resolver->has_valid = ms > 0;
		resolver->valid_ns = *bad ? 0 : (uint64_t)ms * NS_PER_MSEC;
		return true;
	}
	return resolver_flag(argument, SLICE("ipv4="), &servers->ipv4, bad) ||
	    resolver_flag(argument, SLICE("ipv6="), &servers->ipv6, bad);
}

/* The addresses of one more server. */
static int resolver_add_server(struct conf *conf,
    const struct conf_node *node, struct slice text,
    struct dns_servers *servers)
{
	struct upstream_group group = { .name = text };
	struct upstream_url url;
	union http_address *list;
	int err;

	if (!upstream_url_parse(text, DNS_PORT, false, &url) ||
	    url.unix_socket)
		return conf_fail(conf, node, 0, "%s in resolver \"%.*s\"",
		    url.why ? url.why : "invalid host", SLICE_ARG(text));
	err = upstream_group_add(conf, node, &group, &url,
	    &(struct upstream_peer){ .weight = 1 });
	if (err)
		return err;
	list = arena_calloc(&conf->arena, servers->count + group.main.count,
	    sizeof(*list));
	if (!list)
		return conf_fail(conf, node, ENOMEM, "resolver");
	if (servers->count)
		memcpy(list, servers->list, servers->count * sizeof(*list));
	for (unsigned i = 0; i < group.main.count; i++)
		memcpy(&list[servers->count++],
		    &group.main.peers[i].address.any,
		    group.main.peers[i].address.len);
	servers->list = list;
	return 0;
}

static int resolver_set(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct resolver_record *record = arg;
	struct resolver *resolver = arena_calloc(&conf->arena, 1,
	    sizeof(*resolver));
	int err = 0;

	(void)scope;
	if (record->resolver)
		return conf_fail(conf, node, 0,
		    "\"resolver\" directive is duplicate");
	if (!resolver)
		return conf_fail(conf, node, ENOMEM, "resolver");
	resolver->servers.ipv4 = resolver->servers.ipv6 = true;
	for (unsigned i = 1; i < node->argc && !err; i++) {
		bool bad = false;

		if (!resolver_parameter(node->args[i], resolver, &bad))
			err = resolver_add_server(conf, node, node->args[i],
			    &resolver->servers);
		else if (bad)
			err = conf_fail(conf, node, 0,
			    "invalid parameter: %s", node->args[i].data);
	}
	if (!err && !resolver->servers.ipv4 && !resolver->servers.ipv6)
		err = conf_fail(conf, node, 0, "\"ipv4\" and \"ipv6\" cannot "
		    "both be \"off\"");
	if (!err && !resolver->servers.count)
		err = conf_fail(conf, node, 0, "no name servers defined");
	record->resolver = resolver;
	return err;
}

static int resolver_merge(struct conf *conf, const void *parent, void *arg)
{
	const struct resolver_record *from = parent;
	struct resolver_record *record = arg;

	record->all = from ? from->all : arena_calloc(&conf->arena, 1,
	    sizeof(*record->all));
	if (!record->all)
		return -ENOMEM;
	if (record->resolver) {
		record->resolver->next = *record->all;
		*record->all = record->resolver;
	} else if (from) {
		record->resolver = from->resolver;
	}
	return 0;
}

static const struct conf_directive resolver_directives[] = {
	{ .name = "resolver", .contexts = CONF_HTTP_ALL, .args_min = 1,
	  .args_max = CONF_ARGS_ANY, .set = resolver_set,
	  .syntax = "ADDRESS ... [valid=TIME] [ipv4=on | ipv4=off] "
	  "[ipv6=on | ipv6=off]",
	  .help = "name servers for names that a variable of proxy_pass "
	  "holds" },
	{ .name = "resolver_timeout", .contexts = CONF_HTTP_ALL,
	  .args_min = 1, .args_max = 1, .type = CONF_TIME,
	  .offset = offsetof(struct resolver_record, timeout),
	  .initial = "30s", .help = "how long such a name may take" },
	{ .name = NULL },
};

const struct http_module http_resolver_module = {
	.table = {
		.name = "resolver",
		.help = "looks names of servers up while the server runs",
		.directives = resolver_directives,
		.record_size = sizeof(struct resolver_record),
		.merge = resolver_merge,
	},
	.worker_start = resolver_start,
	.worker_stop = resolver_stop,
};
