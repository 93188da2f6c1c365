/*
 * Read from the top: composition_begin checks the message, chooses the template and the
 * language and makes the signed links; composition_variables (a file beside) makes what
 * templates see; composition_render runs subject and preheader, then the parts with their
 * layouts, and makes a text part where the template has none; composition_address chooses and
 * checks From, Reply-To and To; composition_fields (a file beside) lists the header. Each step
 * fails with the code that the message is refused with.
 */
#include "compose/composition.h"

#include <string.h>

#include "base/locale_format.h"
#include "base/slice.h"
#include "base/utf8.h"
#include "base/word.h"
#include "mail/confirm.h"
#include "mail/header.h"
#include "mail/header_line.h"
#include "mail/html_text.h"
#include "mail/preferences.h"
#include "mail/unsubscribe.h"
#include "mail/uri.h"

/* A text of the message, or NULL. */
static const char *text_of(const struct composition *c, const char *name)
{
    return value_to_text(c->arena, value_get(c->message, name));
}

/* ---- Reading the message ---- */

#define TEST_MARK "[Test] "
/* In the place of a token: no key has signed it, so it is nobody's. */
#define TEST_TOKEN "TEST"

/* The token replaces "{token}", or follows, behind a slash unless the address ends so that
 * one is not wanted. */
static const char *with_token(struct arena *arena, const char *base, const char *token)
{
    static const char mark[] = "{token}";
    const char *at = strstr(base, mark);
    if (at)
        return arena_printf(arena, "%.*s%s%s", (int)(at - base), base, token, at + strlen(mark));
    size_t length = strlen(base);
    bool open = length > 0 && strchr("/=?&", base[length - 1]);
    return arena_printf(arena, "%s%s%s", base, open ? "" : "/", token);
}

static int64_t decided_ms(const struct composition *c)
{
    int64_t decided = c->settings->now_ms;
    value_to_int(value_get(c->message, "decided"), &decided);
    return decided;
}

/* Names of a list of topics, with commas between; NULL where one is none. */
static const char *joined_topics(struct composition *c, const struct value *list)
{
    const char *joined = NULL;
    for (uint32_t i = 0; i < value_count(list); i++) {
        const char *topic = value_to_text(c->arena, &list->list->items[i]);
        if (!topic || !word_is_plain(topic, strlen(topic)))
            return NULL;
        joined = joined ? arena_printf(c->arena, "%s,%s", joined, topic) : topic;
    }
    return joined && strlen(joined) <= TOKEN_FIELD_MOST ? joined : NULL;
}

/* What is to be confirmed: the `topics` or the `topic` of the request, else the rule's. */
static const char *requested_topics(struct composition *c, const char *topic)
{
    const struct value *event = value_get(c->message, "event");
    if (!value_is_text(value_get(event, "type"), "customer.subscription_requested"))
        return topic;
    const struct value *several = value_path(event, "data.topics");
    if (value_is(several, VALUE_LIST)) {
        const char *joined = joined_topics(c, several);
        return joined ? joined : topic;
    }
    const char *one = value_to_text(c->arena, value_path(event, "data.topic"));
    return one && word_is_plain(one, strlen(one)) ? one : topic;
}

static void make_confirmation(struct composition *c, const char *customer, const char *topic)
{
    const struct confirm_claim claim = {
        .customer = customer, .topic = topic, .expires_ms = decided_ms(c) + CONFIRM_LIFE_MS};
    const char *token =
        c->settings->test ? TEST_TOKEN : confirm_make(c->arena, &c->settings->key, &claim);
    if (token)
        c->confirm_url = with_token(c->arena, c->settings->confirm_url, token);
}

static void make_preferences(struct composition *c, const char *customer)
{
    const char *token =
        c->settings->test ? TEST_TOKEN : preferences_make(c->arena, &c->settings->key, customer);
    if (token)
        c->preferences_url = with_token(c->arena, c->settings->preferences_url, token);
}

static void make_links(struct composition *c)
{
    const char *customer = text_of(c, "customer_key"), *topic = c->topic ? c->topic : "all";
    if (!customer || c->elsewhere || c->settings->key.length == 0)
        return;
    if (c->settings->confirm_url)
        make_confirmation(c, customer, requested_topics(c, topic));
    if (c->settings->preferences_url)
        make_preferences(c, customer);
    if (!c->settings->unsubscribe_url && !c->settings->unsubscribe_mailto)
        return;
    c->token = c->settings->test ? TEST_TOKEN
                                 : unsubscribe_make(c->arena, &c->settings->key, customer, topic);
    if (!c->token)
        return;
    if (c->settings->unsubscribe_url)
        c->unsubscribe_url = with_token(c->arena, c->settings->unsubscribe_url, c->token);
    else if (c->settings->unsubscribe_mailto)
        c->unsubscribe_url =
            arena_printf(c->arena, "%s?subject=unsubscribe%%20%s",
                         uri_mailto(c->arena, c->settings->unsubscribe_mailto), c->token);
}

/* The reader's language as a tag with hyphens; NULL where it is none, and the shop's own. */
static const char *wanted_locale(const struct composition *c)
{
    const char *text = text_of(c, "locale");
    if (!text && !value_get(c->message, "staff"))
        text = value_to_text(c->arena, value_path(c->message, "customer.locale"));
    if (!text || !locale_format_is_tag(text, strlen(text)))
        return NULL;
    char *tag = arena_text(c->arena, text);
    for (char *at = tag; *at; at++)
        if (*at == '_')
            *at = '-';
    return tag;
}

static bool choose_template(struct composition *c)
{
    const char *name = text_of(c, "template");
    if (!name)
        return diag_fault(c->diag, "bad-message", "the message names no template");
    c->variant = templates_choose(c->templates, name, wanted_locale(c), &c->locale);
    if (!c->variant)
        return diag_fault(c->diag, "no-template", "there is no template `%s`", name);
    return true;
}

/* JSON can say \u0000, at which a C string would end: nothing may be hidden behind one. */
static bool check_texts(struct composition *c)
{
    static const char *const names[] = {"to",           "from",  "reply_to", "mid",     "template",
                                        "customer_key", "topic", "rule",     "channel", "class"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct value *value = value_get(c->message, names[i]);
        if (value_is(value, VALUE_STRING) && memchr(value->string, '\0', value->length))
            return diag_fault(c->diag, i < 3 ? "bad-address" : "bad-message",
                              "`%s` of the message has a NUL character", names[i]);
    }
    return true;
}

bool composition_begin(struct composition *c)
{
    if (!check_texts(c))
        return false;
    const char *class = text_of(c, "class");
    const struct value *elsewhere = value_get(c->message, "elsewhere");
    c->mid = text_of(c, "mid");
    c->rule = text_of(c, "rule");
    c->topic = text_of(c, "topic");
    c->to = text_of(c, "to");
    c->channel = text_of(c, "channel");
    if (!c->channel)
        c->channel = "email";
    c->elsewhere = value_is(elsewhere, VALUE_BOOL) && elsewhere->boolean;
    c->marketing = !class || strcmp(class, "transactional") != 0;
    if (!c->mid || !*c->mid)
        return diag_fault(c->diag, "bad-message", "the message has no `mid`");
    if (!c->to || !*c->to)
        return diag_fault(c->diag, "bad-address", "the message has no address to go to");
    if (!choose_template(c))
        return false;
    make_links(c);
    composition_variables(c);
    return true;
}

/* ---- Rendering ---- */

/* Filters may cut a character in two; the wire has whole ones only. */
static char *whole_characters(struct arena *arena, const char *text, size_t length)
{
    if (utf8_valid(text, length) && !memchr(text, '\0', length))
        return arena_copy(arena, text, length);
    char *whole = arena_alloc(arena, 3 * length + 1), *to = whole;
    for (size_t at = 0, width; at < length; at += width) {
        uint32_t c = utf8_decode(text + at, length - at, &width);
        if (c)
            to += utf8_encode(c, to);
    }
    *to = '\0';
    return whole;
}

static bool run(struct composition *c, const struct liquid_template *template, bool html,
                struct buf *out)
{
    struct diag diag = {0};
    c->context.html = html;
    const struct liquid_input input = {.data = &c->variables,
                                       .shared = &c->shared,
                                       .context = &c->context,
                                       .now_ms = c->settings->now_ms,
                                       .zone = c->settings->zone};
    if (liquid_render(template, &input, c->arena, out, &diag))
        return true;
    if (!diag.code[0])
        diag_code(&diag, "liquid-render");
    if (c->diag)
        *c->diag = diag;
    return false;
}

bool composition_run(struct composition *c, const struct liquid_template *template, bool html,
                     size_t most, const char **text)
{
    struct buf out;
    buf_init(&out, most);
    bool done = run(c, template, html, &out);
    if (done)
        *text = whole_characters(c->arena, buf_string(&out), out.length);
    buf_free(&out);
    return done;
}

const char *composition_trim(struct composition *c, const char *text)
{
    const struct slice bare = slice_trim(slice_of(text), " \t\r\n");
    return arena_copy(c->arena, bare.text, bare.length);
}

bool composition_line(struct composition *c, const struct liquid_template *template, size_t most,
                      const char **line)
{
    struct buf out;
    *line = NULL;
    if (!template)
        return true;
    buf_init(&out, COMPOSE_PART_MOST);
    bool done = run(c, template, false, &out);
    if (done)
        *line = header_line_clean(c->arena, (struct slice){buf_string(&out), out.length}, most);
    buf_free(&out);
    if (done && !**line)
        *line = NULL;
    return done;
}

/* A line that the parts see too, under its name. */
static bool run_line(struct composition *c, const struct liquid_template *template,
                     const char *name, const char **line)
{
    if (!composition_line(c, template, HEADER_LINE_MOST, line))
        return false;
    if (template)
        value_set(c->arena, c->variables, name, *line ? value_text(*line) : value_null());
    return true;
}

/* A part, and the layout around it. */
static bool run_part(struct composition *c, const struct liquid_template *part,
                     const struct liquid_template *layout, bool html, const char **text)
{
    if (!composition_run(c, part, html, COMPOSE_PART_MOST, text))
        return false;
    if (!layout)
        return true;
    struct value content = value_text(*text);
    if (html)
        content.flags |= LIQUID_SAFE;
    value_set(c->arena, c->variables, "content", content);
    bool done = composition_run(c, layout, html, COMPOSE_PART_MOST, text);
    value_remove(c->variables, "content");
    return done;
}

/* Behind <body …>, or at the begin of a fragment: hidden, but read by mail programs. */
static const char *insert_preheader(struct composition *c)
{
    const char *body = strcasestr(c->html, "<body");
    const char *end = body ? strchr(body, '>') : NULL;
    size_t head = end ? (size_t)(end + 1 - c->html) : 0;
    struct buf escaped;
    buf_init(&escaped, 6 * HEADER_VALUE_MOST);
    for (const char *at = c->preheader; *at; at++)
        if (*at == '&')
            buf_text(&escaped, "&amp;");
        else if (*at == '<')
            buf_text(&escaped, "&lt;");
        else
            buf_char(&escaped, *at);
    const char *html =
        arena_printf(c->arena,
                     "%.*s<div style=\"display:none;max-height:0;overflow:hidden;mso-hide:all\">%s"
                     "</div>%s",
                     (int)head, c->html, buf_string(&escaped), c->html + head);
    buf_free(&escaped);
    return html;
}

static bool text_from_html(struct composition *c)
{
    struct buf out;
    buf_init(&out, COMPOSE_PART_MOST);
    bool done = html_text(c->arena, &out, c->html, strlen(c->html), c->diag);
    if (done)
        c->text = arena_copy(c->arena, buf_string(&out), out.length);
    buf_free(&out);
    return done;
}

/* So that nobody who sees it takes it for one of a customer's. */
static void mark(struct composition *c)
{
    if (c->subject)
        c->subject = arena_printf(c->arena, TEST_MARK "%s", c->subject);
}

void composition_mark_text(struct composition *c)
{
    if (c->settings->test)
        c->text = arena_printf(c->arena, TEST_MARK "%s", composition_trim(c, c->text));
}

bool composition_render(struct composition *c)
{
    const struct templates_variant *variant = c->variant;
    if (!run_line(c, variant->subject, "subject", &c->subject) ||
        !run_line(c, variant->preheader, "preheader", &c->preheader))
        return false;
    if (variant->subject && !c->subject)
        c->subject = ""; /* nothing was left of what stands for it in the data */
    if (variant->html && !run_part(c, variant->html, variant->html_layout, true, &c->html))
        return false;
    if (c->html && c->preheader && !variant->html_shows_preheader)
        c->html = insert_preheader(c);
    if (!(variant->text ? run_part(c, variant->text, variant->text_layout, false, &c->text)
                        : text_from_html(c)))
        return false;
    if (c->settings->test)
        mark(c);
    return true;
}

/* ---- Addresses ---- */

/* A mailbox as the template has it: its name is cleaned where it is read (address_parse), but a
 * control character within the address is to be found there, and a NUL is one. */
static bool run_mailbox(struct composition *c, const struct liquid_template *template,
                        const char **text)
{
    struct buf out;
    buf_init(&out, COMPOSE_PART_MOST);
    bool done = !template || run(c, template, false, &out);
    struct slice bare = utf8_trim((struct slice){buf_string(&out), out.length});
    char *made = bare.length ? arena_copy(c->arena, bare.text, bare.length) : NULL;
    for (size_t i = 0; i < bare.length; i++)
        if (!made[i])
            made[i] = '\x01';
    *text = made;
    buf_free(&out);
    return done;
}

/* The first of: the message's own, the template's, the configuration's. */
static bool choose_mailbox(struct composition *c, const char *name,
                           const struct liquid_template *template, const char *standard,
                           struct address *address)
{
    const char *text = text_of(c, name), *line;
    if (!run_mailbox(c, template, &line))
        return false;
    if (!text)
        text = line ? line : standard;
    if (!text || address_parse(c->arena, text, address, c->diag))
        return true;
    if (text == line)
        liquid_place(template, c->diag);
    return false;
}

bool composition_address(struct composition *c)
{
    const struct value *name = value_get(c->message, "name");
    if (!choose_mailbox(c, "from", c->variant->from, c->settings->from, &c->from) ||
        !choose_mailbox(c, "reply_to", c->variant->reply_to, c->settings->reply_to, &c->reply_to) ||
        !address_check(c->arena, c->to, &c->recipient, c->diag))
        return false;
    if (!c->from.mailbox)
        return diag_fault(c->diag, "bad-message", "there is no sender: set `mail.from`");
    if (value_is(name, VALUE_STRING))
        c->recipient.name =
            address_clean_name(c->arena, (struct slice){name->string, name->length});
    return true;
}

/* A text as it stands where it is no mailbox: "TEASHOP", a number. */
static bool choose_sender(struct composition *c, const char *name,
                          const struct liquid_template *template, const char *standard,
                          struct address *address)
{
    const char *text = text_of(c, name), *line;
    struct diag ignored = {0};
    if (!run_mailbox(c, template, &line))
        return false;
    if (!text)
        text = line ? line : standard;
    if (text && !address_parse(c->arena, text, address, &ignored))
        *address = (struct address){
            .mailbox = header_line_clean(c->arena, slice_of(text), HEADER_LINE_MOST)};
    return true;
}

bool composition_plain_sender(struct composition *c)
{
    return choose_sender(c, "from", c->variant->from, c->settings->from, &c->from) &&
           choose_sender(c, "reply_to", c->variant->reply_to, c->settings->reply_to, &c->reply_to);
}

bool composition_plain_address(struct composition *c)
{
    struct diag diag;
    return header_value_allowed("the address", c->to, &diag) ||
           diag_fault(c->diag, "bad-address", "%s", diag.text);
}
