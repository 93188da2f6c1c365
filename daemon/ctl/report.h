/*
 * A report of a mail server about a mail: a delivery status notification (RFC 3464; RFC 6533 for
 * UTF-8) or a complaint (ARF, RFC 5965), read out of the message that it came in.
 */
#ifndef NUDGED_CTL_REPORT_H
#define NUDGED_CTL_REPORT_H

#include <stddef.h>

#include "base/arena.h"

enum report_kind {
    REPORT_NONE, /* it is no report, or one of success: nothing follows */
    REPORT_FAILED,
    REPORT_DELAYED,
    REPORT_COMPLAINT,
};

enum { REPORT_WORDS_SIZE = 256, REPORT_ENHANCED_SIZE = 12 };

/* Texts lie in the arena; "" for what is not there. Header blocks are as they stand in the message,
 * unfolded, each field on a line. */
struct report {
    enum report_kind kind;
    int code;                            /* SMTP, "550"; 0: none */
    char enhanced[REPORT_ENHANCED_SIZE]; /* "5.1.1"; "" for none that says anything */
    char words[REPORT_WORDS_SIZE];       /* one line */
    const char *recipient;               /* that the report names, an address */
    const char *outer;                   /* the report's own header: whom it came to */
    const char *told;                    /* the fields of the report itself */
    const char *returned;                /* the header of the mail that it is about */
};

/* Any bytes. What is deeper or has more parts than any server makes is not looked at. */
void report_read(struct arena *arena, const char *bytes, size_t length, struct report *report);

/* The first field of that name in a block; its value, trimmed, in the arena. NULL: none. */
const char *report_field(struct arena *arena, const char *block, const char *name);

#endif
