#ifndef RINGMASTER_HTTP_CORE_SET_H
#define RINGMASTER_HTTP_CORE_SET_H

#include "http/core.h"

/* What the rows of core.c call to take their arguments. */

typedef int http_setter(struct conf *conf, const struct conf_node *node,
    const struct conf_scope *scope, void *record);

/* core_block.c: the blocks */
http_setter http_set_http, http_set_server, http_set_location,
    http_set_limit_except;

/* core_set.c: what is in them */
http_setter http_set_root, http_set_alias, http_set_error_page,
    http_set_error_log, http_set_types, http_set_temp_path,
    http_set_keepalive_timeout, http_set_internal, http_set_server_name,
    http_set_large_buffers, http_set_symlinks, http_set_keepalive_disable,
    http_set_limit_rate, http_set_limit_rate_after;
void http_core_init(struct conf *conf, void *record);
int http_core_merge(struct conf *conf, const void *parent, void *record);
int http_server_merge(struct conf *conf, const void *parent, void *record);

/* listen.c */
http_setter http_set_listen;

/* Have `server` listen at the default address if no "listen" was in it. */
int http_listen_default(struct conf *conf, struct http_server *server);

#endif
