/*
 * A channel is read by read_channel(): as a mapping by its table, or, in its short form, one
 * gateway or a list, as a mapping that has nothing else. Then its gateways are found by name, and
 * what it takes of rules that name no channel is checked: one topic or class, one channel.
 */
#include "config/config_channels.h"

#include <string.h>

#include "base/settings_fault.h"
#include "base/word.h"
#include "customer/said.h"

struct channel_keys {
    int kind;
    const char *address;
    struct value gateways, classes, topics;
};

static const char *const kinds[] = {"mail", "text", NULL};
static const char *const classes[] = {"marketing", "transactional", NULL};

static const struct shape text_shape = {.kind = SHAPE_TEXT};
static const struct shape texts_shape = {.kind = SHAPE_LIST, .of = &text_shape, .least = 1};
static const struct shape topic_shape = {.kind = SHAPE_TEXT, .pattern = "."};

static const struct shape topics_shape = {
    .kind = SHAPE_EITHER,
    .either = (const struct shape *const[]){
        &topic_shape, &(const struct shape){.kind = SHAPE_LIST, .of = &topic_shape}, NULL}};

static const struct shape class_shape = {.kind = SHAPE_CHOICE, .words = classes};

static const struct shape gateways_shape = {
    .kind = SHAPE_EITHER, .either = (const struct shape *const[]){&text_shape, &texts_shape, NULL}};

const struct setting config_channels_settings[] = {
    {.key = "kind",
     .type = SETTING_CHOICE,
     .offset = offsetof(struct channel_keys, kind),
     .choices = kinds,
     .help = "what its messages are; default: `mail` of the channel `email`, else `text`"},
    {.key = "gateways",
     .type = SETTING_VALUE,
     .offset = offsetof(struct channel_keys, gateways),
     .required = true,
     .help = "one, or several in order of preference",
     .shape = &gateways_shape},
    {.key = "address",
     .type = SETTING_TEXT,
     .offset = offsetof(struct channel_keys, address),
     .help = "the customer's field with the address, for a send without `to`; default: `email` "
             "of kind mail, `phone` of the channel `sms`, else the channel's name"},
    {.key = "topics",
     .type = SETTING_TEXTS,
     .offset = offsetof(struct channel_keys, topics),
     .help = "rules of these topics take it, if their send has no `via`",
     .shape = &topics_shape},
    {.key = "classes",
     .type = SETTING_TEXTS,
     .offset = offsetof(struct channel_keys, classes),
     .help = "rules of these classes take it likewise, if no channel has their topic: marketing, "
             "transactional",
     .shape = &(const struct shape){.kind = SHAPE_EITHER,
                                    .either = (const struct shape *const[]){&class_shape,
                                                                            &(const struct shape){
                                                                                .kind = SHAPE_LIST,
                                                                                .of = &class_shape},
                                                                            NULL}}},
    {0},
};

const struct shape config_channels_shape = {
    .kind = SHAPE_MAP,
    .pattern = "^" WORD_PATTERN "$",
    .of = &(const struct shape){
        .kind = SHAPE_EITHER,
        .name = "channel",
        .either = (const struct shape *const[]){
            &text_shape, &texts_shape,
            &(const struct shape){.kind = SHAPE_KEYS, .table = config_channels_settings}, NULL}}};

struct reading {
    const struct config_channels_input *input;
    struct config_channel *rows;
    struct rule_channel *known;
    size_t count;
};

static struct diag *fault(const struct reading *reading, const struct value *at, const char *format,
                          const char *name)
{
    return settings_fault(reading->input->diags, reading->input->source, at, DIAG_ERROR, format,
                          name);
}

/* ---- Gateways ---- */

static const struct config_gateway *find_gateway(const struct reading *reading, const char *name)
{
    for (const struct config_gateway *gateway = reading->input->gateways; gateway->name; gateway++)
        if (strcmp(gateway->name, name) == 0)
            return gateway;
    return NULL;
}

static void refuse_gateway(const struct reading *reading, const struct value *item,
                           const char *name)
{
    size_t count = 0;
    if (!name) {
        fault(reading, item, "a channel names gateways, and this is %s",
              value_kind_name((enum value_kind)item->kind));
        return;
    }
    while (reading->input->gateways[count].name)
        count++;
    const char **names = arena_zero(reading->input->arena, sizeof *names * (count + 1));
    for (size_t i = 0; i < count; i++)
        names[i] = reading->input->gateways[i].name;
    diag_suggest(fault(reading, item, "there is no gateway `%s`", name), name, names);
}

/* A gateway with a fault of its own has no kind: what it carries is not known. */
static void check_form(const struct reading *reading, const struct value *item,
                       const struct config_gateway *gateway, const struct config_channel *channel)
{
    if (channel->mail || !gateway->kind || gateway->kind->form != GATEWAY_MAIL)
        return;
    diag_hint(settings_fault(reading->input->diags, reading->input->source, item, DIAG_ERROR,
                             "gateway `%s` of kind %s carries mail only, and channel `%s` has none",
                             gateway->name, gateway->kind->name, channel->name),
              "`%s: {kind: mail, gateways: …}` has; a gateway of kind http carries any channel",
              channel->name);
}

/* The gateways that a channel names: one, or a list. */
static void find_gateways(const struct reading *reading, const struct value *value,
                          struct config_channel *channel)
{
    struct arena *arena = reading->input->arena;
    uint32_t count = value->kind == VALUE_LIST ? value_count(value) : 1, kept = 0;
    const struct config_gateway **list = arena_zero(arena, sizeof *list * (count + 1));
    for (uint32_t i = 0; i < count; i++) {
        const struct value *item = value->kind == VALUE_LIST ? &value->list->items[i] : value;
        const char *name = value_to_text(arena, item);
        list[kept] = name ? find_gateway(reading, name) : NULL;
        if (list[kept])
            check_form(reading, item, list[kept++], channel);
        else
            refuse_gateway(reading, item, name);
    }
    if (count == 0 && reading->input->gateways[0].name) /* else that is what is wrong */
        fault(reading, value, "channel `%s` needs a gateway", channel->name);
    channel->gateways = list;
}

/* ---- Rules that name no channel ---- */

/* Another channel that has the same word in that list. */
static const char *taken_by(const struct reading *reading, const char *word, bool topics)
{
    for (size_t i = 0; i < reading->count; i++)
        if (rule_list_has(topics ? reading->known[i].topics : reading->known[i].classes, word))
            return reading->known[i].name;
    return NULL;
}

static void check_word(const struct reading *reading, const struct value *item, const char *word,
                       bool topics)
{
    const char *other = taken_by(reading, word, topics);
    const char *const *known = topics ? reading->input->topics : classes;
    if (known && !rule_list_has(known, word))
        diag_suggest(fault(reading, item,
                           topics ? "`topics` of the configuration has no `%s`"
                                  : "`%s` is no class: there are marketing and transactional",
                           word),
                     word, known);
    else if (other)
        diag_hint(fault(reading, item, "`%s` is taken by another channel", word),
                  "it stands at `%s`", other);
}

static const char *const *read_words(const struct reading *reading, const struct value *list,
                                     bool topics)
{
    struct arena *arena = reading->input->arena;
    uint32_t count = value_count(list);
    const char **words = arena_zero(arena, sizeof *words * (count + 1));
    for (uint32_t i = 0; i < count; i++) {
        const struct value *item = &list->list->items[i];
        words[i] = topics ? said_topic(arena, item) : value_to_text(arena, item);
        if (words[i])
            check_word(reading, item, words[i], topics);
        else
            fault(reading, item, "a topic must be a word such as offers%s", "");
    }
    return words;
}

/* ---- A channel ---- */

static struct channel_keys read_keys(const struct reading *reading, const struct value *value)
{
    struct channel_keys keys = {.kind = -1};
    const struct config_channels_input *input = reading->input;
    if (value->kind == VALUE_MAP)
        settings_read(config_channels_settings, value, input->source, &keys, input->arena,
                      input->diags);
    else
        keys.gateways = *value;
    return keys;
}

static void read_channel(struct reading *reading, const struct value_member *member)
{
    const char *name = value_to_text(reading->input->arena, &member->key);
    const struct channel_keys keys = read_keys(reading, &member->value);
    struct config_channel *row = &reading->rows[reading->count];
    struct rule_channel known = rule_channel_standard(name);
    if (keys.kind >= 0)
        known.mail = strcmp(kinds[keys.kind], "mail") == 0;
    if (known.mail)
        known.field = "email";
    if (keys.address && !word_is_plain(keys.address, strlen(keys.address)))
        diag_hint(fault(reading, value_get(&member->value, "address"),
                        "`%s` cannot be a field of the customer", keys.address),
                  "%s", word_hint);
    else if (keys.address)
        known.field = keys.address;
    row->name = name;
    row->mail = known.mail;
    if (member->value.kind == VALUE_MAP && keys.gateways.kind == VALUE_NULL)
        row->gateways = arena_zero(reading->input->arena, sizeof *row->gateways); /* told */
    else
        find_gateways(reading, &keys.gateways, row);
    known.topics = read_words(reading, &keys.topics, true);
    known.classes = read_words(reading, &keys.classes, false);
    reading->known[reading->count++] = known;
}

static struct value default_channels(const struct config_channels_input *input)
{
    struct value all = value_new_map(input->arena, 1), list = value_new_list(input->arena, 4);
    for (const struct config_gateway *gateway = input->gateways; gateway->name; gateway++)
        value_push(input->arena, list, value_text(gateway->name));
    value_set(input->arena, all, "email", list);
    return all;
}

static const char *const *mail_names(const struct reading *reading)
{
    const char **names = arena_zero(reading->input->arena, sizeof *names * (reading->count + 2));
    size_t count = 0;
    for (size_t i = 0; i < reading->count; i++)
        if (reading->rows[i].mail)
            names[count++] = reading->rows[i].name;
    if (!rule_channel_find(reading->known, "email"))
        names[count] = "email";
    return names;
}

struct config_channels config_channels_read(const struct config_channels_input *input,
                                            struct value *all)
{
    struct reading reading = {.input = input};
    if (all->kind == VALUE_NULL)
        *all = default_channels(input);
    uint32_t count = all->kind == VALUE_MAP ? value_count(all) : 0;
    reading.rows = arena_zero(input->arena, sizeof *reading.rows * (count + 1));
    reading.known = arena_zero(input->arena, sizeof *reading.known * (count + 1));
    if (all->kind != VALUE_MAP)
        fault(&reading, all, "`channels` must be a mapping of channels to gateways%s", "");
    for (uint32_t i = 0; i < count; i++)
        read_channel(&reading, &all->map->members[i]);
    return (struct config_channels){.rows = reading.rows,
                                    .count = reading.count,
                                    .known = reading.known,
                                    .mail = mail_names(&reading)};
}
