/*
 * libringload: measure an HTTP server.
 *
 * Installed as <ringload.h>; link with `pkg-config --libs --static ringload`.
 * The example tests/example_load.c sends 100 requests at once:
 *
 *	struct load_test_options options = {
 *		.url = "http://127.0.0.1:8080/",
 *		.connections = 100,
 *		.requests_each = 1,
 *	};
 *	struct load_test_result *result;
 *	char error[LOAD_TEST_ERROR_SIZE];
 *
 *	if (load_test_run(&options, &result, error) != 0)
 *		errx(1, "%s", error);
 *	printf("%llu answered, %s\n", result->requests, result->json);
 *	load_test_result_free(result);
 *
 * All of it may be called from any thread, and tests may run at the same
 * time, but then they measure each other. Nothing is printed. A test raises
 * the process's soft limit of open files as far as it needs and may.
 */

#ifndef RINGLOAD_H
#define RINGLOAD_H

#include <signal.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a test is doing: told once a second. */
struct load_test_progress {
	double progress;		/* 0 to 1 */
	double left_s;			/* about; NAN: not known yet */
	unsigned long long sent, answered, failed;	/* so far */
	double rate;			/* answered in the last second */
	double p50_s, p99_s, max_s;	/* response times of the last second */
	unsigned long long connections;	/* open now */
};

/* Returns 0 to go on; anything else ends the test. */
typedef int load_test_progress_cb(void *arg,
    const struct load_test_progress *progress);

/*
 * What to do. Zero is the default of each, so set what you need; strings are
 * only read during the call. Limits and meanings are those of ringload(1).
 */
struct load_test_options {
	const char *url;		/* http://HOST[:PORT]/PATH; needed */
	unsigned connections;		/* at once; 10 */
	unsigned long long requests_each; /* of a connection; no limit */
	double duration_s;		/* 10, or none with requests_each */
	double warmup_s;		/* not counted; a tenth, up to 2, none
					 * with requests_each; below 0: none */
	double timeout_s;		/* of an answer; 10 */
	unsigned threads;		/* as many as are useful */
	unsigned pipeline;		/* requests sent together; 1 */
	int no_keepalive;		/* a connection for each request */

	/* The open model: so many requests a second, whether or not the ones
	 * before are answered; else each connection waits for its answer. */
	double rate;
	const char *arrivals;		/* "constant", "poisson", "uniform" */
	const char *stages;		/* of the rate: "0:0,5s:5000,30s:0" */
	unsigned long long seed;	/* of random numbers, up to 2^53; a
					 * random one */

	const char *method;		/* GET, or POST with a body */
	const char *const *headers;	/* "Name: value" each */
	unsigned header_count;
	const void *body;		/* NULL: none */
	size_t body_size;

	const char *const *slos;	/* "p99<5ms": load_test_result.passed */
	unsigned slo_count;
	const char *const *allowed;	/* hosts besides this machine to which
					 * load may be sent */
	unsigned allowed_count;

	const char *server;		/* the metrics segment of the ringmaster
					 * under test: the JSON tells where the
					 * time went; NULL: at its usual place,
					 * if it is there and may be used */

	load_test_progress_cb *progress; /* or NULL; on the caller's thread */
	void *arg;
	const volatile sig_atomic_t *stop; /* not 0 ends the test; or NULL */
};

enum load_test_verdict {
	LOAD_TEST_UNKNOWN,
	LOAD_TEST_VALID,
	LOAD_TEST_SUSPECT,		/* the JSON has the reasons */
	LOAD_TEST_INVALID,
};

/* Response times, in seconds; NAN where there are too few to say. */
struct load_test_latency {
	double mean, min, max, p50, p90, p99, p999;
};

struct load_test_result {
	unsigned long long requests;	/* answered in full, as expected */
	unsigned long long errors;	/* failed, whatever the cause */
	unsigned long long unfinished;	/* neither at the end */
	double rate;			/* a second, after the warm-up */
	double duration_s;
	struct load_test_latency latency;
	enum load_test_verdict verdict;
	int passed;			/* all SLOs; 1 without any */
	int partial;			/* ended early */
	const char *json;		/* all of it: ringload --json */
	const char *text;		/* for people: what ringload prints */
};

enum { LOAD_TEST_ERROR_SIZE = 512 };

/*
 * Run a test to its end.
 *
 * error:  LOAD_TEST_ERROR_SIZE bytes, for one sentence on failure
 * Returns 0 and a result, which load_test_result_free() frees, also if every
 * request failed; or a negative errno: -EINVAL for what is wrong with the
 * options.
 */
int load_test_run(const struct load_test_options *options,
    struct load_test_result **result, char *error);

/* NULL is fine. */
void load_test_result_free(struct load_test_result *result);

#ifdef __cplusplus
}
#endif

#endif
