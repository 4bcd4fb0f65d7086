#ifndef RINGMASTER_HTTP_VARIABLE_H
#define RINGMASTER_HTTP_VARIABLE_H

#include "http/request.h"
#include "http/value.h"

/*
 * The core's variables, in tables that an empty name ends, and what
 * they share with modules.
 */

extern const struct http_variable http_request_variables[];
extern const struct http_variable http_header_variables[];
extern const struct http_variable http_conn_variables[];
extern const struct http_variable http_proxy_protocol_variables[];

/*
 * Let http_variable_find() find the variables of these modules, too. The
 * array must live as long as the process.
 */
void http_variables_use(const struct http_module *const *modules);

/*
 * The variable `name`, for whom the configuration wants its value: one that it
 * defines, here or further down, or one of the core's and the modules'. NULL
 * after logging if there is none.
 */
const struct http_variable *http_variable_use(struct conf *conf,
    const struct conf_node *node, struct slice name);

/*
 * The variable `name` (without '$'), which the configuration defines at
 * `node`: for the caller to fill in `make`, `arg` and `is_volatile`. Defined
 * again it is the same. *ret may be one that has a `set` and belongs to the
 * core or a module: then there is nothing to fill in, and it is all that may
 * be done with it. Returns 0 or the result of conf_fail().
 */
int http_variable_define(struct conf *conf, const struct conf_node *node,
    struct slice name, struct http_variable **ret);

/* The same for a `word` that must begin with '$'; a variable of the core or
 * a module is an error. */
int http_variable_define_word(struct conf *conf, const struct conf_node *node,
    struct slice word, struct http_variable **ret);

/* Begin with no variables of the configuration's own; and, when all of it was
 * read, check that each that is used is defined. */
int http_variables_begin(struct conf *conf);
int http_variables_check(struct conf *conf);

/* The value of a variable that was found by `name`; false: it has none. */
bool http_variable_get(struct http_request *request,
    const struct http_variable *variable, struct slice name,
    struct slice *ret);

/* Set a variable that the configuration defines, or one with a `set`; the
 * text must live as long as the request. Returns 0 or -ENOMEM. */
int http_variable_set(struct http_request *request,
    const struct http_variable *variable, struct slice text);

/* A number in decimal, in the request's arena; false without memory. */
bool http_variable_number(struct http_request *request, uint64_t number,
    struct slice *ret);

/* A duration as nginx writes it: seconds with three decimals. */
bool http_variable_seconds(struct http_request *request, uint64_t ns,
    struct slice *ret);

/* An address without its port; and the port, empty if there is none. */
bool http_variable_address(struct http_request *request,
    const union http_address *address, struct slice *ret);
bool http_variable_port(struct http_request *request,
    const union http_address *address, struct slice *ret);

/* What the header lines called `name` ('_' for '-', no capitals) say, as a
 * list; false without one. */
bool http_header_join(struct http_request *request,
    const struct http_header *headers, unsigned count, struct slice name,
    struct slice *ret);

/*
 * The value of argument `name` (in any case) in a query "a=b&c=d": what
 * stands behind '=', as sent. The first one counts; false without one.
 */
bool http_arg_find(struct slice args, struct slice name, struct slice *ret);

/* The value of a cookie (its name in any case), of all Cookie lines the
 * first one with it; false without one. */
bool http_cookie_find(const struct http_request *request, struct slice name,
    struct slice *ret);

/* User (not empty) and password that the client sent with Basic authentication
 * (RFC 7617), in the request's arena; false if it did not, or not rightly. */
bool http_basic_credentials(struct http_request *request,
    struct slice *user, struct slice *password);

/* The root or alias that holds for the request, as configured; `data` is NULL
 * if there is no memory. */
struct slice http_document_root(struct http_request *request);

/*
 * The file that the request names below its root, or by its alias, in the
 * request's arena; `data` is NULL if there is no memory.
 */
struct slice http_request_filename(struct http_request *request);

/* The same for another path than that of the request. */
struct slice http_request_path(struct http_request *request,
    struct slice uri);

#endif
