#ifndef RINGMASTER_METRICS_PROMETHEUS_H
#define RINGMASTER_METRICS_PROMETHEUS_H

#include "base/buf.h"
#include "metrics.pb-c.h"
#include "metrics/catalogue.h"

/*
 * A snapshot in the formats that Prometheus scrapes. Families, their help,
 * labels and units come from the catalogue.
 */

enum prometheus_format {
	PROMETHEUS_TEXT,	/* text 0.0.4 */
	PROMETHEUS_OPENMETRICS,	/* OpenMetrics 1.0 */
	PROMETHEUS_PROTOBUF,	/* io.prometheus.client, delimited */
};

/* Which families are wanted, by the narrowest of their labels. */
enum prometheus_scope {
	PROMETHEUS_GLOBAL = 1,
	PROMETHEUS_SERVER = 2,
	PROMETHEUS_LOCATION = 4,
	PROMETHEUS_WORKER = 8,
	PROMETHEUS_UPSTREAM = 16,
	PROMETHEUS_SCOPES = 5,		/* how many there are */
};

/* Their names, by the number of the bit. */
extern const char *const prometheus_scope_names[PROMETHEUS_SCOPES];

struct prometheus_options {
	enum prometheus_format format;
	enum metrics_level level;	/* this and those below */
	unsigned scopes;		/* of enum prometheus_scope; 0: all */
	const struct slice *names;	/* of families */
	size_t name_count;		/* 0: all */
	bool compat;	/* text only: also under nginx-prometheus-exporter's
			 * names, some of which lack the _total that
			 * OpenMetrics demands */
};

/* Append all that the options let through. Check out->failed afterwards. */
void prometheus_write(struct buf *out,
    const Ringmaster__V1__Snapshot *snapshot,
    const struct prometheus_options *options);

/*
 * Parse a list such as "global,server" into scopes. Returns false, leaving
 * *ret alone, if it holds anything else.
 */
bool prometheus_parse_scopes(struct slice list, unsigned *ret);

#endif
