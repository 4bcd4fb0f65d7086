#ifndef RINGMASTER_HTTP_STATUS_H
#define RINGMASTER_HTTP_STATUS_H

#include "base/slice.h"

/* "404 Not Found": number and reason phrase, as nginx words them; just the
 * number with a blank for a status that has none. `text` is for the latter:
 * at least HTTP_STATUS_TEXT bytes. */
enum { HTTP_STATUS_TEXT = 8 };
struct slice http_status_text(unsigned status, char *text);

/* The page that is served for an error when no error_page says otherwise;
 * constant text. version: with server_tokens. */
struct slice http_status_page(unsigned status, bool version);

#endif
