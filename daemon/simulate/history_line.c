#include "simulate/history_line.h"

#include "base/clock.h"
#include "base/decimal.h"
#include "base/zone.h"
#include "simulate/member_scan.h"

/* The member's value of the object that the text is; NULL: none such, or it is no object. */
static struct slice find_member(struct slice text, const char *name)
{
    struct member_scan scan = member_scan_open(text);
    struct slice named, value;
    while (member_scan_next(&scan, &named, &value))
        if (slice_is(named, name))
            return value;
    return (struct slice){0};
}

/* Behind the digits; NULL where there are none, or over 18. */
static const char *read_digits(const char *at, const char *end, int64_t *number)
{
    const char *digits = at;
    uint64_t read = 0;
    for (; at < end && *at >= '0' && *at <= '9'; at++)
        read = read * 10 + (uint64_t)(*at - '0');
    *number = (int64_t)read;
    return at > digits && at - digits <= 18 ? at : NULL;
}

static bool read_number(struct slice text, int64_t *number)
{
    const char *end = text.text + text.length;
    return text.length && read_digits(text.text, end, number) == end;
}

/* Behind the text, which is a constant, where it stands there; NULL else. */
__attribute__((always_inline)) static inline const char *expect(const char *at, const char *end,
                                                                const char *text)
{
    size_t length = strlen(text);
    at = member_scan_skip_blanks(at, end);
    return (size_t)(end - at) >= length && memcmp(at, text, length) == 0
               ? member_scan_skip_blanks(at + length, end)
               : NULL;
}

/* What stands behind the dash of an entry's id. */
static int64_t sequence_of(struct slice entry)
{
    const char *dash = entry.length ? memchr(entry.text, '-', entry.length) : NULL;
    int64_t sequence;
    return dash && read_digits(dash + 1, entry.text + entry.length, &sequence) ? sequence : 0;
}

/* `"entry":"…",`, where it stands there. */
static const char *read_entry(const char *at, const char *end, struct history_line *found)
{
    const char *text = expect(at, end, "\"entry\":");
    if (!text)
        return at;
    const char *behind = text < end && *text == '"' ? member_scan_skip_string(text, end) : NULL;
    if (!behind)
        return NULL;
    found->sequence = sequence_of(slice_between(text, behind));
    return expect(behind, end, ",");
}

/* As archives are written, in this order of members; with a blank here or there. */
static bool is_archived(struct slice line, struct history_line *found)
{
    const char *at = line.text, *end = line.text + line.length;
    if (line.length < 2 || end[-1] != '}' || end[-2] != '}')
        return false;
    if (!(at = expect(at, end, "{\"received\":")) || !(at = read_digits(at, end, &found->at_ms)) ||
        !(at = expect(at, end, ",")) || !(at = read_entry(at, end, found)) ||
        !(at = expect(at, end, "\"event\":")))
        return false;
    found->event = slice_between(at, end - 1);
    found->timed = true;
    return true;
}

/* The same, written in another way. */
static bool is_archived_otherwise(struct slice line, struct history_line *found)
{
    const struct slice received = find_member(line, "received");
    if (!received.text || find_member(line, "type").text)
        return false;
    const struct slice event = find_member(line, "event");
    if (!event.text || event.text[0] != '{' || !read_number(received, &found->at_ms))
        return false;
    found->event = event;
    found->sequence = sequence_of(find_member(line, "entry"));
    found->timed = true;
    return true;
}

static bool is_number(struct slice text)
{
    for (size_t i = 0; i < text.length; i++)
        if (!memchr("0123456789.eE+-", text.text[i], 15))
            return false;
    return text.length && text.text[0] >= '0' && text.text[0] <= '9';
}

/* As customer/shop_event reads it. */
static bool read_time(struct slice time, const char *zone, int64_t *ms)
{
    if (time.length >= 2 && time.text[0] == '"')
        return zone_parse(zone, time.text + 1, time.length - 2, ms);
    return is_number(time) && clock_of_number(decimal_read(time.text, time.length), ms);
}

struct history_line history_line_of(struct slice line, const char *zone)
{
    struct history_line found = {.event = line};
    line = slice_trim(line, " \t\r");
    if (is_archived(line, &found))
        return found;
    const struct slice time = find_member(line, "time");
    if (time.text)
        found.misdated = !(found.timed = read_time(time, zone, &found.at_ms));
    else
        is_archived_otherwise(line, &found);
    return found;
}
