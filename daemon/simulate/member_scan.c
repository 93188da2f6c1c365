#include "simulate/member_scan.h"

#include "base/json_scan.h"

const char *member_scan_skip_blanks(const char *at, const char *end)
{
    return json_scan_space(at, end);
}

const char *member_scan_skip_string(const char *at, const char *end)
{
    for (at++; (at = json_scan_plain(at, end)) < end; at++) {
        if (*at == '"')
            return at + 1;
        if (*at == '\\' && ++at == end)
            return NULL;
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

struct member_scan member_scan_inner(const struct member_scan *scan)
{
    return member_scan_open(slice_between(scan->at, scan->end));
}

bool member_scan_name(struct member_scan *scan, struct slice *name)
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
    scan->at = member_scan_skip_blanks(at + 1, end);
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool member_scan_value(struct member_scan *scan, struct slice *value)
{
    const char *from = scan->at, *end = scan->end;
    scan->at = NULL;
    const char *at = skip_value(from, end);
    if (!at)
        return false;
    *value = slice_between(from, at);
    while (value->length && is_blank(value->text[value->length - 1]))
        value->length--;
    at = member_scan_skip_blanks(at, end);
    if (at < end && *at == ',')
        scan->at = at + 1;
    return true;
}

bool member_scan_next(struct member_scan *scan, struct slice *name, struct slice *value)
{
    return member_scan_name(scan, name) && member_scan_value(scan, value);
}
