/*
 * In this order: which form (posted_form); the body's pieces with their places, of a list by
 * customer/event_splitter, of lines one by one; each piece as JSON; what CloudEvents asks of it
 * where it says that it is one; and then what is asked of any event from outside.
 */
#include "web/posted_events.h"

#include <string.h>
#include <strings.h>

#include "base/canonical.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/json_place.h"
#include "customer/event_splitter.h"
#include "web/posted_binary.h"

struct reading {
    struct arena *arena;
    enum posted_form form;
    const struct posted_from *from;
    struct posted_events *posted;
    uint32_t capacity;
    struct event_splitter splitter; /* of what is no lines */
};

/* ---- Which form ---- */

static const char *find(const struct web_fields *headers, const char *name)
{
    for (size_t i = 0; i < headers->count; i++)
        if (strcasecmp(headers->items[i].name.text, name) == 0)
            return headers->items[i].value.text;
    return NULL;
}

/* The media type without its parameters. */
static struct slice media_type(const char *content_type)
{
    return slice_trim((struct slice){content_type, strcspn(content_type, ";")}, " \t");
}

static bool is_type(struct slice type, const char *name)
{
    return type.length == strlen(name) && strncasecmp(type.text, name, type.length) == 0;
}

/* JSON is UTF-8 (RFC 8259, section 8.1): a parameter that says otherwise is believed. */
static bool is_utf8(const char *content_type)
{
    const char *charset = strcasestr(content_type, "charset=");
    if (!charset)
        return true;
    charset += sizeof "charset=" - 1;
    charset += *charset == '"';
    return strncasecmp(charset, "utf-8", 5) == 0 || strncasecmp(charset, "us-ascii", 8) == 0;
}

static bool is_json(struct slice type)
{
    static const char suffix[] = "+json";
    size_t tail = sizeof suffix - 1;
    return is_type(type, "application/json") || is_type(type, "text/json") ||
           (type.length > tail && strncasecmp(type.text + type.length - tail, suffix, tail) == 0);
}

static enum posted_form form_of(struct slice type, bool binary)
{
    static const struct {
        const char *type;
        enum posted_form form;
    } types[] = {{"application/cloudevents+json", POSTED_STRUCTURED},
                 {"application/cloudevents-batch+json", POSTED_BATCH},
                 {"application/x-ndjson", POSTED_LINES},
                 {"application/ndjson", POSTED_LINES},
                 {"application/jsonl", POSTED_LINES}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (is_type(type, types[i].type))
            return types[i].form;
    if (binary)
        return is_json(type) || !type.length ? POSTED_BINARY : POSTED_UNKNOWN;
    return is_type(type, "application/json") ? POSTED_JSON : POSTED_UNKNOWN;
}

enum posted_form posted_form(const struct web_fields *headers, struct diag *diag)
{
    const char *encoding = find(headers, "content-encoding");
    const char *content_type = find(headers, "content-type");
    if (encoding && *encoding && strcasecmp(encoding, "identity") != 0) {
        diag_fault(diag, "media-type", "the body must not be compressed");
        return POSTED_UNKNOWN;
    }
    content_type = content_type ? content_type : "";
    enum posted_form form = form_of(media_type(content_type), find(headers, "ce-specversion"));
    if (form != POSTED_UNKNOWN && is_utf8(content_type))
        return form;
    diag_fault(diag, "media-type",
               "the Content-Type must be application/json, application/x-ndjson, "
               "application/cloudevents+json or application/cloudevents-batch+json, in UTF-8");
    return POSTED_UNKNOWN;
}

/* ---- One event ---- */

static struct posted_item *add_item(struct reading *reading)
{
    struct posted_events *posted = reading->posted;
    posted->items = arena_grow(reading->arena, posted->items, (uint32_t)posted->count,
                               &reading->capacity, sizeof *posted->items);
    struct posted_item *item = &posted->items[posted->count++];
    *item = (struct posted_item){0};
    return item;
}

static void set_fault(struct reading *reading, struct posted_item *item, const struct diag *diag)
{
    struct diag *fault = arena_alloc(reading->arena, sizeof *fault);
    *fault = *diag;
    item->fault = fault;
}

/* What CloudEvents 1.0 wants of one that says it is one; the daemon itself asks for less. */
static bool check_cloudevent(const struct value *root, struct slice text, struct diag *diag)
{
    static const char *const required[] = {"specversion", "type", "source", "id", NULL};
    for (const char *const *name = required; *name; name++) {
        const struct value *value = value_get(root, *name);
        if (value_is(value, VALUE_STRING) && value->length)
            continue;
        diag_fault(diag, "no-attribute", "a CloudEvent has `%s`, a text", *name);
        if (text.text)
            json_place_fault(diag, text.text, text.length, *name);
        return false;
    }
    const char *wrong = NULL;
    if (!value_is_text(value_get(root, "specversion"), "1.0"))
        diag_fault(diag, "bad-specversion", "`specversion` is not \"1.0\""), wrong = "specversion";
    else if (value_get(root, "data_base64"))
        diag_fault(diag, "bad-data", "`data` must be an object, not bytes"), wrong = "data_base64";
    if (wrong && text.text)
        json_place_fault(diag, text.text, text.length, wrong);
    return !wrong;
}

/* An id of what the event is known by; one without a time may truly happen again. */
static bool give_id(struct reading *reading, struct value *root, size_t position)
{
    unsigned char digest[DIGEST_SIZE];
    char hex[33];
    struct buf said;
    const char *once = reading->from->once;
    if (!once && !value_get(root, "time"))
        return false;
    buf_init(&said, 2 * json_event_limits.bytes);
    if (once)
        buf_printf(&said, "%s\n%s\n%zu", tokens_file_mark(reading->from->login), once, position);
    else
        canonical_print(&said, root);
    digest_sha256(buf_string(&said), said.length, digest);
    buf_free(&said);
    digest_hex(digest, 16, hex);
    value_set(reading->arena, *root, "id", value_text(arena_printf(reading->arena, "web-%s", hex)));
    return true;
}

static bool may_push(const struct reading *reading, const struct value *root, struct slice text,
                     struct diag *diag)
{
    const struct value *type = value_get(root, "type");
    if (!value_is(type, VALUE_STRING) ||
        outside_event_right(type->string, type->length) == OUTSIDE_FEEDBACK || /* nobody's */
        tokens_file_may(reading->from->login, type->string, type->length))
        return true;
    diag_fault(diag, "no-right", "`%.*s` may not be pushed with this login",
               (int)(type->length < 100 ? type->length : 100), type->string);
    if (text.text)
        json_place_fault(diag, text.text, text.length, "type");
    return false;
}

/* `text`: what the tree was read from; none for one that was put together. */
static bool make_event(struct reading *reading, struct posted_item *item, struct value *root,
                       struct slice text, struct diag *diag)
{
    const struct outside_caller caller = {.key_paths = reading->from->key_paths,
                                          .now_ms = reading->from->now_ms,
                                          .rights = tokens_file_rights(reading->from->login)};
    size_t position = (size_t)(item - reading->posted->items);
    bool made = may_push(reading, root, text, diag) &&
                outside_event_make(reading->arena, root, text, &caller, &item->event, diag);
    if (!made)
        item->forbidden = strcmp(diag->code, "no-right") == 0;
    else if (!item->event.id[0] && give_id(reading, root, position))
        made = outside_event_make(reading->arena, root, (struct slice){0}, &caller, &item->event,
                                  diag);
    return made;
}

/* A piece of the body as an event. */
static void read_piece(struct reading *reading, struct slice text, uint32_t line, uint32_t column)
{
    struct posted_item *item = add_item(reading);
    struct diag diag = {0};
    struct value root;
    bool strict = reading->form == POSTED_STRUCTURED || reading->form == POSTED_BATCH;
    if (json_read(reading->arena, text.text, text.length, &json_event_limits, &root, &diag) &&
        (!strict || root.kind != VALUE_MAP || check_cloudevent(&root, text, &diag)) &&
        make_event(reading, item, &root, text, &diag))
        return;
    if (diag.line) {
        diag.column += diag.line == 1 && diag.column ? column - 1 : 0;
        diag.line += line - 1;
    }
    set_fault(reading, item, &diag);
}

static void add_fault(struct reading *reading, uint32_t line, uint32_t column, const char *code,
                      const char *text)
{
    struct diag diag;
    diag_fault(&diag, code, "%s", text);
    diag_place(&diag, line, column, 0);
    set_fault(reading, add_item(reading), &diag);
}

/* True where the request has more events than one may have: the last item says so. */
static bool is_full(struct reading *reading, uint32_t line, uint32_t column)
{
    if (reading->posted->count == POSTED_EVENTS_MOST)
        add_fault(reading, line, column, "too-many",
                  "more than 1000 events: this one and what stands behind it was not read");
    return reading->posted->count > POSTED_EVENTS_MOST;
}

/* ---- The forms ---- */

/* What is wrong with a piece before it is read; NULL: nothing. */
static const char *misplaced(const struct reading *reading,
                             const struct event_splitter_piece *piece)
{
    const struct posted_events *posted = reading->posted;
    bool in_list = reading->splitter.in_list;
    if (piece->kind == EVENT_SPLITTER_UNENDED)
        return "the list has no `,` or `]` here";
    if (posted->several != in_list || (posted->count && !in_list))
        return "behind the JSON something else stands: application/x-ndjson has many on lines";
    if (reading->form == POSTED_BATCH && !in_list)
        return "a batch is a list: one event is application/cloudevents+json";
    if (reading->form == POSTED_STRUCTURED && in_list)
        return "this is a list: application/cloudevents-batch+json has many";
    return NULL;
}

static void take_piece(void *context, const struct event_splitter_piece *piece)
{
    struct reading *reading = context;
    const char *wrong = misplaced(reading, piece);
    if (is_full(reading, piece->line, piece->column))
        return;
    if (wrong && !reading->posted->several && reading->posted->count) {
        if (reading->posted->items[0].fault)
            return;
        reading->posted->count = 0; /* what is no JSON text is no event at its beginning either */
    }
    if (wrong)
        add_fault(reading, piece->line, piece->column, "json-syntax", wrong);
    else if (piece->kind == EVENT_SPLITTER_LARGE)
        add_fault(reading, piece->line, piece->column, "json-size",
                  "the event has more than 262144 bytes");
    else
        read_piece(
            reading,
            (struct slice){arena_copy(reading->arena, piece->text, piece->length), piece->length},
            piece->line, piece->column);
}

/* One JSON text: an event, or a list of them. */
static void read_json(struct reading *reading, struct slice body)
{
    struct slice text = slice_trim(body, " \t\r\n");
    reading->posted->several = text.length && *text.text == '[';
    event_splitter_init(&reading->splitter, take_piece, reading);
    reading->splitter.strict = true;
    event_splitter_feed(&reading->splitter, body.text, body.length);
    event_splitter_end(&reading->splitter);
    event_splitter_free(&reading->splitter);
}

static void read_lines(struct reading *reading, struct slice body)
{
    uint32_t line = 1;
    reading->posted->several = true;
    for (const char *at = body.text, *end = at + body.length; at < end; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        struct slice text = slice_trim(slice_between(at, stop), " \t\r");
        if (text.length && !is_full(reading, line, 1))
            read_piece(reading, text, line, (uint32_t)(text.text - at) + 1);
        at = stop + 1;
    }
}

/* The attributes are headers: a fault of theirs has no place in the body. */
static void read_binary(struct reading *reading, const struct web_fields *headers,
                        struct slice body)
{
    struct posted_item *item = add_item(reading);
    struct diag diag = {0};
    struct value root, data = value_null();
    bool is_empty = slice_trim(body, " \t\r\n").length == 0;
    if (posted_binary_attributes(reading->arena, headers, &root, &diag) &&
        (is_empty ||
         json_read(reading->arena, body.text, body.length, &json_event_limits, &data, &diag))) {
        value_set(reading->arena, root, "data", data);
        if (check_cloudevent(&root, (struct slice){0}, &diag) &&
            make_event(reading, item, &root, (struct slice){0}, &diag))
            return;
        if (strcmp(diag.code, "bad-customer") == 0 || strcmp(diag.code, "no-customer") == 0)
            json_place_fault(&diag, body.text, is_empty ? 0 : body.length, "customer");
    }
    set_fault(reading, item, &diag);
}

/* A byte order mark, which RFC 8259 (section 8.1) lets a reader pass over. */
static struct slice without_mark(struct slice body)
{
    static const char mark[] = "\xef\xbb\xbf";
    if (body.length < 3 || memcmp(body.text, mark, 3) != 0)
        return body;
    return (struct slice){body.text + 3, body.length - 3};
}

void posted_events_read(struct arena *arena, enum posted_form form,
                        const struct web_fields *headers, struct slice body,
                        const struct posted_from *from, struct posted_events *posted)
{
    struct reading reading = {.arena = arena, .form = form, .from = from, .posted = posted};
    *posted = (struct posted_events){0};
    body = without_mark(body);
    if (form == POSTED_BINARY)
        read_binary(&reading, headers, body);
    else if (form == POSTED_LINES)
        read_lines(&reading, body);
    else
        read_json(&reading, body);
    if (posted->count)
        return;
    bool is_empty_list = posted->several && form != POSTED_LINES;
    if (!is_empty_list)
        add_fault(&reading, 1, 1, "no-event", "there is no event in the body");
}
