#include "base/digits.h"
#include "base/zone.h"
#include "compose/composition.h"
#include "templates/shopify_names.h"

static void put(struct composition *c, struct value map, const char *name, struct value value)
{
    value_add(c->arena, map, value_text(name), value);
}

static void put_text(struct composition *c, struct value map, const char *name, const char *text)
{
    put(c, map, name, text ? value_text(text) : value_null());
}

/* Members whose names are not taken yet. */
static void put_members(struct composition *c, struct value map, const struct value *from)
{
    for (uint32_t i = 0; value_is(from, VALUE_MAP) && i < from->map->count; i++) {
        const struct value_member *member = &from->map->members[i];
        if (!value_find(&map, member->key.string, member->key.length))
            value_add(c->arena, map, member->key, member->value);
    }
}

static void put_member(struct composition *c, struct value map, const char *name)
{
    const struct value *value = value_get(c->message, name);
    put(c, map, name, value ? *value : value_null());
}

/* RFC 3339 with the zone's own offset, so that `date` shows the shop's time. */
static const char *local_time(struct arena *arena, int64_t ms, const char *name)
{
    struct zone_time t;
    zone_local(zone_or_utc(name), ms, &t);
    int away = t.offset < 0 ? -t.offset : t.offset;
    char text[] = "2000-01-01T00:00:00+00:00", *to = digits_put(text, t.year, 4) + 1;
    to = digits_put_two(to, t.month, '-');
    to = digits_put_two(to, t.day, 'T');
    to = digits_put_two(to, t.hour, ':');
    to = digits_put_two(to, t.minute, ':');
    to = digits_put_two(to, t.second, t.offset < 0 ? '-' : '+');
    to = digits_put_two(to, away / 60, ':');
    digits_put(to, away % 60, 2);
    return arena_text(arena, text);
}

static struct value describe(struct composition *c)
{
    static const char *const names[] = {"rule", "step", "class", "topic", "channel", "to", "name"};
    struct value map = value_new_map(c->arena, 20);
    put_text(c, map, "id", c->mid);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        put_member(c, map, names[i]);
    return map;
}

/* What joined the journey: at least the event that started it. */
static void put_collected(struct composition *c)
{
    const struct value *collected = value_get(c->message, "collected");
    const struct value *start = value_get(c->message, "start");
    struct value list = value_new_list(c->arena, 1);
    if (start)
        value_push(c->arena, list, *start);
    put(c, c->variables, "collected", value_is(collected, VALUE_LIST) ? *collected : list);
}

/* The nearest scope first, as a name that is there is not put again. */
static void make_variables(struct composition *c)
{
    const struct value *shop = c->settings->shop;
    c->shared = value_new_map(c->arena, 16);
    put(c, c->shared, "shop", value_is(shop, VALUE_MAP) ? *shop : value_new_map(c->arena, 0));
    put_member(c, c->shared, "customer");
    put_text(c, c->shared, "now", local_time(c->arena, c->settings->now_ms, c->settings->zone));
    put_text(c, c->shared, "locale", c->locale);
    put(c, c->shared, "message", describe(c));
    put_text(c, c->shared, "unsubscribe_url", c->unsubscribe_url);
    put_text(c, c->shared, "preferences_url", c->preferences_url);
    put_text(c, c->shared, "confirm_url", c->confirm_url);
    c->variables = value_new_map(c->arena, 32);
    put_members(c, c->variables, &c->shared);
    put_member(c, c->variables, "event");
    put_member(c, c->variables, "start");
    put_collected(c);
    put_member(c, c->variables, "given");
    put_members(c, c->variables, value_get(c->message, "data"));
    put_members(c, c->variables, value_path(c->message, "event.data"));
    put_members(c, c->variables, value_get(c->message, "start"));
    shopify_names_add(c->arena, c->variables);
}

/* Of a file by itself. There is no message: what is said of one comes with the data. */
static void make_own_variables(struct composition *c, const struct value *data)
{
    static const char *const shared[] = {
        "shop",       "customer", "now", "locale", "message", "unsubscribe_url", "preferences_url",
        "confirm_url"};
    const struct value *shop = c->settings->shop;
    struct value standard = value_new_map(c->arena, 3);
    put(c, standard, "shop", value_is(shop, VALUE_MAP) ? *shop : value_new_map(c->arena, 0));
    put_text(c, standard, "now", local_time(c->arena, c->settings->now_ms, c->settings->zone));
    put_text(c, standard, "locale", c->locale);
    c->variables = value_new_map(c->arena, value_count(data) + 32);
    put_members(c, c->variables, data);
    put_members(c, c->variables, &standard);
    c->shared = value_new_map(c->arena, 8);
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++) {
        const struct value *value = value_get(&c->variables, shared[i]);
        if (value)
            put(c, c->shared, shared[i], *value);
    }
    shopify_names_add(c->arena, c->variables);
}

/* What the amounts of this message are in, where a template does not say. */
static const char *currency_of(const struct composition *c)
{
    static const char *const paths[] = {"currency", "order.currency", "cart.currency",
                                        "checkout.currency", "shop.currency"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const struct value *value = value_path(&c->variables, paths[i]);
        if (value_is(value, VALUE_STRING) && value->length == 3)
            return value_to_text(c->arena, value);
    }
    return NULL;
}

static void make_context(struct composition *c)
{
    c->context = (struct filter_context){
        .templates = c->templates,
        .translate = c->templates ? templates_translate(c->templates) : NULL,
        .locale = c->locale,
        .shop = c->settings->shop,
        .currency = currency_of(c),
        .zone = c->settings->zone,
        .rule = c->rule,
        .channel = c->channel,
    };
}

void composition_variables(struct composition *c)
{
    make_variables(c);
    make_context(c);
}

void composition_own_variables(struct composition *c, const struct value *data)
{
    const struct value *locale = value_get(data, "locale"), *shop = value_get(data, "shop");
    c->locale = value_is(locale, VALUE_STRING) ? value_to_text(c->arena, locale)
                                               : templates_default_locale(c->templates);
    make_own_variables(c, data);
    make_context(c);
    if (value_is(shop, VALUE_MAP))
        c->context.shop = shop;
}
