/*
 * The "dashboard" block of the main context, turned into the configuration
 * of a web server: a generated text in nginx's grammar, into whose one server
 * the block's own "listen" directives are put as they were written, so that
 * whatever is wrong with them is reported with the user's file and line.
 * That server has a configuration of its own (tables, memory), so nothing
 * that the http block says reaches it.
 */

#include "dashboard/dashboard.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <unistd.h>

#include "dashboard/access.h"
#include "dashboard/auth.h"
#include "http/host.h"
#include "metrics/catalogue.h"

static const struct http_module *const dashboard_modules[] = {
	&dashboard_module,
	NULL,
};

static const char dashboard_text[] =
    "http {"
    "    server_tokens off;"
    "    absolute_redirect off;"
    "    client_max_body_size 4k;"
    "    client_header_timeout 10s;"
    "    client_body_timeout 10s;"
    "    send_timeout 30s;"
    "    server { }"
    "}";

/* ---- listen ---- */

/* Keep a copy of the directive for the generated server. */
static int dashboard_set_listen(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope,
    void *record)
{
	struct dashboard_conf *dashboard = record;
	struct conf_node *copy = arena_alloc(&conf->arena, sizeof(*copy));

	(void)scope;
	if (!copy)
		return -ENOMEM;
	*copy = *node;
	copy->next = NULL;
	*dashboard->listens_end = copy;
	dashboard->listens_end = &copy->next;
	return 0;
}

/* Can a socket be bound to ::1? A machine may be without IPv6. */
static bool dashboard_has_ipv6(void)
{
	const struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
	    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok;

	if (fd < 0)
		return false;
	ok = bind(fd, (const struct sockaddr *)&in6, sizeof(in6)) == 0;
	(void)close(fd); /* nothing was written */
	return ok;
}

static int dashboard_listen_default(struct conf *conf,
    struct dashboard_conf *dashboard)
{
	if (dashboard->listens)
		return 0;
	return conf_parse_text(conf, dashboard_has_ipv6() ?
	    SLICE("listen 127.0.0.1:5000; listen [::1]:5000;") :
	    SLICE("listen 127.0.0.1:5000;"),
	    "the default of \"dashboard\"", &dashboard->listens);
}

static bool dashboard_is_loopback(const struct http_listen *listen)
{
	const void *address = &listen->address;
	const struct sockaddr_in *in = address;
	const struct sockaddr_in6 *in6 = address;

	switch (listen->address.ss_family) {
	case AF_UNIX:
		return true;
	case AF_INET:
		return ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	default:
		return IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr);
	}
}

/* ---- the Host allow-list ---- */

static int dashboard_host_add(struct conf *conf, const struct conf_node *node,
    struct dashboard_conf *dashboard, struct slice name)
{
	if (access_host(name, dashboard->hosts, dashboard->host_count))
		return 0;
	if (dashboard->host_count == DASHBOARD_HOSTS_MAX)
		return conf_fail(conf, node, 0, "the dashboard has too many "
		    "names, the limit is %d", DASHBOARD_HOSTS_MAX);
	dashboard->hosts[dashboard->host_count++] = name;
	return 0;
}

static int dashboard_set_hosts(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope,
    void *record)
{
	int err = 0;

	(void)scope;
	for (unsigned i = 1; i < node->argc && !err; i++) {
		struct http_host host;
		char *lower;

		if (!http_host_parse(node->args[i], &host) || host.has_port)
			return conf_fail(conf, node, 0, "invalid name \"%s\" "
			    "in \"allowed_hosts\", it must be a host name or "
			    "an address, without a port", node->args[i].data);
		lower = arena_alloc_text(&conf->arena, host.name.len + 1);
		if (!lower)
			return -ENOMEM;
		err = dashboard_host_add(conf, node, record,
		    http_host_lower(&host, lower));
	}
	return err;
}

/* The host part of an address that is listened on; empty for a path. */
static struct slice dashboard_listen_host(struct conf *conf,
    const struct http_listen *listen)
{
	const void *address = &listen->address;
	const struct sockaddr_in *in = address;
	const struct sockaddr_in6 *in6 = address;
	char text[INET6_ADDRSTRLEN];

	if (listen->address.ss_family == AF_INET)
		return arena_printf(&conf->arena, "%s", inet_ntop(AF_INET,
		    &in->sin_addr, text, sizeof(text)));
	if (listen->address.ss_family == AF_INET6)
		return arena_printf(&conf->arena, "[%s]", inet_ntop(AF_INET6,
		    &in6->sin6_addr, text, sizeof(text)));
	return SLICE("");
}

/* ---- the server ---- */

/* Check what is listened on, and let it be asked for by its address. */
static int dashboard_finish(struct conf *conf,
    struct dashboard_conf *dashboard)
{
	int err = 0;

	for (const struct http_listen *listen = dashboard->http->listens;
	    listen && !err; listen = listen->next) {
		struct slice host = dashboard_listen_host(conf, listen);

		if (!dashboard_is_loopback(listen) && !dashboard->auth &&
		    dashboard->insecure <= 0)
			return conf_fail(conf, listen->node, 0, "the dashboard "
			    "cannot listen on \"%.*s\": it has no "
			    "authentication; add \"auth_basic_user_file\" or "
			    "\"auth_token_file\" to the block, or let it be a "
			    "loopback address (127.0.0.1, [::1]) or a unix: "
			    "path, or say \"insecure on\"",
			    SLICE_ARG(listen->name));
		if (!host.data)
			return -ENOMEM;
		if (host.len)
			err = dashboard_host_add(conf, listen->node,
			    dashboard, host);
	}
	return err;
}

static void dashboard_conf_free(void *conf)
{
	conf_free(conf);
}

/* An empty configuration over the tables of dashboard_modules, which goes
 * when `outer` goes; NULL without memory. */
static struct conf *dashboard_conf_new(struct conf *outer)
{
	struct conf *conf = arena_calloc(&outer->arena, 1, sizeof(*conf));
	const struct conf_table **tables = arena_calloc(&outer->arena,
	    HTTP_TABLES_MAX + 1, sizeof(*tables));

	if (!conf || !tables)
		return NULL;
	(void)http_tables(dashboard_modules, tables); /* NULL ends it anyway */
	conf_init(conf, tables, outer->prefix, outer->conf_prefix, outer->log);
	return conf_cleanup(outer, dashboard_conf_free, conf);
}

/* Apply the generated text with the user's "listen" directives in it. */
static int dashboard_build(struct conf *outer,
    struct dashboard_conf *dashboard)
{
	struct conf *conf = dashboard_conf_new(outer);
	void **records = conf ? conf_records_new(conf) : NULL;
	struct conf_scope scope = { CONF_MAIN, records, NULL, NULL };
	struct http_block *block;
	struct conf_node *root, *server;
	int err;

	if (!records)
		return -ENOMEM;
	conf->owner = dashboard;
	err = conf_parse_text(conf, SLICE(dashboard_text), "dashboard", &root);
	if (err)
		return err;
	server = root->children;
	while (!server->block)
		server = server->next;
	server->children = dashboard->listens;
	block = conf_record(conf, records, &http_block_table);
	block->modules = dashboard_modules;
	err = conf_apply(conf, root, &scope);
	dashboard->http = block->http;
	return err;
}

/* What it is always called. */
static const struct slice dashboard_names[] = { SLICE("localhost"),
    SLICE("127.0.0.1"), SLICE("[::1]") };

/* Make *path absolute, `initial` if it is not set; empty stays empty. */
static int dashboard_full_path(struct conf *conf, struct slice *path,
    struct slice initial)
{
	const char *full;

	if (!path->len)
		*path = initial;
	if (!path->len)
		return 0;
	full = conf_full_path(conf, *path);
	if (!full)
		return -ENOMEM;
	*path = slice_cstr(full);
	return 0;
}

static int dashboard_full_paths(struct conf *conf,
    struct dashboard_conf *dashboard)
{
	int err = dashboard_full_path(conf, &dashboard->history_path,
	    SLICE("ringmaster.history"));

	if (!err)
		err = dashboard_full_path(conf, &dashboard->reports_path,
		    SLICE("reports"));
	return err ? err : dashboard_full_path(conf,
	    &dashboard->ringload_path, SLICE(""));
}

static int dashboard_set_block(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope,
    void *record)
{
	struct dashboard_conf *dashboard = record;
	struct conf_scope inner = { CONF_DASHBOARD, scope->records, dashboard,
	    scope };
	int err;

	if (dashboard->enabled)
		return conf_fail(conf, node, 0,
		    "\"dashboard\" directive is duplicate");
	dashboard->enabled = true;
	dashboard->host_count = sizeof(dashboard_names) /
	    sizeof(*dashboard_names);
	memcpy(dashboard->hosts, dashboard_names, sizeof(dashboard_names));
	dashboard->listens_end = &dashboard->listens;
	err = conf_apply(conf, node->children, &inner);
	if (!err)
		err = dashboard_listen_default(conf, dashboard);
	if (!err)
		err = dashboard_full_paths(conf, dashboard);
	if (!err)
		err = dashboard_build(conf, dashboard);
	return err ? err : dashboard_finish(conf, dashboard);
}

/* ---- authentication ---- */

static int dashboard_set_users(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope,
    void *record)
{
	struct dashboard_conf *dashboard = record;

	(void)scope;
	return auth_users_load(conf, node, &dashboard->auth);
}

static int dashboard_set_tokens(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope,
    void *record)
{
	struct dashboard_conf *dashboard = record;

	(void)scope;
	return auth_tokens_load(conf, node, &dashboard->auth);
}

static const struct conf_enum dashboard_detail_values[] = {
	{ "basic", METRICS_LEVEL_BASIC },
	{ "standard", METRICS_LEVEL_STANDARD },
	{ "full", METRICS_LEVEL_FULL },
	{ NULL, 0 },
};

static const struct conf_directive dashboard_directives[] = {
	{ .name = "dashboard", .contexts = CONF_MAIN, .block = true,
	  .set = dashboard_set_block,
	  .help = "run a process that shows what the server is doing" },
	{ .name = "listen", .contexts = CONF_DASHBOARD, .args_min = 1,
	  .args_max = CONF_ARGS_ANY, .set = dashboard_set_listen,
	  .initial = "127.0.0.1:5000 [::1]:5000",
	  .syntax = "ADDRESS[:PORT] | PORT | unix:PATH [PARAMETER ...]",
	  .help = "address or unix: path to answer at; one that is not of "
	    "this machine only needs authentication" },
	{ .name = "allowed_hosts", .contexts = CONF_DASHBOARD, .args_min = 1,
	  .args_max = CONF_ARGS_ANY, .set = dashboard_set_hosts,
	  .syntax = "NAME ...",
	  .help = "names besides localhost that it may be asked for by" },
	{ .name = "auth_basic_user_file", .contexts = CONF_DASHBOARD,
	  .args_min = 1, .args_max = 1, .type = CONF_STRING,
	  .offset = offsetof(struct dashboard_conf, user_file),
	  .set = dashboard_set_users,
	  .syntax = "FILE",
	  .help = "file of users and hashed passwords, as htpasswd writes" },
	{ .name = "auth_token_file", .contexts = CONF_DASHBOARD,
	  .args_min = 1, .args_max = 1, .type = CONF_STRING,
	  .offset = offsetof(struct dashboard_conf, token_file),
	  .set = dashboard_set_tokens,
	  .syntax = "FILE",
	  .help = "file of bearer tokens, one a line, \"NAME:\" before it" },
	{ .name = "insecure", .contexts = CONF_DASHBOARD, .args_min = 1,
	  .args_max = 1, .type = CONF_FLAG,
	  .offset = offsetof(struct dashboard_conf, insecure),
	  .initial = "off",
	  .help = "let others see and switch without authentication" },
	{ .name = "change_by_get", .contexts = CONF_DASHBOARD, .args_min = 1,
	  .args_max = 1, .type = CONF_FLAG,
	  .offset = offsetof(struct dashboard_conf, change_by_get),
	  .initial = "on",
	  .help = "answer GET /toggle_cache and /start_test of programs" },
	{ .name = "history", .contexts = CONF_DASHBOARD, .args_min = 1,
	  .args_max = 1, .type = CONF_STRING,
	  .offset = offsetof(struct dashboard_conf, history_path),
	  .syntax = "FILE",
	  .help = "file of what is shown of the past, up to a week; else "
	    "\"ringmaster.history\"" },
	{ .name = "reports", .contexts = CONF_DASHBOARD, .args_min = 1,
	  .args_max = 1, .type = CONF_STRING,
	  .offset = offsetof(struct dashboard_conf, reports_path),
	  .syntax = "PATH",
	  .help = "folder in which results of load tests are kept; else "
	    "\"reports\"" },
	{ .name = "ringload", .contexts = CONF_DASHBOARD, .args_min = 1,
	  .args_max = 1, .type = CONF_STRING,
	  .offset = offsetof(struct dashboard_conf, ringload_path),
	  .syntax = "FILE",
	  .help = "the program that makes the load of tests; else the one "
	    "installed with this server" },
	{ .name = "metrics_detail", .contexts = CONF_DASHBOARD,
	  .args_min = 1, .args_max = 1, .type = CONF_ENUM,
	  .offset = offsetof(struct dashboard_conf, metrics_detail),
	  .values = dashboard_detail_values, .initial = "standard",
	  .help = "how much of the metrics a Prometheus scrape gets" },
	{ .name = "metrics_compat", .contexts = CONF_DASHBOARD,
	  .args_min = 1, .args_max = 1, .type = CONF_FLAG,
	  .offset = offsetof(struct dashboard_conf, metrics_compat),
	  .initial = "on",
	  .help = "write nginx-prometheus-exporter's names in the text, too" },
	{ .name = NULL },
};

const struct conf_table dashboard_block_table = {
	.name = "dashboard",
	.help = "the process that shows what the server is doing: page, "
	    "numbers, load tests",
	.directives = dashboard_directives,
	.record_size = sizeof(struct dashboard_conf),
};
