/*
 * Variants belong to the loop's thread, as the cache does. Whoever makes one
 * or waits for it holds the file, so the list outlives them.
 */

#include "http/file_variant.h"

#include <errno.h>
#include <stdlib.h>

#include "http/conn.h"

struct file_variant {
	struct file_variant *next;
	uint64_t key;
	struct slice bytes;		/* from malloc() */
	int error;			/* -EINPROGRESS: it is being made */
	struct ring_event made;
};

static struct file_variant *variant_add(struct file *file, uint64_t key)
{
	struct file_variant *variant = NULL;
	unsigned count = 0;

	for (variant = file->variants; variant; variant = variant->next)
		count++;
	if (count < FILE_VARIANTS_MAX)
		variant = calloc(1, sizeof(*variant));
	if (!variant)
		return NULL;
	variant->key = key;
	variant->error = -EINPROGRESS;
	variant->next = file->variants;
	file->variants = variant;
	return variant;
}

int file_variant_get(struct http_request *request, struct file *file,
    uint64_t key, const struct file_variant_maker *maker, struct slice *ret)
{
	struct file_variant *variant = file->variants;

	while (variant && variant->key != key)
		variant = variant->next;
	if (!variant) {
		if (!maker || !file->listed ||
		    file->size > FILE_VARIANT_SOURCE_MAX)
			return -ENOENT;
		variant = variant_add(file, key);
		if (!variant)
			return -ENOMEM;
		variant->error = maker->make(request, file, maker->arg,
		    &variant->bytes);
		file_cache_grown(request->worker->files, file,
		    sizeof(*variant) + variant->bytes.len);
		ring_event_wake(&variant->made);
	}
	while (variant->error == -EINPROGRESS) {
		struct ring_waiter waiter = { .next = NULL };

		if (!maker)
			return -ENOENT;
		(void)ring_event_wait(request->worker->ring, &variant->made,
		    &waiter, RING_NO_DEADLINE); /* looked at again */
	}
	if (variant->error == 0)
		*ret = variant->bytes;
	return variant->error;
}

void file_variants_free(struct file *file)
{
	while (file->variants) {
		struct file_variant *variant = file->variants;

		file->variants = variant->next;
		free((void *)(uintptr_t)variant->bytes.data);
		free(variant);
	}
}
