#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dashboard/access.h"

static const struct slice hosts[] = { SLICE("localhost"), SLICE("127.0.0.1"),
    SLICE("[::1]"), SLICE("ops.example") };

static bool host_allowed(const char *name)
{
	return access_host(slice_cstr(name), hosts,
	    sizeof(hosts) / sizeof(*hosts));
}

static void only_listed_hosts_are_answered(void **state)
{
	(void)state;
	assert_true(host_allowed("localhost"));
	assert_true(host_allowed("127.0.0.1"));
	assert_true(host_allowed("[::1]"));
	assert_true(host_allowed("ops.example"));
	assert_false(host_allowed(""));
	assert_false(host_allowed("evil.example"));
	assert_false(host_allowed("localhost.evil.example"));
	assert_false(host_allowed("evil.localhost"));
	assert_false(host_allowed("127.0.0.2"));
	assert_false(host_allowed("127.0.0.1.evil.example"));
	assert_false(host_allowed("::1"));
	assert_false(host_allowed("ops.exampl"));
	assert_false(access_host(SLICE("localhost"), hosts, 0));
}

struct change_case {
	const char *origin, *referer, *site;
	enum access_verdict get, post;
};

static const struct change_case change_cases[] = {
	/* programs */
	{ "", "", "", ACCESS_ALLOW, ACCESS_ALLOW },
	/* our own page, in browsers old and new */
	{ "http://localhost:5000", "", "", ACCESS_ALLOW, ACCESS_ALLOW },
	{ "https://LOCALHOST:5000", "", "", ACCESS_ALLOW, ACCESS_ALLOW },
	{ "", "http://localhost:5000/", "", ACCESS_ALLOW, ACCESS_ALLOW },
	{ "", "http://localhost:5000/?a#b", "", ACCESS_ALLOW, ACCESS_ALLOW },
	{ "", "", "same-origin", ACCESS_ALLOW, ACCESS_ALLOW },
	{ "null", "", "same-origin", ACCESS_ALLOW, ACCESS_ALLOW },
	{ "http://localhost:5000", "", "same-origin", ACCESS_ALLOW,
	  ACCESS_ALLOW },
	/* the address bar */
	{ "", "", "none", ACCESS_CONFIRM, ACCESS_ALLOW },
	{ "http://localhost:5000", "", "none", ACCESS_CONFIRM, ACCESS_ALLOW },
	/* other sites */
	{ "", "", "cross-site", ACCESS_REFUSE, ACCESS_REFUSE },
	{ "", "", "same-site", ACCESS_REFUSE, ACCESS_REFUSE },
	{ "", "", "Same-Origin", ACCESS_REFUSE, ACCESS_REFUSE },
	{ "", "", "same-origin2", ACCESS_REFUSE, ACCESS_REFUSE },
	{ "http://localhost:5000", "", "cross-site", ACCESS_REFUSE,
	  ACCESS_REFUSE },
	{ "http://evil.example", "", "", ACCESS_REFUSE, ACCESS_REFUSE },
	{ "http://evil.example", "", "same-origin", ACCESS_REFUSE,
	  ACCESS_REFUSE },
	{ "http://evil.example", "", "none", ACCESS_REFUSE, ACCESS_REFUSE },
	{ "null", "", "", ACCESS_REFUSE, ACCESS_REFUSE },
	{ "http://localhost:5001", "", "", ACCESS_REFUSE, ACCESS_REFUSE },
	{ "http://localhost:50000", "", "", ACCESS_REFUSE, ACCESS_REFUSE },
	{ "http://localhost", "", "", ACCESS_REFUSE, ACCESS_REFUSE },
	{ "ftp://localhost:5000", "", "", ACCESS_REFUSE, ACCESS_REFUSE },
	{ "localhost:5000", "", "", ACCESS_REFUSE, ACCESS_REFUSE },
	{ "", "http://evil.example/", "", ACCESS_REFUSE, ACCESS_REFUSE },
	{ "", "http://evil.example/localhost:5000/", "", ACCESS_REFUSE,
	  ACCESS_REFUSE },
	{ "", "http://localhost:5000.evil.example/", "", ACCESS_REFUSE,
	  ACCESS_REFUSE },
	{ "", "http://localhost:5000@evil.example/", "", ACCESS_REFUSE,
	  ACCESS_REFUSE },
};

static void changes_come_from_programs_or_our_own_page(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(change_cases) / sizeof(*change_cases);
	    i++) {
		const struct change_case *c = &change_cases[i];
		const struct access_headers headers = {
			.host = SLICE("localhost:5000"),
			.origin = slice_cstr(c->origin),
			.referer = slice_cstr(c->referer),
			.fetch_site = slice_cstr(c->site),
		};

		if (access_change(&headers, false) != c->get ||
		    access_change(&headers, true) != c->post)
			fail_msg("case %u: \"%s\" \"%s\" \"%s\"", i,
			    c->origin, c->referer, c->site);
	}
}

static void without_a_host_no_origin_is_our_own(void **state)
{
	const struct access_headers headers = { .origin = SLICE("http://") };

	(void)state;
	assert_int_equal(access_change(&headers, true), ACCESS_REFUSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_listed_hosts_are_answered),
		cmocka_unit_test(changes_come_from_programs_or_our_own_page),
		cmocka_unit_test(without_a_host_no_origin_is_our_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
