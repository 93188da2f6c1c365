/*
 * The table of settings, and its check. A preset adds rows of its own behind this table: from
 * there complete() gathers them, so that all else knows them by `settings` alone. What a gateway's
 * own settings make of the URL and the headers, make_form() fills in, for the check and for the
 * connection alike: the check looks at what will be used. It keeps out headers that would say
 * where a request goes or ends.
 */
#include "send/http_settings.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/json.h"
#include "send/fill.h"

enum { FORM_TEXT_MOST = 8192 };

const char *const http_methods[] = {"POST", "PUT", "PATCH", "GET", "DELETE", NULL};

static const char *const signs[] = {
    [HTTP_SIGN_NONE] = "none", [HTTP_SIGN_WEBHOOK] = "standard-webhooks", NULL};

static const struct shape text_shape = {.kind = SHAPE_TEXT};

/* With a preset, `null` leaves one of its own out. */
static const struct shape headers_shape = {
    .kind = SHAPE_MAP,
    .pattern = "^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,127}$",
    .of = &(const struct shape){.kind = SHAPE_EITHER,
                                .either = (const struct shape *const[]){
                                    &text_shape, &(const struct shape){.kind = SHAPE_NULL}, NULL}}};

#define HTTP_FIELD(name) .key = #name, .offset = offsetof(struct http_settings, name)

const struct setting http_settings[] = {
    GATEWAY_COMMON_SETTINGS("http", struct http_settings, "4"),
    {HTTP_FIELD(url), .type = SETTING_TEXT, .required = true,
     .help = "where the request goes; behind the host there may be {{ to }} and others"},
    {HTTP_FIELD(method), .type = SETTING_CHOICE, .fallback = "POST", .choices = http_methods,
     .help = "the request's method"},
    {HTTP_FIELD(headers), .type = SETTING_VALUE,
     .help = "a mapping of header fields to values, with {{ secret }} and others",
     .shape = &headers_shape},
    {HTTP_FIELD(content_type), .type = SETTING_TEXT, .fallback = "application/json",
     .help = "the Content-Type of the body"},
    {HTTP_FIELD(body), .type = SETTING_TEXT,
     .help = "the file of `templates` that makes the body; else `GATEWAY.json.liquid`"},
    {HTTP_FIELD(user), .type = SETTING_TEXT,
     .help = "for HTTP's Basic login; the password is in `password_file`, else `secret_file`"},
    {HTTP_FIELD(password_file), .type = SETTING_TEXT,
     .help = "a file whose first line is the password"},
    {HTTP_FIELD(secret_file), .type = SETTING_TEXT,
     .help = "a file whose first line is what {{ secret }} stands for"},
    {HTTP_FIELD(ca_file), .type = SETTING_TEXT,
     .help = "certificates to trust instead of the system's (PEM)"},
    {HTTP_FIELD(aws_sigv4), .type = SETTING_TEXT,
     .help = "signs requests as AWS asks, `aws:amz:REGION:SERVICE`; `user` is the key's id"},
    {HTTP_FIELD(sign), .type = SETTING_CHOICE, .fallback = "none", .choices = signs,
     .help = "how requests are signed with the secret: `standard-webhooks` as Standard Webhooks "
             "1.0 says"},
    {HTTP_FIELD(idempotent), .type = SETTING_BOOL, .fallback = "false",
     .help = "the API drops a second request with the same key: a lost answer is a retry"},
    {HTTP_FIELD(idempotency_header), .type = SETTING_TEXT, .fallback = "Idempotency-Key",
     .help = "the header field that carries the key"},
    {HTTP_FIELD(answers), .type = SETTING_SECTION, .section = answers_settings,
     .help = "what the API means by its answers"},
    {.key = "settings",
     .type = SETTING_VALUE,
     .offset = offsetof(struct http_settings, own),
     .help = "a mapping of names to texts, which are placeholders in the URL and the headers",
     .shape = &(const struct shape){.kind = SHAPE_MAP, .of = &text_shape}},
    {HTTP_FIELD(connect_timeout), .type = SETTING_DURATION, .fallback = "30s", .least = 1,
     .most = 600000, .help = "longest time for the name, the connection and TLS"},
    {HTTP_FIELD(answer_timeout), .type = SETTING_DURATION, .fallback = "60s", .least = 1,
     .most = 3600000, .help = "longest wait for the whole answer"},
    {HTTP_FIELD(lowest_speed), .type = SETTING_SIZE, .fallback = "1KiB", .least = 1,
     .most = 1 << 30,
     .help = "bytes in a second: a request may take a minute, and the time that its size takes at "
             "this speed"},
    {0},
};

/* ---- Presets ---- */

/* The headers of the preset, and over them those of the file: `null` leaves one out. */
static struct value merge_headers(struct arena *arena, const char *preset,
                                  const struct value *headers)
{
    struct value merged, base;
    if (!preset || !value_is(headers, VALUE_MAP) ||
        !json_read(arena, preset, strlen(preset), &json_file_limits, &base, NULL))
        return *headers;
    merged = value_new_map(arena, value_count(headers) + value_count(&base));
    for (uint32_t i = 0; i < value_count(&base); i++) {
        const struct value_member *member = &base.map->members[i];
        bool replaced = false;
        for (uint32_t k = 0; k < value_count(headers) && !replaced; k++) {
            const struct value *name = &headers->map->members[k].key;
            replaced = name->length == member->key.length &&
                       strncasecmp(name->string, member->key.string, name->length) == 0;
        }
        if (!replaced)
            value_add(arena, merged, member->key, member->value);
    }
    for (uint32_t i = 0; i < value_count(headers); i++) {
        const struct value_member *member = &headers->map->members[i];
        if (member->value.kind != VALUE_NULL)
            value_add(arena, merged, member->key, member->value);
    }
    merged.flags = headers->flags;
    merged.place = headers->place;
    return merged;
}

void http_settings_complete(const struct gateway_kind *kind, void *of, struct arena *arena)
{
    struct http_settings *settings = of;
    if (!kind->own)
        return;
    for (const struct setting *row = kind->settings; row->key; row++)
        if (strcmp(row->key, "headers") == 0)
            settings->headers = merge_headers(arena, row->fallback, &settings->headers);
    struct value own = value_new_map(arena, 4);
    for (const struct setting *row = kind->own; row->key; row++) {
        const char *text = *(const char *const *)((const char *)of + row->offset);
        if (!text && row->required) /* that it is missing is told once, not of the URL too */
            text = row->key;
        value_set(arena, own, row->key, text ? value_text(text) : value_null());
    }
    settings->own = own;
}

const char *http_settings_body(const void *settings)
{
    return ((const struct http_settings *)settings)->body;
}

const struct value *http_settings_seen(const void *settings)
{
    return &((const struct http_settings *)settings)->own;
}

/* ---- What is made of them ---- */

static const char *fill_own(struct arena *arena, const char *text, enum fill_into into,
                            const struct value *own)
{
    struct buf filled;
    if (!text)
        return NULL;
    buf_init(&filled, FORM_TEXT_MOST);
    fill_settings(text, into, own, &filled);
    const char *made = arena_copy(arena, buf_string(&filled), filled.length);
    buf_free(&filled);
    return made;
}

static struct http_form *make_form(struct arena *arena, const struct http_settings *settings)
{
    const struct value *headers = &settings->headers, *own = &settings->own;
    struct http_form *form = arena_zero(arena, sizeof *form);
    form->url = fill_own(arena, settings->url, FILL_URL, own);
    form->user = fill_own(arena, settings->user, FILL_HEADER, own);
    form->aws_sigv4 = fill_own(arena, settings->aws_sigv4, FILL_HEADER, own);
    for (uint32_t i = 0;
         value_is(headers, VALUE_MAP) && i < value_count(headers) && i < HTTP_HEADERS; i++) {
        const struct value_member *member = &headers->map->members[i];
        const char *value = value_to_text(arena, &member->value);
        form->headers[i].name = value_to_text(arena, &member->key);
        form->headers[i].value = fill_own(arena, value ? value : "", FILL_HEADER, own);
    }
    return form;
}

const struct http_form *http_settings_form(struct arena *arena,
                                           const struct http_settings *settings)
{
    struct diags none = {0};
    struct http_form *form = make_form(arena, settings);
    form->answers = answers_compile(arena, &settings->answers, NULL, &none);
    diags_free(&none);
    return form;
}

/* ---- The check ---- */

struct checking {
    struct arena *arena;
    const struct http_settings *settings;
    const struct http_form *form;
    const struct value *map;
    const struct settings_source *source;
    struct diags *diags;
};

/* The place of a key; of what a preset says that of `kind`. */
static const struct value *place_of(const struct checking *checking, const char *key)
{
    const struct value *value = value_get(checking->map, key);
    return value ? value : value_get(checking->map, "kind");
}

/* RFC 9110, 5.6.2. */
static bool is_token(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x80 || (!isalnum(c) && !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return length > 0 && length < 128;
}

/* Fields that say where the request goes or where it ends. */
static bool is_ours(const char *name, size_t length)
{
    static const char *const ours[] = {"host",       "content-length", "transfer-encoding",
                                       "connection", "expect",         NULL};
    for (size_t i = 0; ours[i]; i++) {
        if (strlen(ours[i]) == length && strncasecmp(ours[i], name, length) == 0)
            return true;
    }
    return false;
}

/* A placeholder that stands for nothing. */
static void check_names(const struct checking *checking, const char *text,
                        const struct value *place)
{
    struct fill_fault fault;
    if (!fill_unknown(text, &fault))
        return;
    struct diag *diag =
        settings_fault(checking->diags, checking->source, place, DIAG_ERROR,
                       "`{{ %.*s }}` stands for nothing", (int)fault.length, fault.name);
    if (fault.near)
        diag_hint(diag, "did you mean `%s`?", fault.near);
    else
        diag_hint(diag, "%s", fill_hint);
}

static void check_header(const struct checking *checking, const struct value_member *member,
                         const char *filled)
{
    const struct value *name = &member->key, *value = &member->value;
    if (!is_token(name->string, name->length) || is_ours(name->string, name->length)) {
        settings_fault(checking->diags, checking->source, name, DIAG_ERROR,
                       "`%.*s` is no header field to set here", (int)name->length, name->string);
    } else if (value->kind != VALUE_STRING || value->length >= FORM_TEXT_MOST / 2) {
        settings_fault(checking->diags, checking->source, value, DIAG_ERROR,
                       "a header's value is a string");
    } else {
        const char *wrong = fill_wrong(filled);
        if (wrong)
            settings_fault(checking->diags, checking->source, value, DIAG_ERROR,
                           "the header `%.*s` %s", (int)name->length, name->string, wrong);
        else
            check_names(checking, filled, value);
    }
}

static void check_headers(const struct checking *checking)
{
    const struct value *headers = &checking->settings->headers;
    if (headers->kind == VALUE_NULL)
        return;
    if (headers->kind != VALUE_MAP || value_count(headers) > HTTP_HEADERS) {
        settings_fault(checking->diags, checking->source, headers, DIAG_ERROR,
                       "`headers` is a mapping of at most %d header fields", HTTP_HEADERS);
        return;
    }
    for (uint32_t i = 0; i < value_count(headers); i++)
        check_header(checking, &headers->map->members[i], checking->form->headers[i].value);
}

/* Of the URL: its own place, else that of the setting that a preset's URL has in it. */
static const struct value *place_of_url(const struct checking *checking)
{
    const struct value *own = &checking->settings->own;
    const struct value *place = value_get(checking->map, "url");
    for (uint32_t i = 0; !place && own->kind == VALUE_MAP && i < value_count(own); i++) {
        const char *name = value_to_text(checking->arena, &own->map->members[i].key);
        if (fill_has(checking->settings->url, name))
            place = value_get(checking->map, name);
    }
    return place ? place : value_get(checking->map, "kind");
}

static void check_url(const struct checking *checking)
{
    const char *url = checking->form->url;
    if (!url)
        return;
    const struct value *place = place_of_url(checking);
    const char *wrong = fill_wrong_url(url);
    if (wrong)
        settings_fault(checking->diags, checking->source, place, DIAG_ERROR, "the URL %s", wrong);
    else
        check_names(checking, url, place);
    bool secret = checking->settings->password_file || checking->settings->secret_file;
    if (secret && strncmp(url, "http://", 7) == 0 && strncmp(url, "http://127.", 11) != 0 &&
        strncmp(url, "http://localhost", 16) != 0)
        settings_fault(checking->diags, checking->source, place, DIAG_WARNING,
                       "http:// shows the secret to everyone on the way");
}

static bool uses_secret(const struct checking *checking)
{
    bool uses = checking->form->url && fill_has(checking->form->url, "secret");
    for (const struct http_header *header = checking->form->headers; header->name; header++)
        uses |= fill_has(header->value, "secret");
    return uses;
}

/* There is no `secret_file`: is there need of one? */
static void check_secret(const struct checking *checking)
{
    const struct http_settings *settings = checking->settings;
    const char *use = NULL;
    bool preset = strcmp(settings->common.kind, "http") != 0;
    if (settings->sign == HTTP_SIGN_WEBHOOK)
        use = "the key that requests are signed with, whsec_…";
    else if (uses_secret(checking))
        use = preset ? "the key or token of the API" : "what {{ secret }} stands for";
    else if (settings->aws_sigv4 && !settings->password_file)
        use = "the secret access key";
    else if (settings->user && !settings->password_file)
        use = preset ? "the key or token of the API" : "the password of `user`";
    if (use && !settings_meant(http_settings, checking->map, "secret_file", checking->arena))
        diag_hint(settings_fault(checking->diags, checking->source,
                                 place_of(checking, "secret_file"), DIAG_ERROR,
                                 "`secret_file` is missing"),
                  "name a file whose first line is %s", use);
}

static void check_login(const struct checking *checking)
{
    const struct http_settings *settings = checking->settings;
    if (settings->password_file && !settings->user)
        settings_fault(checking->diags, checking->source, place_of(checking, "password_file"),
                       DIAG_ERROR, "`password_file` needs `user`");
    if (!settings->secret_file)
        check_secret(checking);
    if (settings->aws_sigv4 && !settings->user)
        settings_fault(checking->diags, checking->source, place_of(checking, "aws_sigv4"),
                       DIAG_ERROR, "`aws_sigv4` needs `user`, the key's id");
    if (checking->form->aws_sigv4 &&
        (strstr(checking->form->aws_sigv4, "{{") || fill_wrong(checking->form->aws_sigv4)))
        settings_fault(checking->diags, checking->source, place_of(checking, "aws_sigv4"),
                       DIAG_ERROR, "`aws_sigv4` is like aws:amz:eu-west-1:ses");
}

static void check_setting(const struct checking *checking, const struct value_member *member)
{
    const char *name = value_to_text(checking->arena, &member->key);
    const char *wrong =
        member->value.kind == VALUE_NULL ? NULL : fill_wrong_setting(&member->value);
    const struct value *place = &member->value;
    struct fill_fault unknown;
    if (!(place->flags & VALUE_PLACED))
        place = place_of(checking, name);
    if (wrong)
        settings_fault(checking->diags, checking->source, place, DIAG_ERROR, "`%s` %s", name,
                       wrong);
    if (strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name) || !*name)
        diag_hint(settings_fault(checking->diags, checking->source, place, DIAG_ERROR,
                                 "`%s` is no name for a placeholder", name),
                  "small letters, digits and _ are");
    else if (strcmp(checking->settings->common.kind, "http") == 0 &&
             !fill_unknown(arena_printf(checking->arena, "{{ %s }}", name), &unknown))
        settings_fault(checking->diags, checking->source, place, DIAG_ERROR,
                       "`{{ %s }}` is of each message, and no setting's", name);
}

static void check_own(const struct checking *checking)
{
    const struct value *own = &checking->settings->own;
    if (own->kind != VALUE_MAP && own->kind != VALUE_NULL)
        settings_fault(checking->diags, checking->source, own, DIAG_ERROR,
                       "`settings` is a mapping of names to texts");
    for (uint32_t i = 0; own->kind == VALUE_MAP && i < value_count(own); i++)
        check_setting(checking, &own->map->members[i]);
}

static void check_others(const struct checking *checking)
{
    const struct http_settings *settings = checking->settings;
    const char *key = settings->idempotency_header, *body = settings->body;
    if (fill_wrong(settings->content_type) || strstr(settings->content_type, "{{"))
        settings_fault(checking->diags, checking->source, place_of(checking, "content_type"),
                       DIAG_ERROR, "`content_type` is a media type");
    if (!is_token(key, strlen(key)) || is_ours(key, strlen(key)))
        settings_fault(checking->diags, checking->source, place_of(checking, "idempotency_header"),
                       DIAG_ERROR, "`idempotency_header` is a header field's name");
    size_t length = body ? strlen(body) : 0;
    if (body && (strchr(body, '/') || length < 8 || strcmp(body + length - 7, ".liquid") != 0))
        settings_fault(checking->diags, checking->source, place_of(checking, "body"), DIAG_ERROR,
                       "`body` is the name of a file such as sms.json.liquid");
}

bool http_settings_check(const void *of, const struct value *map,
                         const struct settings_source *source, struct diags *diags)
{
    const struct http_settings *settings = of;
    struct arena *arena = arena_new(4096);
    const struct checking checking = {.arena = arena,
                                      .settings = settings,
                                      .form = make_form(arena, settings),
                                      .map = map,
                                      .source = source,
                                      .diags = diags};
    size_t errors = diags->errors;
    check_own(&checking);
    check_url(&checking);
    check_headers(&checking);
    check_login(&checking);
    check_others(&checking);
    answers_compile(arena, &settings->answers, source, diags);
    arena_destroy(&arena);
    return diags->errors == errors;
}
