#include "simulate/member_scan.h"

#include <string.h>

const char *member_scan_skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r' || *at == '\n'))
        at++;
    return at;
}

const char *member_scan_skip_string(const char *at, const char *end)
{
    for (at++; at < end; at++) {
        at = memchr(at, '"', (size_t)(end - at));
        if (!at)
            return NULL;
        const char *back = at;
        while (back[-1] == '\\')
            back--;
        if ((at - back) % 2 == 0)
            return at + 1;
    }
    return NULL;
}

/* Behind the value that begins at `at`: only brackets and strings are told apart. */
static const char *skip_value(const char *at, const char *end)
{
    int depth = 0;
    while (at < end) {
        if (*at == '"') {
            at = member_scan_skip_string(at, end);
            if (!at || depth == 0)
                return at;
            continue;
        }
        if (*at == '{' || *at == '[')
            depth++;
        else if ((*at == '}' || *at == ']') && --depth <= 0)
            return depth < 0 ? at : at + 1;
        else if (*at == ',' && depth == 0)
            return at;
        at++;
    }
    return NULL;
}

struct member_scan member_scan_open(struct slice object)
{
    const char *end = object.text + object.length;
    const char *at = member_scan_skip_blanks(object.text, end);
    return (struct member_scan){at < end && *at == '{' ? at + 1 : NULL, end};
}

bool member_scan_next(struct member_scan *scan, struct slice *name, struct slice *value)
{
    const char *at = scan->at, *end = scan->end;
    scan->at = NULL;
    at = at ? member_scan_skip_blanks(at, end) : end;
    const char *behind = at < end && *at == '"' ? member_scan_skip_string(at, end) : NULL;
    if (!behind)
        return false;
    *name = slice_between(at + 1, behind - 1);
    at = member_scan_skip_blanks(behind, end);
    if (at == end || *at != ':')
        return false;
    const char *from = member_scan_skip_blanks(at + 1, end);
    at = skip_value(from, end);
    if (!at)
        return false;
    *value = slice_trim(slice_between(from, at), " \t\r\n");
    at = member_scan_skip_blanks(at, end);
    if (at < end && *at == ',')
        scan->at = at + 1;
    return true;
}
