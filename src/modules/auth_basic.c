/*
 * auth_basic: let clients in by user and password (RFC 7617).
 *
 * The file of users comes from the file cache, so a change counts for the
 * next request. Looking a user up and checking the password is done on the
 * thread pool, AUTH_BASIC_CHECKS_MAX at a time while other requests wait in
 * the order in which they came: hashes are slow on purpose, and one that is
 * being computed takes a whole processor, of which there are as many as
 * workers. More at once would only take the loops' time.
 *
 * A password that was right is remembered (password_cache.h), together with
 * the identity of the file.
 */

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "http/conn.h"
#include "http/file_cache.h"
#include "http/password_cache.h"
#include "http/timing.h"
#include "http/variable.h"
#include "modules/modules.h"

enum {
	AUTH_BASIC_FILE_MAX = 16 << 20,	/* bytes of a file of users */
	AUTH_BASIC_USER_MAX = 512,	/* bytes of a name */
	AUTH_BASIC_CHECKS_MAX = 1,	/* passwords a worker checks at once */
	AUTH_BASIC_WAITING_MAX = 512,	/* requests that wait for that */
};

struct auth_basic_record {
	struct http_value realm, file;
	bool realm_set, file_set;
};

/* A request that waits to be checked; on its stack. */
struct auth_basic_turn {
	struct ring_event given;
	bool mine;
	struct auth_basic_turn *next, **link;
};

/* Of the process. */
static struct auth_basic {
	struct password_cache known;
	unsigned checking, waiting;
	struct auth_basic_turn *turns, **turns_end;
} auth_basic;

extern const struct http_module http_auth_basic_module;

/* ---- remembering ---- */

struct auth_basic_attempt {
	struct slice user, password;
	const struct file *file;
	struct password_key key;	/* of all that the answer depends on */
};

static int auth_basic_key(struct auth_basic_attempt *attempt)
{
	const struct stat *seen = &attempt->file->seen;
	const int64_t identity[] = { (int64_t)seen->st_dev,
		(int64_t)seen->st_ino, seen->st_size, seen->st_mtim.tv_sec,
		seen->st_mtim.tv_nsec, seen->st_ctim.tv_sec,
		seen->st_ctim.tv_nsec };

	return password_cache_key(&auth_basic.known, (struct slice){
	    (const char *)identity, sizeof(identity) }, attempt->user,
	    attempt->password, &attempt->key);
}

static void auth_basic_remember(const struct auth_basic_attempt *attempt)
{
	password_cache_add(&auth_basic.known, &attempt->key, &auth_basic,
	    UINT64_MAX);
}

static bool auth_basic_knows(const struct auth_basic_attempt *attempt)
{
	return password_cache_find(&auth_basic.known, &attempt->key, 0);
}

/* ---- checking, on the pool ---- */

enum auth_basic_result {
	AUTH_BASIC_NO_FILE,		/* `error` says why */
	AUTH_BASIC_NO_USER,
	AUTH_BASIC_WRONG,
	AUTH_BASIC_RIGHT,
};

struct auth_basic_job {
	const struct auth_basic_attempt *attempt;
	enum auth_basic_result result;
	int error;
};

/* What stands behind "user:" in a line, up to the next ':'. */
static bool auth_basic_line(struct slice line, struct slice user,
    struct slice *hash)
{
	const char *end;

	if (line.len <= user.len || line.data[user.len] != ':' ||
	    !slice_equal(slice_first(line, user.len), user))
		return false;
	*hash = slice_from(line, user.len + 1);
	end = hash->len ? memchr(hash->data, ':', hash->len) : NULL;
	if (end)
		hash->len = (size_t)(end - hash->data);
	if (hash->len && hash->data[hash->len - 1] == '\r')
		hash->len--;
	return true;
}

/* The first line of the user counts. */
static bool auth_basic_find(struct slice text, struct slice user,
    struct slice *hash)
{
	while (text.len) {
		const char *end = memchr(text.data, '\n', text.len);
		struct slice line = slice_first(text, end ?
		    (size_t)(end - text.data) : text.len);

		if (line.len && line.data[0] != '#' &&
		    auth_basic_line(line, user, hash))
			return true;
		text = slice_from(text, line.len + (end != NULL));
	}
	return false;
}

static enum auth_basic_result auth_basic_verify(
    const struct auth_basic_attempt *attempt, struct slice text)
{
	struct slice hash;

	if (!auth_basic_find(text, attempt->user, &hash))
		return AUTH_BASIC_NO_USER;
	return password_verify(hash, attempt->password) ? AUTH_BASIC_RIGHT
							: AUTH_BASIC_WRONG;
}

/* A file that is too large to be cached. */
static void auth_basic_read(struct auth_basic_job *job)
{
	const struct file *file = job->attempt->file;
	size_t size = file->size, done = 0;
	ssize_t n = 1;
	char *text;

	text = size <= AUTH_BASIC_FILE_MAX ? malloc(size) : NULL;
	job->error = size <= AUTH_BASIC_FILE_MAX ? ENOMEM : EFBIG;
	if (!text)
		return;
	while (done < size && n > 0) {
		n = pread(file->fd, text + done, size - done, (off_t)done);
		done += n > 0 ? (size_t)n : 0;
	}
	job->error = n < 0 ? errno : 0;
	if (n >= 0)
		job->result = auth_basic_verify(job->attempt,
		    (struct slice){ text, done });
	explicit_bzero(text, done);
	free(text);
}

static void auth_basic_run(void *arg)
{
	struct auth_basic_job *job = arg;
	const struct file *file = job->attempt->file;

	if (file->body)
		job->result = auth_basic_verify(job->attempt,
		    (struct slice){ file->body, file->size });
	else
		auth_basic_read(job);
}

/* ---- taking turns ---- */

/* Wait until a password may be checked. Returns HTTP_DECLINED then. */
static int auth_basic_take_turn(struct http_request *request)
{
	struct auth_basic_turn turn = { .mine = false };
	int rc = 0;

	if (auth_basic.checking < AUTH_BASIC_CHECKS_MAX) {
		auth_basic.checking++;
		return HTTP_DECLINED;
	}
	if (auth_basic.waiting == AUTH_BASIC_WAITING_MAX) {
		http_log(request, LOG_LEVEL_ERROR, 0,
		    "too many passwords wait to be checked");
		return 503;
	}
	turn.link = auth_basic.turns_end;
	*turn.link = &turn;
	auth_basic.turns_end = &turn.next;
	auth_basic.waiting++;
	while (!turn.mine && !rc)
		rc = http_request_wait(request, &turn.given,
		    RING_NO_DEADLINE);
	if (turn.mine)
		return HTTP_DECLINED;
	*turn.link = turn.next;
	if (turn.next)
		turn.next->link = turn.link;
	else
		auth_basic.turns_end = turn.link;
	auth_basic.waiting--;
	return HTTP_ABORT;
}

/* It is the next one's. */
static void auth_basic_give_turn(void)
{
	struct auth_basic_turn *turn = auth_basic.turns;

	if (!turn) {
		auth_basic.checking--;
		return;
	}
	auth_basic.turns = turn->next;
	if (turn->next)
		turn->next->link = &auth_basic.turns;
	else
		auth_basic.turns_end = &auth_basic.turns;
	auth_basic.waiting--;
	turn->mine = true;
	ring_event_wake(&turn->given);
}

/* ---- answers ---- */

/* A variable in the realm may hold what would end the line. */
static struct slice auth_basic_plain(struct slice realm)
{
	size_t len = 0;

	while (len < realm.len && (unsigned char)realm.data[len] >= ' ' &&
	    realm.data[len] != 0x7f)
		len++;
	return slice_first(realm, len);
}

static int auth_basic_challenge(struct http_request *request,
    struct slice realm)
{
	struct slice plain = auth_basic_plain(realm);
	struct slice text = arena_printf(&request->arena,
	    "Basic realm=\"%.*s\"", SLICE_ARG(plain));

	if (!text.data || http_response_add_kept(request,
	    SLICE("WWW-Authenticate"), text))
		return 500;
	return 401;
}

static int auth_basic_answer(struct http_request *request,
    const struct auth_basic_job *job, struct slice realm)
{
	const struct auth_basic_attempt *attempt = job->attempt;

	switch (job->result) {
	case AUTH_BASIC_RIGHT:
		auth_basic_remember(attempt);
		request->user = attempt->user;
		return HTTP_ALLOWED;
	case AUTH_BASIC_WRONG:
		http_log(request, LOG_LEVEL_ERROR, 0,
		    "user \"%.*s\": password mismatch",
		    SLICE_ARG(attempt->user));
		return auth_basic_challenge(request, realm);
	case AUTH_BASIC_NO_USER:
		http_log(request, LOG_LEVEL_ERROR, 0,
		    "user \"%.*s\" was not found in \"%s\"",
		    SLICE_ARG(attempt->user), attempt->file->path.data);
		return auth_basic_challenge(request, realm);
	default:
		http_log(request, LOG_LEVEL_CRIT, job->error,
		    "read() \"%s\" failed", attempt->file->path.data);
		return 500;
	}
}

/* Whatever comes of a request that the client may be let in for. */
static int auth_basic_count(struct http_request *request, int rc, bool tried)
{
	struct metrics_writer *metrics = request->worker->metrics;

	if (rc == HTTP_ALLOWED)
		metrics_count(metrics, METRICS_AUTH_OK, 1);
	else if (rc == 401)
		metrics_count(metrics, tried ? METRICS_AUTH_FAILED
		    : METRICS_AUTH_NONE, 1);
	return rc;
}

/* ---- the hook ---- */

/* The file of users, opened; returns HTTP_DECLINED or a status. */
static int auth_basic_open(struct http_request *request,
    const struct auth_basic_record *record, struct auth_basic_attempt *ret)
{
	struct slice path = http_value_get(request, &record->file);
	bool absolute = path.len && path.data[0] == '/';
	struct file *file;
	int err;

	if (!record->file.constant)
		path = arena_printf(&request->arena, "%s%.*s", absolute ? "" :
		    request->worker->http->conf->conf_prefix,
		    SLICE_ARG(path));
	err = path.data ? file_cache_open_ours(request, path, &file) : -ENOMEM;
	if (err)
		return err == -EAGAIN ? 503 : 500;
	if (file->error) {
		http_log(request, file->error == ENOENT ? LOG_LEVEL_ERROR :
		    LOG_LEVEL_CRIT, file->error, "open() \"%s\" failed",
		    file->path.data);
		return file->error == ENOENT ? 403 : 500;
	}
	if (!S_ISREG(file->mode)) {
		http_log(request, LOG_LEVEL_CRIT, 0,
		    "\"%s\" is not a regular file", file->path.data);
		return 500;
	}
	ret->file = file;
	return HTTP_DECLINED;
}

static int auth_basic_ask(struct http_request *request,
    struct auth_basic_attempt *attempt, struct slice realm)
{
	struct auth_basic_job job = { .attempt = attempt };
	int rc, err;

	rc = auth_basic_take_turn(request);
	if (rc != HTTP_DECLINED)
		return rc;
	/* Another request may have had the same one checked meanwhile. */
	if (auth_basic_knows(attempt)) {
		auth_basic_give_turn();
		request->user = attempt->user;
		return HTTP_ALLOWED;
	}
	err = http_offload(request, auth_basic_run, &job);
	auth_basic_give_turn();
	return err ? 503 : auth_basic_answer(request, &job, realm);
}

/* A user and a password came. */
static int auth_basic_try(struct http_request *request,
    const struct auth_basic_record *record,
    struct auth_basic_attempt *attempt, struct slice realm)
{
	int rc = auth_basic_open(request, record, attempt);

	if (rc != HTTP_DECLINED)
		return rc;
	if (attempt->user.len > AUTH_BASIC_USER_MAX ||
	    attempt->password.len > PASSWORD_MAX)
		return auth_basic_challenge(request, realm);
	if (auth_basic_key(attempt))
		return 500;
	if (!auth_basic_knows(attempt))
		return auth_basic_ask(request, attempt, realm);
	request->user = attempt->user;
	return HTTP_ALLOWED;
}

static int auth_basic_check(struct http_request *request)
{
	const struct auth_basic_record *record = http_request_record(request,
	    &http_auth_basic_module.table);
	struct auth_basic_attempt attempt = { .file = NULL };
	struct slice realm;

	if (!record->realm_set || !record->file_set)
		return HTTP_DECLINED;
	realm = http_value_get(request, &record->realm);
	if (!realm.data)
		return 500;
	if (slice_equal(realm, SLICE("off")))
		return HTTP_DECLINED;
	if (http_basic_credentials(request, &attempt.user, &attempt.password))
		return auth_basic_count(request, auth_basic_try(request,
		    record, &attempt, realm), true);
	http_log(request, LOG_LEVEL_INFO, 0, "no user/password was "
	    "provided for basic authentication");
	return auth_basic_count(request, auth_basic_challenge(request, realm),
	    false);
}

static int auth_basic_start(struct http_worker *worker)
{
	(void)worker;
	auth_basic.turns_end = &auth_basic.turns;
	return password_cache_init(&auth_basic.known);
}

/* ---- directives ---- */

static int auth_basic_set_value(struct conf *conf,
    const struct conf_node *node, struct slice text, struct http_value *value,
    bool *set)
{
	if (*set)
		return conf_fail(conf, node, 0, "\"%s\" directive is "
		    "duplicate", node->args[0].data);
	*set = true;
	return http_value_compile(conf, node, text, value);
}

static int auth_basic_set(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct auth_basic_record *record = arg;

	(void)scope;
	return auth_basic_set_value(conf, node, node->args[1],
	    &record->realm, &record->realm_set);
}

static int auth_basic_set_file(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope, void *arg)
{
	struct auth_basic_record *record = arg;
	struct slice text = node->args[1];

	(void)scope;
	if (!text.len || (text.data[0] != '/' && text.data[0] != '$'))
		text = arena_printf(&conf->arena, "%s%.*s", conf->conf_prefix,
		    SLICE_ARG(text));
	if (!text.data)
		return conf_fail(conf, node, ENOMEM, "auth_basic");
	return auth_basic_set_value(conf, node, text, &record->file,
	    &record->file_set);
}

static int auth_basic_merge(struct conf *conf, const void *parent, void *arg)
{
	const struct auth_basic_record *from = parent;
	struct auth_basic_record *record = arg;

	(void)conf;
	if (from && !record->realm_set) {
		record->realm = from->realm;
		record->realm_set = from->realm_set;
	}
	if (from && !record->file_set) {
		record->file = from->file;
		record->file_set = from->file_set;
	}
	return 0;
}

static const struct conf_directive auth_basic_directives[] = {
	{ .name = "auth_basic", .contexts = CONF_HTTP_ALL | CONF_LIMIT_EXCEPT,
	  .args_min = 1, .args_max = 1, .set = auth_basic_set,
	  .initial = "off", .syntax = "REALM | off",
	  .help = "ask for user and password, for this realm" },
	{ .name = "auth_basic_user_file",
	  .contexts = CONF_HTTP_ALL | CONF_LIMIT_EXCEPT, .args_min = 1,
	  .args_max = 1, .set = auth_basic_set_file,
	  .syntax = "FILE",
	  .help = "file with a user and the hash of the password a line" },
	{ .name = NULL },
};

const struct http_module http_auth_basic_module = {
	.table = {
		.name = "auth_basic",
		.help = "asks clients for a name and a password (RFC 7617)",
		.directives = auth_basic_directives,
		.record_size = sizeof(struct auth_basic_record),
		.merge = auth_basic_merge,
	},
	.worker_start = auth_basic_start,
	.phase = { [HTTP_PHASE_ACCESS] = auth_basic_check },
};
