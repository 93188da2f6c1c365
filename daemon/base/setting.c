#include "base/setting.h"

#include <string.h>

#include "base/buf.h"
#include "base/duration.h"
#include "base/size.h"

static void put_bound(struct buf *out, const struct setting *setting, int64_t bound)
{
    char duration[DURATION_TEXT_SIZE], size[SIZE_TEXT_SIZE];
    if (setting->type == SETTING_DURATION)
        buf_text(out, duration_format(bound, duration));
    else if (setting->type == SETTING_SIZE)
        buf_text(out, size_format(bound, size));
    else if (setting->type == SETTING_CLOCK)
        buf_printf(out, "%02d:%02d", (int)(bound / 60), (int)(bound % 60));
    else
        buf_printf(out, "%lld", (long long)bound);
}

const char *setting_range(const struct setting *setting, char out[SETTING_RANGE_SIZE])
{
    struct buf text;
    buf_init(&text, SETTING_RANGE_SIZE - 1);
    bool none = setting->least == 0 && setting->most == 0;
    bool from = !none && setting->least != INT64_MIN, to = !none && setting->most != INT64_MAX;
    if (from || to)
        buf_text(&text, from && to ? "between " : from ? "at least " : "at most ");
    if (from)
        put_bound(&text, setting, setting->least);
    if (from && to)
        buf_text(&text, " and ");
    if (to)
        put_bound(&text, setting, setting->most);
    memcpy(out, buf_string(&text), text.length + 1);
    buf_free(&text);
    return out;
}
