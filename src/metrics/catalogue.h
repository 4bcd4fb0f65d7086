#ifndef RINGMASTER_METRICS_CATALOGUE_H
#define RINGMASTER_METRICS_CATALOGUE_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The catalogue of metrics: each number of the public data model with its
 * name, unit and meaning. It is made from proto/metrics.proto when
 * ringmaster is built (src/tools/catalogue_gen.c), so that no metric is named
 * by hand in two places.
 */

enum metrics_kind {
	METRICS_KIND_NONE,		/* no Prometheus metric */
	METRICS_KIND_COUNTER,
	METRICS_KIND_GAUGE,
	METRICS_KIND_HISTOGRAM,
	METRICS_KIND_INFO,
};

enum metrics_level {			/* each includes those before */
	METRICS_LEVEL_BASIC,
	METRICS_LEVEL_STANDARD,
	METRICS_LEVEL_FULL,
};

/*
 * A label of a number: a fixed value, or the value of a field in one of the
 * messages on the way to the number.
 */
struct metrics_label {
	const char *name;
	const char *value;	/* the fixed value, or NULL */
	const char *zero;	/* to show instead of 0, or NULL */
	uint32_t depth;		/* the message after so many steps of `path` */
	uint32_t field;		/* number of the field in that message */
};

struct metrics_entry {
	const char *json;	/* "servers[].codes[].count" */
	const char *prom;	/* name of the Prometheus family, or NULL */
	const char *compat;	/* nginx-prometheus-exporter's name, or NULL */
	enum metrics_kind kind;
	enum metrics_level level;
	const char *unit;	/* "seconds", or "" */
	const char *help;	/* definition of this number, one sentence */
	const char *family_help;	/* of the Prometheus family, or NULL */
	const ProtobufCMessageDescriptor *message;	/* that has the field */
	const uint32_t *path;	/* field numbers, from Snapshot on */
	size_t path_len;
	const struct metrics_label *labels;	/* outermost first */
	size_t label_count;
};

/*
 * In the order of metrics.proto, depth first; entries of one Prometheus
 * family stand together. Histograms are one entry.
 */
extern const struct metrics_entry metrics_catalogue[];
extern const size_t metrics_catalogue_count;

#endif
