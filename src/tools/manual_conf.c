/*
 * What ringmaster.conf(5) says of directives and variables: all rows of all
 * tables. A row that says too little is an error.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/unsupported.h"
#include "dashboard/dashboard.h"
#include "http/core.h"
#include "http/http.h"
#include "http/variable.h"
#include "master/core.h"
#include "modules/modules.h"
#include "tools/manual.h"

/* ---- the arguments of a directive ---- */

/* The word that a typed row's value is called by. */
static const char *syntax_of_type(const struct conf_directive *row)
{
	switch (row->type) {
	case CONF_FLAG:
		return "on | off";
	case CONF_NUMBER:
		return "NUMBER";
	case CONF_SIZE:
		return "SIZE";
	case CONF_TIME:
		return "TIME";
	case CONF_STRING:
		return "TEXT";
	default:
		return NULL;
	}
}

static bool is_argument(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* Print a word of capitals as the name of an argument, in small letters. */
static const char *print_argument(const char *at)
{
	printf(" Ar ");
	for (; is_argument(*at) || *at == '_'; at++)
		putchar(*at == '_' ? '-' : *at - 'A' + 'a');
	return at;
}

static const char *print_literal(const char *at)
{
	size_t len = 0;

	while (at[len] && !strchr(" []|", at[len]) && !is_argument(at[len]))
		len++;
	printf(len == 3 && !strncmp(at, "...", 3) ? " \\&" : " Cm \\&");
	printf("%.*s", (int)len, at);
	return at + len;
}

/* Print `[`, `|` or `]`. */
static void print_mark(char mark)
{
	printf(mark == '[' ? " Oo" : mark == ']' ? " Oc" : " |");
}

/* Print what conf_directive.syntax says, as arguments of an mdoc macro. */
static void print_syntax(const char *syntax)
{
	bool joined = false;		/* to what stands before */

	for (const char *at = syntax; *at;) {
		if (*at == ' ') {
			joined = false;
			at++;
			continue;
		}
		if (joined && *at != ']')
			printf(" Ns");
		joined = *at != '[' && *at != '|';
		if (strchr("[]|", *at))
			print_mark(*at++);
		else
			at = is_argument(*at) ? print_argument(at)
					      : print_literal(at);
	}
}

static void print_values(const struct conf_enum *values)
{
	for (; values->name; values++)
		printf(" Cm \\&%s%s", values->name, values[1].name ? " |" : "");
}

/* The line of the list that names the directive. */
static void print_head(const struct conf_directive *row)
{
	const char *syntax = row->syntax ? row->syntax : syntax_of_type(row);

	printf(".It Ic %s", row->name);
	if (row->args_max == 0)
		;
	else if (syntax)
		print_syntax(syntax);
	else if (row->type == CONF_ENUM)
		print_values(row->values);
	else
		manual_fail("directive \"%s\" has no syntax", row->name);
	if (row->block)
		printf(" Brq \\&...");
	printf("\n");
}

/* ---- the line with its default, range and contexts ---- */

static const struct {
	enum conf_context context;
	const char *name;
} contexts[] = {
	{ CONF_MAIN, "main" },
	{ CONF_EVENTS, "events" },
	{ CONF_HTTP, "http" },
	{ CONF_SERVER, "server" },
	{ CONF_LOCATION, "location" },
	{ CONF_SERVER_IF, "if in server" },
	{ CONF_LOCATION_IF, "if in location" },
	{ CONF_LIMIT_EXCEPT, "limit_except" },
	{ CONF_UPSTREAM, "upstream" },
	{ CONF_DASHBOARD, "dashboard" },
};

static void print_contexts(const struct conf_directive *row)
{
	const char *separator = "";

	for (size_t i = 0; i < sizeof(contexts) / sizeof(*contexts); i++) {
		if (!(row->contexts & contexts[i].context))
			continue;
		printf("%s%s", separator, contexts[i].name);
		separator = ", ";
	}
	if (!*separator)
		manual_fail("directive \"%s\" has no context", row->name);
}

static void print_range(const struct conf_directive *row)
{
	const char *unit = row->unit ? row->unit :
	    row->type == CONF_SIZE ? "bytes" :
	    row->type == CONF_TIME ? "milliseconds" : "";

	if (row->type == CONF_CUSTOM || row->type == CONF_ENUM ||
	    (row->min == 0 && row->max == 0)) {
		if (*unit && row->unit && row->type == CONF_NUMBER)
			printf("Unit: %s.\n", unit);
		return;
	}
	if (row->max == INT64_MAX && row->min == 1)
		printf("At least 1.\n");
	else if (row->max == INT64_MAX)
		printf("At least %" PRId64 "%s%s.\n", row->min,
		    *unit ? " " : "", unit);
	else
		printf("From %" PRId64 " to %" PRId64 "%s%s.\n", row->min,
		    row->max, *unit ? " " : "", unit);
}

static void print_facts(const struct conf_directive *row)
{
	if (row->initial && *row->initial) {
		printf("Default: ");
		manual_text(row->initial);
		printf(".\n");
	}
	print_range(row);
	printf("Context: ");
	print_contexts(row);
	printf(".\n");
}

/* ---- tables ---- */

static bool is_setting(const struct conf_directive *row)
{
	return row->type != CONF_ACCEPTED && row->type != CONF_UNSUPPORTED;
}

static void print_directive(const struct conf_table *table,
    const struct conf_directive *row)
{
	char name[64];

	if (!row->help)
		manual_fail("directive \"%s\" has no help", row->name);
	print_head(row);
	print_facts(row);
	printf(".br\n");
	manual_sentence(row->help);
	(void)snprintf(name, sizeof(name), "%s/%s", table->name, row->name);
	manual_about(name);
}

static void print_directives(const struct conf_table *table)
{
	const struct conf_directive *row = table->directives;
	bool any = false;

	for (; row->name; row++) {
		if (!is_setting(row))
			continue;
		if (!any)
			printf(".Bl -tag -width Ds\n");
		any = true;
		print_directive(table, row);
	}
	if (any)
		printf(".El\n");
}

static void print_variables(const struct http_variable *variable)
{
	printf(".Bl -tag -width Ds -compact\n");
	for (; variable->name.len; variable++) {
		if (!variable->help)
			manual_fail("variable \"%.*s\" has no help",
			    SLICE_ARG(variable->name));
		printf(".It Va $%.*s\n", SLICE_ARG(variable->name));
		manual_sentence(variable->help);
	}
	printf(".El\n");
}

static void print_table(const struct conf_table *table,
    const struct http_variable *variables)
{
	if (!table->help)
		manual_fail("table \"%s\" has no help", table->name);
	printf(".Ss %s\n", table->name);
	manual_sentence(table->help);
	manual_about(table->name);
	print_directives(table);
	if (variables) {
		printf(".Pp\nVariables:\n.Pp\n");
		print_variables(variables);
	}
}

static int compare_modules(const void *a, const void *b)
{
	const struct http_module *const *one = a, *const *other = b;

	return strcmp((*one)->table.name, (*other)->table.name);
}

/* Each table in the order of the page, with its variables or NULL. */
static void each_table(void (*print)(const struct conf_table *table,
    const struct http_variable *variables))
{
	static const struct conf_table *const first[] = { &core_table,
	    &http_block_table, &http_server_table, &http_core_table };
	const struct http_module *modules[HTTP_TABLES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < sizeof(first) / sizeof(*first); i++)
		print(first[i], NULL);
	for (; http_modules[count]; count++)
		modules[count] = http_modules[count];
	qsort(modules, count, sizeof(*modules), compare_modules);
	for (size_t i = 0; i < count; i++)
		print(&modules[i]->table, modules[i]->variables);
	print(&dashboard_block_table, NULL);
}

/* ---- what nginx has and this has not ---- */

static void print_accepted(const struct conf_table *table,
    const struct http_variable *variables)
{
	const struct conf_directive *row = table->directives;
	static const char prefix[] = "no effect: ";

	(void)variables;
	for (; row->name; row++) {
		const char *why = row->help;

		if (row->type != CONF_ACCEPTED)
			continue;
		if (strncmp(why, prefix, strlen(prefix)) == 0)
			why += strlen(prefix);
		printf(".It Ic %s Pq ", row->name);
		print_contexts(row);
		printf("\n");
		manual_sentence(why);
	}
}

/* Rows with one reason stand behind each other, and become one entry. */
static void print_unsupported(const struct conf_table *table,
    const struct http_variable *variables)
{
	const struct conf_directive *row = table->directives;

	(void)variables;
	for (; row->name; row++) {
		if (row->type != CONF_UNSUPPORTED)
			continue;
		printf(".It Ic %s", row->name);
		while (row[1].name && row[1].type == CONF_UNSUPPORTED &&
		    strcmp(row->help, row[1].help) == 0)
			printf(" %s", (++row)->name);
		printf("\n");
		manual_sentence(row->help);
	}
}

static void print_unknown(void)
{
	const char *reason, *names;

	for (unsigned i = 0; conf_unsupported_list(i, &reason, &names); i++) {
		printf(".It Ic %s\n", names);
		manual_sentence(reason);
	}
}

static bool insert(const char *what)
{
	if (strcmp(what, "directives") == 0) {
		each_table(print_table);
	} else if (strcmp(what, "variables") == 0) {
		print_variables(http_request_variables);
		print_variables(http_header_variables);
		print_variables(http_conn_variables);
		print_variables(http_proxy_protocol_variables);
	} else if (strcmp(what, "accepted") == 0) {
		each_table(print_accepted);
	} else if (strcmp(what, "unsupported") == 0) {
		each_table(print_unsupported);
		print_unknown();
	} else {
		return false;
	}
	return true;
}

const struct manual_page manual_conf = {
	.name = "ringmaster.conf.5",
	.insert = insert,
};
