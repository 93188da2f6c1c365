/* Prints schemas/NAME.schema.json from the tables that read the files. */
#include <stdio.h>
#include <string.h>

#include "base/diag.h"
#include "base/json.h"
#include "base/schema.h"
#include "base/word.h"
#include "config/config.h"
#include "ctl/rule_test_table.h"
#include "rules/rule_read.h"
#include "rules/ruleset.h"
#include "send/gateway_kinds.h"
#include "send/preset.h"
#include "web/mapping.h"

enum { PAGE_MOST = 1 << 22, KINDS_MOST = 64, LINE_MOST = 96 };

/* ---- Gateways: a form for each kind, presets too ---- */

static const struct shape *kind_shape(struct arena *arena, const struct gateway_kind *kind)
{
    const char **names = arena_zero(arena, sizeof *names * 2);
    struct shape *word = arena_zero(arena, sizeof *word), *shape = arena_zero(arena, sizeof *shape);
    struct setting *rows = arena_zero(arena, sizeof *rows * 2);
    names[0] = kind->name;
    *word = (struct shape){.kind = SHAPE_CHOICE, .words = names};
    rows[0] = (struct setting){.key = "kind",
                               .required = true,
                               .help = kind->about ? kind->about : kind->settings[0].help,
                               .shape = word};
    *shape = (struct shape){.kind = SHAPE_KEYS,
                            .name = arena_printf(arena, "gateway-%s", kind->name),
                            .table = kind->settings,
                            .instead = rows};
    return shape;
}

static const struct shape *gateways_shape(struct arena *arena)
{
    const struct shape **kinds = arena_zero(arena, sizeof *kinds * KINDS_MOST);
    struct shape *one = arena_zero(arena, sizeof *one), *all = arena_zero(arena, sizeof *all);
    struct diags diags = {0};
    size_t count = 0;
    for (size_t i = 0; gateway_kinds[i]; i++)
        kinds[count++] = kind_shape(arena, gateway_kinds[i]);
    for (const char *const *name = preset_names(arena); *name && count < KINDS_MOST - 1; name++)
        kinds[count++] = kind_shape(arena, preset_kind(arena, *name, &diags));
    diags_free(&diags);
    *one = (struct shape){.kind = SHAPE_EITHER, .either = kinds};
    *all = (struct shape){
        .kind = SHAPE_MAP, .pattern = "^" WORD_PATTERN "$", .of = one, .least = 1, .most = 64};
    return all;
}

static const struct shape *config_shape(struct arena *arena)
{
    struct setting *rows = arena_zero(arena, sizeof *rows * 2);
    struct shape *shape = arena_zero(arena, sizeof *shape);
    for (const struct setting *row = config_settings; row->key; row++)
        if (strcmp(row->key, "gateways") == 0)
            rows[0] = *row;
    rows[0].shape = gateways_shape(arena);
    *shape = (struct shape){.kind = SHAPE_KEYS, .table = config_settings, .instead = rows};
    return shape;
}

/* ---- Printing: as people would write it ---- */

static void put_value(struct buf *out, const struct value *value, int depth);

static void put_line(struct buf *out, int depth)
{
    buf_printf(out, "\n%*s", depth * 2, "");
}

/* On one line, where it is short and has no mappings. */
static bool put_short(struct buf *out, const struct value *value)
{
    struct buf text;
    buf_init(&text, LINE_MOST);
    bool is_short = json_print(&text, value) && !strchr(buf_string(&text), '{');
    if (is_short)
        buf_text(out, buf_string(&text));
    buf_free(&text);
    return is_short;
}

static void put_items(struct buf *out, const struct value *value, int depth)
{
    bool list = value->kind == VALUE_LIST;
    buf_char(out, list ? '[' : '{');
    for (uint32_t i = 0; i < value_count(value); i++) {
        buf_text(out, i ? "," : "");
        put_line(out, depth + 1);
        if (!list) {
            json_print(out, &value->map->members[i].key);
            buf_text(out, ": ");
        }
        put_value(out, list ? &value->list->items[i] : &value->map->members[i].value, depth + 1);
    }
    put_line(out, depth);
    buf_char(out, list ? ']' : '}');
}

static void put_value(struct buf *out, const struct value *value, int depth)
{
    if (value_count(value) == 0)
        json_print(out, value);
    else if (value->kind != VALUE_LIST || !put_short(out, value))
        put_items(out, value, depth);
}

static bool print_schema(struct arena *arena, const char *title, const char *about,
                         const struct shape *shape, bool may_be_empty)
{
    struct value schema = value_new_map(arena, 8), definitions = value_new_map(arena, 16);
    struct value body = schema_of(arena, shape, definitions);
    struct buf page;
    value_set(arena, schema, "$schema", value_text("http://json-schema.org/draft-07/schema#"));
    value_set(arena, schema, "title", value_text(title));
    value_set(arena, schema, "description", value_text(about));
    for (uint32_t i = 0; i < value_count(&body); i++)
        value_add(arena, schema, body.map->members[i].key, body.map->members[i].value);
    if (may_be_empty) {
        struct value types = value_new_list(arena, 2);
        value_push(arena, types, value_text("object"));
        value_push(arena, types, value_text("null"));
        value_set(arena, schema, "type", types);
    }
    if (value_count(&definitions))
        value_set(arena, schema, "definitions", definitions);
    buf_init(&page, PAGE_MOST);
    put_value(&page, &schema, 0);
    buf_char(&page, '\n');
    fwrite(page.data, 1, page.length, stdout);
    bool complete = !page.full && !fflush(stdout);
    buf_free(&page);
    return complete;
}

static bool print_named(struct arena *arena, const char *name)
{
    if (strcmp(name, "nudged") == 0)
        return print_schema(arena, "nudged.yaml", "The configuration of nudged: nudged.yaml(5)",
                            config_shape(arena), true);
    if (strcmp(name, "rules") == 0)
        return print_schema(arena, "A rule of nudged", "One YAML document: nudged-rules(5)",
                            &rule_shape, false);
    if (strcmp(name, "rule-tests") == 0)
        return print_schema(arena, "A rule test of nudged", "One YAML document: nudgectl-test(1)",
                            &rule_test_shape, false);
    if (strcmp(name, "events") == 0)
        return print_schema(arena, "The event types of a shop", "events.yaml: nudged-rules(5)",
                            &ruleset_events_shape, true);
    if (strcmp(name, "webhooks") == 0)
        return print_schema(arena, "A mapping of nudged",
                            "Which events webhooks become: nudged-webhooks(5)", &mapping_shape,
                            false);
    return false;
}

int main(int argc, char **argv)
{
    struct arena *arena = arena_new(1 << 16);
    bool good = argc == 2 && print_named(arena, argv[1]);
    arena_destroy(&arena);
    if (!good)
        fprintf(stderr, "usage: schemas nudged | rules | rule-tests | events | webhooks\n");
    return good ? 0 : 1;
}
