/* Replies: read the same whole or byte by byte, and never more than was given. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "send/smtp_reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t take(struct smtp_reply *reply, const char *bytes, size_t length, size_t piece)
{
    size_t at = 0;
    smtp_reply_begin(reply);
    while (at < length && reply->state == SMTP_REPLY_OPEN) {
        size_t part = length - at < piece ? length - at : piece;
        size_t taken = smtp_reply_take(reply, bytes + at, part);
        if (taken == 0 || taken > part)
            abort();
        at += taken;
        if (reply->line_whole)
            smtp_reply_offer(reply, "SIZE");
    }
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct smtp_reply whole, pieces;
    const char *bytes = (const char *)data;
    size_t end = take(&whole, bytes, size, SIZE_MAX);
    if (take(&pieces, bytes, size, 1) != end || whole.state != pieces.state ||
        whole.code != pieces.code || whole.words_length != pieces.words_length ||
        memcmp(whole.words, pieces.words, whole.words_length) != 0 ||
        whole.words_length > SMTP_REPLY_WORDS_MOST)
        abort();
    if ((whole.state == SMTP_REPLY_WHOLE) != (whole.code >= 200 && whole.code < 600))
        abort();
    if (whole.state == SMTP_REPLY_WHOLE && bytes[end - 1] != '\n')
        abort();
    return 0;
}
