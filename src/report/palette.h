#ifndef RINGMASTER_REPORT_PALETTE_H
#define RINGMASTER_REPORT_PALETTE_H

#include <stddef.h>
#include <stdint.h>

/*
 * Few colours for a picture of flat ones: those it has most of, and of the
 * many that only edges of letters and lines have, so many that each of the
 * others has one that is like it.
 */

enum {
	PALETTE_MAX = 256,
	PALETTE_BITS = 6,		/* of a colour's parts, that count */
	PALETTE_CELLS = 1 << (3 * PALETTE_BITS),
};

struct palette {
	uint32_t colors[PALETTE_MAX];	/* 0xRRGGBB */
	unsigned count;
	uint8_t index[PALETTE_CELLS];	/* for palette_index() */
};

/* Heap memory, for free(); NULL without. Pixels have four bytes: blue, green,
 * red, nothing; `stride` bytes from row to row. */
struct palette *palette_new(const unsigned char *pixels, unsigned width,
    unsigned height, size_t stride);

static inline uint32_t palette_color(const unsigned char *pixel)
{
	return (uint32_t)pixel[2] << 16 | (uint32_t)pixel[1] << 8 | pixel[0];
}

static inline unsigned palette_cell(uint32_t color)
{
	return (color >> 18 & 0x3f) << 12 | (color >> 10 & 0x3f) << 6 |
	    (color >> 2 & 0x3f);
}

/* Which of the colours is like one of the picture's. */
static inline uint8_t palette_index(const struct palette *palette,
    uint32_t color)
{
	return palette->index[palette_cell(color)];
}

#endif
