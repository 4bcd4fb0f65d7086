/*
 * Who announces a load test has it alone while it lives, a dead one is no
 * hindrance, and what is no tag is none.
 */
#include "segment_fixture.h"

#include <errno.h>
#include <fcntl.h>

#include "metrics/follow.h"

static void a_tag_is_read_as_it_was_written(void **state)
{
	char tag[METRICS_FOLLOW_TAG];
	uint64_t run = 0, number = 0;

	(void)state;
	metrics_follow_format(UINT64_C(0xfedcba9876543210), 7, tag);
	assert_memory_equal(tag, "fedcba9876543210.0000000000000007",
	    sizeof(tag));
	assert_true(metrics_follow_parse((struct slice){ tag, sizeof(tag) },
	    &run, &number));
	assert_true(run == UINT64_C(0xfedcba9876543210));
	assert_int_equal(number, 7);
}

static void anything_else_is_no_tag(void **state)
{
	static const char *const wrong[] = { "", "1.2", ".",
		"fedcba9876543210.000000000000000",
		"fedcba9876543210.00000000000000077",
		"fedcba9876543210-0000000000000007",
		"FEDCBA9876543210.0000000000000007",
		"fedcba987654321g.0000000000000007",
		"fedcba9876543210.000000000000000 ",
		"fedcba9876543210.00000000000000.7",
		"-edcba9876543210.0000000000000007",
	};
	uint64_t run, number;

	(void)state;
	for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(metrics_follow_parse(slice_cstr(wrong[i]), &run,
		    &number));
}

static void there_is_one_at_a_time(void **state)
{
	struct fixture *f = *state;
	struct metrics_lease one = { .run = 1 }, other = { .run = 2 };

	assert_int_equal(metrics_follow_claim(f->segment, &one, 100), 0);
	assert_int_equal(metrics_follow_claim(f->segment, &other, 100),
	    -EBUSY);
	for (uint64_t now = 101; now < 110; now++) {
		assert_int_equal(metrics_follow_renew(f->segment, &one, now),
		    0);
		assert_int_equal(metrics_follow_claim(f->segment, &other, now +
		    METRICS_FOLLOW_LEASE_S - 1), -EBUSY);
	}
	metrics_follow_release(f->segment, &one);
	assert_int_equal(metrics_follow_claim(f->segment, &other, 110), 0);
	assert_int_equal(f->segment->file->header.follow_run, 2);
}

static void a_dead_owner_is_followed_by_the_next(void **state)
{
	struct fixture *f = *state;
	struct metrics_lease dead = { .run = 1 }, next = { .run = 2 };
	const struct metrics_header *header = &f->segment->file->header;

	assert_int_equal(metrics_follow_claim(f->segment, &dead, 100), 0);
	assert_int_equal(metrics_follow_claim(f->segment, &next,
	    100 + METRICS_FOLLOW_LEASE_S), 0);
	/* It was only stopped: it has lost, and disturbs nothing. */
	assert_int_equal(metrics_follow_renew(f->segment, &dead, 104),
	    -ESTALE);
	metrics_follow_release(f->segment, &dead);
	assert_int_equal(header->follow_run, 2);
	assert_int_equal(metrics_follow_renew(f->segment, &next, 104), 0);
	assert_int_equal(header->follow_until_s, 104 +
	    METRICS_FOLLOW_LEASE_S);
}

static void workers_see_what_is_announced(void **state)
{
	struct fixture *f = *state;
	struct metrics_lease lease = { .run = 1 };
	unsigned board = (unsigned)metrics_slot_assign(f->segment,
	    METRICS_KIND_DASHBOARD, 1, 0);
	struct metrics_writer *worker, *dashboard;

	assert_int_equal(metrics_writer_open(f->segment, fixture_slot(f, 0),
	    &worker), 0);
	assert_int_equal(metrics_writer_open(f->segment, board, &dashboard),
	    0);
	assert_int_equal(metrics_follow_look(worker, 100), 0);
	assert_int_equal(metrics_follow_claim(f->segment, &lease, 100), 0);
	assert_int_equal(metrics_follow_unaware(f->segment, 1), 1);
	assert_int_equal(metrics_follow_look(dashboard, 100), 0);
	assert_int_equal(metrics_follow_look(worker, 100), 1);
	assert_int_equal(metrics_follow_unaware(f->segment, 1), 0);
	/* Not renewed, it is over without anybody's doing. */
	assert_int_equal(metrics_follow_look(worker, 100 +
	    METRICS_FOLLOW_LEASE_S), 0);
	metrics_writer_close(&worker);
	metrics_writer_close(&dashboard);
}

static void records_are_read_once_and_the_newest_stay(void **state)
{
	static struct metrics_followed got[METRICS_FOLLOWED];
	struct fixture *f = *state;
	unsigned index = fixture_slot(f, 0);
	const struct metrics_slot *slot = &f->segment->file->slots[index];
	struct metrics_followed request = { .run = 1,
	    .stage_ns = { [METRICS_STAGE_SEND] = UINT64_C(5000000000) } };
	struct metrics_writer *writer;
	uint64_t next = 0;

	assert_int_equal(metrics_writer_open(f->segment, index, &writer), 0);
	for (; request.number < 3; request.number++)
		metrics_follow(writer, &request);
	assert_int_equal(metrics_slot_read_followed(slot, &next, got), 3);
	assert_int_equal(got[2].number, 2);
	assert_true(got[2].stage_ns[METRICS_STAGE_SEND] ==
	    UINT64_C(5000000000));
	assert_int_equal(metrics_slot_read_followed(slot, &next, got), 0);
	for (; request.number < METRICS_FOLLOWED + 10; request.number++)
		metrics_follow(writer, &request);
	assert_int_equal(metrics_slot_read_followed(slot, &next, got),
	    METRICS_FOLLOWED);
	assert_int_equal(got[0].number, 10);
	metrics_writer_close(&writer);
}

static void another_process_may_share_it(void **state)
{
	struct fixture *f = *state;
	struct metrics_segment *shared;
	struct metrics_lease lease = { .run = 1 };
	int fd = open(f->path, O_RDWR | O_CLOEXEC);

	assert_int_equal(metrics_segment_share(fd, &shared), 0);
	assert_int_equal(metrics_follow_claim(shared, &lease, 100), 0);
	assert_int_equal(f->segment->file->header.follow_run, 1);
	metrics_segment_close(&shared);
	fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_int_equal(metrics_segment_share(fd, &shared), -EPROTO);
	assert_int_equal(close(fd), 0);
}

int main(void)
{
#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_tag_is_read_as_it_was_written),
		TEST(anything_else_is_no_tag),
		TEST(there_is_one_at_a_time),
		TEST(a_dead_owner_is_followed_by_the_next),
		TEST(workers_see_what_is_announced),
		TEST(records_are_read_once_and_the_newest_stay),
		TEST(another_process_may_share_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
