/* subject_export_value, at the end, says what comes in which order; each part is a function. */
#include "ctl/subject_export.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "archive/archive_files.h"
#include "archive/archive_line.h"
#include "base/clock.h"
#include "base/json.h"
#include "store/dead_letters.h"

/* ---- Values ---- */

static void put(struct arena *arena, struct value map, const char *name, struct value value)
{
    value_add(arena, map, value_text(name), value);
}

/* "" and NULL are left out. */
static void put_text(struct arena *arena, struct value map, const char *name, const char *text)
{
    if (text && *text)
        put(arena, map, name, value_text(text));
}

static struct value time_of(struct arena *arena, int64_t ms)
{
    char text[CLOCK_TEXT_SIZE];
    return value_text(arena_text(arena, clock_format(ms, text)));
}

/* A moment that is known: "at" in milliseconds, and "time". */
static void put_at(struct arena *arena, struct value map, int64_t ms)
{
    if (!ms)
        return;
    put(arena, map, "at", value_int(ms));
    put(arena, map, "time", time_of(arena, ms));
}

/* One of several: "until", and "until_time". */
static void put_moment(struct arena *arena, struct value map, const char *name, int64_t ms)
{
    if (!ms)
        return;
    put(arena, map, name, value_int(ms));
    put(arena, map, arena_printf(arena, "%s_time", name), time_of(arena, ms));
}

/* What stands there as JSON; as a text where it is none. */
static struct value read_json(struct arena *arena, struct slice text)
{
    struct value value;
    struct diag diag;
    const struct slice kept = slice_copy(arena, text);
    if (!kept.text)
        return value_null();
    if (json_read(arena, kept.text, kept.length, &json_file_limits, &value, &diag))
        return value;
    return value_string(kept.text, kept.length);
}

static struct value new_row(struct arena *arena, struct value list)
{
    struct value row = value_new_map(arena, 8);
    value_push(arena, list, row);
    return row;
}

/* ---- What is known ---- */

static struct value profile_of(struct arena *arena, const struct customer *customer)
{
    struct value list = value_new_list(arena, 16);
    for (uint32_t i = 0; i < customer->layers.count; i++) {
        const struct customer_layer *layer = &customer->layers.items[i];
        for (uint32_t k = 0; k < value_count(&layer->patch); k++) {
            struct value row = new_row(arena, list);
            put(arena, row, "name", layer->patch.map->members[k].key);
            put(arena, row, "value", layer->patch.map->members[k].value);
            put_at(arena, row, layer->at_ms);
        }
    }
    return list;
}

static struct value fields_of(struct arena *arena, const struct customer *customer)
{
    struct value list = value_new_list(arena, 8);
    for (uint32_t i = 0; i < value_count(&customer->fields); i++) {
        const struct value_member *member = &customer->fields.map->members[i];
        struct value row = new_row(arena, list);
        int64_t ms = 0;
        value_to_int(value_find(&customer->fields_at, member->key.string, member->key.length), &ms);
        put(arena, row, "name", member->key);
        put(arena, row, "value", member->value);
        put_at(arena, row, ms);
    }
    return list;
}

static void put_word(struct arena *arena, struct value row, const struct customer_said *said)
{
    put(arena, row, "topic", value_text(said->topic));
    put(arena, row, "word", value_text(said->yes ? "yes" : "no"));
    put_at(arena, row, said->at_ms);
}

static struct value words_of(struct arena *arena, const struct customer *customer)
{
    struct value list = value_new_list(arena, 8);
    for (uint32_t i = 0; i < customer->said.count; i++)
        put_word(arena, new_row(arena, list), &customer->said.items[i]);
    return list;
}

/* What outlives the document, by the names under which it was said. */
static struct value records_of(const struct subject *subject)
{
    struct arena *arena = subject->arena;
    struct value list = value_new_list(arena, 8);
    for (uint32_t i = 0; i < subject->name_count; i++) {
        const struct subject_name *name = &subject->names[i];
        for (uint32_t k = 0; k < name->said.noes.count; k++) {
            struct value row = new_row(arena, list);
            put(arena, row, "of", value_text(name->text));
            put_word(arena, row, &name->said.noes.items[k]);
        }
        if (name->said.erased_ms) {
            struct value row = new_row(arena, list);
            put(arena, row, "of", value_text(name->text));
            put(arena, row, "word", value_text("erased"));
            put_at(arena, row, name->said.erased_ms);
        }
    }
    return list;
}

static struct value suppressed_of(const struct subject *subject)
{
    struct arena *arena = subject->arena;
    struct value list = value_new_list(arena, 2);
    for (uint32_t i = 0; i < subject->name_count; i++) {
        const struct subject_name *name = &subject->names[i];
        if (!name->suppressed)
            continue;
        const struct value said = read_json(arena, slice_of(name->suppressed));
        struct value row = new_row(arena, list);
        int64_t ms = 0;
        value_to_int(value_get(&said, "at"), &ms);
        put(arena, row, "address", value_text(name->text));
        put_text(arena, row, "reason", value_to_text(arena, value_get(&said, "reason")));
        put_at(arena, row, ms);
    }
    return list;
}

static struct value counts_of(struct arena *arena, const struct customer *customer)
{
    struct value list = value_new_list(arena, 8);
    for (uint32_t i = 0; i < customer->counts.count; i++) {
        const struct customer_count *count = &customer->counts.items[i];
        struct value row = new_row(arena, list);
        put(arena, row, "type", value_text(count->type));
        put(arena, row, "n", value_int(count->count));
        put_moment(arena, row, "first", count->first_ms);
        put_moment(arena, row, "last", count->last_ms);
    }
    return list;
}

static struct value sent_of(struct arena *arena, const struct customer *customer)
{
    struct value list = value_new_list(arena, 8);
    for (uint32_t i = customer->sends.count; i-- > 0;) {
        const struct customer_send *send = &customer->sends.items[i];
        struct value row = new_row(arena, list);
        put(arena, row, "rule", value_text(send->rule));
        put_text(arena, row, "mid", send->mid);
        put(arena, row, "marketing", value_bool(send->marketing));
        put_at(arena, row, send->at_ms);
    }
    return list;
}

static struct value totals_of(struct arena *arena, const struct customer *customer)
{
    struct value list = value_new_list(arena, 8);
    for (uint32_t i = 0; i < customer->totals.count; i++) {
        struct value row = new_row(arena, list);
        put(arena, row, "rule", value_text(customer->totals.items[i].rule));
        put(arena, row, "n", value_int(customer->totals.items[i].count));
        put_moment(arena, row, "last", customer->totals.items[i].last_ms);
    }
    return list;
}

static struct value journeys_of(struct arena *arena, const struct customer *customer)
{
    struct value list = value_new_list(arena, 8);
    for (uint32_t i = 0; i < customer->journeys.count; i++) {
        const struct customer_journey *journey = &customer->journeys.items[i];
        struct value row = new_row(arena, list);
        put(arena, row, "rule", value_text(journey->rule));
        put(arena, row, "step", value_text(journey->step));
        put_text(arena, row, "per", journey->per);
        put_moment(arena, row, "started", journey->started_ms);
        put_moment(arena, row, "until", journey->deadline_ms);
        if (journey->full_ms)
            put(arena, row, "waits", value_text("for room in the outbox"));
        else if (journey->halted_ms)
            put(arena, row, "waits", value_text("for its rule, which is paused"));
    }
    return list;
}

/* ---- What stands elsewhere ---- */

/* Those of its fields that are about the person. */
static struct value messages_of(const struct subject *subject)
{
    static const char *const fields[] = {"state",   "channel", "class", "topic",  "attempts",
                                         "gateway", "code",    "codes", "domain", NULL};
    struct arena *arena = subject->arena;
    struct value list = value_new_list(arena, subject->message_count);
    for (uint32_t i = 0; i < subject->message_count; i++) {
        const struct messages_item *message = &subject->messages[i];
        struct value row = new_row(arena, list);
        put(arena, row, "mid", value_text(message->mid));
        for (const char *const *field = fields; *field; field++)
            put_text(arena, row, *field, messages_field(message, *field));
        put_moment(arena, row, "give_up", strtoll(messages_field(message, "give_up"), NULL, 10));
        put(arena, row, "body",
            read_json(arena, (struct slice){reply_text(message->body), message->body->length}));
    }
    return list;
}

static struct value letters_of(const struct subject *subject)
{
    static const char *const fields[] = {"kind",    "reason", "detail", "customer", "mid",
                                         "channel", "class",  "topic",  "code",     NULL};
    struct arena *arena = subject->arena;
    struct value list = value_new_list(arena, subject->letter_count);
    for (uint32_t i = 0; i < subject->letter_count; i++) {
        const struct reply *letter = subject->letters[i];
        const struct reply *body = dead_letters_field(letter, "body");
        struct value row = new_row(arena, list);
        put(arena, row, "id", value_text(reply_item(letter, 0)->text));
        put_at(arena, row, shop_event_arrival(reply_item(letter, 0)->text));
        for (const char *const *field = fields; *field; field++)
            put_text(arena, row, *field, dead_letters_field(letter, *field)->text);
        put(arena, row, "body", read_json(arena, (struct slice){reply_text(body), body->length}));
    }
    return list;
}

static struct value trace_of(const struct subject *subject)
{
    struct arena *arena = subject->arena;
    struct value list = value_new_list(arena, (uint32_t)subject->trace->count);
    for (size_t i = subject->trace->count; i-- > 0;) {
        struct value line = read_json(arena, reply_slice(subject->trace, i));
        int64_t ms;
        if (line.kind == VALUE_MAP && value_to_int(value_get(&line, "at"), &ms))
            value_set(arena, line, "time", time_of(arena, ms));
        value_push(arena, list, line);
    }
    return list;
}

static struct value starts_of(const struct subject *subject)
{
    struct arena *arena = subject->arena;
    struct value list = value_new_list(arena, (uint32_t)subject->start_count);
    for (size_t i = 0; i < subject->start_count; i++) {
        const char *text = subject->starts[i].text, *space = text ? strchr(text, ' ') : NULL;
        if (!space)
            continue;
        struct value row = new_row(arena, list);
        put(arena, row, "origin", value_string(text, (size_t)(space - text)));
        put(arena, row, "event",
            read_json(arena, slice_between(space + 1, text + subject->starts[i].length)));
    }
    return list;
}

/* Of products: whether the customer watches them, or has said that they do no more. */
static struct value watches_of(const struct subject *subject)
{
    struct arena *arena = subject->arena;
    struct value list = value_new_list(arena, (uint32_t)subject->watch_count);
    for (size_t i = 0; i + 1 < subject->watch_count; i += 2) {
        long long ms = strtoll(subject->watches[i + 1].text, NULL, 10);
        struct value row = new_row(arena, list);
        put(arena, row, "product",
            value_string(subject->watches[i].text, subject->watches[i].length));
        put(arena, row, "watches", value_bool(ms > 0));
        put_moment(arena, row, "at", ms > 0 ? ms : -ms);
    }
    return list;
}

/* ---- The archive ---- */

/* In the order of their files; a line that another file has as well stands twice. */
static bool add_file(const struct subject *subject, const char *path, struct value list,
                     struct diag *diag)
{
    FILE *file = fopen(path, "re");
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    if (!file) /* it may have been deleted meanwhile */
        return errno == ENOENT || diag_error(diag, "cannot read %s: %s", path, strerror(errno));
    struct arena *arena = arena_new(256 * 1024);
    while ((length = getline(&line, &capacity, file)) > 0) {
        const struct slice text = {line, (size_t)length - (line[length - 1] == '\n')};
        struct archive_line read;
        arena_reset(arena);
        if (!archive_line_read(arena, text, &read))
            continue;
        const struct erasures_text asked = {
            .text = read.event, .customer = "", .entry = read.entry};
        if (!subject_is_of(subject, &asked, arena))
            continue;
        struct value row = new_row(subject->arena, list);
        put(subject->arena, row, "received", value_int(shop_event_arrival(read.entry)));
        put(subject->arena, row, "received_time",
            time_of(subject->arena, shop_event_arrival(read.entry)));
        put(subject->arena, row, "entry", value_text(arena_text(subject->arena, read.entry)));
        put(subject->arena, row, "event", read_json(subject->arena, read.event));
    }
    bool good = !ferror(file) || diag_error(diag, "cannot read %s: %s", path, strerror(errno));
    free(line);
    fclose(file);
    arena_destroy(&arena);
    return good;
}

bool subject_export_archive(const struct subject *subject, const char *folder, struct value *value,
                            struct diag *diag)
{
    const char *const *names;
    size_t count;
    struct value list = value_new_list(subject->arena, 16);
    bool good = archive_files_list(subject->arena, folder, &names, &count, diag);
    for (size_t i = 0; good && i < count; i++)
        good =
            add_file(subject, arena_printf(subject->arena, "%s/%s", folder, names[i]), list, diag);
    put(subject->arena, *value, "archive", list);
    return good;
}

/* ---- All of it ---- */

static void put_document(const struct subject *subject, struct value map)
{
    struct arena *arena = subject->arena;
    const struct customer *customer = subject->customer;
    if (!customer)
        return;
    put(arena, map, "profile", profile_of(arena, customer));
    put(arena, map, "fields", fields_of(arena, customer));
    put(arena, map, "words", words_of(arena, customer));
    put(arena, map, "counts", counts_of(arena, customer));
    put(arena, map, "sent", sent_of(arena, customer));
    put(arena, map, "totals", totals_of(arena, customer));
    put(arena, map, "journeys", journeys_of(arena, customer));
}

static struct value keys_of(const struct subject *subject)
{
    struct value list = value_new_list(subject->arena, subject->name_count);
    for (uint32_t i = 0; i < subject->name_count; i++)
        if (!subject->names[i].is_address)
            value_push(subject->arena, list, value_text(subject->names[i].text));
    return list;
}

struct value subject_export_value(const struct subject *subject)
{
    struct arena *arena = subject->arena;
    struct value map = value_new_map(arena, 24);
    put(arena, map, "format", value_int(SUBJECT_EXPORT_FORMAT));
    put_moment(arena, map, "exported", subject->now_ms);
    put(arena, map, "customer", value_text(subject->key));
    put(arena, map, "keys", keys_of(subject));
    if (subject->customer)
        put_moment(arena, map, "known_since", subject->customer->first.at_ms);
    put_document(subject, map);
    put(arena, map, "records", records_of(subject));
    put(arena, map, "suppressed", suppressed_of(subject));
    put(arena, map, "messages", messages_of(subject));
    put(arena, map, "dead", letters_of(subject));
    put(arena, map, "trace", trace_of(subject));
    put(arena, map, "starts", starts_of(subject));
    put(arena, map, "watches", watches_of(subject));
    if (subject->document.text)
        put(arena, map, "document", read_json(arena, subject->document));
    return map;
}
