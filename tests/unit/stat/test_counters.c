/*
 * Rows of counters: what they are called, which ones there are, what they
 * changed to, and that the run of another server begins anew.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "../metrics/sample_snapshot.h"
#include "base/hist.h"
#include "stat/counters.h"
#include "stat/output.h"

static const struct stat_filter all = { .count = 0 };

/* Of a snapshot that stays where it is, so many seconds on. */
static struct stat_sample sample_at(const Ringmaster__V1__Snapshot *snapshot,
    double seconds, unsigned run)
{
	return (struct stat_sample){
		.snapshot = (Ringmaster__V1__Snapshot *)(uintptr_t)snapshot,
		.taken_ns = (uint64_t)((1 + seconds) * 1e9),
		.run = run,
	};
}

static void update(struct stat_table *table,
    const Ringmaster__V1__Snapshot *snapshot, double seconds, unsigned run)
{
	struct stat_sample sample = sample_at(snapshot, seconds, run);

	assert_int_equal(stat_table_update(table, &sample), 0);
}

static const struct stat_row *row(const struct stat_table *table,
    const char *name)
{
	const struct stat_row *found = stat_table_find(table,
	    slice_cstr(name));

	if (!found)
		fail_msg("there is no row %s", name);
	return found;
}

static void names_tell_apart_what_there_are_several_of(void **state)
{
	struct stat_table table;

	(void)state;
	stat_table_init(&table);
	update(&table, sample_snapshot(), 0, 1);
	assert_int_equal(row(&table, "active_clients")->integer, 3);
	assert_int_equal(row(&table, "workers.1.ring.inflight")->integer, 4);
	assert_true(row(&table, "servers.a\"b\\c\nd.codes.200.count")->integer
	    == UINT64_MAX);
	assert_int_equal(row(&table,
	    "servers.a\"b\\c\nd.codes.other.count")->integer, 7);
	assert_int_equal(row(&table, "servers.a\"b\\c\nd.locations.~ \\.php$."
	    "classes.c2xx")->integer, 12);
	assert_true(row(&table, "workers.1.cpu_user_seconds")->value == 1.1);
	assert_int_equal(row(&table, "servers.a\"b\\c\nd.duration.count")
	    ->integer, 3);
	assert_true(row(&table, "servers.a\"b\\c\nd.duration.p50")->value ==
	    0.00505);
	stat_table_fini(&table);
}

static void texts_lists_and_what_is_absent_have_none(void **state)
{
	static const char *const absent[] = { "identity.kernel",
		"identity.build", "recent_requests.bytes_sent", "workers.0",
		"workers.0.index", "workers.0.state", "http.in_flight",
		"servers.a\"b\\c\nd.duration.bins",
		"servers.a\"b\\c\nd.duration.first_bin" };
	struct stat_table table;

	(void)state;
	stat_table_init(&table);
	update(&table, sample_snapshot(), 0, 1);
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		if (stat_table_find(&table, slice_cstr(absent[i])))
			fail_msg("there is a row %s", absent[i]);
	stat_table_fini(&table);
}

static void counters_have_rates_and_averages(void **state)
{
	Ringmaster__V1__Snapshot later = *sample_snapshot();
	struct stat_table table;
	const struct stat_row *total;

	(void)state;
	stat_table_init(&table);
	update(&table, sample_snapshot(), 0, 1);
	assert_true(isnan(row(&table, "total_requests")->change));
	for (int i = 1; i <= 20; i++) {
		/* 50 a second, of late 100. */
		later.total_requests += i <= 10 ? 100 : 200;
		later.active_clients = (uint64_t)i;
		update(&table, &later, 2 * i, 1);
	}
	total = row(&table, "total_requests");
	assert_true(total->change == 100);
	assert_true(total->averages[0] > 75 && total->averages[0] < 100);
	assert_true(fabs(total->averages[1] - 75) < 1e-9);
	assert_true(fabs(total->averages[2] - 75) < 1e-9);
	assert_true(isnan(row(&table, "active_clients")->change));
	assert_true(fabs(row(&table, "active_clients")->averages[2] - 10.5) <
	    1e-9);
	stat_table_reset(&table);
	later.total_requests += 10;
	update(&table, &later, 42, 1);
	assert_true(row(&table, "total_requests")->averages[2] == 5);
	stat_table_fini(&table);
}

static void the_average_is_since_the_server_started(void **state)
{
	Ringmaster__V1__Snapshot snapshot = *sample_snapshot();
	struct stat_sample sample = sample_at(&snapshot, 0, 1);
	struct stat_table table;

	(void)state;
	snapshot.taken_unix_ns = snapshot.identity->started_unix_ns +
	    10000000000;
	stat_table_init(&table);
	assert_int_equal(stat_table_update(&table, &sample), 0);
	assert_true(row(&table, "total_requests")->average == 1.9);
	/* And up to when it stopped, if it did. */
	sample.stopped_real_ns = snapshot.identity->started_unix_ns +
	    5000000000;
	assert_int_equal(stat_table_update(&table, &sample), 0);
	assert_true(row(&table, "total_requests")->average == 3.8);
	stat_table_fini(&table);
}

static void a_restart_begins_anew(void **state)
{
	Ringmaster__V1__Snapshot later = *sample_snapshot();
	struct stat_table table;

	(void)state;
	stat_table_init(&table);
	update(&table, sample_snapshot(), 0, 1);
	later.total_requests = 1000;
	update(&table, &later, 1, 1);
	assert_true(row(&table, "total_requests")->change == 981);
	later.total_requests = 2;
	update(&table, &later, 2, 2);
	assert_true(isnan(row(&table, "total_requests")->change));
	assert_int_equal(row(&table, "total_requests")->samples, 0);
	/* A count that is taken back is no rate. */
	later.total_requests = 1;
	update(&table, &later, 3, 2);
	assert_true(row(&table, "total_requests")->change == 0);
	stat_table_fini(&table);
}

static void quantiles_are_of_what_came_in_between(void **state)
{
	uint64_t counts[2][HIST_BINS] = { { 0 }, { 0 } };
	Ringmaster__V1__Histogram hist = RINGMASTER__V1__HISTOGRAM__INIT;
	Ringmaster__V1__Http http = RINGMASTER__V1__HTTP__INIT;
	Ringmaster__V1__Snapshot snapshot = RINGMASTER__V1__SNAPSHOT__INIT;
	struct stat_table table;
	double recent;

	(void)state;
	snapshot.http = &http;
	http.duration = &hist;
	hist.n_bins = HIST_BINS;
	hist.bins = counts[0];
	counts[0][hist_bin(1000000)] = 1000;
	stat_table_init(&table);
	update(&table, &snapshot, 0, 1);
	memcpy(counts[1], counts[0], sizeof(counts[0]));
	counts[1][hist_bin(50000000)] += 10;
	counts[1][hist_bin(200000000)] += 1;
	hist.bins = counts[1];
	update(&table, &snapshot, 1, 1);
	recent = row(&table, "http.duration.p50")->change;
	assert_true(recent > 0.049 && recent < 0.051);
	recent = row(&table, "http.duration.max_seconds")->change;
	assert_true(recent > 0.195 && recent < 0.205);
	update(&table, &snapshot, 2, 1);
	assert_true(isnan(row(&table, "http.duration.p50")->change));
	assert_int_equal(row(&table, "http.duration.p50")->samples, 1);
	stat_table_fini(&table);
}

/* What a file may claim. */
static void a_histogram_that_cannot_be_is_cut(void **state)
{
	uint64_t counts[HIST_BINS + 10] = { 0 };
	Ringmaster__V1__Histogram hist = RINGMASTER__V1__HISTOGRAM__INIT;
	Ringmaster__V1__Http http = RINGMASTER__V1__HTTP__INIT;
	Ringmaster__V1__Snapshot snapshot = RINGMASTER__V1__SNAPSHOT__INIT;
	struct stat_table table;

	(void)state;
	snapshot.http = &http;
	http.duration = &hist;
	hist.bins = counts;
	stat_table_init(&table);
	for (unsigned i = 0; i < 3; i++) {
		hist.n_bins = HIST_BINS + 10;
		hist.first_bin = i == 0 ? 7 : i == 1 ? HIST_BINS : UINT32_MAX;
		counts[i] = UINT64_MAX;
		update(&table, &snapshot, i, 1);
	}
	stat_table_fini(&table);
}

static void names_are_known_before_they_are_there(void **state)
{
	enum stat_kind kind;

	(void)state;
	assert_true(stat_name_known(SLICE("http.codes.500.count"), &kind));
	assert_int_equal(kind, STAT_COUNTER);
	assert_true(stat_name_known(SLICE("servers.x.y.duration.p99"),
	    &kind));
	assert_int_equal(kind, STAT_QUANTILE);
	assert_true(stat_name_known(SLICE("active_clients"), &kind));
	assert_int_equal(kind, STAT_GAUGE);
	assert_false(stat_name_known(SLICE("http.duration"), &kind));
	assert_false(stat_name_known(SLICE("http.codes.500"), &kind));
	assert_false(stat_name_known(SLICE(""), &kind));
	assert_false(stat_name_known(SLICE("identity.kernel"), &kind));
}

static void all_names_are_known_and_printed(void **state)
{
	struct buf out = buf_make(STAT_OUTPUT_MAX);
	struct stat_table table;
	enum stat_kind kind;

	(void)state;
	stat_table_init(&table);
	update(&table, sample_snapshot(), 0, 1);
	for (unsigned i = 0; i < table.count; i++) {
		assert_true(stat_name_known(slice_cstr(table.rows[i].name),
		    &kind));
		assert_int_equal(kind, table.rows[i].kind);
	}
	stat_write_list(&out, &table, &all);
	buf_append_char(&out, '\0');
	assert_non_null(strstr(out.data,
	    "servers.a\"b\\\\c\\x0ad.bytes_in"));
	buf_free(&out);
	stat_table_fini(&table);
}

static void the_difference_has_what_changed(void **state)
{
	Ringmaster__V1__Snapshot later = *sample_snapshot();
	struct buf out = buf_make(STAT_OUTPUT_MAX);
	struct stat_table before, table;

	(void)state;
	stat_table_init(&before);
	stat_table_init(&table);
	update(&before, sample_snapshot(), 0, 1);
	update(&table, sample_snapshot(), 0, 1);
	later.total_requests += 40;
	update(&table, &later, 4, 1);
	stat_write_diff(&out, &before, &table, &all);
	buf_append_char(&out, '\0');
	assert_string_equal(out.data, "total_requests                         "
	    "                   19                  59           40.00         "
	    "10.00\n");
	buf_free(&out);
	stat_table_fini(&before);
	stat_table_fini(&table);
}

static void terminals_are_safe_from_texts(void **state)
{
	struct buf out = buf_make(4096);

	(void)state;
	stat_write_visible(&out, SLICE("a\x1b[31m\x7f\n\\ \xc3\xa9\xc2\x9b"
	    "\xff\xe2\x80\xae\xe2\x81\xa6\xe2\x82\xac"));
	buf_append_char(&out, '\0');
	assert_string_equal(out.data, "a\\x1b[31m\\x7f\\x0a\\\\ \xc3\xa9"
	    "\\xc2\\x9b\\xff\\xe2\\x80\\xae\\xe2\\x81\\xa6\xe2\x82\xac");
	buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_tell_apart_what_there_are_several_of),
		cmocka_unit_test(texts_lists_and_what_is_absent_have_none),
		cmocka_unit_test(counters_have_rates_and_averages),
		cmocka_unit_test(the_average_is_since_the_server_started),
		cmocka_unit_test(a_restart_begins_anew),
		cmocka_unit_test(quantiles_are_of_what_came_in_between),
		cmocka_unit_test(a_histogram_that_cannot_be_is_cut),
		cmocka_unit_test(names_are_known_before_they_are_there),
		cmocka_unit_test(all_names_are_known_and_printed),
		cmocka_unit_test(the_difference_has_what_changed),
		cmocka_unit_test(terminals_are_safe_from_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
