#include "archive/archive_lost.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/json.h"

enum { TEXT_MOST = 1024 };

bool archive_lost_is(const struct archive_lost *lost, int64_t now_ms)
{
    return lost->count > 0 && now_ms - lost->last_ms < ARCHIVE_LOST_MS;
}

void archive_lost_add(struct archive_lost *lost, int64_t count, int64_t now_ms)
{
    if (!archive_lost_is(lost, now_ms))
        *lost = (struct archive_lost){.since_ms = now_ms};
    lost->count += count;
    lost->last_ms = now_ms;
}

void archive_lost_text(const struct archive_lost *lost, struct buf *out)
{
    char since[CLOCK_TEXT_SIZE], last[CLOCK_TEXT_SIZE];
    clock_format(lost->since_ms / 1000 * 1000, since);
    clock_format(lost->last_ms / 1000 * 1000, last);
    buf_printf(out, "events %s not archived: %s; %" PRId64 " lost ", lost->goes_on ? "are" : "were",
               lost->why, lost->count);
    if (lost->goes_on)
        buf_printf(out, "since %s", since);
    else
        buf_printf(out, "from %s to %s", since, last);
}

void archive_lost_write(const struct archive_lost *lost, struct buf *out)
{
    struct buf text;
    buf_init(&text, TEXT_MOST);
    if (lost->count)
        archive_lost_text(lost, &text);
    buf_text(out, "\"archive\":");
    if (lost->count)
        json_print_string(out, buf_string(&text), text.length);
    else
        buf_text(out, "null");
    buf_printf(out, ",\"archive_lost\":%" PRId64, lost->count);
    buf_free(&text);
}
