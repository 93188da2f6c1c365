#include "send/fill.h"

#include <ctype.h>
#include <string.h>

#include "base/percent.h"

/* A placeholder: `start` at its first brace, `end` behind its last; the name between. */
struct fill_place {
    const char *start, *end, *name;
    size_t length;
};

enum fill_found { FILL_NONE, FILL_FOUND, FILL_BROKEN };

static enum fill_found find_place(const char *text, struct fill_place *place)
{
    place->start = strstr(text, "{{");
    if (!place->start)
        return strstr(text, "}}") ? FILL_BROKEN : FILL_NONE;
    const char *at = place->start + 2;
    at += strspn(at, " ");
    place->name = at;
    place->length = strspn(at, "abcdefghijklmnopqrstuvwxyz0123456789_.");
    at += place->length;
    at += strspn(at, " ");
    place->end = at + 2;
    return place->length && strncmp(at, "}}", 2) == 0 ? FILL_FOUND : FILL_BROKEN;
}

const char *fill_wrong(const char *text)
{
    for (const char *at = text; *at; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return "holds a control character";
    }
    struct fill_place place;
    enum fill_found found;
    while ((found = find_place(text, &place)) == FILL_FOUND)
        text = place.end;
    return found == FILL_BROKEN ? "has a placeholder that is not `{{ name }}`" : NULL;
}

const char *fill_wrong_url(const char *url)
{
    const char *host = strncmp(url, "https://", 8) == 0  ? url + 8
                       : strncmp(url, "http://", 7) == 0 ? url + 7
                                                         : NULL;
    if (!host)
        return "begins with neither https:// nor http://";
    size_t length = strcspn(host, "/?#");
    if (length == 0)
        return "names no host";
    if (memchr(host, '{', length))
        return "must have its host as it is: no placeholder there";
    if (memchr(host, '@', length))
        return "must not hold a user: use `user` and `password_file`";
    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char)host[i]) && !strchr("-._:[]", host[i]))
            return "has a host with a character that no host has";
    }
    if (host[length] == '?' || host[length] == '#' || strchr(host + length, '#'))
        return "needs a path behind its host, and no fragment";
    struct fill_place place;
    const char *rest = host + length;
    for (; find_place(rest, &place) == FILL_FOUND; rest = place.end) {
        if (memchr(rest, ' ', (size_t)(place.start - rest)))
            return "holds a space";
    }
    return strchr(rest, ' ') && !strstr(rest, "{{") ? "holds a space" : fill_wrong(url);
}

static const char *look_up(const struct fill_variable *variables, const struct fill_place *place)
{
    for (size_t i = 0; variables[i].name; i++) {
        if (strlen(variables[i].name) == place->length &&
            memcmp(variables[i].name, place->name, place->length) == 0)
            return variables[i].value;
    }
    return NULL;
}

static bool refuse(struct outcome *outcome, const struct fill_place *place, const char *why)
{
    outcome_set(outcome, OUTCOME_DEAD);
    outcome_printf(outcome, "`%.*s`, which the gateway's settings use, %s", (int)place->length,
                   place->name, why);
    return false;
}

static bool put_value(const struct fill_place *place, const char *value, enum fill_into into,
                      struct buf *out, struct outcome *outcome)
{
    if (!value)
        return refuse(outcome, place, "is nothing that this message has");
    for (const char *at = value; *at; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7f)
            return refuse(outcome, place, "holds a control character");
    }
    if (into == FILL_URL && *value && strspn(value, ".") == strlen(value))
        return refuse(outcome, place, "is a step to another path");
    if (into == FILL_URL)
        percent_encode(out, value, PERCENT_UNRESERVED);
    else
        buf_text(out, value);
    return true;
}

bool fill_text(const char *text, enum fill_into into, const struct fill_variable *variables,
               struct buf *out, struct outcome *outcome)
{
    struct fill_place place;
    while (find_place(text, &place) == FILL_FOUND) {
        const char *value = look_up(variables, &place);
        buf_add(out, text, (size_t)(place.start - text));
        if (!put_value(&place, value, into, out, outcome))
            return false;
        text = place.end;
    }
    buf_text(out, text);
    if (!out->full)
        return true;
    outcome_set(outcome, OUTCOME_DEAD);
    outcome_printf(outcome, "the %s is longer than %zu bytes",
                   into == FILL_URL ? "request's URL" : "request's headers", out->limit);
    return false;
}
