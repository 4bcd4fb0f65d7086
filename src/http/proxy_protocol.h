#ifndef RINGMASTER_HTTP_PROXY_PROTOCOL_H
#define RINGMASTER_HTTP_PROXY_PROTOCOL_H

#include "http/address.h"

/*
 * The header of the PROXY protocol, versions 1 and 2, with which a proxy
 * begins a connection to say whom it speaks for (haproxy's
 * doc/proxy-protocol.txt).
 */

enum {
	PROXY_PROTOCOL_SIZE_MAX = 4096,	/* bytes of a header */
	PROXY_PROTOCOL_LINE_MAX = 107,	/* of one of version 1 */
};

struct proxy_protocol {
	union http_address source;	/* AF_UNSPEC: it does not say, nor */
	union http_address destination;	/* anything else */
	struct slice tlvs;		/* of version 2, in the parsed bytes */
};

enum proxy_protocol_result {
	PROXY_PROTOCOL_DONE,
	PROXY_PROTOCOL_MORE,		/* it may become one */
	PROXY_PROTOCOL_BROKEN,
	PROXY_PROTOCOL_VERSION,		/* neither 1 nor 2 */
	PROXY_PROTOCOL_TOO_LARGE,
};

/*
 * Parse what a connection begins with. *size becomes the bytes of the header
 * if it is done; if there must be more, how many there are at least of it
 * with those in `bytes`, and never more than there will be.
 */
enum proxy_protocol_result proxy_protocol_parse(struct slice bytes,
    struct proxy_protocol *ret, size_t *size);

/*
 * The value of the first one of this type in `tlvs` (types and lengths and
 * values). Returns 1, 0 if there is none, or -EINVAL if they are broken
 * before it.
 */
int proxy_protocol_tlv(struct slice tlvs, unsigned type, struct slice *ret);

#endif
