/*
 * The configuration's text to a tree, and the tree to a table with a row of
 * each type. Text that could include files is left out: a file of the machine
 * is no input. Each argument must be terminated, and each block must end.
 */

#include <assert.h>
#include <stdlib.h>

#include "conf/conf.h"

struct record {
	int64_t flag, number, size, time, word;
	struct slice string;
};

static int set_block(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct conf_scope inside = {
		.context = CONF_MAIN,
		.records = conf_records_new(conf),
		.parent = scope,
	};
	int err;

	(void)record;
	assert(inside.records);
	err = conf_apply(conf, node->children, &inside);
	return err ? err : conf_merge(conf, CONF_MAIN, scope->records,
	    inside.records);
}

static const struct conf_enum words[] = {
	{ "x", 1 },
	{ "y", 2 },
	{ NULL, 0 },
};

#define ROW(field) CONF_MAIN, 1, 1, .offset = offsetof(struct record, field)

static const struct conf_directive rows[] = {
	{ "f", ROW(flag), .type = CONF_FLAG },
	{ "n", ROW(number), .type = CONF_NUMBER, .min = 1, .max = 9 },
	{ "s", ROW(size), .type = CONF_SIZE },
	{ "t", ROW(time), .type = CONF_TIME },
	{ "w", ROW(word), .type = CONF_ENUM, .values = words },
	{ "p", ROW(string), .type = CONF_STRING },
	{ "b", CONF_MAIN, .block = true, .set = set_block },
	{ .name = NULL },
};

static const struct conf_table table = {
	.name = "fuzz",
	.directives = rows,
	.record_size = sizeof(struct record),
};

static const struct conf_table *const tables[] = { &table, NULL };

static void check_tree(const struct conf_node *node)
{
	for (; node; node = node->next) {
		assert(node->argc > 0);
		for (unsigned i = 0; i < node->argc; i++)
			assert(strlen(node->args[i].data) ==
			    node->args[i].len);
		assert(node->block || !node->children);
		check_tree(node->children);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct log log = { .count = 0 };
	struct conf_node *node;
	struct conf conf;

	if (memmem(data, size, "include", 7))
		return 0;
	conf_init(&conf, tables, "/", "/", &log);
	if (conf_parse_text(&conf, (struct slice){ (const char *)data, size },
	    "fuzz", &node) == 0) {
		struct conf_scope scope = {
			.context = CONF_MAIN,
			.records = conf_records_new(&conf),
		};

		check_tree(node);
		assert(scope.records);
		(void)conf_apply(&conf, node, &scope); /* may be refused */
	}
	conf_free(&conf);
	return 0;
}
