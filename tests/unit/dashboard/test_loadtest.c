/* What may be asked of a load test, what ringload is told, what it tells. */
#include <arpa/inet.h>
#include <math.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dashboard/loadtest.h"

static struct arena arena;
static struct http_listen listens[5];
static struct http_conf site;
static struct loadtest_spec spec;
static const char *args[LOADTEST_ARGS_MAX];

static struct http_listen listen_at(int family, const char *text)
{
	struct http_listen listen = { .address.ss_family = (sa_family_t)family };
	void *address = &listen.address;
	struct sockaddr_in *in = address;
	struct sockaddr_in6 *in6 = address;

	if (family == AF_INET) {
		in->sin_port = htons(8080);
		assert_int_equal(inet_pton(family, text, &in->sin_addr), 1);
	} else if (family == AF_INET6) {
		in6->sin6_port = htons(8081);
		assert_int_equal(inet_pton(family, text, &in6->sin6_addr), 1);
	}
	return listen;
}

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, NULL, 0, 1 << 20);
	listens[0] = listen_at(AF_UNIX, "");
	listens[1] = listen_at(AF_INET, "0.0.0.0");
	listens[2] = listen_at(AF_INET6, "::");
	listens[3] = listen_at(AF_INET, "192.0.2.7");
	listens[4] = listen_at(AF_INET6, "2001:db8::7");
	for (unsigned i = 0; i < 4; i++)
		listens[i].next = &listens[i + 1];
	site = (struct http_conf){ .listens = listens };
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static const char *spec_read(const char *json)
{
	struct fields fields;

	assert_null(fields_parse_json(&arena, slice_cstr(json), &fields));
	return loadtest_spec_read(&fields, &site, &arena, &spec);
}

/* Is it among the arguments? */
static bool told(const char *arg)
{
	assert_int_equal(loadtest_spec_args(&spec, "/r/f.json", &arena, args),
	    0);
	for (unsigned i = 0; args[i]; i++)
		if (strcmp(args[i], arg) == 0)
			return true;
	return false;
}

static void one_click_is_a_burst_at_the_first_address(void **state)
{
	(void)state;
	assert_null(spec_read("{}"));
	assert_int_equal(spec.preset, LOADTEST_BURST);
	assert_true(told("http://127.0.0.1:8080/"));
	assert_true(told("--connections=100"));
	assert_true(told("--duration=5s"));
	assert_true(told("--warmup=0"));
	assert_true(told("--save=/r/f.json"));
	assert_true(told("--server=/dev/fd/5"));
	assert_false(told("--requests=1"));
}

static void each_preset_has_its_arguments(void **state)
{
	(void)state;
	assert_null(spec_read("{\"preset\":\"classic\"}"));
	assert_true(told("--requests=1"));
	assert_null(spec_read("{\"preset\":\"steady\"}"));
	assert_true(told("--rate=1000"));
	assert_true(told("--duration=30s"));
	assert_null(spec_read("{\"preset\":\"find_max\"}"));
	assert_true(told("--find-max"));
	assert_true(told("--slo=p99<5ms"));
	assert_true(told("--slo=err<0.1%"));
	assert_null(spec_read("{\"preset\":\"cache\"}"));
	assert_true(told("ab"));
	assert_true(told("--a=http://127.0.0.1:8080/"));
	assert_true(told("--b-set=cache=off"));
	assert_true(told("--rounds=5"));
	assert_true(told("--round=2s"));
	assert_null(spec_read("{\"preset\":\"custom\",\"clients\":3,"
	    "\"rate\":9,\"duration\":2,\"path\":\"/a?b=c\"}"));
	assert_true(told("--connections=3"));
	assert_true(told("--rate=9"));
	assert_true(told("--duration=2s"));
	assert_true(told("http://127.0.0.1:8080/a?b=c"));
}

static void only_own_addresses_are_targets(void **state)
{
	(void)state;
	assert_null(spec_read("{\"target\":\"[::1]:8081\"}"));
	assert_string_equal(spec.url, "http://[::1]:8081/");
	assert_null(spec.host);
	assert_null(spec_read("{\"target\":\"192.0.2.7:8080\"}"));
	assert_true(told("--allow-target=192.0.2.7"));
	assert_null(spec_read("{\"target\":\"[2001:db8::7]:8081\"}"));
	assert_true(told("--allow-target=2001:db8::7"));
	assert_non_null(spec_read("{\"target\":\"192.0.2.8:8080\"}"));
	assert_non_null(spec_read("{\"target\":\"192.0.2.7:8081\"}"));
	assert_non_null(spec_read("{\"target\":\"192.0.2.7\"}"));
	site.listens = NULL;
	assert_non_null(spec_read("{}"));
}

static bool status_read(const char *line, struct loadtest_now *now)
{
	*now = (struct loadtest_now){ .running = true };
	return loadtest_now_read(slice_cstr(line), now);
}

static void a_line_of_status_is_taken_over(void **state)
{
	struct loadtest_now now;

	(void)state;
	assert_true(status_read("{\"running\":true,\"progress\":0.5,"
	    "\"run\":\"01ab\",\"sent\":12,\"done\":11,\"errors\":1,"
	    "\"rate\":10.5,\"p50\":null,\"p99\":0.002,\"max\":1,"
	    "\"eta_seconds\":3,\"connections\":4,\"preset\":\"\","
	    "\"error\":\"why\"}", &now));
	assert_true(now.running);
	assert_true(now.progress == 0.5 && now.rate == 10.5);
	assert_int_equal(now.sent, 12);
	assert_int_equal(now.done, 11);
	assert_int_equal(now.errors, 1);
	assert_int_equal(now.connections, 4);
	assert_true(isnan(now.p50_s) && now.p99_s == 0.002 && now.max_s == 1);
	assert_string_equal(now.run, "01ab");
	assert_string_equal(now.error, "why");
}

static void what_is_no_status_changes_nothing(void **state)
{
	struct loadtest_now now;

	(void)state;
	assert_false(status_read("", &now));
	assert_false(status_read("{}", &now));
	assert_false(status_read("{\"progress\":\"1\"}", &now));
	assert_false(status_read("{\"progress\":1", &now));
	assert_int_equal(now.done, 0);
	assert_true(status_read("{\"progress\":7,\"done\":1e300,\"sent\":-1,"
	    "\"run\":\"a b\"}", &now));
	assert_true(now.progress == 1);
	assert_int_equal(now.done, 0);
	assert_int_equal(now.sent, 0);
	assert_string_equal(now.run, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_click_is_a_burst_at_the_first_address),
		cmocka_unit_test(each_preset_has_its_arguments),
		cmocka_unit_test(only_own_addresses_are_targets),
		cmocka_unit_test(a_line_of_status_is_taken_over),
		cmocka_unit_test(what_is_no_status_changes_nothing),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
