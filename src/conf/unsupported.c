/*
 * Directives of nginx and of modules that are known for it, which ringmaster
 * does not have: they are named as such, with the reason, where a word that
 * nobody knows is called unknown. A directive that is built belongs into a
 * table and is then found there; its name leaves this file.
 */

#include "conf/unsupported.h"

#define LATER "it comes with a later version"

static const struct unsupported {
	const char *reason;
	const char *names;	/* see conf_unsupported_list() */
} unsupported[] = {
	{ "TLS comes with a later version",
	  "ssl ssl_certificate ssl_certificate_cache "
	  "ssl_certificate_compression ssl_certificate_key "
	  "ssl_client_certificate ssl_conf_command ssl_crl ssl_early_data "
	  "ssl_ech_file ssl_engine ssl_object_cache_inheritable ssl_ocsp "
	  "ssl_ocsp_cache ssl_ocsp_responder ssl_password_file "
	  "ssl_reject_handshake ssl_session_ticket_key ssl_stapling "
	  "ssl_stapling_file ssl_stapling_responder ssl_stapling_verify "
	  "ssl_trusted_certificate ssl_verify_client ssl_verify_depth" },
	{ "HTTP/2 comes with a later version",
	  "http2 http2_body_preread_size http2_chunk_size "
	  "http2_idle_timeout http2_max_concurrent_pushes "
	  "http2_max_concurrent_streams http2_max_field_size "
	  "http2_max_header_size http2_max_requests http2_pool_size "
	  "http2_push http2_push_preload http2_recv_buffer_size "
	  "http2_recv_timeout http2_streams_index_size" },
	{ "HTTP/3 comes with a later version",
	  "http3 http3_hq http3_max_concurrent_streams "
	  "http3_stream_buffer_size quic_active_connection_id_limit quic_bpf "
	  "quic_gso quic_host_key quic_retry" },
	{ LATER,
	  "auth_request auth_request_set mirror mirror_request_body "
	  "post_action slice" },
	{ "TLS to upstream servers comes with a later version",
	  "proxy_ssl_certificate proxy_ssl_certificate_cache "
	  "proxy_ssl_certificate_key proxy_ssl_ciphers "
	  "proxy_ssl_conf_command proxy_ssl_crl proxy_ssl_name "
	  "proxy_ssl_password_file proxy_ssl_protocols "
	  "proxy_ssl_server_name proxy_ssl_session_reuse "
	  "proxy_ssl_trusted_certificate proxy_ssl_verify "
	  "proxy_ssl_verify_depth" },
	{ "a cache of proxied answers comes with a later version",
	  "proxy_cache proxy_cache_background_update proxy_cache_bypass "
	  "proxy_cache_convert_head proxy_cache_key proxy_cache_lock "
	  "proxy_cache_lock_age proxy_cache_lock_timeout "
	  "proxy_cache_max_range_offset proxy_cache_methods "
	  "proxy_cache_min_uses proxy_cache_path proxy_cache_revalidate "
	  "proxy_cache_use_stale proxy_cache_valid proxy_no_cache "
	  "proxy_store proxy_store_access" },
	{ "server-side includes come with a later version",
	  "ssi ssi_ignore_recycled_buffers ssi_last_modified "
	  "ssi_min_file_chunk ssi_silent_errors ssi_types "
	  "ssi_value_length" },
	{ "gRPC comes with a later version", "grpc_*" },
	{ "tunnels of CONNECT come with a later version", "tunnel_*" },
	{ "FastCGI is not planned; the application needs a server that "
	  "speaks HTTP before it", "fastcgi fastcgi_*" },
	{ "uwsgi is not planned; uWSGI speaks HTTP with http-socket",
	  "uwsgi_*" },
	{ "SCGI is not planned; use HTTP", "scgi_*" },
	{ "memcached is not planned", "memcached_* memc_*" },
	{ "it serves HTTP only", "stream mail mail_auth_http* auth_http* "
	  "imap imap_* pop3_* smtp_* rtmp rtmp_* rtmp_stat" },
	{ "Perl in the server is not planned", "perl perl_*" },
	{ "XSLT is not planned", "xslt_* xml_entities xml_external_entities" },
	{ "images are not changed; prepare them beforehand",
	  "image_filter image_filter_* small_light small_light_*" },
	{ "videos are sent as files, players ask for ranges",
	  "mp4 mp4_* flv hls hls_* f4f f4f_* vod vod_*" },
	{ "GeoIP is not planned; use geo", "geoip_* geoip2 geoip2_*" },
	{ "browsers are not told apart by their versions; use map with "
	  "$http_user_agent", "ancient_browser ancient_browser_value "
	  "modern_browser modern_browser_value" },
	{ "it is of other systems",
	  "acceptex_read devpoll_changes devpoll_events "
	  "eventport_events iocp_threads kqueue_changes kqueue_events "
	  "post_acceptex" },
	{ "memory has limits instead", "degradation degrade" },
	{ "profile it with perf", "google_perftools_profiles" },
	{ "Lua in the server is not planned",
	  "*_by_lua *_by_lua_block *_by_lua_file lua_*" },
	{ "JavaScript in the server is not planned", "js_*" },
	{ "it is a third-party module; use add_header, proxy_hide_header",
	  "more_clear_headers more_clear_input_headers more_set_headers "
	  "more_set_input_headers" },
	{ "it is a third-party module; use sub_filter",
	  "subs_filter subs_filter_* replace_filter replace_filter_*" },
	{ "it is a third-party module; use autoindex",
	  "fancyindex fancyindex_*" },
	{ "it is a third-party module; metrics are built in",
	  "vhost_traffic_status vhost_traffic_status_* status_zone api "
	  "req_status req_status_* sysguard sysguard_* opentelemetry_* "
	  "opentracing opentracing_* otel_* zipkin_* datadog_*" },
	{ "a web application firewall is not planned",
	  "modsecurity modsecurity_* naxsi_* SecRulesEnabled "
	  "SecRulesDisabled LearningMode MainRule BasicRule CheckRule "
	  "DeniedUrl testcookie testcookie_* waf waf_*" },
	{ "it is a third-party module; dav has PUT, DELETE, MKCOL, COPY and "
	  "MOVE", "dav_ext_* create_full_dav_path" },
	{ "it is a third-party module; use auth_basic",
	  "auth_digest auth_digest_* auth_gss auth_gss_* auth_jwt "
	  "auth_jwt_* auth_ldap auth_ldap_* auth_pam auth_pam_* auth_spnego "
	  "auth_oidc auth_oidc_* ldap_server" },
	{ "it is a third-party module",
	  "accept_language concat concat_* delay drizzle_* "
	  "echo echo_* encrypted_session_* eval eval_* fair form_input "
	  "iconv_* length_hiding length_hiding_* limit_upload_rate "
	  "limit_upload_rate_after nchan_* pagespeed passenger_* "
	  "postgres_* push_stream_* rds_csv* rds_json* redis2_* redis_pass "
	  "redis_bind report_uploads server_redirect* set_base32_* "
	  "set_crypto_* set_decode_* set_encode_* set_escape_uri "
	  "set_form_input* set_formatted_* set_from_accept_language "
	  "set_hashed_upstream set_hex_* set_hmac_* set_if_empty "
	  "set_local_today set_md5 set_misc_* set_quote_* set_random "
	  "set_rotate set_secure_random_* set_sha1 set_unescape_uri "
	  "slowfs_* srcache_* track_uploads trim trim_* upload_* "
	  "upsync upsync_* xss_* zip" },
	{ "it is a third-party module; see the health checks of a later "
	  "version", "check check_* health_check match" },
	{ "caches are not purged by requests",
	  "cache_purge* proxy_cache_purge" },
	{ "it is of nginx's commercial version",
	  "app_protect_* internal_redirect keyval keyval_zone mgmt "
	  "ntlm proxy_cache_purge queue session_log session_log_zone state "
	  "status sticky_cookie_insert upstream_conf zone_sync "
	  "zone_sync_*" },
};

/* Does `name` fit the pattern? */
static bool unsupported_fits(struct slice pattern, struct slice name)
{
	if (pattern.data[0] == '*')
		return slice_ends(name, slice_from(pattern, 1));
	if (pattern.data[pattern.len - 1] != '*')
		return slice_equal(pattern, name);
	pattern.len--;
	return slice_starts(name, pattern);
}

static bool unsupported_has(const char *names, struct slice name)
{
	while (*names) {
		size_t len = strcspn(names, " ");

		if (unsupported_fits((struct slice){ names, len }, name))
			return true;
		names += len + strspn(names + len, " ");
	}
	return false;
}

#define COUNT (sizeof(unsupported) / sizeof(*unsupported))

bool conf_unsupported_list(unsigned i, const char **reason,
    const char **names)
{
	if (i >= COUNT)
		return false;
	*reason = unsupported[i].reason;
	*names = unsupported[i].names;
	return true;
}

const char *conf_unsupported(struct slice name)
{
	for (size_t i = 0; i < COUNT; i++)
		if (unsupported_has(unsupported[i].names, name))
			return unsupported[i].reason;
	return NULL;
}
