#ifndef SAMPLE_RESULT_H
#define SAMPLE_RESULT_H

#include "load/result.h"

/*
 * A result with all it needs, nothing in which speaks against it: a closed
 * run of 10 s, 1000 requests a second.
 */
struct sample {
	Ringmaster__V1__LoadResult result;
	Ringmaster__V1__LoadSpec spec;
	Ringmaster__V1__LoadHealth health;
	Ringmaster__V1__LoadPlace place;
	Ringmaster__V1__LoadSecond seconds[10];
	Ringmaster__V1__LoadSecond *second_list[10];
	Ringmaster__V1__LoadError cause;
	Ringmaster__V1__LoadError *causes[1];
	Ringmaster__V1__LoadStatus status;
	Ringmaster__V1__LoadStatus *statuses[1];
};

/* Its times live in the arena. */
void sample_make(struct sample *sample, struct arena *arena);

/* The same as an open run of 1000/s. */
void sample_open(struct sample *sample, struct arena *arena);

#endif
