#include "base/duration_guess.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { NUMBER_MOST = 99999999 };

struct scan {
    const char *at, *end;
    char *out;
    size_t length;
    bool iso;  /* "PT1H30M": letters are other units there */
    bool time; /* behind its T */
};

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_word(const char *word, size_t length, const char *other)
{
    return strlen(other) == length && strncasecmp(word, other, length) == 0;
}

static void skip_spaces(struct scan *scan)
{
    while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == ',' || *scan->at == '_'))
        scan->at++;
}

static bool read_number(struct scan *scan, long *number)
{
    const char *begin = scan->at;
    *number = 0;
    while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9' && *number <= NUMBER_MOST)
        *number = *number * 10 + (*scan->at++ - '0');
    return scan->at > begin && *number <= NUMBER_MOST;
}

static bool put(struct scan *scan, long count, const char *unit)
{
    int length =
        snprintf(scan->out + scan->length, DURATION_TEXT_SIZE - scan->length, "%ld%s", count, unit);
    scan->length += (size_t)length;
    return scan->length < DURATION_TEXT_SIZE;
}

/* A unit in words, or with a capital letter. A bare "M" is a month to some and a minute to others:
 * it is none. */
static bool put_unit(struct scan *scan, long count, const char *word, size_t length)
{
    static const struct {
        const char *word, *unit;
        int times;
    } words[] = {
        {"ms", "ms", 1}, {"millisecond", "ms", 1}, {"s", "s", 1},
        {"sec", "s", 1}, {"second", "s", 1},       {"m", "m", 1},
        {"min", "m", 1}, {"minute", "m", 1},       {"h", "h", 1},
        {"hr", "h", 1},  {"hour", "h", 1},         {"hourly", "h", 1},
        {"d", "d", 1},   {"day", "d", 1},          {"daily", "d", 1},
        {"w", "w", 1},   {"week", "w", 1},         {"weekly", "w", 1},
        {"mo", "d", 30}, {"month", "d", 30},       {"monthly", "d", 30},
        {"y", "d", 365}, {"year", "d", 365},       {"yearly", "d", 365},
    };
    if (length == 1 && *word == 'M' && !scan->time)
        return scan->iso && put(scan, count * 30, "d");
    size_t bare = length > 2 && (word[length - 1] | 0x20) == 's' ? length - 1 : length;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (is_word(word, bare, words[i].word))
            return put(scan, count * words[i].times, words[i].unit);
    return false;
}

/* "1 hour", "an hour", "hour", and the "and" before one. */
static bool read_part(struct scan *scan)
{
    long count = 1;
    bool counted = read_number(scan, &count);
    skip_spaces(scan);
    const char *word = scan->at;
    while (scan->at < scan->end && is_letter(*scan->at) && !(scan->iso && scan->at > word))
        scan->at++;
    size_t length = (size_t)(scan->at - word);
    skip_spaces(scan);
    bool joins = is_word(word, length, "and") || is_word(word, length, "a") ||
                 is_word(word, length, "an") || is_word(word, length, "one");
    if (!counted && joins)
        return scan->at < scan->end;
    if (scan->iso && !counted && is_word(word, length, "T")) {
        scan->time = true;
        return scan->at < scan->end;
    }
    if (!counted && scan->length)
        return false;
    return length > 0 && put_unit(scan, counted ? count : 1, word, length);
}

/* "01:30:00". */
static bool read_clock(struct scan *scan)
{
    int hours, minutes, seconds, end = 0;
    char text[9] = "";
    size_t length = (size_t)(scan->end - scan->at);
    if (length >= sizeof text)
        return false;
    memcpy(text, scan->at, length);
    if (sscanf(text, "%2d:%2d:%2d%n", &hours, &minutes, &seconds, &end) != 3 || text[end] ||
        hours < 0 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59)
        return false;
    return (!hours || put(scan, hours, "h")) && (!minutes || put(scan, minutes, "m")) &&
           (!seconds || put(scan, seconds, "s"));
}

bool duration_guess(const char *text, size_t length, char out[DURATION_TEXT_SIZE])
{
    int64_t ms;
    struct scan scan = {.at = text, .end = text + length, .out = out};
    out[0] = '\0';
    skip_spaces(&scan);
    bool good = read_clock(&scan);
    if (!good && scan.at < scan.end) {
        scan.iso = *scan.at == 'P' && scan.end - scan.at > 1;
        scan.at += scan.iso;
        for (good = true; good && scan.at < scan.end;)
            good = read_part(&scan);
    }
    good = good && duration_parse(out, strlen(out), &ms);
    if (!good)
        out[0] = '\0';
    return good;
}
