#include "report/theme.h"

const char *const theme_names[THEMES] = { "dark", "light", "print" };

static const uint32_t theme_colors[TOKENS][2] = {
#define THEME_TOKEN(name, dark, light) [TOKEN_##name] = { dark, light },
	REPORT_TOKENS(THEME_TOKEN)
#undef THEME_TOKEN
};

/* The least that a shade differs from the ground, as on the page: one request
 * is seen already. */
#define THEME_SHADE_MIN 0.12

uint32_t theme_color(enum theme theme, enum theme_token token)
{
	if (theme == THEME_PRINT && (token == TOKEN_PAGE ||
		token == TOKEN_PANEL || token == TOKEN_RAISED))
		return 0xFFFFFF;
	if (theme == THEME_PRINT && (token == TOKEN_TEXT ||
		token == TOKEN_MUTED))
		return token == TOKEN_TEXT ? 0x000000 : 0x333333;
	return theme_colors[token][theme != THEME_DARK];
}

static uint32_t theme_between(uint32_t a, uint32_t b, double share)
{
	uint32_t color = 0;

	for (unsigned shift = 0; shift < 24; shift += 8) {
		double from = a >> shift & 0xff, to = b >> shift & 0xff;

		color |= (uint32_t)(from + (to - from) * share + 0.5) << shift;
	}
	return color;
}

uint32_t theme_shade(enum theme theme, unsigned shade)
{
	static const enum theme_token stops[] = { TOKEN_PANEL, TOKEN_HEAT_1,
		TOKEN_HEAT_2, TOKEN_HEAT_3, TOKEN_HEAT_4, TOKEN_HEAT_5 };
	enum { LAST = sizeof(stops) / sizeof(stops[0]) - 1 };
	double share = THEME_SHADE_MIN + (1 - THEME_SHADE_MIN) * shade /
	    (THEME_SHADES - 1);
	unsigned low = (unsigned)(share * LAST);

	if (low >= LAST)
		low = LAST - 1;
	return theme_between(theme_color(theme, stops[low]),
	    theme_color(theme, stops[low + 1]), share * LAST - low);
}
