/*
 * proxy: what Location, Refresh and Set-Cookie of an answer become, so that
 * they mean to the client what they meant to the proxy.
 */

#include "modules/proxy.h"

#include <stdio.h>

enum { PROXY_ATTRIBUTES_MAX = 32 };	/* of a cookie that is rewritten */

/* ---- rules ---- */

/* How much of the beginning of `value` a rule stands for: -1 if none. A
 * domain is always meant as a whole. */
static ssize_t proxy_rule_match(struct http_request *request,
    const struct proxy_rewrite *rule, struct slice value, bool domain)
{
	struct slice pattern;

	if (rule->regex) {
		if (http_regex_match(rule->regex, value) <= 0 ||
		    http_regex_capture(request, rule->regex, value))
			return -1;
		return (ssize_t)value.len;
	}
	pattern = http_value_get(request, &rule->pattern);
	if (domain)
		return slice_equal_nocase(value, pattern) ?
		    (ssize_t)value.len : -1;
	return slice_starts(value, pattern) ? (ssize_t)pattern.len : -1;
}

/* `value` behind its first `prefix` bytes by the first rule that matches;
 * itself if none does. `data` is NULL without memory. */
static struct slice proxy_rewrite(struct proxy *proxy,
    const struct proxy_rewrite *rules, struct slice value, size_t prefix)
{
	struct http_request *request = proxy->request;
	struct slice rest = slice_from(value, prefix);

	for (; rules; rules = rules->next) {
		ssize_t len = proxy_rule_match(request, rules, rest, false);
		struct slice to;

		if (len < 0)
			continue;
		to = http_value_get(request, &rules->replacement);
		return arena_printf(&request->arena, "%.*s%.*s%.*s",
		    (int)prefix, value.data, SLICE_ARG(to),
		    SLICE_ARG(slice_from(rest, (size_t)len)));
	}
	return value;
}

struct slice proxy_rewrite_location(struct proxy *proxy, struct slice value,
    bool refresh)
{
	size_t prefix = 0;

	if (refresh) {
		struct slice mark = SLICE("url=");

		while (prefix + mark.len <= value.len &&
		    !slice_equal_nocase((struct slice){ value.data + prefix,
			mark.len }, mark))
			prefix++;
		if (prefix + mark.len > value.len)
			return value;
		prefix += mark.len;
	}
	return proxy_rewrite(proxy, proxy->record->redirects, value, prefix);
}

/* ---- cookies ---- */

struct proxy_attribute {
	struct slice key, value;	/* value.data NULL: there is no '=' */
};

struct proxy_cookie {
	struct proxy_attribute all[PROXY_ATTRIBUTES_MAX + 3];
	unsigned count;
};

static struct slice proxy_trim(struct slice s)
{
	while (s.len && s.data[0] == ' ')
		s = slice_from(s, 1);
	while (s.len && s.data[s.len - 1] == ' ')
		s.len--;
	return s;
}

/* Take "NAME=VALUE; KEY=VALUE; KEY" apart; false if there is too much. */
static bool proxy_cookie_parse(struct slice text, struct proxy_cookie *cookie)
{
	cookie->count = 0;
	for (;;) {
		const char *end = text.len ?
		    memchr(text.data, ';', text.len) : NULL;
		struct slice one = end ? slice_first(text,
		    (size_t)(end - text.data)) : text;
		const char *sign = one.len ?
		    memchr(one.data, '=', one.len) : NULL;
		struct proxy_attribute *attribute =
		    &cookie->all[cookie->count];

		if (cookie->count++ == PROXY_ATTRIBUTES_MAX)
			return false;
		*attribute = (struct proxy_attribute){ .key = proxy_trim(one) };
		if (sign) {
			size_t len = (size_t)(sign - one.data);

			attribute->key = proxy_trim(slice_first(one, len));
			attribute->value = proxy_trim(slice_from(one,
			    len + 1));
		}
		if (!end)
			return true;
		text = slice_from(text, one.len + 1);
	}
}

static bool proxy_attribute_rewrite(struct proxy *proxy,
    const struct proxy_rewrite *rules, bool domain,
    struct proxy_attribute *attribute)
{
	struct http_request *request = proxy->request;
	struct slice value = attribute->value;

	if (domain && slice_starts(value, SLICE(".")))
		value = slice_from(value, 1);
	for (; rules; rules = rules->next) {
		bool whole = domain && !rules->regex;
		ssize_t len = proxy_rule_match(request, rules, whole ? value :
		    attribute->value, whole);
		struct slice to;

		if (len < 0)
			continue;
		to = http_value_get(request, &rules->replacement);
		if (whole)
			attribute->value = arena_printf(&request->arena,
			    "%s%.*s", value.len < attribute->value.len ? "." :
			    "", SLICE_ARG(to));
		else
			attribute->value = arena_printf(&request->arena,
			    "%.*s%.*s", SLICE_ARG(to), SLICE_ARG(slice_from(
			    attribute->value, (size_t)len)));
		return true;
	}
	return false;
}

/* ---- flags ---- */

enum {
	FLAG_SECURE = 1 << 0,
	FLAG_NO_SECURE = 1 << 1,
	FLAG_HTTPONLY = 1 << 2,
	FLAG_NO_HTTPONLY = 1 << 3,
	FLAG_STRICT = 1 << 4,
	FLAG_LAX = 1 << 5,
	FLAG_NONE = 1 << 6,
	FLAG_NO_SAMESITE = 1 << 7,
};

static const struct conf_enum proxy_flag_words[] = {
	{ "secure", FLAG_SECURE }, { "nosecure", FLAG_NO_SECURE },
	{ "httponly", FLAG_HTTPONLY }, { "nohttponly", FLAG_NO_HTTPONLY },
	{ "samesite=strict", FLAG_STRICT }, { "samesite=lax", FLAG_LAX },
	{ "samesite=none", FLAG_NONE }, { "nosamesite", FLAG_NO_SAMESITE },
	{ NULL, 0 },
};

/* What the first rule for the cookie `name` asks for. */
static unsigned proxy_cookie_flags(struct proxy *proxy, struct slice name)
{
	const struct proxy_flags *rule = proxy->record->cookie_flags;
	unsigned flags = 0;

	while (rule && !(rule->regex ? http_regex_match(rule->regex, name) > 0 :
	    slice_equal_nocase(name, http_value_get(proxy->request,
		&rule->name))))
		rule = rule->next;
	if (rule && rule->regex && http_regex_capture(proxy->request,
	    rule->regex, name))
		return 0;
	for (unsigned i = 0; rule && i < rule->count; i++) {
		struct slice flag = http_value_get(proxy->request,
		    &rule->flags[i]);
		const struct conf_enum *word = proxy_flag_words;

		while (word->name && !slice_equal_nocase(flag,
		    slice_cstr(word->name)))
			word++;
		if (word->name)
			flags |= (unsigned)word->value;
	}
	return flags;
}

static struct slice proxy_samesite(unsigned flags)
{
	if (flags & FLAG_STRICT)
		return SLICE("Strict");
	if (flags & FLAG_LAX)
		return SLICE("Lax");
	return flags & FLAG_NONE ? SLICE("None") : (struct slice){ NULL, 0 };
}

/* Apply to one attribute; returns the flags that are still to be added. */
static unsigned proxy_flags_apply(struct proxy_attribute *attribute,
    unsigned flags)
{
	const unsigned same = FLAG_STRICT | FLAG_LAX | FLAG_NONE;
	const struct slice none = { NULL, 0 };

	if (slice_equal_nocase(attribute->key, SLICE("secure"))) {
		if (!(flags & FLAG_SECURE) && flags & FLAG_NO_SECURE)
			attribute->key = none;
		return flags & ~(unsigned)FLAG_SECURE;
	}
	if (slice_equal_nocase(attribute->key, SLICE("httponly"))) {
		if (!(flags & FLAG_HTTPONLY) && flags & FLAG_NO_HTTPONLY)
			attribute->key = none;
		return flags & ~(unsigned)FLAG_HTTPONLY;
	}
	if (!slice_equal_nocase(attribute->key, SLICE("samesite")))
		return flags;
	if (flags & same) {
		if (!slice_equal_nocase(attribute->value,
		    proxy_samesite(flags))) {
			attribute->key = SLICE("SameSite");
			attribute->value = proxy_samesite(flags);
		}
	} else if (flags & FLAG_NO_SAMESITE) {
		attribute->key = none;
	}
	return flags & ~same;
}

static void proxy_attribute_add(struct proxy_cookie *cookie, struct slice key,
    struct slice value)
{
	cookie->all[cookie->count++] = (struct proxy_attribute){ key, value };
}

static void proxy_flags_edit(struct proxy_cookie *cookie, unsigned flags)
{
	const struct slice none = { NULL, 0 };

	for (unsigned i = 1; i < cookie->count; i++)
		flags = proxy_flags_apply(&cookie->all[i], flags);
	if (flags & FLAG_SECURE)
		proxy_attribute_add(cookie, SLICE("Secure"), none);
	if (flags & FLAG_HTTPONLY)
		proxy_attribute_add(cookie, SLICE("HttpOnly"), none);
	if (proxy_samesite(flags).data)
		proxy_attribute_add(cookie, SLICE("SameSite"),
		    proxy_samesite(flags));
}

/* ---- all of a cookie ---- */

static struct slice proxy_cookie_text(struct proxy *proxy,
    const struct proxy_cookie *cookie)
{
	size_t len = 0;
	char *text;

	for (unsigned i = 0; i < cookie->count; i++)
		len += cookie->all[i].key.len + cookie->all[i].value.len + 3;
	text = arena_alloc_text(&proxy->request->arena, len + 1);
	if (!text)
		return (struct slice){ NULL, 0 };
	len = 0;
	for (unsigned i = 0; i < cookie->count; i++) {
		const struct proxy_attribute *a = &cookie->all[i];

		if (!a->key.data)
			continue;
		len += (size_t)sprintf(text + len, "%s%.*s%s%.*s",
		    i ? "; " : "", SLICE_ARG(a->key), a->value.data ? "=" : "",
		    (int)a->value.len, a->value.data ? a->value.data : "");
	}
	return (struct slice){ text, len };
}

struct slice proxy_rewrite_cookie(struct proxy *proxy, struct slice value)
{
	const struct proxy_record *record = proxy->record;
	struct proxy_cookie cookie;
	bool changed = false;
	unsigned flags;

	if (!record->cookie_domains && !record->cookie_paths &&
	    !record->cookie_flags)
		return value;
	if (!proxy_cookie_parse(value, &cookie) || !cookie.all[0].value.data)
		return value;
	for (unsigned i = 1; i < cookie.count; i++) {
		struct proxy_attribute *a = &cookie.all[i];

		if (a->value.data && slice_equal_nocase(a->key,
		    SLICE("domain")))
			changed |= proxy_attribute_rewrite(proxy,
			    record->cookie_domains, true, a);
		if (a->value.data && slice_equal_nocase(a->key,
		    SLICE("path")))
			changed |= proxy_attribute_rewrite(proxy,
			    record->cookie_paths, false, a);
	}
	flags = proxy_cookie_flags(proxy, cookie.all[0].key);
	if (flags)
		proxy_flags_edit(&cookie, flags);
	return changed || flags ? proxy_cookie_text(proxy, &cookie) : value;
}
