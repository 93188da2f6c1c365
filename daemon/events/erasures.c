/*
 * A text becomes hashes of all whom it names (name), and many texts' are asked at once (ask). What
 * that is done for are pages of dead letters (drop_letters) and what bounces are told by
 * (drop_returns); erasures_drop does both, and notes up to which erasure.
 */
#include "events/erasures.h"

#include <inttypes.h>
#include <string.h>

#include "base/mailbox.h"
#include "base/value.h"
#include "customer/said.h"
#include "store/customers_now.h"
#include "store/dead_letters.h"
#include "store/keys.h"
#include "store/returns.h"

enum { FIRST_CHUNK = 256 * 1024, LETTERS = 100, DAY_MS = 24 * 60 * 60 * 1000 };

/* ---- Whom a text names ---- */

struct naming {
    const struct erasures *by;
    struct arena *arena;
    const char **hashes;
    uint32_t count, capacity;
};

/* What of the hashes is one text's, and when it is from. */
struct named {
    uint32_t from, to;
    int64_t at_ms;
    const char *identity; /* of the event; "": it is none */
};

static void add(struct naming *naming, const char *hash)
{
    naming->hashes = arena_grow(naming->arena, naming->hashes, naming->count, &naming->capacity,
                                sizeof *naming->hashes);
    naming->hashes[naming->count++] = hash;
}

static void add_key(struct naming *naming, const char *key)
{
    if (key && *key)
        add(naming, policy_short_hash(naming->by->policy, key, naming->arena));
}

static void add_address(struct naming *naming, const char *address)
{
    const struct policy *policy = naming->by->policy;
    if (!address || !*address)
        return;
    add(naming, policy_mailbox_hash(policy, address, naming->arena));
    const char *former = policy_former_mailbox_hash(policy, address, naming->arena);
    if (former)
        add(naming, former);
}

/* What stands around an "@", as far as an address can go. */
static void add_addresses(struct naming *naming, const struct slice *text)
{
    static const char ends[] = " \t\r\n\"'<>,;:()[]{}\\";
    const char *end = text->text + text->length, *at = text->text;
    while ((at = memchr(at, '@', (size_t)(end - at)))) {
        const char *from = at, *to = at + 1;
        while (from > text->text && from[-1] && !strchr(ends, from[-1]))
            from--;
        while (to < end && *to && !strchr(ends, *to))
            to++;
        add_address(naming, arena_copy(naming->arena, from, (size_t)(to - from)));
        at = to;
        if (at == end)
            return;
    }
}

static void add_event(struct naming *naming, const struct shop_event *event)
{
    for (uint32_t i = 0; i < event->key_count; i++) {
        add_key(naming, event->keys[i].text);
        add_key(naming, event->keys[i].old);
    }
    add_address(naming, value_to_text(naming->arena, value_get(&event->customer, "email")));
    add_address(naming, value_to_text(naming->arena, value_get(&event->customer, "phone")));
}

static struct named name(struct naming *naming, const struct erasures_text *text)
{
    struct named named = {
        .from = naming->count, .at_ms = shop_event_arrival(text->entry), .identity = ""};
    struct shop_event *event = arena_zero(naming->arena, sizeof *event);
    struct diag diag;
    add_key(naming, text->customer);
    if (text->text.text)
        add_addresses(naming, &text->text);
    if (text->text.text && shop_event_read(naming->arena, text->text.text, text->text.length,
                                           text->entry, &naming->by->form, event, &diag)) {
        add_event(naming, event);
        named.identity = event->identity;
        if (event->time_ms < named.at_ms)
            named.at_ms = event->time_ms;
    }
    named.to = naming->count;
    return named;
}

const char *const *erasures_names(const struct erasures *erasures, const struct erasures_text *text,
                                  struct arena *arena)
{
    struct naming naming = {.by = erasures, .arena = arena};
    name(&naming, text);
    add(&naming, NULL);
    return naming.hashes;
}

/* ---- Who was erased ---- */

static bool is_past(struct arena *arena, const struct named *named, const struct reply *records)
{
    for (uint32_t i = named->from; i < named->to; i++) {
        const struct slice text = reply_slice(records, i);
        const struct said_record record = said_read(arena, text);
        if (record.erased_ms &&
            (named->at_ms < record.erased_ms || strcmp(named->identity, record.erasure) == 0))
            return true;
    }
    return false;
}

static bool ask(const struct naming *naming, const struct named *named, size_t count, bool *gone,
                struct diag *diag)
{
    const char **argv = arena_alloc(naming->arena, sizeof *argv * (naming->count + 2));
    argv[0] = "HMGET";
    argv[1] = keys_spell(naming->arena, naming->by->prefix, KEY_SAID, NULL);
    for (uint32_t i = 0; i < naming->count; i++)
        argv[i + 2] = naming->hashes[i];
    memset(gone, 0, count * sizeof *gone);
    if (naming->count == 0)
        return true;
    const struct reply *records =
        session_call(naming->by->session, naming->count + 2, argv, NULL, diag);
    for (size_t i = 0; records && i < count; i++)
        gone[i] = is_past(naming->arena, &named[i], records);
    return records != NULL;
}

bool erasures_ask(const struct erasures *erasures, const struct erasures_text *texts, size_t count,
                  bool *gone, struct diag *diag)
{
    struct naming naming = {.by = erasures, .arena = arena_new(FIRST_CHUNK)};
    struct named *named = arena_alloc(naming.arena, sizeof *named * (count + 1));
    for (size_t i = 0; i < count; i++)
        named[i] = name(&naming, &texts[i]);
    bool good = ask(&naming, named, count, gone, diag);
    arena_destroy(&naming.arena);
    return good;
}

/* ---- Dead letters ---- */

struct page {
    const struct erasures *by;
    struct arena *arena;
    struct erasures_text texts[LETTERS];
    const char *ids[LETTERS];
    size_t count;
    uint64_t dropped;
    struct diag *diag;
    bool failed;
};

static void drop_page(struct page *page)
{
    bool gone[LETTERS], dropped[LETTERS];
    const char *ids[LETTERS];
    size_t count = 0;
    if (!erasures_ask(page->by, page->texts, page->count, gone, page->diag)) {
        page->failed = true;
        return;
    }
    for (size_t i = 0; i < page->count; i++)
        if (gone[i])
            ids[count++] = page->ids[i];
    if (count &&
        !dead_letters_drop(page->by->session, page->by->prefix, ids, count, dropped, page->diag))
        page->failed = true;
    for (size_t i = 0; i < count && !page->failed; i++)
        page->dropped += dropped[i];
    page->count = 0;
    arena_reset(page->arena);
}

static bool on_letter(void *context, const struct reply *letter)
{
    struct page *page = context;
    const struct reply *body = dead_letters_field(letter, "body");
    const char *customer = dead_letters_field(letter, "customer")->text;
    const char *own = dead_letters_field(letter, "own")->text;
    const char *id = arena_text(page->arena, reply_item(letter, 0)->text);
    page->ids[page->count] = id;
    page->texts[page->count++] = (struct erasures_text){
        .text = slice_copy(page->arena, (struct slice){reply_text(body), body->length}),
        .customer = arena_text(page->arena, *customer ? customer : own),
        .entry = id};
    if (page->count == LETTERS)
        drop_page(page);
    return !page->failed;
}

static bool drop_letters(const struct erasures *erasures, uint64_t *dropped, struct diag *diag)
{
    struct page page = {.by = erasures, .arena = arena_new(FIRST_CHUNK), .diag = diag};
    bool good = dead_letters_walk(erasures->session, erasures->prefix, on_letter, &page, diag);
    if (good && !page.failed && page.count)
        drop_page(&page);
    *dropped = page.dropped;
    arena_destroy(&page.arena);
    return good && !page.failed;
}

/* ---- What bounces are told by ---- */

struct asking {
    const struct erasures *by;
    struct diag *diag;
};

static bool on_customers(void *context, const char *const *customers, size_t count,
                         int64_t before_ms, bool *forget)
{
    const struct asking *asking = context;
    struct naming naming = {.by = asking->by, .arena = arena_new(FIRST_CHUNK)};
    struct named *named = arena_alloc(naming.arena, sizeof *named * (count + 1));
    for (size_t i = 0; i < count; i++) {
        named[i] =
            (struct named){.from = naming.count, .at_ms = before_ms - DAY_MS, .identity = ""};
        add_key(&naming, customers[i]);
        named[i].to = naming.count;
    }
    bool good = ask(&naming, named, count, forget, asking->diag);
    arena_destroy(&naming.arena);
    return good;
}

static bool drop_returns(const struct erasures *erasures, uint64_t *dropped, struct diag *diag)
{
    struct asking asking = {erasures, diag};
    int64_t now_ms = 0;
    return customers_now_time(erasures->session, &now_ms, diag) &&
           returns_walk(erasures->session, erasures->prefix, now_ms, on_customers, &asking, dropped,
                        diag);
}

/* ---- What of it is done ---- */

/* -1: it is not there. */
static bool read_meta(const struct erasures *erasures, const char *field, int64_t *at_ms,
                      struct diag *diag)
{
    struct arena *arena = arena_new(256);
    const struct reply *reply =
        session_command(erasures->session, diag, "HGET",
                        keys_spell(arena, erasures->prefix, KEY_META, NULL), field, NULL);
    *at_ms = -1;
    if (reply)
        reply_number(reply, at_ms);
    arena_destroy(&arena);
    return reply != NULL;
}

static bool note_done(const struct erasures *erasures, int64_t at_ms, struct diag *diag)
{
    struct arena *arena = arena_new(256);
    const struct reply *reply = session_command(
        erasures->session, diag, "HSET", keys_spell(arena, erasures->prefix, KEY_META, NULL),
        "forgotten", arena_printf(arena, "%" PRId64, at_ms), NULL);
    arena_destroy(&arena);
    return reply != NULL;
}

bool erasures_newest(const struct erasures *erasures, int64_t *at_ms, struct diag *diag)
{
    bool good = read_meta(erasures, "erased", at_ms, diag);
    *at_ms = *at_ms < 0 ? 0 : *at_ms;
    return good;
}

bool erasures_drop(const struct erasures *erasures, struct erasures_gone *gone, struct diag *diag)
{
    int64_t newest_ms;
    *gone = (struct erasures_gone){0};
    return erasures_newest(erasures, &newest_ms, diag) &&
           drop_letters(erasures, &gone->letters, diag) &&
           drop_returns(erasures, &gone->returns, diag) && note_done(erasures, newest_ms, diag);
}

/* Where a former program erased people nothing says so: the first round looks in any case. */
bool erasures_drop_new(const struct erasures *erasures, struct erasures_gone *gone,
                       struct diag *diag)
{
    int64_t newest_ms, done_ms;
    *gone = (struct erasures_gone){0};
    if (!erasures_newest(erasures, &newest_ms, diag) ||
        !read_meta(erasures, "forgotten", &done_ms, diag))
        return false;
    return newest_ms == done_ms || erasures_drop(erasures, gone, diag);
}
