#include "stat/counters.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/hist.h"
#include "metrics/reflect.h"
#include "metrics/samples.h"

enum { COUNTERS_NAME_MAX = 1024 };

static const unsigned counters_spans[STAT_AVERAGES] = { 10, 100, 1000 };

/* ---- what is a row ---- */

static const ProtobufCFieldDescriptor *entry_field(
    const struct metrics_entry *entry)
{
	return protobuf_c_message_descriptor_get_field(entry->message,
	    entry->path[entry->path_len - 1]);
}

static bool entry_is_histogram(const struct metrics_entry *entry)
{
	const ProtobufCFieldDescriptor *field = entry_field(entry);

	return field->type == PROTOBUF_C_TYPE_MESSAGE &&
	    field->descriptor == &ringmaster__v1__histogram__descriptor;
}

static bool type_is_number(ProtobufCType type)
{
	return type == PROTOBUF_C_TYPE_BOOL ||
	    type == PROTOBUF_C_TYPE_UINT32 || type == PROTOBUF_C_TYPE_UINT64 ||
	    type == PROTOBUF_C_TYPE_FIXED64 || type == PROTOBUF_C_TYPE_DOUBLE;
}

/* It tells apart the messages that it stands in. */
static bool entry_is_label(const struct metrics_entry *entry)
{
	const struct metrics_label *last;

	if (entry->label_count == 0)
		return false;
	last = &entry->labels[entry->label_count - 1];
	return !last->value && last->depth == entry->path_len - 1 &&
	    last->field == entry->path[entry->path_len - 1];
}

/* The label that tells apart the messages after so many steps, or NULL. */
static const struct metrics_label *entry_label(
    const struct metrics_entry *entry, uint32_t depth)
{
	for (size_t i = 0; i < entry->label_count; i++)
		if (!entry->labels[i].value && entry->labels[i].depth == depth)
			return &entry->labels[i];
	return NULL;
}

/* Requests and marks are a list of what happened: nothing names one. */
static bool entry_is_named(const struct metrics_entry *entry)
{
	uint32_t depth = 1;

	for (const char *p = entry->json; *p; p++) {
		if (*p == '[' && !entry_label(entry, depth))
			return false;
		depth += *p == '.';
	}
	return true;
}

static bool entry_is_row(const struct metrics_entry *entry)
{
	return (entry_is_histogram(entry) ||
		type_is_number(entry_field(entry)->type)) &&
	    !entry_is_label(entry) && entry_is_named(entry);
}

static enum stat_kind entry_kind(const struct metrics_entry *entry)
{
	/* What Prometheus has in a sum of parts has no kind of its own. */
	if (entry->kind == METRICS_KIND_NONE)
		return *entry->unit ? STAT_COUNTER : STAT_GAUGE;
	return entry->kind == METRICS_KIND_COUNTER ? STAT_COUNTER
						   : STAT_GAUGE;
}

/* ---- parts of histograms ---- */

static bool part_is_row(const ProtobufCFieldDescriptor *part)
{
	return part->label != PROTOBUF_C_LABEL_REPEATED &&
	    strcmp(part->name, "first_bin") != 0;
}

static enum stat_kind part_kind(const ProtobufCFieldDescriptor *part)
{
	return strcmp(part->name, "count") == 0 ||
	    strcmp(part->name, "sum_seconds") == 0 ? STAT_COUNTER
						   : STAT_QUANTILE;
}

/* The share that a quantile is of: "p999" is 0.999, and the maximum is 1. */
static double part_share(const char *name)
{
	double digits = 0, whole = 1;

	if (*name != 'p')
		return 1;
	for (name++; *name; name++, whole *= 10)
		digits = 10 * digits + (*name - '0');
	return digits / whole;
}

/* ---- bins ---- */

struct stat_bins {
	unsigned first, count;
	uint64_t bins[];
};

static void bins_hist(const struct stat_bins *bins, struct hist *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (unsigned i = 0; i < bins->count; i++) {
		ret->bins[bins->first + i] = bins->bins[i];
		ret->count += bins->bins[i];
		if (bins->bins[i] > 0)
			ret->max_ns = hist_bin_upper_ns(bins->first + i);
	}
}

/* ---- rows ---- */

struct filler {
	struct stat_row *rows;		/* from the heap */
	unsigned count, size;
	struct arena *arena;
	const struct stat_bins *bins;	/* of the histogram at hand */
	bool failed;
};

/* "servers[].codes[].count" with what stands for each "[]". */
static const char *filler_name(struct filler *filler,
    const struct sample *sample, const char *part)
{
	const struct metrics_entry *entry = sample->entry;
	char text[COUNTERS_NAME_MAX];
	struct buf name = { text, 0, sizeof(text), sizeof(text), false };
	uint32_t depth = 1;

	for (const char *p = entry->json; *p; p++) {
		depth += *p == '.';
		if (*p == '[') {
			size_t i = (size_t)(entry_label(entry, depth) -
			    entry->labels);

			buf_append_char(&name, '.');
			buf_append_cstr(&name, sample->labels[i].value);
		} else if (*p != ']') {
			buf_append_char(&name, *p);
		}
	}
	if (*part)
		buf_append_char(&name, '.');
	buf_append_cstr(&name, part);
	return arena_copy(filler->arena, buf_slice(&name)).data;
}

/* A copy, as the sample does not stay; of what fits, wherever it is from. */
static void filler_bins(struct filler *filler,
    const Ringmaster__V1__Histogram *from)
{
	unsigned first = from->first_bin < HIST_BINS ? from->first_bin : 0;
	unsigned room = HIST_BINS - first;
	unsigned count = from->n_bins < room ? (unsigned)from->n_bins : room;
	struct stat_bins *bins = arena_alloc(filler->arena, sizeof(*bins) +
	    count * sizeof(bins->bins[0]));

	filler->bins = bins;
	filler->failed |= !bins;
	if (!bins)
		return;
	bins->first = first;
	bins->count = count;
	if (count > 0)
		memcpy(bins->bins, from->bins,
		    count * sizeof(bins->bins[0]));
}

static struct stat_row *filler_row(struct filler *filler,
    const struct sample *sample, const char *part)
{
	struct stat_row *row;

	if (filler->count == filler->size) {
		unsigned size = filler->size ? 2 * filler->size : 256;

		row = reallocarray(filler->rows, size, sizeof(*row));
		filler->failed |= !row;
		if (!row)
			return NULL;
		filler->rows = row;
		filler->size = size;
	}
	row = &filler->rows[filler->count];
	*row = (struct stat_row){ .entry = sample->entry,
		.name = filler_name(filler, sample, part),
		.unit = sample->entry->unit, .change = NAN, .average = NAN,
		.averages = { NAN, NAN, NAN } };
	filler->failed |= !row->name;
	filler->count += row->name != NULL;
	return row->name ? row : NULL;
}

static void filler_part(struct filler *filler, const struct sample *sample,
    const ProtobufCFieldDescriptor *part)
{
	const void *value = reflect_value(&sample->histogram->base, part, 0);
	struct stat_row *row;

	if (part->type == PROTOBUF_C_TYPE_DOUBLE &&
	    !isfinite(*(const double *)value))
		return;
	row = filler_row(filler, sample, part->name);
	if (!row)
		return;
	row->kind = part_kind(part);
	row->bins = row->kind == STAT_QUANTILE ? filler->bins : NULL;
	row->is_integer = part->type == PROTOBUF_C_TYPE_UINT64;
	if (row->is_integer) {
		row->unit = "";
		row->integer = *(const uint64_t *)value;
		row->value = (double)row->integer;
	} else {
		row->value = *(const double *)value;
	}
}

static void filler_add(void *arg, const struct sample *sample)
{
	const ProtobufCMessageDescriptor *parts =
	    &ringmaster__v1__histogram__descriptor;
	struct filler *filler = arg;
	struct stat_row *row;

	if (sample->histogram)
		filler_bins(filler, sample->histogram);
	for (unsigned i = 0; sample->histogram && i < parts->n_fields; i++)
		if (part_is_row(&parts->fields[i]))
			filler_part(filler, sample, &parts->fields[i]);
	/* What a file says is no number is none. */
	if (sample->histogram ||
	    (!sample->is_integer && !isfinite(sample->real)))
		return;
	row = filler_row(filler, sample, "");
	if (!row)
		return;
	row->kind = entry_kind(sample->entry);
	row->is_integer = sample->is_integer;
	row->integer = sample->is_integer ? sample->integer : 0;
	row->value = sample->is_integer ? (double)sample->integer
					: sample->real;
}

/* ---- tables ---- */

void stat_table_init(struct stat_table *table)
{
	*table = (struct stat_table){ .count = 0 };
}

void stat_table_fini(struct stat_table *table)
{
	free(table->rows);
	if (table->taken_ns)
		arena_fini(&table->arena);
	stat_table_init(table);
}

void stat_table_reset(struct stat_table *table)
{
	for (unsigned i = 0; i < table->count; i++)
		table->rows[i].samples = 0;
}

/* The row as it was before. Rows keep their order, and few come and go: it is
 * mostly the one at *next. */
static const struct stat_row *table_before(const struct stat_table *table,
    const struct stat_row *row, unsigned *next)
{
	for (unsigned k = 0; k < table->count; k++) {
		unsigned i = (*next + k) % table->count;

		if (table->rows[i].entry == row->entry &&
		    strcmp(table->rows[i].name, row->name) == 0) {
			*next = i + 1;
			return &table->rows[i];
		}
	}
	return NULL;
}

/* What was between two samples of a histogram. */
struct between {
	const struct stat_bins *bins;	/* of the later one, NULL: none yet */
	struct hist now, before, hist;
};

static double between_quantile(struct between *between,
    const struct stat_row *row, const struct stat_row *before)
{
	double share = part_share(strrchr(row->name, '.') + 1);

	if (between->bins != row->bins) {
		bins_hist(row->bins, &between->now);
		bins_hist(before->bins, &between->before);
		hist_difference(&between->now, &between->before,
		    &between->hist);
		between->bins = row->bins;
	}
	return between->hist.count == 0 ? NAN
	    : (double)hist_quantile_ns(&between->hist, share) / NS_PER_SEC;
}

/* What it came to in `seconds`, and its averages. */
static void row_go_on(struct stat_row *row, const struct stat_row *before,
    double seconds, struct between *between)
{
	double now = row->value;

	row->samples = before->samples;
	memcpy(row->averages, before->averages, sizeof(row->averages));
	/* A count is taken back if its worker died counting. */
	if (row->kind == STAT_COUNTER)
		now = row->change = row->value > before->value && seconds > 0
		    ? (row->value - before->value) / seconds : 0;
	else if (row->kind == STAT_QUANTILE)
		now = row->change = between_quantile(between, row, before);
	if (isnan(now))
		return;
	row->samples++;
	for (unsigned i = 0; i < STAT_AVERAGES; i++) {
		unsigned n = row->samples < counters_spans[i]
		    ? row->samples : counters_spans[i];

		row->averages[i] = n == 1 ? now : row->averages[i] +
		    (now - row->averages[i]) / n;
	}
}

/* Seconds since the server's counts began, until the sample or its end. */
static double sample_age(const struct stat_sample *sample)
{
	const Ringmaster__V1__Identity *identity = sample->snapshot->identity;
	uint64_t end_ns = sample->stopped_real_ns ? sample->stopped_real_ns
	    : sample->snapshot->taken_unix_ns;
	uint64_t began_ns = !identity ? UINT64_MAX
	    : identity->counted_unix_ns ? identity->counted_unix_ns
	    : identity->started_unix_ns;

	return end_ns > began_ns
	    ? (double)(end_ns - began_ns) / NS_PER_SEC : NAN;
}

/* What the rows were before. */
static int table_go_on(const struct stat_table *table, struct filler *filler,
    double seconds)
{
	struct between *between = malloc(sizeof(*between));
	unsigned next = 0;

	if (!between)
		return -ENOMEM;
	between->bins = NULL;
	for (unsigned i = 0; i < filler->count; i++) {
		const struct stat_row *before = table_before(table,
		    &filler->rows[i], &next);

		if (before)
			row_go_on(&filler->rows[i], before, seconds, between);
	}
	free(between);
	return 0;
}

static int table_fill(struct filler *filler,
    const struct stat_sample *sample)
{
	double age = sample_age(sample);

	for (size_t i = 0; i < metrics_catalogue_count; i++)
		if (entry_is_row(&metrics_catalogue[i]))
			samples_each(sample->snapshot, &metrics_catalogue[i],
			    filler_add, filler);
	for (unsigned i = 0; i < filler->count; i++)
		if (filler->rows[i].kind == STAT_COUNTER)
			filler->rows[i].average = filler->rows[i].value / age;
	return filler->failed ? -ENOMEM : 0;
}

int stat_table_update(struct stat_table *table,
    const struct stat_sample *sample)
{
	struct arena arena;
	struct filler filler = { .arena = &arena };
	int err;

	arena_init(&arena, NULL, 0, METRICS_SNAPSHOT_BYTES);
	err = table_fill(&filler, sample);
	if (!err && table->taken_ns && table->run == sample->run)
		err = table_go_on(table, &filler,
		    (double)(sample->taken_ns - table->taken_ns) / NS_PER_SEC);
	if (err) {
		free(filler.rows);
		arena_fini(&arena);
		return err;
	}
	stat_table_fini(table);
	*table = (struct stat_table){ filler.rows, filler.count, arena,
		sample->taken_ns, sample->run };
	return 0;
}

const struct stat_row *stat_table_find(const struct stat_table *table,
    struct slice name)
{
	for (unsigned i = 0; i < table->count; i++)
		if (slice_equal(slice_cstr(table->rows[i].name), name))
			return &table->rows[i];
	return NULL;
}

/* ---- names ---- */

/* Does the name fit, with anything for each "[]"? */
static bool name_fits(const char *name, const struct metrics_entry *entry,
    const char *part)
{
	char text[COUNTERS_NAME_MAX];
	struct buf glob = { text, 0, sizeof(text), sizeof(text), false };

	for (const char *p = entry->json; *p; p++) {
		if (*p == '[')
			buf_append_cstr(&glob, ".*");
		else if (*p != ']')
			buf_append_char(&glob, *p);
	}
	if (*part)
		buf_append_char(&glob, '.');
	buf_append_cstr(&glob, part);
	buf_append_char(&glob, '\0');
	return fnmatch(text, name, 0) == 0;
}

static bool name_is_part(const char *name, const struct metrics_entry *entry,
    enum stat_kind *ret)
{
	const ProtobufCMessageDescriptor *parts =
	    &ringmaster__v1__histogram__descriptor;

	for (unsigned i = 0; i < parts->n_fields; i++) {
		const ProtobufCFieldDescriptor *part = &parts->fields[i];

		if (part_is_row(part) && name_fits(name, entry, part->name)) {
			*ret = part_kind(part);
			return true;
		}
	}
	return false;
}

bool stat_name_known(struct slice name, enum stat_kind *ret)
{
	char text[COUNTERS_NAME_MAX];

	if (name.len == 0 || name.len >= sizeof(text))
		return false;
	memcpy(text, name.data, name.len);
	text[name.len] = '\0';
	for (size_t i = 0; i < metrics_catalogue_count; i++) {
		const struct metrics_entry *entry = &metrics_catalogue[i];

		if (!entry_is_row(entry))
			continue;
		if (entry_is_histogram(entry)) {
			if (name_is_part(text, entry, ret))
				return true;
		} else if (name_fits(text, entry, "")) {
			*ret = entry_kind(entry);
			return true;
		}
	}
	return false;
}
