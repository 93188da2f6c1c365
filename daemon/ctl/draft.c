#include "ctl/draft.h"

#include <string.h>

#include "base/json.h"
#include "config/config_token_keys.h"
#include "decide/message_body.h"

#define SOMEBODY "somebody@shop.example"

const struct rule_step *draft_step(const struct rule *rule, const char *template)
{
    for (uint32_t i = 0; i < rule->step_count; i++)
        if (rule->steps[i].kind == RULE_STEP_SEND && strcmp(rule->steps[i].template, template) == 0)
            return &rule->steps[i];
    return NULL;
}

/* A sample may be of the data alone: then somebody is its customer. */
static struct value with_customer(struct arena *arena, const struct value *data)
{
    struct value all = value_new_map(arena, value_count(data) + 1);
    struct value somebody = value_new_map(arena, 2);
    for (uint32_t i = 0; i < value_count(data); i++)
        value_add(arena, all, data->map->members[i].key, data->map->members[i].value);
    value_set(arena, somebody, "id", value_text("somebody"));
    value_set(arena, somebody, "email", value_text(SOMEBODY));
    if (!value_get(data, "customer"))
        value_set(arena, all, "customer", somebody);
    return all;
}

/* What a clock says: nothing but whom it asks. */
static struct value tick_of(const struct ruleset *rules, struct arena *arena)
{
    const struct value *events = ruleset_events(rules), *customer = NULL;
    struct value tick = value_new_map(arena, 1);
    for (uint32_t i = 0; i < value_count(events) && !customer; i++)
        customer = value_get(&events->map->members[i].value, "customer");
    if (customer)
        value_set(arena, tick, "customer", *customer);
    return tick;
}

/* With what the other events that the step may see have. */
static struct value with_others(const struct ruleset *rules, const struct rule *rule,
                                const struct rule_step *step, struct arena *arena,
                                const struct value *data)
{
    struct value all = value_new_map(arena, 8);
    for (const char *const *type = step->types; *type; type++) {
        const struct value *other = value_get(ruleset_events(rules), *type);
        if (other && !rule_list_has(rule->on, *type))
            all = value_merge(arena, &all, other);
    }
    return value_merge(arena, &all, data);
}

bool draft_sample(const struct draft *draft, const struct ruleset *rules, const char *type,
                  struct arena *arena, struct input *event)
{
    const struct value *data = value_get(ruleset_events(rules), type);
    const struct value tick = tick_of(rules, arena);
    bool ticks = !data && strcmp(type, "clock") == 0;
    struct value full = value_new_map(arena, 4);
    struct buf out;
    if (ticks)
        data = &tick;
    if (!data)
        return false;
    const struct value whole = with_others(rules, draft->rule, draft->step, arena, data);
    value_set(arena, full, "specversion", value_text("1.0"));
    value_set(arena, full, "type", value_text(type));
    value_set(arena, full, "id", value_text("sample"));
    value_set(arena, full, "data", with_customer(arena, &whole));
    buf_init(&out, INPUT_MOST);
    bool printed = json_print(&out, &full);
    event->name = ticks ? "a tick of its clock"
                        : arena_printf(arena, "the sample of %s in events.yaml", type);
    event->text = arena_copy(arena, buf_string(&out), out.length);
    event->length = out.length;
    buf_free(&out);
    return printed;
}

static const struct config_gateway *gateway_of(const struct config *config, const char *name)
{
    const struct config_channel *channel = config_find_channel(config, name);
    return channel ? channel->gateways[0] : &config->gateways[0];
}

static void use_policy(struct draft *draft, struct config *config)
{
    static const unsigned char another[] = "a draft, not the installation's own";
    struct diag ignored = {0};
    if (!config_secret(config, false, &ignored)) {
        config->secret = another;
        config->secret_length = sizeof another - 1;
    }
    config_token_keys(config, false, &ignored);
    config_policy(config, &draft->policy);
    config_compose(config, &draft->compose);
    draft->gateway = gateway_of(config, draft->step->channel);
}

/* As it comes out of the store, where it is JSON: a duration is a text then. */
static bool as_stored(struct value *message, struct arena *arena, struct diag *diag)
{
    struct buf text;
    struct value stored;
    buf_init(&text, COMPOSE_WIRE_MOST);
    bool read = json_print(&text, message)
                    ? json_read(arena, arena_copy(arena, buf_string(&text), text.length),
                                text.length, &json_file_limits, &stored, diag)
                    : diag_error(diag, "the message is too large");
    if (read)
        *message = stored;
    buf_free(&text);
    return read;
}

bool draft_make(struct draft *draft, struct config *config, const struct scene *scene,
                struct diag *diag)
{
    const char *mid, *fault = "";
    const struct customer_journey journey = {.rule = draft->rule->name,
                                             .origin = scene->event.origin,
                                             .step = draft->step->id,
                                             .start = scene->event.document};
    struct message_body_input body = {.policy = &draft->policy,
                                      .rule = draft->rule,
                                      .step = draft->step,
                                      .journey = &journey,
                                      .scene = &scene->seen};
    use_policy(draft, config);
    draft->compose.now_ms = scene->seen.now_ms;
    body.address = message_body_address(draft->step, &scene->seen, scene->arena);
    if (!body.address)
        body.address = draft->step->mail ? SOMEBODY : "-";
    if (message_body_make(&body, scene->arena, &mid, &draft->message, &fault)) {
        if (draft->step->code)
            message_body_give(scene->arena, draft->message,
                              arena_printf(scene->arena, "%s-TEST", draft->step->code));
        return as_stored(&draft->message, scene->arena, diag);
    }
    diag_error(diag, "rule `%s`: %s", draft->rule->name, fault);
    diag_file(diag, draft->rule->file);
    diag_place(diag, draft->step->line, 0, 0);
    return false;
}

void draft_set_locale(struct draft *draft, struct arena *arena, const char *locale)
{
    struct value patch = value_new_map(arena, 1);
    value_set(arena, patch, "locale", value_text(locale));
    value_set(arena, draft->message, "locale", value_text(locale));
    value_set(arena, draft->message, "customer",
              value_merge(arena, value_get(&draft->message, "customer"), &patch));
}
