#include "metrics/samples.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/hist.h"
#include "base/utf8.h"
#include "metrics/reflect.h"

#define PATH_MAX_STEPS 8	/* as in src/tools/catalogue_gen.c */

const struct sample_bound sample_bounds[SAMPLE_BOUND_COUNT] = {
	{ "5e-05", 50000 }, { "0.0001", 100000 }, { "0.00025", 250000 },
	{ "0.0005", 500000 }, { "0.001", 1000000 }, { "0.0025", 2500000 },
	{ "0.005", 5000000 }, { "0.01", 10000000 }, { "0.025", 25000000 },
	{ "0.05", 50000000 }, { "0.075", 75000000 }, { "0.1", 100000000 },
	{ "0.25", 250000000 }, { "0.5", 500000000 }, { "0.75", 750000000 },
	{ "1.0", 1000000000 }, { "2.5", 2500000000 }, { "5.0", 5000000000 },
	{ "7.5", 7500000000 }, { "10.0", 10000000000 },
	{ "30.0", 30000000000 }, { "60.0", 60000000000 },
};

/* A walk along an entry's path through a snapshot. */
struct walk {
	const struct metrics_entry *entry;
	void (*fn)(void *arg, const struct sample *sample);
	void *arg;
	const ProtobufCMessage *messages[PATH_MAX_STEPS + 1];
	struct sample sample;
};

/* Copy a text that is not valid UTF-8, its stray bytes as \xXX, or cut. */
static void label_clean(struct sample_label *label, struct slice text)
{
	size_t len = 0;

	while (text.len > 0 && len + 5 < sizeof(label->text)) {
		size_t step = utf8_char_len(text);

		if (step > 0) {
			memcpy(label->text + len, text.data, step);
			len += step;
			text = slice_from(text, step);
			continue;
		}
		len += (size_t)snprintf(label->text + len, 5, "\\x%02x",
		    (unsigned char)text.data[0]);
		text = slice_from(text, 1);
	}
	label->text[len] = '\0';
	label->value = label->text;
}

static void label_set_text(struct sample_label *label, const char *text)
{
	struct slice left = slice_cstr(text);
	size_t step;

	while ((step = utf8_char_len(left)) > 0)
		left = slice_from(left, step);
	if (left.len == 0)
		label->value = text;
	else
		label_clean(label, slice_cstr(text));
}

static void label_set_enum(struct sample_label *label,
    const ProtobufCFieldDescriptor *field, int value)
{
	struct buf text = buf_make(SAMPLE_TEXT_MAX);

	reflect_put_enum(&text, field, value);
	label_clean(label, buf_slice(&text));
	buf_free(&text);
}

static void label_set_field(struct sample_label *label,
    const struct metrics_label *from, const ProtobufCMessage *message)
{
	const ProtobufCFieldDescriptor *field =
	    protobuf_c_message_descriptor_get_field(message->descriptor,
	    from->field);
	const void *value = reflect_value(message, field, 0);

	if (field->type == PROTOBUF_C_TYPE_STRING) {
		label_set_text(label, reflect_text(value));
		return;
	}
	if (field->type == PROTOBUF_C_TYPE_ENUM) {
		label_set_enum(label, field, *(const int *)value);
		return;
	}
	assert(field->type == PROTOBUF_C_TYPE_UINT32);
	snprintf(label->text, sizeof(label->text), "%" PRIu32,
	    *(const uint32_t *)value);
	label->value = label->text;
	if (from->zero != NULL && *(const uint32_t *)value == 0)
		label->value = from->zero;
}

static void sample_set_value(struct sample *sample,
    const ProtobufCFieldDescriptor *field, const void *value)
{
	sample->histogram = NULL;
	sample->is_integer = true;
	switch (field->type) {
	case PROTOBUF_C_TYPE_BOOL:
		sample->integer = *(const protobuf_c_boolean *)value != 0;
		break;
	case PROTOBUF_C_TYPE_UINT32:
		sample->integer = *(const uint32_t *)value;
		break;
	case PROTOBUF_C_TYPE_UINT64:
		sample->integer = *(const uint64_t *)value;
		break;
	case PROTOBUF_C_TYPE_FIXED64:	/* a time */
		sample->is_integer = false;
		sample->real = (double)*(const uint64_t *)value / 1e9;
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		sample->is_integer = false;
		sample->real = *(const double *)value;
		break;
	default:	/* an info, or a histogram */
		sample->integer = 1;
		if (field->descriptor == &ringmaster__v1__histogram__descriptor)
			sample->histogram = *(void *const *)value;
	}
}

/* A number for each value of an enum but 0; its label is the last one. */
static void walk_states(struct walk *walk,
    const ProtobufCFieldDescriptor *field, int now)
{
	const ProtobufCEnumDescriptor *type = field->descriptor;
	struct sample *sample = &walk->sample;

	sample->histogram = NULL;
	sample->is_integer = true;
	for (unsigned i = 0; i < type->n_values; i++) {
		int value = type->values[i].value;

		if (value == 0)
			continue;
		label_set_enum(&sample->labels[sample->label_count - 1],
		    field, value);
		sample->integer = now == value;
		walk->fn(walk->arg, sample);
	}
}

/* The end of the path is reached: all messages on the way are known. */
static void walk_leaf(struct walk *walk, const ProtobufCFieldDescriptor *field,
    const void *value)
{
	const struct metrics_entry *entry = walk->entry;

	for (size_t i = 0; i < entry->label_count; i++) {
		const struct metrics_label *from = &entry->labels[i];
		struct sample_label *label = &walk->sample.labels[i];

		label->name = from->name;
		label->value = from->value;
		if (from->value == NULL)
			label_set_field(label, from,
			    walk->messages[from->depth]);
	}
	if (field->type == PROTOBUF_C_TYPE_ENUM) {
		walk_states(walk, field, *(const int *)value);
		return;
	}
	sample_set_value(&walk->sample, field, value);
	walk->fn(walk->arg, &walk->sample);
}

static void walk_step(struct walk *walk, size_t depth)
{
	const ProtobufCMessage *message = walk->messages[depth];
	const ProtobufCFieldDescriptor *field =
	    protobuf_c_message_descriptor_get_field(message->descriptor,
	    walk->entry->path[depth]);
	size_t count = reflect_count(message, field);

	for (size_t i = 0; i < count; i++) {
		if (field->type == PROTOBUF_C_TYPE_MESSAGE)
			walk->messages[depth + 1] =
			    reflect_message(message, field, i);
		if (depth + 1 < walk->entry->path_len)
			walk_step(walk, depth + 1);
		else
			walk_leaf(walk, field,
			    reflect_value(message, field, i));
	}
}

void samples_each(const Ringmaster__V1__Snapshot *snapshot,
    const struct metrics_entry *entry,
    void (*fn)(void *arg, const struct sample *sample), void *arg)
{
	struct walk walk;

	assert(entry->path_len <= PATH_MAX_STEPS);
	assert(entry->label_count <= SAMPLE_LABELS_MAX);
	walk.entry = entry;
	walk.fn = fn;
	walk.arg = arg;
	walk.messages[0] = &snapshot->base;
	walk.sample.entry = entry;
	walk.sample.label_count = entry->label_count;
	walk_step(&walk, 0);
}

void samples_count_le(const Ringmaster__V1__Histogram *histogram,
    uint64_t counts[SAMPLE_BOUND_COUNT])
{
	uint64_t sum = 0;
	size_t i = 0;

	for (size_t b = 0; b < SAMPLE_BOUND_COUNT; b++) {
		unsigned last = hist_bin(sample_bounds[b].ns);

		while (i < histogram->n_bins &&
		    histogram->first_bin + i <= last)
			sum += histogram->bins[i++];
		counts[b] = sum;
	}
}
