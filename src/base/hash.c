#include "base/hash.h"

/* Odd constants with even bit counts, from the digits of pi. */
#define HASH_K0 UINT64_C(0x243f6a8885a308d3)
#define HASH_K1 UINT64_C(0x13198a2e03707345)

/* Multiply to 128 bits and fold: each input bit reaches most output bits. */
static uint64_t hash_fold(uint64_t a, uint64_t b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static uint64_t hash_load(const char *p, size_t len)
{
	uint64_t word = 0;

	memcpy(&word, p, len);
	return word;
}

uint64_t hash_bytes(struct slice s, uint64_t seed)
{
	uint64_t h = seed ^ HASH_K0;
	size_t left = s.len;
	const char *p = s.data;

	for (; left >= 16; left -= 16, p += 16)
		h = hash_fold(hash_load(p, 8) ^ HASH_K1,
		    hash_load(p + 8, 8) ^ h);
	if (left >= 8)
		h = hash_fold(hash_load(p, 8) ^ HASH_K1,
		    hash_load(p + 8, left - 8) ^ h);
	else if (left)
		h = hash_fold(hash_load(p, left) ^ HASH_K1, h);
	return hash_fold(h ^ HASH_K0, s.len ^ HASH_K1);
}

/* Set bit 5 of each byte that is an upper-case ASCII letter. */
static uint64_t hash_lower(uint64_t word)
{
	uint64_t low = word & UINT64_C(0x7f7f7f7f7f7f7f7f);
	uint64_t from_a = low + UINT64_C(0x3f3f3f3f3f3f3f3f);	/* >= 'A' */
	uint64_t past_z = low + UINT64_C(0x2525252525252525);	/* > 'Z' */
	uint64_t upper = from_a & ~past_z & ~word &
	    UINT64_C(0x8080808080808080);

	return word | upper >> 2;
}

uint64_t hash_bytes_nocase(struct slice s, uint64_t seed)
{
	uint64_t h = seed ^ HASH_K0;
	size_t left = s.len;
	const char *p = s.data;

	for (; left >= 8; left -= 8, p += 8)
		h = hash_fold(hash_lower(hash_load(p, 8)) ^ HASH_K1, h);
	if (left)
		h = hash_fold(hash_lower(hash_load(p, left)) ^ HASH_K1, h);
	return hash_fold(h ^ HASH_K0, s.len ^ HASH_K1);
}
