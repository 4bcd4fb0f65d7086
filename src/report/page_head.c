/* Header, tiles and footer of a page. */

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/clock.h"
#include "load/latency.h"
#include "load/record.h"
#include "report/page.h"
#include "report/revision.h"
#include "report/tile.h"

#define VERDICT(name)                                                      \
	RINGMASTER__V1__LOAD_VERDICT_STATE__LOAD_VERDICT_STATE_##name

/* In pages that are narrower a digest is shortened to so many digits. */
enum { DIGEST_WIDTH = 1500, DIGEST_SHORT = 16 };

/* ---- words ---- */

/* The verdict in a word, and its colour. */
static const char *page_verdict(const Ringmaster__V1__LoadResult *result,
    enum theme_token *ret)
{
	switch (result->verdict->state) {
	case VERDICT(INVALID):
		*ret = TOKEN_SERVER;
		return "INVALID";
	case VERDICT(VALID):
	case VERDICT(SUSPECT):
		break;
	default:
		*ret = TOKEN_MUTED;
		return "UNKNOWN";
	}
	if (!result->passed) {
		*ret = TOKEN_SERVER;
		return "FAIL";
	}
	if (result->verdict->state == VERDICT(SUSPECT)) {
		*ret = TOKEN_CLIENT;
		return "SUSPECT";
	}
	*ret = TOKEN_OK;
	return result->n_slos ? "PASS" : "VALID";
}

const char *page_print(struct page *page, const char *format, ...)
{
	struct slice text;
	va_list args;

	va_start(args, format);
	text = arena_vprintf(page->arena, format, args);
	va_end(args);
	return text.data ? text.data : "";
}

const char *page_model(struct page *page,
    const Ringmaster__V1__LoadResult *result)
{
	const Ringmaster__V1__LoadSpec *spec = result->spec;
	char rate[WORDS_MAX], time[WORDS_MAX], count[WORDS_MAX];
	const char *how = "";

	if (strcmp(spec->model, "open") == 0)
		how = page_print(page, "open model, %s/s %s%s",
		    words_number(rate, spec->rate),
		    scene_plain(page->scene, spec->arrivals),
		    spec->n_stages ? ", in stages" : "");
	else
		how = page_print(page, "%s model",
		    scene_plain(page->scene, spec->model));
	return page_print(page, "%s \xc2\xb7 %s \xc2\xb7 %s connection%s%s%s",
	    how, words_time(time, result->duration_seconds),
	    words_count(count, spec->connections),
	    spec->connections == 1 ? "" : "s",
	    spec->keepalive ? "" : ", none kept alive",
	    spec->pipeline > 1 ? ", pipelined" : "");
}

/* ---- header ---- */

double page_chip(struct page *page, struct point right_top, const char *word,
    enum theme_token token)
{
	const struct scene_style style = { .size = 15, .bold = true,
		.anchor = ANCHOR_MIDDLE, .ink = { TOKEN_PAGE, 1 } };
	double width = scene_width(page->scene, &style, word) + 32;

	scene_box(page->scene, (struct box){ right_top.x - width, right_top.y,
	    width, 28 }, 14, ink(token));
	(void)scene_text(page->scene, (struct point){ right_top.x - width / 2,
	    right_top.y + 19.5 }, &style, "%s", word);
	return right_top.x - width;
}

/* A value in the unit of what it is compared with. */
static const char *slo_words(char words[WORDS_MAX],
    const Ringmaster__V1__LoadSlo *slo)
{
	const char *text = strncmp(slo->text, "fail if ", 8) == 0
	    ? slo->text + 8 : slo->text;

	if (strncmp(text, "err", 3) == 0)
		return words_share(words, slo->value);
	if (strncmp(text, "rate", 4) == 0)
		return words_number(words, slo->value);
	return report_words_time(words, slo->value);
}

/* Objectives from the right end to the left, failed ones first. */
static void header_slos(struct page *page, double left, double right, double y)
{
	const Ringmaster__V1__LoadResult *result = page->run.result;

	for (unsigned pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < result->n_slos; i++) {
			const Ringmaster__V1__LoadSlo *slo = result->slos[i];
			struct scene_style style = { .size = 13,
				.anchor = ANCHOR_RIGHT };
			char words[WORDS_MAX];
			const char *text;
			double width;

			if ((pass == 1) != (bool)slo->passed)
				continue;
			text = page_print(page, "%s: %s",
			    scene_plain(page->scene, slo->text),
			    slo_words(words, slo));
			width = scene_width(page->scene, &style, text);
			if (right - width - 18 < left)
				return;
			(void)scene_text(page->scene, (struct point){ right,
			    y }, &style, "%s", text);
			right -= width + 10;
			scene_dot(page->scene, (struct point){ right, y - 4.5 },
			    slo->passed ? MARK_DISC : MARK_DIAMOND,
			    ink(slo->passed ? TOKEN_OK : TOKEN_SERVER))
			    ->radius = 4.5;
			right -= 20;
		}
	}
}

/* Why the verdict is what it is, or how to read the numbers. */
static const char *header_reason(struct page *page)
{
	const Ringmaster__V1__LoadResult *result = page->run.result;
	const Ringmaster__V1__LoadVerdict *verdict = result->verdict;

	if (result->partial && result->partial_reason[0])
		return page_print(page, "partial: %s",
		    scene_plain(page->scene, result->partial_reason));
	if (verdict->n_reasons)
		return scene_plain(page->scene, verdict->reasons[0]);
	if (verdict->n_hints)
		return scene_plain(page->scene, verdict->hints[0]);
	return "";
}

static const char *header_title(struct page *page)
{
	const Ringmaster__V1__LoadResult *result = page->run.result;

	return result->name[0] ? scene_plain(page->scene, result->name)
	    : result->spec->request_count > 1 ? "Load test, mixed requests"
	    : "Load test";
}

void page_header(struct page *page, struct box box)
{
	const Ringmaster__V1__LoadResult *result = page->run.result;
	struct scene_style title = { .size = 24, .bold = true };
	struct scene_style line = { .size = 13, .ink = { TOKEN_MUTED, 1 } };
	struct scene_style small = { .size = 12, .ink = { TOKEN_FAINT, 1 } };
	double middle = box.x + box.w * 0.58, right = box_right(box);
	enum theme_token token;
	const char *word = page_verdict(result, &token);
	char date[48];

	page->scene->title = page_print(page, "%s: %s, %s", header_title(page),
	    word, scene_plain(page->scene, result->url));
	title.width_max = line.width_max = small.width_max =
	    middle - box.x - 16;
	(void)scene_text(page->scene, (struct point){ box.x, box.y + 22 },
	    &title, "%s", header_title(page));
	(void)scene_text(page->scene, (struct point){ box.x, box.y + 46 },
	    &line, "%s \xc2\xb7 %s", scene_plain(page->scene, result->url),
	    page_model(page, result));
	(void)scene_text(page->scene, (struct point){ box.x, box.y + 67 },
	    &small, "%s \xc2\xb7 run %s%s%s",
	    report_words_date(date, result->started_unix_ns),
	    scene_plain(page->scene, result->run),
	    result->note[0] ? " \xc2\xb7 " : "",
	    scene_plain(page->scene, result->note));
	(void)page_chip(page, (struct point){ right, box.y }, word, token);
	header_slos(page, middle, right, box.y + 46);
	small.anchor = ANCHOR_RIGHT;
	small.width_max = right - middle;
	(void)scene_text(page->scene, (struct point){ right, box.y + 67 },
	    &small, "%s", header_reason(page));
}

/* ---- tiles ---- */

static const char *tile_quantile(struct page *page, const char *name,
    double value, double q)
{
	char words[WORDS_MAX];

	if (isfinite(value) && value > 0)
		return page_print(page, "%s %s", name,
		    report_words_time(words, value));
	return page_print(page, "%s needs n \xe2\x89\xa5 %s", name,
	    axis_words_count(words, (double)latency_needs(q)));
}

static const char *tile_cause(struct page *page)
{
	const Ringmaster__V1__LoadResult *result = page->run.result;
	const Ringmaster__V1__LoadError *most = NULL;

	for (size_t i = 0; i < result->n_causes; i++)
		if (!most || result->causes[i]->count > most->count)
			most = result->causes[i];
	for (unsigned i = 0; most && i < LOAD_ERROR_COUNT; i++)
		if (strcmp(load_error_names[i], most->cause) == 0)
			return load_error_texts[i];
	return most ? scene_plain(page->scene, most->cause) : "";
}

static const double *tile_total(struct page *page)
{
	const struct series *series = &page->run.series;
	double *total = arena_calloc(page->arena, series->count + 1,
	    sizeof(*total)), sum = 0;

	for (unsigned i = 0; total && i < series->count; i++)
		total[i] = sum += isnan(series->rate[i]) ? 0
		    : series->rate[i];
	return total;
}

/* How much came in how much time, and how it was meant. */
static void tiles_counts(struct page *page, struct tile tiles[2])
{
	const Ringmaster__V1__LoadResult *result = page->run.result;
	const Ringmaster__V1__LoadResult *before = page->before.result;
	char words[WORDS_MAX], more[WORDS_MAX];

	tiles[0] = (struct tile){ .label = "Requests", .minor = true,
		.spark = tile_total(page), .token = TOKEN_REQUESTS,
		.now = NAN, .below = page_print(page, "in %s, %s read",
		    words_time(words, result->duration_seconds),
		    words_bytes(more, (double)result->bytes_in)) };
	(void)words_count(tiles[0].value, result->requests);
	tiles[1] = (struct tile){ .label = "Rate", .more = true,
		.spark = page->run.series.rate, .token = TOKEN_REQUESTS,
		.now = result->rate, .before = before ? before->rate : NAN,
		.below = "as fast as answers come" };
	(void)snprintf(tiles[1].value, WORDS_MAX, "%.28s /s",
	    words_number(words, result->rate));
	if (page->run.open && result->spec->rate > 0)
		tiles[1].below = page_print(page, "target %s/s, %s",
		    words_number(words, result->spec->rate),
		    words_share(more, result->rate / result->spec->rate));
}

static void tiles_times(struct page *page, struct tile tiles[3])
{
	const Ringmaster__V1__LoadLatency *latency = page->run.result->latency;
	const Ringmaster__V1__LoadLatency *before = page->before.result
	    ? page->before.result->latency : NULL;
	const struct series *series = &page->run.series;
	char words[WORDS_MAX];

	tiles[0] = (struct tile){ .label = "p50 response", .minor = true,
		.spark = series->p50, .token = TOKEN_P50,
		.now = latency_quantile(latency, 0.5),
		.before = before ? latency_quantile(before, 0.5) : NAN,
		.below = page_print(page, "mean %s", report_words_time(words,
		    latency->count ? latency->mean : NAN)) };
	(void)report_words_time(tiles[0].value, tiles[0].now);
	tiles[1] = (struct tile){ .label = "p99 response",
		.spark = series->p99, .token = TOKEN_P99,
		.now = latency_quantile(latency, 0.99),
		.before = before ? latency_quantile(before, 0.99) : NAN,
		.below = tile_quantile(page, "p99.9", latency->p999, 0.999) };
	(void)report_words_time(tiles[1].value, tiles[1].now);
	tiles[2] = (struct tile){ .label = "Longest", .minor = true,
		.spark = series->max, .token = TOKEN_P999,
		.now = latency->count ? latency->max : NAN,
		.before = before ? before->max : NAN,
		.below = tile_quantile(page, "p99.99", latency->p9999,
		    0.9999) };
	(void)report_words_time(tiles[2].value, tiles[2].now);
}

static void tiles_errors(struct page *page, struct tile *tile)
{
	const Ringmaster__V1__LoadResult *result = page->run.result;
	double all = (double)(result->requests + result->errors);
	char share[WORDS_MAX];

	*tile = (struct tile){ .label = "Errors",
		.spark = result->errors ? page->run.series.errors : NULL,
		.token = TOKEN_SERVER, .now = NAN,
		.below = "all answered as expected" };
	(void)words_count(tile->value, result->errors);
	if (result->errors)
		tile->below = page_print(page, "%s: %s",
		    words_share(share, (double)result->errors / all),
		    tile_cause(page));
	else if (result->requests == 0)
		tile->below = "nothing was answered either";
}

/* Is the difference of a figure more than chance? */
static bool tiles_shown(const struct page *page, const char *figure)
{
	const Ringmaster__V1__LoadComparison *comparison = page->comparison;

	for (size_t i = 0; i < comparison->n_differences; i++)
		if (strcmp(comparison->differences[i]->figure, figure) == 0)
			return comparison->differences[i]->shown;
	return false;
}

/* Of two runs, what the first one had. */
static void tiles_before(struct page *page, struct tile tiles[PAGE_TILES])
{
	const Ringmaster__V1__LoadResult *before = page->before.result;
	char words[WORDS_MAX];

	tiles[0].below = page_print(page, "A: %s", words_count(words,
	    before->requests));
	tiles[1].below = page_print(page, "A: %s/s", words_number(words,
	    before->rate));
	for (unsigned i = 2; i < 5; i++)
		tiles[i].below = page_print(page, "A: %s",
		    report_words_time(words, tiles[i].before));
	tiles[5].below = page_print(page, "A: %s", words_count(words,
	    before->errors));
	tiles[1].chance = !tiles_shown(page, "rate");
	tiles[2].chance = !tiles_shown(page, "p50");
	tiles[3].chance = !tiles_shown(page, "p99");
	tiles[4].chance = true;
}

double page_tiles(struct page *page, struct box box)
{
	struct tile tiles[PAGE_TILES];

	tiles_counts(page, tiles);
	tiles_times(page, tiles + 2);
	tiles_errors(page, &tiles[5]);
	if (page->comparison)
		tiles_before(page, tiles);
	for (unsigned i = 0; i < PAGE_TILES; i++)
		tiles[i].spark_count = page->run.series.count;
	return tiles_show(page->scene, box, tiles, PAGE_TILES);
}

/* ---- footer ---- */

static const char *footer_place(struct page *page)
{
	const Ringmaster__V1__LoadPlace *place = page->run.result->place;
	const Ringmaster__V1__LoadHealth *health = page->run.result->health;
	char cpu[WORDS_MAX], busy[WORDS_MAX], steal[WORDS_MAX];

	return page_print(page, "ringload %s on %s \xc2\xb7 Linux %s \xc2\xb7 "
	    "%s, %" PRIu32 " processor%s \xc2\xb7 generator: busiest thread "
	    "%s of a core, machine %s busy, %s stolen",
	    scene_plain(page->scene, place->version),
	    scene_plain(page->scene, place->host),
	    scene_plain(page->scene, place->kernel),
	    scene_plain(page->scene, place->cpu_model), place->cpus,
	    place->cpus == 1 ? "" : "s", words_share(cpu, health->cpu_max),
	    words_share(busy, health->busy),
	    words_share(steal, health->steal));
}

static const char *footer_server(struct page *page)
{
	const Ringmaster__V1__LoadServer *server = page->run.result->server;
	char count[WORDS_MAX];

	if (!server)
		return "no server data: the target is not a ringmaster on "
		    "this host";
	return page_print(page, "server: ringmaster %s, generation %" PRIu32
	    ", configuration %s, %s requests counted%s",
	    scene_plain(page->scene, server->version), server->generation,
	    scene_plain(page->scene, page_print(page, "%.12s",
		server->config_hash)),
	    words_count(count, server->requests), server->agrees
	    ? " as the client did" : ", which is not what the client counted");
}

static const char *footer_digest(struct page *page)
{
	if (!page->digest)
		return "";
	return page_print(page, "data sha256 %.*s", page->scene->width <
	    DIGEST_WIDTH ? DIGEST_SHORT : SOURCE_DIGEST, page->digest);
}

void page_footer(struct page *page, struct box box)
{
	struct scene_style left = { .ink = { TOKEN_FAINT, 1 },
		.width_max = box.w };
	struct scene_style right = { .ink = { TOKEN_FAINT, 1 },
		.anchor = ANCHOR_RIGHT };
	char count[WORDS_MAX];

	left.width_max -= PAGE_GAP + scene_text(page->scene, (struct point){
	    box_right(box), box.y + 13 }, &right, "%s", footer_digest(page));
	(void)scene_text(page->scene, (struct point){ box.x, box.y + 13 },
	    &left, "%s", footer_place(page));
	left.width_max = box.w;
	(void)scene_text(page->scene, (struct point){ box.x, box.y + 29 },
	    &left, "%s \xc2\xb7 percentiles by nearest rank of n = %s, after "
	    "a warm-up of %g s \xc2\xb7 ringreport " PACKAGE_VERSION
	    REPORT_REVISION,
	    footer_server(page),
	    words_count(count, page->run.result->latency->count),
	    page->run.series.warmup);
}

void page_colophon(struct page *page)
{
	const struct scene_style style = { .ink = { TOKEN_FAINT, 1 },
		.anchor = ANCHOR_RIGHT };

	(void)scene_text(page->scene, (struct point){ page->scene->width -
	    PAGE_MARGIN, page->scene->height - 8 }, &style, "ringreport "
	    PACKAGE_VERSION REPORT_REVISION "%s%s", page->digest
	    ? " \xc2\xb7 " : "", footer_digest(page));
}
