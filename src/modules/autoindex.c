/*
 * autoindex: what is in a directory, as a page, JSON, JSONP or XML, each with
 * the bytes that nginx gives. The directory is read at once, by the pool; the
 * text is made piece by piece while it is sent.
 */

#include <errno.h>
#include <stdio.h>

#include "base/utf8.h"
#include "http/conn.h"
#include "http/date.h"
#include "http/variable.h"
#include "modules/directory.h"
#include "modules/log_escape.h"
#include "modules/modules.h"

enum {
	AUTOINDEX_NAME_WIDTH = 50,	/* characters of a name's column */
	AUTOINDEX_PIECE = 32,		/* entries written at once */
	AUTOINDEX_PIECE_MAX = 256 * 1024, /* bytes they can be at the most */
	AUTOINDEX_CALLBACK_MAX = 128,	/* bytes of a JSONP callback */
};

enum autoindex_format {
	AUTOINDEX_HTML,
	AUTOINDEX_JSON,
	AUTOINDEX_JSONP,
	AUTOINDEX_XML,
};

struct autoindex_record {
	int64_t on, format, localtime, exact_size;
};

/* A listing that is being sent. */
struct autoindex {
	struct http_source source;
	struct http_request *request;
	const struct autoindex_record *record;
	const struct directory *directory;
	void (*write)(struct autoindex *, const struct directory_entry *);
	struct slice head, tail;
	unsigned next;			/* entry to be written */
	bool begun, ended;
	bool utf8;			/* names are shown as such */
	long zone;			/* seconds east of Greenwich */
	struct buf out;
};

extern const struct http_module http_autoindex_module;

/* ---- escaping ---- */

static void autoindex_html(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		switch (text.data[i]) {
		case '<':
			buf_append_cstr(out, "&lt;");
			break;
		case '>':
			buf_append_cstr(out, "&gt;");
			break;
		case '&':
			buf_append_cstr(out, "&amp;");
			break;
		case '"':
			buf_append_cstr(out, "&quot;");
			break;
		default:
			buf_append_char(out, text.data[i]);
		}
	}
}

static void autoindex_uri(struct buf *out, struct slice text)
{
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];
		bool letter = ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') ||
		    (c >= '0' && c <= '9');

		if (letter || c == '-' || c == '.' || c == '_' || c == '~')
			buf_append_char(out, (char)c);
		else
			buf_printf(out, "%%%02X", c);
	}
}

/* ---- a page ---- */

/* The number of characters; that of bytes if it is not UTF-8. */
static size_t autoindex_width(struct slice name, bool utf8)
{
	size_t count = 0;

	for (struct slice rest = name; utf8 && rest.len; count++) {
		size_t len = utf8_char_len(rest);

		if (len == 0)
			return name.len;
		rest = slice_from(rest, len);
	}
	return utf8 ? count : name.len;
}

/* The first `count` characters of a name of `width`. */
static struct slice autoindex_cut(struct slice name, size_t width,
    size_t count)
{
	struct slice rest = name;

	if (width == name.len)
		return slice_first(name, count);
	while (count--)
		rest = slice_from(rest, utf8_char_len(rest));
	return slice_first(name, (size_t)(rest.data - name.data));
}

static void autoindex_name(struct autoindex *index, struct slice name,
    bool directory)
{
	size_t width = autoindex_width(name, index->utf8);
	struct buf *out = &index->out;

	if (width > AUTOINDEX_NAME_WIDTH) {
		autoindex_html(out, autoindex_cut(name, width,
		    AUTOINDEX_NAME_WIDTH - 3));
		buf_append_cstr(out, "..&gt;</a>");
		return;
	}
	autoindex_html(out, name);
	if (directory && width < AUTOINDEX_NAME_WIDTH) {
		buf_append_char(out, '/');
		width++;
	}
	buf_printf(out, "</a>%*s", (int)(AUTOINDEX_NAME_WIDTH - width), "");
}

static void autoindex_size(struct autoindex *index,
    const struct directory_entry *entry)
{
	static const struct {
		char letter;
		unsigned shift;
		uint64_t from;
	} units[] = { { 'G', 30, 1 << 30 }, { 'M', 20, 1 << 20 },
		{ 'K', 10, 10000 } };
	bool exact = index->record->exact_size;

	if (entry->is_directory || exact) {
		if (entry->is_directory)
			buf_printf(&index->out, "%*s", exact ? 19 : 7, "-");
		else
			buf_printf(&index->out, "%19llu",
			    (unsigned long long)entry->size);
		return;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
		uint64_t half = (UINT64_C(1) << units[i].shift) / 2;

		if (entry->size < units[i].from)
			continue;
		buf_printf(&index->out, "%6llu%c", (unsigned long long)
		    ((entry->size + half) >> units[i].shift),
		    units[i].letter);
		return;
	}
	buf_printf(&index->out, " %6llu", (unsigned long long)entry->size);
}

static void autoindex_write_html(struct autoindex *index,
    const struct directory_entry *entry)
{
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
		"May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	struct slice name = directory_name(index->directory, entry);
	time_t modified = entry->modified +
	    (index->record->localtime ? index->zone : 0);
	struct tm tm = { .tm_mday = 1 };

	(void)gmtime_r(&modified, &tm);	/* or a date that is wrong */
	buf_append_cstr(&index->out, "<a href=\"");
	autoindex_uri(&index->out, name);
	buf_append_cstr(&index->out, entry->is_directory ? "/\">" : "\">");
	autoindex_name(index, name, entry->is_directory);
	buf_printf(&index->out, " %02d-%s-%d %02d:%02d ", tm.tm_mday,
	    months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min);
	autoindex_size(index, entry);
	buf_append_cstr(&index->out, "\r\n");
}

static void autoindex_head_html(struct autoindex *index)
{
	struct slice uri = index->request->uri;

	buf_append_cstr(&index->out, "<html>\r\n<head><title>Index of ");
	autoindex_html(&index->out, uri);
	buf_append_cstr(&index->out,
	    "</title></head>\r\n<body>\r\n<h1>Index of ");
	autoindex_html(&index->out, uri);
	buf_append_cstr(&index->out,
	    "</h1><hr><pre><a href=\"../\">../</a>\r\n");
}

/* ---- for programs ---- */

static const char *autoindex_kind(const struct directory_entry *entry)
{
	if (entry->is_directory)
		return "directory";
	return entry->is_file ? "file" : "other";
}

static void autoindex_write_json(struct autoindex *index,
    const struct directory_entry *entry)
{
	char date[HTTP_DATE_LEN];

	http_date_format(date, entry->modified);
	buf_printf(&index->out, "%s\r\n{ \"name\":\"",
	    entry == index->directory->entries ? "" : ",");
	log_escape_append(&index->out, directory_name(index->directory,
	    entry), LOG_ESCAPE_JSON);
	buf_printf(&index->out, "\", \"type\":\"%s\", \"mtime\":\"%.*s\"",
	    autoindex_kind(entry), HTTP_DATE_LEN, date);
	if (entry->is_file)
		buf_printf(&index->out, ", \"size\":%llu",
		    (unsigned long long)entry->size);
	buf_append_cstr(&index->out, " }");
}

static void autoindex_write_xml(struct autoindex *index,
    const struct directory_entry *entry)
{
	const char *kind = autoindex_kind(entry);
	struct tm tm = { .tm_mday = 1 };

	(void)gmtime_r(&entry->modified, &tm);	/* or a date that is wrong */
	buf_printf(&index->out,
	    "<%s mtime=\"%4d-%02d-%02dT%02d:%02d:%02dZ\"", kind,
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
	    tm.tm_min, tm.tm_sec);
	if (entry->is_file)
		buf_printf(&index->out, " size=\"%llu\"",
		    (unsigned long long)entry->size);
	buf_append_char(&index->out, '>');
	autoindex_html(&index->out, directory_name(index->directory, entry));
	buf_printf(&index->out, "</%s>\r\n", kind);
}

/* ---- sending ---- */

static void autoindex_begin(struct autoindex *index)
{
	struct slice charset = index->request->response.charset;
	time_t now = (time_t)(http_worker_real_ns(index->request->worker) /
	    NS_PER_SEC);
	struct tm tm;

	index->begun = true;
	index->utf8 = slice_equal_nocase(charset, SLICE("utf-8"));
	index->zone = localtime_r(&now, &tm) ? tm.tm_gmtoff : 0;
	if (index->write == autoindex_write_html)
		autoindex_head_html(index);
	else
		buf_append_slice(&index->out, index->head);
}

static int autoindex_next(struct http_source *source, struct http_chunk *ret)
{
	struct autoindex *index = (struct autoindex *)source;
	unsigned end = index->next + AUTOINDEX_PIECE;

	if (index->ended)
		return 0;
	index->out.len = 0;
	if (!index->begun)
		autoindex_begin(index);
	for (; index->next < end && index->next < index->directory->count;
	    index->next++)
		index->write(index, &index->directory->entries[index->next]);
	if (index->next == index->directory->count) {
		buf_append_slice(&index->out, index->tail);
		index->ended = true;
	}
	*ret = (struct http_chunk){ .bytes = buf_slice(&index->out),
	    .fd = -1 };
	return index->out.failed ? -ENOMEM : 1;
}

static void autoindex_close(struct http_source *source)
{
	buf_free(&((struct autoindex *)source)->out);
}

/* ---- the request ---- */

/* The argument "callback", which must be a name, to *ret; empty without it. */
static int autoindex_callback(struct http_request *request,
    struct slice *ret)
{
	struct slice name = { NULL, 0 };

	if (!http_arg_find(request->args, SLICE("callback"), &name))
		name = (struct slice){ NULL, 0 };
	if (name.len > AUTOINDEX_CALLBACK_MAX) {
		http_log(request, LOG_LEVEL_INFO, 0, "client sent too long "
		    "callback name: \"%.*s\"", SLICE_ARG(name));
		return 400;
	}
	for (size_t i = 0; i < name.len; i++) {
		char c = name.data[i], lower = (char)(c | 0x20);

		if (!(lower >= 'a' && lower <= 'z') &&
		    !(c >= '0' && c <= '9') && c != '_' && c != '.') {
			http_log(request, LOG_LEVEL_INFO, 0, "client sent "
			    "invalid callback name: \"%.*s\"",
			    SLICE_ARG(name));
			return 400;
		}
	}
	*ret = name;
	return 0;
}

static int autoindex_format(struct autoindex *index)
{
	struct http_request *request = index->request;
	struct http_response *response = &request->response;
	struct slice callback = { NULL, 0 };
	int status = 0;

	switch ((enum autoindex_format)index->record->format) {
	case AUTOINDEX_HTML:
		response->content_type = SLICE("text/html");
		index->write = autoindex_write_html;
		index->tail = SLICE("</pre><hr></body>\r\n</html>\r\n");
		break;
	case AUTOINDEX_XML:
		response->content_type = SLICE("text/xml");
		response->charset = SLICE("utf-8");
		index->write = autoindex_write_xml;
		index->head = SLICE("<?xml version=\"1.0\"?>\r\n<list>\r\n");
		index->tail = SLICE("</list>\r\n");
		break;
	case AUTOINDEX_JSONP:
		status = autoindex_callback(request, &callback);
		/* fall through */
	case AUTOINDEX_JSON:
		response->content_type = callback.len ?
		    SLICE("application/javascript") :
		    SLICE("application/json");
		index->write = autoindex_write_json;
		index->head = callback.len ? arena_printf(&request->arena,
		    "/* callback */\r\n%.*s([", SLICE_ARG(callback)) :
		    SLICE("[");
		index->tail = callback.len ? SLICE("\r\n]);") : SLICE("\r\n]");
		break;
	}
	return status;
}

static int autoindex_content(struct http_request *request)
{
	const struct autoindex_record *record = http_request_record(request,
	    &http_autoindex_module.table);
	bool head = request->method == HTTP_METHOD_HEAD;
	struct http_response *response = &request->response;
	struct directory *directory;
	struct autoindex *index;
	int status;

	if (!record->on || !slice_ends(request->uri, SLICE("/")) ||
	    (!head && request->method != HTTP_METHOD_GET))
		return HTTP_DECLINED;
	index = arena_calloc(&request->arena, 1, sizeof(*index));
	if (!index)
		return 500;
	*index = (struct autoindex){ .source = { .next = autoindex_next,
	    .close = autoindex_close }, .request = request, .record = record,
	    .out = buf_make(AUTOINDEX_PIECE_MAX) };
	status = autoindex_format(index);
	if (!status)
		status = directory_read(request, head ? DIRECTORY_NOTHING
		    : DIRECTORY_ALL, &directory);
	if (status)
		return status;
	index->directory = directory;
	response->status = 200;
	response->body = (struct http_body){ .kind = HTTP_BODY_SOURCE,
	    .fd = -1, .source = &index->source };
	return HTTP_DONE;
}

/* ---- directives ---- */

static const struct conf_enum autoindex_formats[] = {
	{ "html", AUTOINDEX_HTML }, { "json", AUTOINDEX_JSON },
	{ "jsonp", AUTOINDEX_JSONP }, { "xml", AUTOINDEX_XML }, { NULL, 0 },
};

#define AUTOINDEX_ROW(directive, kind, field, preset, text)		\
	.name = directive, .contexts = CONF_HTTP_ALL, .args_min = 1,	\
	.args_max = 1, .type = kind, .initial = preset,			\
	.offset = offsetof(struct autoindex_record, field), .help = text

static const struct conf_directive autoindex_directives[] = {
	{ AUTOINDEX_ROW("autoindex", CONF_FLAG, on, "off",
	    "answer for a directory with what is in it") },
	{ AUTOINDEX_ROW("autoindex_format", CONF_ENUM, format, "html",
	    "what it is written as"), .values = autoindex_formats },
	{ AUTOINDEX_ROW("autoindex_localtime", CONF_FLAG, localtime, "off",
	    "times of the page are local, not UTC") },
	{ AUTOINDEX_ROW("autoindex_exact_size", CONF_FLAG, exact_size, "on",
	    "sizes of the page in bytes, not in K, M and G") },
	{ .name = NULL },
};

const struct http_module http_autoindex_module = {
	.table = { .name = "autoindex",
	    .help = "lists the files of a directory that has no index file",
	    .directives = autoindex_directives,
	    .record_size = sizeof(struct autoindex_record) },
	.phase = { [HTTP_PHASE_CONTENT] = autoindex_content },
};
