#include "store/packed_message.h"

#include <string.h>

#include "base/decimal.h"

enum { FIELDS = 12, LENGTH = 4 };

static char *put(char *at, struct slice field)
{
    for (int byte = 0; byte < LENGTH; byte++)
        *at++ = (char)(field.length >> (24 - 8 * byte));
    memcpy(at, field.text, field.length);
    return at + field.length;
}

static struct slice text_of(const char *text)
{
    return slice_of(text ? text : "");
}

static struct slice digits_of(int64_t number, char digits[static DECIMAL_TEXT_SIZE])
{
    return (struct slice){digits, decimal_print_int(number, digits)};
}

struct slice packed_message(struct arena *arena, const struct commit_message *message,
                            const char *customer, int64_t number)
{
    char give_up[DECIMAL_TEXT_SIZE], take[DECIMAL_TEXT_SIZE];
    const struct slice fields[FIELDS] = {
        text_of(customer),         digits_of(message->give_up_ms, give_up),
        digits_of(number, take),   text_of(message->channel),
        text_of(message->class_),  text_of(message->on_uncertain),
        text_of(message->gateway), text_of(message->topic),
        text_of(message->hash),    text_of(message->said),
        text_of(message->domain),  text_of(message->returns),
    };
    size_t length = FIELDS * LENGTH + message->length;
    for (int i = 0; i < FIELDS; i++)
        length += fields[i].length;
    char *text = arena_alloc(arena, length + 1), *at = text;
    for (int i = 0; i < FIELDS; i++)
        at = put(at, fields[i]);
    memcpy(at, message->body, message->length);
    return (struct slice){text, length};
}
