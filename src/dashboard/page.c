/*
 * The pages as plain HTML. Their look is in html/dashboard/style.css; there
 * is neither script nor style in them, so that the policy they are served
 * with can forbid both.
 */

#include "dashboard/page.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"

static void page_text(struct buf *out, const char *text)
{
	page_escape(out, slice_cstr(text));
}

/* ---- what every page has around it ---- */

static void page_begin(struct buf *out, const char *title, const char *head)
{
	buf_printf(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
	    "content=\"width=device-width, initial-scale=1\">\n%s"
	    "<title>%s</title>\n"
	    "<link rel=\"icon\" href=\"/favicon.svg\" "
	    "type=\"image/svg+xml\">\n"
	    "<link rel=\"stylesheet\" href=\"/style.css\">\n"
	    "</head>\n<body>\n"
	    "<a class=\"skip\" href=\"#main\">Skip to the figures</a>\n"
	    "<header class=\"head\">\n<a class=\"name\" href=\"/\">"
	    "<img src=\"/favicon.svg\" width=\"28\" height=\"28\" alt=\"\">"
	    "ringmaster</a>\n", head, title);
}

static void page_main(struct buf *out)
{
	buf_append_cstr(out, "</header>\n<main id=\"main\">\n");
}

static void page_end(struct buf *out)
{
	static const char *const links[][2] = {
		{ "/metrics.json", "JSON" },
		{ "/metrics.prom", "Prometheus" },
		{ "/metrics.om", "OpenMetrics" },
		{ "/metrics.pb", "Protobuf" },
	};

	buf_append_cstr(out, "</main>\n<footer class=\"foot\">\n"
	    "<p>The same figures for programs:</p>\n<ul>\n");
	for (unsigned i = 0; i < sizeof(links) / sizeof(*links); i++)
		buf_printf(out, "<li><a href=\"%s\">%s</a></li>\n",
		    links[i][0], links[i][1]);
	buf_append_cstr(out, "</ul>\n</footer>\n</body>\n</html>\n");
}

void page_write_error(struct buf *out, unsigned status, struct slice message)
{
	page_begin(out, "ringmaster", "");
	page_main(out);
	buf_printf(out, "<h1>%u</h1>\n<p>", status);
	page_escape(out, message);
	buf_append_cstr(out, "</p>\n<p><a href=\"/\">To the figures</a></p>\n");
	page_end(out);
}

void page_write_confirm(struct buf *out, const char *question,
    const char *action)
{
	page_begin(out, "ringmaster", "");
	page_main(out);
	buf_printf(out, "<h1>%s</h1>\n"
	    "<form method=\"post\" action=\"%s\"><button>Yes</button></form>\n"
	    "<p><a href=\"/\">No, back to the figures</a></p>\n",
	    question, action);
	page_end(out);
}

/* ---- times ---- */

static void page_time(struct buf *out, uint64_t real_ns)
{
	time_t second = (time_t)(real_ns / NS_PER_SEC);
	struct tm tm;
	char text[32];

	if (!real_ns || !gmtime_r(&second, &tm) ||
	    !strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm)) {
		buf_append_cstr(out, "never");
		return;
	}
	buf_printf(out, "<time datetime=\"%s\" title=\"%s\">%.8s</time>",
	    text, text, text + sizeof("2026-01-31T") - 1);
}

static void page_age(struct buf *out, uint64_t from_ns, uint64_t now_ns)
{
	uint64_t s = now_ns > from_ns ? (now_ns - from_ns) / NS_PER_SEC : 0;

	if (s >= 24 * 3600)
		buf_printf(out, "%llu d %llu h", (unsigned long long)s / 86400,
		    (unsigned long long)s / 3600 % 24);
	else if (s >= 3600)
		buf_printf(out, "%u h %u min", (unsigned)s / 3600,
		    (unsigned)s / 60 % 60);
	else if (s >= 60)
		buf_printf(out, "%u min %u s", (unsigned)s / 60,
		    (unsigned)s % 60);
	else
		buf_printf(out, "%u s", (unsigned)s);
}

/* ---- cards ---- */

static void page_card_begin(struct buf *out, const char *title)
{
	buf_printf(out, "<li class=\"card\">\n<h2>%s</h2>\n"
	    "<p class=\"figure\">", title);
}

static void page_card_note(struct buf *out)
{
	buf_append_cstr(out, "</p>\n<p class=\"note\">");
}

static void page_card_end(struct buf *out)
{
	buf_append_cstr(out, "</p>\n</li>\n");
}

static void page_card_clients(struct buf *out,
    const Ringmaster__V1__Snapshot *snapshot)
{
	page_card_begin(out, "Live Metrics");
	page_count(out, snapshot->active_clients);
	buf_append_cstr(out, " <small>clients</small>");
	page_card_note(out);
	page_count(out, snapshot->total_requests);
	buf_append_cstr(out, " requests since the start");
	page_card_end(out);
}

static void page_card_response(struct buf *out,
    const Ringmaster__V1__Snapshot *snapshot)
{
	const Ringmaster__V1__Histogram *duration =
	    snapshot->http ? snapshot->http->duration : NULL;

	page_card_begin(out, "Avg Response");
	page_seconds(out, snapshot->average_response_time);
	page_card_note(out);
	if (duration) {
		buf_append_cstr(out, "half within ");
		page_seconds(out, duration->p50);
		buf_append_cstr(out, ", 99 % within ");
		page_seconds(out, duration->p99);
	}
	page_card_end(out);
}

static void page_card_cache(struct buf *out,
    const Ringmaster__V1__Snapshot *snapshot)
{
	uint64_t lookups = snapshot->cache_hits + snapshot->cache_misses;

	page_card_begin(out, "Caching");
	buf_append_cstr(out, snapshot->cache_enabled ? "on" : "off");
	page_card_note(out);
	page_count(out, snapshot->cache_hits);
	buf_append_cstr(out, " hits, ");
	page_count(out, snapshot->cache_misses);
	buf_append_cstr(out, " misses");
	if (lookups)
		buf_printf(out, " (%.1f %%)",
		    100.0 * (double)snapshot->cache_hits / (double)lookups);
	buf_append_cstr(out, "</p>\n<form method=\"post\" "
	    "action=\"/toggle_cache\"><button>");
	buf_append_cstr(out, snapshot->cache_enabled ? "Switch it off" :
	    "Switch it on");
	buf_append_cstr(out, "</button></form>\n</li>\n");
}

static void page_card_cookies(struct buf *out,
    const Ringmaster__V1__Snapshot *snapshot)
{
	page_card_begin(out, "Cookies");
	page_count(out, snapshot->unique_sessions);
	buf_append_cstr(out, " <small>sessions</small>");
	page_card_note(out);
	if (snapshot->sessions) {
		page_count(out, snapshot->sessions->created);
		buf_append_cstr(out, " handed out");
	}
	page_card_end(out);
}

static void page_card_pool(struct buf *out,
    const Ringmaster__V1__Snapshot *snapshot)
{
	page_card_begin(out, "Thread Pool");
	page_count(out, snapshot->thread_pool_size);
	buf_append_cstr(out, " <small>threads</small>");
	page_card_note(out);
	page_count(out, snapshot->queue_size);
	buf_append_cstr(out, " tasks in the queue");
	page_card_end(out);
}

static void page_cards(struct buf *out,
    const Ringmaster__V1__Snapshot *snapshot)
{
	buf_append_cstr(out, "<ul class=\"cards\">\n");
	page_card_clients(out, snapshot);
	page_card_response(out, snapshot);
	page_card_cache(out, snapshot);
	page_card_cookies(out, snapshot);
	page_card_pool(out, snapshot);
	buf_append_cstr(out, "</ul>\n");
}

/* ---- tables ---- */

/* `titles`: ended by NULL; one that begins with '>' is over numbers. */
static void page_table_begin(struct buf *out, const char *caption,
    const char *const *titles)
{
	buf_printf(out, "<section>\n<h2>%s</h2>\n<div class=\"scroll\" "
	    "tabindex=\"0\" role=\"region\" aria-label=\"%s\">\n<table>\n"
	    "<thead><tr>", caption, caption);
	for (; *titles; titles++) {
		bool number = **titles == '>';

		buf_printf(out, "<th scope=\"col\"%s>%s</th>",
		    number ? " class=\"number\"" : "", *titles + number);
	}
	buf_append_cstr(out, "</tr></thead>\n<tbody>\n");
}

static void page_table_end(struct buf *out)
{
	buf_append_cstr(out, "</tbody>\n</table>\n</div>\n</section>\n");
}

/* Class of a status: its colour, and a shape and a word besides, for those
 * who do not see colours. */
static void page_status(struct buf *out, unsigned status)
{
	static const struct {
		const char *name, *shape, *word;
	} classes[] = {
		{ "aborted", "\xc3\x97", "aborted" },
		{ "c1", "\xe2\x97\x8b", "continue" },
		{ "c2", "\xe2\x97\x8f", "ok" },
		{ "c3", "\xe2\x97\x86", "elsewhere" },
		{ "c4", "\xe2\x96\xb2", "client error" },
		{ "c5", "\xe2\x96\xa0", "server error" },
	};
	unsigned class = status < 600 ? status / 100 : 0;

	buf_printf(out, "<span class=\"status %s\"><span aria-hidden=\"true\">"
	    "%s</span> ", classes[class].name, classes[class].shape);
	if (status)
		buf_printf(out, "%u ", status);
	buf_printf(out, "%s</span>", classes[class].word);
}

static void page_request(struct buf *out,
    const Ringmaster__V1__Request *request)
{
	buf_append_cstr(out, "<tr><td>");
	page_time(out, request->time_unix_ns);
	buf_append_cstr(out, "</td><td><bdi>");
	page_text(out, request->client_ip);
	buf_append_cstr(out, "</bdi></td><td class=\"path\"><bdi>");
	page_text(out, request->method);
	buf_append_cstr(out, " ");
	page_text(out, request->path);
	buf_append_cstr(out, "</bdi></td><td>");
	page_status(out, request->status);
	buf_append_cstr(out, "</td><td class=\"number\">");
	page_seconds(out, request->response_time);
	buf_append_cstr(out, "</td><td class=\"number\">");
	page_bytes(out, request->bytes_sent);
	buf_append_cstr(out, "</td></tr>\n");
}

static void page_requests(struct buf *out,
    const Ringmaster__V1__Snapshot *snapshot)
{
	static const char *const titles[] = { "Time (UTC)", "Client",
	    "Request", "Status", ">Response time", ">Sent", NULL };

	page_table_begin(out, "Recent requests", titles);
	for (size_t i = 0; i < snapshot->n_recent_requests; i++)
		page_request(out, snapshot->recent_requests[i]);
	if (snapshot->n_recent_requests == 0)
		buf_append_cstr(out, "<tr><td colspan=\"6\">None yet.</td>"
		    "</tr>\n");
	page_table_end(out);
}

static const char *page_worker_state(Ringmaster__V1__WorkerState state)
{
	switch (state) {
	case RINGMASTER__V1__WORKER_STATE__WORKER_STATE_RUNNING:
		return "running";
	case RINGMASTER__V1__WORKER_STATE__WORKER_STATE_DRAINING:
		return "draining";
	case RINGMASTER__V1__WORKER_STATE__WORKER_STATE_GONE:
		return "gone";
	default:
		return "unknown";
	}
}

static void page_worker(struct buf *out, const Ringmaster__V1__Worker *worker)
{
	buf_printf(out, "<tr><td>%u</td><td>%s</td><td class=\"number\">%u"
	    "</td><td class=\"number\">", worker->index,
	    page_worker_state(worker->state), worker->pid);
	page_count(out, worker->connections);
	buf_append_cstr(out, "</td><td class=\"number\">");
	page_count(out, worker->requests);
	buf_append_cstr(out, "</td><td class=\"number\">");
	page_seconds(out, worker->loop_lag ? worker->loop_lag->p99 : 0);
	buf_append_cstr(out, "</td><td class=\"number\">");
	page_bytes(out, worker->rss_bytes);
	buf_append_cstr(out, "</td></tr>\n");
}

static void page_workers(struct buf *out,
    const Ringmaster__V1__Snapshot *snapshot)
{
	static const char *const titles[] = { "Worker", "State", ">Process",
	    ">Clients", ">Requests", ">Loop lag (p99)", ">Memory", NULL };

	page_table_begin(out, "Workers", titles);
	for (size_t i = 0; i < snapshot->n_workers; i++)
		page_worker(out, snapshot->workers[i]);
	page_table_end(out);
}

static void page_class_cells(struct buf *out,
    const Ringmaster__V1__CodeClasses *classes)
{
	uint64_t counts[] = { classes->c2xx, classes->c3xx, classes->c4xx,
	    classes->c5xx, classes->aborted };

	for (unsigned i = 0; i < sizeof(counts) / sizeof(*counts); i++) {
		buf_append_cstr(out, "<td class=\"number\">");
		page_count(out, counts[i]);
		buf_append_cstr(out, "</td>");
	}
}

static void page_server(struct buf *out, const Ringmaster__V1__Server *server)
{
	static const Ringmaster__V1__CodeClasses none =
	    RINGMASTER__V1__CODE_CLASSES__INIT;

	buf_append_cstr(out, "<tr><td><bdi>");
	page_text(out, server->name);
	buf_append_cstr(out, "</bdi></td>");
	page_class_cells(out, server->classes ? server->classes : &none);
	buf_append_cstr(out, "<td class=\"number\">");
	page_seconds(out, server->duration ? server->duration->p99 : 0);
	buf_append_cstr(out, "</td><td class=\"number\">");
	page_bytes(out, server->bytes_out);
	buf_append_cstr(out, "</td></tr>\n");
}

static void page_servers(struct buf *out,
    const Ringmaster__V1__Snapshot *snapshot)
{
	static const char *const titles[] = { "Server", ">2xx", ">3xx", ">4xx",
	    ">5xx", ">Aborted", ">Duration (p99)", ">Sent", NULL };

	page_table_begin(out, "Servers", titles);
	for (size_t i = 0; i < snapshot->n_servers; i++)
		page_server(out, snapshot->servers[i]);
	page_table_end(out);
}

static const char *page_mark(Ringmaster__V1__MarkKind kind)
{
	switch (kind) {
	case RINGMASTER__V1__MARK_KIND__MARK_KIND_START:
		return "Started";
	case RINGMASTER__V1__MARK_KIND__MARK_KIND_STOP:
		return "Stopped";
	case RINGMASTER__V1__MARK_KIND__MARK_KIND_RELOAD:
		return "Reloaded";
	case RINGMASTER__V1__MARK_KIND__MARK_KIND_RELOAD_FAILED:
		return "Reload failed";
	case RINGMASTER__V1__MARK_KIND__MARK_KIND_CRASH:
		return "Crash";
	case RINGMASTER__V1__MARK_KIND__MARK_KIND_UPGRADE:
		return "Upgraded";
	case RINGMASTER__V1__MARK_KIND__MARK_KIND_CACHE_ON:
		return "Cache on";
	case RINGMASTER__V1__MARK_KIND__MARK_KIND_CACHE_OFF:
		return "Cache off";
	default:
		return "Event";
	}
}

static void page_marks(struct buf *out,
    const Ringmaster__V1__Snapshot *snapshot)
{
	static const char *const titles[] = { "Time (UTC)", "Event",
	    "Details", NULL };

	page_table_begin(out, "Events", titles);
	for (size_t i = 0; i < snapshot->n_marks; i++) {
		buf_append_cstr(out, "<tr><td>");
		page_time(out, snapshot->marks[i]->time_unix_ns);
		buf_printf(out, "</td><td>%s</td><td><bdi>",
		    page_mark(snapshot->marks[i]->kind));
		page_text(out, snapshot->marks[i]->text);
		buf_append_cstr(out, "</bdi></td></tr>\n");
	}
	page_table_end(out);
}

/* ---- the whole ---- */

static void page_state(struct buf *out,
    const Ringmaster__V1__Snapshot *snapshot)
{
	const Ringmaster__V1__Identity *identity = snapshot->identity;
	unsigned workers = snapshot->processes ?
	    snapshot->processes->workers_current : 0;

	buf_printf(out, "<p class=\"state %s\">%s", workers ? "up" : "down",
	    workers ? "Up" : "No worker is running");
	if (identity) {
		buf_append_cstr(out, " for ");
		page_age(out, identity->started_unix_ns,
		    snapshot->taken_unix_ns);
		buf_printf(out, ", configuration %u", identity->generation);
		if (!identity->last_reload_ok)
			buf_append_cstr(out, " (the last reload failed)");
	}
	buf_append_cstr(out, "</p>\n");
}

void page_write(struct buf *out, const Ringmaster__V1__Snapshot *snapshot)
{
	page_begin(out, "ringmaster: live",
	    "<meta http-equiv=\"refresh\" content=\"2\">\n");
	page_state(out, snapshot);
	page_main(out);
	buf_append_cstr(out, "<h1 class=\"quiet\">What the server does</h1>\n");
	page_cards(out, snapshot);
	page_requests(out, snapshot);
	page_servers(out, snapshot);
	page_workers(out, snapshot);
	page_marks(out, snapshot);
	page_end(out);
}
