#ifndef RINGMASTER_BASE_NUMBER_H
#define RINGMASTER_BASE_NUMBER_H

#include "base/slice.h"

/*
 * Numbers as people write them. Each function takes the whole slice and
 * returns false, leaving *ret alone, if it is anything else: a sign, an
 * exponent, blanks, or more digits than a double can tell apart (15).
 */

/* "5000", "1.5k" (1,000), "2M" (1,000,000). */
bool number_parse(struct slice s, double *ret);

/* "10s", "1.5s", "500ms", "250us", "2m", "1h"; seconds without a unit. Gives
 * seconds. */
bool number_parse_seconds(struct slice s, double *ret);

/* "512B", "64KiB", "1.5MiB", "2GiB"; bytes without a unit. */
bool number_parse_bytes(struct slice s, double *ret);

/* "2000/s", "2k/s" or without "/s". Gives requests a second. */
bool number_parse_rate(struct slice s, double *ret);

#endif
