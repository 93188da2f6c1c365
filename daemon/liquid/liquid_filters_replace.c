#include "base/utf8.h"
#include "liquid/liquid_filters.h"
#include "liquid/liquid_text.h"

/* replace, remove and their _first and _last: a literal pattern by a literal text. */
enum which { ALL, FIRST, LAST };

struct change {
    struct slice text, pattern, by;
    bool escapes; /* `by` has backslashes, which stand for parts of the text */
};

/* The next place of the pattern at or behind `at`, or NULL. An empty one is found
 * before each character and at the end. */
static const char *find(const struct change *change, const char *at)
{
    const char *end = change->text.text + change->text.length;
    if (change->pattern.length == 0)
        return at;
    return memmem(at, (size_t)(end - at), change->pattern.text, change->pattern.length);
}

/* The search from the end is the plain one, so its work is counted. */
static bool find_last(struct liquid_call *call, const struct change *change, const char **found)
{
    size_t length = change->pattern.length;
    *found = NULL;
    if (length > change->text.length)
        return true;
    size_t places = change->text.length - length + 1;
    if (!liquid_run_step(call->run, (uint64_t)places * length / 256))
        return false;
    while (!*found && places-- > 0)
        if (memcmp(change->text.text + places, change->pattern.text, length) == 0)
            *found = change->text.text + places;
    return true;
}

/* What `by` stands for at one place, as in the reference implementation: \\ is a backslash,
 * \0 and \& what was found, \` and \' what stands before and behind it, \1 to \9 and \+
 * nothing; another backslash is itself. Writes it where `to` is not NULL; returns its length. */
static size_t put_by(const struct change *change, const char *found, char *to)
{
    const char *start = change->text.text, *end = start + change->text.length;
    const char *behind = found + change->pattern.length;
    size_t length = 0;
    if (!change->escapes) {
        if (to)
            memcpy(to, change->by.text, change->by.length);
        return change->by.length;
    }
    for (uint32_t i = 0; i < change->by.length; i++) {
        const char *from = change->by.text + i;
        size_t count = 1;
        char next = *from == '\\' && i + 1 < change->by.length ? from[1] : '\0';
        if (next == '0' || next == '&')
            from = found, count = change->pattern.length;
        else if (next == '`')
            from = start, count = (size_t)(found - start);
        else if (next == '\'')
            from = behind, count = (size_t)(end - behind);
        else if ((next >= '1' && next <= '9') || next == '+')
            count = 0;
        else if (next != '\\')
            next = '\0';
        i += next != '\0';
        if (to)
            memcpy(to + length, from, count);
        length += count;
    }
    return length;
}

/* Writes the changed text, or only counts where `to` is NULL; returns its length. */
static size_t put_all(const struct change *change, char *to)
{
    const char *at = change->text.text, *end = at + change->text.length, *found;
    size_t length = 0;
    while ((found = find(change, at))) {
        size_t width = change->pattern.length, before = (size_t)(found - at);
        size_t step = width == 0 && at < end ? utf8_width(at, (size_t)(end - at)) : 0;
        if (to)
            memcpy(to + length, at, before);
        length += before;
        length += put_by(change, found, to ? to + length : NULL);
        if (to)
            memcpy(to + length, found + width, step);
        length += step;
        at = found + width + step;
        if (width == 0 && step == 0)
            return length;
    }
    if (to)
        memcpy(to + length, at, (size_t)(end - at));
    return length + (size_t)(end - at);
}

static bool give_one(struct liquid_call *call, const struct change *change, const char *found,
                     bool safe)
{
    size_t before = (size_t)(found - change->text.text), by = put_by(change, found, NULL);
    size_t behind = change->text.length - before - change->pattern.length;
    char *to = liquid_run_room(call->run, before + by + behind);
    if (!to)
        return false;
    memcpy(to, change->text.text, before);
    put_by(change, found, to + before);
    memcpy(to + before + by, found + change->pattern.length, behind);
    return liquid_filters_give(call, to, before + by + behind, safe);
}

/* Markup stays markup: then the text put in is escaped, unless it is markup too. */
static bool read_change(struct liquid_call *call, struct change *change, const struct value *by,
                        bool *safe)
{
    bool by_safe;
    if (!liquid_text_markup(call->run, &call->input, &change->text, safe) ||
        !liquid_text_of(call->run, &call->arguments[0], &change->pattern))
        return false;
    if (!*safe)
        return liquid_filters_text(call, by, "", &change->by);
    change->by = (struct slice){"", 0};
    if (!by)
        return true;
    return liquid_text_markup(call->run, by, &change->by, &by_safe) &&
           (by_safe || liquid_text_escaped(call->run, change->by, &change->by));
}

static bool change_text(struct liquid_call *call, enum which which, const struct value *by)
{
    struct change change;
    bool safe;
    if (!read_change(call, &change, by, &safe))
        return false;
    change.escapes = which != LAST && memchr(change.by.text, '\\', change.by.length);
    const char *found = which == LAST ? NULL : find(&change, change.text.text);
    if (which == LAST && !find_last(call, &change, &found))
        return false;
    if (!found)
        return liquid_filters_give(call, change.text.text, change.text.length, safe);
    if (which != ALL)
        return give_one(call, &change, found, safe);
    size_t length = put_all(&change, NULL);
    char *to = liquid_run_room(call->run, length);
    if (!to)
        return false;
    put_all(&change, to);
    return liquid_filters_give(call, to, length, safe);
}

static bool replace(struct liquid_call *call)
{
    return change_text(call, ALL, liquid_filters_argument(call, 1));
}

static bool replace_first(struct liquid_call *call)
{
    return change_text(call, FIRST, liquid_filters_argument(call, 1));
}

static bool replace_last(struct liquid_call *call)
{
    return change_text(call, LAST, liquid_filters_argument(call, 1));
}

static bool remove_all(struct liquid_call *call)
{
    return change_text(call, ALL, NULL);
}

static bool remove_first(struct liquid_call *call)
{
    return change_text(call, FIRST, NULL);
}

static bool remove_last(struct liquid_call *call)
{
    return change_text(call, LAST, NULL);
}

const struct liquid_filter liquid_filters_replace[] = {
    {"remove", remove_all, 1, 1},
    {"remove_first", remove_first, 1, 1},
    {"remove_last", remove_last, 1, 1},
    {"replace", replace, 1, 2},
    {"replace_first", replace_first, 1, 2},
    {"replace_last", replace_last, 2, 2},
    {NULL, NULL, 0, 0},
};
