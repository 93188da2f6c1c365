#include "compose/compose.h"

#include <string.h>

#include "compose/composition.h"
#include "mail/header.h"
#include "mail/mime.h"
#include "mail/verp.h"

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

bool compose_is_mail(const struct compose_settings *settings, const char *channel)
{
    static const char *const standard[] = {"email", NULL};
    const char *const *name = settings->mail_channels ? settings->mail_channels : standard;
    while (*name && strcmp(*name, channel) != 0)
        name++;
    return *name;
}

static bool write_mail(const struct composition *c, struct buf *wire)
{
    for (size_t i = 0; i < c->field_count; i++)
        if (!composition_write_field(c, &c->fields[i], wire))
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
    char local[VERP_SIZE];
    const struct verp_key key = {c->settings->key.bytes, c->settings->key.length};
    if (c->settings->bounce_domain && verp_make(&key, c->mid, local)) {
        const char *own = arena_printf(c->arena, "%s@%s", local, c->settings->bounce_domain);
        if (!address_check(c->arena, own, &bounces, c->diag))
            return false;
    } else if (c->settings->bounces &&
               !address_parse(c->arena, c->settings->bounces, &bounces, c->diag)) {
        return false;
    }
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
    composition_mark_text(&c);
    *text = (struct compose_text){
        .to = c.to, .subject = c.subject, .text = composition_trim(&c, c.text)};
    if (strlen(text->text) > COMPOSE_TEXT_MOST)
        return diag_fault(diag, "too-large", "the text is longer than %d bytes", COMPOSE_TEXT_MOST);
    return true;
}

/* ---- The body of a request ---- */

/* Who it goes to and comes from, and its header fields: as its channel has them. */
static bool address_request(struct composition *c, bool mail, struct compose_mail *envelope)
{
    if (mail)
        return composition_address(c) && composition_list_fields(c) && choose_envelope(c, envelope);
    return composition_plain_address(c) && composition_plain_sender(c) && composition_own_fields(c);
}

static bool lost(const struct composition *c, size_t count, const char *what, const char *file,
                 const char *unused)
{
    return diag_fault(c->diag, "lost-attachments", "the message has %zu %s%s, and `%s` uses %s",
                      count, what, count == 1 ? "" : "s", file, unused);
}

/* What is attached goes with the request, or nothing does. */
static bool check_files(const struct composition *c, const struct templates_body *body,
                        const char *file, bool mail)
{
    size_t count = c->variant->file_count, pictures = 0;
    for (size_t i = 0; i < count; i++)
        pictures += c->variant->files[i].content_id != NULL;
    if (!mail || body->reads_mime)
        return true;
    if (count && !body->reads_files)
        return lost(c, count, "attached file", file,
                    "neither message.attachments nor message.mime");
    if (pictures && !body->reads_inline)
        return lost(c, pictures, "picture", file, "no `cid`, by which the HTML shows them");
    return true;
}

/* message.mime: the whole mail, as it would go over SMTP. */
static bool put_mime(struct composition *c, bool mail)
{
    struct buf wire;
    if (!mail)
        return diag_fault(c->diag, "bad-message",
                          "`message.mime` is of mails, and channel `%s` has none", c->channel);
    buf_init(&wire, COMPOSE_WIRE_MOST);
    bool made = write_mail(c, &wire);
    if (made)
        value_set(c->arena, *value_get(&c->variables, "message"), "mime",
                  value_string(arena_copy(c->arena, buf_string(&wire), wire.length), wire.length));
    buf_free(&wire);
    return made;
}

bool compose_body(const struct templates *templates, const struct compose_settings *settings,
                  const struct value *message, struct arena *arena, struct compose_request *request,
                  struct diag *diag)
{
    struct composition c = begin(templates, settings, message, arena, diag);
    const struct templates_body *body = templates_body(templates, request->file);
    if (!body)
        return diag_fault(diag, "no-template", "there is no template file `%s`", request->file);
    if (!composition_begin(&c) || !composition_render(&c))
        return false;
    bool mail = compose_is_mail(settings, c.channel);
    if (!mail)
        composition_mark_text(&c);
    struct compose_mail envelope = {0};
    if (!address_request(&c, mail, &envelope) || !check_files(&c, body, request->file, mail))
        return false;
    composition_message(&c, envelope.from, body->reads_files);
    if (value_is(request->gateway, VALUE_MAP)) /* over what an event may call so */
        value_set(arena, c.variables, "gateway", *request->gateway);
    if (body->reads_mime && !put_mime(&c, mail))
        return false;
    request->to = mail ? c.recipient.mailbox : c.to;
    request->from = c.from.mailbox ? c.from.mailbox : "";
    request->seen = c.variables;
    return composition_run(&c, body->liquid, false, COMPOSE_WIRE_MOST, &request->body);
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
