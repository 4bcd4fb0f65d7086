#include "http/status.h"

#include <stdio.h>

/* The statuses with a page: X(status, reason). */
#define HTTP_STATUS_ERRORS(X)						\
	X(301, "Moved Permanently")					\
	X(302, "Found")							\
	X(303, "See Other")						\
	X(307, "Temporary Redirect")					\
	X(308, "Permanent Redirect")					\
	X(400, "Bad Request")						\
	X(401, "Authorization Required")				\
	X(402, "Payment Required")					\
	X(403, "Forbidden")						\
	X(404, "Not Found")						\
	X(405, "Not Allowed")						\
	X(406, "Not Acceptable")					\
	X(408, "Request Time-out")					\
	X(409, "Conflict")						\
	X(410, "Gone")							\
	X(411, "Length Required")					\
	X(412, "Precondition Failed")					\
	X(413, "Request Entity Too Large")				\
	X(414, "Request-URI Too Large")					\
	X(415, "Unsupported Media Type")				\
	X(416, "Requested Range Not Satisfiable")			\
	X(417, "Expectation Failed")					\
	X(421, "Misdirected Request")					\
	X(422, "Unprocessable Entity")					\
	X(426, "Upgrade Required")					\
	X(429, "Too Many Requests")					\
	X(431, "Request Header Fields Too Large")			\
	X(500, "Internal Server Error")					\
	X(501, "Not Implemented")					\
	X(502, "Bad Gateway")						\
	X(503, "Service Temporarily Unavailable")			\
	X(504, "Gateway Time-out")					\
	X(505, "HTTP Version Not Supported")				\
	X(507, "Insufficient Storage")

struct slice http_status_text(unsigned status, char *text)
{
	switch (status) {
	case 100: return SLICE("100 Continue");
	case 101: return SLICE("101 Switching Protocols");
	case 200: return SLICE("200 OK");
	case 201: return SLICE("201 Created");
	case 202: return SLICE("202 Accepted");
	case 204: return SLICE("204 No Content");
	case 206: return SLICE("206 Partial Content");
	case 304: return SLICE("304 Not Modified");
	/* Its page has another title, as it is with nginx. */
	case 401: return SLICE("401 Unauthorized");
	default: break;
	}
	switch (status) {
#define X(number, reason) case number: return SLICE(#number " " reason);
	HTTP_STATUS_ERRORS(X)
#undef X
	}
	(void)snprintf(text, HTTP_STATUS_TEXT, "%u ", status % 1000);
	return slice_cstr(text);
}

#define HTTP_PAGE(title, server)					\
	"<html>\r\n<head><title>" title "</title></head>\r\n<body>\r\n"	\
	"<center><h1>" title "</h1></center>\r\n"			\
	"<hr><center>" server "</center>\r\n</body>\r\n</html>\r\n"

struct slice http_status_page(unsigned status, bool version)
{
	switch (status) {
#define X(number, reason)						\
	case number:							\
		return version ?					\
		    SLICE(HTTP_PAGE(#number " " reason,			\
			"ringmaster/" PACKAGE_VERSION)) :		\
		    SLICE(HTTP_PAGE(#number " " reason, "ringmaster"));
	HTTP_STATUS_ERRORS(X)
#undef X
	}
	return (struct slice){ NULL, 0 };
}
