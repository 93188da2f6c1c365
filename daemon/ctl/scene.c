#include "ctl/scene.h"

#include <inttypes.h>

#include "base/clock.h"
#include "customer/customer_profile.h"
#include "decide/fields.h"

void scene_begin(struct scene *scene, const struct config *config, struct arena *arena)
{
    *scene = (struct scene){
        .arena = arena, .config = config, .customer = customer_new(arena, "id:somebody")};
    scene->customer->defaults = config->field_defaults;
    scene->seen = (struct condition_scene){.customer = scene->customer,
                                           .shop = &config->keys.shop,
                                           .zone = config->zone,
                                           .segments = config->segments,
                                           .now_ms = clock_wall_ms()};
}

bool scene_customer(struct scene *scene, const struct input *input, struct diag *diag)
{
    struct value object;
    if (!input_object(scene->arena, input, &object, diag))
        return false;
    bool document = value_get(&object, "format") && value_get(&object, "profile");
    if (document)
        scene->customer =
            customer_read(scene->arena, scene->customer->key, input->text, input->length, diag);
    else
        customer_profile_set(scene->arena, scene->customer, object, 0);
    scene->seen.customer = scene->customer;
    if (scene->customer)
        scene->customer->defaults = scene->config->field_defaults;
    if (!scene->customer)
        diag_file(diag, input->name);
    return scene->customer != NULL;
}

bool scene_tables(struct scene *scene, const struct input *input, struct diag *diag)
{
    if (!input_object(scene->arena, input, &scene->tables, diag))
        return false;
    scene->lookups = (struct lookups){.arena = scene->arena, .tables = &scene->tables};
    scene->seen.lookups = &scene->lookups;
    return true;
}

bool scene_event(struct scene *scene, const struct input *input, struct diag *diag)
{
    struct shop_event *event = &scene->event;
    struct policy policy;
    struct shop_event_form form = config_event_form(scene->config);
    const char *entry = arena_printf(scene->arena, "%" PRId64 "-0", scene->seen.now_ms);
    form.former = true; /* one of nudged's own may be tried */
    if (!shop_event_read(scene->arena, input->text, input->length, entry, &form, event, diag)) {
        diag_file(diag, input->name);
        diag_code(diag, INPUT_WRONG);
        return false;
    }
    scene->customer->key = event->key;
    if (event->customer.kind == VALUE_MAP)
        customer_profile_merge(scene->arena, scene->customer, &event->customer, event->time_ms);
    customer_add_count(scene->arena, scene->customer, event->type, event->time_ms);
    config_policy(scene->config, &policy);
    fields_try(&policy, scene->customer, event, scene->seen.now_ms, scene->arena);
    scene->seen.event = &event->document;
    scene->seen.start = &event->document;
    scene->seen.started_ms = event->time_ms;
    return true;
}

struct value scene_names(const struct scene *scene)
{
    struct arena *arena = scene->arena;
    struct value names = value_new_map(arena, 16);
    if (scene->event.type) {
        names = value_merge(arena, &names, &scene->event.data);
        value_set(arena, names, "event", scene->event.document);
        value_set(arena, names, "start", scene->event.data);
        const struct value collected = value_new_list(arena, 1);
        value_push(arena, collected, scene->event.data);
        value_set(arena, names, "collected", collected);
    }
    value_set(arena, names, "customer", customer_value(arena, scene->customer));
    value_set(arena, names, "shop", *scene->seen.shop);
    value_set(arena, names, "now", value_null());
    return names;
}
