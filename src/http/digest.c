/* Digests: the one file that asks libcrypto for them. */

#include "http/digest.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static int digest_make(const EVP_MD *kind, struct slice data, uint8_t *ret)
{
	return EVP_Digest(data.data, data.len, ret, NULL, kind, NULL) == 1 ?
	    0 : -EIO;
}

int digest_md5(struct slice data, uint8_t ret[DIGEST_MD5_SIZE])
{
	return digest_make(EVP_md5(), data, ret);
}

int digest_sha1(struct slice data, uint8_t ret[DIGEST_SHA1_SIZE])
{
	return digest_make(EVP_sha1(), data, ret);
}

int digest_sha256(struct slice data, uint8_t ret[DIGEST_SHA256_SIZE])
{
	return digest_make(EVP_sha256(), data, ret);
}

int digest_hmac(struct slice key, struct slice data,
    uint8_t ret[DIGEST_SHA256_SIZE])
{
	return HMAC(EVP_sha256(), key.data, (int)key.len,
	    (const unsigned char *)data.data, data.len, ret, NULL) ?
	    0 : -EIO;
}

bool digest_equal(struct slice a, struct slice b)
{
	return a.len == b.len &&
	    (a.len == 0 || CRYPTO_memcmp(a.data, b.data, a.len) == 0);
}
