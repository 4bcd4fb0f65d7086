/*
 * The digest is SHA-256 of the secret, which nobody sees, and the text behind
 * it: there is no need of an HMAC, which takes four times as long.
 */

#include "http/password_cache.h"

#include <errno.h>
#include <sys/random.h>

int password_cache_init(struct password_cache *cache)
{
	return getrandom(cache->secret, sizeof(cache->secret), 0) ==
	    (ssize_t)sizeof(cache->secret) ? 0 : -EIO;
}

static char *password_cache_append(char *to, struct slice bytes)
{
	if (bytes.len)
		memcpy(to, bytes.data, bytes.len);
	return to + bytes.len;
}

int password_cache_key(const struct password_cache *cache,
    struct slice context, struct slice user, struct slice password,
    struct password_key *ret)
{
	/* So that parts of other lengths are never the same text. */
	const size_t lengths[] = { context.len, user.len };
	char text[DIGEST_SHA256_SIZE + sizeof(lengths) + PASSWORD_CACHE_TEXT];
	char *end = text;
	int err;

	if (context.len > PASSWORD_CACHE_TEXT ||
	    user.len > PASSWORD_CACHE_TEXT - context.len ||
	    password.len > PASSWORD_CACHE_TEXT - context.len - user.len)
		return -EMSGSIZE;
	end = password_cache_append(end, (struct slice){
	    (const char *)cache->secret, sizeof(cache->secret) });
	end = password_cache_append(end, (struct slice){
	    (const char *)lengths, sizeof(lengths) });
	end = password_cache_append(end, context);
	end = password_cache_append(end, user);
	end = password_cache_append(end, password);
	err = digest_sha256((struct slice){ text, (size_t)(end - text) },
	    ret->bytes);
	explicit_bzero(text, (size_t)(end - text));
	return err;
}

static size_t password_cache_place(const struct password_key *key)
{
	uint32_t number;

	memcpy(&number, key->bytes, sizeof(number));
	return number % PASSWORD_CACHE_PLACES;
}

const void *password_cache_find(const struct password_cache *cache,
    const struct password_key *key, uint64_t now_ns)
{
	size_t i = password_cache_place(key);

	return cache->places[i].until_ns > now_ns &&
	    memcmp(&cache->places[i].key, key, sizeof(*key)) == 0 ?
	    cache->places[i].who : NULL;
}

void password_cache_add(struct password_cache *cache,
    const struct password_key *key, const void *who, uint64_t until_ns)
{
	size_t i = password_cache_place(key);

	cache->places[i].key = *key;
	cache->places[i].who = who;
	cache->places[i].until_ns = until_ns;
}
