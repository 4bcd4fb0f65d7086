/* The lists of the most frequent keys in a snapshot. */

#include <errno.h>

#include "metrics/snapshot_part.h"
#include "metrics/top.h"

/* own: requests that its bytes, time and errors are of */
static Ringmaster__V1__TopKey *top_key(struct snapshot *s,
    const struct metrics_top_entry *entry, uint64_t own)
{
	Ringmaster__V1__TopKey *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__top_key__init(ret);
	ret->key = snapshot_text(s, metrics_top_key(entry));
	ret->cut = entry->len > METRICS_TOP_KEY_MAX;
	ret->requests = entry->count;
	ret->over = entry->over;
	ret->bytes_sent = entry->bytes_out;
	if (own)
		ret->average_response_time =
		    snapshot_seconds(entry->duration_ns) / (double)own;
	ret->server_errors = entry->errors;
	return ret;
}

/* Take away from `*of` what there is; a torn copy can have less. */
static void top_less(uint64_t *of, uint64_t part)
{
	*of -= part < *of ? part : *of;
}

/* The first keys, and in `other` what is left then. */
static void top_keys(struct snapshot *s, const struct metrics_top_view *view,
    unsigned max, Ringmaster__V1__Top *ret)
{
	unsigned count = view->count < max ? view->count : max;
	struct metrics_top_entry other = { .count = view->requests,
		.bytes_out = view->bytes_out,
		.duration_ns = view->duration_ns, .errors = view->errors };

	ret->keys = snapshot_alloc(s, count, sizeof(*ret->keys));
	if (!ret->keys)
		return;
	for (unsigned i = 0; i < count; i++) {
		const struct metrics_top_entry *entry = &view->entries[i];

		uint64_t own = entry->count - entry->over;

		ret->keys[i] = top_key(s, entry, own);
		top_less(&other.count, own);
		top_less(&other.bytes_out, entry->bytes_out);
		top_less(&other.duration_ns, entry->duration_ns);
		top_less(&other.errors, entry->errors);
		other.over += entry->over;
	}
	ret->n_keys = count;
	if (other.over > other.count)
		other.over = other.count;
	ret->other = top_key(s, &other, other.count);
}

static Ringmaster__V1__Top *top_fill(struct snapshot *s,
    const struct metrics_top_view *view, unsigned keys)
{
	Ringmaster__V1__Top *ret = snapshot_alloc(s, 1, sizeof(*ret));

	if (!ret)
		return NULL;
	ringmaster__v1__top__init(ret);
	ret->name = snapshot_cstr(s, view->top.name, sizeof(view->top.name));
	ret->key = snapshot_cstr(s, view->top.key, sizeof(view->top.key));
	ret->size = (uint32_t)view->top.size;
	ret->since_unix_ns = view->top.since_real_ns;
	ret->requests = view->requests;
	ret->bytes_sent = view->bytes_out;
	ret->duration_seconds = snapshot_seconds(view->duration_ns);
	ret->server_errors = view->errors;
	top_keys(s, view, keys, ret);
	return ret;
}

int metrics_tops_fill(const struct metrics_segment *segment,
    struct arena *arena, unsigned keys,
    Ringmaster__V1__Top *ret[METRICS_TOPS_MAX])
{
	struct snapshot s = { .segment = segment, .arena = arena };
	int count = 0;

	for (unsigned id = 0; id < METRICS_TOPS_MAX; id++) {
		struct metrics_top_view view;
		int err = metrics_top_read(segment, id, arena, &view);

		if (err == 0)
			ret[count++] = top_fill(&s, &view, keys);
		if (err == -ENOMEM || s.failed)
			return -ENOMEM;
	}
	return count;
}

void snapshot_tops(struct snapshot *s, unsigned keys,
    Ringmaster__V1__Snapshot *ret)
{
	int count;

	ret->tops = snapshot_alloc(s, METRICS_TOPS_MAX, sizeof(*ret->tops));
	if (!ret->tops)
		return;
	count = metrics_tops_fill(s->segment, s->arena, keys, ret->tops);
	if (count < 0)
		s->failed = true;
	else
		ret->n_tops = (size_t)count;
}
