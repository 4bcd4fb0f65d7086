#include "metrics/json.h"

#include <inttypes.h>
#include <math.h>

#include "base/utf8.h"
#include "metrics.pb-c.h"
#include "metrics/reflect.h"

static void write_escaped_byte(struct buf *out, unsigned char byte)
{
	static const char special[] = "\"\\\b\f\n\r\t";
	static const char letter[] = "\"\\bfnrt";
	const char *found = byte != '\0' ? strchr(special, byte) : NULL;

	if (found != NULL)
		buf_printf(out, "\\%c", letter[found - special]);
	else
		buf_printf(out, "\\u%04x", byte);
}

void json_write_text(struct buf *out, struct slice text)
{
	size_t plain = 0;	/* bytes to be copied as they are */

	buf_append_char(out, '"');
	while (plain < text.len) {
		unsigned char byte = (unsigned char)text.data[plain];
		size_t len = utf8_char_len(slice_from(text, plain));

		if (len > 0 && byte >= 0x20 && byte != '"' && byte != '\\') {
			plain += len;
			continue;
		}
		buf_append_slice(out, slice_first(text, plain));
		write_escaped_byte(out, byte);
		text = slice_from(text, plain + 1);
		plain = 0;
	}
	buf_append_slice(out, text);
	buf_append_char(out, '"');
}

static void write_hex(struct buf *out, const ProtobufCBinaryData *bytes)
{
	for (size_t i = 0; i < bytes->len; i++)
		buf_printf(out, "%02x", bytes->data[i]);
}

static void write_base64(struct buf *out, const ProtobufCBinaryData *bytes)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < bytes->len; i += 3) {
		size_t left = bytes->len - i;
		uint32_t three = (uint32_t)bytes->data[i] << 16;

		if (left > 1)
			three |= (uint32_t)bytes->data[i + 1] << 8;
		if (left > 2)
			three |= bytes->data[i + 2];
		buf_append_char(out, digits[three >> 18]);
		buf_append_char(out, digits[three >> 12 & 63]);
		buf_append_char(out, left > 1 ? digits[three >> 6 & 63] : '=');
		buf_append_char(out, left > 2 ? digits[three & 63] : '=');
	}
}

static void write_number(struct buf *out, double number, bool canonical)
{
	if (isfinite(number))
		reflect_put_double(out, number);
	else if (!canonical)
		buf_append_cstr(out, "null");
	else if (isnan(number))
		buf_append_cstr(out, "\"NaN\"");
	else
		buf_append_cstr(out, number > 0 ? "\"Infinity\""
						: "\"-Infinity\"");
}

static void write_enum(struct buf *out, const ProtobufCFieldDescriptor *field,
    int value, bool canonical)
{
	const ProtobufCEnumValue *known =
	    protobuf_c_enum_descriptor_get_value(field->descriptor, value);

	if (known == NULL) {
		buf_printf(out, "%d", value);
		return;
	}
	buf_append_char(out, '"');
	if (canonical)
		buf_append_cstr(out, known->name);
	else
		reflect_put_enum(out, field, value);
	buf_append_char(out, '"');
}

/* The types that do not come as a plain number. */
static void write_object(struct buf *out, const ProtobufCFieldDescriptor *field,
    const void *value, const struct json_options *options)
{
	const ProtobufCMessage *message;

	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		json_write_text(out, slice_cstr(reflect_text(value)));
		break;
	case PROTOBUF_C_TYPE_BYTES:
		buf_append_char(out, '"');
		if (options->canonical)
			write_base64(out, value);
		else
			write_hex(out, value);
		buf_append_char(out, '"');
		break;
	case PROTOBUF_C_TYPE_ENUM:
		write_enum(out, field, *(const int *)value, options->canonical);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		buf_append_cstr(out, *(const protobuf_c_boolean *)value
		    ? "true" : "false");
		break;
	default:
		message = *(const ProtobufCMessage *const *)value;
		json_write(out, message, options);
	}
}

static void write_value(struct buf *out, const ProtobufCFieldDescriptor *field,
    const void *value, const struct json_options *options)
{
	const char *quote = options->canonical ? "\"" : "";

	switch (field->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		buf_printf(out, "%" PRId32, *(const int32_t *)value);
		break;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		buf_printf(out, "%" PRIu32, *(const uint32_t *)value);
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		buf_printf(out, "%s%" PRId64 "%s", quote,
		    *(const int64_t *)value, quote);
		break;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		buf_printf(out, "%s%" PRIu64 "%s", quote,
		    *(const uint64_t *)value, quote);
		break;
	case PROTOBUF_C_TYPE_FLOAT:
		write_number(out, (double)*(const float *)value,
		    options->canonical);
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		write_number(out, *(const double *)value, options->canonical);
		break;
	default:
		write_object(out, field, value, options);
	}
}

/* Does ProtoJSON leave the single value out? */
static bool is_default(const ProtobufCFieldDescriptor *field,
    const void *value)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		return *reflect_text(value) == '\0';
	case PROTOBUF_C_TYPE_BYTES:
		return ((const ProtobufCBinaryData *)value)->len == 0;
	case PROTOBUF_C_TYPE_MESSAGE:
		return false;
	case PROTOBUF_C_TYPE_DOUBLE:
		return *(const double *)value == 0;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return *(const uint64_t *)value == 0;
	default:	/* 32 bits wide, all zeros also for float and bool */
		return *(const uint32_t *)value == 0;
	}
}

static void write_camel_name(struct buf *out, const char *name)
{
	bool raise = false;

	for (; *name != '\0'; name++) {
		if (*name == '_') {
			raise = true;
			continue;
		}
		buf_append_char(out, raise && *name >= 'a' && *name <= 'z'
		    ? *name - 'a' + 'A' : *name);
		raise = false;
	}
}

/* "x": "2026-01-31T23:59:59.123Z", "x_unix_ms": 1769903999123 */
static void write_time(struct buf *out, const ProtobufCFieldDescriptor *field,
    uint64_t unix_ns)
{
	int name_len = (int)(strlen(field->name) - strlen("_unix_ns"));

	buf_printf(out, "\"%.*s\":", name_len, field->name);
	if (unix_ns == 0) {
		buf_append_cstr(out, "null");
	} else {
		buf_append_char(out, '"');
		reflect_put_time(out, unix_ns);
		buf_append_char(out, '"');
	}
	buf_printf(out, ",\"%.*s_unix_ms\":%" PRIu64, name_len, field->name,
	    unix_ns / 1000000);
}

static void write_field(struct buf *out, const ProtobufCMessage *message,
    const ProtobufCFieldDescriptor *field, const struct json_options *options)
{
	bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
	size_t count = reflect_count(message, field);

	if (!options->canonical && !repeated && reflect_is_time(field)) {
		write_time(out, field,
		    *(const uint64_t *)reflect_value(message, field, 0));
		return;
	}
	buf_append_char(out, '"');
	if (options->canonical)
		write_camel_name(out, field->name);
	else
		buf_append_cstr(out, field->name);
	buf_append_cstr(out, repeated ? "\":[" : "\":");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buf_append_char(out, ',');
		write_value(out, field, reflect_value(message, field, i),
		    options);
	}
	if (repeated)
		buf_append_char(out, ']');
	else if (count == 0)
		buf_append_cstr(out, "null");
}

static bool is_shown(const ProtobufCMessage *message,
    const ProtobufCFieldDescriptor *field, const struct json_options *options)
{
	size_t count = reflect_count(message, field);
	bool oneof = field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;

	if (oneof)
		return count > 0;
	if (options->canonical)
		return count > 0 &&
		    (field->label == PROTOBUF_C_LABEL_REPEATED ||
		    !is_default(field, reflect_value(message, field, 0)));
	return options->bins ||
	    message->descriptor != &ringmaster__v1__histogram__descriptor ||
	    (strcmp(field->name, "bins") != 0 &&
	    strcmp(field->name, "first_bin") != 0);
}

void json_write(struct buf *out, const ProtobufCMessage *message,
    const struct json_options *options)
{
	const ProtobufCMessageDescriptor *type = message->descriptor;
	bool first = true;

	buf_append_char(out, '{');
	for (unsigned i = 0; i < type->n_fields; i++) {
		if (!is_shown(message, &type->fields[i], options))
			continue;
		if (!first)
			buf_append_char(out, ',');
		first = false;
		write_field(out, message, &type->fields[i], options);
	}
	buf_append_char(out, '}');
}
