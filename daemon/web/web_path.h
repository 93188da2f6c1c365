/*
 * The target of a request (RFC 9112, 3.2.1): a path and a query, decoded. Only what has one reading
 * is taken: a path that another server would clean up first is refused, not cleaned up.
 */
#ifndef NUDGED_WEB_WEB_PATH_H
#define NUDGED_WEB_WEB_PATH_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/slice.h"
#include "web/web_request.h"

enum { WEB_PATH_PARAMETERS_MOST = 64 };

/* False: no path that begins with "/"; "%" without two digits; an encoded "/", "\" or control
 * character; "." or ".." as a segment, an empty one before the last; no UTF-8; too many
 * parameters. In the arena. */
bool web_path_read(struct arena *arena, struct slice target, const char **path,
                   struct web_fields *query);

/* name=value&… decoded, "+" as a blank: of a query, or of a form's body
 * (application/x-www-form-urlencoded). */
bool web_path_read_form(struct arena *arena, struct slice text, struct web_fields *fields);

#endif
