#include "stat/conditions.h"

#include "metrics/reflect.h"

/* ---- counters ---- */

static enum expression_type counter_type(struct slice function,
    struct slice name)
{
	enum stat_kind kind;

	if (!stat_name_known(name, &kind))
		return EXPRESSION_UNKNOWN;
	if (function.len == 0 ||
	    (slice_equal(function, SLICE("rate")) && kind == STAT_COUNTER) ||
	    (slice_equal(function, SLICE("recent")) && kind == STAT_QUANTILE))
		return EXPRESSION_NUMBER;
	return EXPRESSION_UNKNOWN;
}

static void counter_value(const void *table, struct slice function,
    struct slice name, struct expression_value *ret)
{
	const struct stat_row *row = stat_table_find(table, name);

	if (row)
		ret->number = function.len ? row->change : row->value;
	else
		ret->number = 0;
}

const struct expression_names stat_counter_names = {
	counter_type, counter_value
};

bool stat_condition_has_changes(const struct expression *expression)
{
	for (unsigned i = 0; i < expression->count; i++)
		if (expression->nodes[i].function.len)
			return true;
	return false;
}

/* ---- requests ---- */

static const ProtobufCFieldDescriptor *request_field(struct slice name)
{
	const ProtobufCMessageDescriptor *type =
	    &ringmaster__v1__request__descriptor;

	for (unsigned i = 0; i < type->n_fields; i++)
		if (slice_equal(name, slice_cstr(type->fields[i].name)) &&
		    type->fields[i].label != PROTOBUF_C_LABEL_REPEATED &&
		    !reflect_is_time(&type->fields[i]))
			return &type->fields[i];
	return NULL;
}

static enum expression_type request_type(struct slice function,
    struct slice name)
{
	const ProtobufCFieldDescriptor *field = request_field(name);

	if (!field || function.len)
		return EXPRESSION_UNKNOWN;
	return field->type == PROTOBUF_C_TYPE_STRING ||
	    field->type == PROTOBUF_C_TYPE_ENUM ? EXPRESSION_TEXT
						: EXPRESSION_NUMBER;
}

static void request_value(const void *request, struct slice function,
    struct slice name, struct expression_value *ret)
{
	const ProtobufCFieldDescriptor *field = request_field(name);
	const void *value = reflect_value(request, field, 0);
	struct buf word = { ret->room, 0, sizeof(ret->room),
		sizeof(ret->room), false };

	(void)function;			/* there are none */
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		ret->text = slice_cstr(reflect_text(value));
		break;
	case PROTOBUF_C_TYPE_ENUM:
		reflect_put_enum(&word, field, *(const int *)value);
		buf_append_char(&word, '\0');
		ret->text = slice_cstr(ret->room);
		break;
	case PROTOBUF_C_TYPE_UINT32:
		ret->number = *(const uint32_t *)value;
		break;
	case PROTOBUF_C_TYPE_UINT64:
		ret->number = (double)*(const uint64_t *)value;
		break;
	case PROTOBUF_C_TYPE_BOOL:
		ret->number = *(const protobuf_c_boolean *)value != 0;
		break;
	default:
		ret->number = *(const double *)value;
	}
}

const struct expression_names stat_request_names = {
	request_type, request_value
};
