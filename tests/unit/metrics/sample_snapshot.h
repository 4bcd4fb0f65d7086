#ifndef RINGMASTER_TESTS_SAMPLE_SNAPSHOT_H
#define RINGMASTER_TESTS_SAMPLE_SNAPSHOT_H

#include "metrics.pb-c.h"

/*
 * A snapshot with one server whose name needs escaping, one without name
 * in UTF-8, and two workers. Valid until the end of the program.
 */
const Ringmaster__V1__Snapshot *sample_snapshot(void);

#endif
