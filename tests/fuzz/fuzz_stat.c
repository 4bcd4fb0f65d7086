/*
 * What ringstat reads: conditions and queries, and snapshots from files.
 * Whatever they hold, a parsed condition can be asked, and what a terminal is
 * shown of a snapshot has no control characters that are not ours.
 */
#include <stdlib.h>

#include "stat/conditions.h"
#include "stat/output.h"

static Ringmaster__V1__Request request = RINGMASTER__V1__REQUEST__INIT;
static const struct stat_filter all = { .count = 0 };

static void check_condition(struct slice text,
    const struct expression_names *names, const void *arg)
{
	static struct expression expression;
	char why[EXPRESSION_WHY_MAX] = "";

	if (expression_parse(text, names, &expression, why)) {
		if (expression.count == 0)
			abort();
		(void)expression_holds(&expression, arg);
	} else if (!why[0]) {
		abort();
	}
}

static void check_printed(struct buf *out)
{
	for (size_t i = 0; i < out->len; i++)
		if (((unsigned char)out->data[i] < ' ' &&
		    out->data[i] != '\n') || out->data[i] == 0x7f)
			abort();
	out->len = 0;
}

static void check_snapshot(struct stat_sample *sample,
    struct stat_table *table)
{
	struct buf out = buf_make(STAT_OUTPUT_MAX);

	/* Twice: the second time there is something to compare with. */
	for (unsigned i = 0; i < 2; i++) {
		sample->taken_ns += 1000000000;
		if (stat_table_update(table, sample) < 0)
			abort();
	}
	stat_write_text(&out, table, &all);
	stat_write_list(&out, table, &all);
	for (size_t i = 0; i < sample->snapshot->n_recent_requests; i++)
		stat_write_request(&out,
		    sample->snapshot->recent_requests[i]);
	check_printed(&out);
	stat_write_json(&out, table, &all, sample);
	stat_write_xml(&out, table, &all, sample);
	stat_write_csv(&out, table, &all, sample, true);
	stat_write_series(&out, sample);
	buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice bytes = { (const char *)data, size };
	struct stat_sample sample = { .run = 1 };
	struct stat_table table;

	stat_table_init(&table);
	arena_init(&sample.arena, NULL, 0, METRICS_SNAPSHOT_BYTES);
	sample.snapshot = metrics_snapshot_unpack(bytes, &sample.arena);
	if (sample.snapshot)
		check_snapshot(&sample, &table);
	check_condition(bytes, &stat_counter_names, &table);
	check_condition(bytes, &stat_request_names, &request);
	stat_table_fini(&table);
	arena_fini(&sample.arena);
	return 0;
}
