/*
 * Lists of the most frequent keys against exact counts, whatever clients
 * send: each key of more than N / k requests is there, and no count is too
 * high by more than that; in one worker and in all together, after reloads
 * and deaths.
 */
#include "segment_fixture.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>

#include "metrics/top.h"

enum {
	SIZE = 20,
	KEYS = 1000,
	REQUESTS = 20000,
	WORKERS = 3,
};

static uint64_t exact[KEYS];

static struct metrics_top_options options_of(const char *name,
    const char *key, unsigned size)
{
	return (struct metrics_top_options){ slice_cstr(name),
	    slice_cstr(key), size };
}

static void set_one(struct fixture *f, const char *name, const char *key,
    unsigned size)
{
	const struct metrics_top_options options = options_of(name, key,
	    size);
	unsigned id = 99;

	assert_int_equal(0, metrics_tops_set(f->segment, &options, 1, &id));
	assert_int_equal(0, id);
}

static struct metrics_writer *open_writer(struct fixture *f, unsigned slot)
{
	struct metrics_writer *writer;

	assert_int_equal(0, metrics_writer_open(f->segment, slot, &writer));
	return writer;
}

static void add(struct metrics_writer *writer, struct slice key)
{
	metrics_top_add(writer, 0, key, &(struct metrics_top_request){ 10,
	    1000, false });
}

/* A request with key number `n`, which costs n bytes; odd ones fail. */
static void add_number(struct metrics_writer *writer, unsigned n)
{
	char key[16];
	int len = snprintf(key, sizeof(key), "key %u", n);

	metrics_top_add(writer, 0, (struct slice){ key, (size_t)len },
	    &(struct metrics_top_request){ n, 1000 * n, n % 2 == 1 });
	exact[n]++;
}

static unsigned number_of(const struct metrics_top_entry *entry)
{
	unsigned n = 0;

	assert_int_equal(1, sscanf(entry->key, "key %u", &n));
	assert_true(n < KEYS);
	return n;
}

static void read_top(struct fixture *f, struct arena *arena,
    struct metrics_top_view *view)
{
	arena_init(arena, NULL, 0, 1 << 20);
	assert_int_equal(0, metrics_top_read(f->segment, 0, arena, view));
}

/* What the list promises of the requests in `exact`. */
static void check(struct fixture *f)
{
	struct metrics_top_view view;
	bool seen[KEYS] = { false };
	uint64_t all = 0, certain = 0;
	struct arena arena;

	read_top(f, &arena, &view);
	for (unsigned n = 0; n < KEYS; n++)
		all += exact[n];
	assert_int_equal(all, view.requests);
	for (unsigned i = 0; i < view.count; i++) {
		const struct metrics_top_entry *entry = &view.entries[i];
		uint64_t own = entry->count - entry->over;
		unsigned n = number_of(entry);

		assert_false(seen[n]);
		seen[n] = true;
		assert_true(entry->count >= exact[n] && own <= exact[n]);
		assert_true(entry->over <= all / view.top.size);
		assert_true(i == 0 || entry->count <= entry[-1].count);
		assert_int_equal(own * n, entry->bytes_out);
		assert_int_equal(own * n * 1000, entry->duration_ns);
		assert_int_equal(n % 2 ? own : 0, entry->errors);
		certain += own;
	}
	assert_true(certain <= all);
	for (unsigned n = 0; n < KEYS; n++)
		assert_true(seen[n] || exact[n] <= all / view.top.size);
	arena_fini(&arena);
}

/* ---- streams ---- */

/* The i-th key of a stream. */
typedef unsigned stream(unsigned i);

static unsigned skewed(unsigned i)	/* about 1 / n of them are key n */
{
	(void)i;
	return (unsigned)(pow(KEYS, (double)random() / RAND_MAX) - 1) % KEYS;
}

static unsigned uniform(unsigned i)
{
	(void)i;
	return (unsigned)random() % KEYS;
}

static unsigned in_turn(unsigned i)	/* one more than there is room for */
{
	return i % (SIZE + 1);
}

static unsigned heavy_then_new(unsigned i)	/* then nothing comes twice */
{
	return i < REQUESTS / 2 ? i % SIZE : SIZE + i % (KEYS - SIZE);
}

static unsigned new_then_heavy(unsigned i)
{
	return heavy_then_new(REQUESTS - 1 - i);
}

/* One key hides: between two of its requests come as many new ones as it
 * takes to push it out. */
static unsigned hiding(unsigned i)
{
	return i % (SIZE - 1) == 0 ? 0 : 1 + i % (KEYS - 1);
}

static unsigned few(unsigned i)
{
	return i % (SIZE / 2);
}

static stream *const streams[] = { skewed, uniform, in_turn, heavy_then_new,
	new_then_heavy, hiding, few };
enum { STREAMS = sizeof(streams) / sizeof(*streams) };

static void each_frequent_key_is_in_the_list(void **state)
{
	struct fixture *f = *state;

	for (unsigned s = 0; s < STREAMS; s++) {
		char key[16];
		struct metrics_writer *writer;
		unsigned slot;

		(void)snprintf(key, sizeof(key), "$key%u", s);
		set_one(f, "keys", key, SIZE);
		slot = fixture_slot(f, 0);
		writer = open_writer(f, slot);
		memset(exact, 0, sizeof(exact));
		for (unsigned i = 0; i < REQUESTS; i++) {
			add_number(writer, streams[s](i));
			if (i % 100 == 0)
				metrics_flush(writer);
		}
		metrics_writer_close(&writer);
		check(f);
		assert_int_equal(0, metrics_slot_release(f->segment, slot,
		    getpid(), NULL));
	}
}

/* Each worker has another stream; now and then one ends, and another goes on
 * in its slot. */
static void workers_are_added_up(void **state)
{
	struct fixture *f = *state;
	struct metrics_writer *writers[WORKERS];
	unsigned slots[WORKERS];

	set_one(f, "keys", "$key", SIZE);
	memset(exact, 0, sizeof(exact));
	for (unsigned i = 0; i < WORKERS; i++) {
		slots[i] = fixture_slot(f, i);
		writers[i] = open_writer(f, slots[i]);
	}
	for (unsigned i = 0; i < REQUESTS; i++) {
		unsigned w = (unsigned)random() % WORKERS;

		add_number(writers[w], streams[w](i));
		if (i % (REQUESTS / 8) != 0)
			continue;
		metrics_writer_close(&writers[w]);
		assert_int_equal(0, metrics_slot_release(f->segment,
		    slots[w], getpid(), NULL));
		slots[w] = fixture_slot(f, w);
		writers[w] = open_writer(f, slots[w]);
	}
	for (unsigned i = 0; i < WORKERS; i++)
		metrics_writer_close(&writers[i]);
	check(f);
}

/* ---- keys ---- */

static void a_key_is_any_bytes_and_all_of_them(void **state)
{
	static const char zeros[] = "a\0b";
	struct fixture *f = *state;
	struct metrics_writer *writer;
	struct metrics_top_view view;
	struct arena arena;
	char text[1000];

	set_one(f, "keys", "$key", SIZE);
	writer = open_writer(f, fixture_slot(f, 0));
	memset(text, 'x', sizeof(text));
	add(writer, (struct slice){ text, METRICS_TOP_KEY_MAX });
	add(writer, (struct slice){ text, METRICS_TOP_KEY_MAX + 1 });
	add(writer, (struct slice){ text, sizeof(text) });
	text[sizeof(text) - 1] = 'y';	/* beyond what is kept */
	add(writer, (struct slice){ text, sizeof(text) });
	add(writer, (struct slice){ text, sizeof(text) });
	add(writer, (struct slice){ zeros, 3 });
	add(writer, (struct slice){ zeros, 1 });
	metrics_flush(writer);
	read_top(f, &arena, &view);
	assert_int_equal(6, view.count);
	assert_int_equal(2, view.entries[0].count);
	for (unsigned i = 0; i < view.count; i++) {
		const struct metrics_top_entry *entry = &view.entries[i];
		struct slice key = metrics_top_key(entry);

		assert_true(key.len == entry->len ||
		    (key.len == METRICS_TOP_KEY_MAX && entry->len > key.len));
		assert_int_equal(0, entry->over);
	}
	arena_fini(&arena);
	metrics_writer_close(&writer);
}

/* ---- reloads ---- */

static uint64_t requests_of(struct fixture *f, unsigned id)
{
	struct metrics_top_view view;
	struct arena arena;
	uint64_t requests;
	int err;

	arena_init(&arena, NULL, 0, 1 << 20);
	err = metrics_top_read(f->segment, id, &arena, &view);
	requests = err ? UINT64_MAX : view.requests;
	if (err)
		assert_int_equal(-ENOENT, err);
	arena_fini(&arena);
	return requests;
}

static void the_same_list_goes_on_and_another_begins_anew(void **state)
{
	struct fixture *f = *state;
	struct metrics_writer *old, *new;

	assert_true(requests_of(f, 0) == UINT64_MAX);
	set_one(f, "keys", "$key", SIZE);
	old = open_writer(f, fixture_slot(f, 0));
	add(old, SLICE("a"));
	metrics_flush(old);

	set_one(f, "keys", "$key", SIZE);
	new = open_writer(f, fixture_slot(f, 0));
	add(new, SLICE("a"));
	add(old, SLICE("b"));	/* it drains */
	metrics_flush(old);
	metrics_flush(new);
	assert_int_equal(3, requests_of(f, 0));
	metrics_writer_close(&new);

	set_one(f, "keys", "$other", SIZE);
	assert_int_equal(0, requests_of(f, 0));
	add(old, SLICE("b"));
	metrics_writer_close(&old);
	assert_int_equal(0, requests_of(f, 0));
	set_one(f, "keys", "$key", SIZE);
	assert_int_equal(0, requests_of(f, 0));
	set_one(f, "keys", "$key", SIZE + 1);
	assert_int_equal(0, requests_of(f, 0));
	assert_int_equal(0, metrics_tops_set(f->segment, NULL, 0, NULL));
	assert_true(requests_of(f, 0) == UINT64_MAX);
}

static void lists_keep_their_places(void **state)
{
	struct fixture *f = *state;
	struct metrics_top_options options[METRICS_TOPS_MAX];
	unsigned ids[METRICS_TOPS_MAX], again[METRICS_TOPS_MAX];
	char names[METRICS_TOPS_MAX][8];
	struct metrics_writer *writer;

	for (unsigned i = 0; i < METRICS_TOPS_MAX; i++) {
		(void)snprintf(names[i], sizeof(names[i]), "top%u", i);
		options[i] = options_of(names[i], "$key",
		    METRICS_TOP_SIZE_MAX);
	}
	assert_int_equal(0, metrics_tops_set(f->segment, options,
	    METRICS_TOPS_MAX, ids));
	writer = open_writer(f, fixture_slot(f, 0));
	for (unsigned i = 0; i < METRICS_TOPS_MAX; i++)
		for (unsigned n = 0; n <= i; n++)
			metrics_top_add(writer, ids[i], SLICE("a"),
			    &(struct metrics_top_request){ 1, 1, false });
	metrics_writer_close(&writer);
	/* Without the first one, which comes back at the end. */
	assert_int_equal(0, metrics_tops_set(f->segment, options + 1,
	    METRICS_TOPS_MAX - 1, again));
	for (unsigned i = 1; i < METRICS_TOPS_MAX; i++) {
		assert_int_equal(ids[i], again[i - 1]);
		assert_int_equal(i + 1, requests_of(f, ids[i]));
	}
	assert_true(requests_of(f, ids[0]) == UINT64_MAX);
}

/* What a slot has no room for is not counted, and does no harm. */
static void a_slot_of_before_has_no_room(void **state)
{
	struct fixture *f = *state;
	struct metrics_writer *writer = open_writer(f, fixture_slot(f, 0));

	set_one(f, "keys", "$key", SIZE);
	add(writer, SLICE("a"));
	metrics_writer_close(&writer);
	assert_int_equal(0, requests_of(f, 0));
}

static void the_dashboard_is_not_counted(void **state)
{
	struct fixture *f = *state;
	struct metrics_writer *writer;
	int slot;

	set_one(f, "keys", "$key", SIZE);
	slot = metrics_slot_assign(f->segment, METRICS_KIND_DASHBOARD, 1, 0);
	assert_true(slot >= 0);
	writer = open_writer(f, (unsigned)slot);
	add(writer, SLICE("a"));
	metrics_writer_close(&writer);
	assert_int_equal(0, requests_of(f, 0));
}

/* ---- readers ---- */

static atomic_bool over;

/* Sees whole tables only, whatever a worker does meanwhile. */
static void *read_all(void *arg)
{
	struct fixture *f = arg;
	uint64_t last = 0;

	while (!atomic_load(&over)) {
		struct metrics_top_view view;
		struct arena arena;
		uint64_t sum = 0;

		read_top(f, &arena, &view);
		for (unsigned i = 0; i < view.count; i++)
			sum += view.entries[i].count;
		assert_int_equal(view.requests, sum);
		assert_int_equal(view.requests * 10,
		    view.bytes_out);
		assert_true(view.requests >= last);
		last = view.requests;
		arena_fini(&arena);
	}
	return NULL;
}

static void a_reader_sees_one_moment(void **state)
{
	struct fixture *f = *state;
	struct metrics_writer *writer;
	pthread_t thread;

	set_one(f, "keys", "$key", SIZE);
	writer = open_writer(f, fixture_slot(f, 0));
	atomic_store(&over, false);
	assert_int_equal(0, pthread_create(&thread, NULL, read_all, f));
	for (unsigned i = 0; i < REQUESTS; i++) {
		char key[16];
		int len = snprintf(key, sizeof(key), "%u", uniform(i));

		add(writer, (struct slice){ key, (size_t)len });
		if (i % 16 == 0)
			metrics_flush(writer);
	}
	atomic_store(&over, true);
	assert_int_equal(0, pthread_join(thread, NULL));
	metrics_writer_close(&writer);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, \
	fixture_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_frequent_key_is_in_the_list),
		TEST(workers_are_added_up),
		TEST(a_key_is_any_bytes_and_all_of_them),
		TEST(the_same_list_goes_on_and_another_begins_anew),
		TEST(lists_keep_their_places),
		TEST(a_slot_of_before_has_no_room),
		TEST(the_dashboard_is_not_counted),
		TEST(a_reader_sees_one_moment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
