/*
 * Expressions about a run: reading them, and judging by them. See slo.h.
 */

#include "load/slo.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "base/number.h"
#include "load/latency.h"

struct slo_parser {
	struct slice text, rest;
	bool changes;
	char *error;
	size_t size;
};

/* ---- reading ---- */

static int slo_error(const struct slo_parser *parser, const char *what)
{
	(void)snprintf(parser->error, parser->size,
	    "\"%.*s\", character %zu: %s", SLICE_ARG(parser->text),
	    parser->text.len - parser->rest.len + 1, what);
	return -EINVAL;
}

static void slo_skip_spaces(struct slo_parser *parser)
{
	while (parser->rest.len && (parser->rest.data[0] == ' ' ||
	    parser->rest.data[0] == '\t'))
		parser->rest = slice_from(parser->rest, 1);
}

static bool slo_take(struct slo_parser *parser, struct slice word)
{
	if (!slice_starts(parser->rest, word))
		return false;
	parser->rest = slice_from(parser->rest, word.len);
	return true;
}

/* What goes on until a blank, a comma or an operator. */
static struct slice slo_token(struct slo_parser *parser)
{
	struct slice token = parser->rest;
	size_t len = 0;

	while (len < token.len && !memchr(" \t,<>=", token.data[len], 7))
		len++;
	parser->rest = slice_from(token, len);
	return slice_first(token, len);
}

static int slo_read_quantile(const struct slo_parser *parser,
    struct slice percent, struct slo *slo)
{
	double value;

	if (!number_parse(percent, &value))
		return slo_error(parser, "a percentile is written as p99.9");
	if (value == 999)
		value = 99.9;
	else if (value == 9999)
		value = 99.99;
	if (value <= 0 || value > 100)
		return slo_error(parser,
		    "a percentile is above 0 and at most 100");
	slo->figure = SLO_QUANTILE;
	slo->quantile = value / 100;
	return 0;
}

static int slo_read_figure(struct slo_parser *parser, struct slo *slo)
{
	static const struct {
		struct slice name;
		enum slo_figure figure;
	} figures[] = {
		{ { "mean", 4 }, SLO_MEAN },
		{ { "min", 3 }, SLO_MIN },
		{ { "max", 3 }, SLO_LONGEST },
		{ { "errors", 6 }, SLO_ERRORS },
		{ { "err", 3 }, SLO_ERRORS },
		{ { "rate", 4 }, SLO_RATE },
	};
	struct slo_parser before = *parser;
	struct slice word = slo_token(parser);

	if (slice_starts(word, SLICE("p")))
		return slo_read_quantile(&before, slice_from(word, 1), slo);
	for (unsigned i = 0; i < sizeof(figures) / sizeof(*figures); i++) {
		if (!slice_equal(word, figures[i].name))
			continue;
		slo->figure = figures[i].figure;
		return 0;
	}
	return slo_error(&before,
	    "expected p50, p99, p99.9, mean, min, max, err or rate");
}

static int slo_read_operator(struct slo_parser *parser, struct slo *slo)
{
	if (slo_take(parser, SLICE("<=")))
		slo->operator = SLO_LESS_EQUAL;
	else if (slo_take(parser, SLICE("<")))
		slo->operator = SLO_LESS;
	else if (slo_take(parser, SLICE(">=")))
		slo->operator = SLO_MORE_EQUAL;
	else if (slo_take(parser, SLICE(">")))
		slo->operator = SLO_MORE;
	else
		return slo_error(parser, "expected <, <=, > or >=");
	return 0;
}

/* The limit of a figure, in its unit. */
static int slo_read_value(const struct slo_parser *parser, struct slice word,
    struct slo *slo)
{
	if (slo->figure == SLO_ERRORS) {
		bool percent = slice_ends(word, SLICE("%"));

		word.len -= percent;
		if (!number_parse(word, &slo->limit) ||
		    slo->limit > (percent ? 100 : 1))
			return slo_error(parser,
			    "a share is written as 0.1%, and at most 100%");
		slo->limit /= percent ? 100 : 1;
		return 0;
	}
	if (slo->figure == SLO_RATE)
		return number_parse_rate(word, &slo->limit) ? 0 : slo_error(
		    parser, "a rate is in requests a second: 1000 or 5k/s");
	if (slice_ends(word, SLICE("s")) || slice_ends(word, SLICE("m")))
		if (number_parse_seconds(word, &slo->limit))
			return 0;
	return slo_error(parser, "a time is written as 5ms, 250us or 1s");
}

static int slo_read_limit(struct slo_parser *parser, struct slo *slo)
{
	struct slo_parser before = *parser;
	struct slice word = slo_token(parser);
	bool less = slice_starts(word, SLICE("-"));

	slo->change = less || slice_starts(word, SLICE("+"));
	if (slo->change && !parser->changes)
		return slo_error(&before,
		    "a change needs two runs: a limit has no sign");
	if (slo->change != parser->changes)
		return slo_error(&before,
		    "a change is written as +5% or -5%");
	if (!slo->change)
		return slo_read_value(&before, word, slo);
	word = slice_from(word, 1);
	if (!slice_ends(word, SLICE("%")) ||
	    !number_parse(slice_first(word, word.len - 1), &slo->limit))
		return slo_error(&before, "a change is written as +5% or -5%");
	slo->limit /= less ? -100 : 100;
	return 0;
}

static int slo_read(struct slo_parser *parser, struct slo *slo)
{
	struct slo_parser begin;
	int err;

	slo_skip_spaces(parser);
	begin = *parser;
	*slo = (struct slo){ .limit = 0 };
	err = slo_read_figure(parser, slo);
	slo_skip_spaces(parser);
	if (!err)
		err = slo_read_operator(parser, slo);
	slo_skip_spaces(parser);
	if (!err)
		err = slo_read_limit(parser, slo);
	if (err)
		return err;
	if (begin.rest.len - parser->rest.len >= sizeof(slo->text))
		return slo_error(&begin, "too long");
	memcpy(slo->text, begin.rest.data, begin.rest.len - parser->rest.len);
	slo_skip_spaces(parser);
	if (parser->rest.len && !slice_starts(parser->rest, SLICE(",")))
		return slo_error(parser, "expected a comma or the end");
	return 0;
}

int slo_parse(struct slo_list *list, struct slice text, bool changes,
    char *error, size_t size)
{
	struct slo_parser parser = { .text = text, .rest = text,
		.changes = changes, .error = error, .size = size };
	unsigned count = list->count;

	do {
		int err;

		if (count == SLO_MAX)
			return slo_error(&parser, "too many expressions");
		err = slo_read(&parser, &list->items[count]);
		if (err)
			return err;
		count++;
	} while (slo_take(&parser, SLICE(",")));
	list->count = count;
	return 0;
}

/* ---- judging ---- */

static double slo_latency(const struct slo *slo,
    const Ringmaster__V1__LoadLatency *latency)
{
	if (!latency || latency->count == 0)
		return NAN;
	switch (slo->figure) {
	case SLO_MEAN:
		return latency->mean;
	case SLO_MIN:
		return latency->min;
	case SLO_LONGEST:
		return latency->max;
	default:
		return latency_quantile(latency, slo->quantile);
	}
}

double slo_value(const struct slo *slo,
    const Ringmaster__V1__LoadResult *result)
{
	double all = (double)result->requests + (double)result->errors;

	if (slo->figure == SLO_ERRORS)
		return all > 0 ? (double)result->errors / all : NAN;
	if (slo->figure == SLO_RATE)
		return result->rate;
	return slo_latency(slo, result->latency);
}

double slo_change(const struct slo *slo, const Ringmaster__V1__LoadResult *a,
    const Ringmaster__V1__LoadResult *b)
{
	double before = slo_value(slo, a), after = slo_value(slo, b);

	if (before == 0 && after == 0)
		return 0;
	return before == 0 ? NAN : after / before - 1;
}

bool slo_holds(const struct slo *slo, double value)
{
	switch (slo->operator) {
	case SLO_LESS:
		return value < slo->limit;
	case SLO_LESS_EQUAL:
		return value <= slo->limit;
	case SLO_MORE:
		return value > slo->limit;
	case SLO_MORE_EQUAL:
		return value >= slo->limit;
	}
	return false;
}

static int slo_judge_one(Ringmaster__V1__LoadResult *result,
    const struct slo *slo, bool fail, struct arena *arena)
{
	Ringmaster__V1__LoadSlo *judged = arena_alloc(arena, sizeof(*judged));
	struct slice text = arena_printf(arena, "%s%s",
	    fail ? "fail if " : "", slo->text);

	if (!judged || !text.data)
		return -ENOMEM;
	ringmaster__v1__load_slo__init(judged);
	judged->text = (char *)(uintptr_t)text.data;
	judged->value = slo_value(slo, result);
	judged->passed = slo_holds(slo, judged->value) != fail &&
	    !isnan(judged->value);
	result->passed &= judged->passed;
	result->slos[result->n_slos++] = judged;
	return 0;
}

int slo_judge(Ringmaster__V1__LoadResult *result, const struct slo_list *slos,
    const struct slo_list *fail_if, struct arena *arena)
{
	int err = 0;

	result->passed = true;
	result->n_slos = 0;
	result->slos = arena_calloc(arena, 2 * SLO_MAX, sizeof(*result->slos));
	if (!result->slos)
		return -ENOMEM;
	for (unsigned i = 0; slos && i < slos->count && !err; i++)
		if (!slos->items[i].change)
			err = slo_judge_one(result, &slos->items[i], false,
			    arena);
	for (unsigned i = 0; fail_if && i < fail_if->count && !err; i++)
		if (!fail_if->items[i].change)
			err = slo_judge_one(result, &fail_if->items[i], true,
			    arena);
	return err;
}
