#ifndef RINGMASTER_METRICS_JSON_H
#define RINGMASTER_METRICS_JSON_H

#include <protobuf-c/protobuf-c.h>

#include "base/buf.h"

/*
 * Any protobuf-c message as JSON, written from its descriptor: keys come in
 * the order of field numbers.
 *
 * There are two forms. The usual one is for people and scripts: snake_case
 * names, every field present, all numbers as numbers, NaN and infinities as
 * null, enum values in lower case without their prefix, bytes in hex, and a
 * time `x_unix_ns` as "x" (RFC 3339 with milliseconds, null for never) and
 * "x_unix_ms". The other is canonical ProtoJSON, which any protobuf library
 * reads back: lowerCamelCase, defaults left out, 64-bit integers as strings.
 */
struct json_options {
	bool canonical;		/* ProtoJSON; else the usual form */
	bool bins;		/* the usual form: bins of histograms, too */
};

/*
 * Append `message`. What is not valid UTF-8 in a text is written as \u00XX,
 * so that the output always is. Check out->failed afterwards.
 */
void json_write(struct buf *out, const ProtobufCMessage *message,
    const struct json_options *options);

/* Append `text` as a JSON string with its quotes. */
void json_write_text(struct buf *out, struct slice text);

#endif
