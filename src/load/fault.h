#ifndef RINGMASTER_LOAD_FAULT_H
#define RINGMASTER_LOAD_FAULT_H

#include <stddef.h>

/* Where to say, in one sentence for people, why a test cannot be run. */
struct fault {
	char *text;
	size_t size;		/* of it, with the terminator; a longer
				 * sentence is cut */
};

/* Say it. Returns -EINVAL. */
int fault_set(const struct fault *fault, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Say that there is no memory. Returns -ENOMEM. */
int fault_memory(const struct fault *fault);

#endif
