/*
 * Gateway `http`: any API that takes one message in one request. The host comes
 * from the configuration alone; a message's data fill places in the path, the
 * query and the headers (send/fill), and the body is what the message's template
 * made.
 *
 * send_request(), at the end, is the whole of one message: secrets, the variables, then
 * make_request() puts headers and URL together in the arena, the transfer runs, and retry
 * judges what was seen. Before it stand the settings, whose check keeps out headers that
 * would say where a request goes or ends, and the connection.
 */
#include "send/http.h"

#include <ctype.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "send/fill.h"
#include "send/request.h"
#include "send/secret.h"

enum { HTTP_URL_MOST = 8192, HTTP_HEADERS_MOST = 32768, HTTP_HEADERS = 64 };

struct http_settings {
    struct gateway_common common;
    const char *url;
    int method;
    struct value headers;
    const char *content_type;
    const char *user;
    const char *password_file;
    const char *secret_file;
    const char *ca_file;
    bool idempotent;
    const char *idempotency_header;
    int64_t connect_timeout, answer_timeout;
    int64_t lowest_speed;
};

static const char *const methods[] = {"POST", "PUT", "PATCH", "GET", "DELETE", NULL};

#define HTTP_FIELD(name) .key = #name, .offset = offsetof(struct http_settings, name)

static const struct setting settings_table[] = {
    GATEWAY_COMMON_SETTINGS("http", struct http_settings, "4"),
    {HTTP_FIELD(url), .type = SETTING_TEXT, .required = true,
     .help = "where the request goes; {{ to }} and others may stand behind the host"},
    {HTTP_FIELD(method), .type = SETTING_CHOICE, .fallback = "POST", .choices = methods,
     .help = "the request's method"},
    {HTTP_FIELD(headers), .type = SETTING_VALUE,
     .help = "a mapping of header fields to values, with {{ secret }} and others"},
    {HTTP_FIELD(content_type), .type = SETTING_TEXT, .fallback = "application/json",
     .help = "of the body"},
    {HTTP_FIELD(user), .type = SETTING_TEXT,
     .help = "for HTTP's Basic login, with `password_file`"},
    {HTTP_FIELD(password_file), .type = SETTING_TEXT,
     .help = "a file whose first line is the password"},
    {HTTP_FIELD(secret_file), .type = SETTING_TEXT,
     .help = "a file whose first line is what {{ secret }} stands for"},
    {HTTP_FIELD(ca_file), .type = SETTING_TEXT,
     .help = "certificates to trust instead of the system's (PEM)"},
    {HTTP_FIELD(idempotent), .type = SETTING_BOOL, .fallback = "false",
     .help = "the API drops a second request with the same key: a lost answer is a retry"},
    {HTTP_FIELD(idempotency_header), .type = SETTING_TEXT, .fallback = "Idempotency-Key",
     .help = "the header field that carries the key"},
    {HTTP_FIELD(connect_timeout), .type = SETTING_DURATION, .fallback = "30s", .least = 1,
     .most = 600000, .help = "longest time for the name, the connection and TLS"},
    {HTTP_FIELD(answer_timeout), .type = SETTING_DURATION, .fallback = "60s", .least = 1,
     .most = 3600000, .help = "longest wait for the whole answer"},
    {HTTP_FIELD(lowest_speed), .type = SETTING_SIZE, .fallback = "1KiB", .least = 1,
     .most = 1 << 30,
     .help = "bytes in a second; a request may take a minute and its size at this speed"},
    {0},
};

struct http {
    const struct http_settings *settings;
    struct request *request;
    struct secret password, secret;
};

/* ---- Settings ---- */

/* RFC 9110, 5.6.2. */
static bool is_token(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x80 || (!isalnum(c) && !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return length > 0 && length < 128;
}

/* Fields that say where the request goes or where it ends. */
static bool is_ours(const char *name, size_t length)
{
    static const char *const ours[] = {"host",       "content-length", "transfer-encoding",
                                       "connection", "expect",         NULL};
    for (size_t i = 0; ours[i]; i++) {
        if (strlen(ours[i]) == length && strncasecmp(ours[i], name, length) == 0)
            return true;
    }
    return false;
}

static void check_header(const struct value_member *member, const struct settings_source *source,
                         struct diags *diags)
{
    const struct value *name = &member->key, *value = &member->value;
    char text[4096];
    if (!is_token(name->string, name->length) || is_ours(name->string, name->length)) {
        settings_fault(diags, source, name, DIAG_ERROR, "`%.*s` is no header field to set here",
                       (int)name->length, name->string);
    } else if (value->kind != VALUE_STRING || value->length >= sizeof text) {
        settings_fault(diags, source, value, DIAG_ERROR, "a header's value is a string");
    } else {
        memcpy(text, value->string, value->length);
        text[value->length] = '\0';
        const char *wrong = fill_wrong(text);
        if (wrong)
            settings_fault(diags, source, value, DIAG_ERROR, "the header `%.*s` %s",
                           (int)name->length, name->string, wrong);
    }
}

static void check_headers(const struct value *headers, const struct settings_source *source,
                          struct diags *diags)
{
    if (headers->kind == VALUE_NULL)
        return;
    if (headers->kind != VALUE_MAP || value_count(headers) > HTTP_HEADERS) {
        settings_fault(diags, source, headers, DIAG_ERROR,
                       "`headers` is a mapping of at most %d header fields", HTTP_HEADERS);
        return;
    }
    for (uint32_t i = 0; i < value_count(headers); i++)
        check_header(&headers->map->members[i], source, diags);
}

static bool check_settings(const void *of, const struct value *map,
                           const struct settings_source *source, struct diags *diags)
{
    const struct http_settings *settings = of;
    size_t errors = diags->errors;
    const char *url = settings->url ? settings->url : "", *wrong = fill_wrong_url(url);
    if (settings->url && wrong)
        settings_fault(diags, source, value_get(map, "url"), DIAG_ERROR, "the URL %s", wrong);
    check_headers(&settings->headers, source, diags);
    if (!settings->user != !settings->password_file)
        settings_fault(diags, source, value_get(map, settings->user ? "user" : "password_file"),
                       DIAG_ERROR, "`user` and `password_file` need each other");
    if (fill_wrong(settings->content_type) || strstr(settings->content_type, "{{"))
        settings_fault(diags, source, value_get(map, "content_type"), DIAG_ERROR,
                       "`content_type` is a media type");
    const char *key = settings->idempotency_header;
    if (!is_token(key, strlen(key)) || is_ours(key, strlen(key)))
        settings_fault(diags, source, value_get(map, "idempotency_header"), DIAG_ERROR,
                       "`idempotency_header` is a header field's name");
    bool clear = strncmp(url, "http://", 7) == 0;
    bool secret = settings->password_file || settings->secret_file;
    if (clear && secret && strncmp(url, "http://127.", 11) != 0 &&
        strncmp(url, "http://localhost", 16) != 0)
        settings_fault(diags, source, value_get(map, "url"), DIAG_WARNING,
                       "http:// shows the secret to everyone on the way");
    return diags->errors == errors;
}

/* ---- The connection ---- */

static void *open_connection(const void *of, const struct gateway_hooks *hooks)
{
    const struct http_settings *settings = of;
    struct http *http = mem_zero(1, sizeof *http);
    http->settings = settings;
    http->password.path = settings->user ? settings->password_file : NULL;
    http->secret.path = settings->secret_file;
    http->request = request_new(&(struct transfer_settings){
        .ca_file = settings->ca_file,
        .connect_ms = settings->connect_timeout,
        .command_ms = settings->answer_timeout,
        .answer_ms = settings->answer_timeout,
        .bytes_per_s = settings->lowest_speed,
        .hooks = *hooks,
    });
    return http;
}

static void close_connection(void *connection)
{
    struct http *http = connection;
    request_destroy(&http->request);
    secret_forget(&http->password);
    secret_forget(&http->secret);
    free(http);
}

static void rest_connection(void *connection)
{
    struct http *http = connection;
    request_drop(http->request);
}

/* ---- One request ---- */

/* A request while it is put together. */
struct http_request {
    struct http *http;
    const struct outgoing *outgoing;
    const struct fill_variable *variables;
    struct buf text; /* the header being made; the URL */
    const char *lines[HTTP_HEADERS + 6];
    size_t line_count;
    struct arena *arena;
};

/* Takes what `text` holds as one more header line. */
static void keep_line(struct http_request *request)
{
    request->lines[request->line_count++] =
        arena_copy(request->arena, buf_string(&request->text), request->text.length);
    buf_clear(&request->text);
}

/* A value that is not a template: looked at, and refused, as one that fills a place is. */
static bool put_header(struct http_request *request, const char *name, const char *value,
                       struct outcome *outcome)
{
    const struct fill_variable variables[] = {{"value", value}, {0}};
    buf_printf(&request->text, "%s: ", name);
    if (!fill_text("{{ value }}", FILL_HEADER, variables, &request->text, outcome))
        return false;
    keep_line(request);
    return true;
}

static bool put_own_headers(struct http_request *request, struct outcome *outcome)
{
    const struct http_settings *settings = request->http->settings;
    if (!put_header(request, settings->idempotency_header, request->outgoing->mid, outcome))
        return false;
    if (request->outgoing->body_length)
        return put_header(request, "Content-Type", settings->content_type, outcome);
    /* A method that usually has a body, without one. */
    if (strchr(methods[settings->method], 'P'))
        return put_header(request, "Content-Length", "0", outcome);
    return true;
}

static bool put_headers(struct http_request *request, struct outcome *outcome)
{
    const struct value *headers = &request->http->settings->headers;
    if (!put_own_headers(request, outcome))
        return false;
    for (uint32_t i = 0; i < value_count(headers); i++) {
        const struct value_member *member = &headers->map->members[i];
        const char *value = value_to_text(request->arena, &member->value);
        buf_add(&request->text, member->key.string, member->key.length);
        buf_text(&request->text, ": ");
        if (!fill_text(value, FILL_HEADER, request->variables, &request->text, outcome))
            return false;
        keep_line(request);
    }
    /* No waiting for a "100 Continue". */
    request->lines[request->line_count++] = "Expect:";
    request->lines[request->line_count] = NULL;
    return true;
}

static void judge(const struct http *http, const struct transfer_seen *seen,
                  struct outcome *outcome)
{
    retry_http(
        &(struct retry_attempt){
            .phase = seen->phase,
            .failure = seen->failure,
            .code = seen->code,
            .idempotent = http->settings->idempotent,
            .retry_after_ms = retry_after(seen->retry_after, clock_wall_ms()),
        },
        outcome);
    if (seen->code)
        outcome_printf(outcome, "HTTP %d %.*s", seen->code, (int)seen->words_length, seen->words);
    else
        transfer_explain(seen, outcome);
}

static bool make_request(struct http_request *request, struct request_settings *made,
                         struct outcome *outcome)
{
    const struct http *http = request->http;
    if (!put_headers(request, outcome))
        return false;
    if (!fill_text(http->settings->url, FILL_URL, request->variables, &request->text, outcome))
        return false;
    *made = (struct request_settings){
        .method = methods[http->settings->method],
        .url = arena_text(request->arena, buf_string(&request->text)),
        .user = http->settings->user,
        .password = http->settings->user ? http->password.text : NULL,
        .headers = request->lines,
        .body = request->outgoing->body,
        .length = request->outgoing->body_length,
    };
    return true;
}

static void send_request(void *connection, const struct outgoing *outgoing, struct arena *arena,
                         struct outcome *outcome)
{
    struct http *http = connection;
    if (!secret_read(&http->password, outcome) || !secret_read(&http->secret, outcome))
        return;
    const struct fill_variable variables[] = {
        {"mid", outgoing->mid},
        {"channel", outgoing->channel},
        {"to", outgoing->envelope_to},
        {"from", outgoing->envelope_from},
        {"secret", http->secret.known ? http->secret.text : NULL},
        {0},
    };
    struct http_request request = {
        .http = http,
        .outgoing = outgoing,
        .variables = variables,
        .arena = arena,
    };
    buf_init(&request.text, HTTP_URL_MOST);
    struct request_settings made;
    if (make_request(&request, &made, outcome)) {
        struct transfer_seen seen;
        request_send(http->request, &made, &seen);
        judge(http, &seen, outcome);
    }
    if (outcome->kind == OUTCOME_GATEWAY_FAULT) {
        secret_forget(&http->password);
        secret_forget(&http->secret);
    }
    buf_free(&request.text);
}

const struct gateway_kind http_kind = {
    .name = "http",
    .form = GATEWAY_REQUEST,
    .settings = settings_table,
    .settings_size = sizeof(struct http_settings),
    .check = check_settings,
    .open = open_connection,
    .close = close_connection,
    .send = send_request,
    .rest = rest_connection,
};
