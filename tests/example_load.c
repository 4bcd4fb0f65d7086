/*
 * An example of libringload: run_load_test(), as the first system had it,
 * sends 100 requests at the same time and tells how long they took.
 *
 *	cc example_load.c $(pkg-config --cflags --libs --static ringload)
 *	./a.out http://127.0.0.1:8080/
 */

#include <ringload.h>
#include <stdio.h>
#include <stdlib.h>

enum { CLIENTS = 100 };

static int print_progress(void *arg, const struct load_test_progress *progress)
{
	(void)arg;
	(void)fprintf(stderr, "%3.0f %%, %llu answered\n",
	    progress->progress * 100, progress->answered);
	return 0;
}

static int run_load_test(const char *url)
{
	const struct load_test_options options = {
		.url = url,
		.connections = CLIENTS,
		.requests_each = 1,
		.progress = print_progress,
	};
	struct load_test_result *result;
	char error[LOAD_TEST_ERROR_SIZE];
	int answered;

	if (load_test_run(&options, &result, error) != 0) {
		(void)fprintf(stderr, "example_load: %s\n", error);
		return -1;
	}
	(void)printf("%llu of %d answered, %llu failed; median %.3f ms, "
	    "longest %.3f ms\n%s\n", result->requests, CLIENTS,
	    result->errors, result->latency.p50 * 1e3,
	    result->latency.max * 1e3, result->json);
	answered = (int)result->requests;
	load_test_result_free(result);
	return answered;
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		(void)fprintf(stderr, "usage: example_load URL\n");
		return 2;
	}
	return run_load_test(argv[1]) == CLIENTS ? EXIT_SUCCESS : EXIT_FAILURE;
}
