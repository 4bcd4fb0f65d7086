/* What is taken out of log lines before others may read them. */

#include "metrics/logs.h"

struct redact {
	char *to;
	size_t size, len;
};

static void redact_put(struct redact *redact, struct slice text)
{
	struct slice cut = slice_first(text, redact->size - redact->len);

	if (cut.len)
		memcpy(redact->to + redact->len, cut.data, cut.len);
	redact->len += cut.len;
}

/* A '"' that ends a quotation, and none that a client put into an address,
 * where no space can follow it. */
static bool redact_is_end_quote(struct slice text)
{
	if (text.len > 1 && (text.data[1] == ')' || text.data[1] == ','))
		return text.data[0] == '"' &&
		    (text.len == 2 || text.data[2] == ' ');
	return text.len && text.data[0] == '"' &&
	    (text.len == 1 || text.data[1] == ' ');
}

/* Line ends have been escaped by now: \x0A and \x0D. */
static bool redact_is_line_end(struct slice text)
{
	return slice_starts(text, SLICE("\\x0A")) ||
	    slice_starts(text, SLICE("\\x0D"));
}

/* Bytes of a query that begins here. */
static size_t redact_query_len(struct slice text)
{
	size_t len = 0;

	while (len < text.len && text.data[len] != ' ' &&
	    !redact_is_end_quote(slice_from(text, len)))
		len++;
	return len;
}

static size_t redact_value_len(struct slice text)
{
	size_t len = 0;

	while (len < text.len && !redact_is_line_end(slice_from(text, len)) &&
	    !redact_is_end_quote(slice_from(text, len)))
		len++;
	return len;
}

/* Length of the name and colon of a secret field that stands here; 0: none.
 * The longer names end in these. */
static size_t redact_field(struct slice text)
{
	static const struct slice names[] = { SLICE("authorization:"),
	    SLICE("cookie:") };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (slice_equal_nocase(slice_first(text, names[i].len),
			names[i]))
			return names[i].len;
	return 0;
}

size_t metrics_log_redact(char *to, size_t size, struct slice message)
{
	struct redact redact = { .to = to, .size = size };

	while (message.len && redact.len < size) {
		size_t plain = redact_field(message), secret = 0;

		if (plain)
			secret = redact_value_len(slice_from(message, plain));
		else if (message.data[0] == '?')
			secret = redact_query_len(slice_from(message, 1));
		if (plain == 0)
			plain = 1;
		redact_put(&redact, slice_first(message, plain));
		if (secret)
			redact_put(&redact, SLICE("[redacted]"));
		message = slice_from(message, plain + secret);
	}
	return redact.len;
}
