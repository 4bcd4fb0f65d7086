/* The forms of "listen", and what may stand behind the address. */
#include "http_conf.h"

#include <netdb.h>

static struct http_conf_fixture f;

static bool listens(const char *arguments)
{
	char text[512];

	assert_in_range(snprintf(text, sizeof(text),
	    "server { listen %s; }", arguments), 1, sizeof(text) - 1);
	return http_conf_fixture_read(&f, text);
}

static void assert_name(const char *arguments, const char *name)
{
	assert_true(listens(arguments));
	assert_non_null(f.http->listens);
	assert_null(f.http->listens->next);
	assert_string_equal(f.http->listens->name.data, name);
	http_conf_fixture_free(&f);
}

static void assert_error(const char *arguments, const char *message)
{
	assert_false(listens(arguments));
	if (!strstr(f.message, message))
		fail_msg("\"%s\": %s", arguments, f.message);
	http_conf_fixture_free(&f);
}

static void names_are_looked_up(void **state)
{
	struct addrinfo *found;

	(void)state;
	if (getaddrinfo("localhost", NULL, NULL, &found))
		skip();		/* a bare system without /etc/hosts */
	freeaddrinfo(found);
	assert_true(listens("localhost:8080"));
	assert_true(slice_ends(f.http->listens->name, SLICE(":8080")));
	http_conf_fixture_free(&f);
}

static void addresses_and_ports(void **state)
{
	const char *port = geteuid() == 0 ? "80" : "8000";
	char name[64];

	(void)state;
	assert_name("8080", "0.0.0.0:8080");
	assert_name("*:8080", "0.0.0.0:8080");
	assert_name("127.0.0.1:8080", "127.0.0.1:8080");
	assert_name("[::]:8080", "[::]:8080");
	assert_name("[::1]:65535", "[::1]:65535");
	assert_name("1", "0.0.0.0:1");
	sprintf(name, "127.0.0.1:%s", port);
	assert_name("127.0.0.1", name);
	sprintf(name, "[::1]:%s", port);
	assert_name("[::1]", name);
	sprintf(name, "0.0.0.0:%s", port);
	assert_name("*", name);
}

static void without_a_listen(void **state)
{
	(void)state;
	assert_true(http_conf_fixture_read(&f, "server { } server { }"));
	assert_string_equal(f.http->listens->name.data,
	    geteuid() == 0 ? "0.0.0.0:80" : "0.0.0.0:8000");
	assert_int_equal(f.http->listens->server_count, 2);
	http_conf_fixture_free(&f);
}

static void unix_sockets(void **state)
{
	char text[200];

	(void)state;
	assert_name("unix:/run/x.sock", "unix:/run/x.sock");
	assert_error("unix:", "too short path");
	memset(text, 'x', sizeof(text));
	memcpy(text, "unix:/", 6);
	text[5 + 107] = '\0';
	assert_name(text, text);
	text[5 + 107] = 'x';
	text[5 + 108] = '\0';
	assert_error(text, "too long path");
}

static void bad_addresses(void **state)
{
	(void)state;
	assert_error("0", "invalid port in \"0\" of the \"listen\"");
	assert_error("65536", "invalid port in \"65536\"");
	assert_error("99999999999999999999", "");
	assert_error("127.0.0.1:", "invalid port");
	assert_error("127.0.0.1:x", "invalid port");
	assert_error(":80", "invalid port");
	assert_error("[::1]:0", "invalid port");
	assert_error("[::g]:80", "invalid IPv6 address");
	assert_error("[]:80", "invalid IPv6 address");
	assert_error("\"\"", "");
	assert_error("no.such.host.invalid:80", "\"listen\" directive");
}

static void options_of_a_socket(void **state)
{
	const struct http_listen *listen;

	(void)state;
	assert_true(listens("[::]:80 default_server backlog=7 rcvbuf=8k "
	    "sndbuf=1m ipv6only=off deferred reuseport bind"));
	listen = f.http->listens;
	assert_int_equal(listen->backlog, 7);
	assert_int_equal(listen->rcvbuf, 8192);
	assert_int_equal(listen->sndbuf, 1 << 20);
	assert_int_equal(listen->ipv6only, 0);
	assert_int_equal(listen->deferred, 1);
	assert_true(listen->default_set);
	http_conf_fixture_free(&f);
	assert_true(listens("80"));
	listen = f.http->listens;
	assert_int_equal(listen->backlog, 511);
	assert_int_equal(listen->rcvbuf, CONF_UNSET);
	assert_int_equal(listen->ipv6only, CONF_UNSET);
	assert_false(listen->default_set);
	http_conf_fixture_free(&f);
}

static void bad_options(void **state)
{
	(void)state;
	assert_error("80 nonsense", "invalid parameter \"nonsense\"");
	assert_error("80 backlog=0", "backlog=0");
	assert_error("80 backlog=x", "backlog=x");
	assert_error("80 rcvbuf=x", "rcvbuf=x");
	assert_error("[::]:80 ipv6only=x", "ipv6only=x");
	assert_error("80 ssl", "ssl");
}

static void one_address_of_several_servers_is_one_listen(void **state)
{
	(void)state;
	assert_true(http_conf_fixture_read(&f,
	    "server { listen 80; listen 81; } server { listen *:80; } "
	    "server { listen 0.0.0.0:80 backlog=9; }"));
	assert_int_equal(f.http->listens->server_count, 3);
	assert_int_equal(f.http->listens->backlog, 9);
	assert_int_equal(f.http->listens->next->server_count, 1);
	assert_null(f.http->listens->next->next);
	assert_ptr_equal(f.http->listens->default_server,
	    f.http->servers[0]);
	http_conf_fixture_free(&f);
}

static void a_server_names_an_address_once(void **state)
{
	(void)state;
	assert_false(http_conf_fixture_read(&f,
	    "server { listen 80; listen *:80; }"));
	assert_non_null(strstr(f.message,
	    "a duplicate listen 0.0.0.0:80"));
	http_conf_fixture_free(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_and_ports),
		cmocka_unit_test(names_are_looked_up),
		cmocka_unit_test(without_a_listen),
		cmocka_unit_test(unix_sockets),
		cmocka_unit_test(bad_addresses),
		cmocka_unit_test(options_of_a_socket),
		cmocka_unit_test(bad_options),
		cmocka_unit_test(one_address_of_several_servers_is_one_listen),
		cmocka_unit_test(a_server_names_an_address_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
