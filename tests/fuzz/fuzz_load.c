/*
 * What ringload reads: URLs, lines of URL lists and of logs, courses of
 * rates, cookies. Whatever they hold, what is made of it for a request line
 * has no byte that could end it.
 */
#include <stdlib.h>

#include "load/cookies.h"
#include "load/replay.h"
#include "load/stages.h"
#include "load/target.h"
#include "load/urls.h"

enum { MEMORY = 1 << 20 };

static void check_uri(struct slice uri)
{
	if (uri.len == 0 || uri.len > LOAD_TARGET_MAX || uri.data[0] != '/')
		abort();
	for (size_t i = 0; i < uri.len; i++)
		if (uri.data[i] <= ' ' || uri.data[i] >= 0x7f ||
		    uri.data[i] == '#')
			abort();
}

static void check_url(struct slice text, struct arena *arena)
{
	char error[256] = "";
	const struct fault fault = { error, sizeof(error) };
	struct load_target target;

	if (load_target_parse(text, arena, &fault, &target) != 0) {
		if (!error[0])
			abort();
		return;
	}
	check_uri(target.uri);
	if (target.host.len == 0 || target.authority.len == 0 ||
	    strlen(target.host.data) != target.host.len ||
	    (target.port == 0) != target.local ||
	    !load_target_same(&target, &target))
		abort();
}

static void check_log_line(struct slice text, struct arena *arena)
{
	struct replay_line line;
	struct slice uri;

	if (!replay_line_parse(text, &line))
		return;
	if (draft_method_wrong(line.method) || line.uri.data[0] != '/')
		abort();
	if (load_uri_encode(line.uri, arena, &uri))
		check_uri(uri);
}

static void check_list_line(struct slice text)
{
	struct urls_line line;

	if (urls_line_parse(text, &line))
		return;
	if (line.url.len == 0 || line.weight < 0 ||
	    line.weight > LOAD_WEIGHT_MAX ||
	    (line.method.len && draft_method_wrong(line.method)))
		abort();
}

static void check_stages(struct slice text)
{
	struct schedule schedule = { .count = 0 };
	uint64_t at_ns, before_ns = 0;

	if (stages_parse(text, &schedule))
		return;
	schedule_start(&schedule, 1, 0, 1);
	for (unsigned i = 0; i < 1000 && schedule_next(&schedule, &at_ns);
	    i++) {
		if (at_ns < before_ns || at_ns > schedule_end_ns(&schedule))
			abort();
		before_ns = at_ns;
	}
}

/* Each line is a Set-Cookie. */
static void check_cookies(struct slice text)
{
	struct cookies cookies = { .count = 0 };

	while (text.len) {
		const char *end = memchr(text.data, '\n', text.len);
		size_t len = end ? (size_t)(end - text.data) : text.len;
		unsigned separators = 0;

		cookies_set(&cookies, slice_first(text, len), 1000000000);
		for (size_t i = 0; i < cookies.len; i++)
			separators += cookies.text[i] == ';';
		if (cookies.len > LOAD_COOKIE_BYTES_MAX ||
		    cookies.count > LOAD_COOKIES_MAX ||
		    (cookies.count > 0) != (cookies.len > 0) ||
		    (cookies.count > 0 && separators + 1 != cookies.count))
			abort();
		text = slice_from(text, len + 1);
	}
	cookies_free(&cookies);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = { (const char *)data, size };
	struct arena arena;

	arena_init(&arena, NULL, 0, MEMORY);
	check_url(text, &arena);
	check_log_line(text, &arena);
	check_list_line(text);
	check_stages(text);
	check_cookies(text);
	arena_fini(&arena);
	return 0;
}
