/*
 * Who may ask, and who may change something. The rules are those of Fetch
 * Metadata (Sec-Fetch-Site) with what older browsers send as a substitute.
 */

#include "dashboard/access.h"

bool access_host(struct slice name, const struct slice *hosts, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (slice_equal(name, hosts[i]))
			return true;
	return false;
}

/* Is `url` an origin with `host`, or an address below it? Another scheme is
 * our own, too: what terminates TLS may stand in front of us. */
static bool access_own(struct slice url, struct slice host)
{
	static const struct slice schemes[] = { SLICE("http://"),
	    SLICE("https://") };

	for (unsigned i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		struct slice rest = slice_from(url, schemes[i].len);

		if (!slice_equal_nocase(slice_first(url, schemes[i].len),
			schemes[i]) || !host.len ||
		    !slice_equal_nocase(slice_first(rest, host.len), host))
			continue;
		rest = slice_from(rest, host.len);
		return rest.len == 0 || rest.data[0] == '/';
	}
	return false;
}

bool access_same_origin(struct slice origin, struct slice host)
{
	return access_own(origin, host);
}

/* By the headers that say from which site it came. */
static enum access_verdict access_site(const struct access_request *request)
{
	struct slice origin = request->origin, site = request->fetch_site;
	bool same_origin = slice_equal(site, SLICE("same-origin"));

	/* Without a referrer a browser says "null" even for our own form,
	 * and only Sec-Fetch-Site can tell it from a foreign one. */
	if (origin.len && !access_own(origin, request->host) &&
	    !(same_origin && slice_equal(origin, SLICE("null"))))
		return ACCESS_REFUSE;
	if (same_origin)
		return ACCESS_ALLOW;
	if (slice_equal(site, SLICE("none")))
		return request->post ? ACCESS_ALLOW : ACCESS_CONFIRM;
	if (site.len)
		return ACCESS_REFUSE;
	if (!origin.len && request->referer.len &&
	    !access_own(request->referer, request->host))
		return ACCESS_REFUSE;
	return ACCESS_ALLOW;
}

enum access_verdict access_change(const struct access_request *request)
{
	enum access_verdict verdict = access_site(request);

	if (verdict != ACCESS_ALLOW)
		return verdict;
	if (request->origin.len || request->referer.len ||
	    request->fetch_site.len) {
		if (!request->auth || request->token)
			return ACCESS_ALLOW;
		return request->post ? ACCESS_TOKEN : ACCESS_CONFIRM;
	}
	return !request->post && slice_starts(request->user_agent,
	    SLICE("Mozilla/")) ? ACCESS_CONFIRM : ACCESS_ALLOW;
}
