/*
 * What ringmaster-segment(5) says of the shared file: its structs, as the
 * compiler lays them out, with the comments of their headers. Both come from
 * scripts/layout, which reads the headers; that it missed no field is
 * checked here.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "metrics/segment.h"
#include "tools/manual.h"

struct layout_field {
	const char *path;	/* NULL: `type` is a remark on what follows */
	const char *type;
	const char *name;	/* with its dimensions */
	size_t offset, size;
	const char *help;	/* or "" */
};

struct layout {
	const char *name;
	const char *help;
	size_t size;
	const struct layout_field *fields;	/* ended by a NULL type */
};

/* An enumerator. */
struct layout_value {
	const char *group;	/* "enum name", or "" */
	const char *group_help;
	const char *name;
	uint64_t value;
	const char *help;
};

#define FIELD(owner, path, type, name, help)				\
	{ #path, type, name, offsetof(struct owner, path),		\
	  sizeof(((struct owner *)0)->path), help }
#define REMARK(text) { NULL, text, NULL, 0, 0, "" }

#include "tools/manual_layout.h"

enum { LAYOUTS_MAX = 64, PADDING_MAX = 8, CACHE_LINE = 64 };

/* The structs that are in the file, in the order of the page. */
static const struct layout *used[LAYOUTS_MAX];
static unsigned used_count;

static const struct layout *find(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(*layouts); i++)
		if (strlen(layouts[i].name) == len &&
		    strncmp(layouts[i].name, name, len) == 0)
			return &layouts[i];
	return NULL;
}

/* Are bytes from `end` to `start` padding, and nothing that was missed? */
static void check_gap(const struct layout *layout, size_t end, size_t start)
{
	if (start < end || (start - end >= PADDING_MAX &&
	    start % CACHE_LINE != 0))
		manual_fail("%s: what is in bytes %zu to %zu?", layout->name,
		    end, start);
}

static void check_fields(const struct layout *layout)
{
	size_t end = 0;

	for (const struct layout_field *field = layout->fields; field->type;
	    field++) {
		if (!field->path || strchr(field->path, '['))
			continue;
		check_gap(layout, end, field->offset);
		end = field->offset + field->size;
	}
	check_gap(layout, end, layout->size);
}

/* Add a struct and those in it, each once. */
static void use(const struct layout *layout)
{
	for (unsigned i = 0; i < used_count; i++)
		if (used[i] == layout)
			return;
	if (used_count == LAYOUTS_MAX)
		manual_fail("more than %d structs", LAYOUTS_MAX);
	check_fields(layout);
	used[used_count++] = layout;
	for (const struct layout_field *field = layout->fields; field->type;
	    field++) {
		const struct layout *inner = find(field->type,
		    strlen(field->type));

		if (!inner && strncmp(field->type, "struct ", 7) == 0)
			manual_fail("%s: its layout is not known",
			    field->type);
		if (inner)
			use(inner);
	}
}

/* ---- the page ---- */

static void print_field(const struct layout_field *field)
{
	if (!field->path) {
		printf(".It Ta Ta ");
		manual_sentence(field->type);
		return;
	}
	printf(".It %zu Ta %zu Ta Li \"%s %s\"\n", field->offset, field->size,
	    field->type, field->name);
	if (*field->help) {
		printf("\\(em ");
		manual_text(field->help);
		printf("\n");
	}
}

static void print_struct(const struct layout *layout)
{
	printf(".Ss %s\n", layout->name);
	if (*layout->help)
		manual_sentence(layout->help);
	printf("%zu bytes:\n.Bl -column -compact \"12345678\" \"12345678\" "
	    "\"x\"\n", layout->size);
	for (const struct layout_field *field = layout->fields; field->type;
	    field++)
		print_field(field);
	printf(".El\n");
	manual_about(layout->name);
}

static void print_structs(void)
{
	use(find("struct metrics_file", strlen("struct metrics_file")));
	for (unsigned i = 0; i < used_count; i++)
		print_struct(used[i]);
}

/* The head of a list of enumerators, and the end of the one before. */
static void print_group(const struct layout_value *value, bool first)
{
	if (!first)
		printf(".El\n.Pp\n");
	printf("%s%s\n", *value->group ? ".Vt " : "Numbers",
	    *value->group ? value->group : "");
	if (*value->group_help) {
		printf("\\(em ");
		manual_text(value->group_help);
		printf("\n");
	}
	printf(".Bl -tag -width Ds -compact\n");
}

static void print_values(void)
{
	const size_t count = sizeof(layout_values) / sizeof(*layout_values);
	const char *group = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct layout_value *value = &layout_values[i];

		if (!group || strcmp(group, value->group) != 0) {
			print_group(value, !group);
			group = value->group;
		}
		printf(".It Dv %s No = %" PRIu64 "\n", value->name,
		    value->value);
		if (*value->help)
			manual_sentence(value->help);
	}
	printf(".El\n");
}

static bool insert(const char *what)
{
	if (strcmp(what, "structs") == 0)
		print_structs();
	else if (strcmp(what, "constants") == 0)
		print_values();
	else
		return false;
	return true;
}

/* The offset of "STRUCT.FIELD", the size of "STRUCT", or a constant. */
static bool value(const char *name, uint64_t *ret)
{
	const char *dot = strchr(name, '.');
	size_t len = dot ? (size_t)(dot - name) : strlen(name);
	const struct layout *layout;
	char full[64];

	(void)snprintf(full, sizeof(full), "struct %.*s", (int)len, name);
	layout = find(full, strlen(full));
	if (strcmp(name, "METRICS_MAGIC") == 0) {
		*ret = METRICS_MAGIC;
		return true;
	}
	if (strcmp(name, "HIST_BINS_PER_DECADE") == 0) {
		*ret = HIST_BINS_PER_DECADE;
		return true;
	}
	for (size_t i = 0; !layout && i < sizeof(layout_values) /
	    sizeof(*layout_values); i++) {
		*ret = layout_values[i].value;
		if (strcmp(layout_values[i].name, name) == 0)
			return true;
	}
	if (!layout)
		return false;
	*ret = layout->size;
	for (const struct layout_field *field = layout->fields;
	    dot && field->type; field++) {
		*ret = field->offset;
		if (field->path && strcmp(field->path, dot + 1) == 0)
			return true;
	}
	return !dot;
}

const struct manual_page manual_segment = {
	.name = "ringmaster-segment.5",
	.insert = insert,
	.value = value,
};
