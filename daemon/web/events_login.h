/*
 * Whose a request with events is: a bearer token (RFC 6750), or a signature as of Standard Webhooks
 * 1.0 by a key that tokens_file has.
 */
#ifndef NUDGED_WEB_EVENTS_LOGIN_H
#define NUDGED_WEB_EVENTS_LOGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "web/tokens_file.h"
#include "web/web_refusal.h"
#include "web/web_request.h"

enum { EVENTS_LOGIN_TOLERANCE_S = 300 }; /* how far a signature's time may be from ours */

struct events_login {
    const struct tokens_login *login; /* NULL: nobody's, or not known before the body is */
    bool is_signed;
    enum web_refusal refusal; /* WEB_REFUSAL_NONE: nothing speaks against it so far */
    const char *why;          /* for who asked; NULL: the refusal's own words */
};

/* By the head alone: of a token all that can be said, of a signature what its headers tell. */
struct events_login events_login_head(const struct tokens_file *tokens,
                                      const struct web_request *request, int64_t now_ms);
/* By all of it: the login, or a refusal. */
struct events_login events_login_all(const struct tokens_file *tokens,
                                     const struct web_request *request, int64_t now_ms);

#endif
