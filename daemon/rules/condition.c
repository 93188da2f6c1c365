/*
 * An expression is compiled against the roots and the methods of a customer, whose tables come
 * first. To be asked it gets a view: a value for each root, made once of the scene; methods are
 * answered from the scene itself (call_method), and a segment by asking its condition in the same
 * scene, some levels deep. At the end stand the ways to ask: for a value, traced, for yes or no.
 */
#include "rules/condition.h"

#include <string.h>

#include "base/clock.h"
#include "base/zone.h"
#include "cel/cel_foresee.h"

static const char *const roots[] = {"event",   "start",  "customer",  "shop", "now",
                                    "started", "waited", "collected", NULL};

bool condition_has_root(const char *name)
{
    for (const char *const *root = roots; *root; root++)
        if (strcmp(*root, name) == 0)
            return true;
    return false;
}

/* A method of the customer, whose first argument is a name. */
#define METHOD(word, much, kind)                                                           \
    {                                                                                      \
        .root = "customer", .name = word, .least = 1, .most = much, .gives = 1u << (kind), \
        .accepts = {                                                                       \
            1u << VALUE_STRING,                                                            \
            1u << VALUE_DURATION                                                           \
        }                                                                                  \
    }

static const struct cel_method methods[] = {
    [CONDITION_COUNT] = METHOD("count", 2, VALUE_INT),
    [CONDITION_FIRST] = METHOD("first", 1, VALUE_TIMESTAMP),
    [CONDITION_LAST] = METHOD("last", 1, VALUE_TIMESTAMP),
    [CONDITION_SENT] = METHOD("sent", 1, VALUE_INT),
    [CONDITION_SEGMENT] = METHOD("segment", 1, VALUE_BOOL),
    [CONDITION_LOOKUP] =
        {.root = "", .name = "lookup", .least = 2, .most = 3, .literal = true, .remote = true},
    {0},
};

/* What the language will have; where a name is an event's own, it is in its sample. */
static struct value timestamp(int64_t ms)
{
    int64_t seconds = ms >= 0 ? ms / 1000 : -((999 - ms) / 1000);
    return (struct value){.kind = VALUE_TIMESTAMP,
                          .integer = seconds,
                          .length = (uint32_t)(ms - seconds * 1000) * 1000000u};
}

struct cel_program *condition_compile(struct arena *arena, const char *text, size_t length,
                                      const struct condition_samples *samples,
                                      struct diags *warnings, struct diag *diag)
{
    struct value of_roots[CONDITION_ROOTS] = {0};
    of_roots[CONDITION_ROOT_NOW] = of_roots[CONDITION_ROOT_STARTED] = timestamp(0);
    of_roots[CONDITION_ROOT_WAITED] = value_bool(true);
    if (samples && samples->start)
        of_roots[CONDITION_ROOT_START] = *samples->start;
    if (samples && samples->customer)
        of_roots[CONDITION_ROOT_CUSTOMER] = *samples->customer;
    const struct cel_environment environment = {.roots = roots,
                                                .methods = methods,
                                                .open = true,
                                                .members = samples ? samples->members : NULL,
                                                .samples = of_roots,
                                                .documents = 1u << CONDITION_ROOT_START |
                                                             1u << CONDITION_ROOT_CUSTOMER |
                                                             1u << CONDITION_ROOT_SHOP};
    return cel_compile(arena, text, length, &environment, warnings, diag);
}

static int64_t count_within(const struct customer_count *count, int64_t since_ms)
{
    int64_t within = 0;
    for (uint32_t i = 0; i < count->time_count; i++)
        within += count->times[i] >= since_ms;
    return within;
}

static struct value count_method(const struct condition_scene *scene, const char *type,
                                 const struct value *window)
{
    const struct customer_count *count = customer_find_count(scene->customer, type);
    if (!count)
        return value_int(0);
    if (!window)
        return value_int(count->count);
    return value_int(count_within(count, scene->now_ms - window->integer * 1000 -
                                             (int32_t)window->length / 1000000));
}

/* Whether the customer is in the segment: its condition is asked in the same scene. */
static bool segment_method(const struct condition_scene *scene, const char *name,
                           struct arena *arena, struct value *result, const char **fault)
{
    const struct condition_segment *segment = scene->segments;
    while (segment && segment->name && strcmp(segment->name, name) != 0)
        segment++;
    if (!segment || !segment->name) {
        *fault = arena_printf(arena, "customer.segment: no such segment: %s", name);
        return false;
    }
    struct condition_scene inner = *scene;
    if (inner.nested++ == CONDITION_NESTED_MOST) {
        *fault = arena_printf(arena, "customer.segment: %s is named within itself", name);
        return false;
    }
    if (scene->lookups && scene->lookups->ahead)
        condition_foresee(segment->program, &inner, arena);
    enum condition_answer answer = condition_ask(segment->program, &inner, arena, fault);
    *result = value_bool(answer == CONDITION_TRUE);
    return answer != CONDITION_FAILED;
}

/* Answers customer.count and its siblings from the document. */
static bool call_method(void *context, int index, const struct value *arguments, int count,
                        struct arena *arena, struct value *result, const char **fault)
{
    const struct condition_scene *scene = context;
    if (index == CONDITION_LOOKUP)
        return lookups_ask(scene->lookups, &arguments[0], &arguments[1],
                           count > 2 ? &arguments[2] : NULL, arena, result, fault);
    const char *name = value_to_text(arena, &arguments[0]);
    if (!name || (count > 1 && arguments[1].kind != VALUE_DURATION)) {
        *fault =
            name ? "the second argument must be a duration" : "the first argument must be a string";
        return false;
    }
    const struct customer_count *counted = customer_find_count(scene->customer, name);
    const struct customer_total *total = customer_find_total(scene->customer, name);
    switch (index) {
    case CONDITION_COUNT:
        *result = count_method(scene, name, count > 1 ? &arguments[1] : NULL);
        return true;
    case CONDITION_SEGMENT:
        return segment_method(scene, name, arena, result, fault);
    case CONDITION_SENT:
        *result = value_int(total ? total->count : 0);
        return true;
    default:
        if (!counted) {
            *fault = arena_printf(arena, "customer.%s: no such event yet: %s", methods[index].name,
                                  name);
            return false;
        }
        *result = timestamp(index == CONDITION_FIRST ? counted->first_ms : counted->last_ms);
        return true;
    }
}

const char *condition_zone(const struct customer *customer, const char *fallback,
                           struct arena *arena)
{
    const char *zone = value_to_text(arena, customer_get(customer, "timezone"));
    return zone && zone_get(zone) ? zone : fallback;
}

static struct value or_absent(const struct value *value)
{
    return value ? *value : (struct value){.kind = VALUE_EXTENSION, .length = CEL_ABSENT};
}

/* The event as it is, but its time is a timestamp: now - event.time. */
static struct value with_time(struct arena *arena, const struct value *event)
{
    const struct value *time = value_get(event, "time");
    int64_t ms;
    if (!value_is(time, VALUE_STRING) || !clock_parse(time->string, time->length, &ms))
        return or_absent(event);
    struct value all = value_new_map(arena, value_count(event));
    for (uint32_t i = 0; i < value_count(event); i++) {
        const struct value_member *member = &event->map->members[i];
        value_add(arena, all, member->key, &member->value == time ? timestamp(ms) : member->value);
    }
    return all;
}

/* At least the start; nothing where there is none yet. */
static struct value collected_of(const struct condition_scene *scene, struct arena *arena)
{
    const struct value *data = value_get(scene->start, "data");
    if (scene->collected.kind == VALUE_LIST || !data)
        return or_absent(data ? &scene->collected : NULL);
    struct value collected = value_new_list(arena, 1);
    value_push(arena, collected, *data);
    return collected;
}

static const struct value late = {.kind = VALUE_EXTENSION, .length = CEL_LATE};

/* At a timer the event is the one that started the journey. */
static const struct value *event_of(const struct condition_scene *scene)
{
    return scene->event ? scene->event : scene->start;
}

/* What costs something to make, and most expressions do not ask for. */
static void bind_root(void *context, int slot)
{
    struct condition_view *view = context;
    const struct condition_scene *scene = view->scene;
    if (slot == CONDITION_ROOT_EVENT)
        view->roots[slot] = with_time(view->arena, event_of(scene));
    else if (slot == CONDITION_ROOT_CUSTOMER)
        view->roots[slot] = customer_value(view->arena, scene->customer);
    else
        view->roots[slot] = collected_of(scene, view->arena);
}

static const char *find_zone(void *context)
{
    const struct condition_view *view = context;
    return condition_zone(view->scene->customer, view->scene->zone, view->arena);
}

void condition_view_open(struct condition_view *view, const struct condition_scene *scene,
                         struct arena *arena)
{
    view->scene = scene;
    view->arena = arena;
    view->roots[CONDITION_ROOT_EVENT] = late;
    view->roots[CONDITION_ROOT_START] = or_absent(value_get(scene->start, "data"));
    view->roots[CONDITION_ROOT_COLLECTED] = late;
    view->roots[CONDITION_ROOT_CUSTOMER] = late;
    view->roots[CONDITION_ROOT_SHOP] = or_absent(scene->shop);
    view->roots[CONDITION_ROOT_NOW] = timestamp(scene->now_ms);
    view->roots[CONDITION_ROOT_STARTED] =
        scene->start ? timestamp(scene->started_ms) : or_absent(NULL);
    view->roots[CONDITION_ROOT_WAITED] = value_bool(scene->waited);
    view->input = (struct cel_input){
        .roots = view->roots,
        .bind = bind_root,
        .bind_context = view,
        .members = value_get(event_of(scene), "data"),
        .now_ms = scene->now_ms,
        .find_zone = find_zone,
        .call = call_method,
        .context = (void *)scene,
    };
}

bool condition_trace(const struct cel_program *program, const struct condition_scene *scene,
                     const struct cel_tracer *tracer, struct arena *arena, struct value *result,
                     struct cel_fault *fault)
{
    struct condition_view view;
    condition_view_open(&view, scene, arena);
    return cel_eval_traced(program, &view.input, arena, tracer, result, fault);
}

bool condition_view_value(const struct cel_program *program, const struct condition_view *view,
                          struct arena *arena, struct value *result, const char **fault)
{
    struct cel_fault failed = {0};
    if (cel_eval(program, &view->input, arena, result, &failed))
        return true;
    *fault = failed.text;
    return false;
}

bool condition_value(const struct cel_program *program, const struct condition_scene *scene,
                     struct arena *arena, struct value *result, const char **fault)
{
    struct condition_view view;
    condition_view_open(&view, scene, arena);
    return condition_view_value(program, &view, arena, result, fault);
}

enum condition_answer condition_view_ask(const struct cel_program *program,
                                         const struct condition_view *view, struct arena *arena,
                                         const char **fault)
{
    struct value result;
    if (!program)
        return CONDITION_TRUE;
    if (!condition_view_value(program, view, arena, &result, fault))
        return CONDITION_FAILED;
    if (result.kind != VALUE_BOOL) {
        *fault = arena_printf(arena, "a condition must be true or false, and this one is %s",
                              value_kind_name((enum value_kind)result.kind));
        return CONDITION_FAILED;
    }
    return result.boolean ? CONDITION_TRUE : CONDITION_FALSE;
}

enum condition_answer condition_ask(const struct cel_program *program,
                                    const struct condition_scene *scene, struct arena *arena,
                                    const char **fault)
{
    struct condition_view view;
    if (!program)
        return CONDITION_TRUE;
    condition_view_open(&view, scene, arena);
    return condition_view_ask(program, &view, arena, fault);
}

/* Twice: with answers that are missing, so that no operand is passed over; and as if each were
 * known, so that loops go on to their end. */
void condition_foresee(const struct cel_program *program, const struct condition_scene *scene,
                       struct arena *arena)
{
    struct condition_view view;
    struct lookups *lookups = scene->lookups;
    bool ahead = lookups->ahead, guess = lookups->guess;
    condition_view_open(&view, scene, arena);
    lookups->ahead = true;
    lookups->guess = false;
    cel_foresee(program, &view.input, arena);
    lookups->guess = true;
    cel_foresee(program, &view.input, arena);
    lookups->ahead = ahead;
    lookups->guess = guess;
}
