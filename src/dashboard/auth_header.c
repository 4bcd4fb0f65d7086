/* The Authorization header (RFC 9110 11.6.2), which anybody can send. */

#include "dashboard/auth.h"

#include "base/base64.h"

static bool auth_has_control(struct slice s)
{
	for (size_t i = 0; i < s.len; i++)
		if ((unsigned char)s.data[i] < 0x20 || s.data[i] == 0x7f)
			return true;
	return false;
}

/* RFC 7617 2: base64 of "user:password", without control characters. */
static bool auth_basic_parse(struct slice value, char *space,
    struct auth_credentials *ret)
{
	struct slice text = { space, 0 };
	const char *mark;
	ssize_t len;

	if (value.len > BASE64_LEN(AUTH_BASIC_MAX))
		return false;
	len = base64_decode_to(value, space);
	if (len <= 0)
		return false;
	text.len = (size_t)len;
	mark = memchr(text.data, ':', text.len);
	if (!mark || auth_has_control(text))
		return false;
	ret->user = slice_first(text, (size_t)(mark - text.data));
	ret->secret = slice_from(text, ret->user.len + 1);
	return ret->user.len <= AUTH_NAME_MAX &&
	    ret->secret.len <= PASSWORD_MAX;
}

struct auth_credentials auth_header_parse(struct slice value, char *space)
{
	struct auth_credentials credentials = { .scheme = AUTH_NONE };
	const char *mark = value.len ? memchr(value.data, ' ', value.len) :
	    NULL;
	struct slice scheme = slice_first(value, mark ?
	    (size_t)(mark - value.data) : value.len);
	struct slice rest = slice_trim(slice_from(value, scheme.len));

	if (slice_equal_nocase(scheme, SLICE("basic")) &&
	    auth_basic_parse(rest, space, &credentials)) {
		credentials.scheme = AUTH_BASIC;
	} else if (slice_equal_nocase(scheme, SLICE("bearer")) &&
	    rest.len && rest.len <= AUTH_TOKEN_MAX) {
		credentials.scheme = AUTH_BEARER;
		credentials.secret = rest;
	}
	return credentials;
}
