/*
 * The Prometheus formats against golden texts: escaping, order, bounds,
 * filters, and the framing of the protobuf form.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metrics/prometheus.h"
#include "prometheus.pb-c.h"
#include "sample_snapshot.h"

#define OUT_MAX (1 << 20)

/* What is written for one family, with a terminator; to be freed. */
static struct buf write_family(enum prometheus_format format, const char *name)
{
	struct slice names[] = { slice_cstr(name) };
	struct prometheus_options options = {
		.format = format,
		.level = METRICS_LEVEL_FULL,
		.names = names,
		.name_count = 1,
		.compat = true,
	};
	struct buf out = buf_make(OUT_MAX);

	prometheus_write(&out, sample_snapshot(), &options);
	assert_false(out.failed);
	if (format != PROMETHEUS_PROTOBUF)
		buf_append_char(&out, '\0');
	return out;
}

static void check_family(enum prometheus_format format, const char *name,
    const char *want)
{
	struct buf out = write_family(format, name);

	assert_string_equal(out.data, want);
	buf_free(&out);
}

static void labels_are_escaped_and_made_utf8(void **state)
{
	(void)state;
	check_family(PROMETHEUS_TEXT, "ringmaster_http_request_bytes_total",
	    "# HELP ringmaster_http_request_bytes_total "
	    "Bytes of requests received, headers and bodies.\n"
	    "# TYPE ringmaster_http_request_bytes_total counter\n"
	    "ringmaster_http_request_bytes_total"
	    "{server=\"a\\\"b\\\\c\\nd\"} 0\n"
	    "ringmaster_http_request_bytes_total"
	    "{server=\"caf\\\\xe9 \xc3\xa9\"} 5\n");
}

static void labels_come_from_all_messages_around(void **state)
{
	(void)state;
	check_family(PROMETHEUS_TEXT, "ringmaster_http_requests_total",
	    "# HELP ringmaster_http_requests_total "
	    "Ended requests by status.\n"
	    "# TYPE ringmaster_http_requests_total counter\n"
	    "ringmaster_http_requests_total"
	    "{server=\"a\\\"b\\\\c\\nd\",code=\"200\"} 18446744073709551615\n"
	    "ringmaster_http_requests_total"
	    "{server=\"a\\\"b\\\\c\\nd\",code=\"other\"} 7\n");
}

static void fields_of_one_family_stand_together(void **state)
{
	(void)state;
	check_family(PROMETHEUS_TEXT, "ringmaster_connections",
	    "# HELP ringmaster_connections Client connections by what they "
	    "do; their sum is all that are open.\n"
	    "# TYPE ringmaster_connections gauge\n"
	    "ringmaster_connections{state=\"reading\"} 1\n"
	    "ringmaster_connections{state=\"writing\"} 0\n"
	    "ringmaster_connections{state=\"idle\"} 2\n");
	check_family(PROMETHEUS_TEXT, "ringmaster_worker_cpu_seconds_total",
	    "# HELP ringmaster_worker_cpu_seconds_total Processor time used "
	    "by the worker and its predecessors, by mode.\n"
	    "# TYPE ringmaster_worker_cpu_seconds_total counter\n"
	    "ringmaster_worker_cpu_seconds_total"
	    "{worker=\"0\",mode=\"user\"} 0.1\n"
	    "ringmaster_worker_cpu_seconds_total"
	    "{worker=\"1\",mode=\"user\"} 1.1\n"
	    "ringmaster_worker_cpu_seconds_total"
	    "{worker=\"0\",mode=\"system\"} 0\n"
	    "ringmaster_worker_cpu_seconds_total"
	    "{worker=\"1\",mode=\"system\"} 0\n");
}

static void an_enum_is_a_number_for_each_value(void **state)
{
	(void)state;
	check_family(PROMETHEUS_TEXT, "ringmaster_upstream_peer_state",
	    "# HELP ringmaster_upstream_peer_state "
	    "Whether the server is in that state, 0 or 1.\n"
	    "# TYPE ringmaster_upstream_peer_state gauge\n"
	    "ringmaster_upstream_peer_state{upstream=\"app\","
	    "peer=\"10.0.0.1:80\",state=\"up\"} 0\n"
	    "ringmaster_upstream_peer_state{upstream=\"app\","
	    "peer=\"10.0.0.1:80\",state=\"draining\"} 0\n"
	    "ringmaster_upstream_peer_state{upstream=\"app\","
	    "peer=\"10.0.0.1:80\",state=\"down\"} 1\n"
	    "ringmaster_upstream_peer_state{upstream=\"app\","
	    "peer=\"10.0.0.1:80\",state=\"unavail\"} 0\n");
}

static void openmetrics_names_units_and_end(void **state)
{
	(void)state;
	check_family(PROMETHEUS_OPENMETRICS,
	    "ringmaster_http_request_bytes_total",
	    "# TYPE ringmaster_http_request_bytes counter\n"
	    "# UNIT ringmaster_http_request_bytes bytes\n"
	    "# HELP ringmaster_http_request_bytes "
	    "Bytes of requests received, headers and bodies.\n"
	    "ringmaster_http_request_bytes_total"
	    "{server=\"a\\\"b\\\\c\\nd\"} 0\n"
	    "ringmaster_http_request_bytes_total"
	    "{server=\"caf\\\\xe9 \xc3\xa9\"} 5\n"
	    "# EOF\n");
	check_family(PROMETHEUS_OPENMETRICS, "no_such_family", "# EOF\n");
}

static void infos_are_gauges_in_text(void **state)
{
	(void)state;
	check_family(PROMETHEUS_TEXT, "ringmaster_build_info",
	    "# HELP ringmaster_build_info "
	    "Version and properties of the program; always 1.\n"
	    "# TYPE ringmaster_build_info gauge\n"
	    "ringmaster_build_info{version=\"0.1\",revision=\"\","
	    "compiler=\"\",uring_features=\"multishot bundles\"} 1\n");
	check_family(PROMETHEUS_OPENMETRICS, "ringmaster_build_info",
	    "# TYPE ringmaster_build info\n"
	    "# HELP ringmaster_build "
	    "Version and properties of the program; always 1.\n"
	    "ringmaster_build_info{version=\"0.1\",revision=\"\","
	    "compiler=\"\",uring_features=\"multishot bundles\"} 1\n"
	    "# EOF\n");
}

static void times_and_odd_numbers(void **state)
{
	(void)state;
	check_family(PROMETHEUS_TEXT, "ringmaster_start_time_seconds",
	    "# HELP ringmaster_start_time_seconds "
	    "When the master process started.\n"
	    "# TYPE ringmaster_start_time_seconds gauge\n"
	    "ringmaster_start_time_seconds 1700000000.5\n");
	check_family(PROMETHEUS_TEXT, "ringmaster_pool_oldest_wait_seconds",
	    "# HELP ringmaster_pool_oldest_wait_seconds How long the task "
	    "that waits longest has been waiting.\n"
	    "# TYPE ringmaster_pool_oldest_wait_seconds gauge\n"
	    "ringmaster_pool_oldest_wait_seconds NaN\n");
}

static void histogram_bounds_are_inclusive(void **state)
{
	struct buf out = write_family(PROMETHEUS_TEXT,
	    "ringmaster_http_request_duration_seconds");

	(void)state;
#define SERIES(part) "\nringmaster_http_request_duration_seconds" part
#define NAME "server=\"a\\\"b\\\\c\\nd\""
	assert_non_null(strstr(out.data,
	    SERIES("_bucket{" NAME ",le=\"0.0025\"} 0")
	    SERIES("_bucket{" NAME ",le=\"0.005\"} 1")
	    SERIES("_bucket{" NAME ",le=\"0.01\"} 2")));
	assert_non_null(strstr(out.data,
	    SERIES("_bucket{" NAME ",le=\"60.0\"} 2")
	    SERIES("_bucket{" NAME ",le=\"+Inf\"} 3")
	    SERIES("_sum{" NAME "} 120.010000001")
	    SERIES("_count{" NAME "} 3\n")));
	buf_free(&out);
}

static void compat_names_only_in_text(void **state)
{
	(void)state;
	check_family(PROMETHEUS_TEXT, "nginx_connections_waiting",
	    "# HELP nginx_connections_waiting "
	    "Connections kept alive that wait for a request.\n"
	    "# TYPE nginx_connections_waiting gauge\n"
	    "nginx_connections_waiting 2\n");
	check_family(PROMETHEUS_TEXT, "nginx_http_requests_total",
	    "# HELP nginx_http_requests_total Requests whose header was "
	    "parsed and which ended, answered or aborted.\n"
	    "# TYPE nginx_http_requests_total counter\n"
	    "nginx_http_requests_total 19\n");
	check_family(PROMETHEUS_TEXT, "nginx_connections_accepted",
	    "# HELP nginx_connections_accepted "
	    "Client connections the workers accepted.\n"
	    "# TYPE nginx_connections_accepted untyped\n"
	    "nginx_connections_accepted 10\n");
	check_family(PROMETHEUS_OPENMETRICS, "nginx_connections_waiting",
	    "# EOF\n");
}

/* How often `text` occurs in all that level and scopes let through. */
static size_t count_in_output(enum metrics_level level, unsigned scopes,
    const char *text)
{
	struct prometheus_options options = {
		.format = PROMETHEUS_TEXT, .level = level, .scopes = scopes,
	};
	struct buf out = buf_make(OUT_MAX);
	size_t count = 0;

	prometheus_write(&out, sample_snapshot(), &options);
	buf_append_char(&out, '\0');
	assert_false(out.failed);
	for (const char *p = out.data; (p = strstr(p, text)) != NULL; p++)
		count++;
	buf_free(&out);
	return count;
}

static void levels_and_scopes_filter(void **state)
{
	(void)state;
	assert_int_equal(count_in_output(METRICS_LEVEL_BASIC, 0,
	    "TYPE ringmaster_uring_inflight"), 0);
	assert_int_equal(count_in_output(METRICS_LEVEL_STANDARD, 0,
	    "TYPE ringmaster_uring_inflight"), 1);
	assert_int_equal(count_in_output(METRICS_LEVEL_STANDARD, 0,
	    "TYPE ringmaster_location_request_duration_seconds"), 0);
	assert_int_equal(count_in_output(METRICS_LEVEL_FULL, 0,
	    "TYPE ringmaster_location_request_duration_seconds"), 1);
	assert_int_equal(count_in_output(METRICS_LEVEL_FULL,
	    PROMETHEUS_SERVER, "location="), 0);
	assert_int_equal(count_in_output(METRICS_LEVEL_FULL,
	    PROMETHEUS_GLOBAL, "server="), 0);
	assert_int_equal(count_in_output(METRICS_LEVEL_FULL,
	    PROMETHEUS_WORKER, "ringmaster_uring_inflight{"), 2);
	assert_int_equal(count_in_output(METRICS_LEVEL_FULL,
	    PROMETHEUS_WORKER, "ringmaster_start_time"), 0);
}

static void scopes_are_parsed(void **state)
{
	unsigned scopes = 99;

	(void)state;
	assert_true(prometheus_parse_scopes(SLICE("server,global"), &scopes));
	assert_int_equal(scopes, PROMETHEUS_SERVER | PROMETHEUS_GLOBAL);
	assert_true(prometheus_parse_scopes(SLICE("upstream"), &scopes));
	assert_int_equal(scopes, PROMETHEUS_UPSTREAM);
	assert_true(prometheus_parse_scopes(SLICE("worker"), &scopes));
	assert_int_equal(scopes, PROMETHEUS_WORKER);
	assert_false(prometheus_parse_scopes(SLICE(""), &scopes));
	assert_false(prometheus_parse_scopes(SLICE("worker,"), &scopes));
	assert_false(prometheus_parse_scopes(SLICE("all"), &scopes));
	assert_int_equal(scopes, PROMETHEUS_WORKER);
}

static void protobuf_families_are_delimited(void **state)
{
	struct buf out = write_family(PROMETHEUS_PROTOBUF,
	    "ringmaster_http_request_duration_seconds");
	Io__Prometheus__Client__MetricFamily *family;
	Io__Prometheus__Client__Histogram *histogram;
	const uint8_t *data = (const uint8_t *)out.data;
	size_t len = data[0] & 0x7f;

	(void)state;
	assert_true(data[0] & 0x80);		/* a length of two bytes */
	len |= (size_t)data[1] << 7;
	assert_int_equal(len + 2, out.len);
	family = io__prometheus__client__metric_family__unpack(NULL, len,
	    data + 2);
	assert_non_null(family);
	assert_string_equal(family->name,
	    "ringmaster_http_request_duration_seconds");
	assert_string_equal(family->unit, "seconds");
	assert_int_equal(family->n_metric, 1);
	assert_string_equal(family->metric[0]->label[0]->value, "a\"b\\c\nd");
	histogram = family->metric[0]->histogram;
	assert_int_equal(histogram->sample_count, 3);
	assert_int_equal(histogram->n_bucket, 22);
	assert_true(histogram->bucket[6]->upper_bound == 0.005);
	assert_int_equal(histogram->bucket[6]->cumulative_count, 1);
	io__prometheus__client__metric_family__free_unpacked(family, NULL);
	buf_free(&out);
}

static void too_small_a_buffer_is_reported(void **state)
{
	struct prometheus_options options = { .level = METRICS_LEVEL_FULL };

	(void)state;
	for (unsigned i = PROMETHEUS_TEXT; i <= PROMETHEUS_PROTOBUF; i++) {
		struct buf out = buf_make(2000);

		options.format = i;
		prometheus_write(&out, sample_snapshot(), &options);
		assert_true(out.failed);
		buf_free(&out);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(labels_are_escaped_and_made_utf8),
		cmocka_unit_test(labels_come_from_all_messages_around),
		cmocka_unit_test(fields_of_one_family_stand_together),
		cmocka_unit_test(an_enum_is_a_number_for_each_value),
		cmocka_unit_test(openmetrics_names_units_and_end),
		cmocka_unit_test(infos_are_gauges_in_text),
		cmocka_unit_test(times_and_odd_numbers),
		cmocka_unit_test(histogram_bounds_are_inclusive),
		cmocka_unit_test(compat_names_only_in_text),
		cmocka_unit_test(levels_and_scopes_filter),
		cmocka_unit_test(scopes_are_parsed),
		cmocka_unit_test(protobuf_families_are_delimited),
		cmocka_unit_test(too_small_a_buffer_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
