#ifndef RINGMASTER_BASE_HASH_H
#define RINGMASTER_BASE_HASH_H

#include "base/slice.h"

/*
 * A 64-bit hash of `s`, for tables in memory. `seed` should be random where
 * clients choose the keys. Differs between machines of other byte order.
 */
uint64_t hash_bytes(struct slice s, uint64_t seed);

/* The same of `s` with its ASCII letters in lower case. */
uint64_t hash_bytes_nocase(struct slice s, uint64_t seed);

/* Spread the bits of `x` over all 64 (a bijection). */
static inline uint64_t hash_mix(uint64_t x)
{
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	return x ^ x >> 32;
}

#endif
