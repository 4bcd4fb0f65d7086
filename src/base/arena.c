#include "base/arena.h"

#include <stdalign.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARENA_BLOCK_SIZE = 4096 };

struct arena_block {
	struct arena_block *next;
	alignas(max_align_t) char data[];
};

void arena_init(struct arena *arena, void *buffer, size_t size, size_t limit)
{
	char *end = size ? (char *)buffer + size : buffer;

	*arena = (struct arena){
		.next = buffer,
		.end = end,
		.left = limit,
		.first = buffer,
		.first_end = end,
		.limit = limit,
	};
}

void arena_fini(struct arena *arena)
{
	while (arena->blocks) {
		struct arena_block *block = arena->blocks;

		arena->blocks = block->next;
		free(block);
	}
}

void arena_reset(struct arena *arena)
{
	arena_fini(arena);
	arena->next = arena->first;
	arena->end = arena->first_end;
	arena->left = arena->limit;
}

/* A block of its own for large objects: what is left of the last one stays. */
static void *arena_alloc_block(struct arena *arena, size_t size)
{
	bool own = size > ARENA_BLOCK_SIZE / 4;
	size_t capacity = own ? size : ARENA_BLOCK_SIZE;
	struct arena_block *block;

	if (capacity > arena->left || size > SIZE_MAX - sizeof(*block))
		return NULL;
	block = malloc(sizeof(*block) + capacity);
	if (!block)
		return NULL;
	arena->left -= capacity;
	block->next = arena->blocks;
	arena->blocks = block;
	if (!own) {
		arena->next = block->data + size;
		arena->end = block->data + capacity;
	}
	return block->data;
}

void *arena_alloc_text(struct arena *arena, size_t size)
{
	char *p = arena->next;

	if (!p || size > (size_t)(arena->end - p))
		return arena_alloc_block(arena, size);
	arena->next = p + size;
	return p;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t align = alignof(max_align_t);
	size_t pad = -(uintptr_t)arena->next & (align - 1);

	if (arena->next && pad <= (size_t)(arena->end - arena->next))
		arena->next += pad;
	else
		arena->next = arena->end = NULL;
	return arena_alloc_text(arena, size);
}

void *arena_calloc(struct arena *arena, size_t count, size_t size)
{
	size_t total;
	void *p;

	if (__builtin_mul_overflow(count, size, &total))
		return NULL;
	p = arena_alloc(arena, total);
	return p ? memset(p, 0, total) : NULL;
}

struct slice arena_copy(struct arena *arena, struct slice s)
{
	char *p = s.len < SIZE_MAX ? arena_alloc_text(arena, s.len + 1) : NULL;

	if (!p)
		return (struct slice){ NULL, 0 };
	if (s.len)
		memcpy(p, s.data, s.len);
	p[s.len] = '\0';
	return (struct slice){ p, s.len };
}

struct slice arena_vprintf(struct arena *arena, const char *format,
    va_list args)
{
	va_list again;
	int len;
	char *p;

	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	p = len < 0 ? NULL : arena_alloc_text(arena, (size_t)len + 1);
	if (!p)
		return (struct slice){ NULL, 0 };
	(void)vsnprintf(p, (size_t)len + 1, format, args); /* sized above */
	return (struct slice){ p, (size_t)len };
}

struct slice arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args;
	struct slice s;

	va_start(args, format);
	s = arena_vprintf(arena, format, args);
	va_end(args);
	return s;
}
