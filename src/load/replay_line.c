/* A line of a log: its time and its request. Bytes in, numbers out. */
#include "load/replay.h"

#include <time.h>

#include "base/clock.h"
#include "load/record.h"

/* ---- times ---- */

/* A time that is being read; `rest` shrinks. */
struct stamp {
	struct slice rest;
	struct tm tm;
	uint64_t ns;			/* behind the point */
	bool fine;			/* there was one */
	int zone_s;			/* east of Greenwich */
};

/* Exactly `count` digits. */
static bool stamp_digits(struct stamp *stamp, unsigned count, int *ret)
{
	int value = 0;

	if (stamp->rest.len < count)
		return false;
	for (unsigned i = 0; i < count; i++) {
		char c = stamp->rest.data[i];

		if (c < '0' || c > '9')
			return false;
		value = value * 10 + (c - '0');
	}
	stamp->rest = slice_from(stamp->rest, count);
	*ret = value;
	return true;
}

static bool stamp_char(struct stamp *stamp, char c)
{
	if (stamp->rest.len == 0 || stamp->rest.data[0] != c)
		return false;
	stamp->rest = slice_from(stamp->rest, 1);
	return true;
}

static bool stamp_month(struct stamp *stamp)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (int i = 0; i < 12; i++) {
		struct slice name = { names + 3 * i, 3 };

		if (slice_starts(stamp->rest, name)) {
			stamp->rest = slice_from(stamp->rest, 3);
			stamp->tm.tm_mon = i;
			return true;
		}
	}
	return false;
}

/* ".123", up to nine digits; or nothing. */
static bool stamp_fraction(struct stamp *stamp)
{
	uint64_t unit = NS_PER_SEC;
	int digit;

	if (!stamp_char(stamp, '.') && !stamp_char(stamp, ','))
		return true;
	while (unit > 1 && stamp_digits(stamp, 1, &digit)) {
		unit /= 10;
		stamp->ns += (uint64_t)digit * unit;
		stamp->fine = true;
	}
	return stamp->fine;
}

/* "13:55:36" */
static bool stamp_clock(struct stamp *stamp)
{
	struct tm *tm = &stamp->tm;

	return stamp_digits(stamp, 2, &tm->tm_hour) &&
	    stamp_char(stamp, ':') &&
	    stamp_digits(stamp, 2, &tm->tm_min) && stamp_char(stamp, ':') &&
	    stamp_digits(stamp, 2, &tm->tm_sec) && stamp_fraction(stamp) &&
	    tm->tm_hour < 24 && tm->tm_min < 60 && tm->tm_sec <= 60;
}

/* "Z", "+0200", "-07:00", or nothing: then it is taken for UTC. */
static bool stamp_zone(struct stamp *stamp)
{
	int hours, minutes, sign;

	if (stamp->rest.len == 0 || stamp_char(stamp, 'Z'))
		return stamp->rest.len == 0;
	sign = stamp->rest.data[0] == '-' ? -1 : 1;
	if (!stamp_char(stamp, '+') && !stamp_char(stamp, '-'))
		return false;
	if (!stamp_digits(stamp, 2, &hours))
		return false;
	(void)stamp_char(stamp, ':'); /* there may be none */
	if (!stamp_digits(stamp, 2, &minutes) || stamp->rest.len != 0)
		return false;
	stamp->zone_s = sign * (hours * 3600 + minutes * 60);
	return true;
}

/* "10/Oct/2000:13:55:36 -0700" */
static bool stamp_local(struct stamp *stamp)
{
	struct tm *tm = &stamp->tm;

	return stamp_digits(stamp, 2, &tm->tm_mday) &&
	    stamp_char(stamp, '/') && stamp_month(stamp) &&
	    stamp_char(stamp, '/') &&
	    stamp_digits(stamp, 4, &tm->tm_year) && stamp_char(stamp, ':') &&
	    stamp_clock(stamp) && stamp_char(stamp, ' ') &&
	    stamp_zone(stamp);
}

/* "2000-10-10T13:55:36.123-07:00" (RFC 3339) */
static bool stamp_iso(struct stamp *stamp)
{
	struct tm *tm = &stamp->tm;

	if (!stamp_digits(stamp, 4, &tm->tm_year) ||
	    !stamp_char(stamp, '-') ||
	    !stamp_digits(stamp, 2, &tm->tm_mon) || !stamp_char(stamp, '-') ||
	    !stamp_digits(stamp, 2, &tm->tm_mday) ||
	    !stamp_char(stamp, 'T') || !stamp_clock(stamp))
		return false;
	tm->tm_mon--;
	return stamp_zone(stamp);
}

/* From a date to nanoseconds since 1970. */
static bool stamp_civil(struct stamp *stamp, uint64_t *ret)
{
	int64_t seconds;

	if (stamp->tm.tm_year < 1970 || stamp->tm.tm_mon < 0 ||
	    stamp->tm.tm_mon > 11 || stamp->tm.tm_mday < 1 ||
	    stamp->tm.tm_mday > 31)
		return false;
	stamp->tm.tm_year -= 1900;
	seconds = (int64_t)timegm(&stamp->tm) - stamp->zone_s;
	if (seconds < 0 || (uint64_t)seconds > UINT64_MAX / NS_PER_SEC - 1)
		return false;
	*ret = (uint64_t)seconds * NS_PER_SEC + stamp->ns;
	return true;
}

/* "1700000000.123": nothing else in a log has ten digits and a point. */
static bool stamp_msec(struct stamp *stamp, uint64_t *ret)
{
	int high, low;

	if (!stamp_digits(stamp, 5, &high) || !stamp_digits(stamp, 5, &low) ||
	    !stamp_fraction(stamp) || !stamp->fine || stamp->rest.len)
		return false;
	*ret = ((uint64_t)high * 100000 + (uint64_t)low) * NS_PER_SEC +
	    stamp->ns;
	return true;
}

static bool replay_time(struct slice field, uint64_t *ret, bool *to_second)
{
	static bool (*const forms[])(struct stamp *) = { stamp_local,
		stamp_iso };
	struct stamp stamp = { .rest = field };

	if (stamp_msec(&stamp, ret)) {
		*to_second = false;
		return true;
	}
	for (unsigned i = 0; i < 2; i++) {
		stamp = (struct stamp){ .rest = field };
		if (forms[i](&stamp) && stamp_civil(&stamp, ret)) {
			*to_second = !stamp.fine;
			return true;
		}
	}
	return false;
}

/* ---- requests ---- */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Undo what servers do to a value that is logged: \xXX, \" and \\. */
static bool replay_unescape(struct slice in, struct replay_line *line)
{
	size_t len = 0;

	for (size_t i = 0; i < in.len; i++) {
		char c = in.data[i];

		if (len == sizeof(line->buffer))
			return false;
		if (c == '\\' && i + 3 < in.len && in.data[i + 1] == 'x' &&
		    hex_digit(in.data[i + 2]) >= 0 &&
		    hex_digit(in.data[i + 3]) >= 0) {
			c = (char)(hex_digit(in.data[i + 2]) << 4 |
			    hex_digit(in.data[i + 3]));
			i += 3;
		} else if (c == '\\' && i + 1 < in.len &&
		    strchr("\"\\/", in.data[i + 1]) && in.data[i + 1]) {
			c = in.data[++i];
		}
		line->buffer[len++] = c;
	}
	line->uri = (struct slice){ line->buffer, len };
	return true;
}

/* Path and query of a request target; false for forms without. */
static bool replay_target(struct slice target, struct slice *ret)
{
	static const struct slice scheme = { "://", 3 };
	const char *found, *path;

	*ret = target;
	if (slice_starts(target, SLICE("/")))
		return true;
	found = memmem(target.data, target.len, scheme.data, scheme.len);
	if (!found)
		return false;
	found += scheme.len;
	path = memchr(found, '/', target.len -
	    (size_t)(found - target.data));
	if (!path)
		return false;
	*ret = slice_from(target, (size_t)(path - target.data));
	return true;
}

/* "GET /path HTTP/1.1" */
static bool replay_request(struct slice field, struct replay_line *line)
{
	const char *blank = field.len ? memchr(field.data, ' ', field.len)
				      : NULL;
	const char *last = field.len ? memrchr(field.data, ' ', field.len)
				     : NULL;
	struct slice target;

	if (!blank || last == blank || !slice_starts(slice_from(field,
		(size_t)(last - field.data)), SLICE(" HTTP/")))
		return false;
	line->method = slice_first(field, (size_t)(blank - field.data));
	target = (struct slice){ blank + 1, (size_t)(last - blank) - 1 };
	return !draft_method_wrong(line->method) &&
	    replay_target(target, &target) && replay_unescape(target, line);
}

/* "404" */
static unsigned replay_status(struct slice field)
{
	uint64_t status;

	return field.len == 3 && slice_to_u64(field, &status) &&
	    status >= 100 && status < LOAD_STATUSES ? (unsigned)status : 0;
}

/* ---- lines ---- */

/* Where the field that begins at `begin` ends: at its quote or bracket, else
 * before what begins another one. */
static size_t replay_field_end(struct slice line, size_t begin, char end)
{
	size_t i = begin;

	while (i < line.len) {
		char c = line.data[i];

		if (end ? c == end : c == ' ' || c == '\t' || c == '"' ||
		    c == '[')
			break;
		i += end == '"' && c == '\\' ? 2 : 1;
	}
	return i < line.len ? i : line.len;
}

/* The next field, cut from *line; false at the end. */
static bool replay_field(struct slice *line, struct slice *field,
    bool *quoted)
{
	char end = 0;
	size_t stop;

	*line = slice_trim(*line);
	if (line->len == 0)
		return false;
	if (line->data[0] == '"' || line->data[0] == '[')
		end = line->data[0] == '"' ? '"' : ']';
	stop = replay_field_end(*line, end != 0, end);
	*field = slice_from(slice_first(*line, stop), end != 0);
	*quoted = end == '"';
	*line = slice_from(*line, stop + (end != 0));
	return true;
}

/* Is `fine` the same time as `coarse`, but finer? */
static bool replay_refines(uint64_t fine_ns, uint64_t coarse_ns)
{
	return fine_ns + NS_PER_SEC >= coarse_ns &&
	    fine_ns <= coarse_ns + 2 * NS_PER_SEC;
}

bool replay_line_parse(struct slice text, struct replay_line *ret)
{
	bool has_time = false, has_request = false, quoted, to_second;
	unsigned request = 0;
	struct slice field;
	uint64_t at_ns;

	ret->status = 0;
	for (unsigned i = 0; i < REPLAY_FIELDS_MAX &&
	    replay_field(&text, &field, &quoted); i++) {
		if (replay_time(field, &at_ns, &to_second)) {
			if (has_time && (to_second || !ret->to_second ||
			    !replay_refines(at_ns, ret->at_ns)))
				continue;
			has_time = true;
			ret->at_ns = at_ns;
			ret->to_second = to_second;
		} else if (quoted && !has_request) {
			has_request = replay_request(field, ret);
			request = i;
		} else if (has_request && !quoted && i == request + 1) {
			ret->status = replay_status(field);
		}
	}
	return has_time && has_request;
}
