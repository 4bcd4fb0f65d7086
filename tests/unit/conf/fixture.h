#ifndef RINGMASTER_TESTS_UNIT_CONF_FIXTURE_H
#define RINGMASTER_TESTS_UNIT_CONF_FIXTURE_H

/* A configuration in an empty directory, whose messages can be looked at. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/conf.h"

struct fixture {
	struct conf conf;
	struct log_file log_file;
	struct log log;
	char dir[64];			/* ends in '/' */
	char message[LOG_LINE_MAX];
};

void fixture_init(struct fixture *f, const struct conf_table *const *tables);

/* Removes the directory with all that is in it. */
void fixture_fini(struct fixture *f);

/* Write a file of the directory; `name` may begin with one new folder. */
void fixture_write(const struct fixture *f, const char *name,
    const char *text);

/* conf_parse_file() of a file of the directory. */
int fixture_parse(struct fixture *f, const char *name,
    struct conf_node **ret);

/*
 * What was logged since the last call: "LEVEL: TEXT" of the last line, with
 * the directory left out; "" for nothing.
 */
const char *fixture_message(struct fixture *f);

#endif
