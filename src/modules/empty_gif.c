/*
 * empty_gif: a picture of one transparent pixel, without a file.
 */

#include "http/conn.h"
#include "modules/modules.h"

/* GIF89a: screen of 1x1 with two colors, extension that makes the second one
 * transparent, image of that pixel, end. */
static const char empty_gif[] =
    "GIF89a" "\1\0\1\0\x80\1\0" "\0\0\0\xff\xff\xff"
    "!\xf9\4\1\0\0\1\0" ",\0\0\0\0\1\0\1\0\0" "\2\2L\1\0" ";";
_Static_assert(sizeof(empty_gif) == 43 + 1, "and a terminator");

enum { EMPTY_GIF_MODIFIED = 23349600 };	/* as nginx says */

static int empty_gif_answer(struct http_request *request)
{
	if (request->method != HTTP_METHOD_GET &&
	    request->method != HTTP_METHOD_HEAD) {
		request->response.allow = SLICE("GET, HEAD");
		return 405;
	}
	http_response_text(request, 200, SLICE("image/gif"),
	    SLICE(empty_gif));
	request->response.last_modified = EMPTY_GIF_MODIFIED;
	return HTTP_DONE;
}

static int empty_gif_set(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record)
{
	(void)conf, (void)node, (void)record;
	http_location_handle(scope, empty_gif_answer);
	return 0;
}

static const struct conf_directive empty_gif_directives[] = {
	{ .name = "empty_gif", .contexts = CONF_LOCATION,
	  .set = empty_gif_set, .help = "answer with an invisible picture" },
	{ .name = NULL },
};

const struct http_module http_empty_gif_module = {
	.table = { .name = "empty_gif",
	    .help = "answers with a transparent picture of one pixel, from "
	      "memory",
	    .directives = empty_gif_directives },
};
