/*
 * split_clients: a variable that has each of some values for a share of the
 * clients, by a hash of a text: who has got which is the same as in nginx.
 */

#include <errno.h>

#include "http/variable.h"
#include "modules/modules.h"

enum { SPLIT_WHOLE = 10000 };		/* 100 % in hundredths */

struct split_part {
	unsigned share;			/* hundredths of a percent; 0: rest */
	uint32_t below;			/* hashes less than this, ... */
	bool rest;			/* ... or all that are left */
	struct slice value;
	struct split_part *next;
};

struct split {
	struct http_value key;
	struct split_part *parts;
};

/* ---- requests ---- */

static uint32_t split_load(struct slice s)
{
	uint32_t word = 0;

	for (size_t i = 0; i < s.len; i++)
		word |= (uint32_t)(uint8_t)s.data[i] << 8 * i;
	return word;
}

/* MurmurHash2 with seed 0. */
static uint32_t split_hash(struct slice s)
{
	const uint32_t factor = 0x5bd1e995;
	uint32_t hash = (uint32_t)s.len;

	for (; s.len >= 4; s = slice_from(s, 4)) {
		uint32_t word = split_load(slice_first(s, 4)) * factor;

		hash = (hash * factor) ^ ((word ^ word >> 24) * factor);
	}
	if (s.len)
		hash = (hash ^ split_load(s)) * factor;
	hash = (hash ^ hash >> 13) * factor;
	return hash ^ hash >> 15;
}

static bool split_make(struct http_request *request, void *arg,
    struct slice *ret)
{
	const struct split *split = arg;
	const struct split_part *part = split->parts;
	struct slice key = http_value_get(request, &split->key);
	uint32_t hash;

	if (!key.data)
		return false;
	hash = split_hash(key);
	while (part && !part->rest && hash >= part->below)
		part = part->next;
	*ret = part ? part->value : SLICE("");
	return true;
}

/* ---- configuration ---- */

/* "12.34%" in hundredths; false if it is none, or 0. */
static bool split_percent(struct slice text, unsigned *ret)
{
	struct slice number = slice_first(text, text.len - 1);
	unsigned digits = 0, value = 0, decimals = 0;
	bool point = false;

	if (!slice_ends(text, SLICE("%")))
		return false;
	for (size_t i = 0; i < number.len; i++) {
		char c = number.data[i];

		if (c == '.' && !point) {
			point = true;
			continue;
		}
		if (c < '0' || c > '9' || decimals == 2 || value > SPLIT_WHOLE)
			return false;
		value = value * 10 + (unsigned)(c - '0');
		decimals += point;
		digits++;
	}
	for (; decimals < 2; decimals++)
		value *= 10;
	*ret = value;
	return digits && value;
}

static int split_add(struct conf *conf, const struct conf_node *node,
    struct split_part **ret)
{
	struct split_part *part = arena_calloc(&conf->arena, 1,
	    sizeof(*part));

	if (!part)
		return -ENOMEM;
	if (node->block)
		return conf_fail(conf, node, 0, "unexpected \"{\"");
	if (node->argc != 2)
		return conf_fail(conf, node, 0,
		    "invalid number of the split_clients parameters");
	if (!slice_equal(node->args[0], SLICE("*")) &&
	    !split_percent(node->args[0], &part->share))
		return conf_fail(conf, node, 0,
		    "invalid percent value \"%.*s\"",
		    SLICE_ARG(node->args[0]));
	part->value = node->args[1];
	*ret = part;
	return 0;
}

/* Divide the hashes among the parts. */
static int split_divide(struct conf *conf, const struct conf_node *node,
    struct split *split)
{
	unsigned sum = 0;
	uint32_t below = 0;

	for (struct split_part *part = split->parts; part;
	    part = part->next) {
		sum = part->share ? sum + part->share : SPLIT_WHOLE;
		if (sum > SPLIT_WHOLE)
			return conf_fail(conf, node, 0,
			    "percent total is greater than 100%%");
		below += (uint32_t)((uint64_t)part->share * UINT32_MAX /
		    SPLIT_WHOLE);
		part->below = below;
		part->rest = sum == SPLIT_WHOLE;
	}
	return 0;
}

static int split_set(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	struct split *split = arena_calloc(&conf->arena, 1, sizeof(*split));
	const struct conf_node *child = node->children;
	struct split_part **end;
	struct http_variable *variable;
	int err;

	(void)scope, (void)record;
	if (!split)
		return -ENOMEM;
	err = http_value_compile(conf, node, node->args[1], &split->key);
	if (!err)
		err = http_variable_define_word(conf, node, node->args[2],
		    &variable);
	for (end = &split->parts; child && !err; child = child->next) {
		err = split_add(conf, child, end);
		if (!err)
			end = &(*end)->next;
	}
	if (!err)
		err = split_divide(conf, node, split);
	if (err)
		return err;
	variable->make = split_make;
	variable->arg = split;
	return 0;
}

static const struct conf_directive split_directives[] = {
	{ .name = "split_clients", .contexts = CONF_HTTP, .args_min = 2,
	  .args_max = 2, .block = true, .set = split_set,
	  .syntax = "TEXT $VARIABLE",
	  .help = "a variable that differs between shares of clients" },
	{ .name = NULL },
};

const struct http_module http_split_clients_module = {
	.table = {
		.name = "split_clients",
		.help = "divides clients into shares, for tests of one "
		    "version against another",
		.directives = split_directives,
	},
};
