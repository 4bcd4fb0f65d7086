#ifndef RINGMASTER_CONF_SYSLOG_H
#define RINGMASTER_CONF_SYSLOG_H

#include "conf/conf.h"

/*
 * The file that stands for "syslog:server=...,...": like one that
 * conf_open_file() gives, but each use has its own. Returns 0 or the result
 * of conf_fail(). May ask the resolver of the system.
 */
int conf_syslog(struct conf *conf, const struct conf_node *node,
    struct slice text, struct log_file **ret);

#endif
