/*
 * What a request says of a test, made into what ringload is told. Nothing of
 * it reaches the command as it came: numbers are written anew, the path is
 * checked byte by byte, and the address is one of our own.
 */

#include "dashboard/loadtest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>

enum { LOADTEST_ROUND_S = 2 };		/* of LOADTEST_CACHE */

const char *const loadtest_preset_names[LOADTEST_PRESETS] = {
	[LOADTEST_BURST] = "burst",
	[LOADTEST_CLASSIC] = "classic",
	[LOADTEST_STEADY] = "steady",
	[LOADTEST_FIND_MAX] = "find_max",
	[LOADTEST_CACHE] = "cache",
	[LOADTEST_CUSTOM] = "custom",
};

static const struct loadtest_spec loadtest_presets[LOADTEST_PRESETS] = {
	[LOADTEST_BURST] = { .clients = 100, .duration_s = 5 },
	[LOADTEST_CLASSIC] = { .clients = 100 },
	[LOADTEST_STEADY] = { .clients = 100, .rate = 1000,
	    .duration_s = 30 },
	[LOADTEST_FIND_MAX] = { .clients = 100 },
	[LOADTEST_CACHE] = { .clients = 100, .duration_s = 20 },
	[LOADTEST_CUSTOM] = { .clients = 100, .duration_s = 10 },
};

/* ---- the address ---- */

/* "127.0.0.1:8080" of a listener, whose wildcard is this machine; empty for
 * one that is no Internet address, without data if there is no memory. */
static struct slice loadtest_address(const struct http_listen *listen,
    struct arena *arena, bool *ret_loopback)
{
	const void *address = &listen->address;
	const struct sockaddr_in *in = address;
	const struct sockaddr_in6 *in6 = address;
	char text[INET6_ADDRSTRLEN];

	if (listen->address.ss_family == AF_INET) {
		bool any = in->sin_addr.s_addr == htonl(INADDR_ANY);

		*ret_loopback = any ||
		    ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
		return arena_printf(arena, "%s:%u", any ? "127.0.0.1" :
		    inet_ntop(AF_INET, &in->sin_addr, text, sizeof(text)),
		    (unsigned)ntohs(in->sin_port));
	}
	if (listen->address.ss_family == AF_INET6) {
		bool any = IN6_IS_ADDR_UNSPECIFIED(&in6->sin6_addr);

		*ret_loopback = any || IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
		return arena_printf(arena, "[%s]:%u", any ? "::1" :
		    inet_ntop(AF_INET6, &in6->sin6_addr, text, sizeof(text)),
		    (unsigned)ntohs(in6->sin6_port));
	}
	return SLICE("");
}

/* The listener that `wanted` names, or the first; NULL: there is none. */
static const char *loadtest_target(const struct http_conf *site,
    struct slice wanted, struct arena *arena, struct loadtest_spec *spec)
{
	const struct http_listen *listen = site ? site->listens : NULL;

	for (; listen; listen = listen->next) {
		bool loopback = false;
		struct slice text = loadtest_address(listen, arena,
		    &loopback);

		if (!text.len || (wanted.len && !slice_equal(wanted, text)))
			continue;
		if (!loopback)
			spec->host = text.data;
		return text.data;
	}
	return NULL;
}

/* ---- the path ---- */

/* Origin-form (RFC 9112 §3.2.1): printable and without blanks, so that it
 * ends where it ends. "//" at its front would be another host in a URL. */
static bool loadtest_path_valid(struct slice path)
{
	if (!path.len || path.len > LOADTEST_PATH_MAX || path.data[0] != '/' ||
	    slice_starts(path, SLICE("//")))
		return false;
	for (size_t i = 0; i < path.len; i++)
		if (path.data[i] <= ' ' || path.data[i] > '~' ||
		    strchr("#\"<>\\^`{|}", path.data[i]))
			return false;
	return true;
}

/* ---- all of it ---- */

static bool loadtest_preset_find(struct slice name, enum loadtest_preset *ret)
{
	for (unsigned i = 0; i < LOADTEST_PRESETS; i++)
		if (slice_equal(name, slice_cstr(loadtest_preset_names[i]))) {
			*ret = (enum loadtest_preset)i;
			return true;
		}
	return false;
}

/* Take a text if it is there; false: it is something else. */
static bool loadtest_text(const struct fields *fields, struct slice name,
    struct slice *ret)
{
	return !fields_find(fields, name) || fields_text(fields, name, ret);
}

/* Take a number from 1 to `max` if it is there; false: it is another one. */
static bool loadtest_number(const struct fields *fields, struct slice name,
    uint64_t max, uint64_t *ret)
{
	double value;

	if (!fields_find(fields, name))
		return true;
	if (!fields_number(fields, name, &value) || value < 0 ||
	    value > (double)max || value != (double)(uint64_t)value)
		return false;
	*ret = (uint64_t)value;
	return true;
}

static const char *loadtest_numbers(const struct fields *fields,
    struct loadtest_spec *spec)
{
	_Static_assert(LOADTEST_CLIENTS_MAX == 1000 &&
	    LOADTEST_RATE_MAX == 20000 && LOADTEST_DURATION_MAX_S == 120,
	    "as these texts say");

	if (!loadtest_number(fields, SLICE("clients"), LOADTEST_CLIENTS_MAX,
		&spec->clients) || spec->clients == 0)
		return "\"clients\" is a whole number from 1 to 1000";
	if (!loadtest_number(fields, SLICE("rate"), LOADTEST_RATE_MAX,
		&spec->rate))
		return "\"rate\" is a whole number from 1 to 20000 requests "
		    "a second, or 0: each client sends the next request when "
		    "the last was answered";
	if (!loadtest_number(fields, SLICE("duration"),
		LOADTEST_DURATION_MAX_S, &spec->duration_s) ||
	    (spec->duration_s == 0 && spec->preset == LOADTEST_CUSTOM))
		return "\"duration\" is a whole number from 1 to 120 seconds";
	return NULL;
}

const char *loadtest_spec_read(const struct fields *fields,
    const struct http_conf *site, struct arena *arena,
    struct loadtest_spec *ret)
{
	struct slice name = SLICE("burst"), path = SLICE("/");
	struct slice wanted = SLICE("");
	enum loadtest_preset preset;
	struct loadtest_spec spec;
	const char *wrong, *target;

	if (!loadtest_text(fields, SLICE("preset"), &name) ||
	    !loadtest_text(fields, SLICE("path"), &path) ||
	    !loadtest_text(fields, SLICE("target"), &wanted))
		return "\"preset\", \"path\" and \"target\" are texts";
	if (!loadtest_preset_find(name, &preset))
		return "\"preset\" is burst, classic, steady, find_max, cache "
		    "or custom";
	spec = loadtest_presets[preset];
	spec.preset = preset;
	if (preset != LOADTEST_CUSTOM &&
	    (fields_find(fields, SLICE("clients")) ||
		fields_find(fields, SLICE("rate")) ||
		fields_find(fields, SLICE("duration"))))
		return "\"clients\", \"rate\" and \"duration\" are for the "
		    "preset \"custom\"";
	wrong = loadtest_numbers(fields, &spec);
	if (wrong)
		return wrong;
	if (!loadtest_path_valid(path))
		return "\"path\" is a path of this server, such as /index.html"
		    "?a=1, of at most 1024 bytes, with % before what is not "
		    "plain";
	target = loadtest_target(site, wanted, arena, &spec);
	if (!target)
		return "\"target\" is not an address that this server listens "
		    "on, such as 127.0.0.1:8080";
	spec.url = arena_printf(arena, "http://%s%.*s", target,
	    SLICE_ARG(path)).data;
	if (!spec.url)
		return "there is no memory for it";
	*ret = spec;
	return NULL;
}

/* ---- the command line ---- */

struct loadtest_args {
	struct arena *arena;
	const char **list;
	unsigned count;
	bool failed;
};

static void loadtest_arg(struct loadtest_args *args, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void loadtest_arg(struct loadtest_args *args, const char *format, ...)
{
	struct slice text;
	va_list list;

	va_start(list, format);
	text = arena_vprintf(args->arena, format, list);
	va_end(list);
	if (!text.data || args->count + 1 >= LOADTEST_ARGS_MAX)
		args->failed = true;
	else
		args->list[args->count++] = text.data;
}

/* The host of "host:port", without the brackets of an IPv6 address. */
static void loadtest_arg_allow(struct loadtest_args *args, const char *host)
{
	const char *end = strrchr(host, ':');
	size_t len = end ? (size_t)(end - host) : strlen(host);

	if (host[0] == '[' && len > 2) {
		host++;
		len -= 2;
	}
	loadtest_arg(args, "--allow-target=%.*s", (int)len, host);
}

int loadtest_spec_args(const struct loadtest_spec *spec, const char *file,
    struct arena *arena, const char *args[LOADTEST_ARGS_MAX])
{
	struct loadtest_args out = { .arena = arena, .list = args };

	loadtest_arg(&out, "ringload");
	loadtest_arg(&out, "--quiet");
	loadtest_arg(&out, "--live-fd=3");
	loadtest_arg(&out, "--server=/dev/fd/5");
	loadtest_arg(&out, "--save=%s", file);
	loadtest_arg(&out, "--name=%s", loadtest_preset_names[spec->preset]);
	loadtest_arg(&out, "--connections=%" PRIu64, spec->clients);
	if (spec->rate)
		loadtest_arg(&out, "--rate=%" PRIu64, spec->rate);
	if (spec->preset == LOADTEST_FIND_MAX) {
		loadtest_arg(&out, "--find-max");
		loadtest_arg(&out, "--slo=p99<5ms");
		loadtest_arg(&out, "--slo=err<0.1%%");
	} else if (spec->preset == LOADTEST_CACHE) {
		loadtest_arg(&out, "ab");
		loadtest_arg(&out, "--b-set=cache=off");
		loadtest_arg(&out, "--rounds=%" PRIu64, spec->duration_s /
		    (2 * LOADTEST_ROUND_S));
		loadtest_arg(&out, "--round=%us", LOADTEST_ROUND_S);
	} else if (spec->duration_s) {
		loadtest_arg(&out, "--duration=%" PRIu64 "s",
		    spec->duration_s);
	} else {
		loadtest_arg(&out, "--requests=1");
	}
	/* The first wave is what a burst is about. */
	if (spec->preset == LOADTEST_BURST)
		loadtest_arg(&out, "--warmup=0");
	if (spec->host)
		loadtest_arg_allow(&out, spec->host);
	loadtest_arg(&out, spec->preset == LOADTEST_CACHE ? "--a=%s" : "%s",
	    spec->url);
	args[out.count] = NULL;
	return out.failed ? -ENOMEM : 0;
}
