#ifndef RINGMASTER_BASE_ARENA_H
#define RINGMASTER_BASE_ARENA_H

#include <stdarg.h>

#include "base/slice.h"

struct arena_block;

/*
 * Memory that is freed as a whole. A request's arena begins in a buffer on
 * its coroutine's stack, so that a usual request never calls malloc.
 * Not for use by two threads at once.
 */
struct arena {
	char *next;			/* first free byte */
	char *end;
	struct arena_block *blocks;	/* heap blocks, newest first */
	size_t left;			/* heap bytes that may still be taken */
	char *first;			/* the caller's buffer, or NULL */
	char *first_end;
	size_t limit;
};

/*
 * Begin an arena in the caller's `buffer` (NULL and 0 for none; it must
 * outlive the arena), which then takes up to `limit` bytes from the heap.
 */
void arena_init(struct arena *arena, void *buffer, size_t size, size_t limit);

/* Free all that was allocated, and be as arena_init() left it. */
void arena_reset(struct arena *arena);

/* Free all that was allocated. */
void arena_fini(struct arena *arena);

/*
 * `size` bytes aligned for any object, not cleared; valid until reset.
 * Returns NULL beyond the limit or when the heap is exhausted.
 */
void *arena_alloc(struct arena *arena, size_t size);

/* The same, without alignment: for text. */
void *arena_alloc_text(struct arena *arena, size_t size);

/* The same as arena_alloc(), cleared; NULL if count * size overflows. */
void *arena_calloc(struct arena *arena, size_t count, size_t size);

/* A copy of `s` with a terminator behind it; `data` is NULL on failure. */
struct slice arena_copy(struct arena *arena, struct slice s);

/* Formatted text with a terminator behind it; `data` is NULL on failure. */
struct slice arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct slice arena_vprintf(struct arena *arena, const char *format,
    va_list args) __attribute__((format(printf, 2, 0)));

#endif
