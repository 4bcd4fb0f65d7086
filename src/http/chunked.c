/*
 * The chunked coding. Framing is read byte by byte through the steps of
 * enum chunked_step, content is passed on in whole pieces.
 *
 * Here two readers that disagree by one byte see different requests, so there
 * is no leniency: no bare LF, no blanks where the grammar has none. Blanks
 * around ';' and '=' are in the grammar (BWS).
 */
#include "http/chunked.h"

#include "http/h1_parse.h"
#include "http/scan.h"

static bool is_token(char c)
{
	return !(scan_class[(unsigned char)c] & SCAN_NOT_TOKEN);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_text(char c)
{
	return ((unsigned char)c >= 0x20 && c != 0x7f) || c == '\t';
}

static bool add_digit(struct chunked *chunked, char c)
{
	unsigned digit;

	if (!(scan_class[(unsigned char)c] & SCAN_HEX))
		return false;
	digit = c <= '9' ? (unsigned)(c - '0')
			 : (unsigned)((c | 0x20) - 'a' + 10);
	if (chunked->left > HTTP_BODY_BYTES_MAX >> 4)
		return false;
	chunked->left = chunked->left << 4 | digit;
	return true;
}

/* What may follow a complete size or extension. */
static enum chunked_step after_item(char c, enum chunked_step blank)
{
	if (c == ';')
		return CHUNKED_EXT_NAME_FIRST;
	if (c == '\r')
		return CHUNKED_SIZE_LF;
	return is_blank(c) ? blank : CHUNKED_ERROR;
}

/* chunk-ext = *( BWS ";" BWS token [ BWS "=" BWS ( token / quoted ) ] ) */
static enum chunked_step step_extension(enum chunked_step step, char c)
{
	switch (step) {
	case CHUNKED_EXT:	/* blanks that must lead to an extension */
		if (is_blank(c))
			return step;
		return c == ';' ? CHUNKED_EXT_NAME_FIRST : CHUNKED_ERROR;
	case CHUNKED_EXT_NAME_FIRST:
		if (is_blank(c))
			return step;
		return is_token(c) ? CHUNKED_EXT_NAME : CHUNKED_ERROR;
	case CHUNKED_EXT_NAME:
		if (is_token(c))
			return step;
		if (c == '=')
			return CHUNKED_EXT_VALUE_FIRST;
		return after_item(c, CHUNKED_EXT_NAME_END);
	case CHUNKED_EXT_NAME_END:
		if (is_blank(c))
			return step;
		if (c == '=')
			return CHUNKED_EXT_VALUE_FIRST;
		return c == ';' ? CHUNKED_EXT_NAME_FIRST : CHUNKED_ERROR;
	case CHUNKED_EXT_VALUE_FIRST:
		if (is_blank(c))
			return step;
		if (c == '"')
			return CHUNKED_EXT_QUOTED;
		return is_token(c) ? CHUNKED_EXT_VALUE : CHUNKED_ERROR;
	case CHUNKED_EXT_VALUE:
		return is_token(c) ? step : after_item(c, CHUNKED_EXT);
	case CHUNKED_EXT_QUOTED:
		if (c == '"')
			return CHUNKED_EXT_END;
		if (c == '\\')
			return CHUNKED_EXT_ESCAPED;
		return is_text(c) ? step : CHUNKED_ERROR;
	case CHUNKED_EXT_ESCAPED:
		return is_text(c) ? CHUNKED_EXT_QUOTED : CHUNKED_ERROR;
	default:
		return after_item(c, CHUNKED_EXT);
	}
}

static enum chunked_step step_size(struct chunked *chunked, char c)
{
	switch (chunked->step) {
	case CHUNKED_SIZE_FIRST:
		chunked->line_bytes = 1;
		return add_digit(chunked, c) ? CHUNKED_SIZE : CHUNKED_ERROR;
	case CHUNKED_SIZE:
		if (add_digit(chunked, c))
			return CHUNKED_SIZE;
		return after_item(c, CHUNKED_EXT);
	default:
		if (c != '\n')
			return CHUNKED_ERROR;
		chunked->line_bytes = 0;
		return chunked->left ? CHUNKED_BODY : CHUNKED_TRAILER_FIRST;
	}
}

static enum chunked_step step_trailer(enum chunked_step step, char c)
{
	switch (step) {
	case CHUNKED_TRAILER_FIRST:
		if (c == '\r')
			return CHUNKED_LAST_LF;
		return is_token(c) ? CHUNKED_TRAILER_NAME : CHUNKED_ERROR;
	case CHUNKED_TRAILER_NAME:
		if (c == ':')
			return CHUNKED_TRAILER_VALUE;
		return is_token(c) ? step : CHUNKED_ERROR;
	case CHUNKED_TRAILER_VALUE:
		if (c == '\r')
			return CHUNKED_TRAILER_LF;
		return is_text(c) ? step : CHUNKED_ERROR;
	case CHUNKED_TRAILER_LF:
		return c == '\n' ? CHUNKED_TRAILER_FIRST : CHUNKED_ERROR;
	default:
		return c == '\n' ? CHUNKED_END : CHUNKED_ERROR;
	}
}

/* Read one byte of framing. */
static void step_framing(struct chunked *chunked, char c)
{
	enum chunked_step step = chunked->step;

	chunked->line_bytes++;
	if (step == CHUNKED_BODY_CR) {
		chunked->step = c == '\r' ? CHUNKED_BODY_LF : CHUNKED_ERROR;
	} else if (step == CHUNKED_BODY_LF) {
		chunked->step = c == '\n' ? CHUNKED_SIZE_FIRST : CHUNKED_ERROR;
	} else if (step >= CHUNKED_TRAILER_FIRST) {
		chunked->step = step_trailer(step, c);
		if (chunked->line_bytes > CHUNKED_TRAILER_BYTES_MAX + 2)
			chunked->step = CHUNKED_ERROR;
	} else {
		chunked->step = step >= CHUNKED_EXT && step <= CHUNKED_EXT_END
		    ? step_extension(step, c) : step_size(chunked, c);
		/* The CR is counted, the LF has begun a new count. */
		if (chunked->line_bytes > CHUNKED_LINE_BYTES_MAX + 1)
			chunked->step = CHUNKED_ERROR;
	}
	if (chunked->step == CHUNKED_ERROR)
		chunked->reason = "client sent invalid chunked body";
}

enum chunked_result chunked_next(struct chunked *chunked, struct slice *in,
    struct slice *body)
{
	while (in->len && chunked->step != CHUNKED_BODY &&
	    chunked->step < CHUNKED_END) {
		step_framing(chunked, in->data[0]);
		*in = slice_from(*in, 1);
	}
	if (chunked->step == CHUNKED_ERROR)
		return CHUNKED_BAD;
	if (chunked->step == CHUNKED_END)
		return CHUNKED_DONE;
	if (in->len == 0)
		return CHUNKED_MORE;
	*body = slice_first(*in, chunked->left < in->len
	    ? (size_t)chunked->left : in->len);
	*in = slice_from(*in, body->len);
	chunked->left -= body->len;
	if (chunked->left == 0)
		chunked->step = CHUNKED_BODY_CR;
	return CHUNKED_DATA;
}
