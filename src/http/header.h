#ifndef RINGMASTER_HTTP_HEADER_H
#define RINGMASTER_HTTP_HEADER_H

#include "base/slice.h"

/*
 * The request headers that the server knows, for every protocol version:
 * X(ID, first letter, last letter, name in lower case). The letters and the
 * length are what http_header_lookup() hashes.
 */
#define HTTP_HEADERS(X)							\
	X(ACCEPT, 'a', 't', "accept")					\
	X(ACCEPT_CHARSET, 'a', 't', "accept-charset")			\
	X(ACCEPT_ENCODING, 'a', 'g', "accept-encoding")			\
	X(ACCEPT_LANGUAGE, 'a', 'e', "accept-language")			\
	X(AUTHORIZATION, 'a', 'n', "authorization")			\
	X(CACHE_CONTROL, 'c', 'l', "cache-control")			\
	X(CONNECTION, 'c', 'n', "connection")				\
	X(CONTENT_ENCODING, 'c', 'g', "content-encoding")		\
	X(CONTENT_LENGTH, 'c', 'h', "content-length")			\
	X(CONTENT_RANGE, 'c', 'e', "content-range")			\
	X(CONTENT_TYPE, 'c', 'e', "content-type")			\
	X(COOKIE, 'c', 'e', "cookie")					\
	X(DATE, 'd', 'e', "date")					\
	X(DEPTH, 'd', 'h', "depth")					\
	X(DESTINATION, 'd', 'n', "destination")				\
	X(EXPECT, 'e', 't', "expect")					\
	X(HOST, 'h', 't', "host")					\
	X(HTTP2_SETTINGS, 'h', 's', "http2-settings")			\
	X(IF_MATCH, 'i', 'h', "if-match")				\
	X(IF_MODIFIED_SINCE, 'i', 'e', "if-modified-since")		\
	X(IF_NONE_MATCH, 'i', 'h', "if-none-match")			\
	X(IF_RANGE, 'i', 'e', "if-range")				\
	X(IF_UNMODIFIED_SINCE, 'i', 'e', "if-unmodified-since")		\
	X(KEEP_ALIVE, 'k', 'e', "keep-alive")				\
	X(LAST_EVENT_ID, 'l', 'd', "last-event-id")			\
	X(LOCK_TOKEN, 'l', 'n', "lock-token")				\
	X(ORIGIN, 'o', 'n', "origin")					\
	X(OVERWRITE, 'o', 'e', "overwrite")				\
	X(PRAGMA, 'p', 'a', "pragma")					\
	X(PROXY_AUTHORIZATION, 'p', 'n', "proxy-authorization")		\
	X(RANGE, 'r', 'e', "range")					\
	X(REFERER, 'r', 'r', "referer")					\
	X(SEC_FETCH_SITE, 's', 'e', "sec-fetch-site")			\
	X(TE, 't', 'e', "te")						\
	X(TIMEOUT, 't', 't', "timeout")					\
	X(TRAILER, 't', 'r', "trailer")					\
	X(TRANSFER_ENCODING, 't', 'g', "transfer-encoding")		\
	X(UPGRADE, 'u', 'e', "upgrade")					\
	X(USER_AGENT, 'u', 't', "user-agent")				\
	X(VIA, 'v', 'a', "via")						\
	X(X_FORWARDED_FOR, 'x', 'r', "x-forwarded-for")			\
	X(X_REAL_IP, 'x', 'p', "x-real-ip")

enum http_header_id {
	HTTP_HEADER_OTHER,
#define X(id, first, last, name) HTTP_HEADER_##id,
	HTTP_HEADERS(X)
#undef X
	HTTP_HEADER_COUNT
};

/* A header's bit in a set of headers. */
#define HTTP_HEADER_BIT(id) (UINT64_C(1) << (id))
_Static_assert(HTTP_HEADER_COUNT <= 64, "a set of headers has 64 bits");

struct http_header {
	struct slice name;	/* as sent; a token */
	struct slice value;	/* without the blanks around it */
	uint8_t id;		/* enum http_header_id */
};

/* A list of tokens that is being walked, e.g. Connection's value. */
struct http_list {
	struct slice rest;
};

/* The id of a header, its name in any case, or HTTP_HEADER_OTHER. */
enum http_header_id http_header_lookup(struct slice name);

/* The name of a known header in lower case; empty for HTTP_HEADER_OTHER. */
struct slice http_header_name(enum http_header_id id);

/* The first header with this id among `count` of them, or NULL. */
const struct http_header *http_header_find(const struct http_header *headers,
    size_t count, enum http_header_id id);

/*
 * The next member of a comma-separated list (RFC 9110 §5.6.1), trimmed;
 * empty members are skipped. Commas within quotes are not understood.
 * Returns false at the end of the list.
 */
bool http_list_next(struct http_list *list, struct slice *ret);

/* A member of Accept-Encoding, "gzip;q=0.5", into its name and its weight in
 * thousandths; false if it is malformed. */
bool http_coding_parse(struct slice member, struct slice *name,
    unsigned *weight);

/*
 * How much a client wants content in `coding`, in lower case ("gzip",
 * "identity"), by what it sent as Accept-Encoding (RFC 9110 §12.5.3): from 0
 * (not at all, or it did not say) to 1000. Malformed members are skipped.
 */
unsigned http_coding_weight(struct slice accept_encoding,
    struct slice coding);

#endif
