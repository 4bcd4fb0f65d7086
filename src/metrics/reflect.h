#ifndef RINGMASTER_METRICS_REFLECT_H
#define RINGMASTER_METRICS_REFLECT_H

#include <protobuf-c/protobuf-c.h>

#include "base/buf.h"

/* Protobuf-c messages through their descriptors. */

/* Bytes of a value of a type: of a pointer, for texts and messages. */
size_t reflect_value_size(ProtobufCType type);

/*
 * How many values a field holds: the number of a repeated one, 0 or 1 of a
 * message or a member of a oneof, 1 of any other.
 */
size_t reflect_count(const ProtobufCMessage *message,
    const ProtobufCFieldDescriptor *field);

/* Where value `i`, below reflect_count(), lies; see field->type for what. */
const void *reflect_value(const ProtobufCMessage *message,
    const ProtobufCFieldDescriptor *field, size_t i);

/* Value `i` of a field of type message. */
const ProtobufCMessage *reflect_message(const ProtobufCMessage *message,
    const ProtobufCFieldDescriptor *field, size_t i);

/* A text, which protobuf-c may give as NULL if it is empty. */
const char *reflect_text(const void *value);

/* A wall clock time in Unix nanoseconds: fixed64, named *_unix_ns. */
bool reflect_is_time(const ProtobufCFieldDescriptor *field);

/* Write such a time as RFC 3339 in UTC with milliseconds. */
void reflect_put_time(struct buf *out, uint64_t unix_ns);

/*
 * Write the value of an enum as people read it: "running" for
 * WORKER_STATE_RUNNING of WorkerState. A value without name gives its number.
 */
void reflect_put_enum(struct buf *out, const ProtobufCFieldDescriptor *field,
    int value);

/* The value of an enum from what reflect_put_enum() writes for it; false,
 * leaving *ret alone, if it is none. */
bool reflect_find_enum(const ProtobufCFieldDescriptor *field,
    struct slice text, int *ret);

/* Write the shortest decimal that reads back as `number`; it is finite. */
void reflect_put_double(struct buf *out, double number);

#endif
