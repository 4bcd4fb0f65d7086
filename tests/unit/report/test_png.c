/* Pictures that carry text, whole and damaged. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/png.h"

enum { WIDTH = 7, HEIGHT = 5, MEMORY = 256 << 20 };

static const char keyword[] = "data";

static struct buf picture(struct slice text)
{
	static unsigned char pixels[HEIGHT * WIDTH * 4];
	const struct png_picture picture = { .pixels = pixels,
		.width = WIDTH, .height = HEIGHT, .stride = WIDTH * 4,
		.scale = 2, .keyword = keyword, .text = text };
	struct buf out = buf_make(MEMORY);

	for (unsigned i = 0; i < sizeof(pixels); i++)
		pixels[i] = (unsigned char)(i * 7);
	assert_int_equal(png_write(&picture, &out), 0);
	return out;
}

static int read_text(struct slice file, struct buf *out)
{
	*out = buf_make(MEMORY);
	return png_read_text(file, keyword, out);
}

static void text_comes_back(void **state)
{
	struct buf file = picture(SLICE("{\"a\":1}")), text;

	(void)state;
	assert_true(png_is(buf_slice(&file)));
	assert_int_equal(read_text(buf_slice(&file), &text), 0);
	assert_true(slice_equal(buf_slice(&text), SLICE("{\"a\":1}")));
	buf_free(&text);
	assert_int_equal(png_read_text(buf_slice(&file), "other", &text),
	    -ENOENT);
	buf_free(&text);
	buf_free(&file);
}

static void a_picture_without_text_says_so(void **state)
{
	struct buf file = picture((struct slice){ "", 0 }), text;

	(void)state;
	assert_int_equal(read_text(buf_slice(&file), &text), -ENOENT);
	assert_int_equal(read_text(SLICE("no picture"), &text), -EBADMSG);
	buf_free(&file);
}

static void damage_is_told(void **state)
{
	struct buf file = picture(SLICE("0123456789abcdefghijklmnop")), text;
	int err;

	(void)state;
	for (size_t len = 0; len < file.len - 12; len++) {
		err = read_text(slice_first(buf_slice(&file), len), &text);
		assert_true(err == 0 || err == -EBADMSG);
		buf_free(&text);
	}
	for (size_t i = 0; i < file.len; i++) {
		file.data[i] ^= 0x10;
		err = read_text(buf_slice(&file), &text);
		if (err == 0)
			assert_true(slice_equal(buf_slice(&text),
			    SLICE("0123456789abcdefghijklmnop")));
		buf_free(&text);
		file.data[i] ^= 0x10;
	}
	buf_free(&file);
}

static void text_has_a_limit(void **state)
{
	size_t size = PNG_TEXT_MAX + 1;
	char *zeros = calloc(1, size);
	struct buf file, text;

	(void)state;
	assert_non_null(zeros);
	file = picture((struct slice){ zeros, size });
	assert_true(file.len < 1 << 20);
	assert_int_equal(read_text(buf_slice(&file), &text), -EFBIG);
	buf_free(&text);
	buf_free(&file);
	file = picture((struct slice){ zeros, size - 1 });
	assert_int_equal(read_text(buf_slice(&file), &text), 0);
	assert_int_equal(text.len, size - 1);
	buf_free(&text);
	buf_free(&file);
	free(zeros);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_comes_back),
		cmocka_unit_test(a_picture_without_text_says_so),
		cmocka_unit_test(damage_is_told),
		cmocka_unit_test(text_has_a_limit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
