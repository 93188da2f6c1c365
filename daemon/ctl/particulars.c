/*
 * particulars_text, at the end, puts the parts one behind the other: what delivery tells, the why,
 * the part of a condition, until when; then in brackets all else (add_notes), of which most is a
 * row of a table.
 */
#include "ctl/particulars.h"

#include <inttypes.h>
#include <string.h>

#include "base/duration.h"
#include "base/json.h"
#include "ctl/local_time.h"

enum { TEXT_MOST = 64 * 1024 };

struct telling {
    const struct particulars *of;
    struct buf out;
    uint32_t notes; /* in the brackets */
};

static const struct value *get(const struct telling *telling, const char *name)
{
    return value_get(telling->of->item, name);
}

static void add_string(struct telling *telling, const struct value *text)
{
    buf_add(&telling->out, text->string, text->length);
}

static bool add_text(struct telling *telling, const char *before, const char *name)
{
    const struct value *text = get(telling, name);
    if (!value_is(text, VALUE_STRING))
        return false;
    buf_text(&telling->out, before);
    add_string(telling, text);
    return true;
}

static void add_moment(struct telling *telling, const char *before, int64_t ms)
{
    char time[LOCAL_TIME_SIZE];
    buf_printf(&telling->out, "%s%s", before, local_time_format(telling->of->zone, ms, time));
}

static void add_time(struct telling *telling, const char *before, const char *name)
{
    int64_t ms;
    if (value_to_int(get(telling, name), &ms))
        add_moment(telling, before, ms);
}

/* "a, b", of texts. */
static void add_list(struct telling *telling, const struct value *list)
{
    for (uint32_t i = 0; i < (value_is(list, VALUE_LIST) ? value_count(list) : 0); i++) {
        buf_text(&telling->out, i ? ", " : "");
        if (value_is(&list->list->items[i], VALUE_STRING))
            add_string(telling, &list->list->items[i]);
    }
}

/* ---- Notes in brackets ---- */

static void begin_note(struct telling *telling)
{
    buf_text(&telling->out, telling->notes++ ? "; " : " (");
}

static void add_number(struct telling *telling, const struct value *number)
{
    json_print(&telling->out, number);
}

/* A member that is a text or a number, and what stands before and behind it. */
static const struct note {
    const char *name, *before, *behind;
} notes[] = {
    {"template", "template ", ""},
    {"field", "field ", ""},
    {"to", "to: ", ""},
    {"topic", "topic ", ""},
    {"code", "list ", ""},
    {"hours", "", ""},
    {"zone", "", ""},
    {"split", "split ", ""},
    {"share", "", " % are held out"},
    {"place", "their place is ", ""},
    {"under", "said under the ", " alone"},
    {"by", "by ", ""},
    {"count", "now ", " events"},
};

static void add_plain_notes(struct telling *telling)
{
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
        const struct value *value = get(telling, notes[i].name);
        if (!value)
            continue;
        begin_note(telling);
        buf_text(&telling->out, notes[i].before);
        if (value->kind == VALUE_STRING)
            add_string(telling, value);
        else
            add_number(telling, value);
        buf_text(&telling->out, notes[i].behind);
    }
}

static void add_time_notes(struct telling *telling)
{
    int64_t ms;
    bool past = value_is_text(get(telling, "why"), "past");
    bool ended = value_is_text(get(telling, "why"), "until");
    if (value_to_int(get(telling, "since"), &ms)) {
        begin_note(telling);
        add_moment(telling, past ? "it was " : ended ? "at " : "since ", ms);
    }
}

static void add_list_note(struct telling *telling, const char *name, const char *before)
{
    const struct value *list = get(telling, name);
    if (!value_count(list))
        return;
    begin_note(telling);
    buf_text(&telling->out, before);
    add_list(telling, list);
}

/* "said no to all". */
static void add_word(struct telling *telling)
{
    if (get(telling, "opt_in")) {
        begin_note(telling);
        buf_text(&telling->out, "it needs a yes of its own");
    }
    if (!get(telling, "said"))
        return;
    begin_note(telling);
    add_text(telling, "said ", "said");
    add_text(telling, " to ", "on");
}

static void add_taker(struct telling *telling, const struct value *taker)
{
    const struct value *rule = value_get(taker, "rule"), *mid = value_get(taker, "mid");
    int64_t ms;
    begin_note(telling);
    buf_text(&telling->out, "taken by ");
    if (value_is(rule, VALUE_STRING))
        add_string(telling, rule);
    if (value_to_int(value_get(taker, "at"), &ms))
        add_moment(telling, " at ", ms);
    if (value_is(mid, VALUE_STRING)) {
        buf_text(&telling->out, " mid=");
        add_string(telling, mid);
    }
}

/* "3 per 7d; taken by welcome at …; a place is free at …". */
static void add_places(struct telling *telling)
{
    const struct value *took = get(telling, "took");
    char per[DURATION_TEXT_SIZE];
    int64_t most, per_ms, more;
    if (!value_to_int(get(telling, "most"), &most))
        return;
    begin_note(telling);
    if (value_to_int(get(telling, "per"), &per_ms))
        buf_printf(&telling->out, "%" PRId64 " per %s", most, duration_format(per_ms, per));
    else
        buf_printf(&telling->out, "at most %s", duration_format(most, per));
    for (uint32_t i = 0; i < (value_is(took, VALUE_LIST) ? value_count(took) : 0); i++)
        add_taker(telling, &took->list->items[i]);
    if (value_to_int(get(telling, "took_more"), &more))
        buf_printf(&telling->out, " and %" PRId64 " before", more);
    if (get(telling, "free")) {
        begin_note(telling);
        add_time(telling, "a place is free at ", "free");
    }
}

/* ---- Conditions ---- */

/* "cart.total: 12.5"; what is a bare field says so itself. */
static void add_seen(struct telling *telling)
{
    const struct value *saw = get(telling, "saw"), *lacks = get(telling, "lacks");
    for (uint32_t i = 0; i < (value_is(saw, VALUE_MAP) ? value_count(saw) : 0); i++) {
        const struct value_member *member = &saw->map->members[i];
        begin_note(telling);
        add_string(telling, &member->key);
        buf_text(&telling->out, ": ");
        json_print(&telling->out, &member->value);
    }
    for (uint32_t i = 0; i < (value_is(lacks, VALUE_LIST) ? value_count(lacks) : 0); i++) {
        begin_note(telling);
        if (value_is(&lacks->list->items[i], VALUE_STRING))
            add_string(telling, &lacks->list->items[i]);
        buf_text(&telling->out, " is not there");
    }
}

static void add_part(struct telling *telling)
{
    const struct value *within = get(telling, "in");
    bool part = get(telling, "no") || get(telling, "yes");
    for (uint32_t i = 0; part && i < (value_is(within, VALUE_LIST) ? value_count(within) : 0); i++)
        if (value_is(&within->list->items[i], VALUE_STRING)) {
            buf_text(&telling->out, ": ");
            add_string(telling, &within->list->items[i]);
        }
    add_text(telling, ": ", "no");
    add_text(telling, ": ", "yes");
}

static void add_notes(struct telling *telling)
{
    bool refused = value_is_text(get(telling, "what"), "refused");
    add_plain_notes(telling);
    if (refused && get(telling, "reason")) {
        begin_note(telling);
        add_text(telling, "", "reason");
    }
    add_word(telling);
    add_time_notes(telling);
    add_list_note(telling, "only", "only ");
    add_list_note(telling, "or", "or at ");
    add_places(telling);
    add_seen(telling);
    if (telling->notes)
        buf_char(&telling->out, ')');
}

/* ---- All of it ---- */

/* Of a run of equal failures, which is told once. */
static void add_run(struct telling *telling)
{
    int64_t times;
    if (!value_to_int(get(telling, "times"), &times))
        return;
    buf_printf(&telling->out, " ×%" PRId64, times);
    add_time(telling, ", first ", "first");
    add_moment(telling, ", last ", telling->of->at_ms);
}

static void add_why(struct telling *telling)
{
    bool part = get(telling, "no") && value_is_text(get(telling, "why"), "if");
    if (!part)
        add_text(telling, ": ", "why");
    add_text(telling, ": ", "fault");
}

/* The rules that share the outcome. */
static void add_rules(struct telling *telling)
{
    int64_t more;
    if (value_count(get(telling, "rules"))) {
        buf_text(&telling->out, ": ");
        add_list(telling, get(telling, "rules"));
    }
    if (value_to_int(get(telling, "more"), &more))
        buf_printf(&telling->out, " and %" PRId64 " more", more);
}

const char *particulars_text(const struct particulars *particulars)
{
    struct telling telling = {.of = particulars};
    buf_init(&telling.out, TEXT_MOST);
    add_run(&telling);
    if (!value_is_text(get(&telling, "what"), "refused"))
        add_text(&telling, ", ", "reason");
    add_text(&telling, " by ", "gateway");
    add_why(&telling);
    add_part(&telling);
    add_rules(&telling);
    add_time(&telling, " until ", "until");
    add_notes(&telling);
    add_text(&telling, " mid=", "mid");
    add_text(&telling, " id=", "gateway_id");
    const char *text = arena_copy(particulars->arena, buf_string(&telling.out), telling.out.length);
    buf_free(&telling.out);
    return text;
}
