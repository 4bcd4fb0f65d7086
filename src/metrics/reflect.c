#include "metrics/reflect.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

size_t reflect_value_size(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return 4;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return 8;
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_ENUM:
		return sizeof(int);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		break;
	}
	return sizeof(void *);
}

static const void *reflect_member(const ProtobufCMessage *message,
    unsigned offset)
{
	return (const char *)message + offset;
}

size_t reflect_count(const ProtobufCMessage *message,
    const ProtobufCFieldDescriptor *field)
{
	const void *member = reflect_member(message, field->offset);
	const void *quantifier =
	    reflect_member(message, field->quantifier_offset);

	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		return *(const size_t *)quantifier;
	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		return *(const uint32_t *)quantifier == field->id;
	if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		return *(const void *const *)member != NULL;
	return 1;
}

const void *reflect_value(const ProtobufCMessage *message,
    const ProtobufCFieldDescriptor *field, size_t i)
{
	const void *member = reflect_member(message, field->offset);

	if (field->label != PROTOBUF_C_LABEL_REPEATED)
		return member;
	return *(const char *const *)member +
	    i * reflect_value_size(field->type);
}

const ProtobufCMessage *reflect_message(const ProtobufCMessage *message,
    const ProtobufCFieldDescriptor *field, size_t i)
{
	return *(const ProtobufCMessage *const *)
	    reflect_value(message, field, i);
}

const char *reflect_text(const void *value)
{
	const char *text = *(const char *const *)value;

	return text != NULL ? text : "";
}

bool reflect_is_time(const ProtobufCFieldDescriptor *field)
{
	return field->type == PROTOBUF_C_TYPE_FIXED64 &&
	    slice_ends(slice_cstr(field->name), SLICE("_unix_ns"));
}

/* The part of an enum value's name behind WORKER_STATE_ for WorkerState. */
static const char *reflect_enum_suffix(const char *type, const char *name)
{
	const char *p = name;

	for (const char *t = type; *t != '\0'; t++) {
		bool upper = *t >= 'A' && *t <= 'Z';

		if (upper && t > type && *p++ != '_')
			return name;
		if (*p++ != (upper ? *t : *t - 'a' + 'A'))
			return name;
	}
	return *p == '_' ? p + 1 : name;
}

void reflect_put_time(struct buf *out, uint64_t unix_ns)
{
	time_t seconds = (time_t)(unix_ns / 1000000000);
	struct tm tm;

	(void)gmtime_r(&seconds, &tm);	/* 64 bits end in the year 2554 */
	buf_printf(out, "%04d-%02d-%02dT%02d:%02d:%02d.%03uZ",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
	    tm.tm_min, tm.tm_sec, (unsigned)(unix_ns / 1000000 % 1000));
}

void reflect_put_enum(struct buf *out, const ProtobufCFieldDescriptor *field,
    int value)
{
	const ProtobufCEnumDescriptor *type = field->descriptor;
	const ProtobufCEnumValue *known =
	    protobuf_c_enum_descriptor_get_value(type, value);

	if (known == NULL) {
		buf_printf(out, "%d", value);
		return;
	}
	for (const char *p = reflect_enum_suffix(type->short_name, known->name);
	     *p != '\0'; p++)
		buf_append_char(out, *p >= 'A' && *p <= 'Z' ? *p - 'A' + 'a'
							    : *p);
}

bool reflect_find_enum(const ProtobufCFieldDescriptor *field,
    struct slice text, int *ret)
{
	const ProtobufCEnumDescriptor *type = field->descriptor;

	for (unsigned i = 0; i < type->n_values; i++) {
		const char *name = reflect_enum_suffix(type->short_name,
		    type->values[i].name);

		if (!slice_equal_nocase(slice_cstr(name), text))
			continue;
		*ret = type->values[i].value;
		return true;
	}
	return false;
}

void reflect_put_double(struct buf *out, double number)
{
	char text[40];

	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number);
		if (strtod(text, NULL) == number)
			break;
	}
	/* Some locales write another decimal point. */
	for (char *p = text; *p != '\0'; p++)
		if (strchr("+-0123456789e", *p) == NULL)
			*p = '.';
	buf_append_cstr(out, text);
}
