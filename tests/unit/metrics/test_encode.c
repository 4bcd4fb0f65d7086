/* Which format an Accept header gets, and that each can be written. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metrics/encode.h"
#include "sample_snapshot.h"

#define JSON METRICS_FORMAT_JSON
#define TEXT METRICS_FORMAT_TEXT
#define OPENMETRICS METRICS_FORMAT_OPENMETRICS
#define PROMETHEUS_PB METRICS_FORMAT_PROMETHEUS_PB
#define SNAPSHOT_PB METRICS_FORMAT_PROTOBUF
#define VND "application/vnd.google.protobuf"

struct row {
	const char *accept;
	enum metrics_format format;
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		enum metrics_format got =
		    metrics_format_negotiate(slice_cstr(rows[i].accept));

		if (got != rows[i].format)
			fail_msg("'%s': %u, not %u", rows[i].accept, got,
			    rows[i].format);
	}
}

static void clients_get_what_they_ask_for(void **state)
{
	static const struct row rows[] = {
		{ "", JSON },
		{ "*/*", JSON },
		{ "application/json", JSON },
		{ "text/html,application/xhtml+xml,application/xml;q=0.9,"
		  "*/*;q=0.8", JSON },
		{ "application/json, text/plain, */*", JSON },
		{ "text/plain", TEXT },
		{ "TEXT/Plain; Version=0.0.4; charset=utf-8", TEXT },
		{ "text/*", TEXT },
		{ "application/*", JSON },
		{ "application/openmetrics-text", OPENMETRICS },
		{ "application/openmetrics-text; version=\"1.0.0\"",
		  OPENMETRICS },
		{ VND ";proto=io.prometheus.client.MetricFamily;"
		  "encoding=delimited", PROMETHEUS_PB },
		{ VND ";proto=ringmaster.v1.Snapshot", SNAPSHOT_PB },
		{ VND, SNAPSHOT_PB },
		{ "application/x-protobuf", SNAPSHOT_PB },
		{ "application/protobuf", SNAPSHOT_PB },
	};

	(void)state;
	check_rows(rows, sizeof(rows) / sizeof(rows[0]));
	assert_int_equal(metrics_format_negotiate((struct slice){ NULL, 0 }),
	    JSON);
}

static void scrapers_get_what_they_prefer(void **state)
{
	static const struct row rows[] = {
		{ "application/openmetrics-text;version=1.0.0,"
		  "application/openmetrics-text;version=0.0.1;q=0.75,"
		  "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", OPENMETRICS },
		{ VND ";proto=io.prometheus.client.MetricFamily;"
		  "encoding=delimited;q=0.6,"
		  "application/openmetrics-text;version=1.0.0;"
		  "escaping=allow-utf-8;q=0.5,"
		  "application/openmetrics-text;version=0.0.1;q=0.4,"
		  "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,"
		  "text/plain;version=0.0.4;q=0.2,*/*;q=0.1", PROMETHEUS_PB },
		{ "application/openmetrics-text;version=0.0.1,"
		  "text/plain;version=0.0.4;q=0.5,*/*;q=0.1", TEXT },
	};

	(void)state;
	check_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

static void weights_precision_and_place_decide(void **state)
{
	static const struct row rows[] = {
		{ "text/plain;q=0.5, application/json;q=0.4", TEXT },
		{ "text/plain;q=0.499, application/json;q=0.5", JSON },
		{ "*/*, text/plain", TEXT },
		{ "text/plain, application/json", TEXT },
		{ "application/json, text/plain", JSON },
		{ "application/json;q=0, */*", TEXT },
		{ "*/*, application/json;q=0.5", TEXT },
		{ "text/plain;q=0", JSON },
		{ "image/png", JSON },
		{ "text/plain;q=0.001", TEXT },
	};

	(void)state;
	check_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

static void what_we_do_not_offer_is_passed_over(void **state)
{
	static const struct row rows[] = {
		{ "text/plain;version=1.0.0", JSON },
		{ "application/openmetrics-text;version=2.0.0", JSON },
		{ VND ";proto=some.other.Message", JSON },
		{ VND ";proto=io.prometheus.client.MetricFamily;"
		  "encoding=text", JSON },
	};

	(void)state;
	check_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

static void malformed_elements_are_passed_over(void **state)
{
	static const struct row rows[] = {
		{ "text/plain;q=2", JSON },
		{ "text/plain;q=1.0000", JSON },
		{ "text/plain;q=", JSON },
		{ "text/plain;q=1.x", JSON },
		{ "text/plain;q=1.001", JSON },
		{ "text/plain;q=1.000", TEXT },
		{ "text/plain;q=1.", TEXT },
		{ "text", JSON },
		{ "/plain", JSON },
		{ "text/", JSON },
		{ ",,;,=;\",", JSON },
		{ " , text/plain ;; q=1 , ", TEXT },
		{ "x/y;a=\"text/plain,\\\"\", text/plain", TEXT },
		{ "x/y;a=\",text/plain", JSON },
	};

	(void)state;
	check_rows(rows, sizeof(rows) / sizeof(rows[0]));
}

static void each_format_is_written(void **state)
{
	static const char *const begins[METRICS_FORMAT_COUNT] = {
		[METRICS_FORMAT_JSON] = "{\"active_clients\":3,"
		    "\"total_requests\":19,\"average_response_time\":0.0234,"
		    "\"recent_requests\":[{\"time\":"
		    "\"2023-11-14T22:13:20.123Z\"",
		[METRICS_FORMAT_TEXT] = "# HELP ringmaster_build_info ",
		[METRICS_FORMAT_OPENMETRICS] = "# TYPE ringmaster_build info",
	};
	struct metrics_encode_options options = { { 0 }, { 0 } };

	(void)state;
	for (unsigned i = 0; i < METRICS_FORMAT_COUNT; i++) {
		struct buf out = buf_make(1 << 20);

		metrics_encode(&out, i, sample_snapshot(), &options);
		assert_false(out.failed);
		assert_true(out.len > 0);
		if (begins[i] != NULL)
			assert_true(slice_starts(buf_slice(&out),
			    slice_cstr(begins[i])));
		assert_non_null(metrics_format_type(i));
		buf_free(&out);
	}
}

static void a_snapshot_comes_back_from_protobuf(void **state)
{
	struct metrics_encode_options options = { { 0 }, { 0 } };
	struct buf out = buf_make(1 << 20);
	Ringmaster__V1__Snapshot *back;

	(void)state;
	metrics_encode(&out, METRICS_FORMAT_PROTOBUF, sample_snapshot(),
	    &options);
	back = ringmaster__v1__snapshot__unpack(NULL, out.len,
	    (const uint8_t *)out.data);
	assert_non_null(back);
	assert_int_equal(back->total_requests, 19);
	assert_int_equal(back->servers[0]->duration->n_bins,
	    sample_snapshot()->servers[0]->duration->n_bins);
	ringmaster__v1__snapshot__free_unpacked(back, NULL);
	buf_free(&out);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(clients_get_what_they_ask_for),
		cmocka_unit_test(scrapers_get_what_they_prefer),
		cmocka_unit_test(weights_precision_and_place_decide),
		cmocka_unit_test(what_we_do_not_offer_is_passed_over),
		cmocka_unit_test(malformed_elements_are_passed_over),
		cmocka_unit_test(each_format_is_written),
		cmocka_unit_test(a_snapshot_comes_back_from_protobuf),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
