#include "base/settings.h"

#include <stdio.h>
#include <string.h>

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Whether two fields of a setting that is no section hold the same. */
static bool same_field(const struct setting *setting, const void *a, const void *b)
{
    const struct setting_rate *one = a, *two = b;
    switch (setting->type) {
    case SETTING_TEXT:
        return same_text(*(const char *const *)a, *(const char *const *)b);
    case SETTING_BOOL:
        return *(const bool *)a == *(const bool *)b;
    case SETTING_INT:
    case SETTING_DURATION:
    case SETTING_SIZE:
        return *(const int64_t *)a == *(const int64_t *)b;
    case SETTING_CHOICE:
    case SETTING_CLOCK:
        return *(const int *)a == *(const int *)b;
    case SETTING_RATE:
        return one->count == two->count && one->per_ms == two->per_ms;
    case SETTING_TEXTS:
    case SETTING_EXPRESSION:
    case SETTING_VALUE:
        return value_equal(a, b);
    case SETTING_SECTION:
        break;
    }
    return true;
}

static bool waits_for_restart(const struct setting *setting)
{
    return setting->reload == SETTING_RESTART;
}

void settings_changed(const struct setting *table, const char *prefix, const void *before,
                      const void *after, struct buf *out)
{
    for (const struct setting *setting = table; setting->key; setting++) {
        const void *one = (const char *)before + setting->offset,
                   *two = (const char *)after + setting->offset;
        char name[256];
        snprintf(name, sizeof name, "%s%s", prefix, setting->key);
        if (!waits_for_restart(setting))
            continue;
        if (setting->type == SETTING_SECTION) {
            strncat(name, ".", sizeof name - strlen(name) - 1);
            settings_changed(setting->section, name, one, two, out);
        } else if (!same_field(setting, one, two)) {
            buf_printf(out, "%s%s", out->length ? ", " : "", name);
        }
    }
}

/* Of the C type that stands behind each. */
static size_t field_size(enum setting_type type)
{
    static const size_t sizes[] = {
        [SETTING_TEXT] = sizeof(char *),        [SETTING_BOOL] = sizeof(bool),
        [SETTING_INT] = sizeof(int64_t),        [SETTING_DURATION] = sizeof(int64_t),
        [SETTING_SIZE] = sizeof(int64_t),       [SETTING_CHOICE] = sizeof(int),
        [SETTING_CLOCK] = sizeof(int),          [SETTING_RATE] = sizeof(struct setting_rate),
        [SETTING_TEXTS] = sizeof(struct value), [SETTING_EXPRESSION] = sizeof(struct value),
        [SETTING_VALUE] = sizeof(struct value), [SETTING_SECTION] = 0,
    };
    return sizes[type];
}

void settings_keep(const struct setting *table, const void *before, void *after)
{
    for (const struct setting *setting = table; setting->key; setting++) {
        const void *from = (const char *)before + setting->offset;
        void *into = (char *)after + setting->offset;
        if (!waits_for_restart(setting))
            continue;
        if (setting->type == SETTING_SECTION)
            settings_keep(setting->section, from, into);
        else
            memcpy(into, from, field_size(setting->type));
    }
}
