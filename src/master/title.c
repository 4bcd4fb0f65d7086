#include "master/title.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static char *title_begin;	/* NULL: there is no room */
static size_t title_size;
/* The copies; parts of them stay in use to the end. "used": otherwise nothing
 * refers to the whole of them, which a leak checker calls lost. */
__attribute__((used)) static char **title_environment, **title_arguments;

/* A copy of the strings, in one piece with the array; NULL without memory. */
static char **title_copy(char *const *strings)
{
	size_t count = 0, size = 0;
	char **copy, *text;

	while (strings[count])
		size += strlen(strings[count++]) + 1;
	copy = malloc((count + 1) * sizeof(*copy) + size);
	if (!copy)
		return NULL;
	text = (char *)(copy + count + 1);
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(strings[i]) + 1;

		copy[i] = memcpy(text, strings[i], len);
		text += len;
	}
	copy[count] = NULL;
	return copy;
}

char **title_init(int argc, char **argv)
{
	char *end = argv[0];

	title_arguments = title_copy(argv);
	title_environment = title_copy(environ);
	if (!title_arguments || !title_environment)
		return NULL;
	for (int i = 0; i < argc; i++)
		if (argv[i] == end)
			end += strlen(end) + 1;
	for (char **env = environ; *env; env++)
		if (*env == end)
			end += strlen(end) + 1;
	title_begin = argv[0];
	title_size = (size_t)(end - title_begin);
	environ = title_environment;
	return title_arguments;
}

void title_set(const char *text)
{
	int len;

	/* For tools that look at the short name only. */
	(void)prctl(PR_SET_NAME, "ringmaster"); /* cannot fail */
	if (!title_begin)
		return;
	len = snprintf(title_begin, title_size, "ringmaster: %s", text);
	if (len >= 0 && (size_t)len < title_size)
		memset(title_begin + len, 0, title_size - (size_t)len);
}
