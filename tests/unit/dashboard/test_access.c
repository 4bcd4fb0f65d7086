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

#define BROWSER "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Firefox/128.0"
#define PROGRAM "curl/8.0"

enum { ALLOW = ACCESS_ALLOW, ASK = ACCESS_CONFIRM, TOKEN = ACCESS_TOKEN,
    NO = ACCESS_REFUSE };

/* What comes of a request, for each way it can be made: by GET or POST;
 * without authentication, with it, and with the session's token besides. */
struct change_case {
	const char *origin, *referer, *site, *agent;
	int get, post, get_auth, post_auth, get_token, post_token;
};

static const struct change_case change_cases[] = {
	/* programs */
	{ "", "", "", PROGRAM, ALLOW, ALLOW, ALLOW, ALLOW, ALLOW, ALLOW },
	{ "", "", "", "", ALLOW, ALLOW, ALLOW, ALLOW, ALLOW, ALLOW },
	/* a browser that is not asked to say where it comes from */
	{ "", "", "", BROWSER, ASK, ALLOW, ASK, ALLOW, ASK, ALLOW },
	/* our own page, in browsers old and new */
	{ "http://localhost:5000", "", "", BROWSER,
	  ALLOW, ALLOW, ASK, TOKEN, ALLOW, ALLOW },
	{ "https://LOCALHOST:5000", "", "", BROWSER,
	  ALLOW, ALLOW, ASK, TOKEN, ALLOW, ALLOW },
	{ "", "http://localhost:5000/", "", BROWSER,
	  ALLOW, ALLOW, ASK, TOKEN, ALLOW, ALLOW },
	{ "", "http://localhost:5000/?a#b", "", "",
	  ALLOW, ALLOW, ASK, TOKEN, ALLOW, ALLOW },
	{ "", "", "same-origin", BROWSER,
	  ALLOW, ALLOW, ASK, TOKEN, ALLOW, ALLOW },
	{ "null", "", "same-origin", BROWSER,
	  ALLOW, ALLOW, ASK, TOKEN, ALLOW, ALLOW },
	{ "http://localhost:5000", "", "same-origin", "",
	  ALLOW, ALLOW, ASK, TOKEN, ALLOW, ALLOW },
	/* the address bar */
	{ "", "", "none", BROWSER, ASK, ALLOW, ASK, TOKEN, ASK, ALLOW },
	{ "http://localhost:5000", "", "none", "",
	  ASK, ALLOW, ASK, TOKEN, ASK, ALLOW },
	/* other sites */
	{ "", "", "cross-site", BROWSER, NO, NO, NO, NO, NO, NO },
	{ "", "", "same-site", BROWSER, NO, NO, NO, NO, NO, NO },
	{ "", "", "Same-Origin", "", NO, NO, NO, NO, NO, NO },
	{ "", "", "same-origin2", "", NO, NO, NO, NO, NO, NO },
	{ "http://localhost:5000", "", "cross-site", "",
	  NO, NO, NO, NO, NO, NO },
	{ "http://evil.example", "", "", "", NO, NO, NO, NO, NO, NO },
	{ "http://evil.example", "", "same-origin", "",
	  NO, NO, NO, NO, NO, NO },
	{ "http://evil.example", "http://localhost:5000/", "", "",
	  NO, NO, NO, NO, NO, NO },
	{ "http://evil.example", "", "none", "", NO, NO, NO, NO, NO, NO },
	{ "null", "", "", "", NO, NO, NO, NO, NO, NO },
	{ "http://localhost:5001", "", "", "", NO, NO, NO, NO, NO, NO },
	{ "http://localhost:50000", "", "", "", NO, NO, NO, NO, NO, NO },
	{ "http://localhost", "", "", "", NO, NO, NO, NO, NO, NO },
	{ "ftp://localhost:5000", "", "", "", NO, NO, NO, NO, NO, NO },
	{ "localhost:5000", "", "", "", NO, NO, NO, NO, NO, NO },
	{ "", "http://evil.example/", "", "", NO, NO, NO, NO, NO, NO },
	{ "", "http://evil.example/localhost:5000/", "", "",
	  NO, NO, NO, NO, NO, NO },
	{ "", "http://localhost:5000.evil.example/", "", "",
	  NO, NO, NO, NO, NO, NO },
	{ "", "http://localhost:5000@evil.example/", "", "",
	  NO, NO, NO, NO, NO, NO },
};

static void check_case(const struct change_case *c, unsigned way, int verdict)
{
	const struct access_request request = {
		.host = SLICE("localhost:5000"),
		.origin = slice_cstr(c->origin),
		.referer = slice_cstr(c->referer),
		.fetch_site = slice_cstr(c->site),
		.user_agent = slice_cstr(c->agent),
		.post = way & 1,
		.auth = way >= 2,
		.token = way >= 4,
	};
	int got = (int)access_change(&request);

	if (got != verdict)
		fail_msg("origin \"%s\" referer \"%s\" site \"%s\" way %u: "
		    "%d, not %d", c->origin, c->referer, c->site, way, got,
		    verdict);
}

static void changes_come_from_programs_or_our_own_page(void **state)
{
	(void)state;
	for (unsigned i = 0; i < sizeof(change_cases) / sizeof(*change_cases);
	    i++) {
		const struct change_case *c = &change_cases[i];
		const int verdicts[] = { c->get, c->post, c->get_auth,
		    c->post_auth, c->get_token, c->post_token };

		for (unsigned way = 0; way < 6; way++)
			check_case(c, way, verdicts[way]);
	}
}

/* The token proves nothing where the password is not asked for. */
static void a_token_opens_nothing_to_other_sites(void **state)
{
	const struct access_request request = {
		.host = SLICE("localhost:5000"),
		.origin = SLICE("http://evil.example"),
		.post = true, .token = true,
	};

	(void)state;
	assert_int_equal(access_change(&request), ACCESS_REFUSE);
}

static void without_a_host_no_origin_is_our_own(void **state)
{
	const struct access_request request = { .origin = SLICE("http://"),
		.post = true };

	(void)state;
	assert_int_equal(access_change(&request), ACCESS_REFUSE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_listed_hosts_are_answered),
		cmocka_unit_test(changes_come_from_programs_or_our_own_page),
		cmocka_unit_test(a_token_opens_nothing_to_other_sites),
		cmocka_unit_test(without_a_host_no_origin_is_our_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
