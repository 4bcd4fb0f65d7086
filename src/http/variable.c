/*
 * Finding variables by name; and what the variables of all files share.
 */

#include "http/variable.h"

/* Set once, before any configuration is read: the modules are the same for
 * the whole life of the process. */
static const struct http_module *const *variable_modules;

void http_variables_use(const struct http_module *const *modules)
{
	variable_modules = modules;
}

/* How well `variable` is called `name`: 0 not at all, SIZE_MAX exactly, else
 * by how many bytes and one more of a prefix. */
static size_t variable_match(const struct http_variable *variable,
    struct slice name)
{
	struct slice prefix = variable->name;

	if (prefix.data[prefix.len - 1] != '*')
		return slice_equal_nocase(prefix, name) ? SIZE_MAX : 0;
	prefix.len--;
	return slice_equal_nocase(slice_first(name, prefix.len), prefix)
	    ? prefix.len + 1 : 0;
}

/* The best match so far. */
struct variable_best {
	const struct http_variable *variable;
	size_t match;
};

static void variable_search(const struct http_variable *table,
    struct slice name, struct variable_best *best)
{
	for (; table && table->name.len; table++) {
		size_t match = variable_match(table, name);

		if (match > best->match)
			*best = (struct variable_best){ table, match };
	}
}

const struct http_variable *http_variable_find(struct slice name)
{
	const struct http_module *const *module = variable_modules;
	struct variable_best best = { NULL, 0 };

	variable_search(http_request_variables, name, &best);
	variable_search(http_header_variables, name, &best);
	variable_search(http_conn_variables, name, &best);
	for (; module && *module; module++)
		variable_search((*module)->variables, name, &best);
	return best.variable;
}

/* Write `number` so that it ends before `end`; returns where it begins. */
static char *variable_digits(char *end, uint64_t number)
{
	do {
		*--end = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	return end;
}

bool http_variable_number(struct http_request *request, uint64_t number,
    struct slice *ret)
{
	char text[20], *end = text + sizeof(text);
	char *start = variable_digits(end, number);

	*ret = arena_copy(&request->arena,
	    (struct slice){ start, (size_t)(end - start) });
	return ret->data != NULL;
}

bool http_variable_seconds(struct http_request *request, uint64_t ns,
    struct slice *ret)
{
	uint64_t ms = ns / 1000000;
	char text[24], *end = text + sizeof(text), *start;

	start = variable_digits(end, ms % 1000 + 1000);
	*start = '.'; /* in the place of the 1 that kept the zeros */
	start = variable_digits(start, ms / 1000);
	*ret = arena_copy(&request->arena,
	    (struct slice){ start, (size_t)(end - start) });
	return ret->data != NULL;
}
