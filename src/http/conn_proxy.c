/*
 * What a proxy says at the start of a connection, where "listen" has
 * "proxy_protocol": reading it, and the variables made of it.
 *
 * Never a byte too many is received, so that whatever speaks on the
 * connection next begins at its first one.
 */

#include <errno.h>
#include <stdlib.h>

#include "http/conn.h"
#include "http/proxy_protocol.h"
#include "http/variable.h"

/* ---- reading ---- */

static void conn_proxy_log(struct http_conn *conn,
    enum proxy_protocol_result result, struct slice bytes)
{
	const struct http_core_record *core =
	    conn->listen->default_server->core;
	char client[HTTP_ADDRESS_TEXT], what[PROXY_PROTOCOL_LINE_MAX + 32];
	size_t len = 0;

	while (len < bytes.len && len < PROXY_PROTOCOL_LINE_MAX &&
	    bytes.data[len] != '\r' && bytes.data[len] != '\n')
		len++;
	if (result == PROXY_PROTOCOL_VERSION)
		(void)snprintf(what, sizeof(what), "unknown PROXY protocol "
		    "version: %u", (uint8_t)bytes.data[12] >> 4);
	else if (result == PROXY_PROTOCOL_TOO_LARGE)
		(void)snprintf(what, sizeof(what), "header is too large");
	else
		(void)snprintf(what, sizeof(what), "broken header: \"%.*s\"",
		    (int)len, bytes.data);
	(void)http_address_text(&conn->peer, client);
	log_write(core->log ? core->log : conn->worker->log, LOG_LEVEL_ERROR,
	    0, "*%llu %s while reading PROXY protocol, client: %s, server: "
	    "%.*s", (unsigned long long)conn->number, what, client,
	    SLICE_ARG(conn->listen->name));
}

/* Keep what the header says, if it does. */
static bool conn_proxy_keep(struct http_conn *conn,
    const struct proxy_protocol *header)
{
	struct proxy_protocol *proxy;
	char *tlvs;

	if (header->source.any.sa_family == AF_UNSPEC)
		return true;
	proxy = malloc(sizeof(*proxy) + header->tlvs.len);
	if (!proxy)
		return false;
	*proxy = *header;
	tlvs = (char *)(proxy + 1);
	if (header->tlvs.len)
		memcpy(tlvs, header->tlvs.data, header->tlvs.len);
	proxy->tlvs.data = tlvs;
	conn->proxy = proxy;
	return true;
}

static bool conn_proxy_receive(struct http_conn *conn, struct slice *bytes,
    size_t size)
{
	uint64_t deadline = conn->accepted_ns + NS_PER_MSEC * (uint64_t)
	    conn->listen->default_server->record->client_header_timeout;
	ssize_t n = ring_recv(&conn->stream, (char *)bytes->data + bytes->len,
	    size - bytes->len, deadline);

	if (n == -ETIMEDOUT)
		metrics_count(conn->worker->metrics, METRICS_TIMEOUTS, 1);
	if (n <= 0)
		return false;
	metrics_count(conn->worker->metrics, METRICS_BYTES_IN, (uint64_t)n);
	bytes->len += (size_t)n;
	return true;
}

bool http_conn_read_proxy(struct http_conn *conn)
{
	char buffer[PROXY_PROTOCOL_SIZE_MAX];
	struct slice bytes = { buffer, 0 };
	struct proxy_protocol header;
	enum proxy_protocol_result result;
	size_t size;

	while ((result = proxy_protocol_parse(bytes, &header, &size)) ==
	    PROXY_PROTOCOL_MORE)
		if (!conn_proxy_receive(conn, &bytes, size))
			return false;
	if (result == PROXY_PROTOCOL_DONE) {
		conn->proxy_read = true;
		return conn_proxy_keep(conn, &header);
	}
	metrics_count(conn->worker->metrics, METRICS_PARSE_PROXY, 1);
	/* What else is here says in the log who it was. */
	if (bytes.len < PROXY_PROTOCOL_LINE_MAX &&
	    ring_stream_ready(&conn->stream))
		(void)conn_proxy_receive(conn, &bytes,
		    PROXY_PROTOCOL_LINE_MAX);
	conn_proxy_log(conn, result, bytes);
	return false;
}

/* ---- variables ---- */

static bool get_addr(struct http_request *request, struct slice name,
    struct slice *ret)
{
	const struct proxy_protocol *proxy = request->conn->proxy;

	(void)name;
	return proxy && http_variable_address(request, &proxy->source, ret);
}

static bool get_port(struct http_request *request, struct slice name,
    struct slice *ret)
{
	const struct proxy_protocol *proxy = request->conn->proxy;

	(void)name;
	return proxy && http_variable_port(request, &proxy->source, ret);
}

static bool get_server_addr(struct http_request *request, struct slice name,
    struct slice *ret)
{
	const struct proxy_protocol *proxy = request->conn->proxy;

	(void)name;
	return proxy && http_variable_address(request, &proxy->destination,
	    ret);
}

static bool get_server_port(struct http_request *request, struct slice name,
    struct slice *ret)
{
	const struct proxy_protocol *proxy = request->conn->proxy;

	(void)name;
	return proxy && http_variable_port(request, &proxy->destination, ret);
}

struct tlv_name {
	struct slice name;
	unsigned type;
};

static const struct tlv_name tlv_names[] = {
	{ { "alpn", 4 }, 0x01 },
	{ { "authority", 9 }, 0x02 },
	{ { "unique_id", 9 }, 0x05 },
	{ { "ssl", 3 }, 0x20 },
	{ { "netns", 5 }, 0x30 },
	{ { NULL, 0 }, 0 },
};

/* Inside "ssl", behind a byte of flags and 4 of the verification's result. */
enum { TLV_SSL_VERIFY = 1, TLV_SSL_TLVS = 5 };
static const struct tlv_name tlv_ssl_names[] = {
	{ { "version", 7 }, 0x21 },
	{ { "cn", 2 }, 0x22 },
	{ { "cipher", 6 }, 0x23 },
	{ { "sig_alg", 7 }, 0x24 },
	{ { "key_alg", 7 }, 0x25 },
	{ { NULL, 0 }, 0 },
};

/* "0xae"; false if it is no byte. */
static bool tlv_hex(struct slice name, unsigned *ret)
{
	unsigned value = 0;

	if (!slice_starts(name, SLICE("0x")) || name.len == 2)
		return false;
	for (size_t i = 2; i < name.len; i++) {
		char c = name.data[i];
		bool digit = c >= '0' && c <= '9';

		if ((!digit && (c < 'a' || c > 'f')) || value > UINT8_MAX)
			return false;
		value = value << 4 | (unsigned)(digit ? c - '0' :
		    c - 'a' + 10);
	}
	*ret = value;
	return true;
}

/* The one called `name` in `tlvs`. */
static bool tlv_find(struct http_request *request, struct slice tlvs,
    const struct tlv_name *names, struct slice name, struct slice *ret)
{
	unsigned type;
	int found;

	while (names->name.len && !slice_equal(names->name, name))
		names++;
	type = names->type;
	if (!names->name.len && !tlv_hex(name, &type)) {
		http_log(request, LOG_LEVEL_ERROR, 0,
		    "unknown PROXY protocol TLV \"%.*s\"", SLICE_ARG(name));
		return false;
	}
	found = proxy_protocol_tlv(tlvs, type, ret);
	if (found < 0)
		http_log(request, LOG_LEVEL_ERROR, 0,
		    "broken PROXY protocol TLV");
	return found > 0;
}

static bool get_tlv(struct http_request *request, struct slice name,
    struct slice *ret)
{
	const struct proxy_protocol *proxy = request->conn->proxy;
	struct slice ssl;
	uint32_t verify;

	name = slice_from(name, strlen("proxy_protocol_tlv_"));
	if (!proxy)
		return false;
	if (!slice_starts(name, SLICE("ssl_")))
		return tlv_find(request, proxy->tlvs, tlv_names, name, ret);
	name = slice_from(name, strlen("ssl_"));
	if (!tlv_find(request, proxy->tlvs, tlv_names, SLICE("ssl"), &ssl) ||
	    ssl.len < TLV_SSL_TLVS)
		return false;
	if (!slice_equal(name, SLICE("verify")))
		return tlv_find(request, slice_from(ssl, TLV_SSL_TLVS),
		    tlv_ssl_names, name, ret);
	memcpy(&verify, ssl.data + TLV_SSL_VERIFY, sizeof(verify));
	return http_variable_number(request, ntohl(verify), ret);
}

const struct http_variable http_proxy_protocol_variables[] = {
	{ .name = { "proxy_protocol_addr", 19 }, .get = get_addr,
	  .help = "address of the client in the PROXY protocol's header" },
	{ .name = { "proxy_protocol_port", 19 }, .get = get_port,
	  .help = "port of the client in it" },
	{ .name = { "proxy_protocol_server_addr", 26 },
	  .get = get_server_addr,
	  .help = "address that the client connected to, in it" },
	{ .name = { "proxy_protocol_server_port", 26 },
	  .get = get_server_port,
	  .help = "port that the client connected to, in it" },
	{ .name = { "proxy_protocol_tlv_*", 20 }, .get = get_tlv,
	  .help = "a field of its second version, by name or as 0x and its "
	    "number" },
	{ .name = { NULL, 0 }, .get = NULL },
};
