/*
 * access: let clients in, or not, by their addresses. The first rule with the
 * client's address decides; without one the others are asked.
 */

#include <errno.h>

#include "http/cidr.h"
#include "http/conn.h"
#include "modules/modules.h"

struct access_rule {
	struct cidr cidr;
	bool all;			/* `cidr` is not used */
	bool deny;
	struct access_rule *next;
};

struct access_record {
	struct access_rule *rules, **end;
	bool ipv4;			/* there are rules for it */
};

extern const struct http_module http_access_module;

static bool access_rule_has(const struct access_rule *rule,
    sa_family_t family, const void *address)
{
	return rule->all || cidr_has(&rule->cidr, family, address);
}

static int access_decide(struct http_request *request,
    const struct access_record *record, sa_family_t family,
    const void *address)
{
	const struct access_rule *rule = record->rules;

	while (rule && !access_rule_has(rule, family, address))
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

static int access_check(struct http_request *request)
{
	const struct access_record *record = http_request_record(request,
	    &http_access_module.table);
	const union http_address *client;

	if (!record->rules)
		return HTTP_DECLINED;
	client = http_request_client(request);
	switch (client->any.sa_family) {
	case AF_INET:
		return access_decide(request, record, AF_INET,
		    &client->in.sin_addr);
	case AF_INET6:
		/* ::ffff:192.0.2.1 came by IPv4. */
		if (record->ipv4 &&
		    IN6_IS_ADDR_V4MAPPED(&client->in6.sin6_addr))
			return access_decide(request, record, AF_INET,
			    &client->in6.sin6_addr.s6_addr[12]);
		return access_decide(request, record, AF_INET6,
		    &client->in6.sin6_addr);
	case AF_UNIX:
		return access_decide(request, record, AF_UNIX, NULL);
	default:
		return 403;		/* who has gone has no address */
	}
}

/* ---- directives ---- */

static int access_set(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *arg)
{
	struct access_record *record = arg;
	struct slice text = node->args[1];
	struct access_rule *rule = arena_calloc(&conf->arena, 1,
	    sizeof(*rule));
	enum cidr_result result = CIDR_OK;

	(void)scope;
	if (!rule)
		return conf_fail(conf, node, ENOMEM, "access");
	rule->deny = slice_equal(node->args[0], SLICE("deny"));
	rule->all = slice_equal(text, SLICE("all"));
	if (!rule->all)
		result = cidr_parse(text, &rule->cidr);
	if (result == CIDR_INVALID)
		return conf_fail(conf, node, 0, "invalid parameter \"%s\"",
		    text.data);
	if (result == CIDR_LOW_BITS)
		(void)conf_warn(conf, node, "low address bits of %s are "
		    "meaningless", text.data); /* returns 0 */
	record->ipv4 = record->ipv4 || rule->all ||
	    rule->cidr.family == AF_INET;
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
	  .help = "let in an address, a block of them, \"unix:\", or all" },
	{ .name = "deny", .contexts = CONF_HTTP_ALL | CONF_LIMIT_EXCEPT,
	  .args_min = 1, .args_max = 1, .set = access_set,
	  .help = "keep out an address, a block of them, \"unix:\", or all" },
	{ .name = NULL },
};

const struct http_module http_access_module = {
	.table = {
		.name = "access",
		.directives = access_directives,
		.record_size = sizeof(struct access_record),
		.merge = access_merge,
	},
	.phase = { [HTTP_PHASE_ACCESS] = access_check },
};
