/*
 * The pattern is walked once, and what ICU shall see is written on the way: take_one sends each
 * character to what it begins. On the way it is kept which flags hold, here and again behind
 * each open group (modes, outer), and whether there is something that a * could repeat (last).
 * Characters and classes are cel_pattern_class's. False anywhere: RE2 has no such thing.
 */
#include "cel/cel_pattern.h"

#include <stdint.h>
#include <string.h>

#include "cel/cel_pattern_class.h"

enum {
    GROUPS_MOST = 99, /* within each other; ICU takes no more */
    REPEAT_MOST = 1000,
};

#define WORD "[0-9A-Za-z_]"

/* The flags m, i and s. U (the shortest match first) says nothing to a search. */
struct modes {
    bool lines, folds, dots;
};

/* What a * or its like would repeat. */
enum last { LAST_NOTHING, LAST_ONE, LAST_REPEAT };

struct translator {
    struct cel_pattern_cursor cursor;
    enum last last;
    struct modes modes;
    uint32_t depth;
    struct modes outer[GROUPS_MOST]; /* what holds again behind each open group */
};

static bool put_one(struct translator *translator, const char *text)
{
    translator->last = LAST_ONE;
    translator->cursor.at++;
    return buf_text(translator->cursor.out, text);
}

/* ICU folds a string as a whole, and so finds SS for ß; of a class, it folds each. */
static void put_literal(struct translator *translator, uint32_t character)
{
    struct buf *out = translator->cursor.out;
    bool alone = translator->modes.folds && character >= 0x80;
    if (alone)
        buf_char(out, '[');
    cel_pattern_put(out, character);
    if (alone)
        buf_char(out, ']');
    translator->last = LAST_ONE;
}

static bool take_literal(struct translator *translator)
{
    uint32_t character;
    if (!cel_pattern_character(&translator->cursor, &character))
        return false;
    put_literal(translator, character);
    return true;
}

/* \Q…: up to \E, or the end, all is literal. */
static bool take_quote(struct translator *translator)
{
    struct cel_pattern_cursor *cursor = &translator->cursor;
    cursor->at += 2;
    const char *end = cursor->end,
               *close = memmem(cursor->at, (size_t)(end - cursor->at), "\\E", 2);
    cursor->end = close ? close : end;
    while (cursor->at < cursor->end) {
        uint32_t character = '\\';
        if (*cursor->at == '\\')
            cursor->at++;
        else
            cel_pattern_character(cursor, &character);
        put_literal(translator, character);
    }
    cursor->end = end;
    cursor->at += close ? 2 : 0;
    return true;
}

static bool take_escape(struct translator *translator)
{
    struct cel_pattern_cursor *cursor = &translator->cursor;
    if (cel_pattern_is_set(cursor)) {
        translator->last = LAST_ONE;
        return cel_pattern_take_set(cursor);
    }
    char letter = cel_pattern_peek(cursor, 1);
    if (letter == 'Q')
        return take_quote(translator);
    if (!letter || !strchr("AbBz", letter))
        return take_literal(translator);
    cursor->at++;
    switch (letter) {
    case 'A':
        return put_one(translator, "(?:\\A)");
    case 'b': /* a word is ASCII, also where case is ignored */
        return put_one(translator, "(?-i:(?<=" WORD ")(?!" WORD ")|(?<!" WORD ")(?=" WORD "))");
    case 'B':
        return put_one(translator, "(?-i:(?<=" WORD ")(?=" WORD ")|(?<!" WORD ")(?!" WORD "))");
    default:
        return put_one(translator, "(?:\\z)");
    }
}

/* Behind (?: the flags of imsU, those behind a minus go off. */
static bool take_modes(struct translator *translator)
{
    struct cel_pattern_cursor *cursor = &translator->cursor;
    bool on = true, bare = false;
    for (;; cursor->at++) {
        char flag = cel_pattern_peek(cursor, 0);
        if (flag == ')' || flag == ':')
            return !bare;
        if (flag == '-' ? !on : !flag || !strchr("imsU", flag))
            return false;
        bare = flag == '-';
        on = on && !bare;
        if (flag == 'i')
            translator->modes.folds = on;
        else if (flag == 'm')
            translator->modes.lines = on;
        else if (flag == 's')
            translator->modes.dots = on;
    }
}

static void put_modes(struct translator *translator, char end)
{
    static const char *const flags[2][2] = {{"-is", "s-i"}, {"i-s", "is"}};
    const struct modes *modes = &translator->modes;
    buf_printf(translator->cursor.out, "(?%s%c", flags[modes->folds][modes->dots], end);
}

/* (?P<name>: a name of letters, digits and _, which nothing can refer to. */
static bool take_name(struct translator *translator)
{
    static const char letters[] = "0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    struct cel_pattern_cursor *cursor = &translator->cursor;
    const char *name = cursor->at;
    while (cursor->at < cursor->end && memchr(letters, *cursor->at, sizeof letters - 1))
        cursor->at++;
    bool named = cursor->at > name && cel_pattern_peek(cursor, 0) == '>';
    cursor->at += named;
    return named && buf_text(cursor->out, "(?:");
}

static bool take_group(struct translator *translator)
{
    struct cel_pattern_cursor *cursor = &translator->cursor;
    if (translator->depth == GROUPS_MOST)
        return false;
    translator->outer[translator->depth++] = translator->modes;
    translator->last = LAST_NOTHING;
    cursor->at++;
    if (cel_pattern_peek(cursor, 0) != '?')
        return buf_text(cursor->out, "(?:");
    cursor->at++;
    size_t prefix = cel_pattern_peek(cursor, 0) == 'P';
    if (cel_pattern_peek(cursor, prefix) == '<') {
        cursor->at += prefix + 1;
        return take_name(translator);
    }
    if (!take_modes(translator))
        return false;
    put_modes(translator, *cursor->at);
    translator->depth -= *cursor->at == ')'; /* no group: to the end of the one around it */
    cursor->at++;
    return true;
}

static bool end_group(struct translator *translator)
{
    if (translator->depth == 0)
        return false;
    translator->modes = translator->outer[--translator->depth];
    return put_one(translator, ")");
}

/* A count behind a brace; REPEAT_MOST + 1 where it is larger. False where none is there. */
static bool read_count(const char **at, const char *end, uint32_t *count)
{
    const char *first = *at;
    for (*count = 0; *at < end && **at >= '0' && **at <= '9'; ++*at)
        if (*count <= REPEAT_MOST)
            *count = *count * 10 + (uint32_t)(**at - '0');
    bool zeros = *at - first > 1 && *first == '0';
    return *at > first && !zeros;
}

/* {n}, {n,} or {n,m}: its end, and whether RE2 allows for so many. NULL: a plain brace. */
static const char *repeat_end(const struct cel_pattern_cursor *cursor, bool *allowed)
{
    const char *at = cursor->at + 1, *end = cursor->end;
    uint32_t least, most;
    if (!read_count(&at, end, &least))
        return NULL;
    most = least;
    if (at < end && *at == ',') {
        at++;
        if (at < end && *at != '}' && !read_count(&at, end, &most))
            return NULL;
    }
    *allowed = least <= most && most <= REPEAT_MOST;
    return at < end && *at == '}' ? at + 1 : NULL;
}

static bool take_repeat(struct translator *translator, const char *end)
{
    struct cel_pattern_cursor *cursor = &translator->cursor;
    if (translator->last != LAST_ONE)
        return false;
    translator->last = LAST_REPEAT;
    end += end < cursor->end && *end == '?';
    buf_add(cursor->out, cursor->at, (size_t)(end - cursor->at));
    cursor->at = end;
    return true;
}

static bool take_brace(struct translator *translator)
{
    bool allowed = true;
    const char *end = repeat_end(&translator->cursor, &allowed);
    if (!end)
        return take_literal(translator);
    return allowed && take_repeat(translator, end);
}

static bool take_one(struct translator *translator)
{
    struct cel_pattern_cursor *cursor = &translator->cursor;
    bool lines = translator->modes.lines;
    switch (*cursor->at) {
    case '\\':
        return take_escape(translator);
    case '[':
        translator->last = LAST_ONE;
        return cel_pattern_take_class(cursor);
    case '(':
        return take_group(translator);
    case ')':
        return end_group(translator);
    case '|':
        put_one(translator, "|");
        translator->last = LAST_NOTHING;
        return true;
    case '*':
    case '+':
    case '?':
        return take_repeat(translator, cursor->at + 1);
    case '{':
        return take_brace(translator);
    case '.':
        return put_one(translator, ".");
    case '^': /* RE2 has the start of a line also behind a text's last line end, ICU not */
        return put_one(translator, lines ? "(?:\\A|(?<=\\n))" : "(?:\\A)");
    case '$':
        return put_one(translator, lines ? "(?:\\z|(?=\\n))" : "(?:\\z)");
    default:
        return take_literal(translator);
    }
}

bool cel_pattern_translate(const char *pattern, size_t length, struct buf *out)
{
    struct translator translator = {
        .cursor = {.at = pattern, .end = pattern + length, .out = out},
    };
    while (translator.cursor.at < translator.cursor.end && !out->full)
        if (!take_one(&translator))
            return false;
    if (out->length == 0) /* ICU has no empty pattern */
        buf_text(out, "(?:)");
    return translator.depth == 0 && !out->full;
}
