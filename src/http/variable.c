/*
 * Finding variables by name; and what the variables of all files share.
 */

#include "http/variable.h"

#include <errno.h>

#include "http/conn.h"

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
	variable_search(http_proxy_protocol_variables, name, &best);
	for (; module && *module; module++)
		variable_search((*module)->variables, name, &best);
	return best.variable;
}

/* ---- those of the configuration ---- */

struct http_variable_entry {
	struct http_variable variable;
	const struct conf_node *node;	/* that used it first */
	struct http_variable_entry *next;
};

struct http_variables {
	struct http_variable_entry *first;
	unsigned count;
};

enum http_variable_state {
	HTTP_VARIABLE_UNKNOWN,
	HTTP_VARIABLE_BEING_MADE,
	HTTP_VARIABLE_NONE,		/* it has no value */
	HTTP_VARIABLE_KNOWN,
};

/* What one of them is for a request. */
struct http_variable_value {
	enum http_variable_state state;
	struct slice text;
};

int http_variables_begin(struct conf *conf)
{
	conf->variables = arena_calloc(&conf->arena, 1,
	    sizeof(*conf->variables));
	return conf->variables ? 0 : -ENOMEM;
}

/* The entry for `name`, a new one if there is none; NULL without memory. */
static struct http_variable_entry *variable_entry(struct conf *conf,
    const struct conf_node *node, struct slice name)
{
	struct http_variables *variables = conf->variables;
	struct http_variable_entry *entry = variables->first;

	while (entry && !slice_equal_nocase(entry->variable.name, name))
		entry = entry->next;
	if (entry)
		return entry;
	entry = arena_calloc(&conf->arena, 1, sizeof(*entry));
	if (!entry)
		return NULL;
	*entry = (struct http_variable_entry){ .node = node,
	    .variable = { .name = name, .index = variables->count++ },
	    .next = variables->first };
	variables->first = entry;
	return entry;
}

static bool variable_is_prefix(const struct http_variable *variable)
{
	return variable->name.data[variable->name.len - 1] == '*';
}

const struct http_variable *http_variable_use(struct conf *conf,
    const struct conf_node *node, struct slice name)
{
	const struct http_variable *known = http_variable_find(name);
	struct http_variable_entry *entry;

	/* Another place may define what is one of a family so far. */
	if (known && (!conf->variables || (!variable_is_prefix(known) &&
	    !known->changeable)))
		return known;
	if (!conf->variables) {
		(void)conf_fail(conf, node, 0, "unknown \"%.*s\" variable",
		    SLICE_ARG(name));
		return NULL;
	}
	entry = variable_entry(conf, node, name);
	if (!entry) {
		(void)conf_fail(conf, node, ENOMEM, "variable");
		return NULL;
	}
	entry->variable.family = known;
	return &entry->variable;
}

int http_variable_define(struct conf *conf, const struct conf_node *node,
    struct slice name, struct http_variable **ret)
{
	const struct http_variable *known = http_variable_find(name);
	struct http_variable_entry *entry;

	if (known && !variable_is_prefix(known) && !known->changeable) {
		if (!known->set)
			return conf_fail(conf, node, 0, "the duplicate "
			    "\"%.*s\" variable", SLICE_ARG(name));
		*ret = (struct http_variable *)known;
		return 0;
	}
	entry = conf->variables || !http_variables_begin(conf) ?
	    variable_entry(conf, node, name) : NULL;
	if (!entry)
		return conf_fail(conf, node, ENOMEM, "variable");
	entry->variable.defined = true;
	entry->variable.family = known;
	*ret = &entry->variable;
	return 0;
}

int http_variable_define_word(struct conf *conf, const struct conf_node *node,
    struct slice word, struct http_variable **ret)
{
	struct http_variable *variable;
	int err;

	if (word.len < 2 || word.data[0] != '$')
		return conf_fail(conf, node, 0, "invalid variable name "
		    "\"%.*s\"", SLICE_ARG(word));
	err = http_variable_define(conf, node, slice_from(word, 1), &variable);
	if (err)
		return err;
	if (variable->set)
		return conf_fail(conf, node, 0, "the duplicate \"%.*s\" "
		    "variable", SLICE_ARG(variable->name));
	*ret = variable;
	return 0;
}

int http_variables_check(struct conf *conf)
{
	const struct http_variable_entry *entry = conf->variables->first;

	for (; entry; entry = entry->next)
		if (!entry->variable.defined && !entry->variable.family)
			return conf_fail(conf, entry->node, 0,
			    "unknown \"%.*s\" variable",
			    SLICE_ARG(entry->variable.name));
	return 0;
}

/* Where the request keeps the variable; NULL without memory. */
static struct http_variable_value *variable_value(
    struct http_request *request, const struct http_variable *variable)
{
	if (!request->values)
		request->values = arena_calloc(&request->arena,
		    request->worker->http->conf->variables->count,
		    sizeof(*request->values));
	return request->values ? &request->values[variable->index] : NULL;
}

static void variable_make(struct http_request *request,
    const struct http_variable *variable, struct http_variable_value *value)
{
	bool found;

	value->state = HTTP_VARIABLE_BEING_MADE;
	if (!variable->make && variable->family)
		found = variable->family->get(request, variable->name,
		    &value->text);
	else
		found = variable->make && variable->make(request,
		    variable->arg, &value->text);
	value->state = found ? HTTP_VARIABLE_KNOWN : HTTP_VARIABLE_NONE;
}

bool http_variable_get(struct http_request *request,
    const struct http_variable *variable, struct slice name,
    struct slice *ret)
{
	struct http_variable_value *value;

	if (variable->get)
		return variable->get(request, name, ret);
	if (!variable->defined)
		return variable->family->get(request, name, ret);
	value = variable_value(request, variable);
	if (!value)
		return false;
	if (value->state == HTTP_VARIABLE_BEING_MADE) {
		http_log(request, LOG_LEVEL_ERROR, 0, "cycle while evaluating "
		    "variable \"%.*s\"", SLICE_ARG(variable->name));
		return false;
	}
	if (value->state == HTTP_VARIABLE_UNKNOWN || variable->is_volatile)
		variable_make(request, variable, value);
	*ret = value->text;
	return value->state == HTTP_VARIABLE_KNOWN;
}

int http_variable_set(struct http_request *request,
    const struct http_variable *variable, struct slice text)
{
	struct http_variable_value *value;

	if (variable->set)
		return variable->set(request, text) ? 0 : -ENOMEM;
	value = variable_value(request, variable);
	if (!value)
		return -ENOMEM;
	*value = (struct http_variable_value){ HTTP_VARIABLE_KNOWN, text };
	return 0;
}

/* ---- texts ---- */

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
