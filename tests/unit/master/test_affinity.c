#include "master/affinity.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static cpu_set_t mask(const char *text)
{
	cpu_set_t set;

	assert_true(affinity_parse(slice_cstr(text), &set));
	return set;
}

static void assert_mask(const cpu_set_t *set, const char *text)
{
	cpu_set_t expected = mask(text);

	assert_true(CPU_EQUAL(set, &expected));
}

static void test_last_digit_is_processor_0(void **state)
{
	cpu_set_t set = mask("0101");

	(void)state;
	assert_int_equal(CPU_COUNT(&set), 2);
	assert_true(CPU_ISSET(0, &set) && CPU_ISSET(2, &set));
}

static void test_bad_masks(void **state)
{
	cpu_set_t set;

	(void)state;
	assert_false(affinity_parse(SLICE(""), &set));
	assert_false(affinity_parse(SLICE("012"), &set));
	assert_false(affinity_parse(SLICE("0x1"), &set));
}

static void test_longest_mask(void **state)
{
	char text[CPU_SETSIZE + 1];
	cpu_set_t set;

	(void)state;
	memset(text, '0', sizeof(text));
	text[0] = '1';
	assert_true(affinity_parse((struct slice){ text, CPU_SETSIZE }, &set));
	assert_true(CPU_ISSET(CPU_SETSIZE - 1, &set));
	assert_false(affinity_parse((struct slice){ text, sizeof(text) },
	    &set));
}

static void test_a_mask_each_and_the_last_for_the_rest(void **state)
{
	cpu_set_t masks[] = { mask("01"), mask("10") }, set;
	struct affinity affinity = { .masks = masks, .count = 2 };

	(void)state;
	assert_true(affinity_of(&affinity, 0, &set));
	assert_mask(&set, "01");
	assert_true(affinity_of(&affinity, 1, &set));
	assert_mask(&set, "10");
	assert_true(affinity_of(&affinity, 7, &set));
	assert_mask(&set, "10");
}

static void test_automatic_takes_turns(void **state)
{
	cpu_set_t masks[] = { mask("1010") }, set;
	struct affinity affinity = {
		.masks = masks,
		.count = 1,
		.automatic = true,
	};

	(void)state;
	assert_true(affinity_of(&affinity, 0, &set));
	assert_mask(&set, "0010");
	assert_true(affinity_of(&affinity, 1, &set));
	assert_mask(&set, "1000");
	assert_true(affinity_of(&affinity, 2, &set));
	assert_mask(&set, "0010");
}

static void test_none_and_empty_are_anywhere(void **state)
{
	cpu_set_t masks[] = { mask("000") }, set;
	struct affinity none = { .count = 0 };
	struct affinity empty = {
		.masks = masks,
		.count = 1,
		.automatic = true,
	};

	(void)state;
	assert_false(affinity_of(&none, 0, &set));
	assert_false(affinity_of(&empty, 0, &set));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_last_digit_is_processor_0),
		cmocka_unit_test(test_bad_masks),
		cmocka_unit_test(test_longest_mask),
		cmocka_unit_test(test_a_mask_each_and_the_last_for_the_rest),
		cmocka_unit_test(test_automatic_takes_turns),
		cmocka_unit_test(test_none_and_empty_are_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
