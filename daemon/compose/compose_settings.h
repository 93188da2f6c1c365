/* What the configuration says of all messages, and how large one may become. */
#ifndef NUDGED_COMPOSE_COMPOSE_SETTINGS_H
#define NUDGED_COMPOSE_COMPOSE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/value.h"
#include "mail/token.h"

enum {
    COMPOSE_PART_MOST = 1024 * 1024,      /* bytes of one rendered part */
    COMPOSE_WIRE_MOST = 16 * 1024 * 1024, /* of the whole mail */
    COMPOSE_TEXT_MOST = 64 * 1024,        /* of a message on another channel */
};

/* Texts of the configuration; all but `from` and `message_id_domain` may be NULL. */
struct compose_settings {
    const char *from;          /* "Tea Shop <mail@shop.example>" */
    const char *reply_to;      /* likewise */
    const char *bounces;       /* envelope sender; NULL: the address of From */
    const char *bounce_domain; /* each message has an envelope sender of its own there (mail/verp);
                                  NULL: none */
    const struct value *shop;  /* the `shop:` map */
    const char *unsubscribe_url; /* https://…; the token replaces "{token}", else is appended */
    const char *unsubscribe_mailto; /* an address */
    const char *preferences_url;    /* likewise, with a token of its own kind */
    const char *confirm_url;        /* likewise, with the token of a double opt-in */
    const char *list_id;            /* "shop.example" or "Tea Shop <list.shop.example>" */
    const char *feedback_id;        /* the sender's part, the last of the four */
    const char *message_id_domain;
    const char *const *mail_channels; /* that have mails; NULL-terminated; NULL: `email` alone */
    const char *zone;                 /* IANA, for dates; NULL: UTC */
    int64_t now_ms;                   /* what templates see as `now` */
    struct token_key key;             /* length 0: no tokens, so no links either */
    /* Somebody looks at a message of a customer's: "[Test]" stands before its subject, or its text
     * where it is no mail, the header has X-Nudged-Test, and links speak for nobody. */
    bool test;
};

#endif
