#ifndef RINGMASTER_TESTS_UNIT_LOAD_PLAN_FIXTURE_H
#define RINGMASTER_TESTS_UNIT_LOAD_PLAN_FIXTURE_H

/* Plans made of options and of files in a directory of their own. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "load/spec.h"

struct fixture {
	char dir[64];
	char path[128];			/* of the file */
	struct arena arena;
	struct load_plan plan;
	char error[512];		/* of the last build, with the directory
					 * left out */
};

/* For cmocka: *state is a struct fixture. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Write the one file there is; its path. */
const char *fixture_write(struct fixture *f, const char *text);

/* load_spec_build() into f->plan. */
int fixture_build(struct fixture *f, const struct load_options *options);

/* It must work, or be refused with this sentence. */
void fixture_builds(struct fixture *f, const struct load_options *options);
void fixture_refused(struct fixture *f, const struct load_options *options,
    const char *sentence);

/* The bytes of request `index`. */
void fixture_request(const struct fixture *f, unsigned index,
    const char *bytes);

#endif
