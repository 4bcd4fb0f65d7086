/*
 * One hash table holds exact names as they are and wildcards as they are
 * written, so that the longest wildcard is found by asking for the name with
 * one label less at a time.
 */

#include "http/names.h"

#include <errno.h>

#include "base/hash.h"

enum { HTTP_NAMES_SIZE = 8 };		/* of the smallest table */

struct http_name {
	uint64_t hash;
	struct slice name;
	void *value;
	struct http_name *next;
};

void http_names_init(struct http_names *names, struct arena *arena)
{
	*names = (struct http_names){ .arena = arena };
}

static void *names_find_exact(const struct http_names *names,
    struct slice name)
{
	uint64_t hash = hash_bytes_nocase(name, 0);
	const struct http_name *entry = names->table[hash &
	    (names->size - 1)];

	while (entry && !(entry->hash == hash &&
	    slice_equal_nocase(entry->name, name)))
		entry = entry->next;
	return entry ? entry->value : NULL;
}

/* "*.b.c", "*.c" for "a.b.c"; then "a.b.*", "a.*". */
static void *names_find_wildcard(const struct http_names *names,
    struct slice name)
{
	char text[HTTP_NAME_MAX + 2];
	void *value = NULL;

	if (name.len > HTTP_NAME_MAX)
		return NULL;
	for (size_t i = 0; i < name.len && !value; i++) {
		if (name.data[i] != '.')
			continue;
		text[0] = '*';
		memcpy(text + 1, name.data + i, name.len - i);
		value = names_find_exact(names,
		    (struct slice){ text, name.len - i + 1 });
	}
	for (size_t i = name.len; i > 0 && !value; i--) {
		if (name.data[i - 1] != '.')
			continue;
		memcpy(text, name.data, i);
		text[i] = '*';
		value = names_find_exact(names,
		    (struct slice){ text, i + 1 });
	}
	return value;
}

void *http_names_find(const struct http_names *names, struct slice name)
{
	void *value;

	if (!names->size)
		return NULL;
	value = names_find_exact(names, name);
	return value || !names->wildcards ? value :
	    names_find_wildcard(names, name);
}

/* ---- adding ---- */

/* Make the table twice as large. */
static int names_grow(struct http_names *names)
{
	size_t size = names->size ? names->size * 2 : HTTP_NAMES_SIZE;
	struct http_name **table = arena_calloc(names->arena, size,
	    sizeof(*table));

	if (!table)
		return -ENOMEM;
	for (size_t i = 0; i < names->size; i++) {
		struct http_name *entry = names->table[i], *next;

		for (; entry; entry = next) {
			struct http_name **slot = &table[entry->hash &
			    (size - 1)];

			next = entry->next;
			entry->next = *slot;
			*slot = entry;
		}
	}
	names->table = table;
	names->size = size;
	return 0;
}

static int names_add_exact(struct http_names *names, struct slice name,
    void *value)
{
	struct http_name *entry, **slot;

	if (names->count == names->size && names_grow(names))
		return -ENOMEM;
	if (names_find_exact(names, name))
		return -EEXIST;
	entry = arena_alloc(names->arena, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	*entry = (struct http_name){ hash_bytes_nocase(name, 0), name, value,
	    NULL };
	slot = &names->table[entry->hash & (names->size - 1)];
	entry->next = *slot;
	*slot = entry;
	names->count++;
	return 0;
}

enum names_kind { NAMES_EXACT, NAMES_DOT, NAMES_STAR, NAMES_BAD };

static enum names_kind names_kind(struct slice name)
{
	unsigned stars = 0;

	for (size_t i = 0; i < name.len; i++) {
		stars += name.data[i] == '*';
		if (name.data[i] == '\0' || (name.data[i] == '.' &&
		    i + 1 < name.len && name.data[i + 1] == '.'))
			return NAMES_BAD;
	}
	if (stars == 0)
		return name.len > 1 && name.data[0] == '.' ? NAMES_DOT
							   : NAMES_EXACT;
	return stars == 1 && name.len > 2 &&
	    (slice_starts(name, SLICE("*.")) ||
		slice_ends(name, SLICE(".*"))) ? NAMES_STAR : NAMES_BAD;
}

int http_names_add(struct http_names *names, struct slice name,
    bool wildcards, void *value)
{
	enum names_kind kind = wildcards ? names_kind(name) : NAMES_EXACT;
	struct slice star;
	int err;

	if (kind == NAMES_BAD)
		return -EINVAL;
	if (kind != NAMES_EXACT)
		names->wildcards = true;
	if (kind != NAMES_DOT)
		return names_add_exact(names, name, value);
	if (names->size && names_find_exact(names, slice_from(name, 1)))
		return -EEXIST;
	star = arena_printf(names->arena, "*%.*s", SLICE_ARG(name));
	err = star.data ? names_add_exact(names, star, value) : -ENOMEM;
	return err ? err : names_add_exact(names, slice_from(name, 1), value);
}
