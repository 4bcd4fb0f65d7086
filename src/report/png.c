#include "report/png.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <zlib.h>

#include "report/palette.h"

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
	buf_append(out, "\x08\x03\0\0\0", 5);	/* 8 bits, a palette */
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

static void png_row(const struct png_picture *picture,
    const struct palette *palette, unsigned y, unsigned char *to)
{
	const unsigned char *row = picture->pixels + y * picture->stride;

	*to++ = 0;			/* as it is: indices have no slope */
	for (unsigned x = 0; x < picture->width; x++)
		to[x] = palette_index(palette,
		    palette_color(row + (size_t)4 * x));
}

/* Rows are collected to batches, so that chunks are not tiny. */
static int png_write_rows(const struct png_picture *picture,
    const struct palette *palette, z_stream *stream, struct buf *out)
{
	size_t each = picture->width + 1, batch = (1 << 20) / each + 1;
	unsigned char *data = malloc(batch * each);
	size_t count = 0;
	int err = data ? 0 : -ENOMEM;

	for (unsigned y = 0; y < picture->height && !err; y++) {
		bool last = y + 1 == picture->height;

		png_row(picture, palette, y, data + count++ * each);
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

static void png_write_palette(const struct palette *palette, struct buf *out)
{
	size_t at = png_begin(out, "PLTE");
	char number[4];

	for (unsigned i = 0; i < palette->count; i++) {
		png_put(number, palette->colors[i]);
		buf_append(out, number + 1, 3);
	}
	png_end(out, at);
}

static int png_write_pixels(const struct png_picture *picture,
    const struct palette *palette, struct buf *out)
{
	z_stream stream = { .zalloc = NULL };
	int err;

	if (deflateInit2(&stream, PNG_LEVEL, Z_DEFLATED, MAX_WBITS,
		MAX_MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return -ENOMEM;
	err = png_write_rows(picture, palette, &stream, out);
	(void)deflateEnd(&stream); /* says only that it was not finished */
	return err;
}

int png_write(const struct png_picture *picture, struct buf *out)
{
	struct palette *palette = palette_new(picture->pixels,
	    picture->width, picture->height, picture->stride);
	int err = palette ? 0 : -ENOMEM;

	png_write_header(picture, out);
	if (!err && picture->text.len)
		err = png_write_text(picture, out);
	if (!err) {
		png_write_palette(palette, out);
		err = png_write_pixels(picture, palette, out);
	}
	free(palette);
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
