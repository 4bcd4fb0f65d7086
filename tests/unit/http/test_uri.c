/* Decoding and normalising of paths. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "http/uri.h"

struct expected {
	const char *target;
	const char *path;	/* NULL: refused */
	const char *args;	/* NULL: there are none */
	bool split;		/* uri_split() suffices */
	bool keep_slashes;	/* merge_slashes off */
};

static const struct expected cases[] = {
	{ "/", "/", NULL, true, false },
	{ "/a/b.html", "/a/b.html", NULL, true, false },
	{ "/a?", "/a", "", true, false },
	{ "/a?b=c?d%20/../", "/a", "b=c?d%20/../", true, false },
	{ "/a?b#c", "/a", "b", true, false },
	{ "/a#b?c", "/a", NULL, true, false },
	{ "/a..b/.c./d..", "/a..b/.c./d..", NULL, false, false },
	{ "", "/", NULL, false, false },
	{ "?x", "/", "x", false, false },
	{ "#x", "/", NULL, false, false },
	{ "/%68i%2etxt", "/hi.txt", NULL, false, false },
	{ "/%2F%2f", "/", NULL, false, false },
	{ "/a%20b+c", "/a b+c", NULL, false, false },
	{ "/%02", "/\x02", NULL, false, false },
	{ "/%25%32%65", "/%2e", NULL, false, false },
	{ "/a%3fb%23c?d", "/a?b#c", "d", false, false },
	{ "/%c0%ae%c0%ae/", "/\xc0\xae\xc0\xae/", NULL, false, false },
	{ "//a///b//", "/a/b/", NULL, false, false },
	{ "//a///b//", "//a///b//", NULL, false, true },
	{ "/foo//../bar", "/foo/bar", NULL, false, true },
	{ "/foo///../bar", "/foo//bar", NULL, false, true },
	{ "/foo/.//bar", "/foo//bar", NULL, false, true },
	{ "/foo/bar/.", "/foo/bar/", NULL, false, false },
	{ "/foo/bar/.?x", "/foo/bar/", "x", false, false },
	{ "/foo/bar/..", "/foo/", NULL, false, false },
	{ "/foo/bar/..#x", "/foo/", NULL, false, false },
	{ "/a/./b/../../c", "/c", NULL, false, false },
	{ "/a/%2e%2E/b", "/b", NULL, false, false },
	{ "/a/.%2e%2fb", "/b", NULL, false, false },
	{ "/a/...", "/a/...", NULL, false, false },
	{ "/...", "/...", NULL, false, false },
	{ "/a/..", "/", NULL, false, false },
	{ "/a/../", "/", NULL, false, false },
	{ "/..;/a", "/..;/a", NULL, false, false },
	{ "/..\\a", "/..\\a", NULL, false, false },
	{ "/..", NULL, NULL, false, false },
	{ "/../", NULL, NULL, false, false },
	{ "/../a", NULL, NULL, false, false },
	{ "/./../a", NULL, NULL, false, false },
	{ "//../a", NULL, NULL, false, false },
	{ "//../a", "/a", NULL, false, true },
	{ "/a/../../b", NULL, NULL, false, false },
	{ "/%2e%2e/a", NULL, NULL, false, false },
	{ "/..%2fa", NULL, NULL, false, false },
	{ "/..?/a", NULL, NULL, false, false },
	{ "/%", NULL, NULL, false, false },
	{ "/%1", NULL, NULL, false, false },
	{ "/%zz", NULL, NULL, false, false },
	{ "/%u002e", NULL, NULL, false, false },
	{ "/a%00", NULL, NULL, false, false },
	{ "/a%0", NULL, NULL, false, false },
	{ "/0123456789abcdef/0123456789abcdef/./x",
	    "/0123456789abcdef/0123456789abcdef/x", NULL, false, false },
	{ "/0123456789abcd//x", "/0123456789abcd/x", NULL, false, false },
	{ "/0123456789abcde//x", "/0123456789abcde/x", NULL, false, false },
	{ "/0123456789abcdef?x", "/0123456789abcdef", "x", true, false },
};

static void check(const struct expected *e, const struct uri *uri)
{
	assert_true(slice_equal(uri->path, slice_cstr(e->path)));
	assert_int_equal(uri->has_args, e->args != NULL);
	if (e->args)
		assert_true(slice_equal(uri->args, slice_cstr(e->args)));
}

static void targets_are_taken_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct expected *e = &cases[i];
		size_t len = strlen(e->target);
		/* Exact sizes, so that a byte too far is noticed. */
		char *target = malloc(len ? len : 1), *buffer = malloc(len + 1);
		struct slice s = { target, len };
		struct uri uri;
		bool ok;

		memcpy(target, e->target, len);
		if (uri_split(s, &uri) != e->split)
			fail_msg("%s: split", e->target);
		if (e->split)
			check(e, &uri);
		ok = uri_normalise(s, !e->keep_slashes, buffer, &uri);
		if (ok != (e->path != NULL))
			fail_msg("%s: normalise", e->target);
		if (ok)
			check(e, &uri);
		free(target);
		free(buffer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(targets_are_taken_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
