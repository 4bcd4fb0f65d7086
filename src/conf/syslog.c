/*
 * "syslog:server=ADDRESS,facility=...,severity=...,tag=...,nohostname": where
 * error_log and access_log can send lines to.
 */

#include "conf/syslog.h"

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/syslog.h"

enum { SYSLOG_LOCAL7 = 23, SYSLOG_INFO = 6 };

static const char *const syslog_facilities[] = {
	"kern", "user", "mail", "daemon", "auth", "intern", "lpr", "news",
	"uucp", "clock", "authpriv", "ftp", "ntp", "audit", "alert", "cron",
	"local0", "local1", "local2", "local3", "local4", "local5", "local6",
	"local7", NULL
};

struct syslog_parser {
	struct conf *conf;
	const struct conf_node *node;
	struct syslog_target *target;
	bool facility, severity;	/* were given */
};

static int syslog_duplicate(const struct syslog_parser *parser,
    const char *what)
{
	return conf_fail(parser->conf, parser->node, 0,
	    "duplicate syslog \"%s\"", what);
}

/* ---- server= ---- */

static int syslog_set_unix(struct syslog_parser *parser, struct slice path)
{
	struct sockaddr_un *address =
	    (struct sockaddr_un *)&parser->target->address;

	if (path.len == 0 || path.len >= sizeof(address->sun_path))
		return conf_fail(parser->conf, parser->node, 0, "%s in the "
		    "unix domain socket path of syslog server \"unix:%.*s\"",
		    path.len ? "too many bytes" : "no bytes",
		    SLICE_ARG(path));
	address->sun_family = AF_UNIX;
	memcpy(address->sun_path, path.data, path.len);
	parser->target->address_len = sizeof(*address);
	return 0;
}

/* HOST, HOST:PORT or [IPV6]:PORT to two strings of the arena. */
static bool syslog_split(struct conf *conf, struct slice text,
    const char **ret_host, const char **ret_port)
{
	const char *colon = memrchr(text.data, ':', text.len);
	const char *end = memrchr(text.data, ']', text.len);
	struct slice host = text, port = SLICE("514");

	if (colon && (!end || colon > end)) {
		host.len = (size_t)(colon - text.data);
		port = slice_from(text, host.len + 1);
	}
	if (slice_starts(host, SLICE("[")) && slice_ends(host, SLICE("]")))
		host = (struct slice){ host.data + 1, host.len - 2 };
	*ret_host = arena_copy(&conf->arena, host).data;
	*ret_port = arena_copy(&conf->arena, port).data;
	return host.len && port.len && *ret_host && *ret_port;
}

static int syslog_set_server(struct syslog_parser *parser,
    struct slice text)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM,
	    .ai_flags = AI_NUMERICSERV };
	struct addrinfo *list;
	const char *host, *port;

	if (parser->target->address_len)
		return syslog_duplicate(parser, "server");
	if (slice_starts(text, SLICE("unix:")))
		return syslog_set_unix(parser, slice_from(text, 5));
	if (!syslog_split(parser->conf, text, &host, &port))
		return conf_fail(parser->conf, parser->node, 0,
		    "no host in syslog server \"%.*s\"", SLICE_ARG(text));
	if (getaddrinfo(host, port, &hints, &list))
		return conf_fail(parser->conf, parser->node, 0,
		    "host not found in syslog server \"%.*s\"",
		    SLICE_ARG(text));
	memcpy(&parser->target->address, list->ai_addr, list->ai_addrlen);
	parser->target->address_len = list->ai_addrlen;
	freeaddrinfo(list);
	return 0;
}

/* ---- the others ---- */

static int syslog_set_facility(struct syslog_parser *parser,
    struct slice name)
{
	if (parser->facility)
		return syslog_duplicate(parser, "facility");
	parser->facility = true;
	for (unsigned i = 0; syslog_facilities[i]; i++) {
		parser->target->facility = i;
		if (slice_equal(name, slice_cstr(syslog_facilities[i])))
			return 0;
	}
	return conf_fail(parser->conf, parser->node, 0,
	    "unknown syslog facility \"%.*s\"", SLICE_ARG(name));
}

static int syslog_set_severity(struct syslog_parser *parser,
    struct slice name)
{
	enum log_level level;

	if (parser->severity)
		return syslog_duplicate(parser, "severity");
	parser->severity = true;
	if (!log_level_parse(name, &level))
		return conf_fail(parser->conf, parser->node, 0,
		    "unknown syslog severity \"%.*s\"", SLICE_ARG(name));
	parser->target->severity = level - LOG_LEVEL_EMERG;
	return 0;
}

static int syslog_set_tag(struct syslog_parser *parser, struct slice tag)
{
	if (parser->target->tag[0])
		return syslog_duplicate(parser, "tag");
	if (tag.len > SYSLOG_TAG_MAX)
		return conf_fail(parser->conf, parser->node, 0,
		    "syslog tag length exceeds %d", SYSLOG_TAG_MAX);
	for (size_t i = 0; i < tag.len; i++)
		if (!isalnum((unsigned char)tag.data[i]) &&
		    tag.data[i] != '_')
			return conf_fail(parser->conf, parser->node, 0,
			    "syslog \"tag\" only allows alphanumeric "
			    "characters and underscore");
	memcpy(parser->target->tag, tag.data, tag.len);
	return 0;
}

static int syslog_set(struct syslog_parser *parser, struct slice text)
{
	static const struct {
		struct slice name;
		int (*set)(struct syslog_parser *, struct slice);
	} parameters[] = {
		{ { "server=", 7 }, syslog_set_server },
		{ { "facility=", 9 }, syslog_set_facility },
		{ { "severity=", 9 }, syslog_set_severity },
		{ { "tag=", 4 }, syslog_set_tag },
	};

	for (size_t i = 0; i < sizeof(parameters) / sizeof(*parameters); i++)
		if (slice_starts(text, parameters[i].name))
			return parameters[i].set(parser, slice_from(text,
			    parameters[i].name.len));
	if (!slice_equal(text, SLICE("nohostname")))
		return conf_fail(parser->conf, parser->node, 0,
		    "unknown syslog parameter \"%.*s\"", SLICE_ARG(text));
	parser->target->host[0] = '\0';
	return 0;
}

static void syslog_init(struct syslog_target *target)
{
	*target = (struct syslog_target){ .facility = SYSLOG_LOCAL7,
	    .severity = SYSLOG_INFO };
	if (gethostname(target->host, sizeof(target->host) - 1) < 0)
		target->host[0] = '\0';
	for (char *p = target->host; *p; p++)
		*p = (char)tolower((unsigned char)*p);
}

int conf_syslog(struct conf *conf, const struct conf_node *node,
    struct slice text, struct log_file **ret)
{
	struct syslog_parser parser = { .conf = conf, .node = node,
	    .target = arena_alloc(&conf->arena, sizeof(*parser.target)) };
	struct conf_open_file *file = arena_calloc(&conf->arena, 1,
	    sizeof(*file));
	int err = 0;

	if (!file || !parser.target)
		return conf_fail(conf, node, ENOMEM, "syslog");
	syslog_init(parser.target);
	text = slice_from(text, strlen("syslog:"));
	do {
		const char *comma = memchr(text.data, ',', text.len);
		size_t len = comma ? (size_t)(comma - text.data) : text.len;

		err = syslog_set(&parser, slice_first(text, len));
		text = slice_from(text, len + 1);
	} while (text.len && !err);
	if (err)
		return err;
	if (!parser.target->address_len)
		return conf_fail(conf, node, 0, "no syslog server specified");
	/* As nginx: filters of those who had it look for that name. */
	if (!parser.target->tag[0])
		memcpy(parser.target->tag, "nginx", sizeof("nginx"));
	*file = (struct conf_open_file){ .file = { .fd = -1,
	    .syslog = parser.target }, .next = conf->open_files };
	conf->open_files = file;
	*ret = &file->file;
	return 0;
}
