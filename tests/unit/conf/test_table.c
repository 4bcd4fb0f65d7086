#include "fixture.h"

#include <errno.h>

struct record {
	int64_t flag, number, size, time, word, open;
	struct slice string, title;
	int64_t extra;			/* by init and merge */
};

struct other_record {
	int64_t both;
};

static unsigned set_calls;
static struct record inner;		/* of the last block, merged */

static int set_count(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	(void)record;
	set_calls++;
	if (node->argc > 1 && slice_equal(node->args[1], SLICE("bad")))
		return conf_fail(conf, node, 0, "bad %s in context %d",
		    node->args[0].data, (int)scope->context);
	if (node->argc > 1 && slice_equal(node->args[1], SLICE("odd")))
		return conf_warn(conf, node, "odd %s", node->args[0].data);
	return 0;
}

static const struct conf_table table;

static int set_block(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct conf_scope inside = {
		.context = CONF_SERVER,
		.records = conf_records_new(conf),
		.parent = scope,
	};
	int err;

	(void)record;
	assert_non_null(inside.records);
	err = conf_apply(conf, node->children, &inside);
	if (!err)
		err = conf_merge(conf, CONF_SERVER, scope->records,
		    inside.records);
	if (!err)
		inner = *(struct record *)conf_record(conf, inside.records,
		    &table);
	return err;
}

static const struct conf_enum words[] = {
	{ "red", 10 },
	{ "green", 20 },
	{ "blue", 30 },
	{ NULL, 0 },
};

#define FIELD(name) .args_min = 1, .args_max = 1, \
	.offset = offsetof(struct record, name)
#define BOTH .contexts = CONF_HTTP | CONF_SERVER

static const struct conf_directive rows[] = {
	{ "flag", BOTH, FIELD(flag), .type = CONF_FLAG, .initial = "on" },
	{ "number", BOTH, FIELD(number), .type = CONF_NUMBER, .min = 2,
	    .max = 5, .initial = "3", .set = set_count },
	{ "size", BOTH, FIELD(size), .type = CONF_SIZE, .min = 1024,
	    .max = INT64_MAX, .initial = "1m" },
	{ "time", BOTH, FIELD(time), .type = CONF_TIME, .min = 0, .max = 1000,
	    .initial = "1s" },
	{ "word", BOTH, FIELD(word), .type = CONF_ENUM, .values = words,
	    .initial = "green" },
	{ "open", BOTH, FIELD(open), .type = CONF_NUMBER },
	{ "string", BOTH, FIELD(string), .type = CONF_STRING },
	{ "title", BOTH, FIELD(title), .type = CONF_STRING,
	    .initial = "none" },
	{ "custom", BOTH, .args_min = 0, .args_max = 2, .type = CONF_CUSTOM,
	    .set = set_count },
	{ "many", BOTH, .args_min = 1, .args_max = CONF_ARGS_ANY,
	    .type = CONF_CUSTOM, .set = set_count, .syntax = "NAME ..." },
	{ "block", CONF_HTTP, .block = true, .type = CONF_CUSTOM,
	    .set = set_block },
	{ "old", BOTH, .args_min = 1, .args_max = 1, .type = CONF_ACCEPTED },
	{ "never", BOTH, .type = CONF_UNSUPPORTED, .help = "use custom" },
	{ "both", CONF_MAIN, .type = CONF_CUSTOM, .set = set_count },
	{ "both", CONF_SERVER, .args_min = 2, .args_max = 2,
	    .type = CONF_CUSTOM, .set = set_count },
	{ .name = NULL },
};

static void init(struct conf *conf, void *record)
{
	(void)conf;
	((struct record *)record)->extra = 1;
}

static int merge(struct conf *conf, const void *parent, void *record)
{
	const struct record *from = parent;
	struct record *to = record;

	if (to->open == 666)
		return conf_fail(conf, NULL, 0, "does not merge");
	to->extra += from ? from->extra : 10;
	return 0;
}

static const struct conf_table table = {
	.name = "test",
	.directives = rows,
	.record_size = sizeof(struct record),
	.init = init,
	.merge = merge,
};

static const struct conf_directive other_rows[] = {
	{ "both", CONF_HTTP, 1, 1, .type = CONF_NUMBER,
	    .offset = offsetof(struct other_record, both) },
	{ .name = NULL },
};

static const struct conf_table other_table = {
	.name = "other",
	.directives = other_rows,
	.record_size = sizeof(struct other_record),
};

static const struct conf_table *const tables[] = {
	&table, &other_table, NULL,
};

static struct fixture f;
static struct conf_scope http;
static struct record *record;

static int setup(void **state)
{
	(void)state;
	fixture_init(&f, tables);
	set_calls = 0;
	http = (struct conf_scope){
		.context = CONF_HTTP,
		.records = conf_records_new(&f.conf),
	};
	assert_non_null(http.records);
	record = conf_record(&f.conf, http.records, &table);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fixture_fini(&f);
	return 0;
}

static int apply(const char *text)
{
	struct conf_node *node;

	assert_int_equal(conf_parse_text(&f.conf, slice_cstr(text), "test",
	    &node), 0);
	return conf_apply(&f.conf, node, &http);
}

static void assert_error(const char *text, const char *message)
{
	assert_int_equal(apply(text), -EINVAL);
	assert_string_equal(fixture_message(&f), message);
}

static void values_reach_their_fields(void **state)
{
	(void)state;
	assert_int_equal(apply("flag on;number 2;size 3k;time 10ms;word blue;"
	    "string 'a b';"), 0);
	assert_int_equal(record->flag, 1);
	assert_int_equal(record->number, 2);
	assert_int_equal(record->size, 3072);
	assert_int_equal(record->time, 10);
	assert_int_equal(record->word, 30);
	assert_string_equal(record->string.data, "a b");
	assert_int_equal(record->string.len, 3);
	assert_int_equal(set_calls, 1);
}

static void new_records_are_unset(void **state)
{
	(void)state;
	assert_true(record->flag == CONF_UNSET);
	assert_true(record->open == CONF_UNSET);
	assert_null(record->string.data);
	assert_int_equal(record->extra, 1);
}

static void words_ignore_case(void **state)
{
	(void)state;
	assert_int_equal(apply("flag OFF;word Red;"), 0);
	assert_int_equal(record->flag, 0);
	assert_int_equal(record->word, 10);
}

static void malformed_values_are_errors(void **state)
{
	(void)state;
	assert_error("flag yes;", "emerg: invalid value \"yes\" in \"flag\" "
	    "directive, it must be \"on\" or \"off\" in test");
	assert_error("word pink;", "emerg: invalid value \"pink\" in \"word\" "
	    "directive, it must be \"red\", \"green\" or \"blue\" in test");
	assert_error("number x;", "emerg: \"number\" directive invalid number "
	    "in test");
	assert_error("size 1x;", "emerg: \"size\" directive invalid value in "
	    "test");
	assert_error("time 1x;", "emerg: \"time\" directive invalid value in "
	    "test");
	assert_int_equal(set_calls, 0);
	assert_true(record->flag == CONF_UNSET);
	assert_true(record->number == CONF_UNSET);
}

static void values_have_ranges(void **state)
{
	const char *number = "emerg: \"number\" directive value must be "
	    "between 2 and 5 in test";

	(void)state;
	assert_error("number 1;", number);
	assert_error("number 6;", number);
	assert_int_equal(apply("number 5;"), 0);
	assert_error("size 1023;", "emerg: \"size\" directive value must be "
	    "equal to or greater than 1024 bytes in test");
	assert_int_equal(apply("size 1k;"), 0);
	assert_error("time 1001ms;", "emerg: \"time\" directive value must be "
	    "between 0 and 1000 ms in test");
	assert_int_equal(apply("time 1s;open 9223372036854775807;"), 0);
}

static void a_typed_directive_may_stand_once(void **state)
{
	(void)state;
	assert_error("flag on;flag on;",
	    "emerg: \"flag\" directive is duplicate in test");
	assert_error("string '';string a;",
	    "emerg: \"string\" directive is duplicate in test");
	assert_int_equal(apply("custom;custom;"), 0);
}

static void arguments_are_counted(void **state)
{
	const char *custom = "emerg: invalid number of arguments in \"custom\" "
	    "directive in test";

	(void)state;
	assert_int_equal(apply("custom;custom a b;many 1;many 1 2 3 4;"), 0);
	assert_error("custom a b c;", custom);
	assert_error("many;", "emerg: invalid number of arguments in \"many\" "
	    "directive, it takes NAME ... in test");
	assert_error("flag;", "emerg: invalid number of arguments in \"flag\" "
	    "directive in test");
	assert_error("old;", "emerg: invalid number of arguments in \"old\" "
	    "directive in test");
}

static void blocks_must_be_blocks(void **state)
{
	(void)state;
	assert_error("block;",
	    "emerg: directive \"block\" has no opening \"{\" in test");
	assert_error("custom { }",
	    "emerg: directive \"custom\" is not terminated by \";\" in test");
}

static void unknown_directives_are_errors(void **state)
{
	(void)state;
	assert_error("custom; nothing a;",
	    "emerg: unknown directive \"nothing\" in test");
	assert_int_equal(set_calls, 1);
	assert_error("Custom;", "emerg: unknown directive \"Custom\" in test");
	assert_error("'';", "emerg: unknown directive \"\" in test");
}

static void directives_have_contexts(void **state)
{
	(void)state;
	assert_error("block { block { } }",
	    "emerg: \"block\" directive is not allowed here in test");
}

static void the_row_for_the_context_counts(void **state)
{
	struct other_record *other = conf_record(&f.conf, http.records,
	    &other_table);

	(void)state;
	assert_int_equal(apply("both 7; block { both a b; }"), 0);
	assert_int_equal(other->both, 7);
	assert_int_equal(set_calls, 1);
	assert_error("both a b;", "emerg: invalid number of arguments in "
	    "\"both\" directive in test");
	http.context = CONF_LOCATION;
	assert_error("both;",
	    "emerg: \"both\" directive is not allowed here in test");
	http.context = CONF_MAIN;
	assert_int_equal(apply("both;"), 0);
}

static void accepted_and_unsupported_directives_differ(void **state)
{
	(void)state;
	assert_int_equal(apply("old a;old b;"), 0);
	assert_string_equal(fixture_message(&f), "");
	assert_error("never a b { }", "emerg: \"never\" directive is not "
	    "supported by ringmaster: use custom in test");
}

static void what_set_returns_counts(void **state)
{
	(void)state;
	assert_error("custom bad; custom;", "emerg: bad custom in context 4 "
	    "in test");
	assert_int_equal(set_calls, 1);
	assert_int_equal(apply("custom odd;"), 0);
	assert_string_equal(fixture_message(&f), "warn: odd custom in test");
}

static void messages_name_file_and_line(void **state)
{
	struct conf_node *node;

	(void)state;
	fixture_write(&f, "a.conf", "flag on;\nnothing\n a\n;");
	assert_int_equal(fixture_parse(&f, "a.conf", &node), 0);
	assert_int_equal(conf_apply(&f.conf, node, &http), -EINVAL);
	assert_string_equal(fixture_message(&f),
	    "emerg: unknown directive \"nothing\" in a.conf:4");
}

static void a_long_message_keeps_its_place(void **state)
{
	char text[3072] = "";

	(void)state;
	memset(text, 'a', sizeof(text) - 2);
	text[sizeof(text) - 2] = ';';
	assert_int_equal(apply(text), -EINVAL);
	assert_non_null(strstr(fixture_message(&f), "aaa in test"));
}

static void defaults_fill_what_was_not_said(void **state)
{
	(void)state;
	assert_int_equal(apply("number 4;"), 0);
	assert_int_equal(conf_merge(&f.conf, CONF_HTTP, NULL, http.records),
	    0);
	assert_int_equal(record->flag, 1);
	assert_int_equal(record->number, 4);
	assert_int_equal(record->size, 1 << 20);
	assert_int_equal(record->time, 1000);
	assert_int_equal(record->word, 20);
	assert_string_equal(record->title.data, "none");
	assert_true(record->open == CONF_UNSET);
	assert_null(record->string.data);
	assert_int_equal(record->extra, 11);
}

static void inner_blocks_inherit(void **state)
{
	(void)state;
	assert_int_equal(apply("flag off;number 4;string out;title T;"
	    "block { number 5; title ''; }"), 0);
	assert_int_equal(inner.flag, 0);
	assert_int_equal(inner.number, 5);
	assert_string_equal(inner.string.data, "out");
	assert_int_equal(inner.title.len, 0);
	assert_int_equal(inner.word, 20);
	assert_int_equal(inner.extra, 2);
	assert_int_equal(record->number, 4);
}

static void tables_without_rows_here_are_not_merged(void **state)
{
	(void)state;
	assert_int_equal(conf_merge(&f.conf, CONF_UPSTREAM, NULL,
	    http.records), 0);
	assert_true(record->flag == CONF_UNSET);
	assert_int_equal(record->extra, 1);
}

static void a_failed_merge_is_reported(void **state)
{
	(void)state;
	assert_error("block { open 666; }", "emerg: does not merge");
}

static void paths_are_relative_to_the_prefix(void **state)
{
	(void)state;
	assert_string_equal(conf_full_path(&f.conf, SLICE("a/b")),
	    "/prefix/a/b");
	assert_string_equal(conf_full_path(&f.conf, SLICE("/a")), "/a");
	assert_string_equal(conf_full_path(&f.conf, SLICE("")), "/prefix/");
}

static void a_path_is_opened_once(void **state)
{
	struct log_file *a = conf_open_file(&f.conf, SLICE("a.log"));
	struct log_file *console = conf_open_file(&f.conf, SLICE("stderr"));

	(void)state;
	assert_string_equal(a->path, "/prefix/a.log");
	assert_int_equal(a->fd, -1);
	assert_null(console->path);
	assert_int_equal(console->fd, 2);
	assert_ptr_equal(conf_open_file(&f.conf, SLICE("/prefix/a.log")), a);
	assert_ptr_equal(conf_open_file(&f.conf, SLICE("stderr")), console);
	assert_ptr_not_equal(conf_open_file(&f.conf, SLICE("b.log")), a);
	assert_ptr_equal(&f.conf.open_files->file, a);
}

static void error_logs_are_added(void **state)
{
	struct log log = { .count = 0 };
	struct slice args[] = {
		SLICE("error_log"), SLICE("a.log"), SLICE("warn"),
	};
	struct conf_node node = { .args = args, .argc = 2, .file = "test" };

	(void)state;
	assert_int_equal(conf_error_log(&f.conf, &node, &log), 0);
	assert_int_equal(log.sinks[0].level, LOG_LEVEL_ERROR);
	assert_string_equal(log.sinks[0].file->path, "/prefix/a.log");
	node.argc = 3;
	assert_int_equal(conf_error_log(&f.conf, &node, &log), 0);
	assert_int_equal(log.sinks[1].level, LOG_LEVEL_WARN);
	assert_ptr_equal(log.sinks[1].file, log.sinks[0].file);
	for (unsigned i = 2; i < LOG_SINKS_MAX; i++)
		assert_int_equal(conf_error_log(&f.conf, &node, &log), 0);
	assert_int_equal(conf_error_log(&f.conf, &node, &log), -EINVAL);
	assert_string_equal(fixture_message(&f), "emerg: too many "
	    "\"error_log\" directives, the limit is 8 in test");
	args[2] = SLICE("loud");
	assert_int_equal(conf_error_log(&f.conf, &node, &log), -EINVAL);
	assert_string_equal(fixture_message(&f),
	    "emerg: invalid log level \"loud\" in test");
}

static void directories_are_named_once(void **state)
{
	const char *a = conf_directory(&f.conf, SLICE("a"));

	(void)state;
	assert_string_equal(a, "/prefix/a");
	assert_ptr_equal(conf_directory(&f.conf, SLICE("/prefix/a")), a);
	assert_string_equal(conf_directory(&f.conf, SLICE("/b")), "/b");
	assert_ptr_equal(f.conf.directories->path, a);
	assert_null(f.conf.directories->next->next);
}

static char cleaned[4];

static void clean_cb(void *arg)
{
	strcat(cleaned, arg);
}

static void cleanups_run_last_first(void **state)
{
	char a[] = "a", b[] = "b", c[] = "c";

	(void)state;
	cleaned[0] = '\0';
	assert_ptr_equal(conf_cleanup(&f.conf, clean_cb, a), a);
	assert_ptr_equal(conf_cleanup(&f.conf, clean_cb, b), b);
	conf_free(&f.conf);
	assert_string_equal(cleaned, "ba");
	arena_init(&f.conf.arena, NULL, 0, 0);
	assert_null(conf_cleanup(&f.conf, clean_cb, c));
	assert_string_equal(cleaned, "bac");
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(values_reach_their_fields),
		test(new_records_are_unset),
		test(words_ignore_case),
		test(malformed_values_are_errors),
		test(values_have_ranges),
		test(a_typed_directive_may_stand_once),
		test(arguments_are_counted),
		test(blocks_must_be_blocks),
		test(unknown_directives_are_errors),
		test(directives_have_contexts),
		test(the_row_for_the_context_counts),
		test(accepted_and_unsupported_directives_differ),
		test(what_set_returns_counts),
		test(messages_name_file_and_line),
		test(a_long_message_keeps_its_place),
		test(defaults_fill_what_was_not_said),
		test(inner_blocks_inherit),
		test(tables_without_rows_here_are_not_merged),
		test(a_failed_merge_is_reported),
		test(paths_are_relative_to_the_prefix),
		test(a_path_is_opened_once),
		test(error_logs_are_added),
		test(directories_are_named_once),
		test(cleanups_run_last_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
