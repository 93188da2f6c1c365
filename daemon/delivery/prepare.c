#include "delivery/prepare.h"

#include <string.h>

#include "mail/header.h"
#include "mail/mime.h"

static const char *text_of(struct arena *arena, const struct value *message, const char *name)
{
    const char *text = value_to_text(arena, value_get(message, name));
    return text ? text : "";
}

/* The body of an HTTP request, and what may stand in its URL and headers. */
static bool make_request(const struct prepare *prepare, const struct compose_settings *settings,
                         const struct value *message, struct arena *arena,
                         struct outgoing *outgoing, struct diag *diag)
{
    const struct config_gateway *gateway = prepare->gateway;
    struct compose_request request = {
        .file = config_gateway_body(gateway, prepare->templates, arena),
        .gateway = gateway->kind->seen ? gateway->kind->seen(gateway->settings) : NULL};
    if (!compose_body(prepare->templates, settings, message, arena, &request, diag))
        return false;
    outgoing->body = request.body;
    outgoing->body_length = strlen(request.body);
    outgoing->envelope_to = request.to;
    outgoing->envelope_from = request.from;
    outgoing->seen = request.seen;
    return true;
}

static bool make_mail(const struct templates *templates, const struct compose_settings *settings,
                      const struct value *message, struct arena *arena, struct outgoing *outgoing,
                      struct diag *diag)
{
    struct compose_mail mail = {0};
    buf_init(&mail.wire, COMPOSE_WIRE_MOST);
    bool made = compose_mail(templates, settings, message, arena, &mail, diag);
    if (made) {
        outgoing->body = arena_copy(arena, buf_string(&mail.wire), mail.wire.length);
        outgoing->body_length = mail.wire.length;
        outgoing->envelope_from = mail.from;
        outgoing->envelope_to = mail.to;
        outgoing->smtputf8 = mail.smtputf8;
    }
    buf_free(&mail.wire);
    return made;
}

/* A text as a mail, so that people can read it where no gateway of its channel is. */
static bool write_text(const struct compose_settings *settings, const char *channel,
                       const char *mid, const struct compose_text *text, struct arena *arena,
                       struct buf *wire, struct diag *diag)
{
    char date[HEADER_DATE_SIZE];
    const struct mime_body body = {.text = text->text, .mid = mid};
    const char *title =
        text->subject ? text->subject : arena_printf(arena, "%s to %s", channel, text->to);
    return header_structured(wire, "Date", header_date(settings->now_ms, settings->zone, date),
                             diag) &&
           header_unstructured(wire, "Subject", title, diag) && mime_write(wire, &body, diag);
}

/* Another channel, into a Maildir. */
static bool make_text(const struct templates *templates, const struct compose_settings *settings,
                      const struct value *message, struct arena *arena, struct outgoing *outgoing,
                      struct diag *diag)
{
    struct compose_text text;
    struct buf wire;
    buf_init(&wire, COMPOSE_WIRE_MOST);
    bool made = compose_text(templates, settings, message, arena, &text, diag) &&
                write_text(settings, outgoing->channel, outgoing->mid, &text, arena, &wire, diag);
    if (made) {
        outgoing->body = arena_copy(arena, buf_string(&wire), wire.length);
        outgoing->body_length = wire.length;
        outgoing->envelope_to = text.to;
        outgoing->envelope_from = "";
    }
    buf_free(&wire);
    return made;
}

bool prepare_outgoing(const struct prepare *prepare, const struct value *message,
                      struct arena *arena, struct outgoing *outgoing, struct diag *diag)
{
    struct compose_settings settings = *prepare->compose;
    const struct templates *templates = prepare->templates;
    value_to_int(value_get(message, "decided"), &settings.now_ms);
    *outgoing = (struct outgoing){.mid = text_of(arena, message, "mid"),
                                  .channel = text_of(arena, message, "channel")};
    if (prepare->gateway->kind->form == GATEWAY_REQUEST)
        return make_request(prepare, &settings, message, arena, outgoing, diag);
    outgoing->mail = compose_is_mail(&settings, outgoing->channel);
    if (outgoing->mail)
        return make_mail(templates, &settings, message, arena, outgoing, diag);
    return make_text(templates, &settings, message, arena, outgoing, diag);
}
