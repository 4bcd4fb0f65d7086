#ifndef RINGMASTER_STAT_WORD_H
#define RINGMASTER_STAT_WORD_H

#include "base/words.h"

/*
 * base/words.h for use within an expression: word_time(0.012).s is "12.0 ms"
 * until the end of that.
 */
struct word {
	char s[WORDS_MAX];
};

struct word word_count(uint64_t count);
struct word word_number(double number);
struct word word_time(double seconds);
struct word word_share(double share);
struct word word_bytes(double bytes);

/* At most six columns: "0.25", "1,234", "12.3k", "4.56M". */
struct word word_short(double number);

/* How long ago or since when: "12 s", "2 h 05 min", "3 d 02 h". */
struct word word_span(double seconds);

/* A time of the day, here: "12:34:56". */
struct word word_clock(uint64_t unix_ns);

#endif
