#include "send/smtp_talk.h"

#include <poll.h>
#include <stdio.h>

void smtp_talk_begin(struct smtp_talk *talk)
{
    talk->at = talk->length = 0;
}

/* ---- Replies ---- */

bool smtp_talk_has_more(const struct smtp_talk *talk)
{
    return talk->at < talk->length;
}

typedef bool receiver(struct smtp_link *link, char *bytes, size_t room, size_t *received);

/* Takes in what is there. False: lost, stopped, or more than can be. */
static bool fill(struct smtp_talk *talk, receiver *receive)
{
    size_t received;
    smtp_talk_begin(talk);
    if (!receive(&talk->link, talk->heard, sizeof talk->heard, &received))
        return false;
    talk->length = received;
    return transfer_count(&talk->link.transfer, received);
}

bool smtp_talk_has_spoken(struct smtp_talk *talk)
{
    return smtp_talk_has_more(talk) || !fill(talk, smtp_link_receive) || smtp_talk_has_more(talk);
}

/* Takes what was heard into the reply, as far as that goes. */
static void take(struct smtp_talk *talk)
{
    struct smtp_reply *reply = &talk->reply;
    while (smtp_talk_has_more(talk)) {
        size_t taken = smtp_reply_take(reply, talk->heard + talk->at, talk->length - talk->at);
        if (!taken)
            return;
        talk->at += taken;
        if (reply->line_whole)
            transfer_tell(&talk->link.transfer, false, reply->line, reply->line_length);
    }
}

bool smtp_talk_hear(struct smtp_talk *talk)
{
    struct transfer *transfer = &talk->link.transfer;
    struct smtp_reply *reply = &talk->reply;
    smtp_reply_begin(reply);
    for (;;) {
        take(talk);
        if (reply->state == SMTP_REPLY_WHOLE)
            return true;
        if (reply->state == SMTP_REPLY_GARBLED) {
            transfer->stop = RETRY_GARBLED;
            snprintf(transfer->fault, sizeof transfer->fault, "%.200s", reply->line);
            return false;
        }
        if (!fill(talk, smtp_link_await))
            return false;
    }
}

/* ---- Bytes ---- */

static bool put(struct smtp_talk *talk, const char *bytes, size_t length, bool end)
{
    struct transfer *transfer = &talk->link.transfer;
    for (size_t at = 0, sent; at < length; at += sent) {
        if (end && (smtp_talk_has_spoken(talk) || !transfer_may_finish(transfer)))
            return false;
        if (!smtp_link_send(&talk->link, bytes + at, length - at, &sent))
            return false;
        if (sent > 0)
            continue;
        short ready = transfer_wait(transfer, talk->link.fd, POLLIN | POLLOUT);
        if (!ready || ((ready & POLLIN) && smtp_talk_has_spoken(talk)))
            return false;
    }
    return true;
}

bool smtp_talk_put(struct smtp_talk *talk, const char *bytes, size_t length)
{
    return put(talk, bytes, length, false);
}

bool smtp_talk_put_end(struct smtp_talk *talk, const char *bytes, size_t length)
{
    return put(talk, bytes, length, true);
}
