/*
 * A text is gone through place by place (find_place). What a name stands for is looked up in one
 * of three ways: what the gateway itself knows, a member of the message, a path. How a value is
 * written is a question of where: put_value(). Only the secret may stand in a path as it is,
 * since it comes from a file of the shop's and not from a message.
 */
#include "send/fill.h"

#include <ctype.h>
#include <string.h>

#include "base/diag.h"
#include "base/json.h"
#include "base/percent.h"
#include "base/utf8.h"

enum { FILL_VALUE_MOST = 1000, FILL_NAME_MOST = 200 };

/* A placeholder: `start` at its first brace, `end` behind its last; the name between. */
struct fill_place {
    const char *start, *end, *name;
    size_t length;
    bool query; /* in a URL: behind its "?" */
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
    at += strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.");
    place->length = (size_t)(at - place->name);
    at += strspn(at, " ");
    place->end = at + 2;
    return place->length && strncmp(at, "}}", 2) == 0 ? FILL_FOUND : FILL_BROKEN;
}

/* ---- Templates that are wrong ---- */

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

static const char *wrong_host(const char *host, size_t length)
{
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
    return NULL;
}

const char *fill_wrong_url(const char *url)
{
    const char *host = strncmp(url, "https://", 8) == 0  ? url + 8
                       : strncmp(url, "http://", 7) == 0 ? url + 7
                                                         : NULL;
    if (!host)
        return "begins with neither https:// nor http://";
    size_t length = strcspn(host, "/?#");
    const char *wrong = wrong_host(host, length);
    if (wrong)
        return wrong;
    struct fill_place place;
    const char *rest = host + length;
    for (; find_place(rest, &place) == FILL_FOUND; rest = place.end) {
        if (memchr(rest, ' ', (size_t)(place.start - rest)))
            return "holds a space";
    }
    return strchr(rest, ' ') && !strstr(rest, "{{") ? "holds a space" : fill_wrong(url);
}

/* ---- Names ---- */

/* Alone; all but the first behind "message." too. */
static const char *const bare_names[] = {
    "secret",       "id",       "mid",        "rule",      "step",          "class",
    "topic",        "channel",  "template",   "locale",    "envelope_from", "to",
    "to_name",      "name",     "to_mailbox", "from",      "from_address",  "from_name",
    "from_mailbox", "reply_to", "subject",    "preheader", "preview",       "unsubscribe_url",
    NULL,
};
static const char *const *const message_names = bare_names + 1;

/* With a path behind it. */
static const char *const root_names[] = {"customer", "event",   "start", "shop",
                                         "data",     "message", NULL};

const char fill_hint[] = "there are to, from, subject, locale, mid, rule, secret and others, and "
                         "paths: customer.id, event.data.order.id, shop.name";

static bool is_in(const char *const *names, const char *name, size_t length)
{
    for (; *names; names++)
        if (strlen(*names) == length && memcmp(*names, name, length) == 0)
            return true;
    return false;
}

static const char message[] = "message.";

static bool is_of_message(const struct fill_place *place)
{
    return place->length >= sizeof message - 1 &&
           memcmp(place->name, message, sizeof message - 1) == 0;
}

static bool is_known(const struct fill_place *place)
{
    const char *dot = memchr(place->name, '.', place->length);
    if (!dot)
        return is_in(bare_names, place->name, place->length);
    if (is_of_message(place))
        return is_in(message_names, dot + 1, place->length - (sizeof message - 1));
    return place->name[place->length - 1] != '.' && place->length <= FILL_NAME_MOST &&
           is_in(root_names, place->name, (size_t)(dot - place->name));
}

/* What may be meant, in the place of what; or NULL. */
static const char *nearest(const struct fill_place *place)
{
    char name[FILL_NAME_MOST + 1] = "";
    if (place->length > FILL_NAME_MOST)
        return NULL;
    memcpy(name, place->name, place->length);
    if (is_of_message(place))
        return diag_nearest(name + sizeof message - 1, message_names);
    char *dot = strchr(name, '.');
    if (!dot)
        return diag_nearest(name, bare_names);
    *dot = '\0';
    return diag_nearest(name, root_names);
}

bool fill_unknown(const char *text, struct fill_fault *fault)
{
    struct fill_place place;
    for (; find_place(text, &place) == FILL_FOUND; text = place.end) {
        if (is_known(&place))
            continue;
        *fault = (struct fill_fault){place.name, place.length, nearest(&place)};
        return true;
    }
    return false;
}

bool fill_has(const char *text, const char *name)
{
    struct fill_place place;
    for (; find_place(text, &place) == FILL_FOUND; text = place.end)
        if (strlen(name) == place.length && memcmp(place.name, name, place.length) == 0)
            return true;
    return false;
}

/* ---- The gateway's own settings ---- */

const char *fill_wrong_setting(const struct value *value)
{
    if (value->kind != VALUE_STRING)
        return "is no text";
    for (uint32_t i = 0; i < value->length; i++)
        if ((unsigned char)value->string[i] < ' ' || value->string[i] == 0x7f)
            return "holds a control character";
    return memchr(value->string, '{', value->length) ? "holds a brace" : NULL;
}

void fill_settings(const char *text, enum fill_into into, const struct value *settings,
                   struct buf *out)
{
    struct fill_place place;
    for (; find_place(text, &place) == FILL_FOUND; text = place.end) {
        const struct value *value = value_find(settings, place.name, place.length);
        bool ours = value_is(value, VALUE_STRING) || value_is(value, VALUE_NULL);
        buf_add(out, text, (size_t)((ours ? place.start : place.end) - text));
        if (!value_is(value, VALUE_STRING))
            continue;
        if (into == FILL_HEADER) {
            buf_add(out, value->string, value->length);
            continue;
        }
        struct buf plain;
        buf_init(&plain, value->length + 1);
        buf_add(&plain, value->string, value->length);
        percent_encode(out, buf_string(&plain), PERCENT_UNRESERVED);
        buf_free(&plain);
    }
    buf_text(out, text);
}

/* ---- Values ---- */

static bool is_name(const struct fill_place *place, const char *name)
{
    return strlen(name) == place->length && memcmp(place->name, name, place->length) == 0;
}

/* The value at a path of names, each a member of the one before. */
static const struct value *follow(const struct value *value, const char *path, size_t length)
{
    while (length && value) {
        const char *dot = memchr(path, '.', length);
        size_t part = dot ? (size_t)(dot - path) : length;
        value = value_find(value, path, part);
        part += dot != NULL;
        path += part;
        length -= part;
    }
    return value;
}

/* Into `out`, as a text. False: it is none. */
static bool look_up(const struct fill_place *place, const struct fill_source *source,
                    struct buf *out)
{
    const struct {
        const char *name, *text;
    } known[] = {{"mid", source->mid},
                 {"channel", source->channel},
                 {"to", source->to},
                 {"from", source->from}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (is_name(place, known[i].name) && known[i].text)
            return buf_text(out, known[i].text);
    bool path = memchr(place->name, '.', place->length);
    const struct value *root = path ? source->seen : value_get(source->seen, "message");
    const struct value *value = follow(root, place->name, place->length);
    if (!value || value->kind == VALUE_NULL)
        return true;
    if (value->kind == VALUE_STRING)
        return buf_add(out, value->string, value->length);
    if (value->kind == VALUE_LIST || value->kind == VALUE_MAP)
        return false;
    return json_print(out, value);
}

static bool refuse(struct outcome *outcome, const struct fill_place *place, const char *why)
{
    outcome_set(outcome, OUTCOME_DEAD);
    outcome_printf(outcome, "`%.*s`, which the gateway's settings use, %s", (int)place->length,
                   place->name, why);
    return false;
}

static bool has_control(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            return true;
    return false;
}

/* A tab or a line break in a name must not cost its message. */
static bool put_line(const char *text, size_t length, struct buf *out)
{
    char line[FILL_VALUE_MOST];
    buf_add(out, line, utf8_one_line(text, length, line, sizeof line));
    return true;
}

static bool put_value(const struct fill_place *place, struct buf *value, enum fill_into into,
                      struct buf *out, struct outcome *outcome)
{
    bool address = is_name(place, "to") || is_name(place, "from");
    if (address && has_control(buf_string(value)))
        return refuse(outcome, place, "holds a control character");
    const char *text = buf_string(value);
    if (into == FILL_HEADER)
        return put_line(text, value->length, out);
    if (!place->query && !*text)
        return refuse(outcome, place, "is nothing that this message has");
    if (!place->query && strspn(text, ".") == strlen(text))
        return refuse(outcome, place, "is a step to another path");
    return percent_encode(out, text, PERCENT_UNRESERVED), true;
}

/* ---- The secret ---- */

static bool refuse_secret(struct outcome *outcome, const char *why)
{
    outcome_set(outcome, OUTCOME_GATEWAY_FAULT);
    outcome_printf(outcome, "the secret %s", why);
    return false;
}

static bool has_steps(const char *path)
{
    for (; *path; path += strcspn(path, "/"), path += *path == '/') {
        size_t length = strcspn(path, "/");
        if (length && strspn(path, ".") >= length)
            return true;
    }
    return false;
}

/* In a path it stands as it is: it may be several parts of it (Slack), or hold a colon
 * (Telegram). RFC 3986, 3.3. */
static bool put_secret(const struct fill_place *place, const char *secret, enum fill_into into,
                       struct buf *out, struct outcome *outcome)
{
    if (!secret)
        return refuse_secret(outcome, "is not known: the gateway has no `secret_file`");
    if (has_control(secret))
        return refuse_secret(outcome, "holds a control character");
    if (into == FILL_HEADER)
        return buf_text(out, secret), true;
    if (place->query)
        return percent_encode(out, secret, PERCENT_UNRESERVED), true;
    if (strpbrk(secret, " ?#"))
        return refuse_secret(outcome, "holds a space, ? or #, which no path has");
    if (has_steps(secret))
        return refuse_secret(outcome, "is a step to another path");
    return percent_encode(out, secret, PERCENT_UNRESERVED "!$&'()*+,;=:@/"), true;
}

/* ---- Filling ---- */

static bool put_place(const struct fill_place *place, enum fill_into into,
                      const struct fill_source *source, struct buf *out, struct outcome *outcome)
{
    struct buf value;
    if (is_name(place, "secret"))
        return put_secret(place, source->secret, into, out, outcome);
    buf_init(&value, 1 << 16);
    bool text = look_up(place, source, &value) || value.full;
    bool put =
        text ? put_value(place, &value, into, out, outcome) : refuse(outcome, place, "is no text");
    buf_free(&value);
    return put;
}

/* What is written beside the places; a URL is ASCII, whatever the file says. */
static void put_written(const char *text, size_t length, enum fill_into into, struct buf *out)
{
    for (size_t i = 0; i < length; i++)
        if (into == FILL_URL && text[i] & 0x80)
            buf_printf(out, "%%%02X", (unsigned char)text[i]);
        else
            buf_char(out, text[i]);
}

bool fill_text(const char *text, enum fill_into into, const struct fill_source *source,
               struct buf *out, struct outcome *outcome)
{
    struct fill_place place = {.query = false};
    while (find_place(text, &place) == FILL_FOUND) {
        place.query |= memchr(text, '?', (size_t)(place.start - text)) != NULL;
        put_written(text, (size_t)(place.start - text), into, out);
        if (!put_place(&place, into, source, out, outcome))
            return false;
        text = place.end;
    }
    put_written(text, strlen(text), into, out);
    if (!out->full)
        return true;
    outcome_set(outcome, OUTCOME_DEAD);
    outcome_printf(outcome, "the %s is longer than %zu bytes",
                   into == FILL_URL ? "request's URL" : "request's headers", out->limit);
    return false;
}
