#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "master/orphan.h"
#include "metrics/segment.h"

#define NOW (1000 * NS_PER_SEC)

static struct metrics_segment segment;

static int setup(void **state)
{
	char path[] = "test_orphan.XXXXXX";

	(void)state;
	segment.fd = mkstemp(path);
	assert_true(segment.fd >= 0);
	assert_int_equal(link(path, "test_orphan.name"), 0);
	return unlink(path);
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink("test_orphan.name");
	return close(segment.fd);
}

static void it_is_none_while_the_master_lives(void **state)
{
	struct orphan orphan = { .master = getppid(), .segment = &segment };

	(void)state;
	assert_int_equal(orphan_check(&orphan, NOW), ORPHAN_NOT);
	orphan.master = 0;		/* there never was one */
	assert_int_equal(orphan_check(&orphan, NOW), ORPHAN_NOT);
}

static void it_stays_for_an_hour(void **state)
{
	struct orphan orphan = { .master = getpid(), .segment = &segment };
	uint64_t end = NOW + DASHBOARD_ORPHAN_S * NS_PER_SEC;

	(void)state;
	assert_int_equal(orphan_check(&orphan, NOW), ORPHAN_BECOMES);
	assert_int_equal(orphan_check(&orphan, NOW), ORPHAN_STAYS);
	assert_int_equal(orphan_check(&orphan, end - 1), ORPHAN_STAYS);
	assert_int_equal(orphan_check(&orphan, end), ORPHAN_LEAVES);
}

static void it_leaves_when_its_segment_has_no_name(void **state)
{
	struct orphan orphan = { .master = getpid(), .segment = &segment };

	(void)state;
	assert_int_equal(orphan_check(&orphan, NOW), ORPHAN_BECOMES);
	assert_int_equal(unlink("test_orphan.name"), 0);
	assert_int_equal(orphan_check(&orphan, NOW + 1), ORPHAN_LEAVES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    it_is_none_while_the_master_lives, setup, teardown),
		cmocka_unit_test_setup_teardown(it_stays_for_an_hour, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    it_leaves_when_its_segment_has_no_name, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
