#include "master/options.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <setjmp.h>

#include <cmocka.h>

enum { WORDS_MAX = 16 };

struct parsed {
	struct options options;
	char why[128];
	int result;
};

/* Parse "ringmaster" and the words of `line`, which spaces separate. */
static struct parsed parse(const char *line)
{
	static char text[256];
	char *argv[WORDS_MAX + 1] = { "ringmaster" }, *rest = text, *word;
	struct parsed parsed = { .result = 0 };
	int argc = 1;

	strcpy(text, line);
	while ((word = strsep(&rest, " ")) && argc < WORDS_MAX)
		argv[argc++] = word;
	parsed.result = options_parse(argc, argv, &parsed.options, parsed.why,
	    sizeof(parsed.why));
	return parsed;
}

static void test_no_arguments(void **state)
{
	char *argv[] = { "ringmaster", NULL };
	struct options options;
	char why[64];

	(void)state;
	assert_int_equal(options_parse(1, argv, &options, why, sizeof(why)),
	    0);
	assert_null(options.prefix);
	assert_null(options.conf_file);
	assert_null(options.error_log);
	assert_int_equal(options.signal, 0);
	assert_false(options.test || options.version || options.quiet);
}

static void test_values(void **state)
{
	struct parsed p = parse("-p /srv -c a.conf -e e.log -g daemon-off;");

	(void)state;
	assert_int_equal(p.result, 0);
	assert_string_equal(p.options.prefix, "/srv");
	assert_string_equal(p.options.conf_file, "a.conf");
	assert_string_equal(p.options.error_log, "e.log");
	assert_string_equal(p.options.directives, "daemon-off;");
}

static void test_values_in_the_same_word(void **state)
{
	struct parsed p = parse("-p/srv -ca.conf -estderr -tq");

	(void)state;
	assert_int_equal(p.result, 0);
	assert_string_equal(p.options.prefix, "/srv");
	assert_string_equal(p.options.conf_file, "a.conf");
	assert_string_equal(p.options.error_log, "");
	assert_true(p.options.test && p.options.quiet);
}

static void test_letters_before_a_value(void **state)
{
	struct parsed p = parse("-tqc a.conf");

	(void)state;
	assert_int_equal(p.result, 0);
	assert_true(p.options.test && p.options.quiet);
	assert_string_equal(p.options.conf_file, "a.conf");
}

static void test_flags(void **state)
{
	(void)state;
	assert_true(parse("-?").options.help);
	assert_true(parse("-h").options.help);
	assert_true(parse("--help").options.help);
	assert_true(parse("-v").options.version);
	assert_true(parse("--version").options.version);
	assert_false(parse("-v").options.configure);
	assert_true(parse("-V").options.configure);
	assert_false(parse("-t").options.dump);
	assert_true(parse("-T").options.dump && parse("-T").options.test);
}

static void test_signals(void **state)
{
	(void)state;
	assert_int_equal(parse("-s stop").options.signal, SIGTERM);
	assert_int_equal(parse("-squit").options.signal, SIGQUIT);
	assert_int_equal(parse("-s reopen").options.signal, SIGUSR1);
	assert_int_equal(parse("-s reload").options.signal, SIGHUP);
}

static void assert_fails(const char *line, const char *why)
{
	struct parsed p = parse(line);

	assert_int_equal(p.result, -EINVAL);
	assert_string_equal(p.why, why);
}

static void test_errors(void **state)
{
	(void)state;
	assert_fails("stop", "invalid option: \"stop\"");
	assert_fails("-x", "invalid option: \"x\"");
	assert_fails("-tx", "invalid option: \"x\"");
	assert_fails("--verbose", "invalid option: \"-\"");
	assert_fails("-s restart", "invalid option: \"-s restart\"");
	assert_fails("-s", "option \"-s\" requires parameter");
	assert_fails("-g", "option \"-g\" requires parameter");
	assert_fails("-p", "option \"-p\" requires directory name");
	assert_fails("-c", "option \"-c\" requires file name");
	assert_fails("-t -e", "option \"-e\" requires file name");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_arguments),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_values_in_the_same_word),
		cmocka_unit_test(test_letters_before_a_value),
		cmocka_unit_test(test_flags),
		cmocka_unit_test(test_signals),
		cmocka_unit_test(test_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
