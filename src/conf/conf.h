#ifndef RINGMASTER_CONF_CONF_H
#define RINGMASTER_CONF_CONF_H

#include <stdio.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/slice.h"

/*
 * nginx's configuration language: text to a tree of directives, and tables
 * of directives that the tree is applied to.
 *
 * A part of the server that has settings declares a `struct conf_table`: its
 * rows say where each directive may stand, how many arguments it takes, of
 * which type, and at which offset of the part's record the value goes. A
 * block (http, server, location, ...) makes a new set of records, one a
 * table; conf_merge() then fills what a record leaves unset from the
 * record of the enclosing block, or from the default in the row. The same
 * rows print the manual.
 *
 * Everything lives in the configuration's arena until conf_free().
 * Nothing here is for use by two threads at once.
 */

enum {
	CONF_FILE_SIZE_MAX = 64 << 20,	/* bytes of one file */
	CONF_MEMORY_MAX = 1 << 30,	/* bytes of a whole configuration */
	CONF_WORDS_MAX = 65536,		/* words of one directive */
	CONF_BLOCKS_MAX = 64,		/* blocks within each other */
	CONF_INCLUDES_MAX = 32,		/* files including each other */
};

/* One directive as written; args[0] is its name. */
struct conf_node {
	struct slice *args;		/* unquoted, unescaped, terminated */
	unsigned argc;			/* with the name */
	unsigned line;			/* of its ";" or "{"; 0: not a file */
	const char *file;
	bool block;			/* has { } */
	struct conf_node *children;	/* the first one in the block */
	struct conf_node *next;
};

/* A file that was read, for -T; in the order of first reading. */
struct conf_file {
	const char *path;
	struct slice text;
	struct conf_file *next;
};

enum conf_context {
	CONF_MAIN = 1 << 0,
	CONF_EVENTS = 1 << 1,
	CONF_HTTP = 1 << 2,
	CONF_SERVER = 1 << 3,
	CONF_LOCATION = 1 << 4,
	CONF_SERVER_IF = 1 << 5,	/* "if" in a server */
	CONF_LOCATION_IF = 1 << 6,	/* "if" in a location */
	CONF_LIMIT_EXCEPT = 1 << 7,
	CONF_UPSTREAM = 1 << 8,
	CONF_DASHBOARD = 1 << 9,
	CONF_SCENARIO = 1 << 10,	/* of a load test */
	CONF_SCENARIO_REQUEST = 1 << 11,
};
#define CONF_HTTP_ALL (CONF_HTTP | CONF_SERVER | CONF_LOCATION)

enum conf_type {
	CONF_CUSTOM,		/* only `set` knows; may be a block */
	CONF_FLAG,		/* on | off			int64_t 0, 1 */
	CONF_NUMBER,		/* digits			int64_t */
	CONF_SIZE,		/* k m g			int64_t bytes */
	CONF_TIME,		/* ms s m h d w M y		int64_t ms */
	CONF_ENUM,		/* one of `values`		int64_t */
	CONF_STRING,		/*				struct slice */
	CONF_ACCEPTED,		/* checked and without effect; help says why */
	CONF_UNSUPPORTED,	/* an error that says so */
};

/* An int64_t or struct slice field to which nothing was said. */
#define CONF_UNSET INT64_MIN
#define CONF_UNSET_STRING ((struct slice){ NULL, 0 })

enum { CONF_ARGS_ANY = 255 };

struct conf_enum {
	const char *name;	/* NULL ends the array */
	int64_t value;
};

struct conf;
struct conf_scope;
struct http_variables;
struct http_zone;

struct conf_directive {
	const char *name;
	unsigned contexts;		/* of enum conf_context */
	uint8_t args_min, args_max;	/* without the name */
	bool block;			/* is followed by { } */
	enum conf_type type;
	size_t offset;			/* of the field in the record */
	int64_t min, max;		/* both 0: any value of the type */
	const struct conf_enum *values;
	const char *initial;		/* default as one would write it; NULL
					 * for none (the field stays unset) */
	/* For CONF_CUSTOM, or after the value was stored: returns 0 or the
	 * result of conf_fail(). */
	int (*set)(struct conf *conf, const struct conf_node *node,
	    const struct conf_scope *scope, void *record);
	const char *unit;		/* for the manual; NULL if none */
	const char *help;		/* one line: what it does */
	/* The arguments, for people: names in CAPITALS stand for something,
	 * [ ] for what may be left out, | for a choice, ... for more. NULL for
	 * what the type says. */
	const char *syntax;
};

/* The directives of one part of the server, and its record. */
struct conf_table {
	const char *name;
	const char *help;		/* one line: what they are for */
	const struct conf_directive *directives; /* ended by a NULL name */
	size_t record_size;
	/* Fill in what the rows cannot say, when a record is new; or NULL. */
	void (*init)(struct conf *conf, void *record);
	/* Merge what the rows cannot; called after they were. Or NULL. */
	int (*merge)(struct conf *conf, const void *parent, void *record);
};

enum { CONF_TABLE_SLOTS = 256 };	/* twice the tables at least */

/* Where directives are being applied. */
struct conf_scope {
	enum conf_context context;
	void **records;			/* one a table, by its index */
	void *owner;			/* what the block is, for its parts */
	const struct conf_scope *parent;
};

struct conf {
	struct arena arena;
	const struct conf_table *const *tables;	/* NULL ends the array */
	unsigned table_count;
	uint8_t table_slots[CONF_TABLE_SLOTS];	/* hash table: index + 1 */
	const char *prefix;		/* of layout_path() */
	const char *conf_prefix;	/* for relative includes; ends in '/' */
	const struct log *log;		/* errors, as [emerg] */
	struct conf_file *files;
	struct conf_open_file *open_files;
	struct conf_cleanup *cleanups;
	struct conf_directory *directories;
	void *owner;			/* what is being built */
	struct http_variables *variables; /* that it defines; http's */
	struct http_zone *zones;	/* memory that it names; http's */
};

/*
 * Begin an empty configuration over `tables`. The strings and tables must
 * outlive it. conf_free() gives all of its memory back.
 */
void conf_init(struct conf *conf, const struct conf_table *const *tables,
    const char *prefix, const char *conf_prefix, const struct log *log);
void conf_free(struct conf *conf);

/*
 * Have conf_free() call fn(arg), the last one first, for what does not live
 * in the arena. Returns `arg`; without memory NULL, and fn was called now.
 */
void *conf_cleanup(struct conf *conf, void (*fn)(void *arg), void *arg);

/*
 * Read a file, with all that it includes, into a tree.
 * Returns 0 and the first directive (NULL for an empty file), or -errno
 * after logging what is wrong with file and line, worded as nginx does.
 */
int conf_parse_file(struct conf *conf, const char *path,
    struct conf_node **ret);

/*
 * The same of text (-g "..."); messages say "in NAME", without a line. What
 * it may contain (no blocks, in -g) is for the caller to check.
 */
int conf_parse_text(struct conf *conf, struct slice text, const char *name,
    struct conf_node **ret);

/*
 * Write each file that was read as -T shows it: a comment that names the
 * file, its text as it is, an empty line.
 * Returns 0 or -errno of the failed write; does not flush.
 */
int conf_dump(const struct conf *conf, FILE *out);

/*
 * Apply the list of directives that begins with `node` in `scope`. Of the
 * rows with a directive's name the first one for scope->context counts.
 * Returns 0, or a negative errno after logging.
 */
int conf_apply(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope);

/* A new set of records, each field unset; NULL without memory. */
void **conf_records_new(struct conf *conf);

/* The record of `table` in a set; the table must be one of the conf's. Cheap:
 * requests ask for it. */
void *conf_record(const struct conf *conf, void *const *records,
    const struct conf_table *table);

/*
 * Fill what `records` leaves unset from `parent` (NULL: there is none), then
 * from the defaults, in all tables with rows in `contexts`. Outer blocks
 * first, and each only when all of it was applied: what stands behind an
 * inner block counts for that as well.
 * Returns 0 or what a table's merge returned.
 */
int conf_merge(struct conf *conf, unsigned contexts, void *const *parent,
    void **records);

/*
 * Log "[emerg] TEXT in FILE:LINE" and return -EINVAL.
 *
 * node:   where; NULL if nowhere in a file
 * error:  an errno value whose number and text are added, or 0
 */
int conf_fail(struct conf *conf, const struct conf_node *node, int error,
    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* The same as a warning: logs "[warn] TEXT in FILE:LINE" and returns 0. */
int conf_warn(struct conf *conf, const struct conf_node *node,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* `path` if absolute, else where the prefix puts it; NULL without memory. */
const char *conf_full_path(struct conf *conf, struct slice path);

/* A file that the configuration logs to; the master opens them all. */
struct conf_open_file {
	struct log_file file;		/* fd: -1 until opened; 2 for stderr */
	struct conf_open_file *next;
};

/*
 * The one open file for `path` (made absolute with the prefix), to be opened
 * for appending before the configuration is used and reopened on SIGUSR1.
 * "stderr" is standard error. NULL without memory.
 */
struct log_file *conf_open_file(struct conf *conf, struct slice path);

/*
 * Add what `error_log FILE [LEVEL]` names to `log`; the level is "error" if
 * it is not said. Returns 0, or the result of conf_fail().
 */
int conf_error_log(struct conf *conf, const struct conf_node *node,
    struct log *log);

/* A directory that workers write to; the master makes them all. */
struct conf_directory {
	const char *path;
	struct conf_directory *next;
};

/*
 * The absolute name of the directory `path`, which will be there and belong
 * to the workers' user when they start. NULL without memory.
 */
const char *conf_directory(struct conf *conf, struct slice path);

/*
 * Parse values as the typed rows do. They return false, leaving *ret alone,
 * if the text is malformed or exceeds INT64_MAX.
 *
 * number:  digits
 * size:    digits and k, m or g of either case; gives bytes
 * time:    digits and y, M (30 days), w, d, h, m, s or ms, or such terms in
 *          that order ("1h30m", "1h 30m"); without a unit seconds; gives
 *          milliseconds
 */
bool conf_parse_number(struct slice s, int64_t *ret);
bool conf_parse_size(struct slice s, int64_t *ret);
bool conf_parse_time(struct slice s, int64_t *ret);

#endif
