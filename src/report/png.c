#include "report/png.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <zlib.h>

enum {
	PNG_CHUNK = 64 << 10,		/* of pixels, deflated */
	PNG_CHUNK_FRAME = 12,		/* length, type, checksum */
	PNG_TEXT_FRAME = 5,		/* zeros and flags behind a keyword */
	PNG_LEVEL = 4,
	PNG_TEXT_LEVEL = 6,
	PNG_KEYWORD_MAX = 79,
};

static const char png_signature[] = "\x89PNG\r\n\x1a\n";
enum { PNG_SIGNATURE = sizeof(png_signature) - 1 };

/* The first byte of a row says how it is to be read. */
enum png_filter { PNG_NONE, PNG_SUB, PNG_UP };

static void png_put(char to[4], uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		to[i] = (char)(value >> (24 - 8 * i));
}

static uint32_t png_get(const char *from)
{
	const unsigned char *p = (const unsigned char *)from;

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
	    (uint32_t)p[2] << 8 | p[3];
}

static uint32_t png_checksum(const char *data, size_t len)
{
	return (uint32_t)crc32_z(0, (const unsigned char *)data, len);
}

/* ---- writing ---- */

/* Begin a chunk; returns where, for png_end(). */
static size_t png_begin(struct buf *out, const char type[4])
{
	size_t at = out->len;

	buf_append(out, "\0\0\0\0", 4);
	buf_append(out, type, 4);
	return at;
}

static void png_end(struct buf *out, size_t at)
{
	char number[4];

	if (out->failed)
		return;
	png_put(out->data + at, (uint32_t)(out->len - at - 8));
	png_put(number, png_checksum(out->data + at + 4, out->len - at - 4));
	buf_append(out, number, 4);
}

static void png_write_header(const struct png_picture *picture,
    struct buf *out)
{
	/* Dots a metre. */
	uint32_t density = (uint32_t)lround(picture->scale * 96 / 0.0254);
	char number[4];
	size_t at;

	buf_append(out, png_signature, PNG_SIGNATURE);
	at = png_begin(out, "IHDR");
	png_put(number, picture->width);
	buf_append(out, number, 4);
	png_put(number, picture->height);
	buf_append(out, number, 4);
	buf_append(out, "\x08\x02\0\0\0", 5);	/* 8 bits, RGB */
	png_end(out, at);
	at = png_begin(out, "sRGB");
	buf_append_char(out, 0);
	png_end(out, at);
	at = png_begin(out, "pHYs");
	png_put(number, density);
	buf_append(out, number, 4);
	buf_append(out, number, 4);
	buf_append_char(out, 1);
	png_end(out, at);
}

static int png_write_text(const struct png_picture *picture, struct buf *out)
{
	uLong room = compressBound(picture->text.len);
	size_t at = png_begin(out, "iTXt");
	char *to;

	buf_append(out, picture->keyword, strlen(picture->keyword) + 1);
	buf_append(out, "\1\0\0\0", 4);	/* deflated; no language */
	to = buf_reserve(out, room);
	if (!to || compress2((unsigned char *)to, &room,
		(const unsigned char *)picture->text.data, picture->text.len,
		PNG_TEXT_LEVEL) != Z_OK)
		return -ENOMEM;
	out->len += room;
	png_end(out, at);
	return 0;
}

/* How many bytes would not be zero. */
static unsigned png_cost(const unsigned char *row, size_t len)
{
	unsigned cost = 0;

	for (size_t i = 0; i < len; i++)
		cost += row[i] != 0;
	return cost;
}

/* Three rows: as it is, from the pixel before, from the one above. */
struct png_rows {
	unsigned char *plain, *above, *sub, *up;
	size_t len;
};

static int png_rows_init(struct png_rows *rows, unsigned width)
{
	rows->len = (size_t)width * 3;
	rows->plain = calloc(4, rows->len + 1);
	if (!rows->plain)
		return -ENOMEM;
	rows->above = rows->plain + rows->len + 1;
	rows->sub = rows->above + rows->len + 1;
	rows->up = rows->sub + rows->len + 1;
	rows->sub[0] = PNG_SUB;
	rows->up[0] = PNG_UP;
	return 0;
}

/* Red, green and blue of a pixel. */
static uint32_t png_pixel(const unsigned char *pixel)
{
	return (uint32_t)pixel[2] << 16 | (uint32_t)pixel[1] << 8 | pixel[0];
}

/*
 * The row without what is nothing. Where a letter ends, a pixel is between
 * two others, and of its colours five bits are as good as eight to the eye;
 * the file is a seventh smaller by that.
 */
static void png_plain(const unsigned char *pixels, unsigned width,
    unsigned char *ret)
{
	uint32_t before = png_pixel(pixels), now = before;

	for (unsigned x = 0; x < width; x++, ret += 3) {
		uint32_t next = x + 1 < width ? png_pixel(pixels + 4 * x + 4)
		    : now;
		bool edge = now != before && now != next;

		for (unsigned i = 0; i < 3; i++) {
			unsigned value = now >> (16 - 8 * i) & 0xff;

			ret[i] = (unsigned char)(!edge ? value : value > 251
			    ? 255 : (value + 4) & 0xf8);
		}
		before = now;
		now = next;
	}
}

/* The row in the form that is mostly zeros: for flat colours one of the two
 * nearly always is. */
static const unsigned char *png_row(struct png_rows *rows,
    const unsigned char *pixels)
{
	unsigned char *plain = rows->plain + 1, *above = rows->above + 1;

	png_plain(pixels, (unsigned)(rows->len / 3), plain);
	for (size_t i = 0; i < rows->len; i++)
		rows->up[i + 1] = (unsigned char)(plain[i] - above[i]);
	memcpy(rows->sub + 1, plain, 3);
	for (size_t i = 3; i < rows->len; i++)
		rows->sub[i + 1] = (unsigned char)(plain[i] - plain[i - 3]);
	memcpy(above, plain, rows->len);
	return png_cost(rows->up + 1, rows->len) <=
	    png_cost(rows->sub + 1, rows->len) ? rows->up : rows->sub;
}

/* Give `stream` what it has to read, a chunk at a time. */
static int png_deflate(z_stream *stream, int flush, struct buf *out)
{
	int status;

	do {
		size_t at = png_begin(out, "IDAT");
		char *to = buf_reserve(out, PNG_CHUNK);

		if (!to)
			return -ENOMEM;
		stream->next_out = (unsigned char *)to;
		stream->avail_out = PNG_CHUNK;
		status = deflate(stream, flush);
		out->len += PNG_CHUNK - stream->avail_out;
		if (stream->avail_out == PNG_CHUNK)
			out->len = at;
		else
			png_end(out, at);
	} while (stream->avail_out == 0 && status != Z_STREAM_END);
	return 0;
}

/* Rows are collected to batches, so that chunks are not tiny. */
static int png_write_rows(const struct png_picture *picture,
    z_stream *stream, struct png_rows *rows, struct buf *out)
{
	size_t each = rows->len + 1, batch = (1 << 20) / each + 1, count = 0;
	unsigned char *data = malloc(batch * each);
	int err = data ? 0 : -ENOMEM;

	for (unsigned y = 0; y < picture->height && !err; y++) {
		bool last = y + 1 == picture->height;

		memcpy(data + count++ * each, png_row(rows, picture->pixels +
		    y * picture->stride), each);
		if (count < batch && !last)
			continue;
		stream->next_in = data;
		stream->avail_in = (unsigned)(count * each);
		err = png_deflate(stream, last ? Z_FINISH : Z_NO_FLUSH, out);
		count = 0;
	}
	free(data);
	return err;
}

static int png_write_pixels(const struct png_picture *picture,
    struct buf *out)
{
	z_stream stream = { .zalloc = NULL };
	struct png_rows rows;
	int err;

	if (deflateInit2(&stream, PNG_LEVEL, Z_DEFLATED, MAX_WBITS,
		MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	err = png_rows_init(&rows, picture->width);
	if (!err) {
		err = png_write_rows(picture, &stream, &rows, out);
		free(rows.plain);
	}
	(void)deflateEnd(&stream); /* says only that it was not finished */
	return err;
}

int png_write(const struct png_picture *picture, struct buf *out)
{
	int err = 0;

	png_write_header(picture, out);
	if (picture->text.len)
		err = png_write_text(picture, out);
	if (!err)
		err = png_write_pixels(picture, out);
	png_end(out, png_begin(out, "IEND"));
	return err || !out->failed ? err : -ENOMEM;
}

/* ---- reading ---- */

bool png_is(struct slice file)
{
	return slice_starts(file, (struct slice){ png_signature,
	    PNG_SIGNATURE });
}

/* Inflate `from`, all of it, to `out`. */
static int png_inflate(struct slice from, struct buf *out)
{
	z_stream stream = { .next_in = (unsigned char *)(uintptr_t)from.data,
		.avail_in = (unsigned)from.len };
	size_t begin = out->len;
	int status = inflateInit(&stream) == Z_OK ? Z_OK : Z_MEM_ERROR;

	while (status == Z_OK && out->len - begin <= PNG_TEXT_MAX) {
		char *to = buf_reserve(out, PNG_CHUNK);

		if (!to) {
			status = Z_MEM_ERROR;
			break;
		}
		stream.next_out = (unsigned char *)to;
		stream.avail_out = PNG_CHUNK;
		status = inflate(&stream, Z_NO_FLUSH);
		out->len += PNG_CHUNK - stream.avail_out;
		if (status == Z_OK && stream.avail_out == PNG_CHUNK)
			status = Z_BUF_ERROR;
	}
	(void)inflateEnd(&stream); /* it was begun, or nothing is to be freed */
	if (out->len - begin > PNG_TEXT_MAX)
		return -EFBIG;
	return status == Z_STREAM_END ? 0
	    : status == Z_MEM_ERROR ? -ENOMEM : -EBADMSG;
}

/* The content of an iTXt chunk: keyword, flags, language, translation of the
 * keyword, text. -ENOENT if it is another's. */
static int png_read_chunk(struct slice chunk, const char *keyword,
    struct buf *out)
{
	size_t len = strlen(keyword) + 1;
	bool deflated;

	if (len > PNG_KEYWORD_MAX || !slice_starts(chunk, (struct slice){
		keyword, len }))
		return -ENOENT;
	chunk = slice_from(chunk, len);
	if (chunk.len < PNG_TEXT_FRAME - 1)
		return -EBADMSG;
	deflated = chunk.data[0] == 1 && chunk.data[1] == 0;
	if (!deflated && chunk.data[0] != 0)
		return -EBADMSG;
	chunk = slice_from(chunk, 2);
	for (unsigned i = 0; i < 2; i++) {
		const char *end = chunk.len
		    ? memchr(chunk.data, '\0', chunk.len) : NULL;

		if (!end)
			return -EBADMSG;
		chunk = slice_from(chunk, (size_t)(end + 1 - chunk.data));
	}
	if (deflated)
		return png_inflate(chunk, out);
	buf_append_slice(out, chunk);
	return out->failed ? -ENOMEM : 0;
}

int png_read_text(struct slice file, const char *keyword, struct buf *out)
{
	struct slice rest = slice_from(file, PNG_SIGNATURE);

	if (!png_is(file))
		return -EBADMSG;
	while (rest.len >= PNG_CHUNK_FRAME) {
		size_t len = png_get(rest.data);
		const char *type = rest.data + 4;
		int err = -ENOENT;

		if (len > rest.len - PNG_CHUNK_FRAME)
			return -EBADMSG;
		if (memcmp(type, "IEND", 4) == 0)
			return -ENOENT;
		if (memcmp(type, "iTXt", 4) == 0) {
			if (png_checksum(type, len + 4) !=
			    png_get(type + 4 + len))
				return -EBADMSG;
			err = png_read_chunk((struct slice){ type + 4, len },
			    keyword, out);
		}
		if (err != -ENOENT)
			return err;
		rest = slice_from(rest, len + PNG_CHUNK_FRAME);
	}
	return -EBADMSG;
}
