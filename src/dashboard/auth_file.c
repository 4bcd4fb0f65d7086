/*
 * The files of users and tokens. They are read by the master with its rights,
 * so that they need not be readable by the user that serves.
 */

#include "dashboard/auth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8.h"

/* ---- lines ---- */

struct auth_line {
	struct slice name, secret;
	uint8_t digest[DIGEST_SHA256_SIZE];	/* of a token: its secret */
};

/* Reads one line; NULL, or what is wrong with it. */
typedef const char *auth_line_read(struct slice text, struct auth_line *ret);

/* Only valid UTF-8, and nothing that a terminal or a log would obey. */
static bool auth_name_valid(struct slice name)
{
	return name.len && name.len <= AUTH_NAME_MAX && utf8_is_plain(name);
}

/* What stands before ':', and behind it to *rest; all and an empty *rest
 * where there is none. */
static struct slice auth_cut(struct slice text, struct slice *rest)
{
	const char *mark = text.len ? memchr(text.data, ':', text.len) : NULL;
	size_t len = mark ? (size_t)(mark - text.data) : text.len;

	*rest = slice_from(text, mark ? len + 1 : len);
	return slice_first(text, len);
}

static const char *auth_user_read(struct slice text, struct auth_line *ret)
{
	struct slice rest, comment;

	ret->name = auth_cut(text, &rest);
	ret->secret = auth_cut(rest, &comment);
	if (ret->name.len == text.len)
		return "it is not NAME:HASH";
	if (!auth_name_valid(ret->name))
		return "the name is empty, too long, or not plain UTF-8";
	return password_hash_valid(ret->secret) ? NULL : "the hash is not "
	    "whole or of an unknown kind; htpasswd -B makes good ones";
}

/* RFC 6750 2.1: b64token. */
static bool auth_token_valid(struct slice token)
{
	while (token.len && token.data[token.len - 1] == '=')
		token.len--;
	for (size_t i = 0; i < token.len; i++) {
		char c = token.data[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= 'a' && c <= 'z') && !(c && strchr("-._~+/", c)))
			return false;
	}
	return token.len > 0;
}

static bool auth_token_digest(struct slice token, uint8_t *ret)
{
	return digest_hmac(SLICE("ringmaster token"), token, ret) == 0;
}

static const char *auth_token_read(struct slice text, struct auth_line *ret)
{
	struct slice token;

	ret->name = auth_cut(text, &token);
	if (ret->name.len == text.len) {
		token = text;
		ret->name = SLICE("token");
	}
	if (!auth_name_valid(ret->name))
		return "the name is empty, too long, or not plain UTF-8";
	if (token.len < AUTH_TOKEN_MIN || token.len > AUTH_TOKEN_MAX)
		return "a token has 16 to 512 characters; openssl rand -hex 32 "
		    "makes good ones";
	if (!auth_token_valid(token))
		return "a token is made of letters, digits and -._~+/ only";
	if (!auth_token_digest(token, ret->digest))
		return "libcrypto has no SHA-256";
	ret->secret = (struct slice){ (char *)ret->digest,
	    sizeof(ret->digest) };
	return NULL;
}

static int auth_fault_set(struct auth_fault *fault, unsigned line,
    const char *reason)
{
	*fault = (struct auth_fault){ line, reason };
	return -EINVAL;
}

static int auth_entry_add(struct arena *arena, struct auth_list *list,
    const struct auth_line *line)
{
	struct auth_entry *entry = &list->entries[list->count];

	entry->name = arena_copy(arena, line->name);
	entry->secret = arena_copy(arena, line->secret);
	if (!entry->name.data || !entry->secret.data)
		return -ENOMEM;
	list->count++;
	return 0;
}

/* The next line of *text, without its end. */
static struct slice auth_line_next(struct slice *text)
{
	const char *end = memchr(text->data, '\n', text->len);
	size_t len = end ? (size_t)(end - text->data) : text->len;
	struct slice line = slice_first(*text, len);

	*text = slice_from(*text, end ? len + 1 : len);
	if (line.len && line.data[line.len - 1] == '\r')
		line.len--;
	return line;
}

static int auth_parse(struct arena *arena, struct slice text,
    auth_line_read *read_line, struct auth_list *ret,
    struct auth_fault *fault)
{
	struct auth_list list = { arena_calloc(arena, AUTH_ENTRIES_MAX,
	    sizeof(*list.entries)), 0 };
	int err = list.entries ? 0 : -ENOMEM;

	for (unsigned number = 1; text.len && !err; number++) {
		struct slice text_line = auth_line_next(&text);
		struct auth_line line;
		const char *wrong;

		if (!text_line.len || text_line.data[0] == '#')
			continue;
		if (list.count == AUTH_ENTRIES_MAX)
			return auth_fault_set(fault, number,
			    "there are more than 1024 entries");
		wrong = read_line(text_line, &line);
		if (wrong)
			return auth_fault_set(fault, number, wrong);
		err = auth_entry_add(arena, &list, &line);
	}
	if (!err)
		*ret = list;
	return err;
}

static int auth_find_duplicate(const struct auth_list *list,
    struct auth_fault *fault)
{
	for (unsigned i = 1; i < list->count; i++)
		for (unsigned n = 0; n < i; n++)
			if (slice_equal(list->entries[i].name,
				list->entries[n].name))
				return auth_fault_set(fault, 0,
				    "a name is in it twice");
	return 0;
}

int auth_users_parse(struct arena *arena, struct slice text,
    struct auth_list *ret, struct auth_fault *fault)
{
	int err = auth_parse(arena, text, auth_user_read, ret, fault);

	if (!err && !ret->count)
		return auth_fault_set(fault, 0,
		    "there is no user in it; htpasswd -B adds one");
	return err ? err : auth_find_duplicate(ret, fault);
}

int auth_tokens_parse(struct arena *arena, struct slice text,
    struct auth_list *ret, struct auth_fault *fault)
{
	int err = auth_parse(arena, text, auth_token_read, ret, fault);

	if (!err && !ret->count)
		return auth_fault_set(fault, 0, "there is no token in it; "
		    "openssl rand -hex 32 makes one");
	return err;
}

const struct auth_entry *auth_token_find(const struct auth *auth,
    struct slice token)
{
	const struct auth_entry *found = NULL;
	uint8_t digest[DIGEST_SHA256_SIZE];
	struct slice ours = { (char *)digest, sizeof(digest) };

	if (!auth_token_digest(token, digest))
		return NULL;
	for (unsigned i = 0; i < auth->tokens.count; i++)
		if (digest_equal(auth->tokens.entries[i].secret, ours))
			found = &auth->tokens.entries[i];
	return found;
}

/* ---- files ---- */

/* A file as it was read; its text is on the heap and wiped when freed. */
struct auth_file {
	const char *path;
	char *text;
	size_t len;
};

static void auth_file_free(struct auth_file *file)
{
	if (file->text)
		explicit_bzero(file->text, file->len);
	free(file->text);
}

/* Refuse what is no file, or what others than its owner can change. */
static int auth_file_check(struct conf *conf, const struct conf_node *node,
    const struct auth_file *file, int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return conf_fail(conf, node, errno, "fstat() \"%s\" failed",
		    file->path);
	if (!S_ISREG(st.st_mode))
		return conf_fail(conf, node, 0, "\"%s\" is not a regular file",
		    file->path);
	if (st.st_mode & (S_IWGRP | S_IWOTH))
		return conf_fail(conf, node, 0, "\"%s\" can be written by "
		    "others than its owner, who could let themselves in: run "
		    "chmod go-w on it", file->path);
	if (st.st_size > AUTH_FILE_MAX)
		return conf_fail(conf, node, 0, "\"%s\" is larger than %d "
		    "bytes", file->path, AUTH_FILE_MAX);
	return 0;
}

static int auth_file_text(struct conf *conf, const struct conf_node *node,
    struct auth_file *file, int fd)
{
	file->text = malloc(AUTH_FILE_MAX);
	if (!file->text)
		return -ENOMEM;
	while (file->len < AUTH_FILE_MAX) {
		ssize_t n = read(fd, file->text + file->len,
		    AUTH_FILE_MAX - file->len);

		if (n < 0 && errno != EINTR)
			return conf_fail(conf, node, errno,
			    "read() \"%s\" failed", file->path);
		if (n == 0)
			break;
		file->len += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int auth_file_read(struct conf *conf, const struct conf_node *node,
    struct auth_file *file)
{
	struct slice name = node->args[1];
	int err, fd;

	file->path = name.len && name.data[0] == '/' ? name.data :
	    arena_printf(&conf->arena, "%s%.*s", conf->conf_prefix,
		SLICE_ARG(name)).data;
	if (!file->path)
		return -ENOMEM;
	fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return conf_fail(conf, node, errno, "open() \"%s\" failed",
		    file->path);
	err = auth_file_check(conf, node, file, fd);
	if (!err)
		err = auth_file_text(conf, node, file, fd);
	(void)close(fd); /* nothing was written */
	return err;
}

static struct auth *auth_new(struct conf *conf)
{
	struct auth *auth = arena_calloc(&conf->arena, 1, sizeof(*auth));

	if (auth && password_cache_init(&auth->cache))
		return NULL;
	return auth;
}

typedef int auth_list_parse(struct arena *arena, struct slice text,
    struct auth_list *ret, struct auth_fault *fault);

static int auth_load(struct conf *conf, const struct conf_node *node,
    auth_list_parse *parse, struct auth_list *ret)
{
	struct auth_file file = { .path = NULL };
	struct auth_fault fault;
	int err = auth_file_read(conf, node, &file);

	if (!err) {
		err = parse(&conf->arena, (struct slice){ file.text,
		    file.len }, ret, &fault);
		if (err == -EINVAL && fault.line)
			err = conf_fail(conf, node, 0, "line %u of \"%s\": %s",
			    fault.line, file.path, fault.reason);
		else if (err == -EINVAL)
			err = conf_fail(conf, node, 0, "\"%s\": %s",
			    file.path, fault.reason);
	}
	auth_file_free(&file);
	return err;
}

int auth_users_load(struct conf *conf, const struct conf_node *node,
    struct auth **auth)
{
	if (!*auth)
		*auth = auth_new(conf);
	return *auth ? auth_load(conf, node, auth_users_parse,
	    &(*auth)->users) : -ENOMEM;
}

int auth_tokens_load(struct conf *conf, const struct conf_node *node,
    struct auth **auth)
{
	if (!*auth)
		*auth = auth_new(conf);
	return *auth ? auth_load(conf, node, auth_tokens_parse,
	    &(*auth)->tokens) : -ENOMEM;
}
