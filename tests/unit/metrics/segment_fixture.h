/* A segment in a directory of its own, for the tests of src/metrics. */
#ifndef RINGMASTER_TESTS_METRICS_SEGMENT_FIXTURE_H
#define RINGMASTER_TESTS_METRICS_SEGMENT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "metrics/segment.h"
#include "metrics/slot.h"

static const char *const fixture_methods[] = { "", "GET", "HEAD", "POST" };

static const struct metrics_options fixture_options = {
	.version = "1.2.3",
	.uring_features = "multishot",
	.config_file = "/etc/site.conf",
	.methods = fixture_methods,
	.method_count = 4,
	.session_idle_s = 60,
};

struct fixture {
	char dir[64];
	char path[96];
	struct metrics_segment *segment;
};

static inline int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	(void)snprintf(f->dir, sizeof(f->dir), "/tmp/test-metrics-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)snprintf(f->path, sizeof(f->path), "%s/segment", f->dir);
	assert_int_equal(0, metrics_segment_create(f->path, &fixture_options,
	    &f->segment));
	*state = f;
	return 0;
}

static inline int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	metrics_segment_close(&f->segment);
	(void)unlink(f->path);
	(void)rmdir(f->dir);
	free(f);
	return 0;
}

/* A slot for a worker of generation 1. */
static inline unsigned fixture_slot(struct fixture *f, unsigned worker)
{
	int slot = metrics_slot_assign(f->segment, METRICS_KIND_WORKER, 1,
	    worker);

	assert_true(slot >= 0);
	return (unsigned)slot;
}

/* A GET answered with 200 after so long. */
static inline struct metrics_request *fixture_request_of(
    struct metrics_writer *writer, uint64_t duration_ns, bool failed)
{
	struct metrics_request *request = metrics_request_add(writer,
	    duration_ns, failed);
	bool kept = request->kept;

	memset(request, 0, sizeof(*request));
	request->kept = kept;
	request->duration_ns = duration_ns;
	request->first_byte_ns = 900000;
	request->bytes_in = 100;
	request->bytes_out = 1200;
	request->body_out = 1000;
	request->status = 200;
	request->method = 1;
	request->version = 11;
	return request;
}

/* After a millisecond. */
static inline struct metrics_request *fixture_request(
    struct metrics_writer *writer)
{
	return fixture_request_of(writer, 1000000, false);
}

/* A server answered with 200 after two milliseconds, on a new connection. */
static inline struct metrics_try fixture_try(unsigned peer)
{
	return (struct metrics_try){
		.ns = { 100000, 1000000, 2000000 },
		.bytes_in = 1000,
		.bytes_out = 100,
		.peer = (uint16_t)peer,
		.status = 200,
	};
}

/* The numbers of a slot that say the same must be the same. */
static inline void fixture_check(const struct metrics_core *core)
{
	const struct metrics_totals *totals = &core->totals;
	uint64_t codes = 0, methods = 0, versions = 0, bins = 0, counts = 0;

	for (unsigned i = 0; i < METRICS_CODES; i++)
		codes += totals->codes[i];
	for (unsigned i = 0; i < METRICS_METHODS; i++)
		methods += totals->methods[i];
	for (unsigned i = 0; i < METRICS_VERSION_COUNT; i++)
		versions += totals->versions[i];
	for (unsigned c = 0; c < METRICS_CACHE_RESULT_COUNT; c++) {
		counts += totals->durations[c].count;
		for (unsigned i = 0; i < HIST_BINS; i++)
			bins += totals->durations[c].bins[i];
	}
	assert_int_equal(totals->requests, codes);
	assert_int_equal(totals->requests, methods);
	assert_int_equal(totals->requests, versions);
	assert_int_equal(totals->requests, bins);
	assert_int_equal(totals->requests, counts);
	assert_int_equal(totals->requests, totals->first_byte.count);
	assert_int_equal(totals->requests * 100, totals->requests_bytes_in);
}

#endif
