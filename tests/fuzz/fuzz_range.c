/*
 * Range, entity tags and dates: whatever is asked for, a range lies within
 * the body, and a date that is read can be written and read again.
 */
#include <stdlib.h>

#include "http/conditional.h"
#include "http/date.h"
#include "http/range.h"

#define RANGES_MAX 8

static void check_ranges(struct slice value, uint64_t size)
{
	struct range ranges[RANGES_MAX];
	struct range_set set = { ranges, RANGES_MAX, 0 };

	if (range_parse(value, size, &set) != RANGE_PARTIAL)
		return;
	if (set.count == 0 || set.count > RANGES_MAX)
		abort();
	for (unsigned i = 0; i < set.count; i++) {
		if (ranges[i].first >= ranges[i].end || ranges[i].end > size)
			abort();
	}
}

static void check_date(struct slice value)
{
	char text[HTTP_DATE_LEN];
	time_t first, second;

	if (!http_date_parse(value, &first))
		return;
	http_date_format(text, first);
	if (!http_date_parse((struct slice){ text, sizeof(text) }, &second) ||
	    first != second)
		abort();
}

static void check_conditions(struct slice value)
{
	const struct http_validators validators = { SLICE("\"e\""), 784111777 };

	for (int id = 0; id < HTTP_HEADER_COUNT; id++) {
		struct http_header header = { .value = value,
			.id = (uint8_t)id };
		unsigned status = http_conditional(HTTP_METHOD_GET, &header,
		    1, &validators, HTTP_IMS_BEFORE);

		if (status != 200 && status != 304 && status != 412)
			abort();
		(void)http_if_range(&header, 1, &validators);
	}
	(void)http_etag_list_valid(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t bytes;
	struct slice value;

	if (size < sizeof(bytes))
		return 0;
	memcpy(&bytes, data, sizeof(bytes));
	value = (struct slice){ (const char *)data + sizeof(bytes),
		size - sizeof(bytes) };
	check_ranges(value, bytes & INT64_MAX);
	check_ranges(value, bytes & 0xfff);
	check_date(value);
	check_conditions(value);
	return 0;
}
