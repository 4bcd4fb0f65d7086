/*
 * The files of the page, as they are or compressed. Each form has a strong
 * tag of its own, by which a browser asks whether it is still the one.
 */

#include "dashboard/assets.h"

#include "dashboard/answer.h"
#include "http/header.h"

static const struct asset *asset_find(struct slice path)
{
	for (unsigned i = 0; i < dashboard_asset_count; i++)
		if (slice_equal(dashboard_assets[i].path, path))
			return &dashboard_assets[i];
	return NULL;
}

static bool asset_wants_gzip(const struct http_request *request)
{
	struct slice accepted = http_request_header(request,
	    SLICE("accept-encoding"));
	unsigned gzip = http_coding_weight(accepted, SLICE("gzip"));

	return gzip && gzip >= http_coding_weight(accepted,
	    SLICE("identity"));
}

int dashboard_asset(struct http_request *request)
{
	const struct asset *asset = asset_find(request->uri);
	bool gzip = asset_wants_gzip(request);
	const struct asset_body *body;

	if (!asset)
		return dashboard_error(request, 404, "There is no such page.");
	if (!(DASHBOARD_METHODS_READ >> request->method & 1)) {
		request->response.allow = SLICE("GET, HEAD");
		return dashboard_error(request, 405,
		    "The method is not one of: GET, HEAD.");
	}
	if (http_response_add(request, SLICE("Vary"),
		SLICE("Accept-Encoding")) ||
	    (gzip && http_response_add(request, SLICE("Content-Encoding"),
		SLICE("gzip"))))
		return 500;
	body = gzip ? &asset->gzip : &asset->plain;
	http_response_text(request, 200, asset->type, body->data);
	request->response.etag = body->etag;
	return HTTP_DONE;
}
