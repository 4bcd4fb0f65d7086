#ifndef RINGMASTER_HTTP_PASSWORD_CACHE_H
#define RINGMASTER_HTTP_PASSWORD_CACHE_H

#include "http/digest.h"
#include "http/password.h"

/*
 * Passwords that were right, so that only the first request with one pays for
 * its check. What is kept is a digest behind a random key, with everything
 * that the answer depended on; nobody can tell a password from it. The places
 * are a fixed number, and a digest says which it goes to.
 */

enum {
	PASSWORD_CACHE_PLACES = 1024,
	PASSWORD_CACHE_TEXT = 1280,	/* bytes of a user, a password and
					 * what else counts */
};

struct password_key {
	uint8_t bytes[DIGEST_SHA256_SIZE];
};

/* In the caller's memory; zeroed before password_cache_init(). */
struct password_cache {
	uint8_t secret[DIGEST_SHA256_SIZE];
	struct {
		struct password_key key;
		const void *who;	/* NULL: free */
		uint64_t until_ns;
	} places[PASSWORD_CACHE_PLACES];
};

/* Returns 0, or -EIO without randomness. */
int password_cache_init(struct password_cache *cache);

/*
 * What a password is known by.
 *
 * context: the identity of what it was checked against; may be empty
 * Returns 0, -EMSGSIZE if all is longer than PASSWORD_CACHE_TEXT, or -EIO
 * without the digest.
 */
int password_cache_key(const struct password_cache *cache,
    struct slice context, struct slice user, struct slice password,
    struct password_key *ret);

/* Whose it was when it was added, until then; or NULL. */
const void *password_cache_find(const struct password_cache *cache,
    const struct password_key *key, uint64_t now_ns);
void password_cache_add(struct password_cache *cache,
    const struct password_key *key, const void *who, uint64_t until_ns);

#endif
