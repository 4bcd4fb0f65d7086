/*
 * Directives against their rows: which row, is it allowed here, are the
 * arguments right, where does the value go; and what becomes of fields to
 * which nothing was said.
 */

#include "conf/conf.h"

#include <assert.h>
#include <errno.h>

#include "conf/unsupported.h"

static int64_t *conf_field_int(const struct conf_directive *row, void *record)
{
	return (int64_t *)((char *)record + row->offset);
}

static struct slice *conf_field_string(const struct conf_directive *row,
    void *record)
{
	return (struct slice *)((char *)record + row->offset);
}

static bool conf_row_has_int(const struct conf_directive *row)
{
	return row->type >= CONF_FLAG && row->type <= CONF_ENUM;
}

/* Is the field of a typed row still unset? False for the other types. */
static bool conf_field_unset(const struct conf_directive *row, void *record)
{
	if (row->type == CONF_STRING)
		return !conf_field_string(row, record)->data;
	return conf_row_has_int(row) &&
	    *conf_field_int(row, record) == CONF_UNSET;
}

static bool conf_parse_word(const struct conf_enum *values, struct slice s,
    int64_t *ret)
{
	for (; values->name; values++) {
		if (slice_equal_nocase(s, slice_cstr(values->name))) {
			*ret = values->value;
			return true;
		}
	}
	return false;
}

static const struct conf_enum conf_flag_values[] = {
	{ "on", 1 },
	{ "off", 0 },
	{ NULL, 0 },
};

/* The value of a row with an integer field, without looking at its range. */
static bool conf_parse_int(const struct conf_directive *row, struct slice s,
    int64_t *ret)
{
	switch (row->type) {
	case CONF_FLAG:
		return conf_parse_word(conf_flag_values, s, ret);
	case CONF_NUMBER:
		return conf_parse_number(s, ret);
	case CONF_SIZE:
		return conf_parse_size(s, ret);
	case CONF_TIME:
		return conf_parse_time(s, ret);
	default:
		assert(row->type == CONF_ENUM);
		return conf_parse_word(row->values, s, ret);
	}
}

/* Add `"a", "b" or "c"`; a list that does not fit is cut. */
static void conf_list_values(const struct conf_enum *values, char *text,
    size_t size)
{
	size_t len = 0;

	for (; values->name && len < size; values++) {
		int n = snprintf(text + len, size - len, "\"%s\"%s",
		    values->name,
		    !values[1].name ? "" : !values[2].name ? " or " : ", ");

		if (n < 0)
			return;
		len += (size_t)n;
	}
}

static int conf_fail_value(struct conf *conf, const struct conf_node *node,
    const struct conf_directive *row)
{
	char list[512] = "";

	switch (row->type) {
	case CONF_FLAG:
	case CONF_ENUM:
		conf_list_values(row->type == CONF_FLAG ? conf_flag_values
							: row->values,
		    list, sizeof(list));
		return conf_fail(conf, node, 0, "invalid value \"%s\" in "
		    "\"%s\" directive, it must be %s",
		    node->args[1].data, row->name, list);
	case CONF_NUMBER:
		return conf_fail(conf, node, 0,
		    "\"%s\" directive invalid number", row->name);
	default:
		return conf_fail(conf, node, 0,
		    "\"%s\" directive invalid value", row->name);
	}
}

static int conf_check_range(struct conf *conf, const struct conf_node *node,
    const struct conf_directive *row, int64_t value)
{
	const char *unit = row->type == CONF_SIZE ? " bytes" :
	    row->type == CONF_TIME ? " ms" : "";

	if ((row->min == 0 && row->max == 0) ||
	    (value >= row->min && value <= row->max))
		return 0;
	if (row->max == INT64_MAX)
		return conf_fail(conf, node, 0, "\"%s\" directive value must "
		    "be equal to or greater than %lld%s", row->name,
		    (long long)row->min, unit);
	return conf_fail(conf, node, 0, "\"%s\" directive value must be "
	    "between %lld and %lld%s", row->name, (long long)row->min,
	    (long long)row->max, unit);
}

/* Put the argument of a typed row into its field. */
static int conf_store(struct conf *conf, const struct conf_node *node,
    const struct conf_directive *row, void *record)
{
	int64_t value;
	int err;

	if (!conf_field_unset(row, record))
		return conf_fail(conf, node, 0, "\"%s\" directive is duplicate",
		    row->name);
	assert(node->argc >= 2);
	if (row->type == CONF_STRING) {
		*conf_field_string(row, record) = node->args[1];
		return 0;
	}
	if (!conf_parse_int(row, node->args[1], &value))
		return conf_fail_value(conf, node, row);
	err = conf_check_range(conf, node, row, value);
	if (!err)
		*conf_field_int(row, record) = value;
	return err;
}

/* Do form and number of arguments fit the row? */
static int conf_check_form(struct conf *conf, const struct conf_node *node,
    const struct conf_directive *row)
{
	unsigned count = node->argc - 1;

	if (row->type == CONF_UNSUPPORTED)
		return conf_fail(conf, node, 0, "\"%s\" directive is not "
		    "supported by ringmaster: %s", row->name, row->help);
	if (node->block && !row->block)
		return conf_fail(conf, node, 0, "directive \"%s\" is not "
		    "terminated by \";\"", row->name);
	if (!node->block && row->block)
		return conf_fail(conf, node, 0, "directive \"%s\" has no "
		    "opening \"{\"", row->name);
	if (count >= row->args_min &&
	    (count <= row->args_max || row->args_max == CONF_ARGS_ANY))
		return 0;
	if (row->syntax)
		return conf_fail(conf, node, 0, "invalid number of arguments "
		    "in \"%s\" directive, it takes %s", row->name,
		    row->syntax);
	return conf_fail(conf, node, 0, "invalid number of arguments "
	    "in \"%s\" directive", row->name);
}

static int conf_apply_row(struct conf *conf, const struct conf_node *node,
    const struct conf_directive *row, const struct conf_scope *scope,
    void *record)
{
	int err = conf_check_form(conf, node, row);

	if (!err && (row->type == CONF_STRING || conf_row_has_int(row)))
		err = conf_store(conf, node, row, record);
	if (!err && row->set)
		err = row->set(conf, node, scope, record);
	return err;
}

static int conf_apply_one(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope)
{
	bool known = false;
	const char *reason;

	for (unsigned i = 0; i < conf->table_count; i++) {
		const struct conf_directive *row = conf->tables[i]->directives;

		for (; row->name; row++) {
			if (!slice_equal(node->args[0], slice_cstr(row->name)))
				continue;
			if (row->contexts & scope->context)
				return conf_apply_row(conf, node, row, scope,
				    scope->records[i]);
			known = true;
		}
	}
	if (known)
		return conf_fail(conf, node, 0,
		    "\"%s\" directive is not allowed here",
		    node->args[0].data);
	reason = conf_unsupported(node->args[0]);
	if (reason)
		return conf_fail(conf, node, 0, "\"%s\" directive is not "
		    "supported by ringmaster: %s", node->args[0].data,
		    reason);
	return conf_fail(conf, node, 0, "unknown directive \"%s\"",
	    node->args[0].data);
}

int conf_apply(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope)
{
	int err = 0;

	for (; node && !err; node = node->next)
		err = conf_apply_one(conf, node, scope);
	return err;
}

static void conf_record_clear(const struct conf_table *table, void *record)
{
	for (const struct conf_directive *row = table->directives; row->name;
	    row++) {
		if (row->type == CONF_STRING)
			*conf_field_string(row, record) = CONF_UNSET_STRING;
		else if (conf_row_has_int(row))
			*conf_field_int(row, record) = CONF_UNSET;
	}
}

void **conf_records_new(struct conf *conf)
{
	void **records = arena_calloc(&conf->arena, conf->table_count,
	    sizeof(*records));

	for (unsigned i = 0; records && i < conf->table_count; i++) {
		const struct conf_table *table = conf->tables[i];

		records[i] = arena_calloc(&conf->arena, 1, table->record_size);
		if (!records[i])
			return NULL;
		conf_record_clear(table, records[i]);
		if (table->init)
			table->init(conf, records[i]);
	}
	return records;
}

static bool conf_table_in(const struct conf_table *table, unsigned contexts)
{
	for (const struct conf_directive *row = table->directives; row->name;
	    row++)
		if (row->contexts & contexts)
			return true;
	return false;
}

/* Fill the field of one row, if it is unset; parent may be NULL. */
static void conf_merge_row(const struct conf_directive *row, void *parent,
    void *record)
{
	bool parsed;

	if (!conf_field_unset(row, record))
		return;
	if (row->type == CONF_STRING) {
		struct slice *field = conf_field_string(row, record);

		if (parent)
			*field = *conf_field_string(row, parent);
		if (!field->data && row->initial)
			*field = slice_cstr(row->initial);
		return;
	}
	if (parent)
		*conf_field_int(row, record) = *conf_field_int(row, parent);
	if (conf_field_unset(row, record) && row->initial) {
		parsed = conf_parse_int(row, slice_cstr(row->initial),
		    conf_field_int(row, record));
		assert(parsed);
	}
}

int conf_merge(struct conf *conf, unsigned contexts, void *const *parent,
    void **records)
{
	for (unsigned i = 0; i < conf->table_count; i++) {
		const struct conf_table *table = conf->tables[i];
		void *from = parent ? parent[i] : NULL;
		int err = 0;

		if (!conf_table_in(table, contexts))
			continue;
		for (const struct conf_directive *row = table->directives;
		    row->name; row++)
			conf_merge_row(row, from, records[i]);
		if (table->merge)
			err = table->merge(conf, from, records[i]);
		if (err)
			return err;
	}
	return 0;
}
