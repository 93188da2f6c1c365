#include "send/smtp_reply.h"

#include <string.h>
#include <strings.h>

void smtp_reply_begin(struct smtp_reply *reply)
{
    reply->state = SMTP_REPLY_OPEN;
    reply->code = 0;
    reply->first = 0;
    reply->words_length = 0;
    reply->line_length = 0;
    reply->line_whole = false;
}

static void add(char *to, size_t *used, size_t room, const char *bytes, size_t length)
{
    if (length > room - *used)
        length = room - *used;
    memcpy(to + *used, bytes, length);
    *used += length;
}

/* 200 to 599, or 0. Nothing else is a reply of SMTP's: it has no 1yz. */
static int code_of(const char *line, size_t length)
{
    int code = 0;
    if (length < 3 || line[0] < '2' || line[0] > '5')
        return 0;
    for (size_t i = 0; i < 3; i++) {
        if (line[i] < '0' || line[i] > '9')
            return 0;
        code = code * 10 + (line[i] - '0');
    }
    return length == 3 || line[3] == ' ' || line[3] == '-' ? code : 0;
}

static void end_line(struct smtp_reply *reply)
{
    const char *line = reply->line;
    size_t length = reply->line_length;
    int code = code_of(line, length);
    reply->line_whole = true;
    if (!code || (reply->first && code != reply->first)) {
        reply->state = SMTP_REPLY_GARBLED;
        return;
    }
    if (!reply->first)
        add(reply->words, &reply->words_length, sizeof reply->words, line, 3);
    reply->first = code;
    if (length > 4) {
        add(reply->words, &reply->words_length, sizeof reply->words, " ", 1);
        add(reply->words, &reply->words_length, sizeof reply->words, line + 4, length - 4);
    }
    if (length > 3 && line[3] == '-')
        return;
    reply->state = SMTP_REPLY_WHOLE;
    reply->code = code;
}

size_t smtp_reply_take(struct smtp_reply *reply, const char *bytes, size_t length)
{
    if (reply->state != SMTP_REPLY_OPEN || !length)
        return 0;
    if (reply->line_whole) {
        reply->line_whole = false;
        reply->line_length = 0;
    }
    const char *end = memchr(bytes, '\n', length);
    size_t part = end ? (size_t)(end - bytes) : length;
    add(reply->line, &reply->line_length, SMTP_REPLY_LINE_MOST, bytes, part);
    if (!end)
        return length;
    if (reply->line_length && reply->line[reply->line_length - 1] == '\r')
        reply->line_length--;
    reply->line[reply->line_length] = '\0';
    end_line(reply);
    return part + 1;
}

const char *smtp_reply_offer(const struct smtp_reply *reply, const char *keyword)
{
    size_t length = strlen(keyword);
    if (reply->line_length < 4 + length || strncasecmp(reply->line + 4, keyword, length) != 0)
        return NULL;
    const char *rest = reply->line + 4 + length;
    return *rest == '\0' || *rest == ' ' ? rest : NULL;
}
