#ifndef RINGMASTER_HTTP_VALUE_H
#define RINGMASTER_HTTP_VALUE_H

#include "http/module.h"

/*
 * A text with variables in it ("$host:$server_port", "${uri}x"), compiled
 * when the configuration is read and evaluated for a request.
 */

struct http_value_part {
	struct slice text;		/* literal, or variable's name */
	const struct http_variable *variable;	/* NULL: literal */
};

struct http_value {
	struct http_value_part *parts;
	unsigned count;
	bool constant;			/* no variables: parts[0].text is it */
};

/* Compile `text`; an unknown variable is an error, though perhaps only when
 * all was read. Returns 0 or the result of conf_fail(). Memory: the
 * configuration's. */
int http_value_compile(struct conf *conf, const struct conf_node *node,
    struct slice text, struct http_value *ret);

/* The text for this request: in its arena, or the configuration's if
 * constant. A variable without a value adds nothing. `data` is NULL if there
 * is no memory. */
struct slice http_value_get(struct http_request *request,
    const struct http_value *value);

/*
 * Find the variable called `name` (without '$') among the core's and the
 * modules'; NULL if there is none. Prefix variables ("http_*") match what
 * begins so.
 */
const struct http_variable *http_variable_find(struct slice name);

#endif
