/*
 * proxy: directives that need more than a row in a table.
 */

#include "modules/proxy.h"

#include <errno.h>

/* ---- proxy_pass ---- */

static struct http_conf *proxy_http(const struct conf_scope *scope)
{
	while (scope->context != CONF_HTTP)
		scope = scope->parent;
	return scope->owner;
}

int proxy_target_init(struct arena *arena, const struct upstream_url *url,
    struct proxy_target *target)
{
	struct slice port = slice_from(url->text, url->host.len + 1);

	target->scheme = SLICE("http://");
	target->uri = url->uri;
	if (url->unix_socket) {
		target->host = SLICE("localhost");
		target->port = (struct slice){ NULL, 0 };
	} else if (url->no_port || url->port == 80) {
		target->host = url->host;
		target->port = SLICE("80");
	} else {
		target->host = url->text;
		target->port = port;
	}
	if (url->uri.len && url->uri.data[0] == '?')
		target->uri = arena_printf(arena, "/%.*s",
		    SLICE_ARG(url->uri));
	return url->uri.len && !target->uri.data ? -ENOMEM : 0;
}

/* May a URI stand behind the server: is there a prefix that it replaces? */
static bool proxy_location_has_prefix(const struct conf_scope *scope,
    const struct http_location *location)
{
	return scope->context == CONF_LOCATION &&
	    location->kind != HTTP_LOCATION_REGEX &&
	    location->kind != HTTP_LOCATION_NAMED;
}

static int proxy_set_url(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, struct proxy_record *record)
{
	const struct http_location *location = scope->owner;
	struct slice text = node->args[1];
	struct upstream_url url;

	if (slice_equal_nocase(slice_first(text, 8), SLICE("https://")))
		return conf_fail(conf, node, 0,
		    "https protocol requires SSL support");
	if (!slice_equal_nocase(slice_first(text, 7), SLICE("http://")))
		return conf_fail(conf, node, 0, "invalid URL prefix");
	if (!upstream_url_parse(slice_from(text, 7), 80, true, &url))
		return conf_fail(conf, node, 0, "%s in upstream \"%.*s\"",
		    url.why, SLICE_ARG(slice_from(text, 7)));
	record->target.group = upstream_group_use(conf, node,
	    proxy_http(scope), &url);
	if (!record->target.group)
		return -EINVAL;
	if (proxy_target_init(&conf->arena, &url, &record->target))
		return -ENOMEM;
	record->url_text = text;
	if (proxy_location_has_prefix(scope, location))
		record->location = location->name;
	else if (record->target.uri.len)
		return conf_fail(conf, node, 0, "\"proxy_pass\" cannot have "
		    "URI part in location given by regular expression, or "
		    "inside named location, or inside \"if\" statement, or "
		    "inside \"limit_except\" block");
	return 0;
}

int proxy_set_pass(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *data)
{
	struct proxy_record *record = data;
	int err;

	if (record->passes)
		return conf_fail(conf, node, 0,
		    "\"proxy_pass\" directive is duplicate");
	err = http_value_compile(conf, node, node->args[1], &record->url);
	if (err)
		return err;
	record->passes = true;
	record->has_url = !record->url.constant;
	http_location_pass(scope, proxy_handle);
	return record->has_url ? 0 : proxy_set_url(conf, node, scope, record);
}

/* ---- headers ---- */

int proxy_set_header(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *data)
{
	struct proxy_record *record = data;
	struct proxy_header **end = &record->headers;
	struct proxy_header *header = arena_calloc(&conf->arena, 1,
	    sizeof(*header));

	(void)scope;
	if (!header)
		return -ENOMEM;
	while (*end)
		end = &(*end)->next;
	*end = header;
	header->name = node->args[1];
	header->drop = node->args[2].len == 0;
	return http_value_compile(conf, node, node->args[2], &header->value);
}

static int proxy_name_add(struct conf *conf, const struct conf_node *node,
    struct proxy_name **list)
{
	struct proxy_name *name = arena_calloc(&conf->arena, 1,
	    sizeof(*name));

	if (!name)
		return -ENOMEM;
	*name = (struct proxy_name){ node->args[1], *list };
	*list = name;
	return 0;
}

int proxy_set_hide(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *data)
{
	(void)scope;
	return proxy_name_add(conf, node,
	    &((struct proxy_record *)data)->hide);
}

int proxy_set_keep(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *data)
{
	(void)scope;
	return proxy_name_add(conf, node,
	    &((struct proxy_record *)data)->pass);
}

/* ---- sets of words ---- */

static const struct conf_enum proxy_next_words[] = {
	{ "error", PROXY_NEXT_ERROR },
	{ "timeout", PROXY_NEXT_TIMEOUT },
	{ "invalid_header", PROXY_NEXT_INVALID_HEADER },
	{ "non_idempotent", PROXY_NEXT_NON_IDEMPOTENT },
	{ "http_500", PROXY_NEXT_500 },
	{ "http_502", PROXY_NEXT_502 },
	{ "http_503", PROXY_NEXT_503 },
	{ "http_504", PROXY_NEXT_504 },
	{ "http_403", PROXY_NEXT_403 },
	{ "http_404", PROXY_NEXT_404 },
	{ "http_429", PROXY_NEXT_429 },
	{ "updating", PROXY_NEXT_SET },
	{ "off", PROXY_NEXT_OFF },
	{ NULL, 0 },
};

static const struct conf_enum proxy_ignore_words[] = {
	{ "X-Accel-Redirect", PROXY_IGNORE_REDIRECT },
	{ "X-Accel-Expires", PROXY_IGNORE_EXPIRES },
	{ "X-Accel-Limit-Rate", PROXY_IGNORE_LIMIT_RATE },
	{ "X-Accel-Buffering", PROXY_IGNORE_BUFFERING },
	{ "X-Accel-Charset", PROXY_IGNORE_CHARSET },
	{ "Expires", PROXY_IGNORE_CACHE },
	{ "Cache-Control", PROXY_IGNORE_CACHE },
	{ "Set-Cookie", PROXY_IGNORE_CACHE },
	{ "Vary", PROXY_IGNORE_CACHE },
	{ NULL, 0 },
};

static int proxy_set_words(struct conf *conf, const struct conf_node *node,
    const struct conf_enum *words, int64_t *set)
{
	if (*set)
		return conf_fail(conf, node, 0, "\"%s\" directive is duplicate",
		    node->args[0].data);
	for (unsigned i = 1; i < node->argc; i++) {
		const struct conf_enum *word = words;

		while (word->name && !slice_equal_nocase(node->args[i],
		    slice_cstr(word->name)))
			word++;
		if (!word->name)
			return conf_fail(conf, node, 0,
			    "invalid value \"%s\"", node->args[i].data);
		*set |= word->value;
	}
	return 0;
}

int proxy_set_next_upstream(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *data)
{
	struct proxy_record *record = data;
	int err = proxy_set_words(conf, node, proxy_next_words,
	    &record->next_upstream);

	(void)scope;
	record->next_upstream |= PROXY_NEXT_SET;
	if (record->next_upstream & PROXY_NEXT_OFF)
		record->next_upstream = PROXY_NEXT_SET | PROXY_NEXT_OFF;
	return err;
}

int proxy_set_ignore_headers(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *data)
{
	struct proxy_record *record = data;
	int err = proxy_set_words(conf, node, proxy_ignore_words,
	    &record->ignore_headers);

	(void)scope;
	record->ignore_headers |= PROXY_IGNORE_SET;
	return err;
}

/* ---- redirects and cookies ---- */

struct proxy_rewrite *proxy_redirect_default(struct conf *conf,
    const struct proxy_record *record)
{
	struct proxy_rewrite *rule = arena_calloc(&conf->arena, 1,
	    sizeof(*rule));
	struct http_value_part *parts = arena_calloc(&conf->arena, 2,
	    sizeof(*parts));
	bool has_uri = record->target.uri.len;

	if (!rule || !parts)
		return NULL;
	parts[0].text = has_uri ? record->url_text : arena_printf(&conf->arena,
	    "%.*s/", SLICE_ARG(record->url_text));
	parts[1].text = has_uri ? record->location : SLICE("/");
	rule->pattern = (struct http_value){ &parts[0], 1, true };
	rule->replacement = (struct http_value){ &parts[1], 1, true };
	rule->is_default = true;
	return parts[0].text.data ? rule : NULL;
}

/* Add the rule that `node` names to the end of `list`. `dots`: a leading dot
 * says nothing. */
static int proxy_rule_add(struct conf *conf, const struct conf_node *node,
    struct proxy_rewrite **list, bool nocase, bool dots)
{
	struct proxy_rewrite *rule = arena_calloc(&conf->arena, 1,
	    sizeof(*rule));
	struct slice pattern = node->args[1], replacement = node->args[2];
	int err;

	if (!rule)
		return -ENOMEM;
	while (*list)
		list = &(*list)->next;
	*list = rule;
	if (slice_starts(pattern, SLICE("~"))) {
		pattern = slice_from(pattern, 1);
		if (slice_starts(pattern, SLICE("*"))) {
			pattern = slice_from(pattern, 1);
			nocase = true;
		}
		err = http_regex_compile(conf, node, pattern, nocase,
		    &rule->regex);
	} else {
		if (dots && slice_starts(pattern, SLICE(".")))
			pattern = slice_from(pattern, 1);
		if (dots && slice_starts(replacement, SLICE(".")))
			replacement = slice_from(replacement, 1);
		err = http_value_compile(conf, node, pattern, &rule->pattern);
	}
	return err ? err : http_value_compile(conf, node, replacement,
	    &rule->replacement);
}

/* "off" as the only argument; *set becomes whether all was said by it. */
static bool proxy_is_off(const struct conf_node *node)
{
	return node->argc == 2 && slice_equal(node->args[1], SLICE("off"));
}

static int proxy_duplicate(struct conf *conf, const struct conf_node *node)
{
	return conf_fail(conf, node, 0, "\"%s\" directive is duplicate",
	    node->args[0].data);
}

int proxy_set_redirect(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *data)
{
	struct proxy_record *record = data;
	struct proxy_rewrite **end = &record->redirects;
	bool off = proxy_is_off(node);

	(void)scope;
	if (record->redirects_set && (off || !record->redirects))
		return proxy_duplicate(conf, node);
	record->redirects_set = true;
	if (off)
		return 0;
	if (node->argc == 3)
		return proxy_rule_add(conf, node, end, false, false);
	if (!slice_equal(node->args[1], SLICE("default")))
		return conf_fail(conf, node, 0, "invalid parameter \"%s\"",
		    node->args[1].data);
	if (record->has_url)
		return conf_fail(conf, node, 0, "\"proxy_redirect default\" "
		    "cannot be used with \"proxy_pass\" directive with "
		    "variables");
	if (!record->url_text.data)
		return conf_fail(conf, node, 0, "\"proxy_redirect default\" "
		    "should be placed after the \"proxy_pass\" directive");
	while (*end)
		end = &(*end)->next;
	*end = proxy_redirect_default(conf, record);
	return *end ? 0 : -ENOMEM;
}

static int proxy_set_rules(struct conf *conf, const struct conf_node *node,
    struct proxy_rewrite **list, bool *set, bool dots)
{
	bool off = proxy_is_off(node);

	if (*set && (off || !*list))
		return proxy_duplicate(conf, node);
	*set = true;
	if (off)
		return 0;
	if (node->argc != 3)
		return conf_fail(conf, node, 0, "invalid parameter \"%s\"",
		    node->args[1].data);
	return proxy_rule_add(conf, node, list, dots, dots);
}

int proxy_set_cookie_domain(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *data)
{
	struct proxy_record *record = data;

	(void)scope;
	return proxy_set_rules(conf, node, &record->cookie_domains,
	    &record->domains_set, true);
}

int proxy_set_cookie_path(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *data)
{
	struct proxy_record *record = data;

	(void)scope;
	return proxy_set_rules(conf, node, &record->cookie_paths,
	    &record->paths_set, false);
}

/* Is it one of the flags, as far as it is known yet? */
static bool proxy_flag_known(struct slice flag)
{
	static const char *const flags[] = { "secure", "nosecure", "httponly",
		"nohttponly", "samesite=strict", "samesite=lax",
		"samesite=none", "nosamesite", NULL };
	unsigned i = 0;

	if (memchr(flag.data, '$', flag.len))
		return true;
	while (flags[i] && !slice_equal_nocase(flag, slice_cstr(flags[i])))
		i++;
	return flags[i];
}

int proxy_set_cookie_flags(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *data)
{
	struct proxy_record *record = data;
	struct proxy_flags **end = &record->cookie_flags;
	struct proxy_flags *rule;
	struct slice name = node->args[1];
	bool off = proxy_is_off(node);
	int err;

	(void)scope;
	if (record->flags_set && (off || !record->cookie_flags))
		return proxy_duplicate(conf, node);
	record->flags_set = true;
	if (off)
		return 0;
	rule = arena_calloc(&conf->arena, 1, sizeof(*rule));
	if (!rule)
		return -ENOMEM;
	while (*end)
		end = &(*end)->next;
	*end = rule;
	err = slice_starts(name, SLICE("~")) ? http_regex_compile(conf, node,
	    slice_from(name, 1), true, &rule->regex) :
	    http_value_compile(conf, node, name, &rule->name);
	rule->count = node->argc - 2;
	rule->flags = arena_calloc(&conf->arena, rule->count + 1,
	    sizeof(*rule->flags));
	if (!rule->flags)
		return -ENOMEM;
	for (unsigned i = 0; i < rule->count && !err; i++) {
		if (!proxy_flag_known(node->args[i + 2]))
			return conf_fail(conf, node, 0, "invalid parameter "
			    "\"%s\"", node->args[i + 2].data);
		err = http_value_compile(conf, node, node->args[i + 2],
		    &rule->flags[i]);
	}
	return err;
}

/* ---- the rest ---- */

int proxy_set_value(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *data)
{
	struct proxy_record *record = data;
	struct http_value *value = &record->method;
	bool *has = &record->has_method;

	(void)scope;
	if (slice_equal(node->args[0], SLICE("proxy_set_body"))) {
		value = &record->body;
		has = &record->has_body;
	} else if (slice_equal(node->args[0], SLICE("proxy_limit_rate"))) {
		value = &record->limit_rate;
		has = &record->has_limit_rate;
	}
	if (*has)
		return proxy_duplicate(conf, node);
	*has = true;
	return http_value_compile(conf, node, node->args[1], value);
}

int proxy_set_bind(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *data)
{
	struct proxy_record *record = data;

	(void)scope;
	if (record->bind_set)
		return proxy_duplicate(conf, node);
	record->bind_set = true;
	if (proxy_is_off(node))
		return 0;
	record->has_bind = true;
	if (node->argc > 2) {
		if (!slice_equal(node->args[2], SLICE("transparent")))
			return conf_fail(conf, node, 0,
			    "invalid parameter \"%s\"", node->args[2].data);
		record->bind_transparent = true;
	}
	return http_value_compile(conf, node, node->args[1], &record->bind);
}

int proxy_set_buffers(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *data)
{
	struct proxy_record *record = data;

	(void)scope;
	if (record->buffer_count)
		return proxy_duplicate(conf, node);
	if (!conf_parse_number(node->args[1], &record->buffer_count) ||
	    !conf_parse_size(node->args[2], &record->buffers_size) ||
	    record->buffer_count == 0 || record->buffers_size == 0 ||
	    record->buffers_size > INT32_MAX / record->buffer_count)
		return conf_fail(conf, node, 0,
		    "\"%s\" directive invalid value", node->args[0].data);
	if (record->buffer_count < 2)
		return conf_fail(conf, node, 0,
		    "there must be at least 2 \"proxy_buffers\"");
	return 0;
}

int proxy_set_temp_path(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *data)
{
	struct proxy_record *record = data;
	const char *full;

	(void)scope;
	if (record->temp_path.data)
		return proxy_duplicate(conf, node);
	full = conf_directory(conf, node->args[1]);
	if (!full)
		return -ENOMEM;
	record->temp_path = slice_cstr(full);
	return 0;
}
