#include "fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void fixture_init(struct fixture *f, const struct conf_table *const *tables)
{
	memset(f, 0, sizeof(*f));
	strcpy(f->dir, "/tmp/ringmaster-conf-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	strcat(f->dir, "/");
	f->log_file.fd = memfd_create("log", MFD_CLOEXEC);
	assert_true(f->log_file.fd >= 0);
	assert_int_equal(log_add(&f->log, &f->log_file, LOG_LEVEL_WARN), 0);
	conf_init(&f->conf, tables, "/prefix/", f->dir, &f->log);
}

static int fixture_remove_cb(const char *path, const struct stat *st, int type,
    struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void fixture_fini(struct fixture *f)
{
	conf_free(&f->conf);
	assert_int_equal(close(f->log_file.fd), 0);
	assert_int_equal(nftw(f->dir, fixture_remove_cb, 8,
	    FTW_DEPTH | FTW_PHYS), 0);
}

static void fixture_path(const struct fixture *f, const char *name,
    char path[static 256])
{
	assert_in_range(snprintf(path, 256, "%s%s", f->dir, name), 1, 255);
}

void fixture_write(const struct fixture *f, const char *name, const char *text)
{
	const char *slash = strchr(name, '/');
	char path[256];
	FILE *file;

	fixture_path(f, name, path);
	if (slash) {
		path[strlen(f->dir) + (size_t)(slash - name)] = '\0';
		(void)mkdir(path, 0700); /* may exist: fopen() will tell */
		fixture_path(f, name, path);
	}
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

int fixture_parse(struct fixture *f, const char *name, struct conf_node **ret)
{
	char path[256];

	fixture_path(f, name, path);
	return conf_parse_file(&f->conf, path, ret);
}

/* Leave `dir` out of `text`, wherever it is. */
static void fixture_cut(char *text, const char *dir)
{
	char *found;

	while ((found = strstr(text, dir)))
		memmove(found, found + strlen(dir),
		    strlen(found + strlen(dir)) + 1);
}

/* "DATE TIME [LEVEL] PID#TID: TEXT\n" */
const char *fixture_message(struct fixture *f)
{
	char line[16384], level[16], *last;
	ssize_t n = pread(f->log_file.fd, line, sizeof(line) - 1, 0);
	int text = 0;

	assert_true(n >= 0);
	assert_int_equal(ftruncate(f->log_file.fd, 0), 0);
	assert_int_equal(lseek(f->log_file.fd, 0, SEEK_SET), 0);
	if (n == 0)
		return "";
	line[n - 1] = '\0';
	last = strrchr(line, '\n');
	last = last ? last + 1 : line;
	assert_int_equal(sscanf(last, "%*s %*s [%15[a-z]] %*d#%*d: %n", level,
	    &text), 1);
	assert_true(text > 0);
	fixture_cut(last, f->dir);
	(void)snprintf(f->message, sizeof(f->message), "%s: %s", level,
	    last + text);
	return f->message;
}
