/* Prints each name that people may write or meet, one a line with its kind, from the tables of the
 * code: tests hold the man pages against it. */
#include <stdio.h>
#include <string.h>

#include "base/metrics.h"
#include "base/settings.h"
#include "cel/cel_function.h"
#include "cel/cel_macros.h"
#include "config/config.h"
#include "decide/trace_reasons.h"
#include "decide/trace_words.h"
#include "liquid/liquid_filters.h"
#include "liquid/liquid_tags.h"
#include "rules/field.h"
#include "rules/rule_clock_read.h"
#include "rules/rule_read.h"
#include "rules/rule_step_kinds.h"
#include "send/gateway_kinds.h"
#include "templates/filter_table.h"
#include "templates/front_matter.h"

enum { FIGURES_MOST = 1 << 20 };

static void put(const char *kind, const char *name)
{
    printf("%s\t%s\n", kind, name);
}

/* Keys of sections with their sections: "redis.url". */
static void put_keys(const char *kind, const struct setting *table, const char *prefix)
{
    char name[256];
    for (; table->key; table++) {
        snprintf(name, sizeof name, "%s%s", prefix, table->key);
        put(kind, name);
        if (table->type != SETTING_SECTION)
            continue;
        strncat(name, ".", sizeof name - strlen(name) - 1);
        put_keys(kind, table->section, name);
    }
}

static void put_all_keys(void)
{
    put_keys("configuration", config_settings, "");
    put_keys("configuration", config_channels_settings, "");
    put_keys("configuration", field_settings, "");
    for (int i = 0; gateway_kinds[i]; i++)
        put_keys("configuration", gateway_kinds[i]->settings, "");
    put_keys("rule", rule_settings, "");
    put_keys("rule", rule_clock_settings, "");
    put_keys("rule", rule_send_settings, "");
    put_keys("rule", rule_wait_settings, "");
    put_keys("rule", rule_split_settings, "");
    put_keys("rule", rule_emit_settings, "");
    put_keys("template", front_matter_settings, "");
}

static void put_templates(void)
{
    const char *filters[LIQUID_FILTER_NAMES_MOST], *tags[LIQUID_TAG_NAMES_MOST];
    liquid_filters_names(filter_table, filters);
    for (size_t i = 0; filters[i]; i++)
        put("filter", filters[i]);
    liquid_tags_names(tags);
    for (size_t i = 0; tags[i]; i++)
        put("tag", tags[i]);
}

static void put_functions(void)
{
    uint32_t cursor = 0;
    for (const struct cel_function *row; (row = cel_function_next(&cursor));)
        put("function", row->name);
    for (size_t i = 0; cel_macros_names[i]; i++)
        put("function", cel_macros_names[i]);
}

static void put_words(void)
{
#define PUT_WHAT(name, word, meaning)   put("what", word);
#define PUT_WHY(name, word, meaning)    put("why", word);
#define PUT_REASON(name, word, meaning) put("reason", word);
    TRACE_WHATS(PUT_WHAT)
    TRACE_WHYS(PUT_WHY)
    TRACE_REASONS(PUT_REASON)
}

static void put_figures(void)
{
    struct buf text;
    buf_init(&text, FIGURES_MOST);
    metrics_format(&text);
    for (const char *at = buf_string(&text); (at = strstr(at, "# TYPE ")); at++)
        printf("figure\t%.*s\n", (int)strcspn(at + 7, " "), at + 7);
    buf_free(&text);
}

int main(void)
{
    put_all_keys();
    put_templates();
    put_functions();
    put_words();
    put_figures();
    return 0;
}
