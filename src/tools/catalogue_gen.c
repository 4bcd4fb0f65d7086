/*
 * Writes the catalogue of metrics as C, when ringmaster is built.
 *
 *	catalogue_gen DESCRIPTOR-SET > metrics_catalogue.c
 *
 * DESCRIPTOR-SET is what `protoc --descriptor_set_out --include_source_info`
 * makes of proto/metrics.proto. It holds the comments, which become help
 * texts, and the options of proto/options.proto: libprotobuf-c knows these
 * as unknown fields, whose bytes are unpacked here.
 *
 * The tree of messages is walked from Snapshot down. Each number in it gives
 * one entry, see src/metrics/catalogue.h. A number takes its family from
 * itself or from the nearest field around it that names one, and its labels
 * from all messages around it. What would give a wrong output later (a
 * counter without _total, a family in two places, a field without comment)
 * is an error now, and the build keeps no output then.
 */
#include <err.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "google/protobuf/descriptor.pb-c.h"
#include "options.pb-c.h"

#define TYPE(name) GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__TYPE__TYPE_##name
#define REPEATED GOOGLE__PROTOBUF__FIELD_DESCRIPTOR_PROTO__LABEL__LABEL_REPEATED

#define PROTO_FILE    "metrics.proto"
#define ROOT	      "Snapshot"
#define PROTO_PACKAGE ".ringmaster.v1."
#define C_PREFIX      "ringmaster__v1__"
#define OPTION_TAG    50001
#define DEPTH_MAX     8
#define LABELS_MAX    8
#define PATH_TEXT_MAX 256

/* Tags of FileDescriptorProto and DescriptorProto in source locations. */
enum { TAG_FILE_MESSAGE = 4, TAG_MESSAGE_FIELD = 2 };

/* Short names for protobuf-c's. */
typedef Google__Protobuf__FileDescriptorProto File;
typedef Google__Protobuf__DescriptorProto Message;
typedef Google__Protobuf__FieldDescriptorProto Field;
typedef Google__Protobuf__FieldDescriptorProto__Type Type;
typedef Ringmaster__V1__Metric Metric;

struct label {
	char name[32];
	char value[32];		/* empty: of the field */
	char zero[32];
	unsigned depth;
	unsigned field;
};

/* What a field has from those around it, and hands down. */
struct context {
	char json[PATH_TEXT_MAX];
	char prom[128];
	char family_help[512];
	Ringmaster__V1__Kind kind;
	Ringmaster__V1__Level level;
	char unit[32];
	unsigned path[DEPTH_MAX];
	unsigned depth;
	struct label labels[LABELS_MAX];
	unsigned label_count;
};

static const File *file;
static char last_prom[128];		/* the family written last */
static char last_help[512];		/* its help */
static unsigned entry_count;

static void text_copy(char *to, size_t size, const char *from)
{
	if ((size_t)snprintf(to, size, "%s", from) >= size)
		errx(1, "too long: %s", from);
}

static bool text_ends(const char *s, const char *end)
{
	size_t len = strlen(s), end_len = strlen(end);

	return len >= end_len && strcmp(s + len - end_len, end) == 0;
}

static void write_string(const char *s)
{
	if (*s == '\0') {
		printf("NULL");
		return;
	}
	putchar('"');
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			putchar('\\');
		putchar(*s);
	}
	putchar('"');
}

/* ringmaster__v1__code_classes__descriptor of CodeClasses */
static void write_descriptor_name(const char *message)
{
	printf("&" C_PREFIX);
	for (const char *p = message; *p != '\0'; p++) {
		bool upper = *p >= 'A' && *p <= 'Z';

		if (upper && p > message)
			putchar('_');
		putchar(upper ? *p - 'A' + 'a' : *p);
	}
	printf("__descriptor");
}

static unsigned message_index(const char *type)
{
	if (strncmp(type, PROTO_PACKAGE, strlen(PROTO_PACKAGE)) != 0)
		errx(1, "%s is not of package " PROTO_PACKAGE, type);
	for (unsigned i = 0; i < file->n_message_type; i++)
		if (strcmp(file->message_type[i]->name,
		    type + strlen(PROTO_PACKAGE)) == 0)
			return i;
	errx(1, "no message %s", type);
}

/* The comment above a field as one line, without the space around it. */
static void field_comment(unsigned message, unsigned field, char *text,
    size_t size)
{
	const int32_t want[] = { TAG_FILE_MESSAGE, (int32_t)message,
		TAG_MESSAGE_FIELD, (int32_t)field };
	const char *comment = NULL;
	size_t len = 0;

	for (size_t i = 0; i < file->source_code_info->n_location; i++) {
		Google__Protobuf__SourceCodeInfo__Location *at =
		    file->source_code_info->location[i];

		if (at->n_path == 4 &&
		    memcmp(at->path, want, sizeof(want)) == 0)
			comment = at->leading_comments;
	}
	if (comment == NULL || *comment == '\0')
		errx(1, "%s.%s has no comment above it",
		    file->message_type[message]->name,
		    file->message_type[message]->field[field]->name);
	if (strlen(comment) >= size)
		errx(1, "comment too long: %s", comment);
	for (const char *p = comment + 1; *p != '\0'; p++) {
		if (*p == '\n')
			text[len++] = ' ';
		else if (*p != ' ' || (len > 0 && text[len - 1] != ' '))
			text[len++] = *p;
	}
	while (len > 0 && text[len - 1] == ' ')
		len--;
	text[len] = '\0';
}

/* The options of a field; to be freed. All empty if it has none. */
static Metric *field_metric(const Field *field)
{
	const ProtobufCMessageUnknownField *raw = NULL;
	size_t skip = 0;
	Metric *metric;

	if (field->options != NULL)
		for (unsigned i = 0; i < field->options->base.n_unknown_fields;
		     i++)
			if (field->options->base.unknown_fields[i].tag ==
			    OPTION_TAG)
				raw = &field->options->base.unknown_fields[i];
	if (raw == NULL)
		return ringmaster__v1__metric__unpack(NULL, 0,
		    (const uint8_t *)"");
	/* The bytes of an unknown field begin with their length, a varint. */
	while (skip < raw->len && raw->data[skip] & 0x80)
		skip++;
	skip++;
	metric = ringmaster__v1__metric__unpack(NULL, raw->len - skip,
	    raw->data + skip);
	if (metric == NULL)
		errx(1, "%s: bad options", field->name);
	return metric;
}

static void label_add(struct context *context, const Field *field,
    const Metric *metric, unsigned depth)
{
	struct label *label = &context->labels[context->label_count++];
	const char *equals = strchr(metric->label, '=');
	size_t len = strcspn(metric->label, "=");

	if (context->label_count > LABELS_MAX || len >= sizeof(label->name))
		errx(1, "%s: too many or too long labels", context->json);
	if (equals == NULL && field->type != TYPE(STRING) &&
	    field->type != TYPE(UINT32) && field->type != TYPE(ENUM))
		errx(1, "%s: no type for a label", field->name);
	memcpy(label->name, metric->label, len);
	label->name[len] = '\0';
	text_copy(label->value, sizeof(label->value),
	    equals != NULL ? equals + 1 : "");
	text_copy(label->zero, sizeof(label->zero), metric->zero);
	label->depth = depth;
	label->field = (unsigned)field->number;
}

/* Is the field a label of the numbers around it, and no number itself? */
static bool is_key(const Metric *metric)
{
	return *metric->label != '\0' && strchr(metric->label, '=') == NULL;
}

/* Labels that the fields of a message give to all numbers in it. */
static void message_labels(struct context *context, const Message *message)
{
	for (size_t i = 0; i < message->n_field; i++) {
		Metric *metric = field_metric(message->field[i]);

		if (is_key(metric))
			label_add(context, message->field[i], metric,
			    context->depth);
		ringmaster__v1__metric__free_unpacked(metric, NULL);
	}
}

/* The number's own part: what its options say or else what surrounds it. */
static void context_enter(struct context *context, const Field *field,
    const Metric *metric, const char *comment)
{
	size_t len = strlen(context->json);
	size_t name_len = strlen(field->name);

	if (text_ends(field->name, "_unix_ns"))	/* as the encoder shows it */
		name_len -= strlen("_unix_ns");
	if ((size_t)snprintf(context->json + len, PATH_TEXT_MAX - len,
	    "%s%.*s%s", len > 0 ? "." : "", (int)name_len, field->name,
	    field->label == REPEATED ? "[]" : "") >= PATH_TEXT_MAX - len)
		errx(1, "path too long: %s", context->json);
	if (context->depth == DEPTH_MAX)
		errx(1, "%s: nested too deeply", context->json);
	context->path[context->depth++] = (unsigned)field->number;
	if (*metric->prom != '\0') {
		text_copy(context->prom, sizeof(context->prom), metric->prom);
		text_copy(context->family_help, sizeof(context->family_help),
		    *metric->help != '\0' ? metric->help : comment);
	}
	if (metric->kind != RINGMASTER__V1__KIND__KIND_NONE)
		context->kind = metric->kind;
	if (metric->level > context->level)
		context->level = metric->level;
	if (*metric->unit != '\0')
		text_copy(context->unit, sizeof(context->unit), metric->unit);
	if (strchr(metric->label, '=') != NULL)
		label_add(context, field, metric, context->depth - 1);
}

static void check_family(struct context *context)
{
	static char seen[65536] = " ";
	char name[130];

	if (context->kind == RINGMASTER__V1__KIND__KIND_NONE)
		errx(1, "%s: family without kind", context->prom);
	if ((context->kind == RINGMASTER__V1__KIND__KIND_COUNTER) !=
	    text_ends(context->prom, "_total"))
		errx(1, "%s: counters, and only they, end in _total",
		    context->prom);
	if ((context->kind == RINGMASTER__V1__KIND__KIND_INFO) !=
	    text_ends(context->prom, "_info"))
		errx(1, "%s: infos, and only they, end in _info",
		    context->prom);
	if (strcmp(context->prom, last_prom) == 0) {
		text_copy(context->family_help, sizeof(context->family_help),
		    last_help);
		return;
	}
	snprintf(name, sizeof(name), " %s ", context->prom);
	if (strstr(seen, name) != NULL)
		errx(1, "%s: family is in two places", context->prom);
	if (strlen(seen) + strlen(name) >= sizeof(seen))
		errx(1, "too many families");
	strcat(seen, name + 1);
	text_copy(last_prom, sizeof(last_prom), context->prom);
	text_copy(last_help, sizeof(last_help), context->family_help);
}

static void write_labels(const struct context *context)
{
	if (context->label_count == 0) {
		printf("\t\tNULL, 0,\n");
		return;
	}
	printf("\t\t(const struct metrics_label[]){\n");
	for (unsigned i = 0; i < context->label_count; i++) {
		const struct label *label = &context->labels[i];

		printf("\t\t\t{ ");
		write_string(label->name);
		printf(", ");
		write_string(label->value);
		printf(", ");
		write_string(label->zero);
		printf(", %u, %u },\n", label->depth, label->field);
	}
	printf("\t\t}, %u,\n", context->label_count);
}

static void write_entry(struct context *context, const Message *message,
    const Metric *metric, const char *comment)
{
	static const char *const kinds[] = {
		"NONE", "COUNTER", "GAUGE", "HISTOGRAM", "INFO",
	};
	static const char *const levels[] = { "BASIC", "STANDARD", "FULL" };

	if (*context->prom != '\0')
		check_family(context);
	printf("\t{\n\t\t");
	write_string(context->json);
	printf(",\n\t\t");
	write_string(context->prom);
	printf(", ");
	write_string(metric->compat);
	printf(",\n\t\tMETRICS_KIND_%s, METRICS_LEVEL_%s,\n\t\t\"%s\",\n\t\t",
	    kinds[context->kind], levels[context->level], context->unit);
	write_string(comment);
	printf(",\n\t\t");
	write_string(context->family_help);
	printf(",\n\t\t");
	write_descriptor_name(message->name);
	printf(",\n\t\t(const uint32_t[]){ ");
	for (unsigned i = 0; i < context->depth; i++)
		printf("%u, ", context->path[i]);
	printf("}, %u,\n", context->depth);
	write_labels(context);
	printf("\t},\n");
	entry_count++;
}

/* Each value of an enum but 0 is a number of its own, told by a label. */
static void label_add_state(struct context *context, const Field *field)
{
	Metric metric = RINGMASTER__V1__METRIC__INIT;

	metric.label = field->name;
	label_add(context, field, &metric, context->depth - 1);
}

/* The types src/metrics/samples.c reads. */
static void check_number(const Field *field)
{
	Type type = field->type;

	if (field->label == REPEATED ||
	    (type != TYPE(BOOL) && type != TYPE(UINT32) &&
	    type != TYPE(UINT64) && type != TYPE(FIXED64) &&
	    type != TYPE(DOUBLE) && type != TYPE(ENUM)))
		errx(1, "%s: no type for a metric", field->name);
}

static void walk_message(const struct context *context, unsigned index);

static void walk_field(const struct context *around, unsigned index,
    unsigned field_index)
{
	const Message *message = file->message_type[index];
	const Field *field = message->field[field_index];
	struct context context = *around;
	char comment[512];
	Metric *metric = field_metric(field);

	field_comment(index, field_index, comment, sizeof(comment));
	if (is_key(metric) && *context.prom != '\0')
		goto out;
	context_enter(&context, field, metric, comment);
	if (field->type != TYPE(MESSAGE)) {
		if (*context.prom != '\0')
			check_number(field);
		if (*context.prom != '\0' && field->type == TYPE(ENUM))
			label_add_state(&context, field);
		write_entry(&context, message, metric, comment);
		goto out;
	}

	unsigned inner = message_index(field->type_name);

	if (context.kind == RINGMASTER__V1__KIND__KIND_INFO)
		message_labels(&context, file->message_type[inner]);
	if (context.kind == RINGMASTER__V1__KIND__KIND_INFO ||
	    strcmp(field->type_name, PROTO_PACKAGE "Histogram") == 0)
		write_entry(&context, message, metric, comment);
	else
		walk_message(&context, inner);
out:
	ringmaster__v1__metric__free_unpacked(metric, NULL);
}

static void walk_message(const struct context *around, unsigned index)
{
	const Message *message = file->message_type[index];
	struct context context = *around;

	message_labels(&context, message);
	for (unsigned i = 0; i < message->n_field; i++)
		walk_field(&context, index, i);
}

static Google__Protobuf__FileDescriptorSet *read_set(const char *path)
{
	static uint8_t data[1 << 20];
	Google__Protobuf__FileDescriptorSet *set;
	FILE *in = fopen(path, "rb");
	size_t len;

	if (in == NULL)
		err(1, "%s", path);
	len = fread(data, 1, sizeof(data), in);
	if (ferror(in) || len == sizeof(data))
		errx(1, "%s: cannot be read, or is too large", path);
	(void)fclose(in);	/* only read from */
	set = google__protobuf__file_descriptor_set__unpack(NULL, len, data);
	if (set == NULL)
		errx(1, "%s: not a descriptor set", path);
	return set;
}

int main(int argc, char **argv)
{
	Google__Protobuf__FileDescriptorSet *set;
	struct context context = { .depth = 0 };

	if (argc != 2)
		errx(2, "usage: catalogue_gen DESCRIPTOR-SET");
	set = read_set(argv[1]);
	for (size_t i = 0; i < set->n_file; i++)
		if (strcmp(set->file[i]->name, PROTO_FILE) == 0)
			file = set->file[i];
	if (file == NULL || file->source_code_info == NULL)
		errx(1, "%s: no " PROTO_FILE " with comments", argv[1]);

	printf("/* Made by catalogue_gen from " PROTO_FILE ". */\n"
	    "#include \"metrics/catalogue.h\"\n"
	    "#include \"metrics.pb-c.h\"\n\n"
	    "const struct metrics_entry metrics_catalogue[] = {\n");
	walk_message(&context, message_index(PROTO_PACKAGE ROOT));
	printf("};\n\nconst size_t metrics_catalogue_count = %u;\n",
	    entry_count);
	google__protobuf__file_descriptor_set__free_unpacked(set, NULL);
	if (fflush(stdout) != 0 || ferror(stdout))
		err(1, "cannot write");
	return 0;
}
