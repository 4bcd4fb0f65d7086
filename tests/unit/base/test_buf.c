#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void appends_in_every_way(void **state)
{
	struct buf buf = buf_make(1000);

	(void)state;
	buf_append(&buf, "ab", 2);
	buf_append_slice(&buf, SLICE("c\0d"));
	buf_append_cstr(&buf, "ef");
	buf_append_char(&buf, 'g');
	buf_printf(&buf, "%d%s", 42, "x");
	buf_append_slice(&buf, (struct slice){ NULL, 0 });
	buf_append(&buf, NULL, 0);
	assert_true(slice_equal(buf_slice(&buf), SLICE("abc\0defg42x")));
	assert_false(buf.failed);
	buf_free(&buf);
}

static void grows_and_keeps_what_is_there(void **state)
{
	struct buf buf = buf_make(1 << 20);

	(void)state;
	for (int i = 0; i < 10000; i++)
		buf_printf(&buf, "%05d", i);
	assert_int_equal(buf.len, 50000);
	assert_memory_equal(buf.data, "0000000001", 10);
	assert_memory_equal(buf.data + 49995, "09999", 5);
	buf_free(&buf);
}

static void the_limit_holds_to_the_byte_and_errors_stick(void **state)
{
	struct buf buf = buf_make(5);

	(void)state;
	buf_append_cstr(&buf, "12345");
	assert_false(buf.failed);
	buf_append_char(&buf, '6');
	assert_true(buf.failed);
	assert_true(slice_equal(buf_slice(&buf), SLICE("12345")));
	buf.len = 0;
	buf_append_char(&buf, '1');
	assert_int_equal(buf.len, 0);
	buf_free(&buf);
}

static void formatted_text_beyond_the_limit_fails_whole(void **state)
{
	struct buf buf = buf_make(10);

	(void)state;
	buf_printf(&buf, "%s", "12345678901");
	assert_true(buf.failed);
	assert_int_equal(buf.len, 0);
	buf_free(&buf);
}

static void reserved_room_is_not_content(void **state)
{
	struct buf buf = buf_make(100);
	char *p;

	(void)state;
	buf_append_cstr(&buf, "ab");
	p = buf_reserve(&buf, 98);
	assert_ptr_equal(p, buf.data + 2);
	assert_int_equal(buf.len, 2);
	assert_null(buf_reserve(&buf, 99));
	assert_true(buf.failed);
	buf_free(&buf);
	assert_null(buf_reserve(&buf, SIZE_MAX));
}

static void freed_is_as_new(void **state)
{
	struct buf buf = buf_make(10);

	(void)state;
	buf_append_cstr(&buf, "12345678901");
	buf_free(&buf);
	assert_false(buf.failed);
	buf_append_cstr(&buf, "1234567890");
	assert_true(slice_equal(buf_slice(&buf), SLICE("1234567890")));
	buf_free(&buf);
	buf_free(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_in_every_way),
		cmocka_unit_test(grows_and_keeps_what_is_there),
		cmocka_unit_test(the_limit_holds_to_the_byte_and_errors_stick),
		cmocka_unit_test(formatted_text_beyond_the_limit_fails_whole),
		cmocka_unit_test(reserved_room_is_not_content),
		cmocka_unit_test(freed_is_as_new),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
