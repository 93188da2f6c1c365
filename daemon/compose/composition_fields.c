#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "compose/composition.h"
#include "mail/header.h"
#include "mail/uri.h"

static struct composition_field *add(struct composition *c, const char *name,
                                     enum composition_form form, const char *value)
{
    struct composition_field *field = &c->fields[c->field_count];
    if (c->field_count < COMPOSITION_FIELDS_MOST)
        c->field_count++;
    *field = (struct composition_field){.name = name, .form = form, .value = value};
    return field;
}

static void add_mailbox(struct composition *c, const char *name, const struct address *address)
{
    const char *value = address->name
                            ? arena_printf(c->arena, "%s <%s>", address->name, address->mailbox)
                            : address->mailbox;
    add(c, name, COMPOSITION_MAILBOX, value)->mailbox = *address;
}

/* RFC 8058 wants HTTPS for the one-click form. */
static bool one_click(const struct composition *c)
{
    return c->unsubscribe_url && strncasecmp(c->unsubscribe_url, "https://", 8) == 0;
}

static void add_unsubscribe(struct composition *c)
{
    const char *mailto = c->settings->unsubscribe_mailto, *by_mail = NULL, *value = NULL;
    if (mailto)
        by_mail =
            arena_printf(c->arena, "<%s?subject=unsubscribe%s%s>", uri_mailto(c->arena, mailto),
                         c->token ? "%20" : "", c->token ? c->token : "");
    if (one_click(c) && by_mail)
        value = arena_printf(c->arena, "<%s>, %s", c->unsubscribe_url, by_mail);
    else if (one_click(c))
        value = arena_printf(c->arena, "<%s>", c->unsubscribe_url);
    else
        value = by_mail;
    if (value)
        add(c, "List-Unsubscribe", COMPOSITION_STRUCTURED, value);
    if (one_click(c))
        add(c, "List-Unsubscribe-Post", COMPOSITION_STRUCTURED, "List-Unsubscribe=One-Click");
}

/* "shop.example" or "Tea Shop <list.shop.example>" (RFC 2919). */
static void add_list_id(struct composition *c)
{
    const char *id = c->settings->list_id, *open = strchr(id, '<');
    if (!open) {
        add(c, "List-Id", COMPOSITION_STRUCTURED, arena_printf(c->arena, "<%s>", id));
        return;
    }
    size_t name = (size_t)(open - id), inner = strcspn(open + 1, ">");
    struct address address = {.name = address_clean_name(c->arena, (struct slice){id, name}),
                              .mailbox = arena_copy(c->arena, open + 1, inner)};
    if (address.name)
        add_mailbox(c, "List-Id", &address);
    else
        add(c, "List-Id", COMPOSITION_STRUCTURED, open);
}

/* Four parts of letters, digits, '.', '-' and '_': rule, topic, class, sender. */
static void add_feedback_id(struct composition *c)
{
    char *id = arena_printf(c->arena, "%s:%s:marketing:%s", c->rule ? c->rule : "none",
                            c->topic ? c->topic : "all", c->settings->feedback_id);
    unsigned colons = 0;
    for (char *at = id; *at; at++) {
        if (*at == ':' && colons < 3)
            colons++;
        else if (!isalnum((unsigned char)*at) && !strchr(".-_", *at))
            *at = '-';
    }
    add(c, "Feedback-ID", COMPOSITION_STRUCTURED, id);
}

static bool is_id(const char *mid)
{
    for (const char *at = mid; *at; at++)
        if (!isalnum((unsigned char)*at) && !strchr("-_=+", *at))
            return false;
    return *mid && strlen(mid) <= 128;
}

bool composition_own_fields(struct composition *c)
{
    if (c->from.mailbox && !value_find(&c->variables, "from", 4)) /* the event's own stands */
        value_set(c->arena, c->variables, "from", value_text(c->from.mailbox));
    const struct templates_variant *variant = c->variant;
    for (size_t i = 0; i < variant->header_count; i++) {
        const char *value;
        if (!composition_line(c, variant->headers[i].value, HEADER_VALUE_MOST, &value))
            return false;
        if (value)
            add(c, variant->headers[i].name, COMPOSITION_UNSTRUCTURED, value);
    }
    return true;
}

bool composition_list_fields(struct composition *c)
{
    const char *domain = c->settings->message_id_domain;
    char date[HEADER_DATE_SIZE];
    int64_t decided = c->settings->now_ms;
    if (!is_id(c->mid))
        return diag_fault(c->diag, "bad-message", "the message's `mid` can't stand in a header");
    if (!c->subject)
        return diag_fault(c->diag, "bad-message", "the message has no subject");
    value_to_int(value_get(c->message, "decided"), &decided);
    header_date(decided, c->settings->zone, date);
    add(c, "Date", COMPOSITION_STRUCTURED, arena_text(c->arena, date));
    add_mailbox(c, "From", &c->from);
    add_mailbox(c, "To", &c->recipient);
    if (c->reply_to.mailbox)
        add_mailbox(c, "Reply-To", &c->reply_to);
    add(c, "Subject", COMPOSITION_UNSTRUCTURED, c->subject);
    add(c, "Message-ID", COMPOSITION_STRUCTURED,
        arena_printf(c->arena, "<%s@%s>", c->mid, domain ? domain : "localhost"));
    add(c, "Auto-Submitted", COMPOSITION_STRUCTURED, "auto-generated");
    if (c->settings->test)
        add(c, "X-Nudged-Test", COMPOSITION_STRUCTURED, "1");
    if (c->marketing) {
        if (!c->elsewhere)
            add_unsubscribe(c);
        if (c->settings->list_id)
            add_list_id(c);
        if (c->settings->feedback_id)
            add_feedback_id(c);
    }
    return composition_own_fields(c);
}

bool composition_write_field(const struct composition *c, const struct composition_field *field,
                             struct buf *out)
{
    switch (field->form) {
    case COMPOSITION_UNSTRUCTURED:
        return header_unstructured(out, field->name, field->value, c->diag);
    case COMPOSITION_MAILBOX:
        return header_mailbox(out, field->name, &field->mailbox, c->diag);
    case COMPOSITION_STRUCTURED:
        return header_structured(out, field->name, field->value, c->diag);
    }
    return false;
}
