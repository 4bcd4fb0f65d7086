/* Pictures keep their colours, or get some that are like them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "report/palette.h"

enum { WIDTH = 640, HEIGHT = 480 };

static unsigned char pixels[HEIGHT * WIDTH * 4];

static void paint(unsigned x, unsigned y, uint32_t color)
{
	unsigned char *pixel = pixels + (y * WIDTH + x) * 4;

	for (unsigned i = 0; i < 4; i++)
		pixel[i] = (unsigned char)(color >> 8 * i);
}

/* The largest difference of a part of a colour. */
static unsigned apart(const struct palette *palette)
{
	unsigned most = 0;

	for (unsigned i = 0; i < WIDTH * HEIGHT; i++) {
		uint32_t color = palette_color(pixels + (size_t)4 * i);
		uint32_t other = palette->colors[palette_index(palette,
		    color)];

		for (unsigned shift = 0; shift <= 16; shift += 8) {
			int far = abs((int)(color >> shift & 0xff) -
			    (int)(other >> shift & 0xff));

			if ((unsigned)far > most)
				most = (unsigned)far;
		}
	}
	return most;
}

static struct palette *palette_of_all(void)
{
	struct palette *palette = palette_new(pixels, WIDTH, HEIGHT,
	    (size_t)WIDTH * 4);

	assert_non_null(palette);
	assert_in_range(palette->count, 1, PALETTE_MAX);
	return palette;
}

static void few_colours_stay(void **state)
{
	struct palette *palette;

	(void)state;
	for (unsigned i = 0; i < WIDTH * HEIGHT; i++)
		paint(i % WIDTH, i / WIDTH, i / WIDTH % 200 * 0x010503 + 7);
	palette = palette_of_all();
	assert_int_equal(palette->count, 200);
	assert_int_equal(apart(palette), 0);
	free(palette);
}

/* Ramps from a colour to another, a pixel of each, on a ground. */
static void edges_are_like_what_they_were(void **state)
{
	static const uint32_t ends[] = { 0xf0c010, 0xff4050, 0x10e0b0,
		0xe6eaf2, 0x3060ff, 0xee82d8 };
	struct palette *palette, *again;

	(void)state;
	for (unsigned i = 0; i < WIDTH * HEIGHT; i++)
		paint(i % WIDTH, i / WIDTH, 0x0f1420);
	for (unsigned i = 0; i < 6 * 256; i++) {
		uint32_t color = 0;

		for (unsigned shift = 0; shift <= 16; shift += 8)
			color |= ((ends[i / 256] >> shift & 0xff) *
			    (i % 256) / 255) << shift;
		paint(3 * i % WIDTH, 2 * (i * 3 / WIDTH), color);
	}
	palette = palette_of_all();
	assert_int_equal(palette->count, PALETTE_MAX);
	assert_in_range(apart(palette), 1, 16);
	assert_int_equal(palette->colors[palette_index(palette, 0x0f1420)],
	    0x0f1420);
	again = palette_of_all();
	assert_memory_equal(again, palette, sizeof(*again));
	free(again);
	free(palette);
}

/* Noise has more colours than cells: it is slower, and done. */
static void noise_has_a_palette(void **state)
{
	struct palette *palette;
	uint32_t color = 1;

	(void)state;
	for (unsigned i = 0; i < WIDTH * HEIGHT; i++) {
		color = color * 1664525 + 1013904223;
		paint(i % WIDTH, i / WIDTH, color >> 8);
	}
	palette = palette_of_all();
	assert_in_range(apart(palette), 1, 80);
	free(palette);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_colours_stay),
		cmocka_unit_test(edges_are_like_what_they_were),
		cmocka_unit_test(noise_has_a_palette),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
