#include "fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static const struct conf_table *const no_tables[] = { NULL };

static struct fixture f;

static int setup(void **state)
{
	(void)state;
	fixture_init(&f, no_tables);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	fixture_fini(&f);
	return 0;
}

/* The tree as it could be written: "a b;c{d;}". */
static void show_list(const struct conf_node *node, char *out, size_t size)
{
	size_t len = strlen(out);

	for (; node; node = node->next) {
		for (unsigned i = 0; i < node->argc; i++)
			len += (size_t)snprintf(out + len, size - len, "%s%s",
			    i ? " " : "", node->args[i].data);
		len += (size_t)snprintf(out + len, size - len, "%s",
		    node->block ? "{" : ";");
		show_list(node->children, out + len, size - len);
		len += strlen(out + len);
		if (node->block)
			len += (size_t)snprintf(out + len, size - len, "}");
	}
}

static const char *show(const struct conf_node *node)
{
	static char shown[4096];

	shown[0] = '\0';
	show_list(node, shown, sizeof(shown));
	return shown;
}

static void assert_tree(const char *text, const char *expected)
{
	struct conf_node *node;

	fixture_write(&f, "a.conf", text);
	conf_free(&f.conf);
	conf_init(&f.conf, no_tables, "/prefix/", f.dir, &f.log);
	assert_int_equal(fixture_parse(&f, "a.conf", &node), 0);
	assert_string_equal(show(node), expected);
	assert_string_equal(fixture_message(&f), "");
}

static void assert_error(const char *text, const char *message)
{
	struct conf_node *node = NULL;

	fixture_write(&f, "a.conf", text);
	conf_free(&f.conf);
	conf_init(&f.conf, no_tables, "/prefix/", f.dir, &f.log);
	assert_int_equal(fixture_parse(&f, "a.conf", &node), -EINVAL);
	assert_null(node);
	assert_string_equal(fixture_message(&f), message);
}

static void text_becomes_a_tree(void **state)
{
	(void)state;
	assert_tree("", "");
	assert_tree("# nothing\n", "");
	assert_tree("a;", "a;");
	assert_tree("a b 'c d';e { f; g { } }\nh;", "a b c d;e{f;g{}}h;");
}

static void a_node_knows_its_place(void **state)
{
	struct conf_node *node;

	(void)state;
	fixture_write(&f, "a.conf", "a\nb\n;\nc\n{ d;\n}\n");
	assert_int_equal(fixture_parse(&f, "a.conf", &node), 0);
	assert_int_equal(node->argc, 2);
	assert_int_equal(node->line, 3);
	assert_false(node->block);
	assert_non_null(strstr(node->file, "/a.conf"));
	assert_int_equal(node->next->line, 5);
	assert_true(node->next->block);
	assert_int_equal(node->next->children->line, 5);
}

static void misplaced_signs_are_errors(void **state)
{
	(void)state;
	assert_error(";", "emerg: unexpected \";\" in a.conf:1");
	assert_error("\n{", "emerg: unexpected \"{\" in a.conf:2");
	assert_error("a;\n}", "emerg: unexpected \"}\" in a.conf:2");
	assert_error("a { b }", "emerg: unexpected \"}\" in a.conf:1");
	assert_error("'a'b;", "emerg: unexpected \"b\" in a.conf:1");
}

static void a_file_must_end_after_a_directive(void **state)
{
	(void)state;
	assert_error("a", "emerg: unexpected end of file, expecting \";\" or "
	    "\"}\" in a.conf:1");
	assert_error("a b\n", "emerg: unexpected end of file, expecting \";\" "
	    "or \"}\" in a.conf:2");
	assert_error("a 'b", "emerg: unexpected end of file, expecting \";\" "
	    "or \"}\" in a.conf:1");
	assert_error("a {\nb;", "emerg: unexpected end of file, expecting "
	    "\"}\" in a.conf:2");
}

static void text_of_the_command_line_is_parsed(void **state)
{
	struct conf_node *node = NULL;

	(void)state;
	assert_int_equal(conf_parse_text(&f.conf, SLICE("a b;c;"),
	    "command line", &node), 0);
	assert_string_equal(show(node), "a b;c;");
	assert_int_equal(conf_parse_text(&f.conf, SLICE("a b"), "command line",
	    &node), -EINVAL);
	assert_string_equal(fixture_message(&f), "emerg: unexpected end of "
	    "parameter, expecting \";\" in command line");
}

static void includes_take_the_place_of_the_directive(void **state)
{
	(void)state;
	fixture_write(&f, "b.conf", "b;\nc { }");
	fixture_write(&f, "empty.conf", "");
	assert_tree("include b.conf;", "b;c{}");
	assert_tree("a { x; include b.conf; include empty.conf; y; } z;",
	    "a{x;b;c{}y;}z;");
}

static void an_absolute_include_ignores_the_prefix(void **state)
{
	char text[256];

	(void)state;
	fixture_write(&f, "b.conf", "b;");
	(void)snprintf(text, sizeof(text), "include %sb.conf;", f.dir);
	assert_tree(text, "b;");
}

static void globs_include_sorted_or_nothing(void **state)
{
	(void)state;
	fixture_write(&f, "d/2.conf", "two;");
	fixture_write(&f, "d/1.conf", "one;");
	fixture_write(&f, "d/3.other", "three;");
	fixture_write(&f, "d/.0.conf", "hidden;");
	assert_tree("a;include d/*.conf;z;", "a;one;two;z;");
	assert_tree("include d/[2].conf;", "two;");
	assert_tree("include d/?.other;", "three;");
	assert_tree("a;include d/*.none;z;", "a;z;");
}

static void a_missing_include_is_an_error(void **state)
{
	(void)state;
	assert_error("\ninclude none.conf;", "emerg: open() \"none.conf\" "
	    "failed (2: No such file or directory) in a.conf:2");
	fixture_write(&f, "d/1.conf", "");
	assert_error("include d;", "emerg: read() \"d\" failed (21: Is a "
	    "directory) in a.conf:1");
}

static void a_missing_file_is_an_error(void **state)
{
	struct conf_node *node = NULL;

	(void)state;
	assert_int_equal(fixture_parse(&f, "none", &node), -EINVAL);
	assert_string_equal(fixture_message(&f),
	    "emerg: open() \"none\" failed (2: No such file or directory)");
}

static void include_takes_one_argument_and_no_block(void **state)
{
	(void)state;
	assert_error("include;", "emerg: invalid number of arguments in "
	    "\"include\" directive in a.conf:1");
	assert_error("include a b;", "emerg: invalid number of arguments in "
	    "\"include\" directive in a.conf:1");
	assert_error("include a { }", "emerg: directive \"include\" is not "
	    "terminated by \";\" in a.conf:1");
}

static void errors_name_the_included_file(void **state)
{
	(void)state;
	fixture_write(&f, "b.conf", "\nb");
	assert_error("a { include b.conf; }", "emerg: unexpected end of file, "
	    "expecting \";\" or \"}\" in b.conf:2");
	fixture_write(&f, "b.conf", "b;}");
	assert_error("a { include b.conf;", "emerg: unexpected \"}\" in "
	    "b.conf:1");
}

/* A chain of `count` files, each included by the one before. */
static void write_chain(unsigned count)
{
	char name[32], text[64];

	for (unsigned i = 1; i <= count; i++) {
		(void)snprintf(name, sizeof(name), "%u.inc", i);
		(void)snprintf(text, sizeof(text), "include %u.inc;", i + 1);
		fixture_write(&f, name, i == count ? "end;" : text);
	}
}

static void includes_have_a_deepest_level(void **state)
{
	(void)state;
	write_chain(CONF_INCLUDES_MAX);
	assert_tree("include 1.inc;", "end;");
	write_chain(CONF_INCLUDES_MAX + 1);
	assert_error("include 1.inc;", "emerg: too many nested includes, the "
	    "limit is 32 in 32.inc:1");
	assert_error("include a.conf;", "emerg: too many nested includes, the "
	    "limit is 32 in a.conf:1");
}

/* `depth` blocks within each other, the innermost one with `inside`. */
static const char *nested(unsigned depth, const char *inside)
{
	static char text[1024];
	char *out = text;

	for (unsigned i = 0; i < depth; i++)
		out = stpcpy(out, "a{");
	out = stpcpy(out, inside);
	for (unsigned i = 0; i < depth; i++)
		out = stpcpy(out, "}");
	return text;
}

static void blocks_have_a_deepest_level(void **state)
{
	const char *message = "emerg: too many nested blocks, the limit is 64 "
	    "in a.conf:1";

	(void)state;
	assert_tree(nested(CONF_BLOCKS_MAX, ""), nested(CONF_BLOCKS_MAX, ""));
	assert_error(nested(CONF_BLOCKS_MAX + 1, ""), message);
	fixture_write(&f, "b.conf", "b{}");
	assert_error(nested(CONF_BLOCKS_MAX, "include b.conf;"),
	    "emerg: too many nested blocks, the limit is 64 in b.conf:1");
}

static void directives_have_a_largest_number_of_words(void **state)
{
	struct conf_node *node;
	char *text = malloc(2 * CONF_WORDS_MAX + 4);

	(void)state;
	assert_non_null(text);
	for (unsigned i = 0; i <= CONF_WORDS_MAX; i++)
		memcpy(text + 2 * i, "a ", 2);
	strcpy(text + 2 * CONF_WORDS_MAX, ";");
	assert_int_equal(conf_parse_text(&f.conf, slice_cstr(text), "test",
	    &node), 0);
	assert_int_equal(node->argc, CONF_WORDS_MAX);
	strcpy(text + 2 * CONF_WORDS_MAX, "a;");
	assert_int_equal(conf_parse_text(&f.conf, slice_cstr(text), "test",
	    &node), -EINVAL);
	assert_string_equal(fixture_message(&f),
	    "emerg: too many parameters, the limit is 65536 in test");
	free(text);
}

static void files_have_a_largest_size(void **state)
{
	struct conf_node *node;
	char path[128];

	(void)state;
	fixture_write(&f, "a.conf", "#\n");
	(void)snprintf(path, sizeof(path), "%sa.conf", f.dir);
	assert_int_equal(truncate(path, CONF_FILE_SIZE_MAX + 1), 0);
	assert_int_equal(fixture_parse(&f, "a.conf", &node), -EINVAL);
	assert_string_equal(fixture_message(&f),
	    "emerg: read() \"a.conf\" failed (27: File too large)");
	/* At the limit it is read, and the zeros in it are refused. */
	assert_int_equal(truncate(path, CONF_FILE_SIZE_MAX), 0);
	assert_int_equal(fixture_parse(&f, "a.conf", &node), -EINVAL);
	assert_string_equal(fixture_message(&f),
	    "emerg: unexpected zero byte in a.conf:2");
}

static void memory_has_a_limit(void **state)
{
	struct conf_node *node;

	(void)state;
	conf_free(&f.conf);
	arena_init(&f.conf.arena, NULL, 0, 8192);
	fixture_write(&f, "a.conf", "a b;c;");
	assert_int_equal(fixture_parse(&f, "a.conf", &node), 0);
	for (size_t limit = 0; limit < 8192; limit += 512) {
		conf_free(&f.conf);
		arena_init(&f.conf.arena, NULL, 0, limit);
		node = NULL;
		if (fixture_parse(&f, "a.conf", &node) == 0)
			continue;
		assert_null(node);
		assert_non_null(strstr(fixture_message(&f),
		    "(12: Cannot allocate memory)"));
	}
}

static void a_dump_holds_each_file_once(void **state)
{
	struct conf_node *node;
	char *text = NULL, expected[512];
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	fixture_write(&f, "b.conf", "b;");
	fixture_write(&f, "a.conf", "include b.conf;\ninclude b.conf;\n#end");
	assert_int_equal(fixture_parse(&f, "a.conf", &node), 0);
	assert_string_equal(show(node), "b;b;");
	assert_int_equal(conf_dump(&f.conf, out), 0);
	assert_int_equal(fclose(out), 0);
	(void)snprintf(expected, sizeof(expected),
	    "# configuration file %sa.conf:\n"
	    "include b.conf;\ninclude b.conf;\n#end\n"
	    "# configuration file %sb.conf:\nb;\n", f.dir, f.dir);
	assert_string_equal(text, expected);
	free(text);
}

static void a_dump_to_a_full_disk_fails(void **state)
{
	struct conf_node *node;
	FILE *out = fopen("/dev/full", "w");

	(void)state;
	assert_non_null(out);
	setbuf(out, NULL);
	fixture_write(&f, "a.conf", "a;");
	assert_int_equal(fixture_parse(&f, "a.conf", &node), 0);
	assert_int_equal(conf_dump(&f.conf, out), -ENOSPC);
	(void)fclose(out); /* nothing is left in its buffer */
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(text_becomes_a_tree),
		test(a_node_knows_its_place),
		test(misplaced_signs_are_errors),
		test(a_file_must_end_after_a_directive),
		test(text_of_the_command_line_is_parsed),
		test(includes_take_the_place_of_the_directive),
		test(an_absolute_include_ignores_the_prefix),
		test(globs_include_sorted_or_nothing),
		test(a_missing_include_is_an_error),
		test(a_missing_file_is_an_error),
		test(include_takes_one_argument_and_no_block),
		test(errors_name_the_included_file),
		test(includes_have_a_deepest_level),
		test(blocks_have_a_deepest_level),
		test(directives_have_a_largest_number_of_words),
		test(files_have_a_largest_size),
		test(memory_has_a_limit),
		test(a_dump_holds_each_file_once),
		test(a_dump_to_a_full_disk_fails),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
