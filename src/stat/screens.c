#include "stat/screens.h"

#include <stdio.h>
#include <unistd.h>

#include "stat/counters.h"
#include "stat/output.h"

int screens_run(struct stat_source *source,
    const struct screens_options *options)
{
	const useconds_t pause_us = (useconds_t)(options->interval_s * 1e6);
	struct buf out = buf_make(STAT_OUTPUT_MAX);
	struct stat_table table;
	int err = 0;

	stat_table_init(&table);
	while (!err) {
		struct stat_sample sample;

		err = stat_source_sample(source, 0, &sample);
		if (err)
			break;
		err = stat_table_update(&table, &sample);
		stat_sample_free(&sample);
		out.len = 0;
		stat_write_text(&out, &table, options->filter);
		err = err ? err : stat_output_write(&out);
		(void)usleep(pause_us); /* a signal ends it early */
	}
	buf_free(&out);
	stat_table_fini(&table);
	return err;
}
