/*
 * All modules of the server. A new one is named here and nowhere else.
 */

#include "modules/modules.h"

extern const struct http_module http_access_module;
extern const struct http_module http_addition_module;
extern const struct http_module http_auth_basic_module;
extern const struct http_module http_autoindex_module;
extern const struct http_module http_charset_module;
extern const struct http_module http_compress_module;
extern const struct http_module http_dav_module;
extern const struct http_module http_empty_gif_module;
extern const struct http_module http_geo_module;
extern const struct http_module http_gunzip_module;
extern const struct http_module http_headers_module;
extern const struct http_module http_index_module;
extern const struct http_module http_limit_conn_module;
extern const struct http_module http_limit_req_module;
extern const struct http_module http_log_module;
extern const struct http_module http_map_module;
extern const struct http_module http_metrics_top_module;
extern const struct http_module http_precompressed_module;
extern const struct http_module http_proxy_module;
extern const struct http_module http_random_index_module;
extern const struct http_module http_realip_module;
extern const struct http_module http_referer_module;
extern const struct http_module http_resolver_module;
extern const struct http_module http_rewrite_module;
extern const struct http_module http_secure_link_module;
extern const struct http_module http_split_clients_module;
extern const struct http_module http_static_module;
extern const struct http_module http_stub_status_module;
extern const struct http_module http_sub_module;
extern const struct http_module http_try_files_module;
extern const struct http_module http_upstream_module;
extern const struct http_module http_userid_module;

const struct http_module *const http_modules[] = {
	/* Who the client is, before anybody asks. */
	&http_realip_module,

	/* What defines variables. */
	&http_map_module,
	&http_geo_module,
	&http_split_clients_module,
	&http_referer_module,
	&http_secure_link_module,
	&http_upstream_module,
	&http_resolver_module,

	/* Before there is an answer. */
	&http_rewrite_module,
	&http_limit_req_module,
	&http_limit_conn_module,
	&http_access_module,
	&http_auth_basic_module,
	&http_try_files_module,

	/* Who may make the answer; the first that does not decline. */
	&http_stub_status_module,
	&http_proxy_module,
	&http_empty_gif_module,
	&http_random_index_module,
	&http_index_module,
	&http_autoindex_module,
	&http_dav_module,
	&http_precompressed_module,
	&http_static_module,

	/* Filters: the last one gets what all others made of the body. */
	&http_headers_module,
	&http_userid_module,
	&http_gunzip_module,
	&http_sub_module,
	&http_charset_module,
	&http_addition_module,
	&http_compress_module,

	/* When it has ended. */
	&http_metrics_top_module,
	&http_log_module,
	NULL,
};
