/* A small strict reader: what it does not expect, it refuses. */

#include "dashboard/fields.h"

#include <stdlib.h>

#include "base/utf8.h"
#include "dashboard/query.h"

enum { NUMBER_MAX = 40 };	/* characters of one */

/* ---- JSON ---- */

struct json_reader {
	struct arena *arena;
	struct slice rest;
};

static void json_skip_space(struct json_reader *reader)
{
	struct slice *rest = &reader->rest;

	while (rest->len && rest->data[0] &&
	    strchr(" \t\r\n", rest->data[0]))
		*rest = slice_from(*rest, 1);
}

/* Is `what` next? Then go behind it. */
static bool json_take(struct json_reader *reader, struct slice what)
{
	if (!slice_starts(reader->rest, what))
		return false;
	reader->rest = slice_from(reader->rest, what.len);
	return true;
}

/* The four hex digits of a \u. */
static bool json_hex(struct json_reader *reader, unsigned *ret)
{
	unsigned value = 0;

	if (reader->rest.len < 4)
		return false;
	for (unsigned i = 0; i < 4; i++) {
		char c = reader->rest.data[i];

		if (c >= '0' && c <= '9')
			value = value << 4 | (unsigned)(c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			value = value << 4 | (unsigned)((c | 0x20) - 'a' + 10);
		else
			return false;
	}
	reader->rest = slice_from(reader->rest, 4);
	*ret = value;
	return true;
}

/* A character behind "\u", perhaps as two halves, in UTF-8 to `to`, which
 * has room for the text that stands for it. */
static bool json_unicode(struct json_reader *reader, char **to)
{
	unsigned c, low;
	char *out = *to;

	if (!json_hex(reader, &c) || (c >= 0xdc00 && c < 0xe000))
		return false;
	if (c >= 0xd800 && c < 0xdc00) {
		if (!json_take(reader, SLICE("\\u")) ||
		    !json_hex(reader, &low) || low < 0xdc00 || low > 0xdfff)
			return false;
		c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
		*out++ = (char)(0xf0 | c >> 18);
		*out++ = (char)(0x80 | (c >> 12 & 0x3f));
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	} else if (c >= 0x800) {
		*out++ = (char)(0xe0 | c >> 12);
		*out++ = (char)(0x80 | (c >> 6 & 0x3f));
		*out++ = (char)(0x80 | (c & 0x3f));
	} else if (c >= 0x80) {
		*out++ = (char)(0xc0 | c >> 6);
		*out++ = (char)(0x80 | (c & 0x3f));
	} else {
		*out++ = (char)c;
	}
	*to = out;
	return true;
}

static bool json_escape(struct json_reader *reader, char **to)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	const char *name;
	char c;

	if (json_take(reader, SLICE("u")))
		return json_unicode(reader, to);
	if (!reader->rest.len)
		return false;
	c = reader->rest.data[0];
	name = c ? strchr(names, c) : NULL;
	if (!name)
		return false;
	*(*to)++ = values[name - names];
	reader->rest = slice_from(reader->rest, 1);
	return true;
}

/* A string behind its first quote; false if it is malformed. */
static bool json_string(struct json_reader *reader, struct slice *ret)
{
	char *text = arena_alloc_text(reader->arena, reader->rest.len + 1);
	char *to = text;

	while (text && reader->rest.len) {
		size_t len = utf8_char_len(reader->rest);

		if (json_take(reader, SLICE("\""))) {
			*ret = (struct slice){ text, (size_t)(to - text) };
			return true;
		}
		if (json_take(reader, SLICE("\\"))) {
			if (!json_escape(reader, &to))
				return false;
			continue;
		}
		if (!len || (unsigned char)reader->rest.data[0] < 0x20)
			return false;
		memcpy(to, reader->rest.data, len);
		to += len;
		reader->rest = slice_from(reader->rest, len);
	}
	return false;
}

static size_t number_digits(struct slice text, size_t from)
{
	size_t end = from;

	while (end < text.len && text.data[end] >= '0' &&
	    text.data[end] <= '9')
		end++;
	return end - from;
}

/* The length of the number that a text begins with (RFC 8259 §6); 0: it does
 * not begin with one. */
static size_t number_len(struct slice text)
{
	size_t len = slice_starts(text, SLICE("-")), digits;

	digits = number_digits(text, len);
	if (digits == 0 || (digits > 1 && text.data[len] == '0'))
		return 0;
	len += digits;
	if (len < text.len && text.data[len] == '.') {
		digits = number_digits(text, len + 1);
		if (digits == 0)
			return 0;
		len += 1 + digits;
	}
	if (len < text.len && (text.data[len] | 0x20) == 'e') {
		len++;
		if (len < text.len && strchr("+-", text.data[len]) &&
		    text.data[len])
			len++;
		digits = number_digits(text, len);
		if (digits == 0)
			return 0;
		len += digits;
	}
	return len;
}

static const char *json_value(struct json_reader *reader, struct field *field)
{
	size_t len;

	if (json_take(reader, SLICE("\""))) {
		field->kind = FIELD_TEXT;
		return json_string(reader, &field->text) ? NULL :
		    "a string in it is malformed";
	}
	len = number_len(reader->rest);
	if (len) {
		field->kind = FIELD_NUMBER;
		field->text = slice_first(reader->rest, len);
		reader->rest = slice_from(reader->rest, len);
		return NULL;
	}
	field->kind = FIELD_NULL;
	if (json_take(reader, SLICE("null")))
		return NULL;
	field->kind = FIELD_BOOL;
	field->on = json_take(reader, SLICE("true"));
	return field->on || json_take(reader, SLICE("false")) ? NULL :
	    "a value is no string, number, true, false or null";
}

static const char *json_member(struct json_reader *reader,
    struct field *field)
{
	const char *wrong;

	json_skip_space(reader);
	if (!json_take(reader, SLICE("\"")) ||
	    !json_string(reader, &field->name))
		return "a name in it is malformed";
	json_skip_space(reader);
	if (!json_take(reader, SLICE(":")))
		return "a name has no value";
	json_skip_space(reader);
	wrong = json_value(reader, field);
	json_skip_space(reader);
	return wrong;
}

/* ---- both ---- */

static const char *fields_add(struct fields *fields,
    const struct field *field)
{
	if (fields_find(fields, field->name))
		return "a name is in it twice";
	if (fields->count == FIELDS_MAX)
		return "it has too many values";
	fields->list[fields->count++] = *field;
	return NULL;
}

const char *fields_parse_json(struct arena *arena, struct slice text,
    struct fields *ret)
{
	struct json_reader reader = { arena, text };
	struct fields fields = { .count = 0 };
	const char *wrong = NULL;
	bool more;

	json_skip_space(&reader);
	if (!json_take(&reader, SLICE("{")))
		return "it is not a JSON object";
	json_skip_space(&reader);
	more = !json_take(&reader, SLICE("}"));
	while (more) {
		struct field field = { .on = false };

		wrong = json_member(&reader, &field);
		if (!wrong)
			wrong = fields_add(&fields, &field);
		if (wrong)
			return wrong;
		more = json_take(&reader, SLICE(","));
		if (!more && !json_take(&reader, SLICE("}")))
			return "the JSON object does not end";
	}
	json_skip_space(&reader);
	if (reader.rest.len)
		return "something follows the JSON object";
	*ret = fields;
	return NULL;
}

const char *fields_parse_form(struct arena *arena, struct slice text,
    struct fields *ret)
{
	struct fields fields = { .count = 0 };
	struct query_arg arg;

	while (query_next(arena, &text, &arg)) {
		const struct field field = { .kind = FIELD_FORM,
			.name = arg.name, .text = arg.value };
		const char *wrong = fields_add(&fields, &field);

		if (wrong)
			return wrong;
	}
	*ret = fields;
	return NULL;
}

const struct field *fields_find(const struct fields *fields,
    struct slice name)
{
	for (unsigned i = 0; i < fields->count; i++)
		if (slice_equal(fields->list[i].name, name))
			return &fields->list[i];
	return NULL;
}

bool fields_bool(const struct fields *fields, struct slice name, bool *ret)
{
	const struct field *field = fields_find(fields, name);
	bool on;

	if (!field || (field->kind != FIELD_BOOL && field->kind != FIELD_FORM))
		return false;
	on = field->kind == FIELD_BOOL ? field->on :
	    slice_equal(field->text, SLICE("true"));
	if (field->kind == FIELD_FORM && !on &&
	    !slice_equal(field->text, SLICE("false")))
		return false;
	*ret = on;
	return true;
}

bool fields_text(const struct fields *fields, struct slice name,
    struct slice *ret)
{
	const struct field *field = fields_find(fields, name);

	if (!field || (field->kind != FIELD_TEXT && field->kind != FIELD_FORM))
		return false;
	*ret = field->text;
	return true;
}

bool fields_number(const struct fields *fields, struct slice name,
    double *ret)
{
	const struct field *field = fields_find(fields, name);
	char text[NUMBER_MAX + 1];

	if (!field ||
	    (field->kind != FIELD_NUMBER && field->kind != FIELD_FORM) ||
	    field->text.len > NUMBER_MAX || !field->text.len ||
	    number_len(field->text) != field->text.len)
		return false;
	memcpy(text, field->text.data, field->text.len);
	text[field->text.len] = '\0';
	*ret = strtod(text, NULL);	/* the locale is always "C" */
	return true;
}
