/*
 * The commands before a mail (RFC 5321, 4.1.1): their lines, and which reply each waits for. Pure.
 */
#ifndef NUDGED_SEND_SMTP_COMMANDS_H
#define NUDGED_SEND_SMTP_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "send/envelope.h"
#include "send/retry.h"
#include "send/smtp_link.h"

struct smtp_mail {
    const char *from, *to; /* as envelope_check() lets them pass; from may be "" */
    bool utf8;             /* a header needs SMTPUTF8 */
    const char *body;      /* not empty; CRLF only, at the end too; not yet dot-stuffed */
    size_t length;
};

struct smtp_command {
    enum retry_phase phase;
    int class;  /* of the reply that lets it go on: 2 or 3 */
    size_t end; /* of its line in the text */
};

enum { SMTP_COMMANDS_MOST = 4, SMTP_COMMANDS_SIZE = 2 * ENVELOPE_ADDRESS_MOST + 256 };

struct smtp_commands {
    char text[SMTP_COMMANDS_SIZE];
    size_t length;
    struct smtp_command list[SMTP_COMMANDS_MOST]; /* RSET, where it is wanted, MAIL, RCPT, DATA */
    size_t count;
    bool reset; /* the first one is RSET */
};

/* An address or a header of it needs RFC 6531. */
bool smtp_commands_need_utf8(const struct smtp_mail *mail);

void smtp_commands_make(struct smtp_commands *commands, const struct smtp_mail *mail,
                        const struct smtp_extensions *offers, bool reset);

#endif
