/*
 * From a message as it was decided to what is handed to a gateway: the template
 * in the customer's language, rendered, made into a mail, a text, or the body of
 * an HTTP request. No I/O; any number of threads, each with its own arena.
 *
 * A message is a map: mid, rule, step, class ("marketing" or "transactional"), topic,
 * channel, template, locale, to, elsewhere (true: not the customer's own address, and so
 * without links that speak for them), staff (true: the shop's people, and so in its language),
 * name, from, customer_key, customer {}, event {type, id, time, source, data}, start {}, data {},
 * decided (ms), expires (ms). Templates see each member of start, over it those of event.data, over
 * it those of data; then customer, event, start, shop, now, locale, message {id, rule, step, class,
 * topic, channel, to}, unsubscribe_url, confirm_url.
 */
#ifndef NUDGED_COMPOSE_COMPOSE_H
#define NUDGED_COMPOSE_COMPOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/value.h"
#include "compose/compose_settings.h"
#include "templates/templates.h"

/* Whether what goes through the channel is a mail. */
bool compose_is_mail(const struct compose_settings *settings, const char *channel);

struct compose_mail {
    const char *from; /* envelope sender, ASCII unless smtputf8 */
    const char *to;   /* envelope recipient */
    bool smtputf8;    /* an address needs SMTPUTF8: a server without it must not get this */
    const char *subject;
    const char *preheader; /* NULL when there is none */
    const char *html;      /* NULL when there is none */
    const char *text;
    struct buf wire; /* the caller initialises it before (a bound) and frees it after */
};

/* Fault codes: "no-template", "bad-message", "bad-address", "bad-header", "too-large",
 * "html-text", of a request "lost-attachments", and Liquid's "liquid-render" and
 * "liquid-limit", with their place. Nothing of the mail is of use then. Texts lie in the arena.
 * The wire's own bound holds; COMPOSE_WIRE_MOST where it has none. */
bool compose_mail(const struct templates *templates, const struct compose_settings *settings,
                  const struct value *message, struct arena *arena, struct compose_mail *mail,
                  struct diag *diag);

/* For channels without a wire format (sms, push, chat). */
struct compose_text {
    const char *to;
    const char *subject; /* a title, for push; NULL when the template has none */
    const char *text;    /* without white space at its ends */
};

bool compose_text(const struct templates *templates, const struct compose_settings *settings,
                  const struct value *message, struct arena *arena, struct compose_text *text,
                  struct diag *diag);

/* For a gateway that makes a request of a message. */
struct compose_request {
    /* Given: */
    const char *file;            /* the template */
    const struct value *gateway; /* what it sees of its gateway's settings, a map; or NULL */
    /* Made: */
    const char *to, *from; /* a mail's addresses, else as they are written; from may be "" */
    const char *body;
    struct value seen; /* all that the body's template sees, a map */
};

/* Renders the template file of an HTTP gateway ("twilio.json.liquid"). Beside the message's
 * variables it sees `data`, `gateway` and the composed message: docs/templates.md lists its
 * members. Of these `attachments` and `mime` are made where the file names them alone. */
bool compose_body(const struct templates *templates, const struct compose_settings *settings,
                  const struct value *message, struct arena *arena, struct compose_request *request,
                  struct diag *diag);

/* Renders one file by itself (templates_single) with variables of its own, a map: `shop`, `now`
 * and `locale` are those of a message where it has none. The text lies in the arena. */
bool compose_single(const struct templates *templates, const struct templates_single *single,
                    const struct compose_settings *settings, const struct value *data,
                    struct arena *arena, const char **text, struct diag *diag);

#endif
