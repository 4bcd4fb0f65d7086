#ifndef RINGMASTER_BASE_WORDS_H
#define RINGMASTER_BASE_WORDS_H

#include <stdint.h>

/*
 * Numbers as people read them. Each function fills the caller's WORDS_MAX
 * bytes and returns them; "-" stands for NAN.
 */

enum { WORDS_MAX = 32 };

/* With commas: "1,410". */
const char *words_count(char words[WORDS_MAX], uint64_t count);

/* Three digits, whole ones with commas: "12.3", "1,410". */
const char *words_number(char words[WORDS_MAX], double number);

/* Three digits with a unit from ns to s: "5.21 ms". */
const char *words_time(char words[WORDS_MAX], double seconds);

/* Of 1, with three digits: "12.3 %". */
const char *words_share(char words[WORDS_MAX], double share);

/* "1.50 MiB". */
const char *words_bytes(char words[WORDS_MAX], double bytes);

#endif
