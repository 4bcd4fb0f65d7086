#include "base/words.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *words_count(char words[WORDS_MAX], uint64_t count)
{
	char digits[WORDS_MAX], *to = words;
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, count);

	/* 20 digits and six commas fit. */
	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return words;
}

/* With as many decimals as three digits leave; 9.996 is "10.0". */
static const char *words_scaled(char words[WORDS_MAX], double number,
    const char *unit)
{
	double size = fabs(number);
	int decimals = size < 9.995 ? 2 : size < 99.95 ? 1 : 0;

	(void)snprintf(words, WORDS_MAX, "%.*f%s%s",
	    number == 0 ? 0 : decimals, number, unit[0] ? " " : "", unit);
	return words;
}

static const char *words_none(char words[WORDS_MAX])
{
	memcpy(words, "-", sizeof("-"));
	return words;
}

const char *words_number(char words[WORDS_MAX], double number)
{
	if (!isfinite(number))
		return words_none(words);
	if (number >= 99.95 && number < 1e18)
		return words_count(words, (uint64_t)llround(number));
	return words_scaled(words, number, "");
}

const char *words_time(char words[WORDS_MAX], double seconds)
{
	if (!isfinite(seconds))
		return words_none(words);
	if (seconds == 0)
		return words_scaled(words, 0, "s");
	if (seconds < 0.9995e-6)
		return words_scaled(words, seconds * 1e9, "ns");
	if (seconds < 0.9995e-3)
		return words_scaled(words, seconds * 1e6, "us");
	if (seconds < 0.9995)
		return words_scaled(words, seconds * 1e3, "ms");
	return words_scaled(words, seconds < 1e9 ? seconds : 1e9, "s");
}

const char *words_share(char words[WORDS_MAX], double share)
{
	if (!isfinite(share) || fabs(share) > 1e9)
		return words_none(words);
	return words_scaled(words, share * 100, "%");
}

const char *words_bytes(char words[WORDS_MAX], double bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB",
		"TiB" };
	unsigned i = 0;

	if (!isfinite(bytes))
		return words_none(words);
	while (bytes >= 999.5 && i + 1 < sizeof(units) / sizeof(*units)) {
		bytes /= 1024;
		i++;
	}
	return words_scaled(words, bytes < 1e9 ? bytes : 1e9, units[i]);
}
