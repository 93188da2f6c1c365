#include "lang/cel_pattern.h"

#include <string.h>

struct translator {
    const char *pattern;
    size_t length, at;
    struct buf *out;
    bool lines; /* (?m) stands somewhere: $ is also before a line's end */
};

static char peek(const struct translator *translator, size_t ahead)
{
    size_t at = translator->at + ahead;
    return at < translator->length ? translator->pattern[at] : '\0';
}

static void copy(struct translator *translator, size_t count)
{
    if (count > translator->length - translator->at)
        count = translator->length - translator->at;
    buf_add(translator->out, translator->pattern + translator->at, count);
    translator->at += count;
}

/* Whether some group switches on `m`: (?m) or (?im:…). */
static bool has_lines(const char *pattern, size_t length)
{
    for (size_t i = 0; i + 2 < length; i++) {
        if (pattern[i] != '(' || pattern[i + 1] != '?')
            continue;
        for (size_t flag = i + 2; flag < length && strchr("imsU", pattern[flag]); flag++)
            if (pattern[flag] == 'm')
                return true;
    }
    return false;
}

/* \d and its like are ASCII in RE2; within a class ICU takes a class for an element. */
static const char *ascii_class(char letter)
{
    switch (letter) {
    case 'd':
        return "[0-9]";
    case 'D':
        return "[^0-9]";
    case 'w':
        return "[0-9A-Za-z_]";
    case 'W':
        return "[^0-9A-Za-z_]";
    case 's':
        return "[\\t\\n\\f\\r ]";
    case 'S':
        return "[^\\t\\n\\f\\r ]";
    default:
        return NULL;
    }
}

static bool take_escape(struct translator *translator, bool in_class)
{
    char letter = peek(translator, 1);
    const char *ascii = ascii_class(letter);
    bool foreign =
        letter && (strchr("123456789kGZXRhHNcCu", letter) || (in_class && letter == 'b'));
    if (foreign)
        return false;
    if (ascii) {
        buf_text(translator->out, ascii);
        translator->at += 2;
    } else if ((letter == 'p' || letter == 'P') && peek(translator, 2) &&
               peek(translator, 2) != '{') {
        buf_printf(translator->out, "\\%c{%c}", letter, peek(translator, 2));
        translator->at += 3;
    } else if (letter == 'Q') { /* up to \E all is literal */
        const char *rest = translator->pattern + translator->at;
        const char *end = memmem(rest, translator->length - translator->at, "\\E", 2);
        copy(translator, end ? (size_t)(end - rest) + 2 : translator->length - translator->at);
    } else {
        copy(translator, 2);
    }
    return true;
}

/* [[:alpha:]]: a name within a class. Its length, or 0. */
static size_t posix_name(const struct translator *translator)
{
    if (peek(translator, 1) != ':')
        return 0;
    const char *rest = translator->pattern + translator->at;
    const char *end = memmem(rest, translator->length - translator->at, ":]", 2);
    return end ? (size_t)(end - rest) + 2 : 0;
}

static bool take_class(struct translator *translator)
{
    copy(translator, 1);
    if (peek(translator, 0) == '^')
        copy(translator, 1);
    for (bool first = true; translator->at < translator->length; first = false) {
        char c = peek(translator, 0);
        size_t name = c == '[' ? posix_name(translator) : 0;
        if (c == ']' && !first) {
            copy(translator, 1);
            return true;
        }
        if (c == '\\') {
            if (!take_escape(translator, true))
                return false;
        } else if (name) {
            copy(translator, name);
        } else if (strchr("[]&", c)) { /* ICU's operators on sets are plain characters */
            buf_char(translator->out, '\\');
            copy(translator, 1);
        } else if (c == '-' && peek(translator, 1) == '-') {
            return false;
        } else {
            copy(translator, 1);
        }
    }
    return true; /* not closed: ICU says so */
}

static bool take_group(struct translator *translator)
{
    if (peek(translator, 1) != '?') {
        copy(translator, 1);
        return true;
    }
    char kind = peek(translator, 2), next = peek(translator, 3);
    if (kind == 'P' && next == '<') {
        buf_text(translator->out, "(?<");
        translator->at += 4;
        return true;
    }
    bool named = kind == '<' && next != '=' && next != '!';
    bool flags = kind && strchr("ims-:", kind);
    if (!named && !flags)
        return false;
    copy(translator, 3);
    return true;
}

static bool take_one(struct translator *translator)
{
    char c = peek(translator, 0);
    switch (c) {
    case '\\':
        return take_escape(translator, false);
    case '[':
        return take_class(translator);
    case '(':
        return take_group(translator);
    case '*':
    case '+':
    case '?':
    case '}':
        copy(translator, 1);
        return peek(translator, 0) != '+'; /* a possessive repeat */
    case '$':
        if (translator->lines) {
            copy(translator, 1);
        } else {
            buf_text(translator->out, "\\z");
            translator->at++;
        }
        return true;
    default:
        copy(translator, 1);
        return true;
    }
}

bool cel_pattern_translate(const char *pattern, size_t length, struct buf *out)
{
    struct translator translator = {
        .pattern = pattern,
        .length = length,
        .out = out,
        .lines = has_lines(pattern, length),
    };
    while (translator.at < length && !out->full)
        if (!take_one(&translator))
            return false;
    return !out->full;
}
