/*
 * The customer's document as JSON. A document is read and printed at every decision: its member
 * names are short (docs/redis.md lists them), and it is printed member by member, without a tree
 * of values between.
 *
 * customer_print, at the end, prints all of it; where that is too large it sheds, round by round,
 * what is kept for comfort alone, and prints again.
 */
#include "customer/customer_print.h"

#include <string.h>

#include "base/decimal.h"
#include "base/json.h"
#include "customer/customer_ends.h"
#include "customer/said.h"

/* Each PUT_ writes a literal, `,"name":` in most cases, and a value. */
#define PUT(out, literal) buf_add(out, literal, sizeof literal - 1)

#define PUT_TEXT(out, before, text)                   \
    do {                                              \
        const char *text_ = (text);                   \
        PUT(out, before);                             \
        json_print_string(out, text_, strlen(text_)); \
    } while (0)

#define PUT_INT(out, before, number) \
    do {                             \
        PUT(out, before);            \
        put_int(out, number);        \
    } while (0)

#define PUT_VALUE(out, before, value) \
    do {                              \
        PUT(out, before);             \
        json_print(out, value);       \
    } while (0)

static void put_int(struct buf *out, int64_t number)
{
    char text[DECIMAL_TEXT_SIZE];
    buf_add(out, text, decimal_print_int(number, text));
}

static void put_per(struct buf *out, const char *per)
{
    if (per)
        PUT_TEXT(out, ",\"per\":", per);
}

static void put_flag(struct buf *out, bool marketing)
{
    if (marketing)
        PUT(out, ",\"marketing\":true");
    buf_char(out, '}');
}

/* Between two items of a list. */
static void put_comma(struct buf *out, uint32_t index)
{
    if (index)
        PUT(out, ",");
}

static void put_types(struct buf *out, const char *const *types)
{
    for (uint32_t i = 0; types[i]; i++) {
        put_comma(out, i);
        json_print_string(out, types[i], strlen(types[i]));
    }
    PUT(out, "]");
}

static void put_until(struct buf *out, const struct customer_until *until)
{
    if (!until->types || !until->types[0])
        return;
    PUT(out, ",\"until\":[");
    put_types(out, until->types);
    if (until->condition)
        PUT_TEXT(out, ",\"until_if\":", until->condition);
}

/* What the last wait for an event waits for, or what it met. */
static void put_or(struct buf *out, const struct customer_journey *journey)
{
    if (journey->or_.types && journey->or_.types[0]) {
        PUT(out, ",\"or\":[");
        put_types(out, journey->or_.types);
        if (journey->or_.condition)
            PUT_TEXT(out, ",\"or_if\":", journey->or_.condition);
        PUT_INT(out, ",\"since\":", journey->since_ms);
    }
    if (journey->met)
        PUT_TEXT(out, ",\"met\":", journey->met);
    if (journey->waited)
        PUT(out, ",\"waited\":true");
}

/* Each as its difference to the one before. */
static void put_times(struct buf *out, const int64_t *times, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        put_comma(out, i);
        put_int(out, i ? times[i] - times[i - 1] : times[i]);
    }
    PUT(out, "]");
}

/* Whether the times say all: most customers have few events of a type. */
static bool tells_all(const struct customer_count *count)
{
    return count->time_count && count->count == count->time_count &&
           count->first_ms == count->times[0] &&
           count->last_ms == count->times[count->time_count - 1];
}

static void put_counts(struct buf *out, const struct customer *customer)
{
    if (customer->counts.count == 0)
        return;
    PUT(out, ",\"counts\":[");
    for (uint32_t i = 0; i < customer->counts.count; i++) {
        const struct customer_count *count = &customer->counts.items[i];
        put_comma(out, i);
        PUT_TEXT(out, "{\"type\":", count->type);
        PUT_INT(out, ",\"n\":", count->count);
        if (!tells_all(count)) {
            PUT_INT(out, ",\"first\":", count->first_ms);
            PUT_INT(out, ",\"last\":", count->last_ms);
        }
        PUT(out, ",\"times\":[");
        put_times(out, count->times, count->time_count);
        PUT(out, "}");
    }
    PUT(out, "]");
}

/* How long it is counted, whether it is marketing, and `per`: as far as the last that is there. */
static void put_counted(struct buf *out, const struct customer_send *send)
{
    bool is_counted = send->until_ms > send->at_ms;
    if (!is_counted && !send->marketing && !send->per)
        return;
    PUT_INT(out, ",", is_counted ? send->until_ms - send->at_ms : 0);
    if (!send->marketing && !send->per)
        return;
    PUT_INT(out, ",", send->marketing);
    if (send->per)
        PUT_TEXT(out, ",", send->per);
}

/* A rule by its place in the totals, where it has one; else its name. It is looked for from `from`
 * on, where the one before was found, and around; where this one was. */
static uint32_t put_rule(struct buf *out, const struct customer *customer, const char *rule,
                         uint32_t from)
{
    for (uint32_t i = 0; i < customer->totals.count; i++) {
        uint32_t place = (from + i) % customer->totals.count;
        if (strcmp(customer->totals.items[place].rule, rule) == 0) {
            PUT_INT(out, ",", place);
            return place;
        }
    }
    PUT_TEXT(out, ",", rule);
    return from;
}

/* Likewise a run by the place in `seen` of the event that began it: so much further than the one
 * before. */
static uint32_t put_run(struct buf *out, const struct customer *customer,
                        const struct customer_send *send, uint32_t from)
{
    for (uint32_t i = 0; i < customer->seen.count; i++) {
        uint32_t place = (from + i) % customer->seen.count;
        const struct customer_seen *seen = &customer->seen.items[place];
        if (seen->at_ms == send->started_ms && strcmp(seen->identity, send->run) == 0) {
            PUT_INT(out, ",", (int64_t)place - from);
            return place;
        }
    }
    PUT_TEXT(out, ",", send->run);
    return from;
}

/* A row for each, as there are many of them. */
static void put_sends(struct buf *out, const struct customer *customer)
{
    if (customer->sends.count == 0)
        return;
    PUT(out, ",\"sends\":[");
    int64_t before_ms = 0;
    uint32_t total = 0, seen = 0;
    for (uint32_t i = 0; i < customer->sends.count; i++) {
        const struct customer_send *send = &customer->sends.items[i];
        put_comma(out, i);
        PUT_TEXT(out, "[", send->mid);
        total = put_rule(out, customer, send->rule, total);
        seen = put_run(out, customer, send, seen);
        PUT_INT(out, ",", send->at_ms - before_ms);
        PUT_INT(out, ",", send->at_ms - send->started_ms);
        put_counted(out, send);
        PUT(out, "]");
        before_ms = send->at_ms;
    }
    PUT(out, "]");
}

static void put_totals(struct buf *out, const struct customer *customer)
{
    if (customer->totals.count == 0)
        return;
    PUT(out, ",\"totals\":[");
    for (uint32_t i = 0; i < customer->totals.count; i++) {
        const struct customer_total *total = &customer->totals.items[i];
        put_comma(out, i);
        PUT_TEXT(out, "{\"rule\":", total->rule);
        PUT_INT(out, ",\"n\":", total->count);
        PUT_INT(out, ",\"last\":", total->last_ms);
        PUT(out, "}");
    }
    PUT(out, "]");
}

static void put_reads(struct buf *out, const struct value *reads)
{
    const struct value *data = value_get(reads, "data");
    if (reads->kind == VALUE_BOOL)
        PUT(out, ",\"reads\":true");
    else if (value_count(data))
        PUT_VALUE(out, ",\"reads\":", data);
}

static bool is_same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* Whether what both have in common is the same. */
static bool is_of_send(const struct customer_open *open, const struct customer_send *send)
{
    return strcmp(open->mid, send->mid) == 0 && strcmp(open->rule, send->rule) == 0 &&
           strcmp(open->origin, send->run) == 0 && is_same_text(open->per, send->per) &&
           open->started_ms == send->started_ms && open->marketing == send->marketing;
}

/* The place of an open message's send, looked for from `from` on: both lists have one order. */
static uint32_t send_of(const struct customer *customer, const struct customer_open *open,
                        uint32_t from)
{
    uint32_t place = from;
    while (place < customer->sends.count && !is_of_send(open, &customer->sends.items[place]))
        place++;
    return place;
}

/* Likewise the place of a send's open message. */
static uint32_t open_of(const struct customer *customer, const struct customer_send *send,
                        uint32_t from)
{
    uint32_t place = from;
    while (place < customer->open.count && !is_of_send(&customer->open.items[place], send))
        place++;
    return place;
}

/* A map of what neither its row nor its send says, if there is any: each member comes with a comma
 * before it. */
static void put_open_rest(struct buf *out, const struct customer_open *open)
{
    PUT(out, ",");
    size_t begin = out->length;
    if (strcmp(open->topic, said_all) != 0)
        PUT_TEXT(out, ",\"topic\":", open->topic);
    put_until(out, &open->until);
    put_reads(out, &open->reads);
    if (out->length == begin) {
        buf_cut(out, begin - 1);
        return;
    }
    out->data[begin] = '{';
    PUT(out, "}");
}

void customer_print_open(struct buf *out, const struct customer_open *open)
{
    PUT_TEXT(out, "{\"mid\":", open->mid);
    PUT_TEXT(out, ",\"rule\":", open->rule);
    PUT_TEXT(out, ",\"origin\":", open->origin);
    PUT_TEXT(out, ",\"topic\":", open->topic);
    put_per(out, open->per);
    PUT_INT(out, ",\"started\":", open->started_ms);
    PUT_INT(out, ",\"give_up\":", open->give_up_ms);
    put_until(out, &open->until);
    put_reads(out, &open->reads);
    put_flag(out, open->marketing);
}

/* As a row: by how much its send stands further in the list than that of the row before, and the
 * time from then to `give_up` is longer. One without a send is a map. */
static void put_open(struct buf *out, const struct customer *customer)
{
    if (customer->open.count == 0)
        return;
    PUT(out, ",\"open\":[");
    uint32_t before = 0, next = 0;
    int64_t before_ms = 0;
    for (uint32_t i = 0; i < customer->open.count; i++) {
        const struct customer_open *open = &customer->open.items[i];
        uint32_t place = send_of(customer, open, next);
        put_comma(out, i);
        if (place == customer->sends.count) {
            customer_print_open(out, open);
            continue;
        }
        int64_t wait_ms = open->give_up_ms - customer->sends.items[place].at_ms;
        PUT_INT(out, "[", place - before);
        PUT_INT(out, ",", wait_ms - before_ms);
        put_open_rest(out, open);
        PUT(out, "]");
        before = place;
        before_ms = wait_ms;
        next = place + 1;
    }
    PUT(out, "]");
}

static void put_collected(struct buf *out, const struct customer_journey *journey)
{
    if (journey->collected.count == 0)
        return;
    PUT(out, ",\"collected\":[");
    for (uint32_t i = 0; i < journey->collected.count; i++) {
        const struct customer_collected *collected = &journey->collected.items[i];
        put_comma(out, i);
        json_print_string(out, collected->origin, strlen(collected->origin));
        PUT_INT(out, ",", collected->at_ms);
        PUT_INT(out, ",", collected->bytes);
    }
    PUT(out, "]");
}

void customer_print_journey(struct buf *out, const struct customer_journey *journey)
{
    PUT_TEXT(out, "{\"rule\":", journey->rule);
    PUT_TEXT(out, ",\"origin\":", journey->origin);
    put_per(out, journey->per);
    PUT_TEXT(out, ",\"step\":", journey->step);
    PUT_INT(out, ",\"at\":", journey->deadline_ms);
    if (journey->clock_ms != journey->deadline_ms)
        PUT_INT(out, ",\"clock\":", journey->clock_ms);
    if (journey->imposed)
        PUT(out, ",\"imposed\":true");
    PUT_INT(out, ",\"started\":", journey->started_ms);
    PUT_INT(out, ",\"rules\":", journey->rules);
    put_until(out, &journey->until);
    put_or(out, journey);
    put_reads(out, &journey->reads);
    put_collected(out, journey);
    if (journey->full_ms)
        PUT_INT(out, ",\"full\":", journey->full_ms);
    if (value_count(&journey->given)) {
        PUT(out, ",\"given\":");
        json_print(out, &journey->given);
    }
    if (value_count(&journey->sent)) {
        PUT(out, ",\"sent\":");
        json_print(out, &journey->sent);
    }
    if (journey->halted_ms)
        PUT_INT(out, ",\"halted\":", journey->halted_ms);
    put_flag(out, journey->marketing);
}

static void put_journeys(struct buf *out, const struct customer *customer)
{
    if (customer->journeys.count == 0)
        return;
    PUT(out, ",\"journeys\":[");
    for (uint32_t i = 0; i < customer->journeys.count; i++) {
        put_comma(out, i);
        customer_print_journey(out, &customer->journeys.items[i]);
    }
    PUT(out, "]");
}

static void put_ends(struct buf *out, const struct customer *customer)
{
    PUT(out, ",\"ends\":[");
    for (uint32_t i = 0; i < customer->ends.count; i++) {
        const struct customer_end *end = &customer->ends.items[i];
        put_comma(out, i);
        PUT_TEXT(out, "{\"rule\":", end->rule);
        put_per(out, end->per);
        PUT_INT(out, ",\"at\":", end->at_ms);
        PUT_INT(out, ",\"until\":", end->until_ms);
        if (end->event.kind != VALUE_NULL)
            PUT_VALUE(out, ",\"event\":", &end->event);
        PUT(out, "}");
    }
    PUT(out, "]");
}

static void put_profile(struct buf *out, const struct customer *customer)
{
    if (customer->layers.count == 0)
        return;
    PUT(out, ",\"profile\":[");
    for (uint32_t i = 0; i < customer->layers.count; i++) {
        put_comma(out, i);
        PUT_INT(out, "[", customer->layers.items[i].at_ms);
        PUT_VALUE(out, ",", &customer->layers.items[i].patch);
        PUT(out, "]");
    }
    PUT(out, "]");
}

static void put_said(struct buf *out, const struct customer *customer)
{
    if (customer->said.count == 0)
        return;
    PUT(out, ",\"said\":{");
    for (uint32_t i = 0; i < customer->said.count; i++) {
        const struct customer_said *word = &customer->said.items[i];
        put_comma(out, i);
        json_print_string(out, word->topic, strlen(word->topic));
        buf_text(out, word->yes ? ":[\"yes\"," : ":[\"no\",");
        put_int(out, word->at_ms);
        PUT(out, "]");
    }
    PUT(out, "}");
}

#define PUT_SEEN(out, before, list)                    \
    do {                                               \
        if ((list).count) {                            \
            PUT(out, before);                          \
            put_seen(out, (list).items, (list).count); \
        }                                              \
    } while (0)

/* Four digits for each of the newest, from the first that has any; they count from the last. A
 * program that does not know them passes over what is no pair. */
static void put_marks(struct buf *out, const struct customer_seen *items, uint32_t count)
{
    uint32_t first = count > CUSTOMER_MARKS_MOST ? count - CUSTOMER_MARKS_MOST : 0;
    while (first < count && !items[first].content[0])
        first++;
    if (first == count)
        return;
    PUT(out, ",\"");
    for (uint32_t i = first; i < count; i++)
        buf_text(out, items[i].content[0] ? items[i].content : "0000");
    PUT(out, "\"");
}

static void put_seen(struct buf *out, const struct customer_seen *items, uint32_t count)
{
    int64_t before_ms = 0;
    for (uint32_t i = 0; i < count; i++) {
        put_comma(out, i);
        json_print_string(out, items[i].identity, strlen(items[i].identity));
        PUT_INT(out, ",", items[i].at_ms - before_ms);
        before_ms = items[i].at_ms;
    }
    put_marks(out, items, count);
    PUT(out, "]");
}

static void put_moments(struct buf *out, const struct customer *customer)
{
    if (customer->moments.count == 0)
        return;
    PUT(out, ",\"moments\":[");
    int64_t before_ms = 0;
    for (uint32_t i = 0; i < customer->moments.count; i++) {
        const struct customer_moment *moment = &customer->moments.items[i];
        put_comma(out, i);
        put_int(out, moment->time_ms - before_ms);
        PUT_INT(out, ",", moment->entry_ms - moment->time_ms);
        PUT_INT(out, ",", moment->number);
        before_ms = moment->time_ms;
    }
    PUT(out, "]");
}

/* What is empty is left out: most customers have few of the members. */
static void put_map(struct buf *out, const char *name, const struct value *map)
{
    if (!value_count(map))
        return;
    buf_printf(out, ",\"%s\":", name);
    json_print(out, map);
}

static void put_keys(struct buf *out, const struct customer *customer)
{
    if (customer->keys.count == 0)
        return;
    PUT_INT(out, ",\"keys\":[", customer->keys_until_ms);
    for (uint32_t i = 0; i < customer->keys.count; i++)
        PUT_TEXT(out, ",", customer->keys.items[i]);
    PUT(out, "]");
}

static void put_first(struct buf *out, const struct customer *customer)
{
    if (!customer->first.key)
        return;
    if (strcmp(customer->first.key, customer->key) == 0) {
        PUT_INT(out, ",\"first\":", customer->first.at_ms);
        return;
    }
    PUT_TEXT(out, ",\"first\":[", customer->first.key);
    PUT_INT(out, ",", customer->first.at_ms);
    PUT(out, "]");
}

static void print_whole(const struct customer *customer, const char *version, struct buf *out)
{
    PUT_TEXT(out, "{\"version\":", version);
    PUT_INT(out, ",\"format\":", CUSTOMER_FORMAT);
    put_first(out, customer);
    put_keys(out, customer);
    put_profile(out, customer);
    put_map(out, "fields", &customer->fields);
    put_map(out, "fields_at", &customer->fields_at);
    put_said(out, customer);
    put_counts(out, customer);
    put_sends(out, customer);
    put_totals(out, customer);
    put_open(out, customer);
    put_journeys(out, customer);
    if (customer->ends.count)
        put_ends(out, customer);
    PUT_SEEN(out, ",\"seen\":[", customer->seen);
    PUT_SEEN(out, ",\"ring\":[", customer->ring);
    put_moments(out, customer);
    PUT(out, "}");
}

/* Sends that no limit and no cap counted when they were decided, but for those of open messages,
 * which would have to say more without. */
static void drop_past(struct customer *customer)
{
    uint32_t kept = 0, next = 0;
    for (uint32_t i = 0; i < customer->sends.count; i++) {
        const struct customer_send *send = &customer->sends.items[i];
        uint32_t open = open_of(customer, send, next);
        bool is_open = open < customer->open.count;
        if (is_open)
            next = open + 1;
        if (is_open || send->until_ms > send->at_ms)
            customer->sends.items[kept++] = *send;
    }
    customer->sends.count = kept;
}

/* So many say the first and the last of a count in fewer bytes than these two do by themselves. */
enum { FEW_TIMES = CUSTOMER_TIMES_MOST / 2 };

/* Makes the document smaller by what is only kept for comfort; false at the end. */
static bool shed(struct customer *customer, int round)
{
    switch (round) {
    case 0:
        customer->ring.count = 0;
        return true;
    case 1:
        for (uint32_t i = 0; i < customer->counts.count; i++)
            if (customer->counts.items[i].time_count > FEW_TIMES)
                customer->counts.items[i].time_count = 0;
        return true;
    case 2:
        if (customer->seen.count > CUSTOMER_RING_MOST) {
            customer->seen.items += customer->seen.count - CUSTOMER_RING_MOST;
            customer->seen.count = customer->seen.capacity = CUSTOMER_RING_MOST;
        }
        return true;
    case 3:
        customer_ends_shed(customer);
        return true;
    case 4:
        drop_past(customer);
        return true;
    default:
        return false;
    }
}

bool customer_print(struct customer *customer, const char *version, struct buf *out)
{
    size_t before = out->length;
    int round = 0;
    do {
        buf_cut(out, before);
        out->full = false;
        print_whole(customer, version, out);
        if (!out->full && out->length - before <= CUSTOMER_DOCUMENT_MOST)
            return true;
    } while (shed(customer, round++));
    return false;
}
