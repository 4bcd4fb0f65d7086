#include "segment_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "metrics/peaks.h"
#include "metrics/switches.h"

static void new_segment_is_private_to_owner_and_group(void **state)
{
	struct fixture *f = *state;
	struct stat status;

	assert_int_equal(0, stat(f->path, &status));
	assert_int_equal(0640, status.st_mode & 07777);
	assert_true(metrics_cache_enabled(f->segment));
}

static void new_segment_replaces_an_old_one_whose_users_go_on(void **state)
{
	struct fixture *f = *state;
	struct metrics_segment *old = f->segment;

	f->segment = NULL;
	assert_int_equal(0, metrics_segment_create(f->path, &fixture_options,
	    &f->segment));
	assert_true(metrics_segment_is_current(f->segment));
	assert_false(metrics_segment_is_current(old));
	assert_true(metrics_scope_id(old, METRICS_SCOPE_SERVER, 0,
	    SLICE("a")) > 0);
	assert_int_equal(METRICS_SCOPES_RESERVED,
	    metrics_scope_count(f->segment));
	metrics_segment_close(&old);
}

static void attached_segment_shares_totals_and_tells_new_version(void **state)
{
	struct fixture *f = *state;
	struct metrics_options options = fixture_options;
	struct metrics_segment *other;
	struct metrics_identity identity;

	options.version = "1.2.4";
	assert_int_equal(0, metrics_segment_attach(f->path, &options, &other));
	metrics_respawn_count(other);
	assert_int_equal(1, f->segment->file->header.respawns);
	assert_int_equal(0, metrics_identity_read(f->segment, &identity));
	assert_string_equal("1.2.4", identity.version);
	assert_string_equal("/etc/site.conf", identity.config_file);
	metrics_segment_close(&other);
}

/* Change the file, and expect that nobody opens it any more. */
static void check_refused(struct fixture *f, size_t offset, uint32_t value)
{
	struct metrics_segment *segment = NULL;
	int fd = open(f->path, O_WRONLY);

	assert_true(fd >= 0);
	assert_int_equal(sizeof(value), pwrite(fd, &value, sizeof(value),
	    (off_t)offset));
	(void)close(fd);
	assert_int_equal(-EPROTO, metrics_open_readonly(f->path, &segment));
	assert_int_equal(-EPROTO, metrics_segment_attach(f->path,
	    &fixture_options, &segment));
	assert_null(segment);
}

static void wrong_magic_is_refused(void **state)
{
	check_refused(*state, offsetof(struct metrics_header, magic), 1);
}

static void other_layout_version_is_refused(void **state)
{
	check_refused(*state, offsetof(struct metrics_header, layout),
	    METRICS_LAYOUT + 1);
}

static void other_layout_hash_is_refused(void **state)
{
	check_refused(*state, offsetof(struct metrics_header, layout_hash), 1);
}

static void file_cut_short_is_refused(void **state)
{
	struct fixture *f = *state;
	struct metrics_segment *segment;
	struct stat status;

	(void)fixture_slot(f, 0);
	assert_int_equal(0, metrics_open_readonly(f->path, &segment));
	metrics_segment_close(&segment);
	assert_int_equal(0, stat(f->path, &status));
	assert_int_equal(0, truncate(f->path,
	    offsetof(struct metrics_file, slots)));
	assert_int_equal(-EPROTO, metrics_open_readonly(f->path, &segment));
	assert_int_equal(0, truncate(f->path, 100));
	assert_int_equal(-EPROTO, metrics_open_readonly(f->path, &segment));
	assert_int_equal(0, truncate(f->path, 0));
	assert_int_equal(-EPROTO, metrics_open_readonly(f->path, &segment));
}

static void missing_file_is_an_error(void **state)
{
	struct metrics_segment *segment;

	(void)state;
	assert_int_equal(-ENOENT, metrics_open_readonly("/tmp/no/segment",
	    &segment));
	assert_int_equal(-ENOENT, metrics_segment_create("/tmp/no/segment",
	    &fixture_options, &segment));
}

static void same_scope_keeps_its_id(void **state)
{
	struct fixture *f = *state;
	int a = metrics_scope_id(f->segment, METRICS_SCOPE_SERVER, 0,
	    SLICE("a"));
	int b = metrics_scope_id(f->segment, METRICS_SCOPE_SERVER, 0,
	    SLICE("b"));
	int in_a = metrics_scope_id(f->segment, METRICS_SCOPE_LOCATION,
	    (unsigned)a, SLICE("/"));
	int in_b = metrics_scope_id(f->segment, METRICS_SCOPE_LOCATION,
	    (unsigned)b, SLICE("/"));

	assert_int_equal(METRICS_SCOPES_RESERVED, a);
	assert_true(a != b && b != in_a && in_a != in_b);
	assert_int_equal(a, metrics_scope_id(f->segment, METRICS_SCOPE_SERVER,
	    0, SLICE("a")));
	assert_int_equal(in_b, metrics_scope_id(f->segment,
	    METRICS_SCOPE_LOCATION, (unsigned)b, SLICE("/")));
}

static void long_scope_names_differ_in_what_is_cut_off(void **state)
{
	struct fixture *f = *state;
	char name[200];
	int first, second;

	memset(name, 'x', sizeof(name));
	first = metrics_scope_id(f->segment, METRICS_SCOPE_SERVER, 0,
	    (struct slice){ name, 199 });
	second = metrics_scope_id(f->segment, METRICS_SCOPE_SERVER, 0,
	    (struct slice){ name, 200 });
	assert_true(first > 0 && second > 0 && first != second);
}

static void scopes_beyond_the_limit_are_other(void **state)
{
	struct fixture *f = *state;
	char name[16];

	for (int i = METRICS_SCOPES_RESERVED; i < METRICS_SCOPES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "s%d", i);
		assert_int_equal(i, metrics_scope_id(f->segment,
		    METRICS_SCOPE_SERVER, 0, slice_cstr(name)));
	}
	assert_int_equal(0, f->segment->file->header.drops[
	    METRICS_TABLE_SCOPES]);
	assert_int_equal(METRICS_SCOPE_OTHER_SERVER, metrics_scope_id(
	    f->segment, METRICS_SCOPE_SERVER, 0, SLICE("more")));
	assert_int_equal(METRICS_SCOPE_OTHER_LOCATION, metrics_scope_id(
	    f->segment, METRICS_SCOPE_LOCATION, 3, SLICE("/")));
	assert_int_equal(2, f->segment->file->header.drops[
	    METRICS_TABLE_SCOPES]);
	assert_int_equal(METRICS_SCOPES_MAX - 1, metrics_scope_id(f->segment,
	    METRICS_SCOPE_SERVER, 0, slice_cstr(name)));
}

static void same_server_of_an_upstream_keeps_its_id(void **state)
{
	struct fixture *f = *state;
	int a = metrics_peer_id(f->segment, SLICE("a"), SLICE("127.0.0.1:1"));
	int b = metrics_peer_id(f->segment, SLICE("b"), SLICE("127.0.0.1:1"));
	int c = metrics_peer_id(f->segment, SLICE("a"), SLICE("127.0.0.1:2"));
	int zone = metrics_zone_id(f->segment, SLICE("a"));

	assert_int_equal(METRICS_NAMES_RESERVED, a);
	assert_true(a != b && a != c && b != c);
	assert_int_equal(a, metrics_peer_id(f->segment, SLICE("a"),
	    SLICE("127.0.0.1:1")));
	assert_int_equal(METRICS_NAMES_RESERVED, zone);
	assert_int_equal(zone, metrics_zone_id(f->segment, SLICE("a")));
	assert_int_equal(METRICS_NAMES_RESERVED + 3,
	    metrics_peer_count(f->segment));
}

static void servers_and_zones_beyond_their_limits_are_other(void **state)
{
	struct fixture *f = *state;
	char name[16];

	for (int i = METRICS_NAMES_RESERVED; i < METRICS_PEERS_MAX; i++) {
		(void)snprintf(name, sizeof(name), "p%d", i);
		assert_int_equal(i, metrics_peer_id(f->segment, SLICE("a"),
		    slice_cstr(name)));
	}
	assert_int_equal(METRICS_NAME_OTHER, metrics_peer_id(f->segment,
	    SLICE("a"), SLICE("more")));
	for (int i = METRICS_NAMES_RESERVED; i < METRICS_ZONES_MAX; i++) {
		(void)snprintf(name, sizeof(name), "z%d", i);
		assert_int_equal(i, metrics_zone_id(f->segment,
		    slice_cstr(name)));
	}
	assert_int_equal(1, f->segment->file->header.drops[
	    METRICS_TABLE_PEERS]);
	assert_int_equal(METRICS_NAME_OTHER, metrics_zone_id(f->segment,
	    SLICE("more")));
	assert_int_equal(1, f->segment->file->header.drops[
	    METRICS_TABLE_ZONES]);
}

static void last_marks_are_kept_in_order(void **state)
{
	struct fixture *f = *state;
	struct metrics_mark marks[METRICS_MARKS];
	char text[16];

	assert_int_equal(0, metrics_marks_read(f->segment, marks));
	for (int i = 0; i <= METRICS_MARKS; i++) {
		(void)snprintf(text, sizeof(text), "%d", i);
		assert_int_equal(0, metrics_mark(f->segment,
		    METRICS_MARK_RELOAD, slice_cstr(text)));
	}
	assert_int_equal(METRICS_MARKS, metrics_marks_read(f->segment, marks));
	assert_string_equal("1", marks[0].text);
	assert_string_equal("64", marks[METRICS_MARKS - 1].text);
	assert_true(marks[0].real_ns <= marks[METRICS_MARKS - 1].real_ns);
}

static void long_mark_is_cut(void **state)
{
	struct fixture *f = *state;
	struct metrics_mark marks[METRICS_MARKS];
	char text[METRICS_MARK_TEXT_MAX];

	memset(text, 'x', sizeof(text));
	assert_int_equal(0, metrics_mark(f->segment, METRICS_MARK_CRASH,
	    (struct slice){ text, sizeof(text) }));
	assert_int_equal(1, metrics_marks_read(f->segment, marks));
	assert_int_equal(METRICS_MARK_TEXT_MAX - 1, strlen(marks[0].text));
}

static void failed_reload_keeps_hash_and_time_of_the_last_good(void **state)
{
	struct fixture *f = *state;
	struct metrics_reload good, bad;

	assert_int_equal(0, metrics_reload_result(f->segment, true, 77,
	    SLICE("")));
	assert_int_equal(0, metrics_reload_read(f->segment, &good));
	assert_int_equal(0, metrics_reload_result(f->segment, false, 88,
	    SLICE("unknown directive")));
	assert_int_equal(0, metrics_reload_read(f->segment, &bad));
	assert_int_equal(0, bad.ok);
	assert_int_equal(77, bad.config_hash);
	assert_int_equal(good.real_ns, bad.ok_real_ns);
	assert_string_equal("unknown directive", bad.error);
}

static void cache_switch_marks_only_changes(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(0, metrics_cache_switch(f->segment, true));
	assert_int_equal(0, f->segment->file->header.mark_count);
	assert_int_equal(0, metrics_cache_switch(f->segment, false));
	assert_false(metrics_cache_enabled(f->segment));
	assert_int_equal(1, f->segment->file->header.mark_count);
}

static void cache_flush_changes_the_epoch_and_marks(void **state)
{
	struct metrics_mark marks[METRICS_MARKS];
	struct fixture *f = *state;
	uint32_t epoch = metrics_cache_epoch(f->segment);

	assert_int_equal(0, metrics_cache_flush(f->segment));
	assert_int_not_equal(epoch, metrics_cache_epoch(f->segment));
	assert_true(metrics_cache_enabled(f->segment));
	assert_int_equal(1, metrics_marks_read(f->segment, marks));
	assert_int_equal(METRICS_MARK_CACHE_FLUSH, marks[0].kind);
}

static void the_peak_is_of_all_workers_at_once(void **state)
{
	struct fixture *f = *state;
	struct metrics_slot *slots = f->segment->file->slots;
	unsigned first = fixture_slot(f, 0), second = fixture_slot(f, 1);

	slots[first].core.gauges.values[METRICS_IDLE] = 3;
	slots[first].core.gauges.values[METRICS_READING] = 1;
	slots[second].core.gauges.values[METRICS_WRITING] = 2;
	metrics_peaks_update(f->segment);
	assert_int_equal(6, f->segment->file->header.connections_peak);
	slots[first].core.gauges.values[METRICS_IDLE] = 0;
	slots[second].core.gauges.values[METRICS_WRITING] = 4;
	metrics_peaks_update(f->segment);
	assert_int_equal(6, f->segment->file->header.connections_peak);
}

static void slots_end_at_the_limit(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < METRICS_SLOTS; i++)
		assert_int_equal(i, fixture_slot(f, i));
	assert_int_equal(-ENOSPC, metrics_slot_assign(f->segment,
	    METRICS_KIND_WORKER, 1, METRICS_SLOTS));
	assert_int_equal(1, f->segment->file->header.drops[
	    METRICS_TABLE_SLOTS]);
	assert_int_equal(0, metrics_slot_release(f->segment, 7, getpid(),
	    NULL));
	assert_int_equal(7, fixture_slot(f, METRICS_SLOTS));
}

static void free_slot_goes_to_its_former_worker_number(void **state)
{
	struct fixture *f = *state;

	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(i, fixture_slot(f, i));
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(0, metrics_slot_release(f->segment, i, 1,
		    NULL));
	assert_int_equal(2, fixture_slot(f, 2));
	assert_int_equal(4, fixture_slot(f, 2));
	assert_int_equal(5, metrics_slot_assign(f->segment,
	    METRICS_KIND_DASHBOARD, 1, 3));
	assert_int_equal(3, fixture_slot(f, 3));
}

/* In a child, because a limit cannot be raised again. */
static void in_child(void (*run)(struct fixture *), struct fixture *f)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		run(f);
		_exit(0);
	}
	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_true(WIFEXITED(status));
	assert_int_equal(0, WEXITSTATUS(status));
}

static void limit_file_size(size_t size)
{
	struct rlimit limit = { size, size };

	(void)signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
		_exit(9);
}

static void create_without_room(struct fixture *f)
{
	struct metrics_segment *segment;
	char path[128];

	limit_file_size(4096);
	(void)snprintf(path, sizeof(path), "%s2", f->path);
	if (metrics_segment_create(path, &fixture_options, &segment) != -EFBIG)
		_exit(1);
	if (access(path, F_OK) == 0)
		_exit(2);
	(void)strcat(path, ".new");
	if (access(path, F_OK) == 0)
		_exit(3);
}

static void assign_without_room(struct fixture *f)
{
	limit_file_size(offsetof(struct metrics_file, slots[1]));
	if (metrics_slot_assign(f->segment, METRICS_KIND_WORKER, 1, 0) != 0)
		_exit(1);
	if (metrics_slot_assign(f->segment, METRICS_KIND_WORKER, 1, 1) !=
	    -EFBIG)
		_exit(2);
	if (metrics_slot_count(f->segment) != 1)
		_exit(3);
}

static void no_room_for_a_segment_is_an_error(void **state)
{
	in_child(create_without_room, *state);
}

static void no_room_for_a_slot_is_an_error(void **state)
{
	in_child(assign_without_room, *state);
}

static void write_readonly(struct fixture *f)
{
	struct metrics_segment *segment;

	(void)signal(SIGSEGV, SIG_DFL);
	if (metrics_open_readonly(f->path, &segment) == 0)
		segment->file->header.cache_enabled = 0;
}

static void reader_cannot_change_the_segment(void **state)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		write_readonly(*state);
		_exit(0);
	}
	assert_int_equal(pid, waitpid(pid, &status, 0));
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

static void the_log_level_is_marked_when_it_changes(void **state)
{
	struct fixture *f = *state;
	struct metrics_mark marks[METRICS_MARKS];

	assert_int_equal(METRICS_LEVEL_CONFIGURED,
	    metrics_log_level(f->segment));
	for (unsigned i = 0; i < 2; i++)
		assert_int_equal(0, metrics_log_switch(f->segment,
		    LOG_LEVEL_DEBUG, SLICE("ann")));
	assert_int_equal(LOG_LEVEL_DEBUG, metrics_log_level(f->segment));
	assert_int_equal(1, metrics_marks_read(f->segment, marks));
	assert_string_equal("debug, by ann", marks[0].text);
	metrics_log_reset(f->segment);
	assert_int_equal(METRICS_LEVEL_CONFIGURED,
	    metrics_log_level(f->segment));
	f->segment->file->header.log_level = LOG_LEVEL_DEBUG + 1;
	assert_int_equal(METRICS_LEVEL_CONFIGURED,
	    metrics_log_level(f->segment));
}

static void a_worker_that_runs_can_be_replaced_once(void **state)
{
	struct fixture *f = *state;
	unsigned slot = fixture_slot(f, 127);
	struct metrics_slot *slots = f->segment->file->slots;

	assert_int_equal(-ENOENT, metrics_drain_want(f->segment, 127,
	    SLICE("ann")));
	slots[slot].pid = (uint32_t)getpid();
	assert_int_equal(-ENOENT, metrics_drain_want(f->segment, 126,
	    SLICE("ann")));
	assert_int_equal(-ENOENT, metrics_drain_want(f->segment,
	    METRICS_WORKERS_MAX, SLICE("ann")));
	assert_false(metrics_drain_take(f->segment, 127));
	assert_int_equal(getpid(), metrics_drain_want(f->segment, 127,
	    SLICE("ann")));
	assert_false(metrics_drain_take(f->segment, 63));
	assert_true(metrics_drain_take(f->segment, 127));
	assert_false(metrics_drain_take(f->segment, 127));
	metrics_slot_drain(f->segment, slot);
	assert_int_equal(-EBUSY, metrics_drain_want(f->segment, 127,
	    SLICE("ann")));
	slots[slot].pid = 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(new_segment_is_private_to_owner_and_group),
		TEST(new_segment_replaces_an_old_one_whose_users_go_on),
		TEST(attached_segment_shares_totals_and_tells_new_version),
		TEST(wrong_magic_is_refused),
		TEST(other_layout_version_is_refused),
		TEST(other_layout_hash_is_refused),
		TEST(the_log_level_is_marked_when_it_changes),
		TEST(a_worker_that_runs_can_be_replaced_once),
		TEST(file_cut_short_is_refused),
		TEST(missing_file_is_an_error),
		TEST(same_scope_keeps_its_id),
		TEST(long_scope_names_differ_in_what_is_cut_off),
		TEST(scopes_beyond_the_limit_are_other),
		TEST(same_server_of_an_upstream_keeps_its_id),
		TEST(servers_and_zones_beyond_their_limits_are_other),
		TEST(last_marks_are_kept_in_order),
		TEST(long_mark_is_cut),
		TEST(failed_reload_keeps_hash_and_time_of_the_last_good),
		TEST(cache_switch_marks_only_changes),
		TEST(cache_flush_changes_the_epoch_and_marks),
		TEST(the_peak_is_of_all_workers_at_once),
		TEST(slots_end_at_the_limit),
		TEST(free_slot_goes_to_its_former_worker_number),
		TEST(no_room_for_a_segment_is_an_error),
		TEST(no_room_for_a_slot_is_an_error),
		TEST(reader_cannot_change_the_segment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
