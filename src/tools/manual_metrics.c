/*
 * What ringmaster-metrics(7) says of each metric: all of the catalogue, one
 * list for each message of the snapshot that metrics stand in.
 */

#include <stdio.h>
#include <string.h>

#include "base/hist.h"
#include "base/slice.h"
#include "dashboard/history.h"
#include "metrics/catalogue.h"
#include "metrics/samples.h"
#include "metrics/segment.h"
#include "tools/manual.h"

static const char *const kinds[] = {
	[METRICS_KIND_NONE] = "",
	[METRICS_KIND_COUNTER] = "counter",
	[METRICS_KIND_GAUGE] = "gauge",
	[METRICS_KIND_HISTOGRAM] = "histogram",
	[METRICS_KIND_INFO] = "information",
};

static const char *const levels[] = {
	[METRICS_LEVEL_BASIC] = "basic",
	[METRICS_LEVEL_STANDARD] = "standard",
	[METRICS_LEVEL_FULL] = "full",
};

/* The name of the top-level message that a metric is in; what stands in the
 * snapshot itself has no name. */
static struct slice group_of(const struct metrics_entry *entry)
{
	size_t len = strcspn(entry->json, ".[");

	return (struct slice){ entry->json,
		entry->json[len] == '\0' ? 0 : len };
}

static bool same_family(const struct metrics_entry *a,
    const struct metrics_entry *b)
{
	return a->prom && b->prom && strcmp(a->prom, b->prom) == 0;
}

/* "Counter, in requests." and the like. */
static void print_kind(const struct metrics_entry *entry)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "%s%s%s%s", kinds[entry->kind],
	    *kinds[entry->kind] && *entry->unit ? ", " : "",
	    *entry->unit ? "in " : "", entry->unit);
	manual_sentence(text);
}

static void print_labels(const struct metrics_entry *entry)
{
	if (!entry->label_count)
		return;
	printf("Labels: ");
	for (size_t i = 0; i < entry->label_count; i++)
		printf("%s%s", i ? ", " : "", entry->labels[i].name);
	printf(".\n");
}

static void print_compat(const struct metrics_entry *entry)
{
	if (entry->compat)
		printf("Also as\n.Li %s .\n", entry->compat);
}

/* One number of a family: its labels that are fixed, its path, its help. */
static void print_member(const struct metrics_entry *entry)
{
	printf(".It Li %s", entry->json);
	for (size_t i = 0; i < entry->label_count; i++)
		if (entry->labels[i].value)
			printf(" Pq %s=%s", entry->labels[i].name,
			    entry->labels[i].value);
	printf("\n");
	manual_sentence(entry->help);
	print_compat(entry);
}

static void print_facts(const struct metrics_entry *entry)
{
	print_kind(entry);
	print_labels(entry);
	printf("Detail: %s.\n", levels[entry->level]);
}

/* A Prometheus family, whose entries stand behind each other. Returns their
 * number. */
static size_t print_family(const struct metrics_entry *entry)
{
	size_t count = 1;

	while (entry + count < metrics_catalogue + metrics_catalogue_count &&
	    same_family(entry, entry + count))
		count++;
	printf(".It Sy %s\n", entry->prom);
	print_facts(entry);
	if (count == 1) {
		print_compat(entry);
		printf("JSON:\n.Li %s .\n.br\n", entry->json);
		manual_sentence(entry->help);
		return 1;
	}
	printf(".br\n");
	manual_sentence(entry->family_help ? entry->family_help
					   : entry->help);
	printf(".Bl -tag -width Ds -compact\n");
	for (size_t i = 0; i < count; i++)
		print_member(&entry[i]);
	printf(".El\n");
	return count;
}

/* A number that only JSON has. */
static void print_number(const struct metrics_entry *entry)
{
	printf(".It Li %s\n", entry->json);
	print_kind(entry);
	print_compat(entry);
	manual_sentence(entry->help);
}

/* All entries of one group, wherever they stand. */
static void print_group(struct slice name)
{
	if (name.len)
		printf(".Ss %.*s\n", SLICE_ARG(name));
	else
		printf(".Ss The snapshot itself\n");
	printf(".Bl -tag -width Ds\n");
	for (size_t i = 0; i < metrics_catalogue_count;) {
		const struct metrics_entry *entry = &metrics_catalogue[i];
		bool wanted = slice_equal(group_of(entry), name);

		if (wanted && entry->prom) {
			i += print_family(entry);
			continue;
		}
		if (wanted)
			print_number(entry);
		i++;
	}
	printf(".El\n");
}

static void print_catalogue(void)
{
	struct slice last = { NULL, 0 };

	print_group(last);
	for (size_t i = 0; i < metrics_catalogue_count; i++) {
		struct slice group = group_of(&metrics_catalogue[i]);

		if (group.len && !slice_equal(group, last)) {
			print_group(group);
			last = group;
		}
	}
}

static void print_bounds(void)
{
	for (unsigned i = 0; i < SAMPLE_BOUND_COUNT; i++)
		printf("%s%s\n", sample_bounds[i].le,
		    i + 1 < SAMPLE_BOUND_COUNT ? "," : " seconds.");
}

static void print_series(void)
{
#define SERIES(id, name, unit, kind) printf(".It Li %s\n%s\n", name, unit);
	printf(".Bl -tag -width stage_pool_wait_p99xx -compact\n");
	HISTORY_SERIES(SERIES)
	printf(".El\n");
#undef SERIES
}

static bool insert(const char *what)
{
	if (strcmp(what, "catalogue") == 0)
		print_catalogue();
	else if (strcmp(what, "bounds") == 0)
		print_bounds();
	else if (strcmp(what, "series") == 0)
		print_series();
	else
		return false;
	return true;
}

static bool value(const char *name, uint64_t *ret)
{
#define VALUE(constant) { #constant, constant }
	static const struct {
		const char *name;
		uint64_t value;
	} values[] = {
		VALUE(HIST_BINS_PER_DECADE), VALUE(HIST_DECADES),
		VALUE(METRICS_SCOPES_MAX), VALUE(METRICS_PEERS_MAX),
		VALUE(METRICS_ZONES_MAX),
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
		*ret = values[i].value;
		if (strcmp(values[i].name, name) == 0)
			return true;
	}
	return false;
}

const struct manual_page manual_metrics = {
	.name = "ringmaster-metrics.7",
	.insert = insert,
	.value = value,
};
