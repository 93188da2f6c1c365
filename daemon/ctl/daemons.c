#include "ctl/daemons.h"

#include "base/clock.h"
#include "base/json.h"
#include "store/bulletins.h"

/* A list of gateways alone is how the last release has it. */
static void read_one(const struct bulletins_item *bulletin, struct arena *arena,
                     struct daemons_item *item)
{
    struct diag unreadable;
    struct value read = value_null();
    const struct slice text = bulletin->text;
    item->name = bulletin->daemon;
    item->said = value_new_map(arena, 1);
    item->gateways = value_new_list(arena, 1);
    if (!text.text ||
        !json_read(arena, text.text, text.length, &json_file_limits, &read, &unreadable))
        return;
    item->speaks = true;
    if (read.kind == VALUE_LIST)
        item->gateways = read;
    if (read.kind != VALUE_MAP)
        return;
    item->said = read;
    const struct value *gateways = value_get(&read, "gateways");
    if (value_is(gateways, VALUE_LIST))
        item->gateways = *gateways;
}

bool daemons_read(struct session *session, const char *prefix, struct arena *arena,
                  struct daemons_item **items, size_t *count, struct diag *diag)
{
    struct bulletins_item *bulletins;
    if (!bulletins_read(session, prefix, arena, &bulletins, count, diag))
        return false;
    *items = arena_zero(arena, sizeof **items * (*count + 1));
    for (size_t i = 0; i < *count; i++)
        read_one(&bulletins[i], arena, &(*items)[i]);
    return true;
}

const struct value *daemons_gateway(const struct daemons_item *daemon, const char *gateway)
{
    for (uint32_t i = 0; i < value_count(&daemon->gateways); i++) {
        const struct value *one = &daemon->gateways.list->items[i];
        if (value_is_text(value_get(one, "name"), gateway))
            return one;
    }
    return NULL;
}

int64_t daemons_number(const struct value *said, const char *name)
{
    int64_t number = 0;
    value_to_int(value_get(said, name), &number);
    return number;
}

int64_t daemons_time(const struct value *said, const char *name)
{
    const struct value *time = value_get(said, name);
    int64_t ms = 0;
    if (value_is(time, VALUE_STRING))
        clock_parse(time->string, time->length, &ms);
    else
        value_to_int(time, &ms);
    return ms;
}
