/*
 * From a message as it was decided to what is handed to a gateway: the template
 * in the customer's language, rendered, made into a mail, a text, or the body of
 * an HTTP request. No I/O; any number of threads, each with its own arena.
 *
 * A message is a map: mid, rule, step, class ("marketing" or "transactional"), topic,
 * channel, template, locale, to, name, from, customer_key, customer {}, event {type, id,
 * time, source, data}, start {}, data {}, decided (ms), expires (ms). Templates see each
 * member of start, over it those of event.data, over it those of data; then customer,
 * event, start, shop, now, locale, message {id, rule, step, class, topic, channel, to},
 * unsubscribe_url.
 */
#ifndef NUDGED_COMPOSE_COMPOSE_H
#define NUDGED_COMPOSE_COMPOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/value.h"
#include "mail/unsubscribe.h"
#include "templates/templates.h"

enum {
    COMPOSE_PART_MOST = 1024 * 1024,      /* bytes of one rendered part */
    COMPOSE_WIRE_MOST = 16 * 1024 * 1024, /* of the whole mail */
    COMPOSE_TEXT_MOST = 64 * 1024,        /* of a message on another channel */
};

/* Texts of the configuration; all but `from` and `message_id_domain` may be NULL. */
struct compose_settings {
    const char *from;            /* "Tea Shop <mail@shop.example>" */
    const char *reply_to;        /* likewise */
    const char *bounces;         /* envelope sender; NULL: the address of From */
    const struct value *shop;    /* the `shop:` map */
    const char *unsubscribe_url; /* https://…; the token replaces "{token}", else is appended */
    const char *unsubscribe_mailto; /* an address */
    const char *list_id;            /* "shop.example" or "Tea Shop <list.shop.example>" */
    const char *feedback_id;        /* the sender's part, the last of the four */
    const char *message_id_domain;
    const char *zone;           /* IANA, for dates; NULL: UTC */
    int64_t now_ms;             /* what templates see as `now` */
    struct unsubscribe_key key; /* length 0: no tokens, so no links either */
};

struct mail {
    const char *from;       /* envelope sender, ASCII unless smtputf8 */
    const char *to;         /* envelope recipient */
    bool smtputf8;          /* an address needs SMTPUTF8: a server without it must not get this */
    const char *message_id; /* with its <> */
    const char *locale;     /* the one it was rendered in */
    const char *subject;
    const char *preheader; /* NULL when there is none */
    const char *html;      /* NULL when there is none */
    const char *text;
    struct buf wire; /* the caller initialises it before (a bound) and frees it after */
};

/* Fault codes: "no-template", "bad-message", "bad-address", "bad-header", "too-large",
 * "html-text", and Liquid's "liquid-render" and "liquid-limit", with their place. Nothing of
 * the mail is of use then. Texts lie in the arena. The wire's own bound holds;
 * COMPOSE_WIRE_MOST where it has none. */
bool compose_mail(const struct templates *templates, const struct compose_settings *settings,
                  const struct value *message, struct arena *arena, struct mail *mail,
                  struct diag *diag);

/* For channels without a wire format (sms, push, chat). */
struct compose_text {
    const char *to;
    const char *subject; /* a title, for push; NULL when the template has none */
    const char *text;    /* without white space at its ends */
    const char *locale;
};

bool compose_text(const struct templates *templates, const struct compose_settings *settings,
                  const struct value *message, struct arena *arena, struct compose_text *text,
                  struct diag *diag);

/* Renders the template file of an HTTP gateway ("twilio.json.liquid") into `out`. Beside
 * the message's variables it sees the composed message: message.subject, message.text,
 * message.html, message.from, message.from_name, message.to, message.name. */
bool compose_body(const struct templates *templates, const struct compose_settings *settings,
                  const char *file, const struct value *message, struct arena *arena,
                  struct buf *out, struct diag *diag);

#endif
