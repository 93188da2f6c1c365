/*
 * The settings of a gateway `http`, and what is made of them once for all its requests.
 */
#ifndef NUDGED_SEND_HTTP_SETTINGS_H
#define NUDGED_SEND_HTTP_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/settings_fault.h"
#include "base/value.h"
#include "send/answers.h"
#include "send/gateway.h"

enum { HTTP_HEADERS = 64 };

enum http_sign { HTTP_SIGN_NONE, HTTP_SIGN_WEBHOOK };

struct http_settings {
    struct gateway_common common;
    const char *url;
    int method; /* index in http_methods */
    struct value headers;
    const char *content_type;
    const char *body;
    const char *user;
    const char *password_file;
    const char *secret_file;
    const char *ca_file;
    const char *aws_sigv4;
    int sign; /* enum http_sign */
    bool idempotent;
    const char *idempotency_header;
    struct answers_settings answers;
    struct value own; /* the key `settings`: names and their texts */
    int64_t connect_timeout, answer_timeout;
    int64_t lowest_speed;
};

extern const struct setting http_settings[];
extern const char *const http_methods[];

/* Members of struct gateway_kind. */
void http_settings_complete(const struct gateway_kind *kind, void *settings, struct arena *arena);
const char *http_settings_body(const void *settings);
const struct value *http_settings_seen(const void *settings);
bool http_settings_check(const void *settings, const struct value *map,
                         const struct settings_source *source, struct diags *diags);

struct http_header {
    const char *name;
    const char *value; /* a template of send/fill */
};

/* The settings with the gateway's own filled in; what is left are the places that each message
 * fills. */
struct http_form {
    const char *url;
    const char *user;
    const char *aws_sigv4;
    struct http_header headers[HTTP_HEADERS + 1]; /* ends with a row without a name */
    const struct answers *answers;
};

/* Of settings that were checked; into the arena. */
const struct http_form *http_settings_form(struct arena *arena,
                                           const struct http_settings *settings);

#endif
