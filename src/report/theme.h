#ifndef RINGMASTER_REPORT_THEME_H
#define RINGMASTER_REPORT_THEME_H

#include <stdbool.h>
#include <stdint.h>

#include "report/tokens.h"

/*
 * Colours by role, as 0xRRGGBB. They are those of the dashboard's page:
 * tokens.h is made of its style sheets when the program is built.
 */

enum theme { THEME_DARK, THEME_LIGHT, THEME_PRINT, THEMES };

enum theme_token {
#define THEME_TOKEN(name, dark, light) TOKEN_##name,
	REPORT_TOKENS(THEME_TOKEN)
#undef THEME_TOKEN
	TOKENS
};

enum { THEME_SHADES = 32 };		/* of the ramp; 0 is none */

extern const char *const theme_names[THEMES];

/* Print is light on white paper, with darker text and lines. */
uint32_t theme_color(enum theme theme, enum theme_token token);

/* The colour of a shade from 1 to THEME_SHADES - 1: the page's ramp. */
uint32_t theme_shade(enum theme theme, unsigned shade);

/* Fills get patterns, which do without colour. */
static inline bool theme_patterns(enum theme theme)
{
	return theme == THEME_PRINT;
}

#endif
