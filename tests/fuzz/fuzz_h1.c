/*
 * Heads of requests. The first bytes choose limits and splits; the rest is
 * fed whole, and then in pieces that lie somewhere else each time. Both must
 * come to the same result, and all slices must lie within the input.
 */
#include <stdlib.h>

#include "../unit/http/h1_dump.h"

#define HEADERS_MAX 24
#define DUMP_BYTES 8192

struct setup {
	struct h1_options options;
	uint32_t seed;
};

static void check_slice(struct slice s, const char *data, size_t len)
{
	if (s.len && (s.data < data || s.data + s.len > data + len))
		abort();
}

static void check_head(const struct h1_head *h, const char *data, size_t len)
{
	check_slice(h->method_text, data, len);
	check_slice(h->target, data, len);
	check_slice(h->path, data, len);
	check_slice(h->host.name, data, len);
	check_slice(h->raw, data, len);
	for (unsigned i = 0; i < h->header_count; i++) {
		check_slice(h->headers[i].name, data, len);
		check_slice(h->headers[i].value, data, len);
	}
	if (h->chunked && h->has_content_length)
		abort();
}

/* Pieces of 1 to 16 bytes, or all at once if the seed is 0. */
static size_t next_piece(uint32_t *seed)
{
	if (*seed == 0)
		return SIZE_MAX / 2;
	*seed = *seed * 1664525 + 1013904223;
	return 1 + (*seed >> 28);
}

static void run(const struct setup *setup, const char *data, size_t len,
    char *text)
{
	struct http_header headers[HEADERS_MAX];
	struct h1_head head = { .headers = headers,
		.header_capacity = HEADERS_MAX };
	struct h1_parser parser;
	enum h1_result result;
	uint32_t seed = setup->seed;
	size_t n = 0, consumed = 0;
	char *copy = NULL;

	h1_parser_init(&parser, &setup->options);
	do {
		size_t piece = next_piece(&seed);
		char *moved;

		n = piece < len - n ? n + piece : len;
		moved = malloc(n ? n : 1);
		memcpy(moved, data, n);
		result = h1_parse_head(&parser, moved, n, &head, &consumed);
		free(copy);
		copy = moved;
	} while (result == H1_MORE && n < len);
	if (result == H1_DONE)
		check_head(&head, copy, consumed);
	(void)h1_dump(text, DUMP_BYTES, result, &head, copy, consumed);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char whole[DUMP_BYTES], split[DUMP_BYTES];
	struct setup setup = { .options = H1_OPTIONS_DEFAULT };

	if (size < 3)
		return 0;
	setup.options.header_count_max = HEADERS_MAX;
	setup.options.underscores = data[0] & 1;
	setup.options.keep_invalid_headers = data[0] & 2;
	if (data[0] & 4)
		setup.options.line_bytes_max = 16 + (data[1] & 31);
	if (data[0] & 8)
		setup.options.head_bytes_max = 16 + data[1];
	run(&setup, (const char *)data + 3, size - 3, whole);
	setup.seed = data[2] + 1;
	run(&setup, (const char *)data + 3, size - 3, split);
	if (strcmp(whole, split) != 0) {
		(void)fprintf(stderr, "whole: %s\nsplit: %s\n", whole, split);
		abort();
	}
	return 0;
}
