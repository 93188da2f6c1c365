/*
 * A request's life: events_route_admit looks at its head; events_route_serve reads the body, asks
 * the daemon to append what is good, and on_appended answers. Nothing is said to be taken before
 * Redis has it.
 */
#include "web/events_route.h"

#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/digest.h"
#include "web/ask.h"
#include "web/events_answer.h"
#include "web/events_login.h"
#include "web/posted_events.h"
#include "web/web_site.h"

enum { KEY_MOST = 255 }; /* bytes of an Idempotency-Key */

struct serving {
    struct web_request *request;
    web_done *done;
    void *arg;
    struct posted_events posted;
    const char *login;
    char digest[2 * DIGEST_SIZE + 1]; /* of what was posted, as hex */
};

/* ---- The head ---- */

static struct web_answer *refuse_login(struct arena *arena, const struct events_login *login)
{
    struct web_answer *answer = web_answer_refuse(arena, login->refusal, login->why);
    events_answer_challenge(answer);
    return answer;
}

static struct web_answer *refuse_form(struct arena *arena, const char *why)
{
    struct web_answer *answer = web_answer_refuse(arena, WEB_REFUSAL_MEDIA_TYPE, why);
    web_answer_header(answer, "Accept-Encoding", "identity");
    web_answer_header(answer, "Accept-Post",
                      "application/json, application/x-ndjson, application/cloudevents+json, "
                      "application/cloudevents-batch+json");
    return answer;
}

static const char *wrong_key(const struct web_request *request)
{
    const char *key = web_request_header(request, "Idempotency-Key");
    if (!key)
        return NULL;
    if (web_request_header_count(request, "Idempotency-Key") > 1)
        return "Idempotency-Key stands there twice";
    return *key && strlen(key) <= KEY_MOST ? NULL : "an Idempotency-Key has 1 to 255 bytes";
}

const struct web_answer *events_route_admit(struct web_request *request)
{
    struct arena *arena = request->arena;
    const struct tokens_file *tokens = request->site->tokens;
    struct diag diag = {0};
    if (!tokens)
        return web_answer_refuse(arena, WEB_REFUSAL_NOT_FOUND, "no `tokens_file` is configured");
    const struct events_login login = events_login_head(tokens, request, clock_wall_ms());
    if (login.refusal)
        return refuse_login(arena, &login);
    enum posted_form form = posted_form(&request->headers, &diag);
    if (form == POSTED_UNKNOWN)
        return refuse_form(arena, arena_text(arena, diag.text));
    if (form == POSTED_BINARY && login.is_signed)
        return refuse_form(arena, "a signature covers the body alone: put the attributes into it");
    const char *wrong = wrong_key(request);
    return wrong ? web_answer_refuse(arena, WEB_REFUSAL_BAD_REQUEST, wrong) : NULL;
}

/* ---- What it is known by ---- */

/* The same key of another login is another key. What is signed is known by its own id, so that it
 * does nothing a second time. */
static const char *once_of(const struct web_request *request, const struct events_login *login)
{
    const char *key =
        web_request_header(request, login->is_signed ? "webhook-id" : "Idempotency-Key");
    return key ? arena_printf(request->arena, "events\n%s\n%d\n%s", tokens_file_mark(login->login),
                              login->is_signed, key)
               : NULL;
}

static void add_part(struct buf *all, const char *text, size_t length)
{
    buf_printf(all, "%zu:", length);
    buf_add(all, text, length);
}

/* Of all that says what the request asks for: its form, attributes in headers, and the body. */
static void digest_request(struct serving *serving, enum posted_form form)
{
    const struct web_request *request = serving->request;
    unsigned char digest[DIGEST_SIZE];
    struct buf all;
    buf_init(&all, POSTED_BODY_MOST + 256 * 1024);
    buf_printf(&all, "%d\n", (int)form);
    for (size_t i = 0; form == POSTED_BINARY && i < request->headers.count; i++) {
        const struct web_field *header = &request->headers.items[i];
        if (strncasecmp(header->name.text, "ce-", 3) != 0)
            continue;
        add_part(&all, header->name.text, header->name.length);
        add_part(&all, header->value.text, header->value.length);
    }
    buf_add(&all, request->body.text, request->body.length);
    digest_sha256(buf_string(&all), all.length, digest);
    digest_hex(digest, DIGEST_SIZE, serving->digest);
    buf_free(&all);
}

/* ---- Into Redis ---- */

static void on_appended(void *arg, const struct ask_verdict *verdicts, size_t count)
{
    struct serving *serving = arg;
    serving->done(serving->arg,
                  events_answer(serving->request->arena, &serving->posted, verdicts, count));
}

static void append(struct serving *serving, const char *once)
{
    struct posted_events *posted = &serving->posted;
    struct arena *arena = serving->request->arena;
    struct slice *events = arena_alloc(arena, (posted->count + 1) * sizeof *events),
                 name = once ? slice_of(once) : (struct slice){0};
    size_t count = 0;
    for (size_t i = 0; i < posted->count; i++)
        if (!posted->items[i].fault)
            events[count++] = posted->items[i].event.json;
    if (count == 0) {
        on_appended(serving, NULL, 0);
        return;
    }
    const struct ask_append append = {.events = events,
                                      .count = count,
                                      .once = &name,
                                      .once_count = once != NULL,
                                      .digest = slice_of(once ? serving->digest : ""),
                                      .login = serving->login};
    ask_append(serving->request->site->ask, &append, on_appended, serving);
}

void events_route_serve(struct web_request *request, web_done *done, void *arg)
{
    struct serving *serving = arena_zero(request->arena, sizeof *serving);
    const struct tokens_file *tokens = request->site->tokens;
    int64_t now_ms = clock_wall_ms();
    struct events_login login = events_login_all(tokens, request, now_ms);
    struct diag diag = {0};
    *serving = (struct serving){.request = request, .done = done, .arg = arg};
    if (login.refusal) {
        done(arg, refuse_login(request->arena, &login));
        return;
    }
    serving->login = tokens_file_name(login.login);
    enum posted_form form = posted_form(&request->headers, &diag);
    const struct posted_from from = {.login = login.login,
                                     .key_paths = request->site->customer_keys,
                                     .once = once_of(request, &login),
                                     .now_ms = now_ms};
    posted_events_read(request->arena, form, &request->headers, request->body, &from,
                       &serving->posted);
    digest_request(serving, form);
    append(serving, from.once);
}
