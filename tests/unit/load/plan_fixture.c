#include "plan_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FIXTURE_MEMORY = 64 << 20 };

int fixture_setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	assert_non_null(f);
	strcpy(f->dir, "/tmp/ringload-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	assert_in_range(snprintf(f->path, sizeof(f->path), "%s/file",
	    f->dir), 1, sizeof(f->path) - 1);
	arena_init(&f->arena, NULL, 0, FIXTURE_MEMORY);
	*state = f;
	return 0;
}

int fixture_teardown(void **state)
{
	struct fixture *f = *state;

	(void)unlink(f->path); /* there may be none */
	assert_int_equal(rmdir(f->dir), 0);
	arena_fini(&f->arena);
	free(f);
	return 0;
}

const char *fixture_write(struct fixture *f, const char *text)
{
	FILE *file = fopen(f->path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	return f->path;
}

int fixture_build(struct fixture *f, const struct load_options *options)
{
	size_t len = strlen(f->dir) + 1;
	char *found;
	int err;

	f->error[0] = '\0';
	err = load_spec_build(options, &f->arena, &f->plan, f->error,
	    sizeof(f->error));
	while ((found = strstr(f->error, f->dir)))
		memmove(found, found + len, strlen(found + len) + 1);
	return err;
}

void fixture_builds(struct fixture *f, const struct load_options *options)
{
	if (fixture_build(f, options) != 0)
		fail_msg("refused: %s", f->error);
}

void fixture_refused(struct fixture *f, const struct load_options *options,
    const char *sentence)
{
	assert_int_equal(fixture_build(f, options), -22);
	assert_string_equal(f->error, sentence);
}

void fixture_request(const struct fixture *f, unsigned index,
    const char *bytes)
{
	const struct load_request *request = &f->plan.requests[index];

	assert_true(index < f->plan.request_count);
	if (!slice_equal(request->bytes, slice_cstr(bytes)))
		fail_msg("request %u is\n%.*s\nand not\n%s", index,
		    SLICE_ARG(request->bytes), bytes);
}
