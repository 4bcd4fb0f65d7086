#include "report/palette.h"

#include <stdbool.h>
#include <stdlib.h>

/* Colours that are in it because there is much of them; the rest is what is
 * farthest from all that are in it, one by one. */
enum { PALETTE_OFTEN = PALETTE_MAX / 2 };

/* What rounds to the same. */
struct cell {
	uint32_t count;			/* pixels */
	uint32_t color;			/* of one of them */
	bool flat;			/* which was beside another */
};

/* A colour that the picture has. */
struct shade {
	uint32_t count, color;
	unsigned far;			/* from the nearest of the palette */
	unsigned nearest;
};

static void palette_count(struct cell *cells, const unsigned char *row,
    unsigned width)
{
	uint32_t before = palette_color(row) + 1;
	struct cell *cell = NULL;

	for (unsigned x = 0; x < width; x++) {
		uint32_t now = palette_color(row + (size_t)4 * x);

		if (now != before)
			cell = &cells[palette_cell(now)];
		if (!cell->flat) {
			cell->flat = now == before;
			if (cell->flat || cell->count == 0)
				cell->color = now;
		}
		cell->count++;
		before = now;
	}
}

/* The most frequent first; the same order for the same picture. */
static int palette_order(const void *a, const void *b)
{
	const struct shade *one = a, *other = b;

	if (one->count != other->count)
		return one->count < other->count ? 1 : -1;
	return one->color < other->color ? 1 : -1;
}

static struct shade *palette_shades(const struct cell *cells,
    unsigned *ret_count)
{
	unsigned count = 0;
	struct shade *shades;

	for (unsigned i = 0; i < PALETTE_CELLS; i++)
		count += cells[i].count > 0;
	shades = calloc(count + 1, sizeof(*shades));
	*ret_count = 0;
	for (unsigned i = 0; shades && i < PALETTE_CELLS; i++)
		if (cells[i].count)
			shades[(*ret_count)++] = (struct shade){
				cells[i].count, cells[i].color, UINT32_MAX,
				0 };
	if (shades)
		qsort(shades, count, sizeof(*shades), palette_order);
	return shades;
}

static unsigned palette_distance(uint32_t a, uint32_t b)
{
	unsigned sum = 0;

	for (unsigned shift = 0; shift <= 16; shift += 8) {
		int apart = (int)(a >> shift & 0xff) - (int)(b >> shift &
		    0xff);

		sum += (unsigned)(apart * apart);
	}
	return sum;
}

/* Take a colour in; returns that which is farthest from all of them now. */
static unsigned palette_add(struct palette *palette, struct shade *shades,
    unsigned count, unsigned which)
{
	uint32_t color = shades[which].color;
	unsigned farthest = 0;

	palette->colors[palette->count] = color;
	for (unsigned i = 0; i < count; i++) {
		unsigned far = palette_distance(shades[i].color, color);

		if (far < shades[i].far) {
			shades[i].far = far;
			shades[i].nearest = palette->count;
		}
		if (shades[i].far > shades[farthest].far)
			farthest = i;
	}
	palette->count++;
	return farthest;
}

static void palette_fill(struct palette *palette, struct shade *shades,
    unsigned count)
{
	unsigned next = 0;

	for (unsigned i = 0; i < count && i < PALETTE_MAX; i++) {
		next = palette_add(palette, shades, count,
		    i < PALETTE_OFTEN ? i : next);
		if (shades[next].far == 0)
			break;
	}
	for (unsigned i = 0; i < count; i++)
		palette->index[palette_cell(shades[i].color)] =
		    (uint8_t)shades[i].nearest;
}

struct palette *palette_new(const unsigned char *pixels, unsigned width,
    unsigned height, size_t stride)
{
	struct palette *palette = calloc(1, sizeof(*palette));
	struct cell *cells = calloc(PALETTE_CELLS, sizeof(*cells));
	struct shade *shades = NULL;
	unsigned count;

	if (palette && cells) {
		for (unsigned y = 0; y < height; y++)
			palette_count(cells, pixels + y * stride, width);
		shades = palette_shades(cells, &count);
	}
	if (shades) {
		palette_fill(palette, shades, count);
	} else {
		free(palette);
		palette = NULL;
	}
	free(shades);
	free(cells);
	return palette;
}
