/* Prints docs/reference.md from the tables that read the files, and those of words. */
#include <stdio.h>
#include <string.h>

#include "base/metrics.h"
#include "base/settings.h"
#include "config/config.h"
#include "ctl/exit_codes.h"
#include "decide/trace_reasons.h"
#include "decide/trace_words.h"
#include "rules/field.h"
#include "rules/rule_clock_read.h"
#include "rules/rule_read.h"
#include "rules/rule_step_kinds.h"
#include "send/gateway_kinds.h"
#include "send/http.h"
#include "send/preset.h"
#include "templates/front_matter.h"

enum { PAGE_MOST = 1 << 20 };

static void put_table(struct buf *out, const char *title, const char *about,
                      const struct setting *table)
{
    buf_printf(out, "\n## %s\n\n%s\n\n", title, about);
    settings_reference(table, out);
}

struct word {
    const char *word, *meaning;
};

static void put_words(struct buf *out, const char *title, const char *about,
                      const struct word *words, size_t count)
{
    buf_printf(out, "\n## %s\n\n%s\n\n| Word | Meaning |\n| --- | --- |\n", title, about);
    for (size_t i = 0; i < count; i++)
        buf_printf(out, "| `%s` | %s |\n", words[i].word, words[i].meaning);
}

#define WORD(name, word, meaning) {word, meaning},
#define COUNT(array)              (sizeof array / sizeof *(array))

static void put_all_words(struct buf *out)
{
    static const struct word whats[] = {TRACE_WHATS(WORD)}, whys[] = {TRACE_WHYS(WORD)},
                             reasons[] = {TRACE_REASONS(WORD)};
    put_words(out, "What was done",
              "`what` in a line of a customer's trace, as `nudgectl explain` prints it.", whats,
              COUNT(whats));
    put_words(out, "Why",
              "`why` behind it. Where it is none of these it is what failed in an expression, the "
              "template that is sent, or a gateway's answer.",
              whys, COUNT(whys));
    put_words(out, "The reason of a dead letter",
              "Of a journey or a message. That of an event or a timer is in [events](events.md).",
              reasons, COUNT(reasons));
}

#define EXIT_ROW(number, name, meaning)                                                         \
    buf_printf(out, "| %d | %s%s%s | %s |\n", number, *name ? "`" : "", name, *name ? "`" : "", \
               meaning);

static void put_exit_codes(struct buf *out)
{
    buf_text(out, "\n## How nudgectl ends\n\nIts exit status; the names are those of "
                  "sysexits(3).\n\n| Status | Name | Meaning |\n| --- | --- | --- |\n");
    EXIT_CODES(EXIT_ROW)
}

/* Of the rows of a preset those that are not as of kind http. */
static void put_preset(struct buf *out, const struct gateway_kind *kind)
{
    struct setting rows[64];
    size_t count = 0;
    char title[64], about[256];
    for (size_t i = 0; kind->settings[i].key; i++) {
        const struct setting *row = &kind->settings[i], *same = http_kind.settings;
        while (same->key && strcmp(same->key, row->key) != 0)
            same++;
        if (row >= kind->own || row->fallback != same->fallback || row->section != same->section)
            rows[count++] = *row;
    }
    rows[count] = (struct setting){0};
    snprintf(title, sizeof title, "A gateway of kind `%s`", kind->name);
    snprintf(about, sizeof about, "%s. A preset: `http`, with these of its own.", kind->about);
    put_table(out, title, about, rows);
}

static void put_presets(struct buf *out)
{
    struct arena *arena = arena_new(16384);
    struct diags diags = {0};
    for (const char *const *name = preset_names(arena); *name; name++) {
        const struct gateway_kind *kind = preset_kind(arena, *name, &diags);
        if (kind)
            put_preset(out, kind);
    }
    diags_free(&diags);
    arena_destroy(&arena);
}

static void put_figures(struct buf *out)
{
    buf_text(out,
             "\n## Figures\n\n"
             "What `GET /metrics` tells ([operations](operations.md#figures)), in its order.\n\n"
             "| Figure | Type | Labels | Meaning |\n| --- | --- | --- | --- |\n");
    for (int i = 0; i < METRIC_COUNT; i++) {
        const struct metric_row *row = metrics_row((enum metric)i);
        buf_printf(out, "| `%s` | %s | %s | %s |\n", row->name, metrics_kind_word(row->kind),
                   row->labels, row->help);
    }
}

int main(void)
{
    struct buf page;
    buf_init(&page, PAGE_MOST);
    buf_text(&page, "# Reference\n\n"
                    "Every key of the files that nudged reads, and every word by which it tells "
                    "what it did. This page is made from the tables in the code: "
                    "`./dev reference`.\n\n"
                    "Durations are written `500ms`, `30s`, `5m`, `1h`, `7d`, `2w`; sizes `512`, "
                    "`64KiB`, `1MiB`; rates `3 per 7d`.\n");
    put_table(&page, "nudged.yaml", "The configuration. All keys are optional.", config_settings);
    for (int i = 0; gateway_kinds[i]; i++) {
        char title[64], about[128];
        snprintf(title, sizeof title, "A gateway of kind `%s`", gateway_kinds[i]->name);
        snprintf(about, sizeof about, "Below `gateways:` of nudged.yaml, by a name of its own.");
        put_table(&page, title, about, gateway_kinds[i]->settings);
    }
    put_presets(&page);
    put_table(
        &page, "A channel",
        "Below `channels:` of nudged.yaml, by a name of its own; or in short one gateway, or a "
        "list of them.",
        config_channels_settings);
    put_table(&page, "A rule", "One YAML document of `rules/*.yaml`.", rule_settings);
    put_table(&page, "A clock", "`on: {…}` of a rule that begins at a time.", rule_clock_settings);
    put_table(&page, "The step `send`", "With more than a name: `send: {template: …}`.",
              rule_send_settings);
    put_table(&page, "The step `wait`",
              "With more than a length of time: `wait: {until: …}`, `wait: {for: …, or: …}`.",
              rule_wait_settings);
    put_table(&page, "The step `split`", "`split: {…}`, with `then` beside it.",
              rule_split_settings);
    put_table(&page, "The step `emit`", "`emit: {…}`.", rule_emit_settings);
    put_table(&page, "A computed field",
              "Below `customer.fields:` of nudged.yaml, by its name; an `on` may be a list of "
              "{on, if, set}.",
              field_settings);
    put_table(&page, "The front matter of a template",
              "Between two lines `---` at its top. All keys are optional.", front_matter_settings);
    put_all_words(&page);
    put_exit_codes(&page);
    put_figures(&page);
    fwrite(page.data, 1, page.length, stdout);
    bool complete = !page.full && !fflush(stdout);
    buf_free(&page);
    return complete ? 0 : 1;
}
