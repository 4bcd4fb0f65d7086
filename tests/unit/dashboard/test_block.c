#include "../conf/fixture.h"

#include "dashboard/dashboard.h"
#include "metrics/catalogue.h"

static const struct conf_table *const tables[] = { &dashboard_block_table,
    NULL };

static struct fixture fixture;
static const struct dashboard_conf *dashboard;

static int block_read(const char *text)
{
	struct conf_scope scope = { .context = CONF_MAIN };
	struct conf_node *node;
	int err;

	fixture_init(&fixture, tables);
	fixture_write(&fixture, "test.conf", text);
	assert_int_equal(fixture_parse(&fixture, "test.conf", &node), 0);
	scope.records = conf_records_new(&fixture.conf);
	dashboard = conf_record(&fixture.conf, scope.records,
	    &dashboard_block_table);
	err = conf_apply(&fixture.conf, node, &scope);
	return err ? err : conf_merge(&fixture.conf, CONF_MAIN, NULL,
	    scope.records);
}

/* Is an address listened on? */
static bool block_listens(const char *name)
{
	for (const struct http_listen *listen = dashboard->http->listens;
	    listen; listen = listen->next)
		if (slice_equal(listen->name, slice_cstr(name)))
			return true;
	return false;
}

static bool block_answers_to(const char *name)
{
	for (unsigned i = 0; i < dashboard->host_count; i++)
		if (slice_equal(dashboard->hosts[i], slice_cstr(name)))
			return true;
	return false;
}

static void assert_refused(const char *text, const char *message)
{
	assert_true(block_read(text) < 0);
	assert_string_equal(fixture_message(&fixture), message);
	fixture_fini(&fixture);
}

static void without_the_block_there_is_no_dashboard(void **state)
{
	(void)state;
	assert_int_equal(block_read(""), 0);
	assert_false(dashboard->enabled);
	assert_null(dashboard->http);
	fixture_fini(&fixture);
}

static void an_empty_block_is_the_default(void **state)
{
	(void)state;
	assert_int_equal(block_read("dashboard { }"), 0);
	assert_true(dashboard->enabled);
	assert_true(block_listens("127.0.0.1:5000"));
	assert_int_equal(dashboard->metrics_detail, METRICS_LEVEL_STANDARD);
	assert_true(dashboard->metrics_compat);
	assert_null(dashboard->auth);
	assert_true(dashboard->change_by_get);
	assert_true(slice_ends(dashboard->history_path,
	    SLICE("/ringmaster.history")));
	assert_true(block_answers_to("localhost"));
	assert_true(block_answers_to("127.0.0.1"));
	assert_true(block_answers_to("[::1]"));
	assert_int_equal(dashboard->host_count, 3);
	assert_int_equal(dashboard->http->server_count, 1);
	assert_ptr_equal(dashboard->http->conf->owner, dashboard);
	fixture_fini(&fixture);
}

static void what_the_block_says_counts(void **state)
{
	(void)state;
	assert_int_equal(block_read("dashboard {\n"
	    "listen 127.0.0.2:5001 backlog=7; listen [::1]:5002;\n"
	    "listen unix:/run/board.sock;\n"
	    "allowed_hosts Ops.Example localhost; allowed_hosts 192.0.2.1;\n"
	    "metrics_detail full; metrics_compat off; history /var/lib/h; }"),
	    0);
	assert_true(slice_equal(dashboard->history_path,
	    SLICE("/var/lib/h")));
	assert_true(block_listens("127.0.0.2:5001"));
	assert_true(block_listens("[::1]:5002"));
	assert_true(block_listens("unix:/run/board.sock"));
	assert_false(block_listens("127.0.0.1:5000"));
	assert_int_equal(dashboard->http->listens->backlog, 7);
	assert_true(block_answers_to("ops.example"));
	assert_true(block_answers_to("192.0.2.1"));
	assert_true(block_answers_to("127.0.0.2"));
	assert_int_equal(dashboard->host_count, 6);
	assert_int_equal(dashboard->metrics_detail, METRICS_LEVEL_FULL);
	assert_false(dashboard->metrics_compat);
	fixture_fini(&fixture);
}

#define REMEDY "it has no authentication; add \"auth_basic_user_file\" or " \
    "\"auth_token_file\" to the block, or let it be a loopback address " \
    "(127.0.0.1, [::1]) or a unix: path, or say \"insecure on\""

static void other_machines_are_not_listened_to(void **state)
{
	(void)state;
	assert_refused("dashboard {\nlisten 127.0.0.1:5000;\n"
	    "listen 0.0.0.0:5000;\n}", "emerg: the dashboard cannot listen on "
	    "\"0.0.0.0:5000\": " REMEDY " in test.conf:3");
	assert_refused("dashboard { listen 5000; insecure off; }",
	    "emerg: the dashboard cannot listen on \"0.0.0.0:5000\": "
	    REMEDY " in test.conf:1");
	assert_refused("dashboard { listen [::]:5000; }",
	    "emerg: the dashboard cannot listen on \"[::]:5000\": "
	    REMEDY " in test.conf:1");
}

static void on_purpose_they_are(void **state)
{
	(void)state;
	assert_int_equal(block_read("dashboard { insecure on; "
	    "listen 0.0.0.0:5000; change_by_get off; }"), 0);
	assert_true(block_listens("0.0.0.0:5000"));
	assert_null(dashboard->auth);
	assert_false(dashboard->change_by_get);
	fixture_fini(&fixture);
}

static void mistakes_are_told_with_their_line(void **state)
{
	(void)state;
	assert_refused("dashboard { }\ndashboard { }",
	    "emerg: \"dashboard\" directive is duplicate in test.conf:2");
	assert_refused("dashboard;",
	    "emerg: directive \"dashboard\" has no opening \"{\" in "
	    "test.conf:1");
	assert_refused("dashboard {\nroot html; }",
	    "emerg: unknown directive \"root\" in test.conf:2");
	assert_refused("dashboard {\nlisten 127.0.0.1:70000; }",
	    "emerg: invalid port in \"127.0.0.1:70000\" of the \"listen\" "
	    "directive in test.conf:2");
	assert_refused("dashboard {\nlisten 127.0.0.1:1; "
	    "\nlisten 127.0.0.1:1; }",
	    "emerg: a duplicate listen 127.0.0.1:1 in test.conf:3");
	assert_refused("dashboard {\n\nallowed_hosts ops.example:80; }",
	    "emerg: invalid name \"ops.example:80\" in \"allowed_hosts\", it "
	    "must be a host name or an address, without a port in "
	    "test.conf:3");
	assert_refused("dashboard { metrics_detail some; }",
	    "emerg: invalid value \"some\" in \"metrics_detail\" directive, it "
	    "must be \"basic\", \"standard\" or \"full\" in test.conf:1");
}

/* A block with `count` names besides the three it has anyway. */
static int block_read_hosts(unsigned count)
{
	char text[4096] = "dashboard { allowed_hosts";
	size_t len = strlen(text);

	for (unsigned i = 0; i < count; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    " h%u", i);
	(void)snprintf(text + len, sizeof(text) - len, "; }");
	return block_read(text);
}

static void names_have_a_limit(void **state)
{
	(void)state;
	assert_int_equal(block_read_hosts(DASHBOARD_HOSTS_MAX - 3), 0);
	assert_int_equal(dashboard->host_count, DASHBOARD_HOSTS_MAX);
	fixture_fini(&fixture);
	assert_true(block_read_hosts(DASHBOARD_HOSTS_MAX - 2) < 0);
	assert_string_equal(fixture_message(&fixture),
	    "emerg: the dashboard has too many names, the limit is 64 in "
	    "test.conf:1");
	fixture_fini(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_the_block_there_is_no_dashboard),
		cmocka_unit_test(an_empty_block_is_the_default),
		cmocka_unit_test(what_the_block_says_counts),
		cmocka_unit_test(other_machines_are_not_listened_to),
		cmocka_unit_test(on_purpose_they_are),
		cmocka_unit_test(mistakes_are_told_with_their_line),
		cmocka_unit_test(names_have_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
