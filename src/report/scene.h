#ifndef RINGMASTER_REPORT_SCENE_H
#define RINGMASTER_REPORT_SCENE_H

#include "base/arena.h"
#include "report/theme.h"

/*
 * A picture as a list of shapes, in the order they are painted, in units from
 * the top left corner. Layout makes it, draw.c paints it; so what is where can
 * be tested without a graphics library.
 *
 * How wide text is only a font knows: the scene asks measure(), and what does
 * not fit where it should is cut with an ellipsis. Colours are roles.
 *
 * All of it is in the arena. When that is full the scene has failed, what is
 * added then is lost, and whoever made it looks at the end.
 */

struct box {
	double x, y, w, h;
};

struct point {
	double x, y;
};

enum scene_kind {
	SCENE_BOX,		/* filled */
	SCENE_HATCH,		/* the box with a pattern only */
	SCENE_FRAME,		/* a hairline inside the edge of the box */
	SCENE_LINE,		/* through the points; NAN is a gap */
	SCENE_AREA,		/* the polygon of the points */
	SCENE_DOTS,		/* a mark at each point */
	SCENE_TEXT,
	SCENE_CELLS,		/* the box in cells of the ramp's colours, on
				 * a ground of the ink's */
};

enum scene_dash { DASH_NONE, DASH_LONG, DASH_SHORT, DASH_DOTS };
enum scene_mark { MARK_DISC, MARK_DIAMOND, MARK_SQUARE, MARK_TRIANGLE };

/* What tells fills apart besides their colour. */
enum scene_pattern {
	PATTERN_NONE, PATTERN_RISING, PATTERN_CROSS, PATTERN_DOTS,
	PATTERN_UPRIGHT,
};

enum scene_anchor { ANCHOR_LEFT, ANCHOR_MIDDLE, ANCHOR_RIGHT };

struct scene_font {
	double size;
	bool bold;
};

struct scene_extent {
	double width, ascent, descent;
};

/* The extent of a line of text. Called from one thread at a time. */
typedef void (*scene_measure_cb)(void *arg, struct slice text,
    const struct scene_font *font, struct scene_extent *ret);

struct scene_ink {
	enum theme_token token;
	double alpha;		/* 0 to 1 */
};

struct scene_item {
	struct scene_item *next;
	enum scene_kind kind;
	struct scene_ink ink;
	struct box box;		/* of SCENE_TEXT, what is measured */
	double radius;		/* of a box's corners, of dots */
	double width;		/* of a line */
	enum scene_dash dash;
	enum scene_mark mark;
	enum scene_pattern pattern;
	bool crisp;		/* straight: on whole pixels */
	const struct point *points;
	size_t count;
	struct slice text;
	struct scene_font font;
	double baseline;
	const uint8_t *cells;	/* by rows from the top: shade, 0 for none */
	unsigned columns, rows;
};

struct scene {
	struct arena *arena;
	double width, height;
	enum theme theme;
	const char *title;	/* for programs that read pictures out */
	scene_measure_cb measure;
	void *measure_arg;
	struct scene_item *first, **end;
	size_t items;
	bool failed;
};

enum { SCENE_ITEMS_MAX = 20000 };

/* An empty scene with the ground painted. */
void scene_init(struct scene *scene, struct arena *arena, enum theme theme);
void scene_ground(struct scene *scene, double width, double height);

static inline struct scene_ink ink(enum theme_token token)
{
	return (struct scene_ink){ token, 1 };
}

static inline struct scene_ink ink_weak(enum theme_token token, double alpha)
{
	return (struct scene_ink){ token, alpha };
}

static inline double box_right(struct box box)
{
	return box.x + box.w;
}

static inline double box_bottom(struct box box)
{
	return box.y + box.h;
}

/* Without so much of each side. */
static inline struct box box_inset(struct box box, double by)
{
	return (struct box){ box.x + by, box.y + by, box.w - 2 * by,
		box.h - 2 * by };
}

/* An item at the end, or one that nobody will see; change what it is. */
struct scene_item *scene_add(struct scene *scene, enum scene_kind kind,
    struct scene_ink ink);

void scene_box(struct scene *scene, struct box box, double radius,
    struct scene_ink ink);
void scene_frame(struct scene *scene, struct box box, double radius,
    struct scene_ink ink);

/* A straight hairline; ruled: horizontal or vertical. */
struct scene_item *scene_rule(struct scene *scene, struct point from,
    struct point to, struct scene_ink ink);

/* Room for `count` points in the arena; NULL if it is full. */
struct point *scene_points(struct scene *scene, size_t count);

/* Points are not copied. */
struct scene_item *scene_line(struct scene *scene, const struct point *points,
    size_t count, struct scene_ink ink);
struct scene_item *scene_area(struct scene *scene, const struct point *points,
    size_t count, struct scene_ink ink);
struct scene_item *scene_dot(struct scene *scene, struct point at,
    enum scene_mark mark, struct scene_ink ink);

/* How a text is set; zeros are a usual one. */
struct scene_style {
	double size;		/* 0: SCENE_SMALL */
	bool bold;
	enum scene_anchor anchor;
	double width_max;	/* 0: none */
	struct scene_ink ink;	/* alpha 0: TOKEN_TEXT */
};

#define SCENE_SMALL 11.0

/* Text at a baseline. Returns how wide it became. */
double scene_text(struct scene *scene, struct point at,
    const struct scene_style *style, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* How wide text would be. */
double scene_width(struct scene *scene, const struct scene_style *style,
    const char *text);

/* A copy of text from elsewhere that is UTF-8 and has nothing in it that
 * would steer a layout: controls and marks of direction are "?". */
const char *scene_plain(struct scene *scene, const char *text);

#endif
