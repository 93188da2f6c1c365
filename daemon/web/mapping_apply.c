/*
 * A delivery becomes events: its items (open_view, each_item), the topic of each (apply_item), the
 * rows of that topic (apply_row), and the parts of a row (make_part). A part that fails is left
 * out, with its name and why; a row whose condition fails is as if it were false.
 */
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "cel/cel_decimal.h"
#include "cel/cel_value.h"
#include "web/mapping.h"
#include "web/mapping_parts.h"

enum { PATH_MOST = 256, WHY_MOST = 256, ID_DIGITS = 32 };

/* ---- The scene of one delivery ---- */

struct view {
    const struct mapping *mapping;
    const struct hook_delivery *delivery;
    struct arena *arena;
    struct value roots[MAPPING_ROOTS];
    struct cel_input input;
    const char *topic;
    struct value ids; /* map: those that this delivery's events have so far */
    unsigned char body_digest[DIGEST_SIZE];
    bool digested;
    int64_t budget; /* elements that expressions may still visit; below zero it is given up */
    struct mapping_result *result;
    uint32_t capacity, left_capacity;
};

/* ---- What expressions see ---- */

static bool call_header(const struct view *view, const char *name, struct arena *arena,
                        struct value *result, const char **fault)
{
    const char *value = hook_delivery_header(view->delivery, name, arena);
    *fault = arena_printf(arena, "header(\"%s\"): no such header", name);
    if (value)
        *result = value_text(value);
    return value != NULL;
}

/* Some providers have JSON in a text of their JSON. */
static bool call_json(const struct value *text, struct arena *arena, struct value *result,
                      const char **fault)
{
    struct diag diag = {0};
    bool good = json_read(arena, text->string, text->length, &hook_delivery_json, result, &diag);
    *fault = arena_printf(arena, "json(): %s", diag.text);
    return good;
}

static bool call(void *context, int index, const struct value *arguments, int count,
                 struct arena *arena, struct value *result, const char **fault)
{
    const char *text = value_to_text(arena, &arguments[0]);
    (void)count;
    *fault = index == MAPPING_HEADER ? "header() wants a text" : "json() wants a text";
    if (!text)
        return false;
    if (index == MAPPING_HEADER)
        return call_header(context, text, arena, result, fault);
    return call_json(&arguments[0], arena, result, fault);
}

static bool open_view(struct view *view, struct diag *diag)
{
    const struct hook_delivery *delivery = view->delivery;
    const int64_t ms = delivery->received_ms;
    const struct value absent = {.kind = VALUE_EXTENSION, .length = CEL_ABSENT};
    if (!hook_delivery_body(delivery, view->arena, &view->roots[MAPPING_BODY], diag))
        return false;
    view->roots[MAPPING_HEADERS] = delivery->headers;
    view->roots[MAPPING_QUERY] = delivery->query;
    view->roots[MAPPING_RECEIVED] = (struct value){
        .kind = VALUE_TIMESTAMP, .integer = ms / 1000, .length = (uint32_t)(ms % 1000) * 1000000u};
    view->roots[MAPPING_TOPIC] = absent;
    view->roots[MAPPING_ITEM] = absent;
    view->input = (struct cel_input){
        .roots = view->roots, .now_ms = ms, .zone = "UTC", .call = call, .context = view};
    view->budget = MAPPING_COST_MOST;
    view->input.budget = &view->budget;
    view->ids = value_new_map(view->arena, 8);
    return true;
}

/* ---- What they give, as data ---- */

static bool to_data(struct arena *arena, const struct value *from, int depth, struct value *to);

static bool list_to_data(struct arena *arena, const struct value *from, int depth, struct value *to)
{
    *to = value_new_list(arena, value_count(from));
    for (uint32_t i = 0; i < value_count(from); i++) {
        struct value item;
        if (to_data(arena, &from->list->items[i], depth, &item))
            value_push(arena, *to, item);
    }
    return true;
}

static bool map_to_data(struct arena *arena, const struct value *from, int depth, struct value *to)
{
    *to = value_new_map(arena, value_count(from));
    for (uint32_t i = 0; i < value_count(from); i++) {
        const struct value_member *member = &from->map->members[i];
        struct value value;
        if (member->key.kind == VALUE_STRING && to_data(arena, &member->value, depth, &value))
            value_add(arena, *to, member->key, value);
    }
    return true;
}

static bool extension_to_data(struct arena *arena, const struct value *from, int depth,
                              struct value *to)
{
    char digits[CEL_DECIMAL_TEXT_SIZE];
    if (cel_kind(from) == CEL_KIND_OPTIONAL)
        return from->other && to_data(arena, from->other, depth, to);
    if (cel_kind(from) != CEL_KIND_DECIMAL)
        return false;
    size_t length = cel_decimal_text(from, digits);
    *to = value_string(arena_copy(arena, digits, length), length);
    return true;
}

/* False where there is nothing: null, an optional without a value, what no document holds. A
 * decimal is a text, which keeps its places. */
static bool to_data(struct arena *arena, const struct value *from, int depth, struct value *to)
{
    *to = *from;
    if (depth > CEL_DEPTH_MOST)
        return false;
    switch (from->kind) {
    case VALUE_NULL:
        return false;
    case VALUE_LIST:
        return list_to_data(arena, from, depth + 1, to);
    case VALUE_MAP:
        return map_to_data(arena, from, depth + 1, to);
    case VALUE_EXTENSION:
        return extension_to_data(arena, from, depth + 1, to);
    default:
        return true;
    }
}

/* ---- Parts ---- */

static void leave_out(struct view *view, const char *part, const char *why)
{
    struct mapping_result *result = view->result;
    if (result->left_count == MAPPING_LEFT_MOST)
        return;
    result->left = arena_grow(view->arena, result->left, result->left_count, &view->left_capacity,
                              sizeof *result->left);
    result->left[result->left_count++] =
        (struct mapping_left){.topic = view->topic, .part = part, .why = why};
}

static bool make_part(struct view *view, const char *path, const struct mapping_part *part,
                      struct value *value);

static bool make_expression(struct view *view, const char *path, const struct cel_program *program,
                            struct value *value)
{
    struct cel_fault fault;
    struct value result;
    if (cel_eval(program, &view->input, view->arena, &result, &fault))
        return to_data(view->arena, &result, 0, value);
    leave_out(view, path, fault.text);
    return false;
}

/* An empty text is nothing here. Why the others gave nothing is told where all did. */
static bool make_first(struct view *view, const char *path, const struct mapping_part *part,
                       struct value *value)
{
    const uint32_t left = view->result->left_count;
    for (uint32_t i = 0; i < part->count; i++) {
        if (make_part(view, path, &part->members[i], value) &&
            (value->kind != VALUE_STRING || value->length > 0)) {
            view->result->left_count = left;
            return true;
        }
    }
    return false;
}

static bool make_part(struct view *view, const char *path, const struct mapping_part *part,
                      struct value *value)
{
    if (part->program)
        return make_expression(view, path, part->program, value);
    if (part->first)
        return make_first(view, path, part, value);
    *value = value_new_map(view->arena, part->count);
    for (uint32_t i = 0; i < part->count; i++) {
        const struct mapping_part *member = &part->members[i];
        struct value made;
        const char *inner = arena_printf(view->arena, "%s.%s", path, member->name);
        if (make_part(view, inner, member, &made))
            value_set(view->arena, *value, member->name, made);
    }
    return value_count(value) > 0;
}

static const struct value *make(struct view *view, const struct mapping_part *part)
{
    struct value *value = arena_alloc(view->arena, sizeof *value);
    return (part->program || part->count) && make_part(view, part->name, part, value) ? value
                                                                                      : NULL;
}

/* ---- Ids ---- */

/* Of topic and body: the same delivery again has the same. The body is read once, however many
 * events come of it. */
static const char *digest_of(struct view *view)
{
    unsigned char digest[DIGEST_SIZE];
    char hex[ID_DIGITS + 1];
    const struct slice body = view->delivery->body;
    const size_t length = strlen(view->topic);
    if (!view->digested)
        digest_sha256(body.text ? body.text : "", body.length, view->body_digest);
    view->digested = true;
    char *text = arena_alloc(view->arena, DIGEST_SIZE + length);
    memcpy(text, view->body_digest, DIGEST_SIZE);
    memcpy(text + DIGEST_SIZE, view->topic, length);
    digest_sha256(text, DIGEST_SIZE + length, digest);
    digest_hex(digest, ID_DIGITS / 2, hex);
    return arena_text(view->arena, hex);
}

static const char *id_of(struct view *view, const struct mapping_part *part)
{
    const struct value *given = make(view, part);
    const char *id = value_to_text(view->arena, given);
    int64_t number;
    if (!id && value_to_int(given, &number))
        id = arena_printf(view->arena, "%lld", (long long)number);
    return id && *id ? id : NULL;
}

/* A text or a whole number; of several events of a delivery each has another. */
static const char *make_id(struct view *view, const struct mapping_row *row)
{
    const char *id = id_of(view, &row->id);
    if (!id)
        id = digest_of(view);
    if (value_get(&view->ids, id))
        id = arena_printf(view->arena, "%s#%u", id, view->result->count + 1);
    value_set(view->arena, view->ids, id, value_bool(true));
    return id;
}

/* ---- Rows ---- */

static void set_part(struct view *view, struct value event, const char *name,
                     const struct value *value)
{
    if (value)
        value_set(view->arena, event, name, *value);
}

/* The members of `data` stand beside the attributes, where events have them; none of them is an
 * attribute itself. */
static void set_data(struct view *view, struct value event, const struct value *data)
{
    static const char *const attributes[] = {"type",     "id",      "time", "source",
                                             "customer", "subject", "hops", "specversion"};
    for (uint32_t i = 0; i < value_count(data); i++) {
        const struct value_member *member = &data->map->members[i];
        const char *name = value_to_text(view->arena, &member->key);
        bool taken = false;
        for (size_t k = 0; k < sizeof attributes / sizeof *attributes; k++)
            taken |= strcmp(name, attributes[k]) == 0;
        if (taken)
            leave_out(view, arena_printf(view->arena, "data.%s", name), "that is no data's name");
        else
            value_set(view->arena, event, name, member->value);
    }
}

static void make_event(struct view *view, const struct mapping_row *row, struct mapping_event *made)
{
    const struct value name = value_text(view->mapping->name);
    const struct value *source = make(view, &row->source), *data = make(view, &row->data);
    made->type = row->type ? row->type : view->topic;
    made->event = value_new_map(view->arena, 8);
    value_set(view->arena, made->event, "type", value_text(made->type));
    value_set(view->arena, made->event, "id", value_text(make_id(view, row)));
    value_set(view->arena, made->event, "source", value_is(source, VALUE_STRING) ? *source : name);
    set_part(view, made->event, "time", make(view, &row->time));
    set_part(view, made->event, "customer", make(view, &row->customer));
    if (value_is(data, VALUE_MAP))
        set_data(view, made->event, data);
    else if (data)
        leave_out(view, "data", "it is no map");
}

static bool make_feedback(struct view *view, const struct mapping_row *row,
                          struct mapping_event *made)
{
    const struct hook_news_parts parts = {.message = make(view, &row->message),
                                          .code = make(view, &row->code),
                                          .enhanced = make(view, &row->enhanced),
                                          .words = make(view, &row->words)};
    if (hook_news_make(row->kind, &parts, &made->feedback))
        return true;
    if (parts.message)
        leave_out(view, "message", "it is no id of a message of ours");
    return false;
}

static bool is_wanted(struct view *view, const struct mapping_row *row)
{
    struct value answer;
    struct cel_fault fault;
    if (!row->condition)
        return true;
    if (!cel_eval(row->condition, &view->input, view->arena, &answer, &fault)) {
        leave_out(view, "if", fault.text);
        return false;
    }
    return value_is(&answer, VALUE_BOOL) && answer.boolean;
}

/* Of a row without a type, which is the topic's then. */
static bool is_listed(const struct view *view)
{
    for (uint32_t i = 0; i < value_count(&view->mapping->types); i++)
        if (value_is_text(&view->mapping->types.list->items[i], view->topic))
            return true;
    return false;
}

static bool apply_row(struct view *view, const struct mapping_row *row, struct diag *diag)
{
    struct mapping_result *result = view->result;
    struct mapping_event made = {.topic = view->topic};
    if (!is_wanted(view, row)) {
        result->unwanted++;
        return true;
    }
    if (result->count == MAPPING_EVENTS_MOST)
        return diag_fault(diag, "too-many", "more than %d events", MAPPING_EVENTS_MOST);
    if (!row->is_feedback)
        make_event(view, row, &made);
    else if (!make_feedback(view, row, &made))
        return true;
    result->events = arena_grow(view->arena, result->events, result->count, &view->capacity,
                                sizeof *result->events);
    result->events[result->count++] = made;
    return true;
}

/* ---- Items ---- */

static const struct mapping_topic *find_topic(const struct mapping *mapping, const char *name)
{
    const struct mapping_topic *other = NULL;
    for (uint32_t i = 0; i < mapping->topic_count; i++) {
        if (strcmp(mapping->topics[i].name, name) == 0)
            return &mapping->topics[i];
        if (strcmp(mapping->topics[i].name, "*") == 0)
            other = &mapping->topics[i];
    }
    return other;
}

static bool read_topic(struct view *view, struct diag *diag)
{
    struct value topic;
    struct cel_fault fault = {0};
    if (!cel_eval(view->mapping->topic, &view->input, view->arena, &topic, &fault))
        return diag_fault(diag, "no-topic", "its topic cannot be told: %s", fault.text);
    view->topic = value_to_text(view->arena, &topic);
    view->roots[MAPPING_TOPIC] = topic;
    return view->topic || diag_fault(diag, "no-topic", "its topic is %s, not a text",
                                     value_kind_name((enum value_kind)topic.kind));
}

/* What a costly expression left out would be missing in silence, so all of it is. */
static bool check_cost(const struct view *view, struct diag *diag)
{
    return view->budget >= 0 ||
           diag_fault(diag, "too-costly", "the expressions look at more than %d elements in all",
                      MAPPING_COST_MOST);
}

static bool apply_item(struct view *view, struct diag *diag)
{
    view->topic = "";
    if (!read_topic(view, diag)) {
        if (!view->mapping->each)
            return false;
        leave_out(view, "topic", diag ? arena_text(view->arena, diag->text) : "");
        view->result->unknown++; /* one bad item spoils no other */
        return true;
    }
    const struct mapping_topic *topic = find_topic(view->mapping, view->topic);
    for (uint32_t i = 0; topic && i < topic->count; i++) {
        const struct mapping_row *row = &topic->rows[i];
        if (!row->is_feedback && !row->type && !is_listed(view))
            topic = NULL;
        else if (!apply_row(view, row, diag) || !check_cost(view, diag))
            return false;
    }
    if (!topic && view->result->unknown++ == 0)
        view->result->unknown_topic = view->topic;
    return true;
}

static bool each_item(struct view *view, struct diag *diag)
{
    struct value items;
    struct cel_fault fault = {0};
    if (!cel_eval(view->mapping->each, &view->input, view->arena, &items, &fault))
        return diag_fault(diag, "no-items", "`each` fails: %s", fault.text);
    if (!value_is(&items, VALUE_LIST))
        return diag_fault(diag, "no-items", "`each` gives %s, not a list",
                          value_kind_name((enum value_kind)items.kind));
    for (uint32_t i = 0; i < value_count(&items); i++) {
        view->roots[MAPPING_TOPIC] = (struct value){.kind = VALUE_EXTENSION, .length = CEL_ABSENT};
        view->roots[MAPPING_ITEM] = items.list->items[i];
        if (!apply_item(view, diag))
            return false;
    }
    return true;
}

bool mapping_apply(const struct mapping *mapping, const struct hook_delivery *delivery,
                   struct arena *arena, struct mapping_result *result, struct diag *diag)
{
    struct view view = {.mapping = mapping, .delivery = delivery, .arena = arena, .result = result};
    *result = (struct mapping_result){0};
    if (!open_view(&view, diag))
        return false;
    if (mapping->each)
        return each_item(&view, diag) && check_cost(&view, diag);
    bool good = apply_item(&view, diag);
    const uint32_t left = result->left_count;
    result->id = id_of(&view, &mapping->id);
    result->left_count = left; /* each row has told it */
    return good && check_cost(&view, diag);
}

bool mapping_is_ping(const struct mapping *mapping, const struct hook_delivery *delivery,
                     struct arena *arena)
{
    struct view view = {.mapping = mapping, .delivery = delivery, .arena = arena};
    struct value answer;
    struct cel_fault fault;
    return mapping->ping && delivery->body.length <= MAPPING_PING_MOST && open_view(&view, NULL) &&
           cel_eval(mapping->ping, &view.input, arena, &answer, &fault) &&
           value_is(&answer, VALUE_BOOL) && answer.boolean;
}
