/*
 * access: let clients in, or not, by their addresses. The first rule with the
 * client's address decides; without one the others are asked.
 */

#include <errno.h>

#include "http/address.h"
#include "http/conn.h"
#include "modules/modules.h"

struct access_rule {
	struct http_network network;
	bool all;			/* `network` is not used */
	bool deny;
	struct access_rule *next;
};

struct access_record {
	struct access_rule *rules, **end;
};

extern const struct http_module http_access_module;

static int access_check(struct http_request *request)
{
	const struct access_record *record = http_request_record(request,
	    &http_access_module.table);
	const struct access_rule *rule = record->rules;
	const union http_address *client;

	if (!rule)
		return HTTP_DECLINED;
	client = http_request_client(request);
	/* It was reset before it was asked for: it may be anybody's. */
	if (client->any.sa_family == AF_UNSPEC)
		return 403;
	while (rule && !rule->all && !http_network_has(&rule->network, client))
		rule = rule->next;
	if (!rule)
		return HTTP_DECLINED;
	if (!rule->deny)
		return HTTP_ALLOWED;
	if (request->location->core->satisfy == HTTP_SATISFY_ALL)
		http_log(request, LOG_LEVEL_ERROR, 0,
		    "access forbidden by rule");
	return 403;
}

/* ---- directives ---- */

static int access_set(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct access_record *record = arg;
	struct slice text = node->args[1];
	struct access_rule *rule = arena_calloc(&conf->arena, 1,
	    sizeof(*rule));
	enum http_network_result result = HTTP_NETWORK_GOOD;

	(void)scope;
	if (!rule)
		return conf_fail(conf, node, ENOMEM, "access");
	rule->deny = slice_equal(node->args[0], SLICE("deny"));
	rule->all = slice_equal(text, SLICE("all"));
	if (slice_equal(text, SLICE("unix:")))
		rule->network = (struct http_network){ .family = AF_UNIX };
	else if (!rule->all)
		result = http_network_parse(text, &rule->network);
	if (result == HTTP_NETWORK_BAD)
		return conf_fail(conf, node, 0, "invalid parameter \"%s\"",
		    text.data);
	if (result == HTTP_NETWORK_LOW_BITS)
		(void)conf_warn(conf, node, "low address bits of %s are "
		    "meaningless", text.data); /* returns 0 */
	if (!record->end)
		record->end = &record->rules;
	*record->end = rule;
	record->end = &rule->next;
	return 0;
}

static int access_merge(struct conf *conf, const void *parent, void *arg)
{
	struct access_record *record = arg;

	(void)conf;
	if (parent && !record->rules)
		*record = *(const struct access_record *)parent;
	return 0;
}

static const struct conf_directive access_directives[] = {
	{ .name = "allow", .contexts = CONF_HTTP_ALL | CONF_LIMIT_EXCEPT,
	  .args_min = 1, .args_max = 1, .set = access_set,
	  .syntax = "ADDRESS | NETWORK | unix: | all",
	  .help = "let in an address, a block of them, \"unix:\", or all" },
	{ .name = "deny", .contexts = CONF_HTTP_ALL | CONF_LIMIT_EXCEPT,
	  .args_min = 1, .args_max = 1, .set = access_set,
	  .syntax = "ADDRESS | NETWORK | unix: | all",
	  .help = "keep out an address, a block of them, \"unix:\", or all" },
	{ .name = NULL },
};

const struct http_module http_access_module = {
	.table = {
		.name = "access",
		.help = "lets clients in or keeps them out by their "
		    "address; the first rule that fits decides",
		.directives = access_directives,
		.record_size = sizeof(struct access_record),
		.merge = access_merge,
	},
	.phase = { [HTTP_PHASE_ACCESS] = access_check },
};
