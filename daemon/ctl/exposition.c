#include "ctl/exposition.h"

#include <stdlib.h>
#include <string.h>

/* Behind the quote that ends a value: one that is escaped does not. */
static const char *past_value(const char *at)
{
    while (*at && *at != '"' && *at != '\n')
        at += at[0] == '\\' && at[1] && at[1] != '\n' ? 2 : 1;
    return *at == '"' ? at + 1 : at;
}

/* `at`: behind the brace. */
static const char *end_of_labels(const char *at)
{
    while (*at && *at != '}' && *at != '\n')
        at = *at == '"' ? past_value(at + 1) : at + 1;
    return at;
}

static bool read_line(const char *line, struct exposition_sample *sample)
{
    size_t name = strcspn(line, "{ \n");
    const char *at = line + name;
    char *end;
    *sample = (struct exposition_sample){.name = {.text = line, .length = name}};
    if (*line == '#' || name == 0)
        return false;
    if (*at == '{') {
        const char *close = end_of_labels(at + 1);
        sample->labels = (struct slice){.text = at + 1, .length = (size_t)(close - at - 1)};
        if (*close != '}')
            return false;
        at = close + 1;
    }
    sample->value = strtod(at, &end);
    return end != at;
}

bool exposition_next(const char **text, struct exposition_sample *sample)
{
    while (**text) {
        const char *line = *text;
        *text += strcspn(line, "\n");
        if (**text)
            (*text)++;
        if (read_line(line, sample))
            return true;
    }
    return false;
}

bool exposition_is(const struct exposition_sample *sample, const char *name)
{
    return strlen(name) == sample->name.length &&
           memcmp(name, sample->name.text, sample->name.length) == 0;
}

/* Without its escapes. */
static const char *value_in(const char *from, const char *to, struct arena *arena)
{
    char *value = arena_alloc(arena, (size_t)(to - from) + 1), *out = value;
    for (; from < to; from++) {
        if (*from == '\\' && from + 1 < to)
            from++;
        else {
            *out++ = *from;
            continue;
        }
        *out++ = *from == 'n' ? '\n' : *from;
    }
    *out = '\0';
    return value;
}

const char *exposition_label(const struct exposition_sample *sample, const char *label,
                             struct arena *arena)
{
    const char *at = sample->labels.text, *end = at + sample->labels.length;
    while (at < end) {
        const char *equals = memchr(at, '=', (size_t)(end - at));
        if (!equals || equals + 1 >= end || equals[1] != '"')
            return NULL;
        const char *value = equals + 2, *past = past_value(value);
        if ((size_t)(equals - at) == strlen(label) && memcmp(at, label, strlen(label)) == 0)
            return value_in(value, past - 1, arena);
        at = past + (past < end && *past == ',');
    }
    return NULL;
}
