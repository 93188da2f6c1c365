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

static void put_changed(const struct setting *table, const char *prefix, const void *a,
                        const void *b, struct buf *out)
{
    for (const struct setting *setting = table; setting->key; setting++) {
        const void *one = (const char *)a + setting->offset,
                   *two = (const char *)b + setting->offset;
        char name[256];
        snprintf(name, sizeof name, "%s%s", prefix, setting->key);
        if (setting->planned || setting->reload == SETTING_RELOAD)
            continue;
        if (setting->type == SETTING_SECTION) {
            strncat(name, ".", sizeof name - strlen(name) - 1);
            put_changed(setting->section, name, one, two, out);
        } else if (!same_field(setting, one, two)) {
            buf_printf(out, "%s%s", out->length ? ", " : "", name);
        }
    }
}

void settings_changed(const struct setting *table, const void *before, const void *after,
                      struct buf *out)
{
    put_changed(table, "", before, after, out);
}
