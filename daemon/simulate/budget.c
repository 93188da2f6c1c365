#include "simulate/budget.h"

#include <ctype.h>
#include <string.h>

#include "base/duration.h"
#include "base/slice.h"
#include "simulate/people.h"

struct reader {
    const char *text, *at;
    struct diag *diag;
};

static void skip_blanks(struct reader *reader)
{
    while (*reader->at == ' ' || *reader->at == '\t' || *reader->at == '\n')
        reader->at++;
}

static bool fail(struct reader *reader, const char *what)
{
    diag_error(reader->diag, "%s", what);
    diag_offset(reader->diag, reader->text, strlen(reader->text),
                (size_t)(reader->at - reader->text));
    diag_hint(reader->diag,
              "such as \"+500 messages, +5%% messages, +100 people, +0 people over 3 per "
              "7d\"");
    return false;
}

static struct slice next_word(struct reader *reader)
{
    skip_blanks(reader);
    const char *from = reader->at, *to = from;
    while (isalnum((unsigned char)*to) || (*to == '.' && to > from))
        to++;
    return slice_between(from, to);
}

static bool take_word(struct reader *reader, const char *word)
{
    const struct slice next = next_word(reader);
    if (!slice_is(next, word))
        return false;
    reader->at += next.length;
    return true;
}

static bool read_number(struct reader *reader, uint64_t *number)
{
    skip_blanks(reader);
    if (!isdigit((unsigned char)*reader->at))
        return fail(reader, "a number is expected");
    const char *from = reader->at;
    for (*number = 0; isdigit((unsigned char)*reader->at); reader->at++) {
        *number = *number * 10 + (uint64_t)(*reader->at - '0');
        if (*number > UINT32_MAX) {
            reader->at = from;
            return fail(reader, "the number is too large");
        }
    }
    return true;
}

/* "3 per 7d" */
static bool read_cap(struct reader *reader, struct budget_item *item)
{
    uint64_t over;
    skip_blanks(reader);
    const char *from = reader->at;
    if (!read_number(reader, &over))
        return false;
    if (over >= PEOPLE_COUNTED_MOST) {
        reader->at = from;
        return fail(reader, "so many messages are not counted");
    }
    item->over = (uint32_t)over;
    if (!take_word(reader, "per"))
        return fail(reader, "`per` and a time are expected");
    const struct slice time = next_word(reader);
    if (!duration_parse(time.text, time.length, &item->per_ms) || item->per_ms <= 0)
        return fail(reader, "a time is expected, such as 7d");
    reader->at += time.length;
    return true;
}

static bool read_what(struct reader *reader, struct budget_item *item)
{
    if (take_word(reader, "messages"))
        return true;
    if (item->percent)
        return fail(reader, "`messages` is expected");
    if (!take_word(reader, "people"))
        return fail(reader, "`messages` or `people` is expected");
    item->kind = BUDGET_PEOPLE;
    if (!take_word(reader, "over"))
        return true;
    item->kind = BUDGET_OVER;
    return read_cap(reader, item);
}

static bool read_item(struct reader *reader, struct budget_item *item, struct arena *arena)
{
    skip_blanks(reader);
    const char *from = reader->at;
    if (*from != '+' && *from != '-')
        return fail(reader, "`+` or `-` is expected");
    *item = (struct budget_item){.fewer = *from == '-'};
    reader->at++;
    if (!read_number(reader, &item->allowed))
        return false;
    item->percent = *reader->at == '%';
    reader->at += item->percent;
    if (!read_what(reader, item))
        return false;
    if (item->fewer && item->kind == BUDGET_OVER) {
        reader->at = from;
        return fail(reader, "who are over may only be more: `+`");
    }
    item->text = arena_copy(arena, from, (size_t)(reader->at - from));
    return true;
}

bool budget_read(struct budget *budget, const char *text, struct arena *arena, struct diag *diag)
{
    struct reader reader = {text, text, diag};
    budget->count = 0;
    for (;;) {
        if (budget->count == BUDGET_MOST)
            return fail(&reader, "there are too many of them");
        if (!read_item(&reader, &budget->items[budget->count], arena))
            return false;
        budget->count++;
        skip_blanks(&reader);
        if (!*reader.at)
            return true;
        if (*reader.at != ',')
            return fail(&reader, "a comma is expected");
        reader.at++;
    }
}
