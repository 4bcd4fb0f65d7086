/* Scenes to pictures, with Cairo and Pango; see draw.h. */

#include "report/draw.h"

#include <cairo/cairo-pdf.h>
#include <cairo/cairo-svg.h>
#include <errno.h>
#include <math.h>
#include <pango/pangocairo.h>
#include <stdlib.h>

#include "report/revision.h"
#include "report/svg.h"

enum {
	DRAW_FONTS = 16,		/* of different size or weight */
	DRAW_SVG_MAX = 64 << 20,
};

/* Debian's fonts-inter, fonts-dejavu-core; else whatever there is. */
#define DRAW_FAMILIES "Inter, DejaVu Sans, sans-serif"

#define DRAW_PIXEL_LARGE 0.55		/* units */

#define DRAW_A4_WIDTH 841.89		/* points, landscape */
#define DRAW_A4_HEIGHT 595.28
#define DRAW_PDF_SCALE 0.5		/* points a unit, on other paper */

/* What fontconfig keeps for the life of the process is no leak. Called by the
 * leak sanitizer only. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);

const char *__lsan_default_suppressions(void)
{
	return "leak:libfontconfig";
}

const char *__lsan_default_options(void)
{
	return "print_suppressions=0";
}

struct draw_font {
	struct scene_font font;
	PangoFontDescription *description;
	double ascent, descent;
};

struct draw {
	PangoFontMap *map;
	PangoContext *context;
	PangoLayout *layout;
	struct draw_font fonts[DRAW_FONTS];
	unsigned font_count;
};

/* What is painted now. */
struct painting {
	struct draw *draw;
	const struct scene *scene;
	cairo_t *cairo;
	double pixel;			/* units a pixel; 0 on paper */
	bool bare;			/* without texts */
};

/* ---- fonts ---- */

static void draw_font_metrics(struct draw *draw, struct draw_font *font)
{
	PangoFontMetrics *metrics = pango_context_get_metrics(draw->context,
	    font->description, NULL);

	font->ascent = pango_units_to_double(
	    pango_font_metrics_get_ascent(metrics));
	font->descent = pango_units_to_double(
	    pango_font_metrics_get_descent(metrics));
	pango_font_metrics_unref(metrics);
}

static const struct draw_font *draw_font(struct draw *draw,
    const struct scene_font *wanted)
{
	struct draw_font *font = draw->fonts;

	for (unsigned i = 0; i < draw->font_count; i++, font++)
		if (font->font.size == wanted->size &&
		    font->font.bold == wanted->bold)
			return font;
	if (draw->font_count == DRAW_FONTS)
		return &draw->fonts[DRAW_FONTS - 1];
	font->font = *wanted;
	font->description =
	    pango_font_description_from_string(DRAW_FAMILIES);
	pango_font_description_set_absolute_size(font->description,
	    wanted->size * PANGO_SCALE);
	if (wanted->bold)
		pango_font_description_set_weight(font->description,
		    PANGO_WEIGHT_SEMIBOLD);
	draw_font_metrics(draw, font);
	draw->font_count++;
	return font;
}

/* Where a glyph goes must not depend on the size of a pixel, or a picture
 * would be set anew at each scale. */
static void draw_font_options(PangoContext *context)
{
	cairo_font_options_t *options = cairo_font_options_create();

	cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	pango_cairo_context_set_font_options(context, options);
	pango_context_set_round_glyph_positions(context, FALSE);
	cairo_font_options_destroy(options);
}

static bool draw_has_font(struct draw *draw)
{
	PangoFontDescription *description =
	    pango_font_description_from_string(DRAW_FAMILIES " 10");
	PangoFont *font = pango_font_map_load_font(draw->map, draw->context,
	    description);

	pango_font_description_free(description);
	if (font)
		g_object_unref(font);
	return font;
}

int draw_new(struct draw **ret)
{
	struct draw *draw = calloc(1, sizeof(*draw));
	PangoAttrList *attributes;

	if (!draw)
		return -ENOMEM;
	draw->map = pango_cairo_font_map_new();
	draw->context = pango_font_map_create_context(draw->map);
	draw_font_options(draw->context);
	if (!draw_has_font(draw)) {
		draw_free(draw);
		return -ENOENT;
	}
	draw->layout = pango_layout_new(draw->context);
	pango_layout_set_single_paragraph_mode(draw->layout, TRUE);
	pango_layout_set_auto_dir(draw->layout, FALSE);
	/* Digits of one width, so that numbers do not dance. */
	attributes = pango_attr_list_new();
	pango_attr_list_insert(attributes,
	    pango_attr_font_features_new("tnum=1"));
	pango_layout_set_attributes(draw->layout, attributes);
	pango_attr_list_unref(attributes);
	*ret = draw;
	return 0;
}

void draw_free(struct draw *draw)
{
	if (!draw)
		return;
	for (unsigned i = 0; i < draw->font_count; i++)
		pango_font_description_free(draw->fonts[i].description);
	if (draw->layout)
		g_object_unref(draw->layout);
	g_object_unref(draw->context);
	g_object_unref(draw->map);
	free(draw);
}

static const struct draw_font *draw_set(struct draw *draw, struct slice text,
    const struct scene_font *wanted)
{
	const struct draw_font *font = draw_font(draw, wanted);

	pango_layout_set_font_description(draw->layout, font->description);
	pango_layout_set_text(draw->layout, text.data, (int)text.len);
	return font;
}

void draw_measure(void *arg, struct slice text,
    const struct scene_font *wanted, struct scene_extent *ret)
{
	struct draw *draw = arg;
	const struct draw_font *font = draw_set(draw, text, wanted);
	int width;

	pango_layout_get_size(draw->layout, &width, NULL);
	*ret = (struct scene_extent){ pango_units_to_double(width),
		font->ascent, font->descent };
}

/* ---- shapes ---- */

static void paint_ink(const struct painting *painting, struct scene_ink ink)
{
	uint32_t color = theme_color(painting->scene->theme, ink.token);

	cairo_set_source_rgba(painting->cairo, (color >> 16) / 255.0,
	    (color >> 8 & 0xff) / 255.0, (color & 0xff) / 255.0, ink.alpha);
}

/* The middle of the nearest pixel, for lines of an odd number of pixels; or
 * its edge. */
static double paint_snap(const struct painting *painting, double value,
    double width)
{
	double pixel = painting->pixel;

	if (pixel == 0)
		return value;
	if ((long)lround(width / pixel) % 2 == 0)
		return round(value / pixel) * pixel;
	return (floor(value / pixel) + 0.5) * pixel;
}

static double paint_edge(const struct painting *painting, double value)
{
	return painting->pixel == 0 ? value
	    : round(value / painting->pixel) * painting->pixel;
}

static void paint_rounded(cairo_t *cairo, struct box box, double radius)
{
	double right = box_right(box), bottom = box_bottom(box);

	if (radius <= 0) {
		cairo_rectangle(cairo, box.x, box.y, box.w, box.h);
		return;
	}
	if (radius > box.h / 2)
		radius = box.h / 2;
	if (radius > box.w / 2)
		radius = box.w / 2;
	cairo_new_sub_path(cairo);
	cairo_arc(cairo, right - radius, box.y + radius, radius, -M_PI_2, 0);
	cairo_arc(cairo, right - radius, bottom - radius, radius, 0, M_PI_2);
	cairo_arc(cairo, box.x + radius, bottom - radius, radius, M_PI_2,
	    M_PI);
	cairo_arc(cairo, box.x + radius, box.y + radius, radius, M_PI,
	    3 * M_PI_2);
	cairo_close_path(cairo);
}

static struct box paint_box_snap(const struct painting *painting,
    struct box box)
{
	double x = paint_edge(painting, box.x), y = paint_edge(painting, box.y);

	return (struct box){ x, y, paint_edge(painting, box_right(box)) - x,
		paint_edge(painting, box_bottom(box)) - y };
}

/* Lines or dots over what is clipped to, 6 units apart. */
static void paint_pattern(const struct painting *painting,
    const struct scene_item *item)
{
	enum { STEP = 6 };
	cairo_t *cairo = painting->cairo;
	double x0, y0, x1, y1, height;

	cairo_save(cairo);
	cairo_clip(cairo);
	cairo_clip_extents(cairo, &x0, &y0, &x1, &y1);
	height = y1 - y0;
	cairo_set_line_width(cairo, 1);
	paint_ink(painting, item->ink);
	for (double x = floor((x0 - height) / STEP) * STEP; x < x1;
	    x += STEP) {
		if (item->pattern == PATTERN_RISING ||
		    item->pattern == PATTERN_CROSS) {
			cairo_move_to(cairo, x, y1);
			cairo_line_to(cairo, x + height, y0);
		}
		if (item->pattern == PATTERN_CROSS) {
			cairo_move_to(cairo, x, y0);
			cairo_line_to(cairo, x + height, y1);
		}
		if (item->pattern == PATTERN_UPRIGHT) {
			cairo_move_to(cairo, x, y0);
			cairo_line_to(cairo, x, y1);
		}
		for (double y = floor(y0 / STEP) * STEP; y < y1 && x >= x0 -
		    STEP && item->pattern == PATTERN_DOTS; y += STEP)
			cairo_rectangle(cairo, x, y, 0.8, 0.8);
	}
	cairo_stroke(cairo);
	cairo_restore(cairo);
}

/* Fills the path; with a pattern, weakly, and that over it. */
static void paint_fill(const struct painting *painting,
    const struct scene_item *item)
{
	struct scene_ink weak = item->ink;

	if (item->pattern != PATTERN_NONE &&
	    theme_patterns(painting->scene->theme))
		weak.alpha *= 0.35;
	paint_ink(painting, weak);
	if (weak.alpha == item->ink.alpha) {
		cairo_fill(painting->cairo);
		return;
	}
	cairo_fill_preserve(painting->cairo);
	paint_pattern(painting, item);
	cairo_new_path(painting->cairo);
}

static void paint_box(const struct painting *painting,
    const struct scene_item *item)
{
	paint_rounded(painting->cairo, item->radius > 0 ? item->box
	    : paint_box_snap(painting, item->box), item->radius);
	paint_fill(painting, item);
}

static void paint_hatch(const struct painting *painting,
    const struct scene_item *item)
{
	struct box box = item->box;

	cairo_rectangle(painting->cairo, box.x, box.y, box.w, box.h);
	paint_pattern(painting, item);
}

static void paint_frame(const struct painting *painting,
    const struct scene_item *item)
{
	paint_rounded(painting->cairo, box_inset(paint_box_snap(painting,
	    item->box), item->width / 2), item->radius - item->width / 2);
	paint_ink(painting, item->ink);
	cairo_set_line_width(painting->cairo, item->width);
	cairo_stroke(painting->cairo);
}

static void paint_dash(const struct painting *painting, enum scene_dash dash)
{
	static const double lengths[][2] = { [DASH_LONG] = { 6, 4 },
		[DASH_SHORT] = { 3, 3 }, [DASH_DOTS] = { 1.5, 3 } };

	cairo_set_dash(painting->cairo, lengths[dash],
	    dash == DASH_NONE ? 0 : 2, 0);
}

/* A new path through the points; those that stand alone between gaps are
 * short strokes, or nobody would see them. */
static void paint_path(const struct painting *painting,
    const struct scene_item *item)
{
	cairo_t *cairo = painting->cairo;
	bool pen = false;

	for (size_t i = 0; i < item->count; i++) {
		struct point at = item->points[i];

		if (isnan(at.x) || isnan(at.y)) {
			pen = false;
			continue;
		}
		if (item->crisp) {
			at.x = paint_snap(painting, at.x, item->width);
			at.y = paint_snap(painting, at.y, item->width);
		}
		if (pen) {
			cairo_line_to(cairo, at.x, at.y);
			continue;
		}
		cairo_move_to(cairo, at.x, at.y);
		pen = true;
		if (i + 1 == item->count || isnan(item->points[i + 1].y))
			cairo_line_to(cairo, at.x + item->width, at.y);
	}
}

static void paint_line(const struct painting *painting,
    const struct scene_item *item)
{
	paint_path(painting, item);
	paint_ink(painting, item->ink);
	paint_dash(painting, item->dash);
	cairo_set_line_width(painting->cairo, item->width);
	cairo_set_line_join(painting->cairo, CAIRO_LINE_JOIN_ROUND);
	cairo_stroke(painting->cairo);
	paint_dash(painting, DASH_NONE);
}

static void paint_area(const struct painting *painting,
    const struct scene_item *item)
{
	for (size_t i = 0; i < item->count; i++) {
		struct point at = item->points[i];

		if (item->crisp) {
			at.x = paint_edge(painting, at.x);
			at.y = paint_edge(painting, at.y);
		}
		cairo_line_to(painting->cairo, at.x, at.y);
	}
	cairo_close_path(painting->cairo);
	paint_fill(painting, item);
}

static void paint_dot(cairo_t *cairo, struct point at, double r,
    enum scene_mark mark)
{
	cairo_new_sub_path(cairo);
	switch (mark) {
	case MARK_DISC:
		cairo_arc(cairo, at.x, at.y, r, 0, 2 * M_PI);
		break;
	case MARK_SQUARE:
		cairo_rectangle(cairo, at.x - r * 0.9, at.y - r * 0.9,
		    r * 1.8, r * 1.8);
		break;
	case MARK_DIAMOND:
		cairo_move_to(cairo, at.x, at.y - r * 1.25);
		cairo_line_to(cairo, at.x + r * 1.25, at.y);
		cairo_line_to(cairo, at.x, at.y + r * 1.25);
		cairo_line_to(cairo, at.x - r * 1.25, at.y);
		break;
	case MARK_TRIANGLE:
		cairo_move_to(cairo, at.x, at.y - r * 1.1);
		cairo_line_to(cairo, at.x + r * 1.15, at.y + r * 0.9);
		cairo_line_to(cairo, at.x - r * 1.15, at.y + r * 0.9);
		break;
	}
	cairo_close_path(cairo);
}

static void paint_dots(const struct painting *painting,
    const struct scene_item *item)
{
	for (size_t i = 0; i < item->count; i++)
		if (!isnan(item->points[i].y))
			paint_dot(painting->cairo, item->points[i],
			    item->radius, item->mark);
	paint_ink(painting, item->ink);
	cairo_fill(painting->cairo);
}

static void paint_text(const struct painting *painting,
    const struct scene_item *item)
{
	struct draw *draw = painting->draw;

	(void)draw_set(draw, item->text, &item->font);
	paint_ink(painting, item->ink);
	cairo_move_to(painting->cairo, item->box.x, item->baseline);
	/* The library puts glyphs on whole pixels, which is seen where those
	 * are large; an outline is where it belongs. */
	if (painting->pixel > DRAW_PIXEL_LARGE) {
		pango_cairo_layout_line_path(painting->cairo,
		    pango_layout_get_line_readonly(draw->layout, 0));
		cairo_fill(painting->cairo);
	} else {
		pango_cairo_show_layout_line(painting->cairo,
		    pango_layout_get_line_readonly(draw->layout, 0));
	}
}

/* ---- cells ---- */

/* The cells as a picture of so many pixels each, so that nobody who scales it
 * has anything to blur. */
static cairo_surface_t *paint_cells_surface(const struct painting *painting,
    const struct scene_item *item, unsigned each_x, unsigned each_y)
{
	cairo_surface_t *surface = cairo_image_surface_create(
	    CAIRO_FORMAT_RGB24, (int)(item->columns * each_x),
	    (int)(item->rows * each_y));
	uint32_t ground = theme_color(painting->scene->theme,
	    item->ink.token);
	unsigned char *data = cairo_image_surface_get_data(surface);
	size_t stride = (size_t)cairo_image_surface_get_stride(surface);

	if (!data)
		return surface;
	cairo_surface_flush(surface);
	for (unsigned y = 0; y < item->rows * each_y; y++) {
		uint32_t *to = (uint32_t *)(void *)(data + y * stride);
		const uint8_t *row = item->cells +
		    (size_t)(y / each_y) * item->columns;

		for (unsigned x = 0; x < item->columns * each_x; x++) {
			unsigned shade = row[x / each_x];

			to[x] = shade ? theme_shade(painting->scene->theme,
			    shade) : ground;
		}
	}
	cairo_surface_mark_dirty(surface);
	return surface;
}

/* Pixels for a cell: about as many as it is shown on. */
static unsigned paint_cells_each(double units, unsigned cells, double pixel)
{
	double each = ceil(units / (pixel > 0 ? pixel : 0.5) / cells);

	return each < 1 ? 1 : each > 32 ? 32 : (unsigned)each;
}

static void paint_cells(const struct painting *painting,
    const struct scene_item *item)
{
	unsigned each_x = paint_cells_each(item->box.w, item->columns,
	    painting->pixel);
	unsigned each_y = paint_cells_each(item->box.h, item->rows,
	    painting->pixel);
	cairo_surface_t *surface = paint_cells_surface(painting, item, each_x,
	    each_y);
	struct box box = paint_box_snap(painting, item->box);
	cairo_t *cairo = painting->cairo;

	cairo_save(cairo);
	cairo_translate(cairo, box.x, box.y);
	cairo_scale(cairo, box.w / (item->columns * each_x),
	    box.h / (item->rows * each_y));
	cairo_set_source_surface(cairo, surface, 0, 0);
	cairo_pattern_set_filter(cairo_get_source(cairo),
	    CAIRO_FILTER_NEAREST);
	cairo_paint(cairo);
	cairo_restore(cairo);
	cairo_surface_destroy(surface);
}

/* ---- pictures ---- */

static void paint(const struct painting *painting)
{
	static void (*const shapes[])(const struct painting *,
	    const struct scene_item *) = {
		[SCENE_BOX] = paint_box, [SCENE_HATCH] = paint_hatch,
		[SCENE_FRAME] = paint_frame,
		[SCENE_LINE] = paint_line, [SCENE_AREA] = paint_area,
		[SCENE_DOTS] = paint_dots, [SCENE_TEXT] = paint_text,
		[SCENE_CELLS] = paint_cells,
	};

	for (const struct scene_item *item = painting->scene->first; item;
	    item = item->next) {
		if (item->kind == SCENE_TEXT && painting->bare)
			continue;
		cairo_new_path(painting->cairo);
		shapes[item->kind](painting, item);
	}
}

/* Paint on a surface, scaled; takes the surface's status, not the surface. */
static int paint_surface(struct painting *painting, cairo_surface_t *surface,
    const cairo_matrix_t *matrix)
{
	int err;

	painting->cairo = cairo_create(surface);
	if (cairo_surface_get_type(surface) == CAIRO_SURFACE_TYPE_IMAGE)
		painting->pixel = 1 / matrix->xx;
	paint_ink(painting, ink(TOKEN_PAGE));	/* around it, too */
	cairo_paint(painting->cairo);
	cairo_set_matrix(painting->cairo, matrix);
	paint(painting);
	cairo_show_page(painting->cairo);
	err = cairo_status(painting->cairo) ? -ENOMEM : 0;
	cairo_destroy(painting->cairo);
	return err;
}

int draw_image(struct draw *draw, const struct scene *scene, double scale,
    struct draw_image *ret)
{
	double width = round(scene->width * scale);
	double height = round(scene->height * scale);
	struct painting painting = { .draw = draw, .scene = scene };
	cairo_surface_t *surface;
	cairo_matrix_t matrix;
	int err;

	if (!(width >= 1 && width <= DRAW_SIDE_MAX && height >= 1 &&
		height <= DRAW_SIDE_MAX))
		return -E2BIG;
	surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)width,
	    (int)height);
	cairo_matrix_init_scale(&matrix, scale, scale);
	err = paint_surface(&painting, surface, &matrix);
	if (err) {
		cairo_surface_destroy(surface);
		return err;
	}
	cairo_surface_flush(surface);
	*ret = (struct draw_image){
		.pixels = cairo_image_surface_get_data(surface),
		.width = (unsigned)width, .height = (unsigned)height,
		.stride = (size_t)cairo_image_surface_get_stride(surface),
		.surface = surface };
	return 0;
}

void draw_image_free(struct draw_image *image)
{
	cairo_surface_destroy(image->surface);
	image->surface = NULL;
}

static cairo_status_t draw_append(void *arg, const unsigned char *data,
    unsigned len)
{
	struct buf *out = arg;

	buf_append(out, data, len);
	return out->failed ? CAIRO_STATUS_WRITE_ERROR : CAIRO_STATUS_SUCCESS;
}

int draw_svg(struct draw *draw, const struct scene *scene, bool bare,
    struct buf *out)
{
	struct painting painting = { .draw = draw, .scene = scene,
		.bare = bare };
	struct buf svg = buf_make(DRAW_SVG_MAX);
	cairo_surface_t *surface = cairo_svg_surface_create_for_stream(
	    draw_append, &svg, scene->width, scene->height);
	cairo_matrix_t matrix;
	int err;

	cairo_matrix_init_identity(&matrix);
	err = paint_surface(&painting, surface, &matrix);
	cairo_surface_finish(surface);
	if (!err && cairo_surface_status(surface))
		err = -ENOMEM;
	cairo_surface_destroy(surface);
	buf_append_char(&svg, '\0');
	if (!err && svg.failed)
		err = -ENOMEM;
	if (!err)
		svg_finish(svg.data, scene->title ? scene->title : "", out);
	buf_free(&svg);
	return err || !out->failed ? err : -ENOMEM;
}

/* Paper and where the scene is on it: as large as fits, in the middle. */
static void draw_paper(const struct scene *scene, double *width,
    double *height, cairo_matrix_t *matrix)
{
	const double margin = 14;
	double shape = scene->width / scene->height, scale;

	*width = DRAW_A4_WIDTH;
	*height = DRAW_A4_HEIGHT;
	if (shape < 1.25 || shape > 1.75) {
		*width = scene->width * DRAW_PDF_SCALE;
		*height = scene->height * DRAW_PDF_SCALE;
		cairo_matrix_init_scale(matrix, DRAW_PDF_SCALE,
		    DRAW_PDF_SCALE);
		return;
	}
	scale = fmin((*width - 2 * margin) / scene->width,
	    (*height - 2 * margin) / scene->height);
	cairo_matrix_init(matrix, scale, 0, 0, scale,
	    (*width - scale * scene->width) / 2,
	    (*height - scale * scene->height) / 2);
}

int draw_pdf(struct draw *draw, const struct scene *scene, const char *date,
    struct buf *out)
{
	struct painting painting = { .draw = draw, .scene = scene };
	double width, height;
	cairo_surface_t *surface;
	cairo_matrix_t matrix;
	int err;

	draw_paper(scene, &width, &height, &matrix);
	surface = cairo_pdf_surface_create_for_stream(draw_append, out, width,
	    height);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE,
	    scene->title ? scene->title : "");
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR,
	    "ringreport " PACKAGE_VERSION REPORT_REVISION);
	cairo_pdf_surface_set_metadata(surface,
	    CAIRO_PDF_METADATA_CREATE_DATE, date);
	err = paint_surface(&painting, surface, &matrix);
	cairo_surface_finish(surface);
	if (!err && cairo_surface_status(surface))
		err = -ENOMEM;
	cairo_surface_destroy(surface);
	return err || !out->failed ? err : -ENOMEM;
}
