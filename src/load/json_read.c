/*
 * JSON into messages; see json_read.h. The library makes a tree of each
 * value, which is freed before the next one is read.
 */

#include "load/json_read.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>

#include "metrics/reflect.h"

#define JSON_READ_FLAGS (JSON_DISABLE_EOF_CHECK | JSON_REJECT_DUPLICATES | \
    JSON_DECODE_ANY)

#define JSON_READ_NS_PER_MS INT64_C(1000000)

/* Where values go, and what failed. */
struct json_place {
	struct arena *arena;
	struct json_reader *reader;
};

static int read_message(const struct json_place *place, const json_t *json,
    const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret);

/* ---- the text ---- */

static int read_error(struct json_reader *reader, size_t at, const char *what)
{
	unsigned line = 1;

	for (size_t i = 0; i < at && i < reader->text.len; i++)
		line += reader->text.data[i] == '\n';
	(void)snprintf(reader->error, sizeof(reader->error), "line %u: %s",
	    line, what);
	return -EBADMSG;
}

static size_t read_position(const struct json_reader *reader)
{
	return reader->text.len - reader->rest.len;
}

static void read_blanks(struct json_reader *reader)
{
	while (reader->rest.len && memchr(" \t\r\n", reader->rest.data[0], 4))
		reader->rest = slice_from(reader->rest, 1);
}

bool json_read_char(struct json_reader *reader, char c)
{
	read_blanks(reader);
	if (reader->rest.len == 0 || reader->rest.data[0] != c)
		return false;
	reader->rest = slice_from(reader->rest, 1);
	return true;
}

bool json_read_end(struct json_reader *reader)
{
	read_blanks(reader);
	return reader->rest.len == 0;
}

/* The next value; the caller gives it back. */
static int read_value(struct json_reader *reader, json_t **ret)
{
	struct slice text = slice_first(reader->rest, JSON_READ_BYTES_MAX);
	json_error_t error;

	*ret = json_loadb(text.data, text.len, JSON_READ_FLAGS, &error);
	if (!*ret && json_error_code(&error) == json_error_out_of_memory) {
		(void)read_error(reader, read_position(reader),
		    "no memory for it");
		return -ENOMEM;
	}
	if (!*ret)
		return read_error(reader, read_position(reader) +
		    (error.position > 0 ? (size_t)error.position : 0),
		    text.len < reader->rest.len &&
		    json_error_code(&error) ==
		    json_error_premature_end_of_input
		    ? "a value is too long" : error.text);
	reader->rest = slice_from(reader->rest, (size_t)error.position);
	return 0;
}

int json_read_skip(struct json_reader *reader)
{
	json_t *json;
	int err = read_value(reader, &json);

	if (!err)
		json_decref(json);
	return err;
}

int json_read_uint(struct json_reader *reader, uint64_t *ret)
{
	size_t at = read_position(reader);
	json_t *json;
	int err = read_value(reader, &json);

	if (err)
		return err;
	if (json_is_integer(json) && json_integer_value(json) >= 0)
		*ret = (uint64_t)json_integer_value(json);
	else
		err = read_error(reader, at, "a whole number is expected");
	json_decref(json);
	return err;
}

int json_read_name(struct json_reader *reader, char *name, size_t size)
{
	size_t at = read_position(reader);
	json_t *json;
	int err = read_value(reader, &json);

	if (err)
		return err;
	if (json_is_string(json))
		(void)snprintf(name, size, "%s", json_string_value(json));
	if (!json_is_string(json) || !json_read_char(reader, ':'))
		err = read_error(reader, at,
		    "a name and a colon are expected");
	json_decref(json);
	return err;
}

/* ---- values ---- */

static int read_mismatch(const struct json_place *place,
    const ProtobufCFieldDescriptor *field, const char *what)
{
	char text[JSON_READ_ERROR_MAX / 2];

	(void)snprintf(text, sizeof(text), "\"%s\" is not %s", field->name,
	    what);
	return read_error(place->reader, read_position(place->reader), text);
}

static int read_memory(const struct json_place *place)
{
	(void)read_error(place->reader, read_position(place->reader),
	    "no memory for it");
	return -ENOMEM;
}

static int read_text(const struct json_place *place, const json_t *json,
    const ProtobufCFieldDescriptor *field, char **ret)
{
	struct slice copy;

	if (!json_is_string(json))
		return read_mismatch(place, field, "a text");
	copy = arena_copy(place->arena, (struct slice){
	    json_string_value(json), json_string_length(json) });
	if (!copy.data)
		return read_memory(place);
	*ret = (char *)(uintptr_t)copy.data;
	return 0;
}

static int read_enum(const struct json_place *place, const json_t *json,
    const ProtobufCFieldDescriptor *field, int *ret)
{
	json_int_t number = json_integer_value(json);

	if (json_is_string(json) && reflect_find_enum(field, (struct slice){
		json_string_value(json), json_string_length(json) }, ret))
		return 0;
	if (!json_is_integer(json) || number < INT32_MIN ||
	    number > INT32_MAX)
		return read_mismatch(place, field, "one of its names");
	*ret = (int)number;	/* of a later version */
	return 0;
}

/* A whole number from `least` to `most`. */
static int read_integer(const struct json_place *place, const json_t *json,
    const ProtobufCFieldDescriptor *field, int64_t *ret)
{
	int64_t least = 0, most = INT64_MAX;

	switch (field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		least = INT32_MIN;
		most = INT32_MAX;
		break;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		most = UINT32_MAX;
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		least = INT64_MIN;
		break;
	default:
		if (reflect_is_time(field))
			most /= JSON_READ_NS_PER_MS;
	}
	if (!json_is_integer(json))
		return read_mismatch(place, field, "a whole number");
	*ret = json_integer_value(json);
	if (*ret < least || *ret > most)
		return read_mismatch(place, field, "within its limits");
	if (reflect_is_time(field))
		*ret *= JSON_READ_NS_PER_MS;
	return 0;
}

static int read_double(const struct json_place *place, const json_t *json,
    const ProtobufCFieldDescriptor *field, double *ret)
{
	if (json_is_null(json))
		*ret = NAN;
	else if (json_is_number(json))
		*ret = json_number_value(json);
	else
		return read_mismatch(place, field, "a number");
	return 0;
}

/* One value to `to`, which has its size. */
static int read_one(const struct json_place *place, const json_t *json,
    const ProtobufCFieldDescriptor *field, void *to)
{
	int64_t integer = 0;
	double number = 0;
	int err;

	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		return read_text(place, json, field, to);
	case PROTOBUF_C_TYPE_MESSAGE:
		return read_message(place, json, field->descriptor, to);
	case PROTOBUF_C_TYPE_ENUM:
		return read_enum(place, json, field, to);
	case PROTOBUF_C_TYPE_BOOL:
		if (!json_is_boolean(json))
			return read_mismatch(place, field, "true or false");
		*(protobuf_c_boolean *)to = json_is_true(json);
		return 0;
	case PROTOBUF_C_TYPE_DOUBLE:
		return read_double(place, json, field, to);
	case PROTOBUF_C_TYPE_FLOAT:
		err = read_double(place, json, field, &number);
		if (!err)
			*(float *)to = (float)number;
		return err;
	case PROTOBUF_C_TYPE_BYTES:
		return read_mismatch(place, field, "readable");
	default:
		err = read_integer(place, json, field, &integer);
	}
	if (!err && reflect_value_size(field->type) == sizeof(uint32_t))
		*(uint32_t *)to = (uint32_t)integer;
	else if (!err)
		*(uint64_t *)to = (uint64_t)integer;
	return err;
}

static int read_repeated(const struct json_place *place, const json_t *json,
    const ProtobufCFieldDescriptor *field, ProtobufCMessage *message)
{
	size_t size = reflect_value_size(field->type), count;
	char *values;

	if (!json_is_array(json))
		return read_mismatch(place, field, "a list");
	count = json_array_size(json);
	if (count == 0)
		return 0;
	values = arena_calloc(place->arena, count, size);
	if (!values)
		return read_memory(place);
	for (size_t i = 0; i < count; i++) {
		int err = read_one(place, json_array_get(json, i), field,
		    values + i * size);

		if (err)
			return err;
	}
	*(size_t *)((char *)message + field->quantifier_offset) = count;
	*(void **)((char *)message + field->offset) = values;
	return 0;
}

/* The name of a time says what it counts. */
static const json_t *read_member(const json_t *json,
    const ProtobufCFieldDescriptor *field)
{
	char name[64];
	size_t len = strlen(field->name) - strlen("ns");

	if (!reflect_is_time(field) || len + sizeof("ms") > sizeof(name))
		return json_object_get(json, field->name);
	memcpy(name, field->name, len);
	memcpy(name + len, "ms", sizeof("ms"));
	return json_object_get(json, name);
}

static int read_message(const struct json_place *place, const json_t *json,
    const ProtobufCMessageDescriptor *type, ProtobufCMessage **ret)
{
	ProtobufCMessage *message = arena_alloc(place->arena,
	    type->sizeof_message);
	int err = 0;

	if (!json_is_object(json))
		return read_error(place->reader, read_position(place->reader),
		    "an object is expected");
	if (!message)
		return read_memory(place);
	type->message_init(message);
	for (unsigned i = 0; i < type->n_fields && !err; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];
		const json_t *value = read_member(json, field);
		bool number = field->type == PROTOBUF_C_TYPE_DOUBLE ||
		    field->type == PROTOBUF_C_TYPE_FLOAT;

		if (!value || (json_is_null(value) && !number))
			continue;
		if (field->label == PROTOBUF_C_LABEL_REPEATED)
			err = read_repeated(place, value, field, message);
		else
			err = read_one(place, value, field,
			    (char *)message + field->offset);
	}
	if (!err)
		*ret = message;
	return err;
}

int json_read_message(struct json_reader *reader,
    const ProtobufCMessageDescriptor *type, struct arena *arena,
    ProtobufCMessage **ret)
{
	const struct json_place place = { .arena = arena, .reader = reader };
	json_t *json;
	int err = read_value(reader, &json);

	if (err)
		return err;
	err = read_message(&place, json, type, ret);
	json_decref(json);
	return err;
}
