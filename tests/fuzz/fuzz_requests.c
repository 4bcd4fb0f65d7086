/*
 * Queries of /api/v1/requests, whose bounds hold whatever is asked for; and
 * log lines, of which no query of an address is left, however they are cut.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "dashboard/requests_query.h"
#include "metrics/logs.h"

static void check_query(struct slice text)
{
	struct requests_query query;
	struct arena arena;

	arena_init(&arena, NULL, 0, 1 << 20);
	if (!requests_query_parse(text, 1700000000, &arena, &query) &&
	    (query.count > 1000 || query.kind >= REQUESTS_KIND_COUNT ||
	    query.since_ns > 1700000000 * NS_PER_SEC ||
	    query.min_ns > 86401 * NS_PER_SEC))
		abort();
	arena_fini(&arena);
}

/* Behind each '?' stands what was put there, or nothing of an address. */
static void check_redacted(struct slice text, size_t size)
{
	static const char mark[] = "[redacted]";
	char *to = malloc(size ? size : 1);
	size_t len;

	if (!to)
		return;
	len = metrics_log_redact(to, size, text);
	if (len > size)
		abort();
	for (size_t i = 0; i + 1 < len; i++) {
		size_t left = len - i - 1;
		size_t n = left < sizeof(mark) - 1 ? left : sizeof(mark) - 1;

		if (to[i] == '?' && to[i + 1] != ' ' && to[i + 1] != '"' &&
		    memcmp(&to[i + 1], mark, n) != 0)
			abort();
	}
	free(to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text;

	if (size == 0)
		return 0;
	text = (struct slice){ (const char *)data + 1, size - 1 };
	check_query(text);
	check_redacted(text, data[0]);
	return 0;
}
