/*
 * A run from a file: whatever it says, it is refused or read, and what was
 * read can be written, read and written again without a change.
 */
#include <stdlib.h>

#include "load/json_read.h"
#include "metrics/json.h"

enum { MEMORY_MAX = 64 << 20 };

static const struct json_options options = { .bins = true };

static void check(bool ok)
{
	if (!ok)
		abort();
}

static int fuzz_read(struct slice text, struct arena *arena,
    ProtobufCMessage **ret)
{
	struct json_reader reader;
	int err;

	json_reader_init(&reader, text);
	err = json_read_message(&reader,
	    &ringmaster__v1__load_results__descriptor, arena, ret);
	check(!err == !reader.error[0]);
	check(reader.rest.len <= text.len);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf first = buf_make(MEMORY_MAX), second = buf_make(MEMORY_MAX);
	ProtobufCMessage *message;
	struct arena arena;

	arena_init(&arena, NULL, 0, MEMORY_MAX);
	if (fuzz_read((struct slice){ (const char *)data, size }, &arena,
		&message) == 0) {
		json_write(&first, message, &options);
		check(!first.failed);
		check(fuzz_read(buf_slice(&first), &arena, &message) == 0);
		json_write(&second, message, &options);
		check(slice_equal(buf_slice(&first), buf_slice(&second)));
	}
	buf_free(&first);
	buf_free(&second);
	arena_fini(&arena);
	return 0;
}
