#ifndef RINGMASTER_HTTP_CIDR_H
#define RINGMASTER_HTTP_CIDR_H

#include <stdint.h>
#include <sys/socket.h>

#include "base/slice.h"

/*
 * Blocks of addresses as configurations write them: "192.0.2.1",
 * "192.0.2.0/24", "2001:db8::/32", "unix:".
 */

struct cidr {
	sa_family_t family;	/* AF_INET, AF_INET6, or AF_UNIX: any such */
	uint8_t bits;		/* of the address that count */
	unsigned char address[16];	/* in network order */
};

enum cidr_result {
	CIDR_OK,
	CIDR_LOW_BITS,		/* it is one, but bits behind the prefix were
				 * set; in *ret they are not */
	CIDR_INVALID,
};

enum cidr_result cidr_parse(struct slice text, struct cidr *ret);

/* Is the address in the block? Its family must be the same. */
bool cidr_has(const struct cidr *cidr, sa_family_t family,
    const void *address);

#endif
