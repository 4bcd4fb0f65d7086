#ifndef RINGMASTER_TESTS_UNIT_HTTP_HTTP_CONF_H
#define RINGMASTER_TESTS_UNIT_HTTP_HTTP_CONF_H

/* An http block from text, with the core's directives only. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "http/core.h"

struct http_conf_fixture {
	struct conf conf;
	struct log log;
	struct log_file log_file;
	char message[LOG_LINE_MAX];	/* what was logged */
	const struct conf_table *tables[HTTP_TABLES_MAX + 1];
	struct http_conf *http;		/* NULL: the text is wrong */
};

static inline void http_conf_fixture_free(struct http_conf_fixture *f)
{
	conf_free(&f->conf);
	(void)close(f->log_file.fd); /* a memfd */
}

/* Read "http { TEXT }"; returns whether it was accepted. */
static inline bool http_conf_fixture_read(struct http_conf_fixture *f,
    const char *text)
{
	static const struct http_module *const modules[] = { NULL };
	struct conf_scope scope = { .context = CONF_MAIN };
	struct http_block *block;
	struct conf_node *nodes;
	char whole[8192];
	ssize_t n;
	int err;

	memset(f, 0, sizeof(*f));
	f->log_file.fd = memfd_create("log", MFD_CLOEXEC);
	assert_int_equal(log_add(&f->log, &f->log_file, LOG_LEVEL_WARN), 0);
	f->tables[http_tables(modules, f->tables)] = NULL;
	conf_init(&f->conf, f->tables, "/prefix/", "/prefix/", &f->log);
	assert_in_range(snprintf(whole, sizeof(whole), "http { %s }", text),
	    1, sizeof(whole) - 1);
	assert_int_equal(conf_parse_text(&f->conf, slice_cstr(whole), "test",
	    &nodes), 0);
	scope.records = conf_records_new(&f->conf);
	assert_non_null(scope.records);
	block = conf_record(&f->conf, scope.records, &http_block_table);
	block->modules = modules;
	err = conf_apply(&f->conf, nodes, &scope);
	f->http = err ? NULL : block->http;
	n = pread(f->log_file.fd, f->message, sizeof(f->message) - 1, 0);
	assert_true(n >= 0);
	return !err;
}

#endif
