#ifndef RINGMASTER_METRICS_PROMETHEUS_FORMAT_H
#define RINGMASTER_METRICS_PROMETHEUS_FORMAT_H

#include "base/buf.h"
#include "metrics/samples.h"

/*
 * How one format writes families: prometheus.c calls these in the order
 * begin, sample (one or more), end for each family, then finish.
 */
struct prometheus_writer;

struct prometheus_format_ops {
	void (*begin)(struct prometheus_writer *writer,
	    const struct metrics_entry *family);
	void (*sample)(struct prometheus_writer *writer,
	    const struct sample *sample);
	void (*end)(struct prometheus_writer *writer);
	void (*finish)(struct prometheus_writer *writer);
};

struct prometheus_writer {
	const struct prometheus_format_ops *ops;
	struct buf *out;
	struct buf family;	/* protobuf: the family begun */
	struct buf metric;	/* protobuf: the metric being packed */
};

extern const struct prometheus_format_ops prometheus_text_ops;
extern const struct prometheus_format_ops prometheus_openmetrics_ops;
extern const struct prometheus_format_ops prometheus_protobuf_ops;

/* The unit of a family if its name ends in it, as UNIT demands; else "". */
const char *prometheus_family_unit(const struct metrics_entry *family);

/* HELP and TYPE of a family named by hand: for names from elsewhere. */
void prometheus_text_head(struct buf *out, const char *name, const char *type,
    const char *help);

#endif
