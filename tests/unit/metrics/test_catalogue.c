/* What the catalogue promises to those who write documents from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "metrics.pb-c.h"
#include "metrics/catalogue.h"

static const struct metrics_entry *find(const char *json)
{
	for (size_t i = 0; i < metrics_catalogue_count; i++)
		if (strcmp(metrics_catalogue[i].json, json) == 0)
			return &metrics_catalogue[i];
	fail_msg("no entry %s", json);
	return NULL;
}

static void the_seed_keys_come_first(void **state)
{
	static const char *const keys[] = {
		"active_clients", "total_requests", "average_response_time",
		"recent_requests", "cache_enabled", "cache_hits",
		"cache_misses", "unique_sessions", "thread_pool_size",
		"queue_size",
	};

	(void)state;
	for (unsigned i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_string_equal(
		    ringmaster__v1__snapshot__descriptor.fields[i].name,
		    keys[i]);
}

static void an_entry_knows_all_about_its_number(void **state)
{
	const struct metrics_entry *entry = find("servers[].codes[].count");

	(void)state;
	assert_string_equal(entry->prom, "ringmaster_http_requests_total");
	assert_int_equal(entry->kind, METRICS_KIND_COUNTER);
	assert_int_equal(entry->level, METRICS_LEVEL_BASIC);
	assert_string_equal(entry->unit, "requests");
	assert_string_equal(entry->family_help, "Ended requests by status.");
	assert_ptr_equal(entry->message,
	    &ringmaster__v1__code_count__descriptor);
	assert_int_equal(entry->path_len, 3);
	assert_int_equal(entry->path[0], 19);
	assert_int_equal(entry->label_count, 2);
	assert_string_equal(entry->labels[1].name, "code");
	assert_string_equal(entry->labels[1].zero, "other");
	assert_int_equal(entry->labels[1].depth, 2);
}

static void levels_of_outer_fields_count(void **state)
{
	(void)state;
	assert_int_equal(find("workers[].ring.ops[].count")->level,
	    METRICS_LEVEL_FULL);
	assert_int_equal(find("http.stages.send")->level,
	    METRICS_LEVEL_STANDARD);
}

static void times_are_named_as_json_shows_them(void **state)
{
	(void)state;
	assert_string_equal(find("identity.started")->prom,
	    "ringmaster_start_time_seconds");
}

static void every_path_and_help_is_good(void **state)
{
	(void)state;
	for (size_t i = 0; i < metrics_catalogue_count; i++) {
		const struct metrics_entry *entry = &metrics_catalogue[i];
		size_t len = strlen(entry->help);

		assert_non_null(protobuf_c_message_descriptor_get_field(
		    entry->message, entry->path[entry->path_len - 1]));
		assert_true(len > 1 && entry->help[len - 1] == '.');
		assert_true(entry->prom == NULL || entry->family_help != NULL);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_seed_keys_come_first),
		cmocka_unit_test(an_entry_knows_all_about_its_number),
		cmocka_unit_test(levels_of_outer_fields_count),
		cmocka_unit_test(times_are_named_as_json_shows_them),
		cmocka_unit_test(every_path_and_help_is_good),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
