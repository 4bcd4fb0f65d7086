/*
 * The dashboards for Grafana, made from the catalogue of metrics: what is
 * asked is in grafana_boards.c; what it means (the text at a panel's "i") and
 * the unit of its axis come from the catalogue. A query for a metric that the
 * catalogue does not have, or one that mixes servers, is an error, so that a
 * renamed metric breaks the build.
 *
 *     grafana_gen BOARD       write that dashboard, as JSON
 *     grafana_gen families    write each family, its kind and level
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"
#include "metrics/catalogue.h"
#include "tools/grafana_boards.h"

#define SELECTOR "job=~\"$job\",instance=~\"$instance\""
#define DATASOURCE "\"datasource\": { \"type\": \"prometheus\", " \
    "\"uid\": \"${datasource}\" }"

enum { GRID_WIDTH = 24, SCHEMA_VERSION = 39 };	/* Grafana 10 */

_Noreturn static void die(const char *what, const char *where)
{
	fprintf(stderr, "grafana_gen: %s: %s\n", what, where);
	exit(1);
}

/* ---- the catalogue ---- */

static const struct metrics_entry *find_family(struct slice name)
{
	for (size_t i = 0; i < metrics_catalogue_count; i++) {
		const struct metrics_entry *entry = &metrics_catalogue[i];

		if (entry->prom && slice_equal(slice_cstr(entry->prom), name))
			return entry;
	}
	return NULL;
}

/* The family that has samples of this name; NULL if there is none. */
static const struct metrics_entry *find_series(struct slice name)
{
	static const struct slice suffixes[] = { SLICE("_bucket"),
	    SLICE("_sum"), SLICE("_count") };
	const struct metrics_entry *family = find_family(name);

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++)
		if (!family && slice_ends(name, suffixes[i])) {
			family = find_family(slice_first(name,
			    name.len - suffixes[i].len));
			return family && family->kind ==
			    METRICS_KIND_HISTOGRAM ? family : NULL;
		}
	return family && family->kind != METRICS_KIND_HISTOGRAM ? family
	    : NULL;
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == ':';
}

/* Check each metric in an expression. Returns the family of the first. */
static const struct metrics_entry *check_expr(const char *expr)
{
	const struct metrics_entry *first = NULL;

	for (const char *at = expr; *at != '\0';) {
		const struct metrics_entry *family;
		size_t len = 0;

		while (is_name_char(at[len]))
			len++;
		if (strncmp(at, "ringmaster_", strlen("ringmaster_")) == 0) {
			family = find_series((struct slice){ at, len });
			if (!family)
				die("no such metric", at);
			if (strncmp(at + len, "{@", 2) != 0)
				die("not bound to the chosen servers", at);
			first = first ? first : family;
		}
		at += len ? len : 1;
	}
	if (!first)
		die("no metric of ours", expr);
	return first;
}

/* Grafana's name of the unit of an expression over a family. */
static const char *find_unit(const struct metrics_entry *family,
    const char *expr)
{
	static const struct {
		const char *unit, *level, *rate;
	} known[] = {
		{ "seconds", "s", "percentunit" },
		{ "bytes", "bytes", "Bps" },
		{ "requests", "short", "reqps" },
	};
	bool rate = family->kind == METRICS_KIND_COUNTER &&
	    strstr(expr, "rate(") != NULL;

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (strcmp(family->unit, known[i].unit) == 0)
			return rate ? known[i].rate : known[i].level;
	return rate ? "ops" : "short";
}

/* ---- JSON ---- */

static void put_chars(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '@') {
			put_chars(SELECTOR);
			continue;
		}
		if (*text == '"' || *text == '\\')
			putchar('\\');
		putchar(*text);
	}
}

/* A key and its text, in which @ stands for the chosen servers. */
static void put_text(const char *key, const char *text, const char *after)
{
	printf("\"%s\": \"", key);
	put_chars(text);
	printf("\"%s", after);
}

static void put_queries(const struct grafana_panel *panel)
{
	static const char *const formats[] = {
		[GRAFANA_HEATMAP] = "heatmap",
		[GRAFANA_TABLE] = "table",
		[GRAFANA_STAT] = "time_series",
		[GRAFANA_TIMESERIES] = "time_series",
	};

	printf("      \"targets\": [");
	for (size_t i = 0; panel->queries[i].expr != NULL; i++) {
		const struct grafana_query *query = &panel->queries[i];

		(void)check_expr(query->expr);
		printf("%s\n        { \"refId\": \"%c\", " DATASOURCE ",\n"
		    "          ", i ? "," : "", 'A' + (int)i);
		put_text("expr", query->expr, ",\n          ");
		put_text("legendFormat", query->legend, ", ");
		printf("\"format\": \"%s\", \"instant\": %s }",
		    formats[panel->type],
		    panel->type == GRAFANA_TABLE ? "true" : "false");
	}
	printf("\n      ]");
}

/* One line an instance of the labels asked for, without what is not asked. */
static void put_table_options(const struct grafana_panel *panel)
{
	bool one = panel->queries[1].expr == NULL;

	printf("      \"options\": { \"showHeader\": true },\n"
	    "      \"transformations\": [\n"
	    "        { \"id\": \"merge\", \"options\": {} },\n"
	    "        { \"id\": \"organize\", \"options\": {\n"
	    "          \"excludeByName\": { \"Time\": true },\n"
	    "          \"renameByName\": {");
	for (size_t i = 0; panel->queries[i].expr != NULL; i++) {
		printf("%s \"Value", i ? "," : "");
		if (!one)
			printf(" #%c", 'A' + (int)i);
		printf("\": \"%s\"", panel->queries[i].legend);
	}
	printf(" } } }\n      ],\n");
}

static void put_options(const struct grafana_panel *panel)
{
	switch (panel->type) {
	case GRAFANA_TIMESERIES:
		printf("      \"options\": {\n"
		    "        \"legend\": { \"displayMode\": \"list\", "
		    "\"placement\": \"bottom\", \"showLegend\": true },\n"
		    "        \"tooltip\": { \"mode\": \"multi\", "
		    "\"sort\": \"desc\" }\n      },\n");
		break;
	case GRAFANA_STAT:
		printf("      \"options\": { \"colorMode\": \"value\", "
		    "\"graphMode\": \"area\",\n"
		    "        \"reduceOptions\": { \"calcs\": "
		    "[\"lastNotNull\"] } },\n");
		break;
	case GRAFANA_HEATMAP:
		printf("      \"options\": { \"calculate\": false, "
		    "\"cellGap\": 1,\n"
		    "        \"color\": { \"mode\": \"scheme\", "
		    "\"scheme\": \"Oranges\", \"steps\": 64 },\n"
		    "        \"yAxis\": { \"unit\": \"s\" },\n"
		    "        \"tooltip\": { \"show\": true }, "
		    "\"legend\": { \"show\": true } },\n");
		break;
	case GRAFANA_TABLE:
		put_table_options(panel);
		break;
	case GRAFANA_ROW:
		break;
	}
}

static void put_field_config(const struct grafana_panel *panel,
    const struct metrics_entry *family)
{
	printf("      \"fieldConfig\": { \"overrides\": [], \"defaults\": {\n"
	    "        \"unit\": \"%s\"", panel->unit ? panel->unit :
	    find_unit(family, panel->queries[0].expr));
	if (panel->type == GRAFANA_TIMESERIES)
		printf(",\n        \"min\": 0, \"custom\": { "
		    "\"lineWidth\": 1, \"fillOpacity\": %d,\n"
		    "          \"stacking\": { \"mode\": \"%s\" } }",
		    panel->stacked ? 60 : 10,
		    panel->stacked ? "normal" : "none");
	printf("\n      } },\n");
}

static void put_panel(const struct grafana_panel *panel)
{
	static const char *const types[] = {
		[GRAFANA_HEATMAP] = "heatmap",
		[GRAFANA_STAT] = "stat",
		[GRAFANA_TABLE] = "table",
		[GRAFANA_TIMESERIES] = "timeseries",
	};
	const struct metrics_entry *family =
	    check_expr(panel->queries[0].expr);

	printf("      \"type\": \"%s\", " DATASOURCE ",\n      ",
	    types[panel->type]);
	put_text("title", panel->title, ",\n      ");
	put_text("description", panel->note ? panel->note :
	    family->family_help, ",\n");
	put_field_config(panel, family);
	put_options(panel);
	put_queries(panel);
}

static void put_row(const struct grafana_panel *panel)
{
	printf("      \"type\": \"row\", \"collapsed\": false, "
	    "\"panels\": [],\n      ");
	put_text("title", panel->title, "");
}

/* Side by side as long as there is room, like words on lines. */
static void put_panels(const struct grafana_board *board)
{
	int x = 0, y = 0, line = 0;

	for (size_t i = 0; i < board->panel_count; i++) {
		const struct grafana_panel *panel = &board->panels[i];
		bool row = panel->type == GRAFANA_ROW;
		int width = row ? GRID_WIDTH : panel->width;
		int height = row ? 1 : panel->type == GRAFANA_STAT ? 4 : 8;

		if (x + width > GRID_WIDTH) {
			x = 0;
			y += line;
			line = 0;
		}
		line = height > line ? height : line;
		printf("%s\n    {\n      \"id\": %zu, \"gridPos\": "
		    "{ \"x\": %d, \"y\": %d, \"w\": %d, \"h\": %d },\n",
		    i ? "," : "", i + 1, x, y, width, height);
		x += width;
		if (row)
			put_row(panel);
		else
			put_panel(panel);
		printf("\n    }");
	}
}

static void put_variable(const char *name, const char *query)
{
	printf(",\n    { \"name\": \"%s\", \"label\": \"%c%s\", "
	    "\"type\": \"query\", " DATASOURCE ",\n"
	    "      \"multi\": true, \"includeAll\": true, \"refresh\": 2, "
	    "\"sort\": 1,\n      \"current\": { \"text\": [\"All\"], "
	    "\"value\": [\"$__all\"] },\n      ", name,
	    toupper((unsigned char)*name), name + 1);
	put_text("query", query, " }");
}

static void put_board(const struct grafana_board *board)
{
	if (!find_family(SLICE("ringmaster_build_info")))
		die("no such metric", "ringmaster_build_info");
	printf("{\n  \"uid\": \"%s\",\n  \"title\": \"%s\",\n"
	    "  \"schemaVersion\": %d,\n  \"tags\": [\"ringmaster\"],\n"
	    "  \"editable\": true,\n  \"graphTooltip\": 1,\n"
	    "  \"refresh\": \"10s\",\n"
	    "  \"time\": { \"from\": \"now-1h\", \"to\": \"now\" },\n"
	    "  \"links\": [{ \"type\": \"dashboards\", "
	    "\"title\": \"ringmaster\", \"tags\": [\"ringmaster\"],\n"
	    "    \"keepTime\": true, \"includeVars\": true }],\n"
	    "  \"templating\": { \"list\": [\n"
	    "    { \"name\": \"datasource\", \"label\": \"Data source\", "
	    "\"type\": \"datasource\",\n      \"query\": \"prometheus\" }",
	    board->uid, board->title, SCHEMA_VERSION);
	put_variable("job", "label_values(ringmaster_build_info, job)");
	put_variable("instance", "label_values(ringmaster_build_info"
	    "{job=~\"$job\"}, instance)");
	printf("\n  ] },\n  \"panels\": [");
	put_panels(board);
	printf("\n  ]\n}\n");
}

/* ---- the lists ---- */

static void put_families(void)
{
	static const char *const kinds[] = { "none", "counter", "gauge",
	    "histogram", "info" };
	static const char *const levels[] = { "basic", "standard", "full" };
	const char *last = "";

	for (size_t i = 0; i < metrics_catalogue_count; i++) {
		const struct metrics_entry *entry = &metrics_catalogue[i];

		if (!entry->prom || strcmp(entry->prom, last) == 0)
			continue;
		last = entry->prom;
		printf("%s %s %s\n", last, kinds[entry->kind],
		    levels[entry->level]);
	}
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";
	const struct grafana_board *board = grafana_boards;

	if (strcmp(what, "families") == 0) {
		put_families();
	} else {
		while (board->uid && strcmp(board->uid, what) != 0)
			board++;
		if (!board->uid)
			die("usage", "grafana_gen BOARD|families");
		put_board(board);
	}
	if (fflush(stdout) || ferror(stdout))
		die("cannot write", what);
	return 0;
}
