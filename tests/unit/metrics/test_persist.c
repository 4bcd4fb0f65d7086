#include "segment_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "metrics/lock.h"
#include "metrics/persist.h"
#include "metrics/samples.h"

/* A segment that has counted, the file it is kept in, and an empty one. */
struct world {
	struct fixture *f;
	struct arena arena;
	char file[128], other_path[128];
	struct metrics_segment *other;
	unsigned server, location, peer, zone;
	uint64_t seed;
	struct log log;
	struct log_file log_file;
};

static struct world world;

static int setup(void **state)
{
	struct fixture *f;

	(void)fixture_setup(state);
	f = *state;
	memset(&world, 0, sizeof(world));
	world.f = f;
	(void)snprintf(world.file, sizeof(world.file), "%s/counts.pb", f->dir);
	(void)snprintf(world.other_path, sizeof(world.other_path),
	    "%s/other", f->dir);
	assert_int_equal(0, metrics_segment_create(world.other_path,
	    &fixture_options, &world.other));
	arena_init(&world.arena, NULL, 0, 4 * (size_t)METRICS_PERSIST_ARENA);
	world.log_file.fd = open(f->dir, O_TMPFILE | O_RDWR, 0600);
	assert_true(world.log_file.fd >= 0);
	(void)log_add(&world.log, &world.log_file, LOG_LEVEL_NOTICE);
	return 0;
}

static int teardown(void **state)
{
	(void)close(world.log_file.fd);
	arena_fini(&world.arena);
	metrics_segment_close(&world.other);
	(void)unlink(world.other_path);
	(void)unlink(world.file);
	return fixture_teardown(state);
}

static void name_all(struct metrics_segment *segment, struct slice server)
{
	world.server = (unsigned)metrics_scope_id(segment,
	    METRICS_SCOPE_SERVER, 0, server);
	world.location = (unsigned)metrics_scope_id(segment,
	    METRICS_SCOPE_LOCATION, world.server, SLICE("/img/"));
	world.peer = (unsigned)metrics_peer_id(segment, SLICE("app"),
	    SLICE("10.0.0.1:80"));
	world.zone = (unsigned)metrics_zone_id(segment, SLICE("per_ip"));
}

/* Numbers that differ, in every word. */
static void fill(void *to, size_t size)
{
	metrics_word *words = to;

	for (size_t i = 0; i < size / 8; i++) {
		world.seed = world.seed * 6364136223846793005 + 1;
		words[i] = 1 + (world.seed >> 44);
	}
}

#define FILL(place) fill(&(place), sizeof(place))

static void count_everything(void)
{
	struct metrics_header *header = &world.f->segment->file->header;

	name_all(world.f->segment, SLICE("example.org\xff"));
	for (unsigned worker = 0; worker < 4; worker += 3) {
		unsigned index = fixture_slot(world.f, worker);
		struct metrics_slot *slot =
		    &world.f->segment->file->slots[index];

		FILL(slot->core.totals);
		/* Those without a name count together, as "other". */
		memset(&slot->core.totals.methods[4], 0,
		    (METRICS_METHODS - 4) * sizeof(uint64_t));
		FILL(slot->stages);
		FILL(slot->loop_lag);
		FILL(slot->pool_wait);
		FILL(slot->conn_age);
		FILL(slot->limits[world.zone]);
		FILL(slot->scopes[world.server]);
		FILL(slot->scopes[world.location]);
		FILL(slot->peers[world.peer]);
		FILL(slot->cpu_user_ns);
		FILL(slot->cpu_system_ns);
		assert_int_equal(0, metrics_slot_release(world.f->segment,
		    index, 0, NULL));
	}
	FILL(header->exits);
	FILL(header->respawns);
	FILL(header->reloads_ok);
	FILL(header->reloads_failed);
	FILL(header->drops);
	FILL(header->recoveries);
	FILL(world.f->segment->file->sessions.created);
	world.f->segment->file->sessions.expired =
	    world.f->segment->file->sessions.created;
	header->counted_real_ns = 1000;
}

static Ringmaster__V1__Snapshot *kept(void)
{
	Ringmaster__V1__Snapshot *ret = NULL;
	const char *wrong = "";

	assert_int_equal(0, metrics_persist_read(world.file, &world.arena,
	    &wrong, &ret));
	return ret;
}

static void keep_and_restore(void)
{
	assert_int_equal(0, metrics_persist_write(world.f->segment,
	    world.file));
	assert_int_equal(0, metrics_restore(world.other, kept(),
	    &world.log));
}

static const Ringmaster__V1__Snapshot *take(
    const struct metrics_segment *segment)
{
	const struct metrics_snapshot_options options = { .recent = 0 };
	Ringmaster__V1__Snapshot *snapshot;

	assert_int_equal(0, metrics_snapshot_fill(segment, &options,
	    &world.arena, &snapshot));
	return snapshot;
}

/* A line of each counter and histogram. */
static void put_sample(void *arg, const struct sample *sample)
{
	const Ringmaster__V1__Histogram *hist = sample->histogram;
	struct buf *out = arg;

	buf_append_cstr(out, sample->entry->json);
	for (size_t i = 0; i < sample->label_count; i++)
		buf_printf(out, " %s=%s", sample->labels[i].name,
		    sample->labels[i].value);
	if (hist) {
		buf_printf(out, " %lu %.17g %.17g %u", hist->count,
		    hist->sum_seconds, hist->max_seconds, hist->first_bin);
		for (size_t i = 0; i < hist->n_bins; i++)
			buf_printf(out, " %lu", hist->bins[i]);
	} else if (sample->is_integer) {
		buf_printf(out, " %lu", sample->integer);
	} else {
		buf_printf(out, " %.17g", sample->real);
	}
	buf_append_char(out, '\n');
}

static struct buf counts(const struct metrics_segment *segment)
{
	const Ringmaster__V1__Snapshot *snapshot = take(segment);
	struct buf out = buf_make(64 << 20);

	for (size_t i = 0; i < metrics_catalogue_count; i++) {
		const struct metrics_entry *entry = &metrics_catalogue[i];

		if (entry->kind == METRICS_KIND_COUNTER ||
		    entry->kind == METRICS_KIND_HISTOGRAM)
			samples_each(snapshot, entry, put_sample, &out);
	}
	assert_false(out.failed);
	return out;
}

static void every_counter_and_histogram_comes_back(void **state)
{
	struct buf before, after;

	(void)state;
	count_everything();
	/* With other names before them, and so other ids. */
	(void)metrics_scope_id(world.other, METRICS_SCOPE_SERVER, 0,
	    SLICE("other"));
	(void)metrics_peer_id(world.other, SLICE("app"), SLICE("10.0.0.2:80"));
	(void)metrics_zone_id(world.other, SLICE("per_server"));
	name_all(world.other, SLICE("example.org\xff"));
	before = counts(world.f->segment);
	keep_and_restore();
	after = counts(world.other);
	/* The other one has names without counts, too. */
	for (const char *line = before.data, *end;
	    line < before.data + before.len; line = end + 1) {
		end = strchr(line, '\n');
		if (!memmem(after.data, after.len, line,
		    (size_t)(end - line) + 1))
			fail_msg("lost: %.200s", line);
	}
	buf_free(&before);
	buf_free(&after);
	assert_int_equal(1000, take(world.other)->identity->counted_unix_ns);
	assert_string_equal(take(world.f->segment)->identity->instance,
	    take(world.other)->identity->instance);
}

static void what_is_gone_is_dropped_and_logged(void **state)
{
	char text[4096] = "";

	(void)state;
	count_everything();
	(void)metrics_scope_id(world.other, METRICS_SCOPE_SERVER, 0,
	    SLICE("example.net"));
	keep_and_restore();
	assert_true(pread(world.log_file.fd, text, sizeof(text) - 1, 0) > 0);
	assert_non_null(strstr(text, "server \"example.org%FF\""));
	assert_non_null(strstr(text,
	    "upstream server \"10.0.0.1:80\" of app"));
	assert_non_null(strstr(text, "zone \"per_ip\""));
	assert_null(strstr(text, "/img/"));
	assert_int_equal(take(world.f->segment)->total_requests,
	    take(world.other)->total_requests);
	assert_int_equal(0, take(world.other)->servers[0]->duration->count);
}

static void a_sum_never_goes_down(void **state)
{
	struct metrics_slot *slot;
	double before;

	(void)state;
	slot = &world.f->segment->file->slots[fixture_slot(world.f, 0)];
	for (uint64_t ns = 1; ns < UINT64_MAX / 16; ns = ns * 7 + 3) {
		slot->core.totals.durations[0].sum_ns = ns;
		before = take(world.f->segment)->http->duration->sum_seconds;
		metrics_segment_close(&world.other);
		assert_int_equal(0, metrics_segment_create(world.other_path,
		    &fixture_options, &world.other));
		keep_and_restore();
		assert_true(take(world.other)->http->duration->sum_seconds ==
		    before);
	}
}

/* ---- the file ---- */

static void check_bad(const char *expected)
{
	Ringmaster__V1__Snapshot *snapshot;
	const char *wrong = NULL;

	assert_int_equal(-EBADMSG, metrics_persist_read(world.file,
	    &world.arena, &wrong, &snapshot));
	if (expected)
		assert_string_equal(expected, wrong);
}

static void put_file(const void *bytes, size_t size)
{
	int fd = open(world.file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(size, write(fd, bytes, size));
	(void)close(fd);
}

static void a_file_that_is_not_whole_is_told(void **state)
{
	static char bytes[1 << 16];
	ssize_t size;
	int fd;

	(void)state;
	assert_int_equal(0, metrics_persist_write(world.f->segment,
	    world.file));
	fd = open(world.file, O_RDONLY);
	size = read(fd, bytes, sizeof(bytes));
	(void)close(fd);
	assert_in_range(size, 100, sizeof(bytes) - 1);
	for (ssize_t i = 0; i < size; i++) {
		put_file(bytes, (size_t)i);
		check_bad(NULL);
		bytes[i] ^= 0x10;
		put_file(bytes, (size_t)size);
		check_bad(NULL);
		bytes[i] ^= 0x10;
	}
	put_file(bytes, (size_t)size + 1);
	check_bad(NULL);
	put_file("hello", 5);
	check_bad("it was cut short, or is something else");
	put_file(bytes, (size_t)size);
	assert_non_null(kept());
}

static void a_file_can_be_too_large(void **state)
{
	(void)state;
	put_file("", 0);
	assert_int_equal(0, truncate(world.file, METRICS_PERSIST_BYTES_MAX));
	check_bad("it was cut short, or is something else");
	assert_int_equal(0, truncate(world.file,
	    METRICS_PERSIST_BYTES_MAX + 1));
	check_bad("it is too large");
}

static void check_refused(void)
{
	Ringmaster__V1__Snapshot *snapshot;
	const char *wrong;

	assert_int_equal(-EINVAL, metrics_persist_read(world.file,
	    &world.arena, &wrong, &snapshot));
	assert_int_equal(-EINVAL, metrics_persist_write(world.f->segment,
	    world.file));
}

static void only_regular_files_are_touched(void **state)
{
	Ringmaster__V1__Snapshot *snapshot;
	const char *wrong;

	(void)state;
	assert_int_equal(-ENOENT, metrics_persist_read(world.file,
	    &world.arena, &wrong, &snapshot));
	assert_int_equal(0, mkfifo(world.file, 0600));
	check_refused();
	(void)unlink(world.file);
	assert_int_equal(0, symlink("/dev/null", world.file));
	check_refused();
	(void)unlink(world.file);
	assert_int_equal(0, mkdir(world.file, 0700));
	check_refused();
	(void)rmdir(world.file);
}

static void a_full_disk_leaves_the_old_file(void **state)
{
	struct rlimit was, small = { 50, 50 };
	char name[160];

	(void)state;
	assert_int_equal(0, metrics_persist_write(world.f->segment,
	    world.file));
	(void)signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(0, getrlimit(RLIMIT_FSIZE, &was));
	small.rlim_max = was.rlim_max;
	assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &small));
	assert_int_equal(-EFBIG, metrics_persist_write(world.f->segment,
	    world.file));
	assert_int_equal(0, setrlimit(RLIMIT_FSIZE, &was));
	assert_non_null(kept());
	(void)snprintf(name, sizeof(name), "%s.new", world.file);
	assert_int_equal(-1, access(name, F_OK));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(every_counter_and_histogram_comes_back),
		TEST(what_is_gone_is_dropped_and_logged),
		TEST(a_sum_never_goes_down),
		TEST(a_file_that_is_not_whole_is_told),
		TEST(a_file_can_be_too_large),
		TEST(only_regular_files_are_touched),
		TEST(a_full_disk_leaves_the_old_file),
	};

	return cmocka_run_group_tests_name("persist", tests, NULL, NULL);
}
