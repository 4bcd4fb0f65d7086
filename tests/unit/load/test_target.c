/*
 * URLs: what is taken, what is sent of them, and where load may go.
 */
#include "plan_fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/un.h>
#include <unistd.h>

#include "load/target.h"

struct expected {
	const char *url, *host, *authority;
	unsigned port;
	const char *uri;
};

static int parse(struct fixture *f, const char *url, struct load_target *ret)
{
	const struct fault fault = { f->error, sizeof(f->error) };

	return load_target_parse(slice_cstr(url), &f->arena, &fault, ret);
}

static void urls_are_taken_apart(void **state)
{
	static const struct expected good[] = {
		{ "http://localhost", "localhost", "localhost", 80, "/" },
		{ "HTTP://a.b:80/x", "a.b", "a.b", 80, "/x" },
		{ "http://a:8080?q", "a", "a:8080", 8080, "/?q" },
		{ "http://a:/x#frag", "a", "a", 80, "/x" },
		{ "http://[::1]:81/", "::1", "[::1]:81", 81, "/" },
		{ "http://[::1]/p", "::1", "[::1]", 80, "/p" },
		{ "http://1.2.3.4/a%20b?x=[1]&y=@", "1.2.3.4", "1.2.3.4", 80,
		  "/a%20b?x=[1]&y=@" },
		{ "http://a/\xc3\xa4\"<>", "a", "a", 80,
		  "/%C3%A4%22%3C%3E" },
		{ "http://unix:/run/a.sock", "/run/a.sock", "localhost", 0,
		  "/" },
		{ "http://unix:/run/a.sock:/x?y", "/run/a.sock", "localhost",
		  0, "/x?y" },
	};
	struct fixture *f = *state;
	struct load_target target;

	for (size_t i = 0; i < sizeof(good) / sizeof(*good); i++) {
		if (parse(f, good[i].url, &target) != 0)
			fail_msg("%s: %s", good[i].url, f->error);
		assert_string_equal(target.text.data, good[i].url);
		assert_string_equal(target.host.data, good[i].host);
		assert_string_equal(target.authority.data,
		    good[i].authority);
		assert_int_equal(target.port, good[i].port);
		assert_string_equal(target.uri.data, good[i].uri);
	}
}

static void mistakes_are_one_sentence(void **state)
{
	static const struct {
		const char *url, *sentence;
	} bad[] = {
		{ "", "the URL \"\" does not begin with http://" },
		{ "localhost:80/", "the URL \"localhost:80/\" does not begin "
		  "with http://" },
		{ "https://a/", "https is not there yet: TLS comes later, "
		  "use http:// until then" },
		{ "http://", "\"\" is not a host with a port" },
		{ "http:///x", "\"\" is not a host with a port" },
		{ "http://a:65536/", "\"a:65536\" is not a host with a "
		  "port" },
		{ "http://a:0/", "the URL has port 0, ports are 1 to 65535" },
		{ "http://[::g]/", "\"[::g]\" is not a host with a port" },
		{ "http://me:pw@a/", "the URL has a user name: send an "
		  "Authorization header instead" },
		{ "http://a/b c", "the URL has a blank or a control "
		  "character, write it as %20 or the like" },
		{ "http://a/\r\nX: y", "the URL has a blank or a control "
		  "character, write it as %20 or the like" },
		{ "http://unix:", "the URL has no path of a socket behind "
		  "\"unix:\"" },
	};
	struct fixture *f = *state;
	struct load_target target;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		assert_int_equal(parse(f, bad[i].url, &target), -22);
		assert_string_equal(f->error, bad[i].sentence);
	}
}

static void paths_have_a_limit(void **state)
{
	char url[LOAD_TARGET_MAX + 16] = "http://a/";
	struct fixture *f = *state;
	struct load_target target;

	memset(url + strlen(url), 'x', LOAD_TARGET_MAX - 1);
	assert_int_equal(parse(f, url, &target), 0);
	assert_int_equal(target.uri.len, LOAD_TARGET_MAX);
	strcat(url, "x");
	assert_int_equal(parse(f, url, &target), -22);
	assert_string_equal(f->error,
	    "the path of the URL is longer than 8000 bytes");
}

static void socket_paths_have_a_limit(void **state)
{
	char url[160] = "http://unix:/";
	struct fixture *f = *state;
	struct load_target target;

	memset(url + strlen(url), 'x', 106);
	assert_int_equal(parse(f, url, &target), 0);
	strcat(url, "x");
	assert_int_equal(parse(f, url, &target), -22);
	assert_string_equal(f->error,
	    "the path of the socket is longer than 107 bytes");
}

static void what_is_the_same_server(void **state)
{
	struct fixture *f = *state;
	struct load_target a, b;

	assert_int_equal(parse(f, "http://Local/x", &a), 0);
	assert_int_equal(parse(f, "http://local:80/y", &b), 0);
	assert_true(load_target_same(&a, &b));
	assert_int_equal(parse(f, "http://local:81/y", &b), 0);
	assert_false(load_target_same(&a, &b));
	assert_int_equal(parse(f, "http://unix:/a:/x", &a), 0);
	assert_int_equal(parse(f, "http://unix:/a:/y", &b), 0);
	assert_true(load_target_same(&a, &b));
	assert_int_equal(parse(f, "http://unix:/b:/y", &b), 0);
	assert_false(load_target_same(&a, &b));
}

static bool own(const char *text)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
		return load_address_own((const struct sockaddr *)&v4);
	assert_int_equal(inet_pton(AF_INET6, text, &v6.sin6_addr), 1);
	return load_address_own((const struct sockaddr *)&v6);
}

static void loopback_is_ours_others_are_not(void **state)
{
	(void)state;
	assert_true(own("127.0.0.1"));
	assert_true(own("127.255.0.9"));
	assert_true(own("::1"));
	assert_true(own("::ffff:127.0.0.1"));
	assert_true(own("0.0.0.0"));
	assert_true(own("::"));
	assert_false(own("128.0.0.1"));
	assert_false(own("192.0.2.1"));
	assert_false(own("2001:db8::1"));
	assert_false(own("::ffff:192.0.2.1"));
	assert_false(own("::2"));
}

static void others_must_be_named(void **state)
{
	struct fixture *f = *state;
	const char *allowed[] = { "example.org", "192.0.2.1" };
	const char *literal[] = { "[2001:db8::1]" };
	struct load_options options = { .url = "http://192.0.2.1/",
	    .allowed = allowed, .allowed_count = 1 };

	fixture_refused(f, &options, "192.0.2.1 is not an address of this "
	    "machine: to send load there all the same, add --allow-target "
	    "192.0.2.1");
	options.allowed_count = 2;
	fixture_builds(f, &options);
	options = (struct load_options){ .url = "http://[2001:db8::1]:81/" };
	fixture_refused(f, &options, "2001:db8::1 is not an address of this "
	    "machine: to send load there all the same, add --allow-target "
	    "2001:db8::1");
	options.allowed = literal;
	options.allowed_count = 1;
	fixture_builds(f, &options);
}

static void names_that_do_not_resolve_are_told(void **state)
{
	struct fixture *f = *state;
	const struct load_options options = {
		.url = "http://no-such-host.invalid/" };

	assert_int_equal(fixture_build(f, &options), -22);
	assert_non_null(strstr(f->error, "the name \"no-such-host.invalid\" "
	    "cannot be resolved: "));
}

/* A port on which one of the loopback addresses of "localhost" listens. */
static unsigned listen_on(int family, int *fd)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6,
	    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in v4 = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct sockaddr *address = family == AF_INET
	    ? (const struct sockaddr *)&v4 : (const struct sockaddr *)&v6;
	socklen_t len = family == AF_INET ? sizeof(v4) : sizeof(v6);
	struct sockaddr_in6 bound;
	socklen_t bound_len = sizeof(bound);

	*fd = socket(family, SOCK_STREAM, 0);
	if (*fd < 0)
		return 0;
	if (bind(*fd, address, len) != 0 || listen(*fd, 1) != 0) {
		assert_int_equal(close(*fd), 0);
		return 0;
	}
	assert_int_equal(getsockname(*fd, (struct sockaddr *)&bound,
	    &bound_len), 0);
	return ntohs(bound.sin6_port);	/* where IPv4 has it as well */
}

static void of_several_addresses_one_that_answers(void **state)
{
	struct fixture *f = *state;
	const int families[] = { AF_INET, AF_INET6 };
	struct load_options options = { .url = NULL };
	char url[64];
	int fd;

	for (unsigned i = 0; i < 2; i++) {
		unsigned port = listen_on(families[i], &fd);

		if (port == 0)
			continue;	/* there is no IPv6 here */
		(void)snprintf(url, sizeof(url), "http://localhost:%u/",
		    port);
		options.url = url;
		fixture_builds(f, &options);
		/* "localhost" may be only one of them. */
		if (families[i] == AF_INET)
			assert_int_equal(f->plan.address.ss_family, AF_INET);
		assert_int_equal(close(fd), 0);
	}
}

static void unix_sockets_are_ours(void **state)
{
	struct fixture *f = *state;
	const struct load_options options = {
		.url = "http://unix:/run/none.sock:/x" };
	const struct sockaddr_un *un =
	    (const struct sockaddr_un *)&f->plan.address;

	fixture_builds(f, &options);
	assert_int_equal(un->sun_family, AF_UNIX);
	assert_string_equal(un->sun_path, "/run/none.sock");
	assert_int_equal(f->plan.address_len,
	    offsetof(struct sockaddr_un, sun_path) + 15);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(urls_are_taken_apart),
		TEST(mistakes_are_one_sentence),
		TEST(paths_have_a_limit),
		TEST(socket_paths_have_a_limit),
		TEST(what_is_the_same_server),
		TEST(loopback_is_ours_others_are_not),
		TEST(others_must_be_named),
		TEST(names_that_do_not_resolve_are_told),
		TEST(of_several_addresses_one_that_answers),
		TEST(unix_sockets_are_ours),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
