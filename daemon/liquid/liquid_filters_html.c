#include "liquid/liquid_escape.h"
#include "liquid/liquid_filters.h"
#include "liquid/liquid_lex.h"
#include "liquid/liquid_text.h"

static bool escape(struct liquid_call *call)
{
    struct slice text;
    if (call->input.kind == VALUE_NULL)
        return true;
    return liquid_text_of(call->run, &call->input, &text) &&
           liquid_text_escaped(call->run, text, &text) &&
           liquid_filters_give(call, text.text, text.length, true);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* &name; or &#12; stands at `at`. */
static bool is_entity(const char *at, const char *end)
{
    const char *start = ++at;
    if (at < end && *at == '#')
        for (start = ++at; at < end && liquid_lex_digit(*at);)
            at++;
    else
        while (at < end && is_letter(*at))
            at++;
    return at > start && at < end && *at == ';';
}

static size_t escape_once_to(char *to, const struct slice *text)
{
    const char *at = text->text, *end = at + text->length;
    size_t length = 0;
    for (; at < end; at++) {
        bool kept = *at == '&' && is_entity(at, end);
        size_t width = kept ? 1 : liquid_escape_length(at, 1);
        if (to && kept)
            to[length] = '&';
        else if (to)
            liquid_escape_to(to + length, at, 1);
        length += width;
    }
    return length;
}

static bool escape_once(struct liquid_call *call)
{
    struct slice text;
    bool safe;
    if (!liquid_text_markup(call->run, &call->input, &text, &safe))
        return false;
    size_t length = escape_once_to(NULL, &text);
    char *to = liquid_run_room(call->run, length);
    if (!to)
        return false;
    escape_once_to(to, &text);
    return liquid_filters_give(call, to, length, true);
}

static size_t breaks_to(char *to, const struct slice *text)
{
    static const char line_break[] = "<br />\n";
    enum { BREAK = sizeof line_break - 1 };
    size_t length = 0;
    for (size_t i = 0; i < text->length; i++) {
        char c = text->text[i];
        if (c == '\r' && i + 1 < text->length && text->text[i + 1] == '\n')
            continue;
        if (to && c == '\n')
            memcpy(to + length, line_break, BREAK);
        else if (to)
            to[length] = c;
        length += c == '\n' ? BREAK : 1;
    }
    return length;
}

/* In escape mode what is no markup is escaped first: the breaks are markup. */
static bool newline_to_br(struct liquid_call *call)
{
    struct slice text;
    bool safe;
    if (!liquid_text_markup(call->run, &call->input, &text, &safe))
        return false;
    if (call->run->escape && !safe && !liquid_text_escaped(call->run, text, &text))
        return false;
    size_t length = breaks_to(NULL, &text);
    char *to = liquid_run_room(call->run, length);
    if (!to)
        return false;
    breaks_to(to, &text);
    return liquid_filters_give(call, to, length, call->run->escape);
}

/* What begins with `open` is dropped up to and with `close`. */
static const struct {
    const char *open, *close;
} blocks[] = {{"<script", "</script>"}, {"<!--", "-->"}, {"<style", "</style>"}};

enum { BLOCKS = sizeof blocks / sizeof *blocks };

/* Behind the block that begins at `at`; NULL where none does. `none` remembers, for each,
 * that no end follows, so that the search is made once. */
static const char *block_end(const char *at, const char *end, bool none[BLOCKS])
{
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t open = strlen(blocks[i].open), close = strlen(blocks[i].close);
        if (none[i] || (size_t)(end - at) < open || memcmp(at, blocks[i].open, open) != 0)
            continue;
        const char *found = memmem(at + open, (size_t)(end - at) - open, blocks[i].close, close);
        if (found)
            return found + close;
        none[i] = true;
    }
    return NULL;
}

static size_t drop_blocks(char *to, const struct slice *text)
{
    const char *at = text->text, *end = at + text->length, *next;
    bool none[BLOCKS] = {false};
    char *start = to;
    while (at < end)
        if (*at == '<' && (next = block_end(at, end, none)))
            at = next;
        else
            *to++ = *at++;
    return (size_t)(to - start);
}

/* In place. A < without > stays. */
static size_t drop_tags(char *text, size_t length)
{
    const char *at = text, *end = text + length;
    char *to = text;
    bool none = false;
    while (at < end) {
        const char *close = NULL;
        if (*at == '<' && !none) {
            close = memchr(at, '>', (size_t)(end - at));
            none = !close;
        }
        if (close)
            at = close + 1;
        else
            *to++ = *at++;
    }
    return (size_t)(to - text);
}

static bool strip_html(struct liquid_call *call)
{
    struct slice text;
    bool safe;
    if (!liquid_text_markup(call->run, &call->input, &text, &safe))
        return false;
    char *to = liquid_run_room(call->run, text.length);
    if (!to)
        return false;
    size_t length = drop_tags(to, drop_blocks(to, &text));
    return liquid_filters_give(call, to, length, safe && !memchr(to, '<', length));
}

/* The last word on whether a value is escaped. */
static bool raw(struct liquid_call *call)
{
    call->result = call->input;
    call->safe = true;
    return true;
}

const struct liquid_filter liquid_filters_html[] = {
    {"escape", escape, 0, 0}, {"escape_once", escape_once, 0, 0},
    {"h", escape, 0, 0},      {"newline_to_br", newline_to_br, 0, 0},
    {"raw", raw, 0, 0},       {"strip_html", strip_html, 0, 0},
    {NULL, NULL, 0, 0},
};
