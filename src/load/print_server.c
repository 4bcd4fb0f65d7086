/* What the server under test told of a run, as text: two bars, its workers. */

#include "load/print.h"

#include <inttypes.h>
#include <math.h>

#include "base/words.h"

enum {
	SERVER_NAME = 10,		/* columns of what begins a line */
	SERVER_BAR = 58,		/* of a whole bar */
	SERVER_WORKERS = 8,		/* lines */
	SERVER_PARTS = 10,		/* of a request */
	SERVER_TOLD = 3,		/* of them, in words */
	SERVER_LEGEND = 12,		/* columns of one, with a blank */
	SERVER_MARKS = 8,		/* lines */
	SERVER_MARK = 54,		/* bytes of what happened */
};

/* The letter of each part in a bar. */
static const struct {
	const char *stage;
	char letter;
} server_letters[SERVER_PARTS] = {
	{ "slip", 'l' }, { "kernel", 'k' }, { "queue", 'q' },
	{ "header", 'e' }, { "parse", 'p' }, { "pool_wait", 'w' },
	{ "handler", 'h' }, { "upstream", 'u' }, { "send", 's' },
	{ "return", 'r' },
};

static char server_letter(const char *stage)
{
	for (unsigned i = 0; i < SERVER_PARTS; i++)
		if (strcmp(server_letters[i].stage, stage) == 0)
			return server_letters[i].letter;
	return '?';
}

struct server_bar {
	const char *name;
	Ringmaster__V1__LoadPart *const *parts;
	size_t count;
};

static void print_bar(struct buf *out, const struct server_bar *bar)
{
	double whole = 0, share = 0;
	char words[WORDS_MAX];
	unsigned done = 0;

	for (size_t i = 0; i < bar->count; i++)
		whole += bar->parts[i]->seconds;
	buf_printf(out, "%-*s%8s  ", SERVER_NAME, bar->name,
	    words_time(words, whole));
	for (size_t i = 0; i < bar->count; i++) {
		share += bar->parts[i]->share;
		for (; done < SERVER_BAR * share - 0.5 && done < SERVER_BAR;
		    done++)
			buf_append_char(out,
			    server_letter(bar->parts[i]->stage));
	}
	buf_append_char(out, '\n');
}

/* The largest parts in words: "tail: 71 % queue". */
static void print_largest(struct buf *out, const struct server_bar *bar)
{
	bool told[SERVER_PARTS] = { false };

	buf_printf(out, "%-*stail: ", SERVER_NAME, "");
	for (unsigned n = 0; n < SERVER_TOLD; n++) {
		size_t largest = bar->count;

		for (size_t i = 0; i < bar->count && i < SERVER_PARTS; i++)
			if (!told[i] && (largest == bar->count ||
			    bar->parts[i]->share >
			    bar->parts[largest]->share))
				largest = i;
		if (largest == bar->count ||
		    bar->parts[largest]->share < 0.005)
			break;
		told[largest] = true;
		buf_printf(out, "%s%.0f %% %.9s", n ? ", " : "",
		    bar->parts[largest]->share * 100,
		    bar->parts[largest]->stage);
	}
	buf_append_char(out, '\n');
}

/* Which letters are which of the parts that can be seen. */
static void print_legend(struct buf *out,
    const Ringmaster__V1__LoadServer *server)
{
	size_t line = out->len;

	for (size_t i = 0; i < server->n_median && i < server->n_tail; i++) {
		const char *stage = server->median[i]->stage;

		if (server->median[i]->share < 0.5 / SERVER_BAR &&
		    server->tail[i]->share < 0.5 / SERVER_BAR)
			continue;
		if (out->len - line + SERVER_LEGEND > PRINT_COLUMNS) {
			buf_append_char(out, '\n');
			line = out->len;
		}
		buf_printf(out, "%s%c=%.9s", out->len > line ? " " : "",
		    server_letter(stage), stage);
	}
	buf_append_char(out, '\n');
}

static void print_bars(struct buf *out,
    const Ringmaster__V1__LoadServer *server)
{
	const struct server_bar median = { "median", server->median,
		server->n_median };
	const struct server_bar tail = { "slowest 1%", server->tail,
		server->n_tail };

	print_bar(out, &median);
	print_bar(out, &tail);
	print_legend(out, server);
	print_largest(out, &tail);
}

static void print_workers(struct buf *out,
    const Ringmaster__V1__LoadServer *server)
{
	char requests[WORDS_MAX], connections[WORDS_MAX], p99[WORDS_MAX],
	    lag[WORDS_MAX], cpu[WORDS_MAX];

	buf_printf(out, "%-*s%14s%14s%12s%12s%9s\n", SERVER_NAME, "worker",
	    "requests", "connections", "p99", "loop p99", "cpu");
	for (size_t i = 0; i < server->n_workers && i < SERVER_WORKERS; i++) {
		const Ringmaster__V1__LoadWorker *worker = server->workers[i];

		buf_printf(out, "%-*" PRIu32 "%14.14s%14.14s%12s%12s%9s\n",
		    SERVER_NAME, worker->index,
		    words_count(requests, worker->requests),
		    words_count(connections, worker->connections),
		    words_time(p99, worker->p99_seconds),
		    words_time(lag, worker->loop_lag_p99_seconds),
		    words_share(cpu, worker->cpu));
	}
	if (server->n_workers > SERVER_WORKERS)
		buf_printf(out, "%-*sand %zu more\n", SERVER_NAME, "",
		    server->n_workers - SERVER_WORKERS);
}

static void print_marks(struct buf *out,
    const Ringmaster__V1__LoadServer *server)
{
	char at[WORDS_MAX];

	for (size_t i = 0; i < server->n_marks && i < SERVER_MARKS; i++) {
		buf_printf(out, "%-*s%8s  ", SERVER_NAME, "at", words_time(at,
		    server->marks[i]->at_seconds));
		load_print_plain(out, slice_first(slice_cstr(
		    server->marks[i]->text), SERVER_MARK));
		buf_append_char(out, '\n');
	}
	if (server->n_marks > SERVER_MARKS)
		buf_printf(out, "%-*sand %zu more\n", SERVER_NAME, "",
		    server->n_marks - SERVER_MARKS);
}

void load_print_server(struct buf *out,
    const Ringmaster__V1__LoadServer *server)
{
	char count[WORDS_MAX], waits[WORDS_MAX], expected[WORDS_MAX],
	    busy[WORDS_MAX];

	buf_printf(out, "%-*scounts %s; balance of workers %.2f; %s requests "
	    "followed\n", SERVER_NAME, "server", server->agrees ? "agree"
	    : "differ", server->balance, words_count(count,
		server->followed));
	if (server->n_median && server->n_tail) {
		print_bars(out, server);
		buf_printf(out, "%-*smean %s until read; %s expected of "
		    "workers %s busy\n", SERVER_NAME, "waiting",
		    words_time(waits, server->waiting_seconds),
		    words_time(expected, server->expected_waiting_seconds),
		    words_share(busy, server->utilisation));
	}
	print_workers(out, server);
	print_marks(out, server);
}
