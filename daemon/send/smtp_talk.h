/*
 * What is said over a link: bytes go out, replies come in, each until the deadline of its phase.
 */
#ifndef NUDGED_SEND_SMTP_TALK_H
#define NUDGED_SEND_SMTP_TALK_H

#include <stdbool.h>
#include <stddef.h>

#include "send/smtp_link.h"
#include "send/smtp_reply.h"

struct smtp_talk {
    struct smtp_link link;
    struct smtp_reply reply; /* the last one */
    char heard[4096];        /* of which it was taken up to `at` */
    size_t at, length;
};

/* Over a new link: nothing is heard yet. */
void smtp_talk_begin(struct smtp_talk *talk);

/* Gives all bytes out. False: it was stopped (link.transfer.stop), or lost, or the server has
 * spoken where they did not get on. */
bool smtp_talk_put(struct smtp_talk *talk, const char *bytes, size_t length);

/* Likewise for the last piece of a mail, with its end. Right before each attempt stands the gate
 * (transfer_may_finish), and a look at whether the server has spoken. */
bool smtp_talk_put_end(struct smtp_talk *talk, const char *bytes, size_t length);

/* Reads a reply to its end. False: none came; it was stopped, or lost. */
bool smtp_talk_hear(struct smtp_talk *talk);

/* There is more of what was heard than the last reply. */
bool smtp_talk_has_more(const struct smtp_talk *talk);

/* The server has said something that was not heard yet, or has ended the connection. */
bool smtp_talk_has_spoken(struct smtp_talk *talk);

#endif
