/* ringmaster: the server's main program. */

#include <stdio.h>
#include <stdlib.h>

#include "master/master.h"
#include "master/options.h"
#include "master/title.h"

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

enum { WHY_MAX = 256 };

static void show_version(const struct options *options)
{
	(void)fprintf(stderr, "ringmaster version: ringmaster/%s\n",
	    PACKAGE_VERSION);
	if (options->help)
		options_usage();
	if (options->configure) {
		(void)fprintf(stderr, "built by %s\n"
		    "configure arguments: %s\n", COMPILER, CONFIGURE_ARGUMENTS);
		options_paths();
	}
}

int main(int argc, char **argv)
{
	struct options options;
	char why[WHY_MAX], **arguments = title_init(argc, argv);

	if (!arguments) {
		(void)fprintf(stderr, "ringmaster: out of memory\n");
		return EXIT_FAILURE;
	}
	if (options_parse(argc, arguments, &options, why, sizeof(why)) != 0) {
		(void)fprintf(stderr, "ringmaster: %s\n", why);
		return EXIT_FAILURE;
	}
	if (options.version) {
		show_version(&options);
		if (!options.test)
			return EXIT_SUCCESS;
	}
	return master_main(&options, arguments);
}
