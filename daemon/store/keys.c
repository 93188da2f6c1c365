#include "store/keys.h"

#include <stdarg.h>
#include <string.h>

static const char *const words[] = {
#define KEYS_WORD(name, word, of, type, what) word,
    KEYS(KEYS_WORD)
#undef KEYS_WORD
};

const char *keys_spell(struct arena *arena, const char *prefix, enum key key, ...)
{
    size_t length = strlen(prefix) + 1 + strlen(words[key]);
    const char *part;
    va_list parts, again;
    va_start(parts, key);
    va_copy(again, parts);
    while ((part = va_arg(parts, const char *)))
        length += 1 + strlen(part);
    va_end(parts);

    char *spelt = arena_alloc(arena, length + 1);
    char *to = stpcpy(stpcpy(stpcpy(spelt, prefix), ":"), words[key]);
    while ((part = va_arg(again, const char *)))
        to = stpcpy(stpcpy(to, ":"), part);
    va_end(again);
    return spelt;
}

const char *keys_absent(struct arena *arena, const char *prefix)
{
    return keys_spell(arena, prefix, KEY_ABSENT, NULL);
}
