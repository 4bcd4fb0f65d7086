/*
 * The panels of the dashboards for Grafana: titles and questions. Every
 * metric up to metrics_detail standard is asked for in one of them (see
 * tests/check-monitoring.sh).
 */
#include "tools/grafana_boards.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#define ROW(heading) { .type = GRAFANA_ROW, .title = heading }

/* The rate of a counter, and sums of it. */
#define RATE(counter) "rate(" counter "[$__rate_interval])"
#define SUM(value) "sum(" value ")"
#define SUM_BY(labels, value) "sum by (" labels ") (" value ")"

/* A quantile of a histogram, which is named without _bucket. */
#define QUANTILE(q, labels, histogram) "histogram_quantile(" q ", " \
    SUM_BY(labels, RATE(histogram "_bucket{@}")) ")"

#define MEAN_BY(labels, histogram) \
    SUM_BY(labels, RATE(histogram "_sum{@}")) " / " \
    SUM_BY(labels, RATE(histogram "_count{@}"))

/* How many fell into each bucket. */
#define BUCKETS(histogram) "sum by (le) (increase(" histogram \
    "_bucket{@}[$__rate_interval]))"

#define REQUESTS "ringmaster_http_requests_total"
#define DURATION "ringmaster_http_request_duration_seconds"
#define FIRST_BYTE "ringmaster_http_time_to_first_byte_seconds"
#define LOOKUPS "ringmaster_cache_lookups_total"

#define PEER "upstream, peer"
#define PEER_NAME "{{upstream}} {{peer}}"

static const struct grafana_panel overview_panels[] = {
	ROW("At a glance"),
	{ GRAFANA_STAT, "Workers", 4, .queries = {
	    { SUM("ringmaster_workers{@,generation=\"current\"}"), "" } } },
	{ GRAFANA_STAT, "Requests", 4, .queries = {
	    { SUM(RATE(REQUESTS "{@}")), "" } } },
	{ GRAFANA_STAT, "Errors", 4, .unit = "percentunit",
	  .note = "Share of requests answered with a status from 500 on.",
	  .queries = { { "(" SUM(RATE(REQUESTS "{@,code=~\"5..\"}"))
	    " or vector(0)) / " SUM(RATE(REQUESTS "{@}")), "" } } },
	{ GRAFANA_STAT, "99 % answered within", 4, .queries = {
	    { QUANTILE("0.99", "le", DURATION), "" } } },
	{ GRAFANA_STAT, "Connections", 4, .queries = {
	    { SUM("ringmaster_connections{@}"), "" } } },
	{ GRAFANA_STAT, "Started", 4, .unit = "dateTimeFromNow", .queries = {
	    { "min(ringmaster_start_time_seconds{@}) * 1000", "" } } },

	ROW("Requests"),
	{ GRAFANA_TIMESERIES, "Requests by server", 12, .queries = {
	    { SUM_BY("server", RATE(REQUESTS "{@}")), "{{server}}" } } },
	{ GRAFANA_TIMESERIES, "Requests by status", 12, .stacked = true,
	  .queries = {
	    { SUM_BY("code", RATE(REQUESTS "{@}")), "{{code}}" } } },
	{ GRAFANA_TIMESERIES, "Latency", 12, .queries = {
	    { QUANTILE("0.5", "le", DURATION), "50 %" },
	    { QUANTILE("0.9", "le", DURATION), "90 %" },
	    { QUANTILE("0.99", "le", DURATION), "99 %" },
	    { QUANTILE("0.999", "le", DURATION), "99.9 %" } } },
	{ GRAFANA_HEATMAP, "Latency, all requests", 12, .queries = {
	    { BUCKETS(DURATION), "{{le}}" } } },
	{ GRAFANA_TIMESERIES, "Latency by server, 99 %", 8, .queries = {
	    { QUANTILE("0.99", "le, server", DURATION), "{{server}}" } } },
	{ GRAFANA_TIMESERIES, "Time to first byte", 8, .queries = {
	    { QUANTILE("0.5", "le", FIRST_BYTE), "50 %" },
	    { QUANTILE("0.99", "le", FIRST_BYTE), "99 %" } } },
	{ GRAFANA_TIMESERIES, "Where the time goes", 8, .stacked = true,
	  .queries = {
	    { MEAN_BY("stage", "ringmaster_http_request_stage_seconds"),
	      "{{stage}}" } } },
	{ GRAFANA_TIMESERIES, "Requests by method and version", 8, .queries = {
	    { SUM_BY("method",
	      RATE("ringmaster_http_method_requests_total{@}")),
	      "{{method}}" },
	    { SUM_BY("protocol",
	      RATE("ringmaster_http_protocol_requests_total{@}")),
	      "{{protocol}}" } } },
	{ GRAFANA_TIMESERIES, "Bytes", 8, .queries = {
	    { SUM(RATE("ringmaster_http_request_bytes_total{@}")), "in" },
	    { SUM(RATE("ringmaster_http_response_bytes_total{@}")), "out" },
	    { SUM(RATE("ringmaster_http_response_body_bytes_total{@}")),
	      "bodies out" } } },
	{ GRAFANA_TIMESERIES, "Ended early", 8, .unit = "ops",
	  .note = "Requests that ended before their response did, timeouts, "
	    "and requests that could not be parsed.",
	  .queries = {
	    { SUM_BY("by", RATE("ringmaster_http_aborted_total{@}")),
	      "by {{by}}" },
	    { SUM(RATE("ringmaster_http_timeouts_total{@}")), "timeout" },
	    { SUM_BY("kind", RATE("ringmaster_http_parse_errors_total{@}")),
	      "not parsed: {{kind}}" },
	    { SUM_BY("result", RATE("ringmaster_auth_attempts_total{@}")),
	      "auth_basic: {{result}}" } } },
	{ GRAFANA_TABLE, "Locations", 24, .unit = "short", .queries = {
	    { SUM_BY("server, location",
	      RATE("ringmaster_location_requests_total{@}")), "requests/s" },
	    { SUM_BY("server, location",
	      RATE("ringmaster_location_response_bytes_total{@}")),
	      "bytes/s" } } },

	ROW("Connections and sessions"),
	{ GRAFANA_TIMESERIES, "Connections", 8, .stacked = true, .queries = {
	    { SUM_BY("state", "ringmaster_connections{@}"), "{{state}}" } } },
	{ GRAFANA_TIMESERIES, "New connections", 8, .queries = {
	    { SUM(RATE("ringmaster_connections_accepted_total{@}")),
	      "accepted" },
	    { SUM(RATE("ringmaster_connections_handled_total{@}")), "handled" },
	    { SUM_BY("reason",
	      RATE("ringmaster_connections_dropped_total{@}")),
	      "dropped: {{reason}}" },
	    { SUM_BY("errno",
	      RATE("ringmaster_connections_accept_errors_total{@}")),
	      "failed: {{errno}}" },
	    { SUM(RATE("ringmaster_connections_refused_total{@}")),
	      "refused by limit_conn" } } },
	{ GRAFANA_TIMESERIES, "Closed connections, by requests on them", 24,
	  .stacked = true, .queries = {
	    { SUM_BY("requests",
	      RATE("ringmaster_connections_closed_total{@}")),
	      "{{requests}}" } } },
	{ GRAFANA_STAT, "Connections, of those allowed", 4,
	  .unit = "percentunit", .queries = {
	    { SUM("ringmaster_connections{@}") " / "
	      SUM("ringmaster_connections_limit{@}"), "" } } },
	{ GRAFANA_STAT, "Sessions", 4, .queries = {
	    { SUM("ringmaster_sessions{@}"), "" } } },
	{ GRAFANA_STAT, "In flight", 6, .queries = {
	    { SUM("ringmaster_http_requests_in_flight{@}"), "" } } },
	{ GRAFANA_STAT, "Most requests in a second", 6, .unit = "reqps",
	  .queries = {
	    { SUM("ringmaster_http_requests_rate_peak{@}"), "" } } },
	{ GRAFANA_STAT, "Most connections at once", 6, .queries = {
	    { SUM("ringmaster_connections_peak{@}"), "" } } },
	{ GRAFANA_STAT, "Sessions today", 6, .queries = {
	    { SUM("ringmaster_sessions_today{@}"), "" } } },
	{ GRAFANA_TIMESERIES, "Sessions begun and expired", 24, .queries = {
	    { SUM(RATE("ringmaster_sessions_created_total{@}")), "begun" },
	    { SUM(RATE("ringmaster_sessions_expired_total{@}")),
	      "expired" } } },

	ROW("Cache"),
	{ GRAFANA_TIMESERIES, "Lookups", 8, .stacked = true, .queries = {
	    { SUM_BY("result", RATE(LOOKUPS "{@}")), "{{result}}" } } },
	{ GRAFANA_TIMESERIES, "Hit ratio", 8, .unit = "percentunit",
	  .note = "Share of lookups answered from memory, and whether the "
	    "cache is on.",
	  .queries = {
	    { SUM_BY("cache", RATE(LOOKUPS "{@,result=\"hit\"}")) " / "
	      SUM_BY("cache", RATE(LOOKUPS "{@,result=~\"hit|miss\"}")),
	      "{{cache}}" },
	    { "max by (cache) (ringmaster_cache_enabled{@})",
	      "{{cache}} on" } } },
	{ GRAFANA_TIMESERIES, "Response time by result, 99 %", 12,
	  .queries = {
	    { QUANTILE("0.99", "le, cache, result",
	      "ringmaster_cache_request_duration_seconds"),
	      "{{cache}}: {{result}}" } } },
	{ GRAFANA_TIMESERIES, "Bytes by result", 12, .stacked = true,
	  .queries = {
	    { SUM_BY("cache, result",
	      RATE("ringmaster_cache_bytes_total{@}")),
	      "{{cache}}: {{result}}" } } },
	{ GRAFANA_TIMESERIES, "Size", 8, .queries = {
	    { SUM_BY("cache", "ringmaster_cache_size_bytes{@}"), "{{cache}}" },
	    { SUM_BY("cache", "ringmaster_cache_max_size_bytes{@}"),
	      "{{cache}}, at most" } } },
	{ GRAFANA_TIMESERIES, "Entries", 12, .queries = {
	    { SUM_BY("cache", "ringmaster_cache_entries{@}"),
	      "{{cache}}" } } },
	{ GRAFANA_TIMESERIES, "Evictions", 12, .queries = {
	    { SUM_BY("reason", RATE("ringmaster_cache_evictions_total{@}")),
	      "{{reason}}" } } },

	ROW("Upstream servers and limits"),
	{ GRAFANA_TIMESERIES, "Requests to upstream servers", 8, .queries = {
	    { SUM_BY(PEER, RATE("ringmaster_upstream_requests_total{@}")),
	      PEER_NAME } } },
	{ GRAFANA_TIMESERIES, "Answers of upstream servers", 8,
	  .stacked = true, .queries = {
	    { SUM_BY("code_class",
	      RATE("ringmaster_upstream_requests_total{@}")),
	      "{{code_class}}" } } },
	{ GRAFANA_TIMESERIES, "Failures of upstream servers", 8, .queries = {
	    { SUM_BY("upstream, reason",
	      RATE("ringmaster_upstream_failures_total{@}")),
	      "{{upstream}} {{reason}}" } } },
	{ GRAFANA_TIMESERIES, "Answers of upstream servers, 99 %", 8,
	  .queries = {
	    { QUANTILE("0.99", "le, " PEER,
	      "ringmaster_upstream_response_seconds"), PEER_NAME } } },
	{ GRAFANA_TIMESERIES, "Parts of answers, 99 %", 8,
	  .note = "Until a new connection to an upstream server was made, and "
	    "until the head of its answer was there.",
	  .queries = {
	    { QUANTILE("0.99", "le", "ringmaster_upstream_connect_seconds"),
	      "connected" },
	    { QUANTILE("0.99", "le", "ringmaster_upstream_header_seconds"),
	      "head" } } },
	{ GRAFANA_TIMESERIES, "Bytes of upstream servers", 8, .queries = {
	    { SUM_BY("direction", RATE("ringmaster_upstream_bytes_total{@}")),
	      "{{direction}}" } } },
	{ GRAFANA_TIMESERIES, "Upstream servers by state", 8, .stacked = true,
	  .unit = "short", .queries = {
	    { SUM_BY("state", "ringmaster_upstream_peer_state{@}"),
	      "{{state}}" } } },
	{ GRAFANA_TIMESERIES, "Asked now, and kept", 8, .unit = "short",
	  .note = "Requests that upstream servers are being asked, and idle "
	    "connections to them.",
	  .queries = {
	    { SUM("ringmaster_upstream_active{@}"), "requests" },
	    { SUM("ringmaster_upstream_keepalive_idle{@}"),
	      "idle connections" } } },
	{ GRAFANA_TIMESERIES, "Requests before limits", 8, .queries = {
	    { SUM_BY("zone, result",
	      RATE("ringmaster_limit_requests_total{@}")),
	      "{{zone}} {{result}}" } } },

	ROW("Configuration and self"),
	{ GRAFANA_STAT, "Last reload", 4, .note = "1 if it succeeded.",
	  .queries = {
	    { "min(ringmaster_config_last_reload_successful{@})", "" } } },
	{ GRAFANA_STAT, "Configured", 4, .unit = "dateTimeFromNow",
	  .queries = {
	    { "max(ringmaster_config_last_reload_success_timestamp_seconds{@})"
	      " * 1000", "" } } },
	{ GRAFANA_STAT, "Generation", 4, .queries = {
	    { "max(ringmaster_generation{@})", "" } } },
	{ GRAFANA_STAT, "Segment in use", 4, .unit = "percentunit",
	  .queries = {
	    { SUM("ringmaster_shm_used_bytes{@}") " / "
	      SUM("ringmaster_shm_size_bytes{@}"), "" } } },
	{ GRAFANA_STAT, "Log lines lost", 4, .queries = {
	    { SUM("increase(ringmaster_log_dropped_total{@}[$__range])"),
	      "" } } },
	{ GRAFANA_STAT, "Segment: lost, repaired", 4, .queries = {
	    { SUM("increase(ringmaster_shm_drops_total{@}[$__range])"),
	      "lost" },
	    { SUM("increase(ringmaster_shm_recoveries_total{@}[$__range])"),
	      "repaired" } } },
	{ GRAFANA_TIMESERIES, "Tables of the segment, of what fits", 12,
	  .unit = "percentunit", .queries = {
	    { SUM_BY("table", "ringmaster_shm_entries{@}") " / "
	      SUM_BY("table", "ringmaster_shm_entries_limit{@}"),
	      "{{table}}" },
	    { SUM_BY("table", "ringmaster_shm_entries_peak{@}") " / "
	      SUM_BY("table", "ringmaster_shm_entries_limit{@}"),
	      "{{table}}, at most" } } },
	{ GRAFANA_TIMESERIES, "Zones of limits, of their memory", 12,
	  .unit = "percentunit", .queries = {
	    { SUM_BY("zone", "ringmaster_limit_zone_used_bytes{@}") " / "
	      SUM_BY("zone", "ringmaster_limit_zone_size_bytes{@}"),
	      "{{zone}}" },
	    { SUM_BY("zone", "ringmaster_limit_zone_peak_bytes{@}") " / "
	      SUM_BY("zone", "ringmaster_limit_zone_size_bytes{@}"),
	      "{{zone}}, at most" },
	    { SUM_BY("zone", RATE("ringmaster_limit_zone_full_total{@}")),
	      "{{zone}}, full a second" } } },
	{ GRAFANA_TIMESERIES, "Reloads", 8, .queries = {
	    { "sum by (result) (increase(ringmaster_reloads_total{@}"
	      "[$__rate_interval]))", "{{result}}" } } },
	{ GRAFANA_TABLE, "Builds", 8, .queries = {
	    { SUM_BY("instance, version, revision, compiler",
	      "ringmaster_build_info{@}"), "count" } } },
	{ GRAFANA_TABLE, "Configurations", 8, .queries = {
	    { SUM_BY("instance, file, hash", "ringmaster_config_info{@}"),
	      "count" } } },
};

#define WORKER "worker {{worker}}"
#define EACH(gauge) SUM_BY("instance, worker", gauge)

static const struct grafana_panel workers_panels[] = {
	ROW("Balance"),
	{ GRAFANA_TIMESERIES, "Requests", 8, .queries = {
	    { EACH(RATE("ringmaster_worker_requests_total{@}")), WORKER } } },
	{ GRAFANA_TIMESERIES, "Connections", 8, .queries = {
	    { EACH("ringmaster_worker_connections{@}"), WORKER } } },
	{ GRAFANA_TIMESERIES, "Balance", 8, .unit = "percentunit",
	  .note = "Requests of the busiest worker beside their mean: 100 % "
	    "if all have the same share.",
	  .queries = {
	    { "max by (instance) ("
	      RATE("ringmaster_worker_requests_total{@}") ") / "
	      "avg by (instance) ("
	      RATE("ringmaster_worker_requests_total{@}") ")",
	      "{{instance}}" } } },
	{ GRAFANA_TIMESERIES, "Processor", 8, .queries = {
	    { EACH(RATE("ringmaster_worker_cpu_seconds_total{@}")),
	      WORKER } } },
	{ GRAFANA_TIMESERIES, "Memory", 8, .queries = {
	    { EACH("ringmaster_worker_resident_memory_bytes{@}"), WORKER } } },
	{ GRAFANA_TIMESERIES, "Descriptors, of those allowed", 8,
	  .unit = "percentunit", .queries = {
	    { EACH("ringmaster_worker_open_fds{@}") " / "
	      EACH("ringmaster_worker_max_fds{@}"), WORKER } } },

	ROW("Loop"),
	{ GRAFANA_HEATMAP, "Turns of the loop", 12, .queries = {
	    { BUCKETS("ringmaster_loop_lag_seconds"), "{{le}}" } } },
	{ GRAFANA_TIMESERIES, "Turns of the loop, 99 %", 12, .queries = {
	    { QUANTILE("0.99", "le, instance, worker",
	      "ringmaster_loop_lag_seconds"), WORKER } } },
	{ GRAFANA_TIMESERIES, "Stalls", 8, .queries = {
	    { EACH(RATE("ringmaster_loop_stalls_total{@}")), WORKER } } },
	{ GRAFANA_TIMESERIES, "Longest turn", 8, .queries = {
	    { EACH("ringmaster_loop_recent_stall_seconds{@}"),
	      WORKER " of late" },
	    { EACH("ringmaster_loop_longest_stall_seconds{@}"),
	      WORKER " since its start" } } },
	{ GRAFANA_TIMESERIES, "Coroutines", 8, .queries = {
	    { EACH("ringmaster_coroutines{@}"), WORKER } } },

	ROW("io_uring"),
	{ GRAFANA_TIMESERIES, "Operations", 8, .queries = {
	    { SUM(RATE("ringmaster_uring_submissions_total{@}")), "submitted" },
	    { SUM(RATE("ringmaster_uring_completions_total{@}")), "completed" },
	    { SUM(RATE("ringmaster_uring_enters_total{@}")),
	      "calls of io_uring_enter" } } },
	{ GRAFANA_TIMESERIES, "Completions a call", 8, .unit = "short",
	  .note = "Completions reaped for each call of io_uring_enter: the "
	    "busier, the more.",
	  .queries = {
	    { EACH(RATE("ringmaster_uring_completions_total{@}")) " / "
	      EACH(RATE("ringmaster_uring_enters_total{@}")), WORKER } } },
	{ GRAFANA_TIMESERIES, "Under way", 8, .queries = {
	    { EACH("ringmaster_uring_inflight{@}"), WORKER },
	    { "max(ringmaster_uring_sq_entries{@})", "a turn, at most" } } },
	{ GRAFANA_TIMESERIES, "Completion queue", 8, .queries = {
	    { EACH("ringmaster_uring_cq_backlog{@}"), WORKER },
	    { SUM(RATE("ringmaster_uring_cq_overflow_total{@}")),
	      "full, times a second" } } },
	{ GRAFANA_TIMESERIES, "Free buffers", 8, .unit = "percentunit",
	  .queries = {
	    { EACH("ringmaster_buffers_free{@}") " / "
	      EACH("ringmaster_buffers{@}"), WORKER } } },
	{ GRAFANA_TIMESERIES, "No buffer free", 8, .queries = {
	    { EACH(RATE("ringmaster_buffers_exhausted_total{@}")),
	      WORKER } } },

	ROW("Threads for what blocks"),
	{ GRAFANA_TIMESERIES, "Threads", 8, .stacked = true, .queries = {
	    { SUM_BY("state", "ringmaster_pool_threads{@}"), "{{state}}" } } },
	{ GRAFANA_TIMESERIES, "Waiting tasks", 8, .queries = {
	    { EACH("ringmaster_pool_queue_length{@}"), WORKER } } },
	{ GRAFANA_TIMESERIES, "Wait for a thread", 8, .queries = {
	    { QUANTILE("0.99", "le", "ringmaster_pool_wait_seconds"), "99 %" },
	    { "max(ringmaster_pool_oldest_wait_seconds{@})",
	      "waiting longest" } } },
	{ GRAFANA_TIMESERIES, "Tasks", 24, .queries = {
	    { SUM_BY("result", RATE("ringmaster_pool_tasks_total{@}")),
	      "{{result}}" } } },

	ROW("Processes"),
	{ GRAFANA_TIMESERIES, "Workers", 8, .stacked = true, .queries = {
	    { SUM_BY("generation", "ringmaster_workers{@}"),
	      "{{generation}}" } } },
	{ GRAFANA_TIMESERIES, "Ended", 8, .queries = {
	    { "sum by (reason) (increase(ringmaster_worker_exits_total{@}"
	      "[$__rate_interval]))", "{{reason}}" } } },
	{ GRAFANA_TIMESERIES, "Replaced", 8, .queries = {
	    { "sum(increase(ringmaster_worker_respawns_total{@}"
	      "[$__rate_interval]))", "replaced" } } },
};

const struct grafana_board grafana_boards[] = {
	{ "ringmaster", "ringmaster", overview_panels, COUNT(overview_panels) },
	{ "ringmaster-workers", "ringmaster: workers", workers_panels,
	  COUNT(workers_panels) },
	{ NULL, NULL, NULL, 0 },
};
