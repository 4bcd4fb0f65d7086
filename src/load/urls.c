#include "load/urls.h"

#include <errno.h>
#include <stdlib.h>

#include "base/number.h"
#include "load/lines.h"

/* The next word, cut from *rest; empty at the end. */
static struct slice urls_word(struct slice *rest)
{
	struct slice word = slice_trim(*rest);
	size_t len = 0;

	while (len < word.len && word.data[len] != ' ' &&
	    word.data[len] != '\t')
		len++;
	*rest = slice_from(word, len);
	return slice_first(word, len);
}

bool urls_weight_parse(struct slice text, double *ret)
{
	double weight;

	if (!number_parse(text, &weight) || !(weight > 0) ||
	    weight > LOAD_WEIGHT_MAX)
		return false;
	*ret = weight;
	return true;
}

static bool urls_is_url(struct slice word)
{
	return slice_starts(word, SLICE("/")) ||
	    memmem(word.data, word.len, "://", 3);
}

const char *urls_line_parse(struct slice line, struct urls_line *ret)
{
	static const struct slice weight = { "weight=", 7 };
	struct slice word = urls_word(&line);

	*ret = (struct urls_line){ .weight = 0 };
	if (!urls_is_url(word)) {
		ret->method = word;
		if (draft_method_wrong(word))
			return draft_method_wrong(word);
		word = urls_word(&line);
	}
	if (word.len == 0)
		return "there is no URL";
	if (!urls_is_url(word))
		return "the URL must begin with http:// or, behind one that "
		    "does, with a slash";
	ret->url = word;
	word = urls_word(&line);
	if (word.len && !slice_starts(word, weight))
		return "only weight=NUMBER may follow the URL";
	if (word.len && !urls_weight_parse(slice_from(word, weight.len),
		&ret->weight))
		return "the weight must be a number above 0, at most 1000000";
	if (urls_word(&line).len)
		return "nothing may follow the weight";
	return NULL;
}

/* Path and query of a URL, which must lead to the draft's target. */
static int urls_uri(struct draft *draft, struct slice url,
    const struct fault *fault, struct slice *ret)
{
	struct load_target target;
	int err;

	if (url.data[0] == '/') {
		if (!draft->target.host.data)
			return fault_set(fault, "the first URL must be whole, "
			    "or --urls be followed by one");
		if (!load_uri_encode(url, draft->arena, ret))
			return fault_set(fault, "the URL is longer than %d "
			    "bytes", LOAD_TARGET_MAX);
		return 0;
	}
	err = load_target_parse(url, draft->arena, fault, &target);
	if (err)
		return err;
	if (!draft->target.host.data)
		draft->target = target;
	if (!load_target_same(&target, &draft->target))
		return fault_set(fault, "%s is not %s: all URLs must lead to "
		    "the same server", target.authority.data,
		    draft->target.authority.data);
	*ret = target.uri;
	return 0;
}

static int urls_add(struct draft *draft, struct slice text,
    const struct fault *fault)
{
	struct draft_request wanted = { .weight = 0 };
	struct urls_line line;
	const char *wrong = urls_line_parse(text, &line);
	int err;

	if (wrong)
		return fault_set(fault, "%s", wrong);
	err = urls_uri(draft, line.url, fault, &wanted.uri);
	if (err)
		return err;
	wanted.name = wanted.uri;
	wanted.method = line.method;
	wanted.weight = line.weight;
	return draft_add(draft, &wanted);
}

static int urls_read_lines(struct draft *draft, struct lines *lines,
    const struct fault *fault)
{
	enum lines_result result;
	struct slice line;
	int err = 0;

	while (!err && (result = lines_next(lines, &line)) != LINES_END) {
		if (result == LINES_ERROR)
			return fault_set(fault, "%s", strerror(errno));
		if (result == LINES_LONG)
			return fault_set(fault, "the line is longer than %d "
			    "bytes", LINES_LENGTH_MAX);
		line = slice_trim(line);
		if (line.len && line.data[0] != '#')
			err = urls_add(draft, line, fault);
	}
	return err;
}

int urls_read(struct draft *draft, const char *path)
{
	const struct fault *outer = draft->fault;
	char text[1024];
	const struct fault fault = { text, sizeof(text) };
	struct lines *lines = malloc(sizeof(*lines));
	int err;

	if (!lines)
		return fault_memory(outer);
	err = lines_open(lines, path);
	if (err) {
		free(lines);
		return fault_set(outer, "--urls: \"%s\" cannot be opened: %s",
		    path, strerror(-err));
	}
	draft->fault = &fault;
	err = urls_read_lines(draft, lines, &fault);
	draft->fault = outer;
	if (err)
		(void)fault_set(outer, "%s:%llu: %s", path,
		    (unsigned long long)lines->number, text);
	else if (draft_count(draft) == 0)
		err = fault_set(outer, "--urls: \"%s\" has no URL", path);
	lines_close(lines);
	free(lines);
	return err;
}
