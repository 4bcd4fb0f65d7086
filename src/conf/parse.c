/*
 * Files and text to a tree of directives. `include` is resolved here, so that
 * the tree holds none: it may stand in any block, also in those that only a
 * module understands (types, map). All words are copied to the arena; a
 * file's text is kept for -T.
 */

#include "conf/conf.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <unistd.h>

#include "base/buf.h"
#include "conf/lexer.h"

enum { CONF_READ_SIZE = 65536 };

/* One file (or text) being read. */
struct conf_parser {
	struct conf *conf;
	struct conf_lexer lexer;
	const char *file;		/* its name in messages */
	bool text;			/* it is not a file */
	struct buf words;		/* of the directive: struct slice[] */
	unsigned blocks;		/* open, also in the including files */
	unsigned includes;		/* files that led here */
	struct conf_node here;		/* made by conf_parser_here() */
};

/* Where the reader is, for messages. */
static const struct conf_node *conf_parser_here(struct conf_parser *parser)
{
	parser->here = (struct conf_node){
		.file = parser->file,
		.line = parser->text ? 0 : parser->lexer.line,
	};
	return &parser->here;
}

static int conf_parser_no_memory(struct conf_parser *parser)
{
	return conf_fail(parser->conf, conf_parser_here(parser), ENOMEM,
	    "configuration is too large");
}

static unsigned conf_parser_word_count(const struct conf_parser *parser)
{
	return (unsigned)(parser->words.len / sizeof(struct slice));
}

static int conf_parser_add_word(struct conf_parser *parser)
{
	struct slice written = parser->lexer.word;
	char *text = arena_alloc_text(&parser->conf->arena, written.len + 1);
	struct slice word = { text, 0 };

	if (!text)
		return conf_parser_no_memory(parser);
	if (conf_parser_word_count(parser) == CONF_WORDS_MAX)
		return conf_fail(parser->conf, conf_parser_here(parser), 0,
		    "too many parameters, the limit is %d", CONF_WORDS_MAX);
	word.len = conf_word_unescape(written, text);
	text[word.len] = '\0';
	buf_append(&parser->words, &word, sizeof(word));
	return parser->words.failed ? conf_parser_no_memory(parser) : 0;
}

/* Read words up to the sign that ends them. */
static int conf_parser_read(struct conf_parser *parser, enum conf_token *ret)
{
	struct conf *conf = parser->conf;
	enum conf_token token;
	int err;

	parser->words.len = 0;
	while ((token = conf_lexer_next(&parser->lexer)) == CONF_TOKEN_WORD) {
		err = conf_parser_add_word(parser);
		if (err)
			return err;
	}
	if (token == CONF_TOKEN_ERROR)
		return conf_fail(conf, conf_parser_here(parser), 0, "%s",
		    parser->lexer.error);
	if (token == CONF_TOKEN_CUT ||
	    (token == CONF_TOKEN_END && parser->words.len))
		return conf_fail(conf, conf_parser_here(parser), 0,
		    parser->text ? "unexpected end of parameter, "
				   "expecting \";\""
				 : "unexpected end of file, "
				   "expecting \";\" or \"}\"");
	*ret = token;
	return 0;
}

static int conf_parse_list(struct conf_parser *parser, bool block,
    struct conf_node **ret);

static int conf_read_fd(int fd, struct buf *buf)
{
	ssize_t n;

	do {
		char *room = buf_reserve(buf, CONF_READ_SIZE);

		if (!room)
			return buf->len + CONF_READ_SIZE > buf->limit ? -EFBIG
								      : -ENOMEM;
		do {
			n = read(fd, room, CONF_READ_SIZE);
		} while (n < 0 && errno == EINTR);
		if (n < 0)
			return -errno;
		buf->len += (size_t)n;
	} while (n > 0);
	return 0;
}

/* Read a file and put it behind conf->files; `at`: what asks for it. */
static int conf_file_read(struct conf *conf, const struct conf_node *at,
    const char *path, struct conf_file **ret)
{
	struct buf buf = buf_make(CONF_FILE_SIZE_MAX + CONF_READ_SIZE);
	struct conf_file *file = arena_calloc(&conf->arena, 1, sizeof(*file));
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return conf_fail(conf, at, errno, "open() \"%s\" failed", path);
	err = conf_read_fd(fd, &buf);
	(void)close(fd); /* only read from */
	if (err) {
		err = conf_fail(conf, at, -err, "read() \"%s\" failed", path);
		goto out;
	}
	if (file) {
		file->path = arena_copy(&conf->arena, slice_cstr(path)).data;
		file->text = arena_copy(&conf->arena, buf_slice(&buf));
	}
	if (!file || !file->path || !file->text.data)
		err = conf_fail(conf, at, ENOMEM, "read() \"%s\" failed", path);
	else
		*ret = file;
out:
	buf_free(&buf);
	return err;
}

/* The file of that path, which is read the first time it is asked for. */
static int conf_file_get(struct conf *conf, const struct conf_node *at,
    const char *path, struct conf_file **ret)
{
	struct conf_file **slot = &conf->files;
	int err;

	while (*slot && strcmp((*slot)->path, path) != 0)
		slot = &(*slot)->next;
	if (!*slot) {
		err = conf_file_read(conf, at, path, slot);
		if (err)
			return err;
	}
	*ret = *slot;
	return 0;
}

/* Parse a file for `outer`; `at`: its include directive, or NULL. */
static int conf_parse_path(const struct conf_parser *outer,
    const struct conf_node *at, const char *path, struct conf_node **ret)
{
	struct conf_parser parser = {
		.conf = outer->conf,
		.words = buf_make(CONF_WORDS_MAX * sizeof(struct slice)),
		.blocks = outer->blocks,
		.includes = outer->includes + 1,
	};
	struct conf_file *file;
	int err;

	if (outer->includes > CONF_INCLUDES_MAX)
		return conf_fail(outer->conf, at, 0,
		    "too many nested includes, the limit is %d",
		    CONF_INCLUDES_MAX);
	err = conf_file_get(outer->conf, at, path, &file);
	if (err)
		return err;
	parser.file = file->path;
	conf_lexer_init(&parser.lexer, file->text);
	err = conf_parse_list(&parser, false, ret);
	buf_free(&parser.words);
	return err;
}

/* Parse the files that match, in order of their names; there may be none. */
static int conf_parse_glob(const struct conf_parser *outer,
    const struct conf_node *node, const char *pattern, struct conf_node **ret)
{
	glob_t found;
	int err = 0;

	switch (glob(pattern, 0, NULL, &found)) {
	case 0:
		break;
	case GLOB_NOMATCH:
		return 0;
	default:
		return conf_fail(outer->conf, node, errno,
		    "glob() \"%s\" failed", pattern);
	}
	for (size_t i = 0; i < found.gl_pathc && !err; i++) {
		err = conf_parse_path(outer, node, found.gl_pathv[i], ret);
		while (!err && *ret)
			ret = &(*ret)->next;
	}
	globfree(&found);
	return err;
}

static int conf_parse_include(const struct conf_parser *parser,
    const struct conf_node *node, struct conf_node **ret)
{
	struct conf *conf = parser->conf;
	const char *path;

	if (node->block)
		return conf_fail(conf, node, 0,
		    "directive \"include\" is not terminated by \";\"");
	if (node->argc != 2)
		return conf_fail(conf, node, 0, "invalid number of arguments "
		    "in \"include\" directive");
	path = node->args[1].data;
	if (path[0] != '/')
		path = arena_printf(&conf->arena, "%s%s", conf->conf_prefix,
		    path).data;
	if (!path)
		return conf_fail(conf, node, ENOMEM, "include failed");
	if (strpbrk(path, "*?["))
		return conf_parse_glob(parser, node, path, ret);
	return conf_parse_path(parser, node, path, ret);
}

/* A node of the words that were read; NULL without memory. */
static struct conf_node *conf_node_new(struct conf_parser *parser, bool block)
{
	struct arena *arena = &parser->conf->arena;
	struct conf_node *node = arena_alloc(arena, sizeof(*node));
	struct slice *args = arena_alloc(arena, parser->words.len);

	if (!node || !args)
		return NULL;
	memcpy(args, parser->words.data, parser->words.len);
	*node = *conf_parser_here(parser);
	node->args = args;
	node->argc = conf_parser_word_count(parser);
	node->block = block;
	return node;
}

/* Make the directive of the words that were read; none, if it includes none. */
static int conf_parse_directive(struct conf_parser *parser, bool block,
    struct conf_node **ret)
{
	struct conf_node *node = conf_node_new(parser, block);
	int err;

	if (!node)
		return conf_parser_no_memory(parser);
	if (slice_equal(node->args[0], SLICE("include")))
		return conf_parse_include(parser, node, ret);
	if (block) {
		if (parser->blocks == CONF_BLOCKS_MAX)
			return conf_fail(parser->conf, node, 0,
			    "too many nested blocks, the limit is %d",
			    CONF_BLOCKS_MAX);
		parser->blocks++;
		err = conf_parse_list(parser, true, &node->children);
		parser->blocks--;
		if (err)
			return err;
	}
	*ret = node;
	return 0;
}

/* Read a sign that must not stand here, or 0 if it may. */
static char conf_unexpected_sign(const struct conf_parser *parser,
    enum conf_token token, bool block)
{
	bool words = parser->words.len > 0;

	switch (token) {
	case CONF_TOKEN_SEMICOLON:
		return words ? 0 : ';';
	case CONF_TOKEN_OPEN:
		return words ? 0 : '{';
	case CONF_TOKEN_CLOSE:
		return words || !block ? '}' : 0;
	default:
		return 0;
	}
}

/* Directives up to the end of the text or, of a block, its "}". */
static int conf_parse_list(struct conf_parser *parser, bool block,
    struct conf_node **ret)
{
	enum conf_token token = CONF_TOKEN_END;
	char sign;
	int err;

	for (*ret = NULL;;) {
		err = conf_parser_read(parser, &token);
		if (err)
			return err;
		sign = conf_unexpected_sign(parser, token, block);
		if (sign)
			return conf_fail(parser->conf, conf_parser_here(parser),
			    0, "unexpected \"%c\"", sign);
		if (token == CONF_TOKEN_END && block)
			return conf_fail(parser->conf, conf_parser_here(parser),
			    0, "unexpected end of file, expecting \"}\"");
		if (token == CONF_TOKEN_END || token == CONF_TOKEN_CLOSE)
			return 0;
		err = conf_parse_directive(parser, token == CONF_TOKEN_OPEN,
		    ret);
		if (err)
			return err;
		while (*ret)
			ret = &(*ret)->next;
	}
}

int conf_parse_file(struct conf *conf, const char *path,
    struct conf_node **ret)
{
	struct conf_parser outer = { .conf = conf };
	struct conf_node *first = NULL;
	int err = conf_parse_path(&outer, NULL, path, &first);

	if (!err)
		*ret = first;
	return err;
}

int conf_parse_text(struct conf *conf, struct slice text, const char *name,
    struct conf_node **ret)
{
	struct conf_parser parser = {
		.conf = conf,
		.file = arena_copy(&conf->arena, slice_cstr(name)).data,
		.text = true,
		.words = buf_make(CONF_WORDS_MAX * sizeof(struct slice)),
	};
	struct conf_node *first = NULL;
	int err;

	if (!parser.file)
		return conf_fail(conf, NULL, ENOMEM, "%s", name);
	conf_lexer_init(&parser.lexer, text);
	err = conf_parse_list(&parser, false, &first);
	buf_free(&parser.words);
	if (!err)
		*ret = first;
	return err;
}
