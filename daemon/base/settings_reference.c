#include "base/settings.h"

#include <stdio.h>

static const char *const type_names[] = {
    [SETTING_TEXT] = "text",           [SETTING_BOOL] = "true or false",
    [SETTING_INT] = "integer",         [SETTING_DURATION] = "duration",
    [SETTING_SIZE] = "size",           [SETTING_CHOICE] = "choice",
    [SETTING_RATE] = "rate",           [SETTING_CLOCK] = "time of day",
    [SETTING_TEXTS] = "list of texts", [SETTING_EXPRESSION] = "expression",
    [SETTING_VALUE] = "any value",     [SETTING_SECTION] = "section",
};

static const char *const changed_by[] = {
    [SETTING_RESTART] = "restart",
    [SETTING_RELOAD] = "reload",
    [SETTING_BY_PART] = "each key its own way",
};

/* "|" would end the cell, also within code, and a line's end the row. */
static void put_escaped(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            buf_char(out, '\\');
        buf_char(out, *text == '\n' ? ' ' : *text);
    }
}

static void put_code(struct buf *out, const char *text)
{
    buf_char(out, '`');
    put_escaped(out, text);
    buf_char(out, '`');
}

static void put_default(struct buf *out, const struct setting *setting)
{
    if (setting->required)
        buf_text(out, "required");
    else if (setting->fallback)
        put_code(out, setting->fallback);
    buf_text(out, " | ");
}

static void put_range(struct buf *out, const struct setting *setting)
{
    char range[SETTING_RANGE_SIZE];
    if (setting->type == SETTING_CHOICE) {
        for (int i = 0; setting->choices[i]; i++) {
            buf_text(out, i ? ", " : "");
            put_code(out, setting->choices[i]);
        }
    } else {
        buf_text(out, setting_range(setting, range));
    }
    buf_text(out, " | ");
}

/* `prefix`: "" or the sections around the table, each with its dot. */
static void put_rows(struct buf *out, const struct setting *table, const char *prefix)
{
    for (const struct setting *setting = table; setting->key; setting++) {
        buf_printf(out, "| `%s%s` | %s | ", prefix, setting->key, type_names[setting->type]);
        put_default(out, setting);
        put_range(out, setting);
        if (setting->type != SETTING_SECTION)
            buf_text(out, changed_by[setting->reload]);
        buf_text(out, " | ");
        put_escaped(out, setting->help ? setting->help : "");
        buf_text(out, " |\n");
        if (setting->type != SETTING_SECTION)
            continue;
        char inner[256];
        snprintf(inner, sizeof inner, "%s%s.", prefix, setting->key);
        put_rows(out, setting->section, inner);
    }
}

bool settings_reference(const struct setting *table, struct buf *out)
{
    buf_text(out, "| Key | Type | Default | Range | Changed by | What it does |\n"
                  "| --- | --- | --- | --- | --- | --- |\n");
    put_rows(out, table, "");
    return !out->full;
}
