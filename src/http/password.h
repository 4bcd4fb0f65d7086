#ifndef RINGMASTER_HTTP_PASSWORD_H
#define RINGMASTER_HTTP_PASSWORD_H

#include "base/slice.h"

/*
 * Passwords against their hashes, as they stand in the files that htpasswd
 * writes and nginx's auth_basic_user_file reads:
 *
 *	$2b$ $2y$ $2a$		bcrypt
 *	$y$ $gy$ $7$		yescrypt, its GOST variant, scrypt
 *	$6$ $5$ $1$		SHA-512-, SHA-256- and MD5-crypt
 *	13 characters		DES, of which 8 bytes of a password count
 *	$apr1$			Apache's MD5
 *	{SHA} {SSHA}		SHA-1 in base64, the second one with salt
 *	{PLAIN}			the password itself
 *
 * The first four kinds are crypt(3)'s. What hash a password should have is
 * said in the manual; here all of them are merely understood.
 */

enum {
	PASSWORD_MAX = 511,		/* bytes of a password */
	PASSWORD_HASH_MAX = 383,	/* of a hash */
};

/* Is `hash` whole and of a kind that password_verify() knows? */
bool password_hash_valid(struct slice hash);

/*
 * Is `password` the one that `hash` was made of? Both may hold any bytes;
 * one that is too long, or holds a zero, is not.
 *
 * Slow on purpose for most kinds, for tenths of a second: run it on the
 * thread pool. The comparison takes the same time whether it differs early or
 * late. Needs 40 KiB of heap; without memory the answer is no. Any thread.
 */
bool password_verify(struct slice hash, struct slice password);

#endif
