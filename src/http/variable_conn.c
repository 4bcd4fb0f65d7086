/*
 * Variables of the connection, the worker and the clock.
 */

#include "http/variable.h"

#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/conn.h"

/* ---- addresses ---- */

bool http_variable_address(struct http_request *request,
    const union http_address *address, struct slice *ret)
{
	char *text = arena_alloc_text(&request->arena, HTTP_ADDRESS_TEXT);

	if (text)
		*ret = (struct slice){ text, http_address_text(address,
			text) };
	return text;
}

bool http_variable_port(struct http_request *request,
    const union http_address *address, struct slice *ret)
{
	uint16_t port = http_address_port(address);

	if (port)
		return http_variable_number(request, port, ret);
	*ret = SLICE("");
	return true;
}

static bool get_remote_addr(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	return http_variable_address(request, http_request_client(request),
	    ret);
}

static bool get_binary_remote_addr(struct http_request *request,
    struct slice name, struct slice *ret)
{
	*ret = http_address_bytes(http_request_client(request));
	return ret->len || get_remote_addr(request, name, ret);
}

static bool get_remote_port(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	return http_variable_port(request, http_request_client(request), ret);
}

static bool get_server_port(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	return http_variable_port(request, (const union http_address *)
	    &request->conn->listen->address, ret);
}

/* Asked of the socket: that which listens may do so at any address. */
static bool get_server_addr(struct http_request *request, struct slice name,
    struct slice *ret)
{
	union http_address address;
	socklen_t len = sizeof(address);

	(void)name;
	if (getsockname(request->conn->stream.fd, &address.any, &len))
		return false;
	if (address.any.sa_family != AF_UNIX)
		return http_variable_address(request, &address, ret);
	*ret = request->conn->listen->name;
	return true;
}

static bool get_scheme(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)request, (void)name;
	*ret = SLICE("http");
	return true;
}

static bool get_https(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)request, (void)name;
	*ret = SLICE("");
	return true;
}

/* ---- the connection ---- */

static bool get_connection(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	return http_variable_number(request, request->conn->number, ret);
}

static bool get_connection_requests(struct http_request *request,
    struct slice name, struct slice *ret)
{
	(void)name;
	return http_variable_number(request, request->conn->requests, ret);
}

static bool get_connection_time(struct http_request *request,
    struct slice name, struct slice *ret)
{
	uint64_t now = ring_now(request->worker->ring);
	uint64_t begin = request->conn->accepted_ns;

	(void)name;
	return http_variable_seconds(request, now > begin ? now - begin : 0,
	    ret);
}

static bool tcp_info(struct http_request *request, struct tcp_info *ret)
{
	socklen_t len = sizeof(*ret);

	return !getsockopt(request->conn->stream.fd, IPPROTO_TCP, TCP_INFO,
	    ret, &len);
}

static bool get_tcpinfo_rtt(struct http_request *request, struct slice name,
    struct slice *ret)
{
	struct tcp_info info;

	(void)name;
	return tcp_info(request, &info) &&
	    http_variable_number(request, info.tcpi_rtt, ret);
}

static bool get_tcpinfo_rttvar(struct http_request *request,
    struct slice name, struct slice *ret)
{
	struct tcp_info info;

	(void)name;
	return tcp_info(request, &info) &&
	    http_variable_number(request, info.tcpi_rttvar, ret);
}

static bool get_tcpinfo_snd_cwnd(struct http_request *request,
    struct slice name, struct slice *ret)
{
	struct tcp_info info;

	(void)name;
	return tcp_info(request, &info) &&
	    http_variable_number(request, info.tcpi_snd_cwnd, ret);
}

static bool get_tcpinfo_rcv_space(struct http_request *request,
    struct slice name, struct slice *ret)
{
	struct tcp_info info;

	(void)name;
	return tcp_info(request, &info) &&
	    http_variable_number(request, info.tcpi_rcv_space, ret);
}

/* ---- the process ---- */

static bool get_pid(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	return http_variable_number(request, (uint64_t)getpid(), ret);
}

static bool get_hostname(struct http_request *request, struct slice name,
    struct slice *ret)
{
	char text[256];

	(void)name;
	if (gethostname(text, sizeof(text)))
		return false;
	text[sizeof(text) - 1] = '\0';
	*ret = arena_copy(&request->arena, slice_cstr(text));
	return ret->data != NULL;
}

static bool get_version(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)request, (void)name;
	*ret = SLICE(PACKAGE_VERSION);
	return true;
}

/* ---- the clock ---- */

/* Texts of one second; a worker has one loop, so one is enough. */
struct time_texts {
	uint64_t second;
	char local[32];			/* "28/Sep/1970:12:00:00 +0600" */
	char iso8601[32];		/* "1970-09-28T12:00:00+06:00" */
};

static const char *const time_months[12] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
};

static void time_texts_make(struct time_texts *texts, uint64_t second)
{
	time_t t = (time_t)second;
	struct tm tm;
	long minutes;
	char sign;

	(void)localtime_r(&t, &tm); /* valid for every present-day time */
	sign = tm.tm_gmtoff < 0 ? '-' : '+';
	minutes = labs(tm.tm_gmtoff) / 60;
	(void)snprintf(texts->local, sizeof(texts->local),
	    "%02u/%s/%u:%02u:%02u:%02u %c%02u%02u", tm.tm_mday % 100U,
	    time_months[tm.tm_mon], (tm.tm_year + 1900U) % 10000,
	    tm.tm_hour % 100U, tm.tm_min % 100U, tm.tm_sec % 100U, sign,
	    (unsigned)(minutes / 60) % 100, (unsigned)(minutes % 60));
	(void)snprintf(texts->iso8601, sizeof(texts->iso8601),
	    "%04u-%02u-%02uT%02u:%02u:%02u%c%02u:%02u",
	    (tm.tm_year + 1900U) % 10000, tm.tm_mon % 100U + 1,
	    tm.tm_mday % 100U, tm.tm_hour % 100U, tm.tm_min % 100U,
	    tm.tm_sec % 100U, sign, (unsigned)(minutes / 60) % 100,
	    (unsigned)(minutes % 60));
	texts->second = second;
}

static uint64_t time_now_ns(struct http_request *request)
{
	/* Has the clock looked at if that was not done this second. */
	(void)http_worker_date(request->worker);
	return http_worker_real_ns(request->worker);
}

static const struct time_texts *time_texts_now(struct http_request *request)
{
	static struct time_texts texts;
	uint64_t second = time_now_ns(request) / NS_PER_SEC;

	if (second != texts.second)
		time_texts_make(&texts, second);
	return &texts;
}

/* A copy: whoever holds the value may wait, and the second pass. */
static bool get_time_local(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	*ret = arena_copy(&request->arena,
	    slice_cstr(time_texts_now(request)->local));
	return ret->data != NULL;
}

static bool get_time_iso8601(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	*ret = arena_copy(&request->arena,
	    slice_cstr(time_texts_now(request)->iso8601));
	return ret->data != NULL;
}

static bool get_msec(struct http_request *request, struct slice name,
    struct slice *ret)
{
	(void)name;
	return http_variable_seconds(request, time_now_ns(request), ret);
}

const struct http_variable http_conn_variables[] = {
	{ .name = { "remote_addr", 11 }, .get = get_remote_addr,
	  .help = "address of the client" },
	{ .name = { "remote_port", 11 }, .get = get_remote_port,
	  .help = "port of the client" },
	{ .name = { "binary_remote_addr", 18 },
	  .get = get_binary_remote_addr,
	  .help = "address of the client as 4 or 16 bytes, for keys" },
	{ .name = { "server_addr", 11 }, .get = get_server_addr,
	  .help = "address that the client connected to" },
	{ .name = { "server_port", 11 }, .get = get_server_port,
	  .help = "port that the client connected to" },
	{ .name = { "scheme", 6 }, .get = get_scheme,
	  .help = "\"http\"" },
	{ .name = { "https", 5 }, .get = get_https,
	  .help = "empty, as nothing is served with TLS" },
	{ .name = { "connection", 10 }, .get = get_connection,
	  .help = "number of the connection" },
	{ .name = { "connection_requests", 19 },
	  .get = get_connection_requests,
	  .help = "which request of its connection this is" },
	{ .name = { "connection_time", 15 }, .get = get_connection_time,
	  .help = "seconds since the connection was accepted, with "
	    "milliseconds" },
	{ .name = { "tcpinfo_rtt", 11 }, .get = get_tcpinfo_rtt,
	  .help = "round-trip time of the connection in microseconds" },
	{ .name = { "tcpinfo_rttvar", 14 }, .get = get_tcpinfo_rttvar,
	  .help = "how much that varies, in microseconds" },
	{ .name = { "tcpinfo_snd_cwnd", 16 }, .get = get_tcpinfo_snd_cwnd,
	  .help = "congestion window of the connection in segments" },
	{ .name = { "tcpinfo_rcv_space", 17 }, .get = get_tcpinfo_rcv_space,
	  .help = "receive window of the connection in bytes" },
	{ .name = { "pid", 3 }, .get = get_pid,
	  .help = "process id of the worker" },
	{ .name = { "hostname", 8 }, .get = get_hostname,
	  .help = "name of the machine" },
	{ .name = { "nginx_version", 13 }, .get = get_version,
	  .help = "version of ringmaster" },
	{ .name = { "time_local", 10 }, .get = get_time_local,
	  .help = "time as in access logs" },
	{ .name = { "time_iso8601", 12 }, .get = get_time_iso8601,
	  .help = "time as ISO 8601 has it" },
	{ .name = { "msec", 4 }, .get = get_msec,
	  .help = "seconds since 1970, with milliseconds" },
	{ .name = { NULL, 0 }, .get = NULL },
};
