#include "load/fault.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int fault_set(const struct fault *fault, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(fault->text, fault->size, format, args); /* may be
								  * cut */
	va_end(args);
	return -EINVAL;
}

int fault_memory(const struct fault *fault)
{
	(void)fault_set(fault, "there is not enough memory for this test");
	return -ENOMEM;
}
