/*
 * Arguments of the core's directives that are more than one typed value.
 */

#include "http/core_set.h"

#include <ctype.h>
#include <errno.h>

#include "base/hash.h"
#include "http/uri.h"

enum { HTTP_TYPES_SIZE_MIN = 64 };

void http_core_init(struct conf *conf, void *record)
{
	struct http_core_record *core = record;

	(void)conf;
	core->keepalive_timeout = CONF_UNSET;
	core->keepalive_header = CONF_UNSET;
	core->client_body_temp_path = CONF_UNSET_STRING;
}

/* ---- root, alias ---- */

static int http_set_path(struct conf *conf, const struct conf_node *node,
    struct http_core_record *core, bool alias)
{
	struct slice path = node->args[1];
	const char *full;

	if (core->root_set) {
		if (core->alias == alias)
			return conf_fail(conf, node, 0,
			    "\"%s\" directive is duplicate",
			    node->args[0].data);
		return conf_fail(conf, node, 0, "\"%s\" directive is "
		    "duplicate, \"%s\" directive was specified earlier",
		    node->args[0].data, alias ? "root" : "alias");
	}
	/* A trailing slash would double the one a path begins with. */
	while (!alias && path.len > 1 && path.data[path.len - 1] == '/')
		path.len--;
	full = path.len && path.data[0] == '$' ?
	    arena_copy(&conf->arena, path).data : conf_full_path(conf, path);
	if (!full)
		return -ENOMEM;
	core->root_set = true;
	core->root_dots = uri_dots(slice_cstr(full));
	core->alias = alias;
	return http_value_compile(conf, node, slice_cstr(full), &core->root);
}

int http_set_root(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	(void)scope;
	return http_set_path(conf, node, record, false);
}

int http_set_alias(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct http_location *location = scope->owner;

	if (location->kind == HTTP_LOCATION_NAMED)
		return conf_fail(conf, node, 0, "the \"alias\" directive "
		    "cannot be used inside the named location");
	((struct http_core_record *)record)->alias_len =
	    location->kind == HTTP_LOCATION_REGEX ? SIZE_MAX :
	    location->name.len;
	return http_set_path(conf, node, record, true);
}

int http_set_temp_path(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct http_core_record *core = record;
	const char *full;

	(void)scope;
	if (core->client_body_temp_path.data)
		return conf_fail(conf, node, 0,
		    "\"%s\" directive is duplicate", node->args[0].data);
	full = conf_directory(conf, node->args[1]);
	if (!full)
		return -ENOMEM;
	core->client_body_temp_path = slice_cstr(full);
	return 0;
}

/* The first argument was taken as its row says. */
int http_set_symlinks(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct http_core_record *core = record;
	struct slice from = SLICE("from=");

	(void)scope;
	core->symlinks_set = true;
	if (node->argc == 2)
		return 0;
	if (!slice_starts(node->args[2], from))
		return conf_fail(conf, node, 0, "invalid parameter \"%s\"",
		    node->args[2].data);
	return http_value_compile(conf, node, slice_from(node->args[2],
	    from.len), &core->symlinks_from);
}

int http_set_internal(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct http_core_record *core = record;

	(void)conf, (void)node, (void)scope;
	core->internal = 1;
	return 0;
}

/* ---- connections ---- */

int http_set_keepalive_timeout(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope,
    void *record)
{
	struct http_core_record *core = record;

	(void)scope;
	if (core->keepalive_timeout != CONF_UNSET)
		return conf_fail(conf, node, 0,
		    "\"%s\" directive is duplicate", node->args[0].data);
	if (!conf_parse_time(node->args[1], &core->keepalive_timeout) ||
	    (node->argc == 3 &&
		!conf_parse_time(node->args[2], &core->keepalive_header)))
		return conf_fail(conf, node, 0,
		    "\"%s\" directive invalid value", node->args[0].data);
	return 0;
}

int http_set_keepalive_disable(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope,
    void *record)
{
	struct http_core_record *core = record;

	(void)scope;
	for (unsigned i = 1; i < node->argc; i++) {
		if (slice_equal(node->args[i], SLICE("none")))
			core->keepalive_disable |= HTTP_NO_KEEPALIVE_NONE;
		else if (slice_equal(node->args[i], SLICE("msie6")))
			core->keepalive_disable |= HTTP_NO_KEEPALIVE_MSIE6;
		else if (slice_equal(node->args[i], SLICE("safari")))
			core->keepalive_disable |= HTTP_NO_KEEPALIVE_SAFARI;
		else
			return conf_fail(conf, node, 0,
			    "invalid value \"%s\"", node->args[i].data);
	}
	return 0;
}

/* A size that may come from variables; if not, it is checked now. */
static int http_set_size(struct conf *conf, const struct conf_node *node,
    struct http_value *value)
{
	int64_t size;
	int err;

	if (value->count)
		return conf_fail(conf, node, 0,
		    "\"%s\" directive is duplicate", node->args[0].data);
	err = http_value_compile(conf, node, node->args[1], value);
	if (!err && value->constant && !conf_parse_size(node->args[1], &size))
		return conf_fail(conf, node, 0,
		    "\"%s\" directive invalid value", node->args[0].data);
	return err;
}

int http_set_limit_rate(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	(void)scope;
	return http_set_size(conf, node,
	    &((struct http_core_record *)record)->limit_rate);
}

int http_set_limit_rate_after(struct conf *conf,
    const struct conf_node *node, const struct conf_scope *scope,
    void *record)
{
	(void)scope;
	return http_set_size(conf, node,
	    &((struct http_core_record *)record)->limit_rate_after);
}

int http_set_large_buffers(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct http_server_record *server = record;
	uint64_t count;

	(void)scope;
	if (server->large_header_buffer_count)
		return conf_fail(conf, node, 0,
		    "\"%s\" directive is duplicate", node->args[0].data);
	if (!slice_to_u64(node->args[1], &count) || count < 1 ||
	    count > HTTP_HEADER_BUFFERS_MAX ||
	    !conf_parse_size(node->args[2],
		&server->large_header_buffer_size) ||
	    server->large_header_buffer_size < HTTP_HEADER_LINE_MIN ||
	    server->large_header_buffer_size > HTTP_HEADER_LINE_MAX)
		return conf_fail(conf, node, 0, "\"%s\" directive invalid "
		    "value: 1 to %d buffers of %d to %d bytes",
		    node->args[0].data, HTTP_HEADER_BUFFERS_MAX,
		    HTTP_HEADER_LINE_MIN, HTTP_HEADER_LINE_MAX);
	server->large_header_buffer_count = (int64_t)count;
	return 0;
}

/* ---- error_page, error_log ---- */

static int http_error_overwrite(struct conf *conf,
    const struct conf_node *node, struct slice text, int *ret)
{
	uint64_t status;

	if (text.len == 1) {
		*ret = -1;
		return 0;
	}
	if (!slice_to_u64(slice_from(text, 1), &status) || status > 999)
		return conf_fail(conf, node, 0, "invalid value \"%.*s\"",
		    SLICE_ARG(text));
	*ret = (int)status;
	return 0;
}

int http_set_error_page(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct http_core_record *core = record;
	unsigned last = node->argc - 1;
	struct http_value uri;
	int overwrite = 0;
	int err = http_value_compile(conf, node, node->args[last], &uri);

	(void)scope;
	if (!err && node->args[last - 1].len &&
	    node->args[last - 1].data[0] == '=') {
		last--;
		err = http_error_overwrite(conf, node, node->args[last],
		    &overwrite);
	}
	for (unsigned i = 1; i < last && !err; i++) {
		struct http_error_page *page = arena_calloc(&conf->arena, 1,
		    sizeof(*page));
		uint64_t status;

		if (!slice_to_u64(node->args[i], &status) ||
		    status < 300 || status > 599)
			return conf_fail(conf, node, 0,
			    "value \"%.*s\" must be between 300 and 599",
			    SLICE_ARG(node->args[i]));
		if (!page)
			return -ENOMEM;
		*page = (struct http_error_page){ (unsigned)status, overwrite,
		    uri, core->error_pages };
		core->error_pages = page;
	}
	core->error_pages_set = true;
	return err;
}

int http_set_error_log(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct http_core_record *core = record;

	(void)scope;
	if (!core->log)
		core->log = arena_calloc(&conf->arena, 1, sizeof(*core->log));
	return core->log ? conf_error_log(conf, node, core->log) : -ENOMEM;
}

/* ---- server_name ---- */

static bool http_name_wildcard_bad(struct slice name)
{
	const char *star = memchr(name.data, '*', name.len);
	size_t at;

	if (!star)
		return name.len == 1 && name.data[0] == '.';
	at = (size_t)(star - name.data);
	if (memchr(star + 1, '*', name.len - at - 1))
		return true;
	return !(at == 0 && name.len > 2 && name.data[1] == '.') &&
	    !(at == name.len - 1 && at > 1 && name.data[at - 1] == '.');
}

static int http_server_name_add(struct conf *conf,
    const struct conf_node *node, struct http_server *server,
    struct slice text)
{
	struct http_server_name *name = arena_calloc(&conf->arena, 1,
	    sizeof(*name));
	char *lower;

	if (!name)
		return -ENOMEM;
	name->name = text;
	*server->names_end = name;
	server->names_end = &name->next;
	if (text.len && text.data[0] == '~')
		return http_regex_compile(conf, node, slice_from(text, 1),
		    true, &name->regex);
	if (memchr(text.data, '/', text.len))
		conf_warn(conf, node, "server name \"%.*s\" has suspicious "
		    "symbols", SLICE_ARG(text));
	if (http_name_wildcard_bad(text))
		return conf_fail(conf, node, 0, "invalid server name or "
		    "wildcard \"%.*s\"", SLICE_ARG(text));
	lower = (char *)arena_copy(&conf->arena, text).data;
	if (!lower)
		return -ENOMEM;
	for (size_t i = 0; i < text.len; i++)
		lower[i] = (char)tolower((unsigned char)lower[i]);
	name->name.data = lower;
	return 0;
}

int http_set_server_name(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	int err = 0;

	(void)record;
	for (unsigned i = 1; i < node->argc && !err; i++)
		err = http_server_name_add(conf, node, scope->owner,
		    node->args[i]);
	return err;
}

/* ---- types ---- */

static struct http_type **http_type_slot(const struct http_core_record *core,
    struct slice extension)
{
	return &core->types[hash_bytes_nocase(extension, 0) &
	    (core->types_size - 1)];
}

struct slice http_content_type(const struct http_core_record *core,
    struct slice path)
{
	const char *dot = memrchr(path.data, '.', path.len);
	const char *slash = memrchr(path.data, '/', path.len);
	const char *name = slash ? slash + 1 : path.data;
	struct slice extension;

	/* ".name" is a name without an extension. */
	if (!dot || dot <= name)
		return core->default_type;
	extension = slice_from(path, (size_t)(dot + 1 - path.data));
	for (const struct http_type *type = *http_type_slot(core, extension);
	    type; type = type->next)
		if (slice_equal_nocase(type->extension, extension))
			return type->type;
	return core->default_type;
}

static int http_type_add(struct conf *conf, struct http_core_record *core,
    struct slice type, struct slice extension)
{
	struct http_type **slot = http_type_slot(core, extension);
	struct http_type *entry = arena_calloc(&conf->arena, 1,
	    sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	*entry = (struct http_type){ extension, type, *slot };
	*slot = entry;
	return 0;
}

/* A table with room for `count` types. */
static int http_types_new(struct conf *conf, struct http_core_record *core,
    unsigned count)
{
	core->types_size = HTTP_TYPES_SIZE_MIN;
	while (core->types_size < count * 2)
		core->types_size *= 2;
	core->types = arena_calloc(&conf->arena, core->types_size,
	    sizeof(*core->types));
	return core->types ? 0 : -ENOMEM;
}

int http_set_types(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct http_core_record *core = record;
	unsigned count = 0;
	int err;

	(void)scope;
	for (const struct conf_node *child = node->children; child;
	    child = child->next)
		count += child->argc - 1;
	err = http_types_new(conf, core, count);
	for (const struct conf_node *child = node->children; child && !err;
	    child = child->next) {
		if (child->block || child->argc < 2)
			return conf_fail(conf, child, 0, "invalid number of "
			    "arguments in \"types\" directive");
		for (unsigned i = 1; i < child->argc && !err; i++)
			err = http_type_add(conf, core, child->args[0],
			    child->args[i]);
	}
	return err;
}

static int http_types_default(struct conf *conf,
    struct http_core_record *core)
{
	int err = http_types_new(conf, core, 0);

	if (!err)
		err = http_type_add(conf, core, SLICE("text/html"),
		    SLICE("html"));
	if (!err)
		err = http_type_add(conf, core, SLICE("image/gif"),
		    SLICE("gif"));
	return err ? err : http_type_add(conf, core, SLICE("image/jpeg"),
	    SLICE("jpg"));
}

/* ---- merging ---- */

static int http_core_merge_first(struct conf *conf,
    struct http_core_record *core)
{
	const char *path;
	int err = 0;

	if (core->keepalive_timeout == CONF_UNSET)
		core->keepalive_timeout = 75 * 1000;
	if (core->keepalive_header == CONF_UNSET)
		core->keepalive_header = 0;
	if (!core->keepalive_disable)
		core->keepalive_disable = HTTP_NO_KEEPALIVE_MSIE6;
	if (!core->client_body_temp_path.data) {
		path = conf_directory(conf, SLICE("client_body_temp"));
		if (!path)
			return -ENOMEM;
		core->client_body_temp_path = slice_cstr(path);
	}
	if (!core->root_set) {
		path = conf_full_path(conf, SLICE("html"));
		if (!path)
			return -ENOMEM;
		err = http_value_compile(conf, NULL, slice_cstr(path),
		    &core->root);
	}
	if (!err && !core->types)
		err = http_types_default(conf, core);
	return err;
}

int http_server_merge(struct conf *conf, const void *parent, void *record)
{
	const struct http_server_record *from = parent;
	struct http_server_record *server = record;

	(void)conf;
	if (server->large_header_buffer_count)
		return 0;
	server->large_header_buffer_count = from ?
	    from->large_header_buffer_count : 4;
	server->large_header_buffer_size = from ?
	    from->large_header_buffer_size : 8 * 1024;
	return 0;
}

int http_core_merge(struct conf *conf, const void *parent, void *record)
{
	const struct http_core_record *from = parent;
	struct http_core_record *core = record;

	if (!from)
		return http_core_merge_first(conf, core);
	if (!core->root_set) {
		core->root = from->root;
		core->root_dots = from->root_dots;
		core->alias = from->alias;
		core->alias_len = from->alias_len;
		core->root_set = from->root_set;
	}
	if (!core->symlinks_set)
		core->symlinks_from = from->symlinks_from;
	if (!core->limit_rate.count)
		core->limit_rate = from->limit_rate;
	if (!core->limit_rate_after.count)
		core->limit_rate_after = from->limit_rate_after;
	if (!core->keepalive_disable)
		core->keepalive_disable = from->keepalive_disable;
	if (core->keepalive_timeout == CONF_UNSET)
		core->keepalive_timeout = from->keepalive_timeout;
	if (core->keepalive_header == CONF_UNSET)
		core->keepalive_header = from->keepalive_header;
	if (!core->client_body_temp_path.data)
		core->client_body_temp_path = from->client_body_temp_path;
	if (!core->types) {
		core->types = from->types;
		core->types_size = from->types_size;
	}
	if (!core->error_pages_set) {
		core->error_pages = from->error_pages;
		core->error_pages_set = from->error_pages_set;
	}
	if (!core->log)
		core->log = from->log;
	core->internal |= from->internal;
	return 0;
}
