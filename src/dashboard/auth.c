/*
 * Who may ask the dashboard.
 *
 * A token is compared at once. Checking a password is slow on purpose: it is
 * done on the thread pool, by AUTH_CHECKS_MAX requests at a time while
 * others wait, and one that was right is remembered for AUTH_CACHE_S under a
 * keyed digest of what was sent. Reloading starts a new process, which
 * remembers nothing.
 *
 * Who guesses is answered late; while AUTH_FAILURES_MAX answers are being
 * held back no new password is looked at, but tokens and passwords that are
 * remembered pass: nobody who is in can be shut out.
 */

#include "dashboard/auth.h"

#include <errno.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/hash.h"
#include "dashboard/answer.h"
#include "http/conn.h"
#include "metrics/segment.h"

enum {
	AUTH_POLL_MS = 20,	/* at which a waiting request looks again */
	AUTH_WAIT_S = 10,	/* for a check to begin, at most */
};

/* ---- users ---- */

const struct auth_entry *auth_user_find(const struct auth *auth,
    struct slice name, bool *known)
{
	const struct auth_list *users = &auth->users;
	uint64_t seed;

	for (unsigned i = 0; i < users->count; i++)
		if (slice_equal(users->entries[i].name, name)) {
			*known = true;
			return &users->entries[i];
		}
	*known = false;
	memcpy(&seed, auth->cache.secret, sizeof(seed));
	return &users->entries[hash_bytes(name, seed) % users->count];
}

/* ---- answers ---- */

static const char auth_too_many[] =
    "Too many wrong passwords and tokens are being sent.";

static int auth_unauthorized(struct http_request *request,
    const struct auth *auth, bool wrong_token)
{
	int err = 0;

	if (auth->users.count)
		err = http_response_add(request, SLICE("WWW-Authenticate"),
		    SLICE("Basic realm=\"ringmaster\", charset=\"UTF-8\""));
	if (auth->tokens.count && !err)
		err = http_response_add(request, SLICE("WWW-Authenticate"),
		    wrong_token ? SLICE("Bearer realm=\"ringmaster\", "
			"error=\"invalid_token\"") :
		    SLICE("Bearer realm=\"ringmaster\""));
	return err ? 500 : dashboard_error(request, 401, "The dashboard "
	    "answers to those whom it knows: %s.", !auth->users.count ?
	    "send a token as \"Authorization: Bearer TOKEN\"" :
	    auth->tokens.count ? "send user and password, or a token as "
	    "\"Authorization: Bearer TOKEN\"" : "send user and password");
}

static int auth_later(struct http_request *request, unsigned status,
    const char *why)
{
	if (http_response_add(request, SLICE("Retry-After"), SLICE("1")))
		return 500;
	return dashboard_error(request, status, "%s", why);
}

/* Wrong: say so in a while, or at once that it is too much. */
static int auth_failed(struct http_request *request, struct auth *auth,
    const struct auth_credentials *credentials)
{
	bool token = credentials->scheme == AUTH_BEARER;

	/* Not in the log, which a flood would fill. */
	if (auth->failing >= AUTH_FAILURES_MAX)
		return auth_later(request, 429, auth_too_many);
	if (token)
		http_log(request, LOG_LEVEL_WARN, 0,
		    "dashboard: an unknown token was sent");
	else
		http_log(request, LOG_LEVEL_WARN, 0, "dashboard: user "
		    "\"%.*s\" sent a wrong name or password",
		    SLICE_ARG(credentials->user));
	auth->failing++;
	ring_sleep(request->worker->ring, ring_now(request->worker->ring) +
	    AUTH_FAILURE_S * NS_PER_SEC);
	auth->failing--;
	return auth_unauthorized(request, auth, token);
}

/* ---- passwords ---- */

struct auth_job {
	struct slice hash, password;
	bool right;
};

/* On the pool. */
static void auth_job_run(void *arg)
{
	struct auth_job *job = arg;

	job->right = password_verify(job->hash, job->password);
}

/*
 * Wait until a check may begin; what was remembered meanwhile goes to *found.
 * Returns 0, or -EAGAIN if that takes too long.
 */
static int auth_wait(struct http_request *request, struct auth *auth,
    const struct password_key *key, const struct auth_entry **found)
{
	struct ring *ring = request->worker->ring;
	uint64_t end_ns = ring_now(ring) + AUTH_WAIT_S * NS_PER_SEC;

	*found = password_cache_find(&auth->cache, key, ring_now(ring));
	while (!*found && auth->checking == AUTH_CHECKS_MAX) {
		if (auth->waiting == AUTH_WAITING_MAX ||
		    ring_now(ring) > end_ns)
			return -EAGAIN;
		auth->waiting++;
		ring_sleep(ring, ring_now(ring) + AUTH_POLL_MS * NS_PER_MSEC);
		auth->waiting--;
		*found = password_cache_find(&auth->cache, key,
		    ring_now(ring));
	}
	return 0;
}

/* Is it right? 1, 0, or -EAGAIN if the pool is overloaded. */
static int auth_ask(struct http_request *request, struct auth *auth,
    const struct auth_credentials *credentials,
    const struct auth_entry **ret)
{
	bool known;
	const struct auth_entry *entry = auth_user_find(auth,
	    credentials->user, &known);
	struct auth_job job = { entry->secret, credentials->secret, false };
	int err;

	auth->checking++;
	err = ring_offload(request->worker->ring, auth_job_run, &job);
	auth->checking--;
	if (err)
		return err;
	*ret = entry;
	return job.right && known;
}

static int auth_basic(struct http_request *request, struct auth *auth,
    const struct auth_credentials *credentials,
    const struct auth_entry **ret)
{
	struct password_key key;
	int right;

	if (password_cache_key(&auth->cache, SLICE(""), credentials->user,
	    credentials->secret, &key))
		return 500;
	if (auth_wait(request, auth, &key, ret))
		return auth_later(request, 503,
		    "Too many passwords are being checked.");
	if (*ret)
		return HTTP_DECLINED;
	if (auth->failing >= AUTH_FAILURES_MAX)
		return auth_later(request, 429, auth_too_many);
	right = auth_ask(request, auth, credentials, ret);
	if (right < 0)
		return auth_later(request, 503, "The server is overloaded.");
	if (!right)
		return auth_failed(request, auth, credentials);
	password_cache_add(&auth->cache, &key, *ret,
	    ring_now(request->worker->ring) + AUTH_CACHE_S * NS_PER_SEC);
	return HTTP_DECLINED;
}

/* ---- the hook ---- */

static int auth_identify(struct http_request *request, struct auth *auth,
    const struct auth_credentials *credentials,
    const struct auth_entry **ret)
{
	if (credentials->scheme == AUTH_BASIC && auth->users.count)
		return auth_basic(request, auth, credentials, ret);
	if (credentials->scheme != AUTH_BEARER || !auth->tokens.count)
		return auth_unauthorized(request, auth, false);
	*ret = auth_token_find(auth, credentials->secret);
	return *ret ? HTTP_DECLINED : auth_failed(request, auth, credentials);
}

int auth_check(struct http_request *request)
{
	struct auth *auth = dashboard_request_conf(request)->auth;
	const struct auth_entry *entry = NULL;
	struct auth_credentials credentials;
	char space[AUTH_SPACE_SIZE];
	void **place;
	int rc;

	/* A probe has no password, and learns no more than that we answer. */
	if (!auth || slice_equal(request->uri, SLICE("/healthz")))
		return HTTP_DECLINED;
	credentials = auth_header_parse(http_request_header(request,
	    SLICE("authorization")), space);
	rc = auth_identify(request, auth, &credentials, &entry);
	explicit_bzero(space, sizeof(space));
	if (rc != HTTP_DECLINED)
		return rc;
	place = http_request_data(request, &dashboard_module);
	if (!place)
		return 500;
	*place = (void *)entry;
	request->user = entry->name;
	return HTTP_DECLINED;
}

const struct auth_entry *auth_request_entry(struct http_request *request)
{
	void **place = request->module_data ?
	    http_request_data(request, &dashboard_module) : NULL;

	return place ? *place : NULL;
}

void auth_announce(const struct http_worker *worker)
{
	const struct dashboard_conf *conf = worker->http->conf->owner;
	const struct auth *auth = conf->auth;
	char who[64] = "whoever is on this machine";

	if (auth)
		(void)snprintf(who, sizeof(who), "%u users and %u tokens",
		    auth->users.count, auth->tokens.count);
	else if (conf->insecure > 0)
		strcpy(who, "whoever reaches it, as \"insecure\" is on");
	for (const struct http_listen *listen = worker->http->listens; listen;
	    listen = listen->next)
		log_write(worker->log, LOG_LEVEL_NOTICE, 0, "the dashboard is "
		    "at %.*s, for %s", SLICE_ARG(listen->name), who);
}

/* ---- the token of a session ---- */

int auth_csrf_token(struct http_request *request, char *ret)
{
	const struct metrics_header *header =
	    &request->worker->segment->file->header;
	const struct auth_entry *entry = auth_request_entry(request);
	uint8_t key[sizeof(header->session_seed) + sizeof(header->instance)];
	char text[AUTH_NAME_MAX + 1 + PASSWORD_HASH_MAX];
	uint8_t digest[DIGEST_SHA256_SIZE];
	size_t len = 0;

	memcpy(key, &header->session_seed, sizeof(header->session_seed));
	memcpy(key + sizeof(header->session_seed), header->instance,
	    sizeof(header->instance));
	if (entry) {
		memcpy(text, entry->name.data, entry->name.len);
		text[entry->name.len] = '\0';
		len = entry->name.len + 1;
		memcpy(text + len, entry->secret.data, entry->secret.len);
		len += entry->secret.len;
	}
	if (digest_hmac((struct slice){ (char *)key, sizeof(key) },
	    (struct slice){ text, len }, digest))
		return -EIO;
	for (unsigned i = 0; i < sizeof(digest); i++)
		(void)snprintf(ret + (size_t)2 * i, 3, "%02x", digest[i]);
	return 0;
}

bool auth_csrf_check(struct http_request *request, struct slice token)
{
	char ours[AUTH_CSRF_LEN + 1];

	return auth_csrf_token(request, ours) == 0 &&
	    digest_equal(token, (struct slice){ ours, AUTH_CSRF_LEN });
}
