#ifndef RINGMASTER_DASHBOARD_LOADTEST_H
#define RINGMASTER_DASHBOARD_LOADTEST_H

#include "dashboard/dashboard.h"
#include "dashboard/fields.h"

/*
 * Load tests of this server, asked for by the dashboard's page or a program:
 * one at a time, run by the command ringload in a process of its own, which
 * tells each second how it is doing and keeps the result in the file of
 * results. Whatever becomes of that process, of this one or of the page that
 * asked, the test ends, and its end is marked.
 */

/* Below those of the command (load/plan.h): a click can ask for no more. */
enum {
	LOADTEST_CLIENTS_MAX = 1000,	/* connections at once */
	LOADTEST_RATE_MAX = 20000,	/* requests a second, open model */
	LOADTEST_DURATION_MAX_S = 120,
	LOADTEST_PATH_MAX = 1024,	/* bytes of a path with its query */
	LOADTEST_UNSEEN_S = 30,		/* nobody looks: a page's test ends */
	LOADTEST_NICE = 5,		/* the server goes first */
	LOADTEST_ARGS_MAX = 32,		/* of the command, with the end */
	LOADTEST_RUN_MAX = 40,		/* bytes of an id, with terminators */
	LOADTEST_ERROR_MAX = 256,
	LOADTEST_URL_MAX = LOADTEST_PATH_MAX + 80,	/* and its address */
};

/* The file in the folder of results. */
#define LOADTEST_RESULTS "test_results.json"

/* ---- what is asked for ---- */

enum loadtest_preset {
	LOADTEST_BURST,		/* 100 clients at once, on for 5 s */
	LOADTEST_CLASSIC,	/* 100 requests at once, no more */
	LOADTEST_STEADY,	/* 1,000 requests a second for 30 s */
	LOADTEST_FIND_MAX,	/* the highest rate that is well served */
	LOADTEST_CACHE,		/* by turns with the cache on and off */
	LOADTEST_CUSTOM,
	LOADTEST_PRESETS
};

extern const char *const loadtest_preset_names[LOADTEST_PRESETS];

struct loadtest_spec {
	enum loadtest_preset preset;
	uint64_t clients;
	uint64_t rate;			/* requests/s; 0: closed model */
	uint64_t duration_s;		/* 0: one request each */
	const char *url;		/* in the arena */
	const char *host;		/* of the URL, if it is not loopback:
					 * the command asks to be told; or
					 * NULL */
};

/*
 * Make a specification of what a request says, LOADTEST_BURST if nothing. The
 * target is always an address that `site` listens on: the first, or the one
 * that "target" names.
 *
 * site:  the server's http block; NULL: there is none
 * Returns NULL, or what is wrong, for people.
 */
const char *loadtest_spec_read(const struct fields *fields,
    const struct http_conf *site, struct arena *arena,
    struct loadtest_spec *ret);

/*
 * What the command is told, ended by NULL, in the arena. It has the status of
 * its test to write to descriptor 3, and the segment as descriptor 5.
 *
 * file:  of results
 * Returns 0 or -ENOMEM.
 */
int loadtest_spec_args(const struct loadtest_spec *spec, const char *file,
    struct arena *arena, const char *args[LOADTEST_ARGS_MAX]);

/* The file of results; of this process, once it began. */
const char *loadtest_file(void);

/* ---- how it is doing ---- */

/* Of the test that runs, or of the last one. */
struct loadtest_now {
	bool running;
	uint64_t ended_ns;		/* CLOCK_MONOTONIC; 0: none ended */
	enum loadtest_preset preset;
	double progress;		/* 0 to 1 */
	uint64_t sent, done, errors, connections;
	double rate;			/* requests/s */
	double p50_s, p99_s, max_s;	/* NaN: not known */
	double eta_s;			/* NaN: nobody knows */
	char run[LOADTEST_RUN_MAX];	/* empty: not known yet */
	char error[LOADTEST_ERROR_MAX];	/* why it ended early; or empty */
};

/* Take over a line of ringload --live-fd; what is not one changes nothing.
 * Returns whether it was one. */
bool loadtest_now_read(struct slice line, struct loadtest_now *now);

/* A copy of it; any thread. */
void loadtest_now(struct loadtest_now *ret);

/* ---- its process, on the loop ---- */

/* Begin: mark the end of a test whose dashboard died. Once, at start. */
int loadtest_start(struct http_worker *worker);

/* End what runs: the process drains, or stops. */
void loadtest_drain(void);
void loadtest_stop(void);

/* Somebody looks at how it is doing. */
void loadtest_seen(void);

struct loadtest_begin {
	const struct loadtest_spec *spec;
	bool by_page;			/* it ends when nobody looks */
};

/*
 * Run the command. Returns 0; -EBUSY if a test runs, or that of another
 * process; -ENOENT if there is no command; or -errno.
 */
int loadtest_begin(const struct loadtest_begin *begin);

/* End the test, which keeps what it has as a partial result; false if none
 * runs. */
bool loadtest_end(const char *why);

/*
 * The folder of results, made with the rights of its caller for the user who
 * is going to run the tests. Returns 0 or -errno, which is logged.
 */
int loadtest_reports_open(const struct http_conf *http, uid_t user, gid_t group,
    const struct log *log);

#endif
