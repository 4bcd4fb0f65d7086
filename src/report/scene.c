#include "report/scene.h"

#include <stdio.h>

#include "base/utf8.h"

enum { SCENE_TEXT_MAX = 1024 };

#define SCENE_ELLIPSIS "\xe2\x80\xa6"

void scene_init(struct scene *scene, struct arena *arena, enum theme theme)
{
	*scene = (struct scene){ .arena = arena, .theme = theme };
	scene->end = &scene->first;
}

void scene_ground(struct scene *scene, double width, double height)
{
	scene->width = width;
	scene->height = height;
	scene_box(scene, (struct box){ 0, 0, width, height }, 0,
	    ink(TOKEN_PAGE));
}

struct scene_item *scene_add(struct scene *scene, enum scene_kind kind,
    struct scene_ink ink)
{
	static _Thread_local struct scene_item nobody;
	struct scene_item *item = NULL;

	if (!scene->failed && scene->items < SCENE_ITEMS_MAX)
		item = arena_calloc(scene->arena, 1, sizeof(*item));
	if (!item) {
		scene->failed = true;
		nobody = (struct scene_item){ .kind = kind };
		return &nobody;
	}
	item->kind = kind;
	item->ink = ink;
	*scene->end = item;
	scene->end = &item->next;
	scene->items++;
	return item;
}

void scene_box(struct scene *scene, struct box box, double radius,
    struct scene_ink ink)
{
	struct scene_item *item = scene_add(scene, SCENE_BOX, ink);

	item->box = box;
	item->radius = radius;
}

void scene_frame(struct scene *scene, struct box box, double radius,
    struct scene_ink ink)
{
	struct scene_item *item = scene_add(scene, SCENE_FRAME, ink);

	item->box = box;
	item->radius = radius;
	item->width = 1;
}

struct point *scene_points(struct scene *scene, size_t count)
{
	struct point *points = arena_calloc(scene->arena, count + 1,
	    sizeof(*points));

	scene->failed |= !points;
	return points;
}

struct scene_item *scene_line(struct scene *scene, const struct point *points,
    size_t count, struct scene_ink ink)
{
	struct scene_item *item = scene_add(scene, SCENE_LINE, ink);

	item->points = points;
	item->count = points ? count : 0;
	item->width = 1.5;
	return item;
}

struct scene_item *scene_area(struct scene *scene, const struct point *points,
    size_t count, struct scene_ink ink)
{
	struct scene_item *item = scene_line(scene, points, count, ink);

	item->kind = SCENE_AREA;
	return item;
}

struct scene_item *scene_rule(struct scene *scene, struct point from,
    struct point to, struct scene_ink ink)
{
	struct point *points = scene_points(scene, 2);
	struct scene_item *item;

	if (points) {
		points[0] = from;
		points[1] = to;
	}
	item = scene_line(scene, points, 2, ink);
	item->width = 1;
	item->crisp = true;
	return item;
}

struct scene_item *scene_dot(struct scene *scene, struct point at,
    enum scene_mark mark, struct scene_ink ink)
{
	struct point *points = scene_points(scene, 1);
	struct scene_item *item = scene_add(scene, SCENE_DOTS, ink);

	if (points) {
		points[0] = at;
		item->points = points;
		item->count = 1;
	}
	item->radius = 3;
	item->mark = mark;
	return item;
}

/* ---- text ---- */

static struct scene_font scene_font(const struct scene_style *style)
{
	return (struct scene_font){ style->size > 0 ? style->size
	    : SCENE_SMALL, style->bold };
}

/* As many characters of `text` as fit, with an ellipsis. */
static struct slice scene_cut(struct scene *scene, struct slice text,
    const struct scene_font *font, double width_max)
{
	char cut[SCENE_TEXT_MAX + sizeof(SCENE_ELLIPSIS)];
	struct scene_extent extent;
	size_t low = 0, high = text.len;	/* bytes: fits, does not */

	while (low < high) {
		size_t middle = (low + high) / 2;
		size_t len = middle;

		while (len > 0 && (text.data[len] & 0xc0) == 0x80)
			len--;
		(void)snprintf(cut, sizeof(cut), "%.*s" SCENE_ELLIPSIS,
		    (int)len, text.data);
		scene->measure(scene->measure_arg, slice_cstr(cut), font,
		    &extent);
		if (extent.width <= width_max)
			low = middle + 1;
		else
			high = middle;
	}
	low = low ? low - 1 : 0;
	while (low > 0 && ((text.data[low] & 0xc0) == 0x80 ||
		text.data[low - 1] == ' '))
		low--;
	return arena_printf(scene->arena, "%.*s" SCENE_ELLIPSIS, (int)low,
	    text.data);
}

static double scene_text_slice(struct scene *scene, struct point at,
    const struct scene_style *style, struct slice text)
{
	struct scene_font font = scene_font(style);
	struct scene_extent extent;
	struct scene_item *item;

	text = slice_first(text, SCENE_TEXT_MAX);
	scene->measure(scene->measure_arg, text, &font, &extent);
	if (style->width_max > 0 && extent.width > style->width_max) {
		text = scene_cut(scene, text, &font, style->width_max);
		if (text.data)
			scene->measure(scene->measure_arg, text, &font,
			    &extent);
	}
	item = scene_add(scene, SCENE_TEXT, style->ink.alpha > 0 ? style->ink
	    : ink(TOKEN_TEXT));
	scene->failed |= !text.data;
	item->text = text;
	item->font = font;
	item->baseline = at.y;
	item->box = (struct box){ at.x, at.y - extent.ascent, extent.width,
		extent.ascent + extent.descent };
	if (style->anchor == ANCHOR_MIDDLE)
		item->box.x -= extent.width / 2;
	else if (style->anchor == ANCHOR_RIGHT)
		item->box.x -= extent.width;
	return extent.width;
}

double scene_text(struct scene *scene, struct point at,
    const struct scene_style *style, const char *format, ...)
{
	struct slice text;
	va_list args;

	va_start(args, format);
	text = arena_vprintf(scene->arena, format, args);
	va_end(args);
	if (!text.data) {
		scene->failed = true;
		return 0;
	}
	return text.len ? scene_text_slice(scene, at, style, text) : 0;
}

double scene_width(struct scene *scene, const struct scene_style *style,
    const char *text)
{
	struct scene_font font = scene_font(style);
	struct scene_extent extent;

	scene->measure(scene->measure_arg, slice_first(slice_cstr(text),
	    SCENE_TEXT_MAX), &font, &extent);
	return extent.width;
}

/* U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069, U+FEFF. */
static bool scene_is_steering(const unsigned char *p, size_t len)
{
	if (len == 3 && p[0] == 0xe2 && p[1] == 0x80)
		return p[2] == 0x8e || p[2] == 0x8f ||
		    (p[2] >= 0xa8 && p[2] <= 0xae);
	if (len == 3 && p[0] == 0xe2 && p[1] == 0x81)
		return p[2] >= 0xa6 && p[2] <= 0xa9;
	return len == 3 && p[0] == 0xef && p[1] == 0xbb && p[2] == 0xbf;
}

const char *scene_plain(struct scene *scene, const char *text)
{
	struct slice rest = slice_first(slice_cstr(text), SCENE_TEXT_MAX);
	char *copy = arena_alloc_text(scene->arena, rest.len + 1);
	char *to = copy;

	if (!copy) {
		scene->failed = true;
		return "";
	}
	while (rest.len) {
		size_t len = utf8_char_len(rest);

		if (len == 0 || utf8_char_is_control(rest.data, len) ||
		    scene_is_steering((const unsigned char *)rest.data, len)) {
			*to++ = '?';
			len = len ? len : 1;
		} else {
			memcpy(to, rest.data, len);
			to += len;
		}
		rest = slice_from(rest, len);
	}
	*to = '\0';
	return copy;
}
