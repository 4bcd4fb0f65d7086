#include "base/arena.h"

#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>

#include <cmocka.h>

enum { LIMIT = 64 * 1024 };

static struct arena arena;
static alignas(max_align_t) char buffer[256];

static int setup(void **state)
{
	(void)state;
	arena_init(&arena, buffer, sizeof(buffer), LIMIT);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static bool in_buffer(const void *p)
{
	return (const char *)p >= buffer &&
	    (const char *)p < buffer + sizeof(buffer);
}

static void the_callers_buffer_comes_first(void **state)
{
	(void)state;
	assert_true(in_buffer(arena_alloc(&arena, 100)));
	assert_true(in_buffer(arena_alloc_text(&arena, 100)));
	assert_false(in_buffer(arena_alloc(&arena, 100)));
	assert_int_equal(arena.left, LIMIT - 4096);
}

static void the_whole_buffer_is_used(void **state)
{
	(void)state;
	assert_ptr_equal(arena_alloc(&arena, sizeof(buffer)), buffer);
	assert_int_equal(arena.left, LIMIT);
	assert_false(in_buffer(arena_alloc_text(&arena, 1)));
}

static void objects_are_aligned_and_text_is_not(void **state)
{
	char *text;

	(void)state;
	for (size_t size = 1; size < 70; size++) {
		text = arena_alloc_text(&arena, size);
		assert_ptr_equal(arena_alloc_text(&arena, 1), text + size);
		assert_int_equal((uintptr_t)arena_alloc(&arena, size) %
		    alignof(max_align_t), 0);
	}
}

static void allocations_do_not_overlap(void **state)
{
	char *texts[200];

	(void)state;
	for (int i = 0; i < 200; i++) {
		texts[i] = arena_alloc(&arena, (size_t)i + 1);
		assert_non_null(texts[i]);
		memset(texts[i], i, (size_t)i + 1);
	}
	for (int i = 0; i < 200; i++)
		for (int j = 0; j <= i; j++)
			assert_int_equal((unsigned char)texts[i][j], i);
}

static void large_ones_leave_the_block_as_it_is(void **state)
{
	char *small;

	(void)state;
	(void)arena_alloc(&arena, sizeof(buffer));
	small = arena_alloc_text(&arena, 10);
	assert_non_null(arena_alloc_text(&arena, 10000));
	assert_ptr_equal(arena_alloc_text(&arena, 10), small + 10);
}

static void the_limit_holds_to_the_byte(void **state)
{
	(void)state;
	arena_fini(&arena);
	arena_init(&arena, NULL, 0, LIMIT);
	assert_null(arena_alloc(&arena, LIMIT + 1));
	assert_non_null(arena_alloc(&arena, LIMIT));
	assert_null(arena_alloc(&arena, 1));
	assert_null(arena_alloc(&arena, SIZE_MAX));
	assert_null(arena_alloc(&arena, SIZE_MAX - 15));
}

static void reset_gives_all_back(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true(in_buffer(arena_alloc(&arena, 200)));
		assert_non_null(arena_alloc(&arena, LIMIT));
		arena_reset(&arena);
		assert_int_equal(arena.left, LIMIT);
	}
}

static void cleared_memory_does_not_overflow(void **state)
{
	static const char zeros[64];
	char *p;

	(void)state;
	memset(buffer, 'x', sizeof(buffer));
	p = arena_calloc(&arena, 4, 16);
	assert_memory_equal(p, zeros, sizeof(zeros));
	assert_null(arena_calloc(&arena, SIZE_MAX / 2, 3));
}

static void texts_are_terminated(void **state)
{
	struct slice copy, text;

	(void)state;
	copy = arena_copy(&arena, slice_first(SLICE("abcdef"), 3));
	assert_string_equal(copy.data, "abc");
	assert_int_equal(copy.len, 3);
	copy = arena_copy(&arena, (struct slice){ NULL, 0 });
	assert_string_equal(copy.data, "");
	text = arena_printf(&arena, "%d-%s", 42, "x");
	assert_string_equal(text.data, "42-x");
	assert_int_equal(text.len, 4);
	text = arena_printf(&arena, "%*s", LIMIT + 1, "");
	assert_null(text.data);
	assert_int_equal(text.len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
		TEST(the_callers_buffer_comes_first),
		TEST(the_whole_buffer_is_used),
		TEST(objects_are_aligned_and_text_is_not),
		TEST(allocations_do_not_overlap),
		TEST(large_ones_leave_the_block_as_it_is),
		TEST(the_limit_holds_to_the_byte),
		TEST(reset_gives_all_back),
		TEST(cleared_memory_does_not_overflow),
		TEST(texts_are_terminated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
