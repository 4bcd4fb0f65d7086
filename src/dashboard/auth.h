#ifndef RINGMASTER_DASHBOARD_AUTH_H
#define RINGMASTER_DASHBOARD_AUTH_H

#include "conf/conf.h"
#include "http/digest.h"
#include "http/password_cache.h"
#include "http/request.h"

/*
 * Who is asking the dashboard: users with passwords (RFC 7617) and holders of
 * tokens (RFC 6750). Both come from files that the master reads with the
 * configuration, and stay in memory; what is here of a token is a digest.
 */

enum {
	AUTH_FILE_MAX = 1 << 20,	/* bytes of a file */
	AUTH_ENTRIES_MAX = 1024,	/* users, or tokens */
	AUTH_NAME_MAX = 128,		/* bytes of a name */
	AUTH_TOKEN_MIN = 16,		/* characters of a token */
	AUTH_TOKEN_MAX = 512,
	AUTH_BASIC_MAX = AUTH_NAME_MAX + 1 + PASSWORD_MAX,
	AUTH_CACHE_S = 600,		/* a verified password is remembered */
	AUTH_CHECKS_MAX = 4,		/* passwords checked at once */
	AUTH_WAITING_MAX = 512,		/* requests that wait for that */
	AUTH_FAILURES_MAX = 32,		/* failures being delayed at once */
	AUTH_FAILURE_S = 1,		/* by how much */
	AUTH_CSRF_LEN = 2 * DIGEST_SHA256_SIZE,	/* characters */
};

/* One who may ask. */
struct auth_entry {
	struct slice name;	/* UTF-8 without control characters */
	struct slice secret;	/* hash of a password, or digest of a token */
};

struct auth_list {
	struct auth_entry *entries;
	unsigned count;
};

/* All of it; the second half is for the process that serves. */
struct auth {
	struct auth_list users, tokens;
	struct password_cache cache;	/* of entries */
	unsigned checking, waiting, failing;	/* requests */
};

/* ---- the files ---- */

/* Where a file is not as it must be. */
struct auth_fault {
	unsigned line;		/* from 1; 0: the whole of it */
	const char *reason;	/* never what stands there */
};

/*
 * Read a list of users, "NAME:HASH" or "NAME:HASH:COMMENT" a line, or of
 * tokens, "TOKEN" or "NAME:TOKEN"; empty lines and those that begin with '#'
 * are skipped. What is returned lives in `arena`.
 * Returns 0, -EINVAL with *fault, or -ENOMEM.
 */
int auth_users_parse(struct arena *arena, struct slice text,
    struct auth_list *ret, struct auth_fault *fault);
int auth_tokens_parse(struct arena *arena, struct slice text,
    struct auth_list *ret, struct auth_fault *fault);

/*
 * Read the file that a directive's argument names, relative to the
 * configuration's folder. *auth is made if it is NULL.
 * Returns 0, or -errno after logging what is wrong.
 */
int auth_users_load(struct conf *conf, const struct conf_node *node,
    struct auth **auth);
int auth_tokens_load(struct conf *conf, const struct conf_node *node,
    struct auth **auth);

/* ---- the header ---- */

enum auth_scheme {
	AUTH_NONE,		/* not sent, malformed, or another scheme */
	AUTH_BASIC,
	AUTH_BEARER,
};

struct auth_credentials {
	enum auth_scheme scheme;
	struct slice user;	/* of AUTH_BASIC */
	struct slice secret;	/* the password or the token */
};

/*
 * Read the value of an Authorization header.
 *
 * space:  of AUTH_SPACE_SIZE bytes, for what is decoded; to be wiped
 */
enum { AUTH_SPACE_SIZE = AUTH_BASIC_MAX + 3 };
struct auth_credentials auth_header_parse(struct slice value, char *space);

/* ---- who it is ---- */

/*
 * The user of that name; if there is none, one of the others, always the same
 * for the same name, so that a password for it takes as long to be refused.
 */
const struct auth_entry *auth_user_find(const struct auth *auth,
    struct slice name, bool *known);

/* The holder of a token, or NULL; compares with each of them. */
const struct auth_entry *auth_token_find(const struct auth *auth,
    struct slice token);

/*
 * The hook: let a request pass (HTTP_DECLINED), with its user, if there is no
 * authentication or its credentials are right; else answer 401, after
 * AUTH_FAILURE_S if they were wrong, 429 if too many are, or 503.
 * [coroutine]
 */
int auth_check(struct http_request *request);

/* Log where the dashboard is and who may see it. */
void auth_announce(const struct http_worker *worker);

/* Who passed it; NULL if there is no authentication. */
const struct auth_entry *auth_request_entry(struct http_request *request);

/*
 * The token of a session, which a page has to send back with changes: AUTH_
 * CSRF_LEN hex digits and a terminator to `ret`. It is the same until the
 * server is started anew or the user's password changes.
 * Returns 0 or -EIO.
 */
int auth_csrf_token(struct http_request *request, char *ret);

/* Is `token` that one? */
bool auth_csrf_check(struct http_request *request, struct slice token);

#endif
