#ifndef RINGMASTER_HTTP_DIGEST_H
#define RINGMASTER_HTTP_DIGEST_H

#include "base/slice.h"

/*
 * Digests of libcrypto, and comparing them. Any thread.
 */

enum {
	DIGEST_MD5_SIZE = 16,
	DIGEST_SHA1_SIZE = 20,
	DIGEST_SHA256_SIZE = 32,
};

/* The digest of `data` to `ret`. Return 0, or -EIO if libcrypto was made
 * without that digest, as it is for MD5 in FIPS mode. */
int digest_md5(struct slice data, uint8_t ret[DIGEST_MD5_SIZE]);
int digest_sha1(struct slice data, uint8_t ret[DIGEST_SHA1_SIZE]);
int digest_sha256(struct slice data, uint8_t ret[DIGEST_SHA256_SIZE]);

/* HMAC-SHA-256 (RFC 2104) of `data`. Returns 0 or -EIO. */
int digest_hmac(struct slice key, struct slice data,
    uint8_t ret[DIGEST_SHA256_SIZE]);

/*
 * Are they equal? Takes a time that depends on their lengths only, so that a
 * secret cannot be found out byte by byte.
 */
bool digest_equal(struct slice a, struct slice b);

#endif
