#ifndef RINGMASTER_HTTP_DATE_H
#define RINGMASTER_HTTP_DATE_H

#include <time.h>

#include "base/slice.h"

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
#define HTTP_DATE_LEN 29

/*
 * Write `time` (years 0 to 9999) as HTTP_DATE_LEN bytes, not terminated:
 * IMF-fixdate of RFC 9110 §5.6.7. Independent of the locale.
 */
void http_date_format(char *out, time_t time);

/*
 * Parse any of the three forms of RFC 9110 §5.6.7, without regard to whether
 * the day of the week is right. Years of two digits are 1970 to 2069.
 * Returns false, leaving *ret alone, if it is not a date.
 */
bool http_date_parse(struct slice s, time_t *ret);

#endif
