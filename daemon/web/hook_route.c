/*
 * POST /webhooks/NAME. A delivery is let in by its head, then by its signature (verify), perhaps
 * after a certificate was fetched; its mapping says what it is (on_verified); events are made and
 * appended (append), feedback is told (tell), a part at a time, in that order, each asked of the
 * daemon. Answered is once all of it has an end: 200 where Redis has what there was, or where
 * nothing will ever come of it, so that the provider does not send it for days; 503 where it should
 * again.
 */
#include "web/hook_route.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/utf8.h"
#include "web/ask.h"
#include "web/hooks.h"
#include "web/outside_event.h"
#include "web/sns.h"
#include "web/sns_url.h"
#include "web/web_site.h"

enum { NEWS_OF_A_PART = 64, TEXT_MOST = 60 * 1024, NAME_DIGITS = 32, CLOCKS_MS = 60 * 1000 };

struct call {
    struct web_request *request;
    web_done *done;
    void *arg;
    const struct hook *hook;
    struct hook_delivery delivery;
    struct signature_check check;
    const char *fetched; /* the address of its certificate, where it was asked for; NULL */
    struct mapping_result result;
    struct slice *events; /* those that can be taken, as JSON */
    size_t event_count, event_next;
    struct hook_news *news;
    size_t news_count, news_next;
    size_t taken, known; /* told at the end */
    size_t name_count;
    struct slice names[3], digest; /* what a delivery is known again by */
    bool spent;                    /* the last of what may be told once was asked for */
    bool replayed;                 /* events of one that was told once before */
    enum web_refusal wrong;        /* the first thing that cannot be used */
};

/* ---- The delivery ---- */

static struct value as_map(struct arena *arena, const struct web_fields *fields, bool low)
{
    struct value map = value_new_map(arena, (uint32_t)fields->count);
    for (size_t i = 0; i < fields->count; i++) {
        char *name = arena_text(arena, fields->items[i].name.text);
        for (char *at = name; low && *at; at++)
            *at = (char)(*at >= 'A' && *at <= 'Z' ? *at | 0x20 : *at);
        if (utf8_valid(name, strlen(name)) && !value_get(&map, name))
            value_set(arena, map, name, hook_delivery_text(arena, fields->items[i].value));
    }
    return map;
}

static void open_delivery(struct web_request *request, const struct hook *hook,
                          struct hook_delivery *delivery, struct signature_check *check)
{
    *delivery = (struct hook_delivery){.body = request->body,
                                       .headers = as_map(request->arena, &request->headers, true),
                                       .query = as_map(request->arena, &request->query, false),
                                       .received_ms = clock_wall_ms()};
    *check = (struct signature_check){.settings = mapping_verify(hook->mapping),
                                      .secrets = &hook->secrets,
                                      .delivery = delivery,
                                      .topics = hook->topics,
                                      .arena = request->arena};
}

/* ---- Before the body ---- */

static const struct web_answer *refuse_verdict(struct arena *arena, enum signature_verdict verdict)
{
    static const enum web_refusal refusals[] = {[SIGNATURE_GOOD] = WEB_REFUSAL_NONE,
                                                [SIGNATURE_MISSING] = WEB_REFUSAL_NO_TOKEN,
                                                [SIGNATURE_WRONG] = WEB_REFUSAL_WRONG_TOKEN,
                                                [SIGNATURE_STALE] = WEB_REFUSAL_REPLAYED,
                                                [SIGNATURE_CERTIFICATE] = WEB_REFUSAL_NONE};
    return refusals[verdict] ? web_answer_refuse(arena, refusals[verdict], NULL) : NULL;
}

/* Small enough to be one that only asks whether somebody is there. */
static bool may_be_ping(const struct web_request *request, const struct hook *hook)
{
    const char *length = web_request_header(request, "Content-Length");
    return mapping_has_ping(hook->mapping) && length &&
           strtoul(length, NULL, 10) <= MAPPING_PING_MOST;
}

const struct web_answer *hook_route_admit(struct web_request *request)
{
    const struct hook *hook = hooks_find(request->site->hooks, request->rest);
    struct hook_delivery delivery;
    struct signature_check check;
    if (!hook)
        return web_answer_refuse(request->arena, WEB_REFUSAL_NOT_FOUND, NULL);
    if (may_be_ping(request, hook))
        return NULL;
    open_delivery(request, hook, &delivery, &check);
    return refuse_verdict(request->arena, signature_check_head(&check));
}

/* ---- The answer ---- */

static void answer(struct call *call, const struct web_answer *answer)
{
    call->done(call->arg, answer);
}

static void refuse(struct call *call, enum web_refusal refusal)
{
    answer(call, web_answer_refuse(call->request->arena, refusal, NULL));
}

/* All of it has an end. */
static void conclude(struct call *call)
{
    struct arena *arena = call->request->arena;
    if (call->replayed && !call->taken) {
        refuse(call, WEB_REFUSAL_REPLAYED);
        return;
    }
    struct web_answer *made = web_answer_text(
        arena, 200, arena_printf(arena, "%zu taken, %zu known", call->taken, call->known));
    made->refusal = call->wrong;
    answer(call, made);
}

static void note(struct call *call, enum web_refusal wrong)
{
    if (!call->wrong)
        call->wrong = wrong;
}

/* ---- What came of messages ---- */

static void go_on(struct call *call);

static void put_news(struct arena *arena, struct value list, const struct hook_news *news)
{
    struct value one = value_new_map(arena, 5);
    value_set(arena, one, "kind", value_text(hook_news_kinds[news->kind]));
    value_set(arena, one, "message", value_text(news->mid));
    value_set(arena, one, "code", value_int(news->code));
    value_set(arena, one, "enhanced", value_text(news->enhanced));
    value_set(arena, one, "words", value_text(news->words));
    value_push(arena, list, one);
}

/* {"done": …, "known": …, "gone": …} */
static void on_told(void *context, enum ask_status status, struct slice text)
{
    struct call *call = context;
    struct arena *arena = call->request->arena;
    struct value counts;
    int64_t done = 0, known = 0, gone = 0;
    const struct slice own = slice_copy(arena, text);
    if (status != ASK_TAKEN) {
        refuse(call, status == ASK_UNAVAILABLE ? WEB_REFUSAL_DAEMON
                     : status == ASK_DUPLICATE ? WEB_REFUSAL_REPLAYED
                                               : WEB_REFUSAL_INTERNAL);
        return;
    }
    if (json_read(arena, own.text, own.length, &json_event_limits, &counts, NULL)) {
        value_to_int(value_get(&counts, "done"), &done);
        value_to_int(value_get(&counts, "known"), &known);
        value_to_int(value_get(&counts, "gone"), &gone);
    }
    call->taken += (size_t)done;
    call->known += (size_t)known;
    if (gone)
        note(call, WEB_REFUSAL_UNKNOWN_MESSAGE);
    go_on(call);
}

/* The name of what may be told once: as long as its time is good, by anybody's clock. */
static const char *once_name(struct call *call)
{
    unsigned char digest[DIGEST_SIZE];
    char hex[NAME_DIGITS + 1];
    digest_sha256(call->check.once, strlen(call->check.once), digest);
    digest_hex(digest, NAME_DIGITS / 2, hex);
    return arena_printf(call->request->arena, "webhook token %s", hex);
}

static int64_t once_keep_ms(const struct call *call)
{
    return call->check.once_until_ms - call->delivery.received_ms + CLOCKS_MS;
}

/* With the last of it: what comes to nothing before that may be told again. */
static void put_once(struct call *call, struct value asked)
{
    struct arena *arena = call->request->arena;
    if (!call->check.once || call->news_next < call->news_count)
        return;
    struct value once = value_new_map(arena, 2);
    value_set(arena, once, "name", value_text(once_name(call)));
    value_set(arena, once, "keep", value_int(once_keep_ms(call)));
    value_set(arena, asked, "once", once);
    call->spent = true;
}

static void tell(struct call *call)
{
    struct arena *arena = call->request->arena;
    struct value list = value_new_list(arena, NEWS_OF_A_PART), asked = value_new_map(arena, 2);
    for (size_t i = 0; i < NEWS_OF_A_PART && call->news_next < call->news_count; i++)
        put_news(arena, list, &call->news[call->news_next++]);
    value_set(arena, asked, "news", list);
    put_once(call, asked);
    ask_question(call->request->site->ask, "feedback", json_print_slice(arena, &asked, TEXT_MOST),
                 on_told, call);
}

/* ---- Events ---- */

static void on_appended(void *context, const struct ask_verdict *verdicts, size_t count)
{
    struct call *call = context;
    for (size_t i = 0; i < count; i++) {
        if (verdicts[i].status == ASK_UNAVAILABLE || verdicts[i].status == ASK_BEHIND) {
            refuse(call, ask_refusal(verdicts[i].status));
            return;
        }
        if (verdicts[i].status == ASK_REFUSED)
            note(call, WEB_REFUSAL_UNUSABLE);
        if (verdicts[i].status == ASK_CONFLICT)
            note(call, WEB_REFUSAL_OTHER_BODY);
        call->taken += verdicts[i].status == ASK_TAKEN;
        call->known += verdicts[i].status == ASK_DUPLICATE;
        call->replayed |= call->check.once && (verdicts[i].status == ASK_DUPLICATE ||
                                               verdicts[i].status == ASK_CONFLICT);
    }
    go_on(call);
}

/* Its names, by any of which a delivery is known again: topic and body together, its id, and what
 * it may be told once by. */
static void name_delivery(struct call *call)
{
    struct arena *arena = call->request->arena;
    unsigned char digest[DIGEST_SIZE];
    char hex[NAME_DIGITS + 1];
    digest_sha256(call->delivery.body.text ? call->delivery.body.text : "",
                  call->delivery.body.length, digest);
    digest_hex(digest, NAME_DIGITS / 2, hex);
    const char *id = call->result.id;
    call->digest = slice_of(arena_text(arena, hex));
    call->names[0] = slice_of(arena_printf(arena, "webhook %s %zu body %s %s", call->hook->word,
                                           call->event_next, hex,
                                           call->result.count ? call->result.events[0].topic : ""));
    call->name_count = 1;
    if (id)
        call->names[call->name_count++] = slice_of(
            arena_printf(arena, "webhook %s %zu id %s", call->hook->word, call->event_next, id));
    if (call->check.once)
        call->names[call->name_count++] =
            slice_of(arena_printf(arena, "%s %zu", once_name(call), call->event_next));
    for (size_t i = 0; i < call->name_count; i++)
        if (call->names[i].length > ASK_ONCE_BYTES)
            call->names[i].length = ASK_ONCE_BYTES;
}

static void append(struct call *call)
{
    size_t left = call->event_count - call->event_next;
    name_delivery(call);
    const struct ask_append asked = {.events = call->events + call->event_next,
                                     .count = left < ASK_EVENTS_MOST ? left : ASK_EVENTS_MOST,
                                     .once = call->names,
                                     .once_count = call->name_count,
                                     .digest = call->digest};
    call->event_next += asked.count;
    ask_append(call->request->site->ask, &asked, on_appended, call);
}

static void go_on(struct call *call)
{
    if (call->event_next < call->event_count)
        append(call);
    else if (call->news_next < call->news_count || (call->check.once && !call->spent))
        tell(call);
    else
        conclude(call);
}

static void take_event(struct call *call, const struct mapping_event *given)
{
    struct web_request *request = call->request;
    const struct outside_caller caller = {.key_paths = request->site->customer_keys,
                                          .now_ms = call->delivery.received_ms,
                                          .rights = call->hook->rights};
    struct outside_event event;
    struct diag diag = {0};
    if (outside_event_make(request->arena, &given->event, (struct slice){0}, &caller, &event,
                           &diag))
        call->events[call->event_count++] = event.json;
    else
        note(call, strcmp(diag.code, "no-customer") == 0 ? WEB_REFUSAL_NO_CUSTOMER
                                                         : WEB_REFUSAL_UNUSABLE);
}

/* ---- Once it is known whose it is ---- */

static void take_result(struct call *call)
{
    struct arena *arena = call->request->arena;
    const struct mapping_result *result = &call->result;
    call->events = arena_alloc(arena, sizeof *call->events * (result->count + 1));
    call->news = arena_alloc(arena, sizeof *call->news * (result->count + 1));
    for (uint32_t i = 0; i < result->count; i++) {
        if (result->events[i].type)
            take_event(call, &result->events[i]);
        else
            call->news[call->news_count++] = result->events[i].feedback;
    }
    if (result->unknown)
        note(call, WEB_REFUSAL_UNKNOWN_TOPIC);
    go_on(call);
}

static void on_confirmed(void *context, enum ask_status status, struct slice text)
{
    struct call *call = context;
    (void)text;
    if (status == ASK_TAKEN)
        conclude(call);
    else
        refuse(call, status == ASK_REFUSED ? WEB_REFUSAL_BAD_BODY : WEB_REFUSAL_DAEMON);
}

static const char *address_of(struct call *call, const char *url, const char *topic)
{
    struct arena *arena = call->request->arena;
    struct value asked = value_new_map(arena, 2);
    value_set(arena, asked, "url", value_text(url));
    value_set(arena, asked, "topic", value_text(topic));
    return json_print_slice(arena, &asked, TEXT_MOST).text;
}

/* What SNS says of the subscription itself. False: it is a delivery like any other. */
static bool take_subscription(struct call *call)
{
    struct sns_message message;
    if (signature_has_secrets(call->check.settings) ||
        !sns_read(&call->delivery, call->request->arena, &message) ||
        message.kind == SNS_NOTIFICATION)
        return false;
    if (message.kind == SNS_UNSUBSCRIPTION)
        conclude(call);
    else if (!sns_url_is_confirmation(message.subscribe_url, message.topic))
        refuse(call, WEB_REFUSAL_WRONG_TOKEN);
    else
        ask_question(call->request->site->ask, "sns-confirm",
                     slice_of(address_of(call, message.subscribe_url, message.topic)), on_confirmed,
                     call);
    return true;
}

static void on_verified(struct call *call)
{
    struct diag diag = {0};
    if (take_subscription(call))
        return;
    if (mapping_apply(call->hook->mapping, &call->delivery, call->request->arena, &call->result,
                      &diag))
        take_result(call);
    else
        answer(call, web_answer_refuse(call->request->arena, WEB_REFUSAL_BAD_BODY, diag.text));
}

/* ---- Whose it is ---- */

static void verify(struct call *call);

static void on_certificate(void *context, enum ask_status status, struct slice text)
{
    struct call *call = context;
    if (status != ASK_TAKEN) {
        refuse(call, status == ASK_REFUSED ? WEB_REFUSAL_WRONG_TOKEN : WEB_REFUSAL_DAEMON);
        return;
    }
    call->check.certificate = slice_copy(call->request->arena, text);
    verify(call);
}

static void fetch_certificate(struct call *call)
{
    struct sns_message message;
    sns_read(&call->delivery, call->request->arena, &message);
    call->fetched = call->check.certificate_url;
    ask_question(call->request->site->ask, "sns-certificate",
                 slice_of(address_of(call, call->fetched, message.topic)), on_certificate, call);
}

static void verify(struct call *call)
{
    enum signature_verdict verdict = signature_check_all(&call->check);
    if (verdict == SIGNATURE_GOOD) {
        if (call->fetched) /* one that signed nothing yet is not kept */
            hooks_keep_certificate(call->request->site->hooks, call->fetched,
                                   call->check.certificate, call->delivery.received_ms);
        on_verified(call);
    } else if (verdict == SIGNATURE_CERTIFICATE) {
        struct slice kept = hooks_certificate(
            call->request->site->hooks, call->check.certificate_url, call->delivery.received_ms);
        call->check.certificate = kept;
        if (kept.text)
            verify(call);
        else
            fetch_certificate(call);
    } else {
        answer(call, refuse_verdict(call->request->arena, verdict));
    }
}

void hook_route_serve(struct web_request *request, web_done *done, void *arg)
{
    struct call *call = arena_zero(request->arena, sizeof *call);
    call->request = request;
    call->done = done;
    call->arg = arg;
    call->hook = hooks_find(request->site->hooks, request->rest);
    open_delivery(request, call->hook, &call->delivery, &call->check);
    if (mapping_has_ping(call->hook->mapping) &&
        mapping_is_ping(call->hook->mapping, &call->delivery, request->arena))
        answer(call, web_answer_text(request->arena, 200, "somebody is there"));
    else
        verify(call);
}
