/*
 * Gateway `http`: any API that takes one message in one request. The host comes
 * from the configuration alone; a message's data fill places in the path, the
 * query and the headers (send/fill), and the body is what the message's template
 * made. Settings and their check: http_settings.
 *
 * send_request(), at the end, is the whole of one message: secrets, then
 * make_request() puts headers and URL together in the arena, the transfer runs, and retry
 * judges what was seen, with what the gateway's `answers` (send/answers) make of it.
 */
#include "send/http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/mask.h"
#include "base/mem.h"
#include "base/webhook_signature.h"
#include "send/answers.h"
#include "send/fill.h"
#include "send/http_settings.h"
#include "send/request.h"
#include "send/secret.h"

enum { HTTP_URL_MOST = 8192, HTTP_HEADERS_MOST = 32768 };

struct http {
    const struct http_settings *settings;
    struct arena *arena; /* the form's */
    const struct http_form *form;
    struct request *request;
    struct secret password, secret;
    struct gateway_hooks hooks; /* of who opened it */
};

/* ---- The conversation ---- */

static bool may_finish(void *context)
{
    const struct http *http = context;
    return http->hooks.may_finish(http->hooks.context);
}

static bool is_cut(void *context)
{
    const struct http *http = context;
    return http->hooks.is_cut(http->hooks.context);
}

static int wait(void *context, struct pollfd *fds, size_t count, int64_t until_ms)
{
    const struct http *http = context;
    return http->hooks.wait(http->hooks.context, fds, count, until_ms);
}

/* Without secrets: neither the values of fields that have one, nor the text of a secret. */
static void pass_line(void *context, bool out, const char *text, size_t length)
{
    const struct http *http = context;
    const char *key = http->settings->idempotency_header; /* no secret, by whatever name */
    struct buf line;
    buf_init(&line, 2 * TRANSFER_HEARD_MOST);
    if (length > strlen(key) && strncasecmp(text, key, strlen(key)) == 0)
        buf_add(&line, text, length);
    else
        mask_line(text, length, &line, NULL, 0);
    buf_char(&line, '\0'); /* there may have been nothing */
    secret_mask(&http->secret, line.data);
    secret_mask(&http->password, line.data);
    http->hooks.line(http->hooks.context, out, line.data, strlen(line.data));
    buf_free(&line);
}

static struct gateway_hooks hooks_of(struct http *http)
{
    return (struct gateway_hooks){.may_finish = http->hooks.may_finish ? may_finish : NULL,
                                  .is_cut = http->hooks.is_cut ? is_cut : NULL,
                                  .wait = http->hooks.wait ? wait : NULL,
                                  .line = http->hooks.line ? pass_line : NULL,
                                  .context = http};
}

/* ---- The connection ---- */

static void *open_connection(const void *of, const struct gateway_hooks *hooks)
{
    const struct http_settings *settings = of;
    struct http *http = mem_zero(1, sizeof *http);
    http->settings = settings;
    http->hooks = *hooks;
    http->arena = arena_new(1024);
    http->form = http_settings_form(http->arena, settings);
    http->secret.path = settings->secret_file;
    if (settings->user)
        http->password.path =
            settings->password_file ? settings->password_file : settings->secret_file;
    http->request = request_new(&(struct transfer_settings){
        .ca_file = settings->ca_file,
        .connect_ms = settings->connect_timeout,
        .command_ms = settings->answer_timeout,
        .answer_ms = settings->answer_timeout,
        .bytes_per_s = settings->lowest_speed,
        .hooks = hooks_of(http),
    });
    return http;
}

static void close_connection(void *connection)
{
    struct http *http = connection;
    request_destroy(&http->request);
    secret_forget(&http->password);
    secret_forget(&http->secret);
    arena_destroy(&http->arena);
    free(http);
}

static void rest_connection(void *connection)
{
    struct http *http = connection;
    request_drop(http->request);
}

/* ---- What goes out ---- */

/* A request while it is put together. */
struct http_request {
    const struct http *http;
    const struct outgoing *outgoing;
    struct fill_source source;
    struct buf text; /* the header being made; the URL */
    const char *lines[HTTP_HEADERS + 10];
    size_t line_count;
    const char *body;
    size_t length;
    struct arena *arena;
};

/* Takes what `text` holds as one more header line. */
static void keep_line(struct http_request *request)
{
    request->lines[request->line_count++] =
        arena_copy(request->arena, buf_string(&request->text), request->text.length);
    buf_clear(&request->text);
}

static void put_line(struct http_request *request, const char *name, const char *value)
{
    buf_text(&request->text, name);
    buf_text(&request->text, ": ");
    buf_text(&request->text, value);
    keep_line(request);
}

/* What is signed has the body's hash in a header: libcurl would look for a body that it has. */
static void put_hash(struct http_request *request)
{
    unsigned char hash[DIGEST_SIZE];
    char hex[DIGEST_HEX_SIZE];
    digest_sha256(request->body, request->length, hash);
    digest_hex(hash, sizeof hash, hex);
    put_line(request, "X-Amz-Content-Sha256", hex);
}

/* Of this attempt: the receiver takes none that is older than some minutes. */
static void put_webhook(struct http_request *request)
{
    const struct http_settings *settings = request->http->settings;
    const struct webhook_signed what = {.id = request->outgoing->mid,
                                        .at_s = clock_wall_ms() / 1000,
                                        .body = request->body,
                                        .length = request->length};
    if (strcasecmp(settings->idempotency_header, "webhook-id") != 0)
        put_line(request, "webhook-id", what.id);
    put_line(request, "webhook-timestamp",
             arena_printf(request->arena, "%lld", (long long)what.at_s));
    put_line(request, "webhook-signature",
             webhook_signature(request->arena, request->source.secret, &what));
}

/* Whether the settings have a header of that name: it stands in the place of ours. */
static bool is_set(const struct http_request *request, const char *name)
{
    const struct http_header *header = request->http->form->headers;
    while (header->name && strcasecmp(header->name, name) != 0)
        header++;
    return header->name;
}

static void put_own_headers(struct http_request *request)
{
    const struct http_settings *settings = request->http->settings;
    if (!is_set(request, settings->idempotency_header))
        put_line(request, settings->idempotency_header, request->outgoing->mid);
    if (request->length && !is_set(request, "Content-Type"))
        put_line(request, "Content-Type", settings->content_type);
    /* A method that usually has a body, without one. */
    if (!request->length && strchr(http_methods[settings->method], 'P'))
        put_line(request, "Content-Length", "0");
    if (settings->aws_sigv4)
        put_hash(request);
    if (settings->sign == HTTP_SIGN_WEBHOOK)
        put_webhook(request);
}

/* One that comes out empty is left out. */
static bool put_headers(struct http_request *request, struct outcome *outcome)
{
    put_own_headers(request);
    for (const struct http_header *header = request->http->form->headers; header->name; header++) {
        buf_text(&request->text, header->name);
        buf_text(&request->text, ": ");
        size_t before = request->text.length;
        if (!fill_text(header->value, FILL_HEADER, &request->source, &request->text, outcome))
            return false;
        if (request->text.length > before)
            keep_line(request);
        buf_clear(&request->text);
    }
    /* No asking for a "100 Continue". libcurl signs this line too, which is not sent: there it is
     * asked for, and not waited for (send/request). */
    if (!request->http->settings->aws_sigv4)
        request->lines[request->line_count++] = "Expect:";
    request->lines[request->line_count] = NULL;
    return true;
}

/* What is MIME has lines that end in CRLF (RFC 2046, 4.1.1), which no template writes. */
static void take_body(struct http_request *request)
{
    const struct outgoing *outgoing = request->outgoing;
    const char *type = request->http->settings->content_type;
    size_t breaks = 0;
    request->body = outgoing->body;
    request->length = outgoing->body_length;
    if (strncasecmp(type, "multipart/", 10) != 0 && strncasecmp(type, "message/", 8) != 0)
        return;
    for (size_t i = 0; i < outgoing->body_length; i++)
        breaks += outgoing->body[i] == '\n' && (i == 0 || outgoing->body[i - 1] != '\r');
    char *made = arena_alloc(request->arena, outgoing->body_length + breaks + 1), *to = made;
    for (size_t i = 0; i < outgoing->body_length; i++) {
        if (outgoing->body[i] == '\n' && (i == 0 || outgoing->body[i - 1] != '\r'))
            *to++ = '\r';
        *to++ = outgoing->body[i];
    }
    request->body = made;
    request->length = (size_t)(to - made);
}

static bool make_request(struct http_request *request, struct request_settings *made,
                         struct outcome *outcome)
{
    const struct http *http = request->http;
    take_body(request);
    buf_init(&request->text, HTTP_HEADERS_MOST);
    if (!put_headers(request, outcome))
        return false;
    request->text.limit = HTTP_URL_MOST;
    if (!fill_text(http->form->url, FILL_URL, &request->source, &request->text, outcome))
        return false;
    *made = (struct request_settings){
        .method = http_methods[http->settings->method],
        .url = arena_text(request->arena, buf_string(&request->text)),
        .user = http->form->user,
        .password = http->form->user ? http->password.text : NULL,
        .aws_sigv4 = http->form->aws_sigv4,
        .headers = request->lines,
        .body = request->body,
        .length = request->length,
    };
    return true;
}

/* ---- What came back ---- */

/* A NUL in it ends nothing. */
static char *text_of_body(const struct transfer_seen *seen, struct arena *arena)
{
    char *text = arena_copy(arena, seen->words, seen->words_length);
    for (size_t i = 0; i < seen->words_length; i++)
        if (!text[i])
            text[i] = ' ';
    return text;
}

static void put_words(const struct http *http, const struct transfer_seen *seen,
                      const struct answers_meaning *meaning, struct arena *arena,
                      struct outcome *outcome)
{
    if (!seen->code) {
        transfer_explain(seen, outcome);
        return;
    }
    char *words = meaning->words ? arena_text(arena, meaning->words) : text_of_body(seen, arena);
    secret_mask(&http->secret, words);
    secret_mask(&http->password, words);
    outcome_printf(outcome, "HTTP %d %s", seen->code, words);
}

static void judge(const struct http *http, const struct transfer_seen *seen, struct arena *arena,
                  struct outcome *outcome)
{
    struct answers_meaning meaning = {.said = RETRY_SAID_NOTHING};
    const struct answers_heard heard = {.status = seen->code,
                                        .headers = seen->headers,
                                        .headers_length = seen->headers_length,
                                        .body = seen->words,
                                        .body_length = seen->words_length,
                                        .now_ms = clock_wall_ms()};
    if (seen->code)
        answers_ask(http->form->answers, &heard, arena, &meaning);
    int64_t after_ms = retry_after(seen->retry_after, heard.now_ms);
    retry_http(
        &(struct retry_attempt){
            .phase = seen->phase,
            .failure = seen->failure,
            .code = seen->code,
            .said = meaning.said,
            .idempotent = http->settings->idempotent,
            .retry_after_ms = after_ms ? after_ms : meaning.wait_ms,
        },
        outcome);
    put_words(http, seen, &meaning, arena, outcome);
    outcome_id(outcome, outcome->kind == OUTCOME_SENT && meaning.id ? meaning.id : "");
}

/* ---- One message ---- */

static void send_request(void *connection, const struct outgoing *outgoing, struct arena *arena,
                         struct outcome *outcome)
{
    struct http *http = connection;
    if (!secret_read(&http->password, outcome) || !secret_read(&http->secret, outcome))
        return;
    struct http_request request = {
        .http = http,
        .outgoing = outgoing,
        .source = {.mid = outgoing->mid,
                   .channel = outgoing->channel,
                   .to = outgoing->envelope_to,
                   .from = outgoing->envelope_from,
                   .secret = http->secret.text,
                   .seen = &outgoing->seen},
        .arena = arena,
    };
    struct request_settings made;
    if (make_request(&request, &made, outcome)) {
        struct transfer_seen seen;
        request_send(http->request, &made, &seen);
        judge(http, &seen, arena, outcome);
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
    .settings = http_settings,
    .settings_size = sizeof(struct http_settings),
    .complete = http_settings_complete,
    .body = http_settings_body,
    .seen = http_settings_seen,
    .check = http_settings_check,
    .open = open_connection,
    .close = close_connection,
    .send = send_request,
    .rest = rest_connection,
};
