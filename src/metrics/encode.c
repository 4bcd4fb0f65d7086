#include "metrics/encode.h"

#include <assert.h>

/* What an Accept header may ask a format by. */
struct media {
	enum metrics_format format;
	struct slice type;
	struct slice subtype;
	/* If not empty, the parameter must be absent or have this value. */
	struct slice version;
	struct slice proto;
	struct slice encoding;
	bool proto_needed;	/* absent will not do */
};

static const struct media media_known[] = {
	{ .format = METRICS_FORMAT_JSON, .type = SLICE("application"),
	    .subtype = SLICE("json") },
	{ .format = METRICS_FORMAT_TEXT, .type = SLICE("text"),
	    .subtype = SLICE("plain"), .version = SLICE("0.0.4") },
	{ .format = METRICS_FORMAT_OPENMETRICS, .type = SLICE("application"),
	    .subtype = SLICE("openmetrics-text"), .version = SLICE("1.0.0") },
	{ .format = METRICS_FORMAT_PROMETHEUS_PB, .type = SLICE("application"),
	    .subtype = SLICE("vnd.google.protobuf"),
	    .proto = SLICE("io.prometheus.client.MetricFamily"),
	    .encoding = SLICE("delimited"), .proto_needed = true },
	{ .format = METRICS_FORMAT_PROTOBUF, .type = SLICE("application"),
	    .subtype = SLICE("vnd.google.protobuf"),
	    .proto = SLICE("ringmaster.v1.Snapshot") },
	{ .format = METRICS_FORMAT_PROTOBUF, .type = SLICE("application"),
	    .subtype = SLICE("protobuf") },
	{ .format = METRICS_FORMAT_PROTOBUF, .type = SLICE("application"),
	    .subtype = SLICE("x-protobuf") },
};

/* One element of the header. */
struct range {
	struct slice type;
	struct slice subtype;
	struct slice version;
	struct slice proto;
	struct slice encoding;
	unsigned weight;	/* thousandths */
};

/* How well a format is asked for: compared from the first member on. */
struct wish {
	unsigned weight;
	unsigned precision;	/* 0: not asked for, 1: star/star, ... */
	unsigned place;		/* of the element in the header */
};

enum { PRECISION_ANY = 1, PRECISION_TYPE = 2, PRECISION_EXACT = 3 };

const char *metrics_format_type(enum metrics_format format)
{
	static const char *const types[METRICS_FORMAT_COUNT] = {
		[METRICS_FORMAT_JSON] = "application/json",
		[METRICS_FORMAT_TEXT] =
		    "text/plain; version=0.0.4; charset=utf-8",
		[METRICS_FORMAT_OPENMETRICS] = "application/openmetrics-text; "
		    "version=1.0.0; charset=utf-8",
		[METRICS_FORMAT_PROMETHEUS_PB] =
		    "application/vnd.google.protobuf; "
		    "proto=io.prometheus.client.MetricFamily; "
		    "encoding=delimited",
		[METRICS_FORMAT_PROTOBUF] = "application/vnd.google.protobuf; "
		    "proto=ringmaster.v1.Snapshot",
	};

	return types[format];
}

/*
 * Cut what stands before `end` off the front of *rest, and `end` itself; all
 * of it if there is none. In a quoted string `end` does not count.
 */
static struct slice next_part(struct slice *rest, char end)
{
	struct slice part;
	bool quoted = false;
	size_t i;

	for (i = 0; i < rest->len; i++) {
		char c = rest->data[i];

		if (c == '"')
			quoted = !quoted;
		else if (c == '\\' && quoted)
			i++;
		else if (c == end && !quoted)
			break;
	}
	part = slice_first(*rest, i);
	*rest = slice_from(*rest, i + 1);
	return part;
}

static struct slice unquoted(struct slice value)
{
	if (value.len >= 2 && value.data[0] == '"' &&
	    value.data[value.len - 1] == '"')
		return (struct slice){ value.data + 1, value.len - 2 };
	return value;
}

/* Returns false if the element is malformed and is to be passed over. */
static bool parse_range(struct slice element, struct range *ret)
{
	struct range range = { .weight = 1000 };
	struct slice media = slice_trim(next_part(&element, ';'));

	range.type = next_part(&media, '/');
	range.subtype = media;
	if (range.type.len == 0 || range.subtype.len == 0)
		return false;
	while (element.len > 0) {
		struct slice value = slice_trim(next_part(&element, ';'));
		struct slice name = next_part(&value, '=');

		value = unquoted(value);
		if (slice_equal_nocase(name, SLICE("version")))
			range.version = value;
		else if (slice_equal_nocase(name, SLICE("proto")))
			range.proto = value;
		else if (slice_equal_nocase(name, SLICE("encoding")))
			range.encoding = value;
		else if (slice_equal_nocase(name, SLICE("q")) &&
		    !slice_to_weight(value, &range.weight))
			return false;
	}
	*ret = range;
	return true;
}

static bool parameter_fits(struct slice asked, struct slice ours)
{
	return asked.len == 0 || ours.len == 0 ||
	    slice_equal_nocase(asked, ours);
}

/* How precisely a range names a format; 0 if it does not cover it. */
static unsigned range_precision(const struct range *range,
    const struct media *media)
{
	if (slice_equal(range->type, SLICE("*")))
		return slice_equal(range->subtype, SLICE("*"))
		    ? PRECISION_ANY : 0;
	if (!slice_equal_nocase(range->type, media->type))
		return 0;
	if (slice_equal(range->subtype, SLICE("*")))
		return PRECISION_TYPE;
	if (!slice_equal_nocase(range->subtype, media->subtype) ||
	    !parameter_fits(range->version, media->version) ||
	    !parameter_fits(range->proto, media->proto) ||
	    !parameter_fits(range->encoding, media->encoding) ||
	    (media->proto_needed && range->proto.len == 0))
		return 0;
	return PRECISION_EXACT + (range->version.len > 0) +
	    (range->proto.len > 0) + (range->encoding.len > 0);
}

/* The most precise range that covers a format says how much it is wanted. */
static void wishes_add(struct wish *wishes, const struct range *range,
    unsigned place)
{
	for (size_t i = 0; i < sizeof(media_known) / sizeof(media_known[0]);
	     i++) {
		struct wish *wish = &wishes[media_known[i].format];
		unsigned precision = range_precision(range, &media_known[i]);

		if (precision > wish->precision)
			*wish = (struct wish){ range->weight, precision,
				place };
	}
}

static bool wish_is_stronger(const struct wish *a, const struct wish *b)
{
	if (a->weight != b->weight)
		return a->weight > b->weight;
	if (a->precision != b->precision)
		return a->precision > b->precision;
	return a->place < b->place;
}

enum metrics_format metrics_format_negotiate(struct slice accept)
{
	struct wish wishes[METRICS_FORMAT_COUNT] = { { 0 } };
	enum metrics_format best = METRICS_FORMAT_JSON;
	struct range range;

	for (unsigned place = 0; accept.len > 0; place++)
		if (parse_range(next_part(&accept, ','), &range))
			wishes_add(wishes, &range, place);
	for (unsigned i = 1; i < METRICS_FORMAT_COUNT; i++)
		if (wishes[i].weight > 0 &&
		    wish_is_stronger(&wishes[i], &wishes[best]))
			best = i;
	return best;
}

static void encode_protobuf(struct buf *out,
    const Ringmaster__V1__Snapshot *snapshot)
{
	size_t len = ringmaster__v1__snapshot__get_packed_size(snapshot);
	char *to = buf_reserve(out, len);

	if (to != NULL)
		out->len += ringmaster__v1__snapshot__pack(snapshot,
		    (uint8_t *)to);
}

void metrics_encode(struct buf *out, enum metrics_format format,
    const Ringmaster__V1__Snapshot *snapshot,
    const struct metrics_encode_options *options)
{
	static const enum prometheus_format formats[] = {
		[METRICS_FORMAT_TEXT] = PROMETHEUS_TEXT,
		[METRICS_FORMAT_OPENMETRICS] = PROMETHEUS_OPENMETRICS,
		[METRICS_FORMAT_PROMETHEUS_PB] = PROMETHEUS_PROTOBUF,
	};
	struct prometheus_options prometheus = options->prometheus;

	if (format == METRICS_FORMAT_JSON) {
		json_write(out, &snapshot->base, &options->json);
	} else if (format == METRICS_FORMAT_PROTOBUF) {
		encode_protobuf(out, snapshot);
	} else {
		assert(format < METRICS_FORMAT_PROTOBUF);
		prometheus.format = formats[format];
		prometheus_write(out, snapshot, &prometheus);
	}
}
