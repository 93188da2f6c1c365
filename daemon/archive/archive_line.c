#include "archive/archive_line.h"

#include <string.h>

#define RECEIVED "{\"received\":"
#define ENTRY    ",\"entry\":\""
#define EVENT    "\",\"event\":"

/* The ends of lines in it are white space: within a text of JSON there are none. */
void archive_line_put(struct buf *out, const char *entry, const char *event, size_t length)
{
    buf_text(out, RECEIVED);
    buf_add(out, entry, strcspn(entry, "-"));
    buf_text(out, ENTRY);
    buf_text(out, entry);
    buf_text(out, EVENT);
    size_t from = out->length;
    if (!buf_add(out, event, length))
        return;
    for (char *c = out->data + from, *end = out->data + out->length; c < end; c++)
        if (*c == '\n' || *c == '\r')
            *c = ' ';
    buf_text(out, "}\n");
}

/* Takes the text off the beginning. */
static bool take(struct slice *rest, const char *text)
{
    size_t length = strlen(text);
    if (rest->length < length || memcmp(rest->text, text, length) != 0)
        return false;
    rest->text += length;
    rest->length -= length;
    return true;
}

static struct slice take_number(struct slice *rest, const char *characters)
{
    struct slice number = {.text = rest->text};
    while (number.length < rest->length && strchr(characters, rest->text[number.length]) &&
           rest->text[number.length])
        number.length++;
    rest->text += number.length;
    rest->length -= number.length;
    return number;
}

bool archive_line_read(struct arena *arena, struct slice line, struct archive_line *read)
{
    struct slice rest = line;
    if (!take(&rest, RECEIVED) || !take_number(&rest, "0123456789").length || !take(&rest, ENTRY))
        return false;
    struct slice entry = take_number(&rest, "0123456789-");
    if (!take(&rest, EVENT) || !rest.length || rest.text[rest.length - 1] != '}')
        return false;
    read->entry = arena_copy(arena, entry.text, entry.length);
    read->event = (struct slice){rest.text, rest.length - 1};
    return true;
}
