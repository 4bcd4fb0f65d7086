#include "http/cidr.h"

#include <arpa/inet.h>
#include <string.h>

enum { CIDR_IPV4_BITS = 32, CIDR_IPV6_BITS = 128 };

/* Clear what stands behind the first `bits`. Were any bits set there? */
static bool cidr_cut(unsigned char *address, unsigned bits, unsigned all)
{
	bool set = false;

	for (unsigned i = bits; i < all; i++) {
		unsigned char bit = (unsigned char)(0x80 >> i % 8);

		set = set || address[i / 8] & bit;
		address[i / 8] &= (unsigned char)~bit;
	}
	return set;
}

enum cidr_result cidr_parse(struct slice text, struct cidr *ret)
{
	const char *slash = text.len ? memchr(text.data, '/', text.len) : NULL;
	struct slice name = slice_first(text, slash ?
	    (size_t)(slash - text.data) : text.len);
	char terminated[INET6_ADDRSTRLEN];
	struct cidr cidr = { .family = AF_INET };
	uint64_t bits = CIDR_IPV4_BITS, all;

	if (slice_equal(text, SLICE("unix:"))) {
		*ret = (struct cidr){ .family = AF_UNIX };
		return CIDR_OK;
	}
	if (name.len >= sizeof(terminated))
		return CIDR_INVALID;
	memcpy(terminated, name.data, name.len);
	terminated[name.len] = '\0';
	if (inet_pton(AF_INET, terminated, cidr.address) != 1) {
		if (inet_pton(AF_INET6, terminated, cidr.address) != 1)
			return CIDR_INVALID;
		cidr.family = AF_INET6;
		bits = CIDR_IPV6_BITS;
	}
	all = bits;
	if (slash && (!slice_to_u64(slice_from(text, name.len + 1), &bits) ||
	    bits > all))
		return CIDR_INVALID;
	cidr.bits = (uint8_t)bits;
	*ret = cidr;
	return cidr_cut(ret->address, cidr.bits, (unsigned)all) ?
	    CIDR_LOW_BITS : CIDR_OK;
}

bool cidr_has(const struct cidr *cidr, sa_family_t family,
    const void *address)
{
	const unsigned char *bytes = address;
	unsigned whole = cidr->bits / 8, rest = cidr->bits % 8;

	if (cidr->family != family)
		return false;
	if (whole && memcmp(cidr->address, bytes, whole) != 0)
		return false;
	return !rest || (cidr->address[whole] ^ bytes[whole]) >> (8 - rest)
	    == 0;
}
