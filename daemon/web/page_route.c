/*
 * A visit, from top to bottom: page_route_admit, when the head is known; page_route_serve, with the
 * form; on_person, when the daemon has said whom it is about: a GET is answered then; on_appended,
 * when Redis has what a POST says.
 */
#include "web/page_route.h"

#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "web/click.h"
#include "web/web_site.h"

enum { RETRY_AFTER_S = 5 };

struct visit {
    struct web_request *request;
    web_done *done;
    void *arg;
    struct link link;
    struct form form;
    struct click_person person;
    struct click click;
};

/* ---- Answers ---- */

static const struct page_language *language_of(const struct web_request *request,
                                               const char *locale)
{
    const struct page_languages *languages = &request->site->pages.languages;
    const char *header = web_request_header(request, "Accept-Language");
    const char *const tags[] = {
        locale, header ? page_language_accepted(languages, header, strlen(header)) : NULL,
        request->site->pages.locale};
    return page_language_of(languages, tags, sizeof tags / sizeof *tags);
}

static struct web_answer *answer_of(const struct web_request *request, int status,
                                    const char *locale, const struct page_content *content)
{
    const struct page_look *look = &request->site->pages.look;
    const struct page_language *language = language_of(request, locale);
    struct arena *arena = request->arena;
    struct buf out;
    buf_init(&out, PAGE_MOST);
    bool whole = page_print(look, language, content, &out);
    const char *text = arena_copy(arena, buf_string(&out), out.length);
    size_t length = out.length;
    buf_free(&out);
    if (!whole)
        return web_answer_refuse(arena, WEB_REFUSAL_INTERNAL, NULL);
    struct web_answer *answer =
        web_answer_of(arena, status, "text/html; charset=utf-8", (struct slice){text, length});
    for (const char *const *field = page_headers(arena, look, language); *field; field += 2)
        web_answer_header(answer, field[0], field[1]);
    return answer;
}

static const struct web_answer *fault_of(const struct web_request *request, enum page_text heading)
{
    const struct page_content content = click_fault(heading);
    const bool is_void = heading == PAGE_VOID;
    struct web_answer *answer = answer_of(request,
                                          is_void                   ? 404
                                          : heading == PAGE_EXPIRED ? 410
                                                                    : 400,
                                          NULL, &content);
    answer->refusal = is_void                   ? WEB_REFUSAL_WRONG_TOKEN
                      : heading == PAGE_EXPIRED ? WEB_REFUSAL_NONE
                                                : WEB_REFUSAL_BAD_BODY;
    return answer;
}

/* Answers the visit; it is gone then. */
static void finish(struct visit *visit, int status, const struct page_content *content)
{
    visit->done(visit->arg, answer_of(visit->request, status, visit->person.locale, content));
}

static void finish_fault(struct visit *visit, enum page_text heading)
{
    visit->done(visit->arg, fault_of(visit->request, heading));
}

static void finish_away(struct visit *visit, enum web_refusal refusal)
{
    const bool posted = visit->request->method == WEB_POST;
    const struct page_content content = click_away(posted ? &visit->form : NULL);
    struct web_answer *answer = answer_of(visit->request, 503, visit->person.locale, &content);
    answer->retry_after_s = RETRY_AFTER_S;
    answer->refusal = refusal;
    visit->done(visit->arg, answer);
}

/* ---- Who may come in ---- */

static enum link_verdict read_link(const struct web_request *request, struct link *link)
{
    enum link_kind kind = LINK_UNSUBSCRIBE;
    while (kind < LINK_CONFIRM &&
           strncmp(request->path, link_paths[kind], strlen(link_paths[kind])) != 0)
        kind++;
    return link_read(request->arena, &request->site->pages.keys, kind, slice_of(request->rest),
                     clock_wall_ms(), link);
}

/* A token of a key that is not here may be of a former release's, or of a newer key: the daemon
 * knows. */
const struct web_answer *page_route_admit(struct web_request *request)
{
    struct link link;
    switch (read_link(request, &link)) {
    case LINK_VOID:
        return fault_of(request, PAGE_VOID);
    case LINK_EXPIRED:
        return fault_of(request, PAGE_EXPIRED);
    case LINK_GOOD:
    case LINK_FOREIGN:
        break;
    }
    return NULL;
}

/* ---- Redis has it ---- */

static void on_appended(void *arg, const struct ask_verdict *verdicts, size_t count)
{
    struct visit *visit = arg;
    for (size_t i = 0; i < count; i++)
        if (verdicts[i].status != ASK_TAKEN && verdicts[i].status != ASK_DUPLICATE) {
            finish_away(visit, ask_refusal(verdicts[i].status));
            return;
        }
    finish(visit, 200, &visit->click.content);
}

static void append(struct visit *visit)
{
    struct arena *arena = visit->request->arena;
    struct slice *events = arena_alloc(arena, visit->click.event_count * sizeof *events);
    for (size_t i = 0; i < visit->click.event_count; i++)
        events[i] = json_print_slice(arena, &visit->click.events[i], json_event_limits.bytes);
    const struct ask_append append = {
        .events = events, .count = visit->click.event_count, .digest = slice_of("")};
    ask_append(visit->request->site->ask, &append, on_appended, visit);
}

/* ---- Whom it is about ---- */

static void read_topics(struct arena *arena, const struct value *list, struct click_person *person)
{
    uint32_t count = value_count(list);
    struct click_topic *topics = arena_zero(arena, (count + 1) * sizeof *topics);
    for (uint32_t i = 0; i < count && i < CLICK_TOPICS_MOST; i++) {
        const struct value *on = value_get(&list->list->items[i], "on");
        topics[i].name = value_to_text(arena, value_get(&list->list->items[i], "name"));
        topics[i].on = value_is(on, VALUE_BOOL) && on->boolean;
        if (!topics[i].name)
            break;
        person->topic_count++;
    }
    person->topics = topics;
}

static bool read_person(struct visit *visit, struct slice text)
{
    struct arena *arena = visit->request->arena;
    const struct slice own = slice_copy(arena, text);
    struct value map;
    struct diag diag;
    if (!json_read(arena, own.text, own.length, &json_event_limits, &map, &diag))
        return false;
    const struct value *names = value_get(&map, "names"), *topics = value_get(&map, "topics");
    const char *topic = value_to_text(arena, value_get(&map, "topic"));
    if (!value_is(names, VALUE_MAP) || !value_is(topics, VALUE_LIST))
        return false;
    visit->person = (struct click_person){.locale = value_to_text(arena, value_get(&map, "locale")),
                                          .names = *names};
    read_topics(arena, topics, &visit->person);
    if (topic)
        visit->link.topic = topic;
    return true;
}

static void on_person(void *arg, enum ask_status status, struct slice text)
{
    struct visit *visit = arg;
    const struct web_request *request = visit->request;
    if (status == ASK_REFUSED) {
        finish_fault(visit, slice_is(text, "expired") ? PAGE_EXPIRED : PAGE_VOID);
        return;
    }
    if (status != ASK_TAKEN || !read_person(visit, text)) {
        finish_away(visit, WEB_REFUSAL_DAEMON);
        return;
    }
    const struct page_language *language = language_of(request, visit->person.locale);
    if (request->method != WEB_POST) {
        const struct page_content content =
            click_show(request->arena, &visit->link, &visit->person, language);
        finish(visit, 200, &content);
    } else if (!click_read(request->arena, &visit->link, &visit->person, language, &visit->form,
                           &visit->click)) {
        finish_fault(visit, PAGE_ODD);
    } else if (visit->click.event_count == 0) {
        finish(visit, 200, &visit->click.content);
    } else {
        append(visit);
    }
}

/* The daemon is told what the token says; one that is not known here it reads itself. */
static void ask_person(struct visit *visit, enum link_verdict verdict)
{
    struct arena *arena = visit->request->arena;
    struct value map = value_new_map(arena, 4);
    value_set(arena, map, "kind", value_int(visit->link.kind));
    if (verdict == LINK_GOOD) {
        value_set(arena, map, "customer", value_text(visit->link.customer));
        value_set(arena, map, "asked", value_int(visit->link.asked_ms));
    } else {
        value_set(arena, map, "token", value_text(visit->request->rest));
    }
    ask_question(visit->request->site->ask, "person",
                 json_print_slice(arena, &map, json_event_limits.bytes), on_person, visit);
}

void page_route_serve(struct web_request *request, web_done *done, void *arg)
{
    struct visit *visit = arena_zero(request->arena, sizeof *visit);
    *visit = (struct visit){.request = request, .done = done, .arg = arg};
    enum link_verdict verdict = read_link(request, &visit->link);
    if (verdict == LINK_VOID || verdict == LINK_EXPIRED)
        finish_fault(visit, verdict == LINK_VOID ? PAGE_VOID : PAGE_EXPIRED);
    else if (request->method == WEB_POST &&
             !form_read(request->arena, web_request_header(request, "Content-Type"), request->body,
                        &visit->form))
        finish_fault(visit, PAGE_ODD);
    else
        ask_person(visit, verdict);
}
