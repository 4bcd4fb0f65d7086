#ifndef RINGMASTER_DASHBOARD_FIELDS_H
#define RINGMASTER_DASHBOARD_FIELDS_H

#include "base/arena.h"

/*
 * A few named values: what a request for a change says in its body, as a JSON
 * object of texts, numbers and booleans or as a form. Bytes in, values out.
 */

enum { FIELDS_MAX = 16 };

struct field {
	enum {
		FIELD_TEXT,	/* of JSON */
		FIELD_BOOL,
		FIELD_NUMBER,	/* its digits are the text */
		FIELD_NULL,
		FIELD_FORM,	/* text that may stand for any */
	} kind;
	struct slice name;
	struct slice text;
	bool on;		/* of FIELD_BOOL */
};

struct fields {
	struct field list[FIELDS_MAX];
	unsigned count;
};

/*
 * Read a JSON object (RFC 8259) whose values are strings, numbers, true, false
 * or null, and nothing else around it but white space; or a form of the URL
 * standard.
 * Values are decoded to memory of `arena`.
 * Returns NULL, or what is wrong with it.
 */
const char *fields_parse_json(struct arena *arena, struct slice text,
    struct fields *ret);
const char *fields_parse_form(struct arena *arena, struct slice text,
    struct fields *ret);

/* The field of that name, or NULL. */
const struct field *fields_find(const struct fields *fields,
    struct slice name);

/* Its value; false if it is not there or of another kind. */
bool fields_bool(const struct fields *fields, struct slice name, bool *ret);
bool fields_text(const struct fields *fields, struct slice name,
    struct slice *ret);
bool fields_number(const struct fields *fields, struct slice name,
    double *ret);

#endif
