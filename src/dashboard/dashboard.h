#ifndef RINGMASTER_DASHBOARD_DASHBOARD_H
#define RINGMASTER_DASHBOARD_DASHBOARD_H

#include "conf/conf.h"
#include "http/http.h"

/*
 * The dashboard process: the worker's loop and HTTP code with other
 * handlers, which answer from the metrics segment.
 */

enum {
	DASHBOARD_HOSTS_MAX = 64,	/* names it may be called by */
	DASHBOARD_BODY_MAX = 64 << 20,	/* bytes of an answer */
	DASHBOARD_REQUEST_MAX = 4096,	/* bytes of a request's body */
	DASHBOARD_RECENT = 10,		/* requests shown if nobody says */
	DASHBOARD_VIEWERS_MAX = 256,	/* of the live stream at once */
	DASHBOARD_RECENT_MAX = 1000,	/* the most one may ask for */
};

/* The table with the "dashboard" block of the main context, and its own. */
extern const struct conf_table dashboard_block_table;

struct auth;
struct history;
struct requests;

/* Its record. */
struct dashboard_conf {
	bool enabled;			/* there is such a block */
	struct http_conf *http;		/* what its process serves, listens
					 * included; NULL if not enabled */
	struct auth *auth;		/* who may ask; NULL: anybody */
	struct slice user_file, token_file;	/* as written */
	int64_t insecure;		/* listen anywhere without `auth` */
	int64_t change_by_get;		/* the old forms are answered */
	int64_t metrics_detail;		/* enum metrics_level */
	int64_t metrics_compat;		/* another exporter's names, too */
	struct slice history_path;	/* absolute */
	struct slice reports_path;	/* the same: folder of results */
	struct slice ringload_path;	/* the same; empty: beside us */
	const struct http_conf *site;	/* the server; NULL: no http block */
	struct history *history;	/* opened by its process; else NULL */
	struct requests *requests;	/* the same */
	/* The Host allow-list: in lower case, an IPv6 address in brackets. */
	struct slice hosts[DASHBOARD_HOSTS_MAX];
	unsigned host_count;
	/* While the block is read: its "listen" directives. */
	struct conf_node *listens, **listens_end;
};

/* The only module of dashboard_conf.http: all of its pages. */
extern const struct http_module dashboard_module;

#endif
