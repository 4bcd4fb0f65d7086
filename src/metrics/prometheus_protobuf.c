/*
 * Delimited messages io.prometheus.client.MetricFamily: each is preceded by
 * its length as a varint.
 *
 * A family is not built as one message. Since the bytes of a message are
 * those of its fields one after another, its head is packed first and each
 * metric is appended as one more field, which needs no memory but the bytes.
 */
#include "metrics/prometheus_format.h"
#include "prometheus.pb-c.h"

#define TYPE(name) IO__PROMETHEUS__CLIENT__METRIC_TYPE__##name

#define METRIC_TAG (4 << 3 | 2)	/* MetricFamily.metric, with a length */

static void put_varint(struct buf *out, uint64_t number)
{
	for (; number >= 0x80; number >>= 7)
		buf_append_char(out, (char)(number | 0x80));
	buf_append_char(out, (char)number);
}

static void put_message(struct buf *out, const ProtobufCMessage *message)
{
	size_t len = protobuf_c_message_get_packed_size(message);
	char *to = buf_reserve(out, len);

	if (to != NULL)
		out->len += protobuf_c_message_pack(message, (uint8_t *)to);
}

static void protobuf_begin(struct prometheus_writer *writer,
    const struct metrics_entry *family)
{
	static const Io__Prometheus__Client__MetricType types[] = {
		[METRICS_KIND_COUNTER] = TYPE(COUNTER),
		[METRICS_KIND_GAUGE] = TYPE(GAUGE),
		[METRICS_KIND_HISTOGRAM] = TYPE(HISTOGRAM),
		[METRICS_KIND_INFO] = TYPE(GAUGE),
	};
	Io__Prometheus__Client__MetricFamily head =
	    IO__PROMETHEUS__CLIENT__METRIC_FAMILY__INIT;
	const char *unit = prometheus_family_unit(family);

	head.name = (char *)family->prom;	/* only read from */
	head.help = (char *)family->family_help;
	head.has_type = true;
	head.type = types[family->kind];
	if (*unit != '\0')
		head.unit = (char *)unit;
	put_message(&writer->family, &head.base);
}

static void put_metric(struct prometheus_writer *writer,
    const Io__Prometheus__Client__Metric *metric)
{
	writer->metric.len = 0;
	put_message(&writer->metric, &metric->base);
	buf_append_char(&writer->family, METRIC_TAG);
	put_varint(&writer->family, writer->metric.len);
	buf_append_slice(&writer->family, buf_slice(&writer->metric));
}

static void put_histogram(struct prometheus_writer *writer,
    Io__Prometheus__Client__Metric *metric,
    const Ringmaster__V1__Histogram *from)
{
	Io__Prometheus__Client__Histogram histogram =
	    IO__PROMETHEUS__CLIENT__HISTOGRAM__INIT;
	Io__Prometheus__Client__Bucket buckets[SAMPLE_BOUND_COUNT];
	Io__Prometheus__Client__Bucket *pointers[SAMPLE_BOUND_COUNT];
	uint64_t counts[SAMPLE_BOUND_COUNT];

	samples_count_le(from, counts);
	for (size_t i = 0; i < SAMPLE_BOUND_COUNT; i++) {
		io__prometheus__client__bucket__init(&buckets[i]);
		buckets[i].has_cumulative_count = true;
		buckets[i].cumulative_count = counts[i];
		buckets[i].has_upper_bound = true;
		buckets[i].upper_bound = (double)sample_bounds[i].ns / 1e9;
		pointers[i] = &buckets[i];
	}
	/* +Inf is left out: it is sample_count. */
	histogram.has_sample_count = true;
	histogram.sample_count = from->count;
	histogram.has_sample_sum = true;
	histogram.sample_sum = from->sum_seconds;
	histogram.n_bucket = SAMPLE_BOUND_COUNT;
	histogram.bucket = pointers;
	metric->histogram = &histogram;
	put_metric(writer, metric);
}

static void protobuf_sample(struct prometheus_writer *writer,
    const struct sample *sample)
{
	Io__Prometheus__Client__Metric metric =
	    IO__PROMETHEUS__CLIENT__METRIC__INIT;
	Io__Prometheus__Client__Counter counter =
	    IO__PROMETHEUS__CLIENT__COUNTER__INIT;
	Io__Prometheus__Client__Gauge gauge =
	    IO__PROMETHEUS__CLIENT__GAUGE__INIT;
	Io__Prometheus__Client__LabelPair pairs[SAMPLE_LABELS_MAX];
	Io__Prometheus__Client__LabelPair *pointers[SAMPLE_LABELS_MAX];

	for (size_t i = 0; i < sample->label_count; i++) {
		io__prometheus__client__label_pair__init(&pairs[i]);
		pairs[i].name = (char *)sample->labels[i].name;
		pairs[i].value = (char *)sample->labels[i].value;
		pointers[i] = &pairs[i];
	}
	metric.n_label = sample->label_count;
	metric.label = pointers;
	if (sample->histogram != NULL) {
		put_histogram(writer, &metric, sample->histogram);
		return;
	}
	counter.has_value = gauge.has_value = true;
	counter.value = gauge.value = sample->is_integer
	    ? (double)sample->integer : sample->real;
	if (sample->entry->kind == METRICS_KIND_COUNTER)
		metric.counter = &counter;
	else
		metric.gauge = &gauge;
	put_metric(writer, &metric);
}

static void protobuf_end(struct prometheus_writer *writer)
{
	put_varint(writer->out, writer->family.len);
	buf_append_slice(writer->out, buf_slice(&writer->family));
	writer->family.len = 0;
}

static void protobuf_finish(struct prometheus_writer *writer)
{
	writer->out->failed |= writer->family.failed | writer->metric.failed;
	buf_free(&writer->family);
	buf_free(&writer->metric);
}

const struct prometheus_format_ops prometheus_protobuf_ops = {
	.begin = protobuf_begin,
	.sample = protobuf_sample,
	.end = protobuf_end,
	.finish = protobuf_finish,
};
