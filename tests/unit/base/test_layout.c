/* Where relative paths lead, with a prefix and installed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/layout.h"

/* The path, joined; valid until the next call. */
static const char *full(const char *prefix, const char *path)
{
	static char text[512];
	struct layout_path place = layout_path(prefix, slice_cstr(path));

	(void)snprintf(text, sizeof(text), "%s%.*s", place.folder,
	    SLICE_ARG(place.name));
	return text;
}

static void a_prefix_holds_all(void **state)
{
	(void)state;
	assert_string_equal(full("/srv/", "conf/ringmaster.conf"),
	    "/srv/conf/ringmaster.conf");
	assert_string_equal(full("/srv/", "logs/a"), "/srv/logs/a");
	assert_string_equal(full("/srv/", "ringmaster.pid"),
	    "/srv/ringmaster.pid");
	assert_string_equal(full("/srv/", ""), "/srv/");
}

static void without_one_each_is_in_its_place(void **state)
{
	(void)state;
	assert_string_equal(full(NULL, "conf/conf.d/a.conf"),
	    RM_CONFDIR "/conf.d/a.conf");
	assert_string_equal(full(NULL, "logs/error.log"),
	    RM_LOGDIR "/error.log");
	assert_string_equal(full(NULL, "ringmaster.pid"),
	    RM_RUNDIR "/ringmaster.pid");
	assert_string_equal(full(NULL, "ringmaster.shm"), LAYOUT_SEGMENT);
	assert_string_equal(full(NULL, "ringmaster.history"),
	    RM_STATEDIR "/ringmaster.history");
	assert_string_equal(full(NULL, "ringmaster.pb"),
	    RM_STATEDIR "/ringmaster.pb");
	assert_string_equal(full(NULL, "reports"), RM_STATEDIR "/reports");
	assert_string_equal(full(NULL, "reports/a"), RM_STATEDIR "/reports/a");
	assert_string_equal(full(NULL, "proxy_temp"),
	    RM_CACHEDIR "/proxy_temp");
	assert_string_equal(full(NULL, "client_body_temp/7"),
	    RM_CACHEDIR "/client_body_temp/7");
}

static void all_others_are_shared_data(void **state)
{
	(void)state;
	assert_string_equal(full(NULL, "html"), RM_SHAREDIR "/html");
	assert_string_equal(full(NULL, ""), RM_SHAREDIR "/");
	assert_string_equal(full(NULL, "reports.d"),
	    RM_SHAREDIR "/reports.d");
	assert_string_equal(full(NULL, "ringmaster.pid.old"),
	    RM_SHAREDIR "/ringmaster.pid.old");
	assert_string_equal(full(NULL, "log"), RM_SHAREDIR "/log");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_prefix_holds_all),
		cmocka_unit_test(without_one_each_is_in_its_place),
		cmocka_unit_test(all_others_are_shared_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
