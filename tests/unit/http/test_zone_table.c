/* Tables in memory that processes share: full, evicted, and torn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/zone_table.h"

enum { SIZE = 64 * 1024, KEYS = 4096 };

static int setup(void **state)
{
	*state = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (*state == MAP_FAILED)
		return -1;
	return zone_table_init(*state, SIZE);
}

static int teardown(void **state)
{
	return munmap(*state, SIZE);
}

static struct zone_key key_of(const struct zone_table *table, const char *text)
{
	struct zone_key key;

	assert_int_equal(zone_key_make(table, slice_cstr(text), &key), 0);
	return key;
}

static struct zone_key key_number(const struct zone_table *table, unsigned i)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "key %u", i);
	return key_of(table, text);
}

static void test_keys(void **state)
{
	static const char *const texts[] = { "a", "b", "ab",
		"123456789012345678901234", "1234567890123456789012345",
		"1234567890123456789012346" };
	struct zone_table *table = *state;
	enum { COUNT = sizeof(texts) / sizeof(*texts) };

	assert_int_equal(zone_table_lock(table), 0);
	for (uint64_t i = 0; i < COUNT; i++) {
		struct zone_key key = key_of(table, texts[i]);

		assert_null(zone_table_find(table, &key, NULL));
		zone_table_add(table, &key)->data[0] = i;
	}
	for (uint64_t i = 0; i < COUNT; i++) {
		struct zone_key key = key_of(table, texts[i]);
		struct zone_record *record = zone_table_find(table, &key,
		    NULL);

		assert_int_equal(record->data[0], i);
		assert_null(zone_table_find(table, &key, record));
	}
	zone_table_unlock(table);
}

/* Zeros in a key count, too. */
static void test_keys_with_zeros(void **state)
{
	struct zone_table *table = *state;
	struct zone_key one, two;

	assert_int_equal(zone_key_make(table, (struct slice){ "a", 1 }, &one),
	    0);
	assert_int_equal(zone_key_make(table, (struct slice){ "a\0", 2 },
	    &two), 0);
	assert_int_equal(zone_table_lock(table), 0);
	assert_non_null(zone_table_add(table, &one));
	assert_null(zone_table_find(table, &two, NULL));
	zone_table_unlock(table);
}

static void test_several_records_of_a_key(void **state)
{
	struct zone_table *table = *state;
	struct zone_key key = key_of(table, "k");
	struct zone_record *record = NULL;
	unsigned count = 0;

	assert_int_equal(zone_table_lock(table), 0);
	for (int i = 0; i < 3; i++)
		assert_non_null(zone_table_add(table, &key));
	while ((record = zone_table_find(table, &key, record)))
		count++;
	assert_int_equal(count, 3);
	zone_table_unlock(table);
}

/* How many there is room for, all of them found again. */
static unsigned fill(struct zone_table *table)
{
	unsigned count = 0;
	struct zone_key key;

	for (;;) {
		key = key_number(table, count);
		if (!zone_table_add(table, &key))
			break;
		count++;
	}
	for (unsigned i = 0; i < count; i++) {
		key = key_number(table, i);
		assert_non_null(zone_table_find(table, &key, NULL));
	}
	return count;
}

static void empty(struct zone_table *table)
{
	struct zone_record *record;

	while ((record = zone_table_oldest(table)))
		zone_table_remove(table, record);
}

static void test_full_and_again(void **state)
{
	struct zone_table *table = *state;
	unsigned count;

	assert_int_equal(zone_table_lock(table), 0);
	count = fill(table);
	assert_in_range(count, SIZE / 72, SIZE / 64);
	assert_int_equal(table->used, count);
	assert_int_equal(table->full, 1);
	empty(table);
	assert_int_equal(table->used, 0);
	assert_int_equal(table->peak, count);
	assert_int_equal(fill(table), count);
	assert_int_equal(table->full, 2);
	zone_table_unlock(table);
}

static void test_the_order_of_use(void **state)
{
	struct zone_table *table = *state;
	struct zone_record *records[3];

	assert_int_equal(zone_table_lock(table), 0);
	assert_null(zone_table_oldest(table));
	for (unsigned i = 0; i < 3; i++) {
		struct zone_key key = key_number(table, i);

		records[i] = zone_table_add(table, &key);
	}
	assert_ptr_equal(zone_table_oldest(table), records[0]);
	zone_table_touch(table, records[0]);
	zone_table_touch(table, records[0]);
	assert_ptr_equal(zone_table_oldest(table), records[1]);
	assert_ptr_equal(zone_table_newer(table, records[1]), records[2]);
	assert_ptr_equal(zone_table_newer(table, records[2]), records[0]);
	assert_null(zone_table_newer(table, records[0]));
	zone_table_remove(table, records[2]);
	assert_ptr_equal(zone_table_newer(table, records[1]), records[0]);
	zone_table_unlock(table);
}

/* Change the table without pause, until killed. */
static void change(struct zone_table *table)
{
	for (unsigned i = 0;; i++) {
		struct zone_key key = key_number(table, i * 2654435761U %
		    KEYS);
		struct zone_record *record;

		if (zone_table_lock(table))
			_exit(1);
		record = zone_table_find(table, &key, NULL);
		if (!record)
			record = zone_table_add(table, &key);
		else if (i % 3)
			zone_table_touch(table, record);
		else
			zone_table_remove(table, record);
		if (!record)
			zone_table_remove(table, zone_table_oldest(table));
		zone_table_unlock(table);
	}
}

static void kill_one(struct zone_table *table, unsigned after_us)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		change(table);
	(void)usleep(after_us);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

/* Each record is found by its key, and the order holds all of them. */
static unsigned check(struct zone_table *table)
{
	struct zone_record *record = zone_table_oldest(table);
	unsigned in_order = 0, found = 0;

	for (; record; record = zone_table_newer(table, record))
		in_order++;
	for (unsigned i = 0; i < KEYS; i++) {
		struct zone_key key = key_number(table, i);

		record = zone_table_find(table, &key, NULL);
		found += record != NULL;
		assert_true(!record || !zone_table_find(table, &key, record));
	}
	assert_int_equal(found, in_order);
	assert_int_equal(found, table->used);
	return found;
}

static void test_killed_at_any_instant(void **state)
{
	struct zone_table *table = *state;
	unsigned count;

	assert_int_equal(zone_table_lock(table), 0);
	count = fill(table);
	empty(table);
	zone_table_unlock(table);
	for (unsigned i = 0; i < 300; i++) {
		kill_one(table, 500 + i * 7);
		assert_int_equal(zone_table_lock(table), 0);
		(void)check(table);
		zone_table_unlock(table);
	}
	assert_true(table->recoveries > 0);
	/* No record was lost. */
	assert_int_equal(zone_table_lock(table), 0);
	empty(table);
	assert_int_equal(fill(table), count);
	zone_table_unlock(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_keys, setup, teardown),
		cmocka_unit_test_setup_teardown(test_keys_with_zeros, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(
		    test_several_records_of_a_key, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_and_again, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_the_order_of_use, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(test_killed_at_any_instant,
		    setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
