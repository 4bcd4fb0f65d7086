#ifndef RINGMASTER_METRICS_ENCODE_H
#define RINGMASTER_METRICS_ENCODE_H

#include "metrics/json.h"
#include "metrics/prometheus.h"

/* A snapshot in each of the formats /metrics offers, and the choice of one. */

enum metrics_format {
	METRICS_FORMAT_JSON,
	METRICS_FORMAT_TEXT,		/* Prometheus text 0.0.4 */
	METRICS_FORMAT_OPENMETRICS,	/* OpenMetrics 1.0 */
	METRICS_FORMAT_PROMETHEUS_PB,	/* delimited MetricFamily messages */
	METRICS_FORMAT_PROTOBUF,	/* ringmaster.v1.Snapshot */
	METRICS_FORMAT_COUNT
};

/* Value of Content-Type. */
const char *metrics_format_type(enum metrics_format format);

/*
 * The format that an Accept header prefers (RFC 9110 §12.5.1).
 *
 * accept: its value; empty if there is none; several lines joined by commas
 * Of formats with the same weight that one is taken which is named more
 * precisely, then first, then JSON. JSON is also the answer to a header that
 * allows none of them: it is better than none.
 */
enum metrics_format metrics_format_negotiate(struct slice accept);

/*
 * Append the snapshot in a format. json and prometheus: options for these;
 * prometheus->format is not looked at. Check out->failed afterwards.
 */
struct metrics_encode_options {
	struct json_options json;
	struct prometheus_options prometheus;
};
void metrics_encode(struct buf *out, enum metrics_format format,
    const Ringmaster__V1__Snapshot *snapshot,
    const struct metrics_encode_options *options);

#endif
