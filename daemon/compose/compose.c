#include "compose/compose.h"

#include <string.h>

#include "compose/composition.h"
#include "mail/header.h"
#include "mail/mime.h"

static struct composition begin(const struct templates *templates,
                                const struct compose_settings *settings,
                                const struct value *message, struct arena *arena, struct diag *diag)
{
    return (struct composition){.templates = templates,
                                .settings = settings,
                                .message = message,
                                .arena = arena,
                                .diag = diag};
}

/* ---- A mail ---- */

static bool write_field(const struct composition *c, const struct composition_field *field,
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

static bool write_mail(const struct composition *c, struct buf *wire)
{
    for (size_t i = 0; i < c->field_count; i++)
        if (!write_field(c, &c->fields[i], wire))
            return false;
    const struct mime_body body = {.text = c->text,
                                   .html = c->html,
                                   .files = c->variant->files,
                                   .file_count = c->variant->file_count,
                                   .mid = c->mid};
    return mime_write(wire, &body, c->diag);
}

static bool choose_envelope(struct composition *c, struct compose_mail *mail)
{
    struct address bounces = c->from;
    if (c->settings->bounces && !address_parse(c->arena, c->settings->bounces, &bounces, c->diag))
        return false;
    mail->from = bounces.mailbox;
    mail->to = c->recipient.mailbox;
    mail->smtputf8 = bounces.utf8_local || c->from.utf8_local || c->recipient.utf8_local ||
                     c->reply_to.utf8_local;
    return true;
}

bool compose_mail(const struct templates *templates, const struct compose_settings *settings,
                  const struct value *message, struct arena *arena, struct compose_mail *mail,
                  struct diag *diag)
{
    struct composition c = begin(templates, settings, message, arena, diag);
    if (mail->wire.limit == 0)
        mail->wire.limit = COMPOSE_WIRE_MOST;
    if (!composition_begin(&c) || !composition_render(&c) || !composition_address(&c) ||
        !composition_list_fields(&c) || !choose_envelope(&c, mail))
        return false;
    mail->subject = c.subject;
    mail->preheader = c.preheader;
    mail->html = c.html;
    mail->text = c.text;
    return write_mail(&c, &mail->wire);
}

/* ---- Other channels ---- */

bool compose_text(const struct templates *templates, const struct compose_settings *settings,
                  const struct value *message, struct arena *arena, struct compose_text *text,
                  struct diag *diag)
{
    struct composition c = begin(templates, settings, message, arena, diag);
    if (!composition_begin(&c) || !composition_plain_address(&c) || !composition_render(&c))
        return false;
    *text = (struct compose_text){
        .to = c.to, .subject = c.subject, .text = composition_trim(&c, c.text)};
    if (strlen(text->text) > COMPOSE_TEXT_MOST)
        return diag_fault(diag, "too-large", "the text is longer than %d bytes", COMPOSE_TEXT_MOST);
    return true;
}

/* ---- The body of a request ---- */

static void put(struct composition *c, struct value map, const char *name, const char *text)
{
    value_set(c->arena, map, name, text ? value_text(text) : value_null());
}

/* message.headers: those that a mail would have beside its addresses and its subject. */
static struct value headers_of(struct composition *c)
{
    static const char *const apart[] = {"From", "To", "Reply-To", "Subject", "Date"};
    struct value map = value_new_map(c->arena, 8);
    for (size_t i = 0; i < c->field_count; i++) {
        bool skip = false;
        for (size_t k = 0; k < sizeof apart / sizeof *apart; k++)
            skip |= strcmp(c->fields[i].name, apart[k]) == 0;
        if (!skip)
            value_set(c->arena, map, c->fields[i].name, value_text(c->fields[i].value));
    }
    return map;
}

/* A message variable that holds the composed message too, in place of the plain one. */
static void describe(struct composition *c)
{
    struct value map = value_copy(c->arena, value_get(&c->variables, "message"));
    put(c, map, "subject", c->subject);
    put(c, map, "preheader", c->preheader);
    put(c, map, "html", c->html);
    put(c, map, "text", composition_trim(c, c->text));
    put(c, map, "locale", c->locale);
    put(c, map, "to", c->recipient.mailbox ? c->recipient.mailbox : c->to);
    put(c, map, "name", c->recipient.name);
    put(c, map, "from", c->from.mailbox);
    put(c, map, "from_name", c->from.name);
    put(c, map, "reply_to", c->reply_to.mailbox);
    value_set(c->arena, map, "headers", headers_of(c));
    value_set(c->arena, c->variables, "message", map);
    value_set(c->arena, c->shared, "message", map);
}

bool compose_body(const struct templates *templates, const struct compose_settings *settings,
                  const char *file, const struct value *message, struct arena *arena,
                  struct buf *out, struct diag *diag)
{
    struct composition c = begin(templates, settings, message, arena, diag);
    const struct liquid_template *body = templates_body(templates, file);
    const char *text;
    if (!body)
        return diag_fault(diag, "no-template", "there is no template file `%s`", file);
    if (!composition_begin(&c) || !composition_render(&c))
        return false;
    bool mail = strcmp(c.channel, "email") == 0;
    if (mail && (!composition_address(&c) || !composition_list_fields(&c)))
        return false;
    if (!mail && !composition_plain_address(&c))
        return false;
    describe(&c);
    if (!composition_run(&c, body, false, COMPOSE_WIRE_MOST, &text))
        return false;
    return buf_text(out, text) ||
           diag_fault(diag, "too-large", "the request's body is larger than its bound");
}

/* ---- A file by itself ---- */

bool compose_single(const struct templates *templates, const struct templates_single *single,
                    const struct compose_settings *settings, const struct value *data,
                    struct arena *arena, const char **text, struct diag *diag)
{
    struct composition c = begin(templates, settings, NULL, arena, diag);
    composition_own_variables(&c, data);
    return composition_run(&c, single->liquid, single->html,
                           single->part ? COMPOSE_PART_MOST : COMPOSE_WIRE_MOST, text);
}
