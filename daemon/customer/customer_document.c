/*
 * The customer's document, read from its JSON (customer_print prints it).
 *
 * Reading (customer_read, at the end) trusts nobody who wrote to Redis: what is missing or of
 * another kind is empty, numbers are held within ranges with which sums never overflow. Only what
 * is no JSON, or of a newer format, is a fault; one of an older format becomes what it would be in
 * this one.
 */
#include <string.h>

#include "base/decimal.h"
#include "base/json.h"
#include "customer/customer.h"
#include "customer/customer_ends.h"
#include "customer/customer_profile.h"
#include "customer/customer_starts.h"
#include "customer/said.h"

static const struct json_limits limits = {
    .bytes = CUSTOMER_DOCUMENT_MOST + 1024, .depth = 48, .nodes = 65536, .duplicate_keys = true};

/* ---- Reading ---- */

static const char *text_of(struct arena *arena, const struct value *map, const char *name)
{
    const char *text = value_to_text(arena, value_get(map, name));
    return text ? text : "";
}

/* NULL where it is none. */
static const char *some_text_of(struct arena *arena, const struct value *map, const char *name)
{
    return value_to_text(arena, value_get(map, name));
}

static int64_t int_of(const struct value *map, const char *name)
{
    int64_t number;
    return value_to_int(value_get(map, name), &number) ? number : 0;
}

/* Whoever wrote the document: sums with these never overflow. */
static int64_t within(int64_t number, int64_t least, int64_t most)
{
    return number < least ? least : number > most ? most : number;
}

static int64_t count_of(const struct value *map, const char *name)
{
    return within(int_of(map, name), 0, INT32_MAX);
}

/* Years 0 to 9999. */
static int64_t clamp_time(int64_t ms)
{
    return within(ms, -62167219200000, 253402300799999);
}

static int64_t time_of(const struct value *map, const char *name)
{
    return clamp_time(int_of(map, name));
}

static struct value map_of(struct arena *arena, const struct value *map, const char *name)
{
    const struct value *value = value_get(map, name);
    return value_is(value, VALUE_MAP) ? *value : value_new_map(arena, 0);
}

static bool flag_of(const struct value *map, const char *name)
{
    const struct value *value = value_get(map, name);
    return value_is(value, VALUE_BOOL) && value->boolean;
}

static struct value any_of(const struct value *map, const char *name)
{
    const struct value *value = value_get(map, name);
    return value ? *value : value_null();
}

/* The shape of an event's document, with data alone. */
static struct value event_of(struct arena *arena, struct value data)
{
    struct value event = value_new_map(arena, 1);
    value_add(arena, event, value_text("data"), data);
    return event;
}

/* What is kept of the event that started something, for its `until`; null: nothing. */
static struct value reads_of(struct arena *arena, const struct value *map)
{
    const struct value *reads = value_get(map, "reads");
    if (value_is(reads, VALUE_BOOL))
        return *reads;
    return value_is(reads, VALUE_MAP) ? event_of(arena, *reads) : value_null();
}

/* A document of format 1 has these events within it: the one that started an item, with data at
 * least; NULL. */
static const struct value *inline_start(const struct value *item)
{
    const struct value *start = value_get(item, "start");
    return value_is(value_get(start, "data"), VALUE_MAP) ? start : NULL;
}

/* Some texts are left out where they are no texts. */
static const char *const *texts_of(struct arena *arena, const struct value *map, const char *name)
{
    const struct value *list = value_get(map, name);
    if (!value_is(list, VALUE_LIST))
        return NULL;
    const char **texts = arena_alloc(arena, sizeof *texts * (value_count(list) + 1));
    uint32_t count = 0;
    for (uint32_t i = 0; i < value_count(list); i++)
        if (value_is(&list->list->items[i], VALUE_STRING))
            texts[count++] = value_to_text(arena, &list->list->items[i]);
    texts[count] = NULL;
    return texts;
}

static struct customer_until until_of(struct arena *arena, const struct value *map)
{
    return (struct customer_until){
        .types = texts_of(arena, map, "until"),
        .condition = value_to_text(arena, value_get(map, "until_if")),
    };
}

static struct customer_until or_of(struct arena *arena, const struct value *map)
{
    return (struct customer_until){
        .types = texts_of(arena, map, "or"),
        .condition = value_to_text(arena, value_get(map, "or_if")),
    };
}

/* What a time is further than the one before; both are within the years. */
static int64_t after(int64_t before_ms, int64_t further_ms)
{
    enum { YEARS = 10000 };
    const int64_t most = YEARS * 366LL * 86400000;
    return clamp_time(before_ms + within(further_ms, -most, most));
}

/* From format 3 on times of a list are told by how much later they are than the one before. */
static bool tells_differences(const struct value *root)
{
    return int_of(root, "format") >= 3;
}

/* Allocates `list` for the items of root's list `name`; the items. */
#define READ_LIST(arena, list, root, name, from)                                     \
    const struct value *from = value_get(root, name);                                \
    (list).capacity = value_is(from, VALUE_LIST) ? value_count(from) : 0;            \
    (list).items = arena_alloc(arena, sizeof *(list).items * ((list).capacity + 1)); \
    (list).count = 0;                                                                \
    for (uint32_t i = 0; i < (list).capacity; i++)

static void read_times(struct customer_count *count, const struct value *times, bool differences)
{
    uint32_t known = value_is(times, VALUE_LIST) ? value_count(times) : 0;
    int64_t ms, before_ms = 0;
    for (uint32_t i = 0; i < known && i < CUSTOMER_TIMES_MOST; i++) {
        if (!value_to_int(&times->list->items[i], &ms))
            continue;
        before_ms = differences ? after(before_ms, ms) : clamp_time(ms);
        count->times[count->time_count++] = before_ms;
    }
}

static void read_counts(struct arena *arena, struct customer *customer, const struct value *root)
{
    READ_LIST(arena, customer->counts, root, "counts", from)
    {
        const struct value *item = &from->list->items[i];
        struct customer_count *count = &customer->counts.items[customer->counts.count++];
        *count = (struct customer_count){.type = text_of(arena, item, "type"),
                                         .count = count_of(item, "n"),
                                         .first_ms = time_of(item, "first"),
                                         .last_ms = time_of(item, "last")};
        read_times(count, value_get(item, "times"), tells_differences(root));
        if (count->time_count && !value_get(item, "first"))
            count->first_ms = count->times[0];
        if (count->time_count && !value_get(item, "last"))
            count->last_ms = count->times[count->time_count - 1];
    }
}

/* Of formats before 3. */
static struct customer_send send_of_map(struct arena *arena, const struct value *item)
{
    return (struct customer_send){.mid = text_of(arena, item, "mid"),
                                  .rule = text_of(arena, item, "rule"),
                                  .run = text_of(arena, item, "run"),
                                  .per = some_text_of(arena, item, "per"),
                                  .at_ms = time_of(item, "at"),
                                  .started_ms = time_of(item, "started"),
                                  .until_ms = time_of(item, "until"),
                                  .marketing = flag_of(item, "marketing")};
}

/* A member of a row; NULL: it ends before. */
static const struct value *member_of(const struct value *row, uint32_t place)
{
    return place < value_count(row) ? &row->list->items[place] : NULL;
}

static const char *row_text(struct arena *arena, const struct value *row, uint32_t place)
{
    const char *text = value_to_text(arena, member_of(row, place));
    return text ? text : "";
}

static int64_t row_int(const struct value *row, uint32_t place)
{
    int64_t number;
    return value_to_int(member_of(row, place), &number) ? number : 0;
}

static void read_totals(struct arena *arena, struct customer *customer, const struct value *root)
{
    READ_LIST(arena, customer->totals, root, "totals", from)
    {
        const struct value *item = &from->list->items[i];
        customer->totals.items[customer->totals.count++] =
            (struct customer_total){.rule = text_of(arena, item, "rule"),
                                    .count = count_of(item, "n"),
                                    .last_ms = time_of(item, "last")};
    }
}

/* The rule of a send, or its place in the totals. */
static const char *row_rule(struct arena *arena, const struct customer *customer,
                            const struct value *row)
{
    int64_t place;
    if (!value_to_int(member_of(row, 1), &place))
        return row_text(arena, row, 1);
    return place >= 0 && place < customer->totals.count ? customer->totals.items[place].rule : "";
}

/* Its run, or by how much the event that began it stands further in `seen` than the one before. */
static const char *row_run(struct arena *arena, const struct customer *customer,
                           const struct value *row, int64_t *before)
{
    int64_t further;
    if (!value_to_int(member_of(row, 2), &further))
        return row_text(arena, row, 2);
    int64_t place = *before + within(further, -CUSTOMER_SEEN_MOST, CUSTOMER_SEEN_MOST);
    if (place < 0 || place >= customer->seen.count)
        return "";
    *before = place;
    return arena_text(arena, customer->seen.items[place].identity);
}

static struct customer_send send_of_row(struct arena *arena, const struct customer *customer,
                                        const struct value *row, int64_t before_ms, int64_t *seen)
{
    int64_t at_ms = after(before_ms, row_int(row, 3)), counted_ms = row_int(row, 5);
    return (struct customer_send){.mid = row_text(arena, row, 0),
                                  .rule = row_rule(arena, customer, row),
                                  .run = row_run(arena, customer, row, seen),
                                  .at_ms = at_ms,
                                  .started_ms = after(at_ms, -row_int(row, 4)),
                                  .until_ms = counted_ms > 0 ? after(at_ms, counted_ms) : 0,
                                  .marketing = row_int(row, 6) == 1,
                                  .per = value_to_text(arena, member_of(row, 7))};
}

static void read_sends(struct arena *arena, struct customer *customer, const struct value *root)
{
    int64_t before_ms = 0, seen = 0;
    READ_LIST(arena, customer->sends, root, "sends", from)
    {
        const struct value *item = &from->list->items[i];
        customer->sends.items[i] = value_is(item, VALUE_LIST)
                                       ? send_of_row(arena, customer, item, before_ms, &seen)
                                       : send_of_map(arena, item);
        before_ms = customer->sends.items[i].at_ms;
        customer->sends.count++;
    }
}

/* Where the start of an open message is. */
static void learn_open_start(struct arena *arena, struct customer *customer,
                             const struct value *item)
{
    struct customer_open *open = &customer->open.items[customer->open.count - 1];
    const struct value *start = inline_start(item);
    if (start) {
        open->reads = event_of(arena, *value_get(start, "data"));
        customer_starts_add(arena, customer, open->origin, start);
    } else if (open->reads.kind != VALUE_NULL) {
        customer_starts_note(arena, customer, open->origin);
    }
}

static struct customer_open open_of_map(struct arena *arena, const struct value *item)
{
    return (struct customer_open){.mid = text_of(arena, item, "mid"),
                                  .rule = text_of(arena, item, "rule"),
                                  .origin = text_of(arena, item, "origin"),
                                  .topic = text_of(arena, item, "topic"),
                                  .per = some_text_of(arena, item, "per"),
                                  .started_ms = time_of(item, "started"),
                                  .give_up_ms = time_of(item, "give_up"),
                                  .until = until_of(arena, item),
                                  .reads = reads_of(arena, item),
                                  .marketing = flag_of(item, "marketing")};
}

/* The row before: the place of its send, and how long after that its `give_up` is. */
struct open_before {
    int64_t place, wait_ms;
};

/* A row: what it has in common with its send stands there alone. */
static struct customer_open open_of_row(struct arena *arena, const struct customer *customer,
                                        const struct value *row, struct open_before *before)
{
    const struct value *rest = member_of(row, 2);
    int64_t place = before->place + within(row_int(row, 0), 0, INT32_MAX);
    before->wait_ms = after(before->wait_ms, row_int(row, 1));
    if (place < 0 || place >= customer->sends.count)
        return open_of_map(arena, NULL);
    before->place = place;
    const struct customer_send *send = &customer->sends.items[place];
    return (struct customer_open){.mid = send->mid,
                                  .rule = send->rule,
                                  .origin = send->run,
                                  .topic = value_get(rest, "topic") ? text_of(arena, rest, "topic")
                                                                    : said_all,
                                  .per = send->per,
                                  .started_ms = send->started_ms,
                                  .give_up_ms = after(send->at_ms, before->wait_ms),
                                  .until = until_of(arena, rest),
                                  .reads = reads_of(arena, rest),
                                  .marketing = send->marketing};
}

static void read_open(struct arena *arena, struct customer *customer, const struct value *root)
{
    struct open_before before = {0};
    READ_LIST(arena, customer->open, root, "open", from)
    {
        const struct value *item = &from->list->items[i];
        customer->open.items[customer->open.count++] =
            value_is(item, VALUE_LIST) ? open_of_row(arena, customer, item, &before)
                                       : open_of_map(arena, item);
        learn_open_start(arena, customer, item);
    }
}

/* Of a journey that collects: origin, time, bytes, origin, time, bytes, … */
static void read_collected(struct arena *arena, struct customer *customer,
                           struct customer_journey *journey, const struct value *item)
{
    const struct value *from = value_get(item, "collected");
    uint32_t most = value_is(from, VALUE_LIST) ? value_count(from) / 3 : 0;
    for (uint32_t i = 0; i < most && journey->collected.count < CUSTOMER_COLLECTED_MOST; i++) {
        const struct value *at = &from->list->items[3 * i];
        struct customer_collected collected = {.origin = value_to_text(arena, at)};
        if (!collected.origin || !value_to_int(at + 1, &collected.at_ms) ||
            !value_to_int(at + 2, &collected.bytes))
            continue;
        collected.at_ms = clamp_time(collected.at_ms);
        collected.bytes = within(collected.bytes, 0, CUSTOMER_COLLECTED_BYTES);
        CUSTOMER_LIST_PUSH(arena, journey->collected, collected);
        customer_starts_note(arena, customer, collected.origin);
    }
}

/* Where the start of a journey is, and what is left out as it is the same as another member. */
static void learn_journey_start(struct arena *arena, struct customer *customer,
                                const struct value *item)
{
    struct customer_journey *journey = &customer->journeys.items[customer->journeys.count - 1];
    const struct value *start = inline_start(item);
    if (!value_get(item, "clock"))
        journey->clock_ms = journey->deadline_ms;
    if (start) {
        journey->start = *start;
        customer_starts_add(arena, customer, journey->origin, start);
    } else {
        customer_starts_note(arena, customer, journey->origin);
    }
    read_collected(arena, customer, journey, item);
    if (journey->met)
        customer_starts_note(arena, customer, journey->met);
}

static struct value given_of(const struct value *item)
{
    const struct value *given = value_get(item, "given");
    return value_is(given, VALUE_MAP) ? *given : value_null();
}

static struct value sent_of(const struct value *item)
{
    const struct value *sent = value_get(item, "sent");
    return value_is(sent, VALUE_LIST) ? *sent : value_null();
}

static void read_journeys(struct arena *arena, struct customer *customer, const struct value *root)
{
    READ_LIST(arena, customer->journeys, root, "journeys", from)
    {
        const struct value *item = &from->list->items[i];
        customer->journeys.items[customer->journeys.count++] =
            (struct customer_journey){.rule = text_of(arena, item, "rule"),
                                      .origin = text_of(arena, item, "origin"),
                                      .per = some_text_of(arena, item, "per"),
                                      .step = text_of(arena, item, "step"),
                                      .deadline_ms = time_of(item, "at"),
                                      .clock_ms = time_of(item, "clock"),
                                      .imposed = flag_of(item, "imposed"),
                                      .started_ms = time_of(item, "started"),
                                      .rules = within(int_of(item, "rules"), 0, INT64_MAX),
                                      .until = until_of(arena, item),
                                      .or_ = or_of(arena, item),
                                      .since_ms = time_of(item, "since"),
                                      .met = value_to_text(arena, value_get(item, "met")),
                                      .waited = flag_of(item, "waited"),
                                      .full_ms = time_of(item, "full"),
                                      .halted_ms = time_of(item, "halted"),
                                      .given = given_of(item),
                                      .sent = sent_of(item),
                                      .marketing = flag_of(item, "marketing"),
                                      .reads = reads_of(arena, item)};
        learn_journey_start(arena, customer, item);
    }
}

static void read_ends(struct arena *arena, struct customer *customer, const struct value *root)
{
    READ_LIST(arena, customer->ends, root, "ends", from)
    {
        const struct value *item = &from->list->items[i];
        customer->ends.items[customer->ends.count++] =
            (struct customer_end){.rule = text_of(arena, item, "rule"),
                                  .per = some_text_of(arena, item, "per"),
                                  .at_ms = time_of(item, "at"),
                                  .until_ms = time_of(item, "until"),
                                  .event = any_of(item, "event")};
    }
}

/* Format 1 had one map, of the time of its newest part. */
static void read_profile(struct arena *arena, struct customer *customer, const struct value *root)
{
    const struct value *profile = value_get(root, "profile");
    customer->profile = value_new_map(arena, 0);
    if (value_is(profile, VALUE_MAP))
        customer_profile_set(arena, customer, *profile, time_of(root, "profile_ms"));
    else
        customer_profile_read(arena, customer, profile);
    for (uint32_t i = 0; i < customer->layers.count; i++)
        customer->layers.items[i].at_ms = clamp_time(customer->layers.items[i].at_ms);
}

/* Format 1 knew a no alone: topic, as it was said, to its time. */
static void read_optouts(struct arena *arena, struct customer *customer, const struct value *root)
{
    const struct value from = map_of(arena, root, "optouts");
    for (uint32_t i = 0; i < value_count(&from); i++) {
        const struct value_member *member = &from.map->members[i];
        const char *topic = said_topic(arena, &member->key);
        int64_t at_ms = 0;
        value_to_int(&member->value, &at_ms);
        said_add(arena, customer, topic ? topic : said_all, false, clamp_time(at_ms));
        customer->said_unrecorded = true;
    }
}

/* Topic to ["no" or "yes", time]. */
static void read_said(struct arena *arena, struct customer *customer, const struct value *root)
{
    const struct value from = map_of(arena, root, "said");
    for (uint32_t i = 0; i < value_count(&from); i++) {
        const struct value_member *member = &from.map->members[i];
        const char *topic = said_topic(arena, &member->key);
        int64_t at_ms = 0;
        bool is_pair = value_is(&member->value, VALUE_LIST) && value_count(&member->value) == 2;
        bool yes = is_pair && value_is_text(&member->value.list->items[0], "yes");
        if (is_pair)
            value_to_int(&member->value.list->items[1], &at_ms);
        if (topic || !yes)
            said_add(arena, customer, topic ? topic : said_all, yes, clamp_time(at_ms));
    }
    read_optouts(arena, customer, root);
}

/* Four digits for each, of the newest on backwards. */
static void read_marks(const struct value *marks, struct customer_seen *items, uint32_t count)
{
    uint32_t known = marks->kind == VALUE_STRING ? marks->length / 4 : 0;
    for (uint32_t i = 0; i < known && i < count; i++) {
        const char *mark = marks->string + 4 * (known - 1 - i);
        if (memcmp(mark, "0000", 4) != 0)
            memcpy(items[count - 1 - i].content, mark, 4);
    }
}

/* A list of identity, time, identity, time, …; then maybe the marks of their contents. */
static void read_seen(struct arena *arena, const struct value *root, const char *name,
                      struct customer_seen **items, uint32_t *count, uint32_t *capacity)
{
    const struct value *from = value_get(root, name);
    bool differences = tells_differences(root);
    int64_t ms, before_ms = 0;
    uint32_t most = value_is(from, VALUE_LIST) ? value_count(from) / 2 : 0;
    struct customer_seen *seen = arena_zero(arena, sizeof *seen * (most + 1));
    *items = seen;
    *capacity = most;
    for (uint32_t i = 0; i < most; i++) {
        const struct value *identity = &from->list->items[2 * i];
        if (!value_is(identity, VALUE_STRING) || identity->length >= sizeof seen->identity ||
            !value_to_int(identity + 1, &ms))
            continue;
        before_ms = seen[*count].at_ms = differences ? after(before_ms, ms) : clamp_time(ms);
        memcpy(seen[*count].identity, identity->string, identity->length);
        ++*count;
    }
    if (value_count(from) % 2 && *count == most)
        read_marks(&from->list->items[value_count(from) - 1], seen, *count);
}

/* A list of time, how much later its entry is, number of that, time, … */
static void read_moments(struct arena *arena, struct customer *customer, const struct value *root)
{
    const struct value *from = value_get(root, "moments");
    uint32_t count = value_is(from, VALUE_LIST) ? value_count(from) / 3 : 0;
    bool differences = tells_differences(root);
    int64_t before_ms = 0;
    for (uint32_t i = 0; i < count && i < CUSTOMER_MOMENTS_MOST; i++) {
        struct customer_moment moment;
        int64_t later_ms;
        if (!value_to_int(&from->list->items[3 * i], &moment.time_ms) ||
            !value_to_int(&from->list->items[3 * i + 1], &later_ms) ||
            !value_to_int(&from->list->items[3 * i + 2], &moment.number))
            continue;
        moment.time_ms =
            differences ? after(before_ms, moment.time_ms) : clamp_time(moment.time_ms);
        before_ms = moment.time_ms;
        moment.entry_ms = moment.time_ms + clamp_time(later_ms);
        CUSTOMER_LIST_PUSH(arena, customer->moments, moment);
    }
}

#define READ_SEEN(arena, list, root, name) \
    read_seen(arena, root, name, &(list).items, &(list).count, &(list).capacity)

/* Until when their redirects stand, then the keys. */
static void read_keys(struct arena *arena, struct customer *customer, const struct value *root)
{
    READ_LIST(arena, customer->keys, root, "keys", from)
    {
        const char *key = value_to_text(arena, &from->list->items[i]);
        if (key && customer->keys.count < CUSTOMER_KEYS_MOST)
            customer->keys.items[customer->keys.count++] = key;
        else if (i == 0 && value_to_int(&from->list->items[i], &customer->keys_until_ms))
            customer->keys_until_ms = clamp_time(customer->keys_until_ms);
    }
}

/* [key, time], or the time alone: then it is the document's own key. One of a former program has
 * none. */
static void read_first(struct arena *arena, struct customer *customer, const struct value *root)
{
    const struct value *first = value_get(root, "first");
    const struct value *time = first;
    const char *key = customer->key;
    int64_t at_ms;
    if (value_is(first, VALUE_LIST) && value_count(first) == 2) {
        key = value_to_text(arena, &first->list->items[0]);
        time = &first->list->items[1];
    }
    if (key && *key && value_to_int(time, &at_ms))
        customer->first = (struct customer_first){key, clamp_time(at_ms)};
}

struct customer *customer_read(struct arena *arena, const char *key, const char *text,
                               size_t length, struct diag *diag)
{
    struct value root;
    if (!json_read(arena, text, length, &limits, &root, diag))
        return NULL;
    int64_t format = int_of(&root, "format");
    if (root.kind != VALUE_MAP || format < 1 || format > CUSTOMER_FORMAT) {
        diag_error(diag, "the customer's document has a format that this program does not know");
        diag_code(diag, "document-format");
        return NULL;
    }
    struct customer *customer = arena_zero(arena, sizeof *customer);
    customer->key = key;
    customer->bytes = length;
    customer->version = text_of(arena, &root, "version");
    read_first(arena, customer, &root);
    read_profile(arena, customer, &root);
    customer->fields = map_of(arena, &root, "fields");
    customer->fields_at = map_of(arena, &root, "fields_at");
    read_said(arena, customer, &root);
    read_counts(arena, customer, &root);
    READ_SEEN(arena, customer->seen, &root, "seen");
    read_totals(arena, customer, &root);
    read_sends(arena, customer, &root); /* which name those two by their place */
    read_open(arena, customer, &root);
    read_journeys(arena, customer, &root);
    read_ends(arena, customer, &root);
    READ_SEEN(arena, customer->ring, &root, "ring");
    read_moments(arena, customer, &root);
    read_keys(arena, customer, &root);
    return customer;
}
