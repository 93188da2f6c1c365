#include "decide/once.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"

enum { NAME_SIZE = 9 };

/* A step's id may be as long as its author likes. */
static void spell(const char *step, char name[NAME_SIZE])
{
    snprintf(name, NAME_SIZE, "%08" PRIx32, (uint32_t)digest_spread(step, strlen(step)));
}

bool once_was_sent(const struct customer_journey *journey, const char *step)
{
    char name[NAME_SIZE];
    size_t count = value_count(&journey->sent);
    if (count)
        spell(step, name);
    for (size_t i = 0; i < count; i++) {
        const struct value *sent = &journey->sent.list->items[i];
        if (value_is(sent, VALUE_STRING) && sent->length == NAME_SIZE - 1 &&
            memcmp(sent->string, name, NAME_SIZE - 1) == 0)
            return true;
    }
    return false;
}

/* The list may be shared with a copy of the journey: it is made anew. */
void once_remember(struct arena *arena, struct customer_journey *journey, const char *step)
{
    char name[NAME_SIZE];
    size_t count = value_count(&journey->sent);
    struct value sent = value_new_list(arena, (uint32_t)count + 1);
    for (size_t i = count < ONCE_MOST ? 0 : count - ONCE_MOST + 1; i < count; i++)
        value_push(arena, sent, journey->sent.list->items[i]);
    spell(step, name);
    value_push(arena, sent, value_text(arena_text(arena, name)));
    journey->sent = sent;
}
