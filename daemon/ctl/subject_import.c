/*
 * subject_import_one, at the end: the document of the export is read as one of Redis (read_it),
 * without what belongs to the installation that it comes from (strip), and decided as part of the
 * customer by an event of its own (events/at_once), `customer.imported`.
 */
#include "ctl/subject_import.h"

#include <inttypes.h>
#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "ctl/subject_export.h"
#include "ctl/suppressing.h"
#include "ctl/who.h"
#include "customer/customer.h"
#include "customer/customer_starts.h"
#include "customer/said.h"
#include "events/at_once.h"
#include "store/customers_now.h"
#include "store/suppressions.h"

enum { KEYS_MOST = CUSTOMER_KEYS_MOST + 1, DOCUMENT_BYTES = 4 * CUSTOMER_DOCUMENT_MOST };

struct importing {
    const struct subject_import *by;
    const struct value *exported;
    struct arena *arena;
    struct subject_import_done *done;
    struct diag *diag;
    const struct policy *policy;
    struct customer *brought;
    struct customer_key keys[KEYS_MOST];
    uint32_t key_count;
    const char **others;
    uint32_t other_count, other_capacity;
    int64_t now_ms;
    bool later; /* the rest was imported before, without journeys */
};

/* ---- What the export has ---- */

static bool read_it(struct importing *importing)
{
    const struct value *exported = importing->exported;
    int64_t format = 0;
    const char *key = value_to_text(importing->arena, value_get(exported, "customer"));
    const struct value *document = value_get(exported, "document");
    if (!value_to_int(value_get(exported, "format"), &format) || !key)
        return diag_error(importing->diag, "this is no export of `nudgectl customer export`");
    if (format != SUBJECT_EXPORT_FORMAT)
        return diag_error(importing->diag,
                          "the export has the format %" PRId64 ", and this program knows %d",
                          format, SUBJECT_EXPORT_FORMAT);
    if (!value_is(document, VALUE_MAP))
        return diag_error(importing->diag, "the export has no `document`: nothing was known of %s",
                          key);
    const struct slice text = json_print_slice(importing->arena, document, DOCUMENT_BYTES);
    key =
        customer_key_of(importing->arena, importing->by->context->config->customer_keys, key).text;
    importing->brought =
        customer_read(importing->arena, key, text.text, text.length, importing->diag);
    importing->done->key = key;
    return importing->brought != NULL;
}

/* Each no that outlived the document where it comes from. */
static void add_records(struct importing *importing)
{
    const struct value *records = value_get(importing->exported, "records");
    for (uint32_t i = 0; i < value_count(records); i++) {
        const struct value *record = &records->list->items[i];
        const char *topic = said_topic(importing->arena, value_get(record, "topic"));
        int64_t at_ms;
        if (value_is_text(value_get(record, "word"), "no") && topic &&
            value_to_int(value_get(record, "at"), &at_ms))
            said_add(importing->arena, importing->brought, topic, false, at_ms);
    }
}

static const struct value *start_of(const struct importing *importing, const char *origin)
{
    const struct value *starts = value_get(importing->exported, "starts");
    for (uint32_t i = 0; i < value_count(starts); i++)
        if (value_is_text(value_get(&starts->list->items[i], "origin"), origin))
            return value_get(&starts->list->items[i], "event");
    return NULL;
}

/* The events that journeys began with are written here. */
static void bring_starts(struct importing *importing)
{
    struct customer *brought = importing->brought;
    for (uint32_t i = 0; i < brought->starts.count; i++) {
        struct customer_start *start = &brought->starts.items[i];
        const struct value *event = start_of(importing, start->origin);
        bool good = value_is(event, VALUE_MAP) && value_is(value_get(event, "data"), VALUE_MAP);
        customer_starts_learn(brought, start->origin, good ? event : NULL);
        start->stored = false;
    }
}

/* What belongs to the other installation: its messages, its codes, the numbers of its rules; what
 * waited for its outbox or its operator is asked again at once. */
static void strip(struct importing *importing)
{
    struct customer *brought = importing->brought;
    brought->open.count = 0;
    if (!importing->by->journeys)
        brought->journeys.count = brought->starts.count = 0;
    for (uint32_t i = 0; i < brought->journeys.count; i++) {
        struct customer_journey *journey = &brought->journeys.items[i];
        journey->rules = 0;
        journey->given = value_null();
        if (journey->full_ms || journey->halted_ms)
            journey->deadline_ms = importing->now_ms;
        journey->full_ms = journey->halted_ms = 0;
    }
    bring_starts(importing);
}

/* All but journeys, and the keys by which they are found, was brought before. */
static void leave_journeys(struct importing *importing)
{
    const struct customer *whole = importing->brought;
    struct customer *rest = customer_new(importing->arena, whole->key);
    rest->keys = whole->keys;
    rest->journeys = whole->journeys;
    rest->starts = whole->starts;
    importing->brought = rest;
}

/* ---- What is known here ---- */

/* An import is known again by the export, and by whether journeys came along. */
static const char *import_id(const struct importing *importing, bool journeys)
{
    int64_t exported_ms = 0;
    value_to_int(value_get(importing->exported, "exported"), &exported_ms);
    const char *key = importing->brought->key;
    return arena_printf(importing->arena, "import-%016" PRIx64 "-%" PRId64 "%s",
                        digest_spread(key, strlen(key)), exported_ms, journeys ? "-journeys" : "");
}

static bool has_imported(const struct importing *importing, const struct customer *known,
                         bool journeys)
{
    char identity[SHOP_EVENT_NAME_SIZE];
    shop_event_name(AT_ONCE_SOURCE, import_id(importing, journeys), identity);
    return customer_has_seen(known, identity, 0);
}

/* What was imported without its journeys may be followed by them; what they are to this very
 * installation, which may be where the export comes from, is not asked otherwise. */
static bool lacks_journeys(const struct importing *importing, const struct customer *known)
{
    return importing->by->journeys && importing->brought->journeys.count &&
           has_imported(importing, known, false) && !has_imported(importing, known, true);
}

static bool has_seen(const struct customer *known, const struct customer *brought)
{
    for (uint32_t i = 0; i < brought->seen.count; i++)
        if (customer_has_seen(known, brought->seen.items[i].identity, 0))
            return true;
    for (uint32_t i = 0; i < brought->sends.count; i++)
        for (uint32_t k = 0; k < known->sends.count; k++)
            if (brought->sends.items[i].mid[0] &&
                strcmp(brought->sends.items[i].mid, known->sends.items[k].mid) == 0)
                return true;
    return false;
}

/* A key that leads to somebody else by now is theirs. */
static void add_key(struct importing *importing, const char *text)
{
    const struct subject_import *by = importing->by;
    const struct customer_key key =
        customer_key_of(importing->arena, by->context->config->customer_keys, text);
    const char *person = who_person(by->context, by->shards, key.text);
    bool theirs = strcmp(person, key.text) != 0 && strcmp(person, importing->keys[0].text) != 0 &&
                  customer_key_is_id(by->context->config->customer_keys, person);
    if (!key.is_id && !theirs && importing->key_count < KEYS_MOST) {
        importing->keys[importing->key_count++] = key;
        return;
    }
    importing->others = arena_grow(importing->arena, importing->others, importing->other_count,
                                   &importing->other_capacity, sizeof *importing->others);
    importing->others[importing->other_count++] = key.text;
}

static void add_keys(struct importing *importing)
{
    struct customer *brought = importing->brought;
    importing->keys[0] = customer_key_of(
        importing->arena, importing->by->context->config->customer_keys, brought->key);
    importing->key_count = 1;
    for (uint32_t i = 0; i < brought->keys.count; i++)
        add_key(importing, brought->keys.items[i]);
    brought->keys.count = 0;
    for (uint32_t i = 1; i < importing->key_count; i++)
        customer_add_key(importing->arena, brought, importing->keys[i].text);
    brought->keys_until_ms = 0;
    importing->others = arena_grow(importing->arena, importing->others, importing->other_count,
                                   &importing->other_capacity, sizeof *importing->others);
    importing->others[importing->other_count] = NULL;
    importing->done->others = importing->others;
}

/* Whether they were erased, or what is brought is part of what is known already. */
static enum subject_import_outcome look(struct importing *importing)
{
    const struct subject_import *by = importing->by;
    const char *keys[KEYS_MOST], *names[KEYS_MOST];
    struct customers_found found;
    struct diag ignored;
    for (uint32_t i = 0; i < importing->key_count; i++) {
        keys[i] = who_person(by->context, by->shards, importing->keys[i].text);
        names[i] = policy_short_hash(importing->policy, importing->keys[i].text, importing->arena);
    }
    const struct customers_query query = {
        .keys = keys, .names = names, .count = importing->key_count};
    const struct shards_item *shard = shards_of(by->shards, keys[0]);
    if (!customers_now_read(shard->session, shard->prefix, &query, importing->arena, &found,
                            importing->diag))
        return SUBJECT_IMPORT_FAILED;
    importing->now_ms = found.now_ms;
    for (uint32_t i = 0; i < importing->key_count; i++) {
        const struct said_record record = said_read(importing->arena, found.records[i]);
        if (record.erased_ms > importing->done->erased_ms)
            importing->done->erased_ms = record.erased_ms;
        const struct slice *text = &found.documents[i];
        const struct customer *known =
            text->text
                ? customer_read(importing->arena, keys[i], text->text, text->length, &ignored)
                : NULL;
        if (known && has_seen(known, importing->brought)) {
            importing->later = lacks_journeys(importing, known);
            return importing->later ? SUBJECT_IMPORT_DONE : SUBJECT_IMPORT_THERE;
        }
    }
    return importing->done->erased_ms && !by->after_erasure ? SUBJECT_IMPORT_ERASED
                                                            : SUBJECT_IMPORT_DONE;
}

/* ---- Doing it ---- */

static bool suppress(struct importing *importing)
{
    const struct value *list = value_get(importing->exported, "suppressed");
    for (uint32_t i = 0; i < value_count(list); i++) {
        const struct value *row = &list->list->items[i];
        const char *address = value_to_text(importing->arena, value_get(row, "address"));
        const char *reason = value_to_text(importing->arena, value_get(row, "reason"));
        struct suppressions_item item = {.reason = reason ? reason : "imported"};
        bool changed = false;
        if (!address)
            continue;
        value_to_int(value_get(row, "at"), &item.at_ms);
        item.hash = policy_address_hash(importing->policy, address, importing->arena);
        if (!suppressing_change(importing->by->shards, true, &item, 1,
                                importing->by->context->config->keys.customer.keep_ms, &changed,
                                importing->diag))
            return false;
        importing->done->suppressed += changed;
    }
    return true;
}

static bool decide_it(struct importing *importing)
{
    struct at_once_done committed;
    struct shop_event *event = at_once_event(importing->arena, "customer.imported", importing->keys,
                                             importing->key_count, importing->now_ms);
    const struct value *watches = value_get(importing->exported, "watches");
    event->id = import_id(importing, importing->by->journeys);
    if (value_is(watches, VALUE_LIST))
        value_set(importing->arena, event->data, "watches", *watches);
    shop_event_complete(importing->arena, event);
    const struct shards_item *shard = shards_of(importing->by->shards, importing->keys[0].text);
    const struct at_once at_once = {.session = shard->session,
                                    .prefix = shard->prefix,
                                    .shard = shard->number,
                                    .config = importing->by->context->config,
                                    .generation = importing->by->generation,
                                    .event = event,
                                    .brought = importing->brought};
    importing->done->journeys = importing->brought->journeys.count;
    if (!at_once_decide(&at_once, importing->arena, &committed, importing->diag))
        return false;
    importing->done->key = committed.key;
    return true;
}

/* Suppressions come first: nothing is to be sent in between. */
enum subject_import_outcome subject_import_one(const struct subject_import *import,
                                               const struct value *exported, struct arena *arena,
                                               struct subject_import_done *done, struct diag *diag)
{
    struct importing importing = {.by = import,
                                  .exported = exported,
                                  .arena = arena,
                                  .done = done,
                                  .diag = diag,
                                  .policy = &import->generation->policy};
    *done = (struct subject_import_done){0};
    if (!read_it(&importing))
        return SUBJECT_IMPORT_FAILED;
    add_keys(&importing);
    enum subject_import_outcome outcome = look(&importing);
    if (outcome != SUBJECT_IMPORT_DONE)
        return outcome;
    add_records(&importing);
    strip(&importing);
    if (importing.later)
        leave_journeys(&importing);
    return suppress(&importing) && decide_it(&importing) ? SUBJECT_IMPORT_DONE
                                                         : SUBJECT_IMPORT_FAILED;
}
