#include "report/tile.h"

#include <math.h>

#include "report/series.h"

enum { TILE_SPARK_MAX = 60 };

#define TILE_WIDTH_MIN 160.0
#define TILE_HEIGHT 104.0
#define TILE_HEIGHT_MIN 90.0
#define TILE_GAP 14.0

/* A change that is worth a colour. */
#define TILE_CHANGE_MIN 0.02

/* The largest of each few values, as many as can be seen. */
static unsigned spark_values(const struct tile *tile,
    double values[TILE_SPARK_MAX])
{
	unsigned count = tile->spark_count;
	unsigned each = (count + TILE_SPARK_MAX - 1) / TILE_SPARK_MAX;

	for (unsigned i = 0; i * each < count; i++)
		values[i] = series_most(tile->spark + i * each,
		    count - i * each < each ? count - i * each : each);
	return (count + each - 1) / each;
}

static void tile_spark(struct scene *scene, const struct tile *tile,
    struct box box)
{
	double values[TILE_SPARK_MAX];
	struct chart_series series = { .values = values, .step = 1 };
	struct chart chart = { .scene = scene, .plot = box };

	if (!tile->spark || tile->spark_count < 3)
		return;
	series.count = spark_values(tile, values);
	chart.x = (struct axis){ 0, series.count - 1, box.x, box_right(box),
		false };
	axis_from_zero(&chart.y, series_most(values, series.count), 1e-12);
	chart.y.from = box_bottom(box);
	chart.y.to = box.y;
	chart_area(&chart, &series, ink_weak(tile->token, 0.15));
	chart_line(&chart, &series, ink(tile->token))->width = 1.25;
}

/* What it is more or less than in the run before. */
static void tile_change(struct scene *scene, const struct tile *tile,
    struct point at)
{
	double change = (tile->now - tile->before) / tile->before;
	struct scene_style style = { .size = 12, .anchor = ANCHOR_RIGHT,
		.ink = { TOKEN_FAINT, 1 } };
	bool better = (change > 0) == tile->more;
	char words[WORDS_MAX];

	if (!isfinite(change) || fabs(change) > 100)
		return;
	if (fabs(change) >= TILE_CHANGE_MIN && !tile->chance)
		style.ink.token = better ? TOKEN_OK : TOKEN_SERVER;
	(void)scene_text(scene, at, &style, "%s",
	    report_words_change(words, change));
}

static void tile_show(struct scene *scene, const struct tile *tile,
    struct box box)
{
	struct scene_style label = { .size = 12, .ink = { TOKEN_MUTED, 1 } };
	struct scene_style value = { .size = 30, .bold = true };
	struct scene_style unit = { .size = 16, .ink = { TOKEN_MUTED, 1 } };
	struct scene_style below = { .ink = { TOKEN_FAINT, 1 },
		.width_max = box.w - 32 };
	const char *blank = strchr(tile->value, ' ');
	struct point at = { box.x + 16, box.y + 60 };

	scene_box(scene, box, 10, ink(TOKEN_PANEL));
	scene_frame(scene, box, 10, ink(TOKEN_LINE));
	(void)scene_text(scene, (struct point){ at.x, box.y + 24 },
	    &label, "%s", tile->label);
	value.width_max = box.w - 32;
	at.x += scene_text(scene, at, &value, "%.*s",
	    (int)(blank ? blank - tile->value : WORDS_MAX), tile->value) + 5;
	if (blank)
		at.x += scene_text(scene, at, &unit, "%s", blank + 1) +
		    5;
	(void)scene_text(scene, (struct point){ box.x + 16,
	    box_bottom(box) - 17 }, &below, "%s", tile->below);
	if (box_right(box) - 16 - at.x > 32)
		tile_spark(scene, tile, (struct box){ fmax(at.x + 8,
		    box_right(box) - 106), box.y + 36,
		    fmin(90, box_right(box) - 24 - at.x), 26 });
	tile_change(scene, tile, (struct point){ box_right(box) - 16,
	    box.y + 24 });
}

double tiles_show(struct scene *scene, struct box box,
    const struct tile *tiles, unsigned count)
{
	unsigned columns = count, rows, at = 0;
	double room = box.h + TILE_GAP, left = box.x;

	while (columns > 1 && (count % columns || (box.w + TILE_GAP) /
		columns < TILE_WIDTH_MIN + TILE_GAP))
		columns--;
	rows = count / columns;
	while (rows > 1 && room / rows < TILE_HEIGHT_MIN + TILE_GAP)
		rows--;
	box.w = (box.w + TILE_GAP) / columns - TILE_GAP;
	box.h = fmin(TILE_HEIGHT, room / rows - TILE_GAP);
	for (unsigned i = 0; i < count && at < rows * columns; i++) {
		if (tiles[i].minor && rows * columns < count)
			continue;
		box.x = left + at % columns * (box.w + TILE_GAP);
		tile_show(scene, &tiles[i], box);
		if (++at % columns == 0)
			box.y += box.h + TILE_GAP;
	}
	return rows * (box.h + TILE_GAP) - TILE_GAP;
}
