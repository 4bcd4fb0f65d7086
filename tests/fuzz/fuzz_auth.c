/*
 * What a client sends to be let in or to change something, and the files that
 * say who may: whatever it is, what is taken for a name or a value keeps to
 * its limits.
 */
#include <stdlib.h>

#include "base/utf8.h"
#include "dashboard/auth.h"
#include "dashboard/fields.h"

static void check_header(struct slice value)
{
	char space[AUTH_SPACE_SIZE];
	const struct auth_credentials credentials = auth_header_parse(value,
	    space);

	if (credentials.scheme == AUTH_BASIC &&
	    (credentials.user.len > AUTH_NAME_MAX ||
		credentials.secret.len > PASSWORD_MAX ||
		credentials.secret.data != credentials.user.data +
		    credentials.user.len + 1))
		abort();
	if (credentials.scheme == AUTH_BEARER &&
	    (!credentials.secret.len ||
		credentials.secret.len > AUTH_TOKEN_MAX))
		abort();
}

static void check_list(const struct auth_list *list)
{
	if (!list->count || list->count > AUTH_ENTRIES_MAX)
		abort();
	for (unsigned i = 0; i < list->count; i++) {
		struct slice name = list->entries[i].name;

		if (!name.len || name.len > AUTH_NAME_MAX ||
		    memchr(name.data, '\n', name.len) ||
		    memchr(name.data, '\x1b', name.len))
			abort();
	}
}

static void check_files(struct arena *arena, struct slice text)
{
	struct auth_fault fault = { 0, NULL };
	struct auth_list list = { NULL, 0 };

	if (auth_users_parse(arena, text, &list, &fault) == 0) {
		check_list(&list);
		for (unsigned i = 0; i < list.count; i++)
			if (!password_hash_valid(list.entries[i].secret))
				abort();
	} else if (!fault.reason) {
		abort();
	}
	if (auth_tokens_parse(arena, text, &list, &fault) == 0)
		check_list(&list);
}

static void check_fields(struct arena *arena, struct slice text)
{
	struct fields fields;

	if (!fields_parse_form(arena, text, &fields) &&
	    fields.count > FIELDS_MAX)
		abort();
	if (fields_parse_json(arena, text, &fields))
		return;
	if (fields.count > FIELDS_MAX)
		abort();
	for (unsigned i = 0; i < fields.count; i++) {
		struct slice value = fields.list[i].kind == FIELD_TEXT ?
		    fields.list[i].text : fields.list[i].name;

		for (size_t len; value.len; value = slice_from(value, len)) {
			len = utf8_char_len(value);
			if (!len)
				abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct slice text = { (const char *)data, size };
	struct arena arena;

	arena_init(&arena, NULL, 0, 16 << 20);
	check_header(text);
	check_files(&arena, text);
	check_fields(&arena, text);
	arena_fini(&arena);
	return 0;
}
