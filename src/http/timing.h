#ifndef RINGMASTER_HTTP_TIMING_H
#define RINGMASTER_HTTP_TIMING_H

#include "http/request.h"

/*
 * Where the time of a request goes, while it goes: its stages do not overlap,
 * and from the first to the last they leave nothing out. Only for requests
 * that are timed (request->timed); the others pay for one comparison.
 */

/* It begins to be read; its first byte came in the turn at `received_ns`. */
void http_timing_begin(struct http_request *request, uint64_t received_ns);

/* All since the last stage was this one. */
void http_timing_stage(struct http_request *request,
    enum metrics_stage stage);

/* It was answered: all since the last stage was sending. Keeps a record of a
 * request that is followed, see metrics/follow.h. */
void http_timing_end(struct http_request *request);

/* Of the stage under way, `ns` were another one. */
void http_timing_wait(struct http_request *request, enum metrics_stage stage,
    uint64_t ns);

/* ring_offload() on behalf of a request. [coroutine] */
int http_offload(struct http_request *request, void (*fn)(void *arg),
    void *arg);

#endif
