/*
 * Which metrics are written, in which order; how, is in prometheus_text.c
 * and prometheus_protobuf.c.
 */
#include "metrics/prometheus.h"

#include "metrics/prometheus_format.h"

/* One family on its way out: its head is written before the first sample. */
struct pass {
	struct prometheus_writer writer;
	const struct metrics_entry *family;	/* its first entry, or NULL */
	bool begun;
};

static unsigned entry_scope(const struct metrics_entry *entry)
{
	unsigned scope = PROMETHEUS_GLOBAL;

	for (size_t i = 0; i < entry->label_count; i++) {
		const char *name = entry->labels[i].name;

		if (strcmp(name, "location") == 0)
			return PROMETHEUS_LOCATION;
		if (strcmp(name, "server") == 0)
			scope = PROMETHEUS_SERVER;
		if (strcmp(name, "worker") == 0)
			scope = PROMETHEUS_WORKER;
		if (strcmp(name, "upstream") == 0)
			scope = PROMETHEUS_UPSTREAM;
	}
	return scope;
}

static bool name_is_wanted(const struct prometheus_options *options,
    const char *name)
{
	for (size_t i = 0; i < options->name_count; i++)
		if (slice_equal(options->names[i], slice_cstr(name)))
			return true;
	return options->name_count == 0;
}

static bool entry_is_wanted(const struct prometheus_options *options,
    const struct metrics_entry *entry)
{
	return entry->level <= options->level &&
	    (options->scopes == 0 || (options->scopes & entry_scope(entry)));
}

static void sample_cb(void *arg, const struct sample *sample)
{
	struct pass *pass = arg;

	if (!pass->begun)
		pass->writer.ops->begin(&pass->writer, pass->family);
	pass->begun = true;
	pass->writer.ops->sample(&pass->writer, sample);
}

static void family_end(struct pass *pass)
{
	if (pass->begun)
		pass->writer.ops->end(&pass->writer);
	pass->begun = false;
}

static void compat_sample_cb(void *arg, const struct sample *sample)
{
	struct buf *out = arg;

	buf_printf(out, "%s %llu\n", sample->entry->compat,
	    (unsigned long long)sample->integer);
}

/*
 * A counter's name ought to end in _total, and promtool complains of those
 * that do not. Theirs are given no type: what one asks of them stays the same.
 */
static const char *compat_type(const struct metrics_entry *entry)
{
	if (entry->kind != METRICS_KIND_COUNTER)
		return "gauge";
	return slice_ends(slice_cstr(entry->compat), SLICE("_total"))
	    ? "counter" : "untyped";
}

/* Under the names of nginx-prometheus-exporter, for dashboards made for it. */
static void write_compat(struct buf *out,
    const Ringmaster__V1__Snapshot *snapshot,
    const struct prometheus_options *options)
{
	if (name_is_wanted(options, "nginx_up")) {
		prometheus_text_head(out, "nginx_up", "gauge",
		    "Whether these figures could be read; always 1.");
		buf_append_cstr(out, "nginx_up 1\n");
	}
	for (size_t i = 0; i < metrics_catalogue_count; i++) {
		const struct metrics_entry *entry = &metrics_catalogue[i];

		if (entry->compat == NULL ||
		    !name_is_wanted(options, entry->compat))
			continue;
		prometheus_text_head(out, entry->compat,
		    compat_type(entry), entry->help);
		samples_each(snapshot, entry, compat_sample_cb, out);
	}
}

void prometheus_write(struct buf *out,
    const Ringmaster__V1__Snapshot *snapshot,
    const struct prometheus_options *options)
{
	static const struct prometheus_format_ops *const ops[] = {
		[PROMETHEUS_TEXT] = &prometheus_text_ops,
		[PROMETHEUS_OPENMETRICS] = &prometheus_openmetrics_ops,
		[PROMETHEUS_PROTOBUF] = &prometheus_protobuf_ops,
	};
	struct pass pass = { .writer = {
		.ops = ops[options->format],
		.out = out,
		.family = buf_make(out->limit),
		.metric = buf_make(out->limit),
	} };

	for (size_t i = 0; i < metrics_catalogue_count; i++) {
		const struct metrics_entry *entry = &metrics_catalogue[i];

		if (entry->prom == NULL ||
		    !name_is_wanted(options, entry->prom) ||
		    !entry_is_wanted(options, entry))
			continue;
		if (pass.family == NULL ||
		    strcmp(pass.family->prom, entry->prom) != 0) {
			family_end(&pass);
			pass.family = entry;
		}
		samples_each(snapshot, entry, sample_cb, &pass);
	}
	family_end(&pass);
	if (options->compat && options->format == PROMETHEUS_TEXT &&
	    (options->scopes == 0 || (options->scopes & PROMETHEUS_GLOBAL)))
		write_compat(out, snapshot, options);
	pass.writer.ops->finish(&pass.writer);
}

const char *const prometheus_scope_names[PROMETHEUS_SCOPES] = {
	"global", "server", "location", "worker", "upstream"
};

bool prometheus_parse_scopes(struct slice list, unsigned *ret)
{
	unsigned scopes = 0;

	for (;;) {
		const char *comma = list.len > 0
		    ? memchr(list.data, ',', list.len) : NULL;
		struct slice name = comma == NULL ? list
		    : slice_first(list, (size_t)(comma - list.data));
		unsigned scope = 0;

		for (unsigned i = 0; i < PROMETHEUS_SCOPES; i++)
			if (slice_equal(name,
				slice_cstr(prometheus_scope_names[i])))
				scope = 1U << i;
		if (scope == 0)
			return false;
		scopes |= scope;
		if (comma == NULL)
			break;
		list = slice_from(list, name.len + 1);
	}
	*ret = scopes;
	return true;
}
