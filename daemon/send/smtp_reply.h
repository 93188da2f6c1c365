/*
 * A server's reply (RFC 5321, 4.2): lines of three digits, "-" where more lines follow or a space,
 * and text. Pure; takes bytes as they come.
 */
#ifndef NUDGED_SEND_SMTP_REPLY_H
#define NUDGED_SEND_SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

enum smtp_reply_state {
    SMTP_REPLY_OPEN,   /* not all of it has come */
    SMTP_REPLY_WHOLE,  /* `code` and `words` are its */
    SMTP_REPLY_GARBLED /* a line is none of a reply, or bears another code than the first one */
};

/* What is longer is left out; lines may be of any length (RFC 5321, 4.5.3.1.5: 512). */
enum { SMTP_REPLY_LINE_MOST = 1024, SMTP_REPLY_WORDS_MOST = 1024 };

struct smtp_reply {
    enum smtp_reply_state state;
    int code;                          /* of a whole reply, 200 to 599; else 0 */
    char words[SMTP_REPLY_WORDS_MOST]; /* the code once and the texts of all lines, as the bytes
                                          are: not clean */
    size_t words_length;

    bool line_whole;                     /* a line has just ended; without its end it is: */
    char line[SMTP_REPLY_LINE_MOST + 1]; /* not clean either; ends with a NUL */
    size_t line_length;

    int first; /* the code of its first line; 0: none yet */
};

void smtp_reply_begin(struct smtp_reply *reply);

/* Takes bytes up to the end of a line at most, and says how many. None where the reply is whole
 * or garbled. */
size_t smtp_reply_take(struct smtp_reply *reply, const char *bytes, size_t length);

/* What the text of a line offers (RFC 5321, 4.1.1.1): its first word, in any case of letters, is
 * `keyword`. The rest of the line, or NULL. */
const char *smtp_reply_offer(const struct smtp_reply *reply, const char *keyword);

#endif
