#include "store/find_customer.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mailbox.h"
#include "customer/customer.h"
#include "store/keys.h"

#define PAGE "500"

struct search {
    struct session *session;
    const char *form; /* of the mailbox */
    size_t skip;      /* bytes of a key before the customer's: "nudged:customer:" */
    struct arena *arena, *keep;
    const char **keys;
    size_t count;
};

/* Whether the text can be of such a document: most are not worth reading. What stands before the
 * `@` is in it as it is spelt, where it is of plain letters. */
static bool may_have(const struct search *search, const char *text)
{
    size_t length = strspn(search->form, "abcdefghijklmnopqrstuvwxyz0123456789.-_+");
    return search->form[length] != '@' ||
           strcasestr(text, arena_copy(search->arena, search->form, length));
}

static bool is_address(const struct search *search, const struct value *value)
{
    const char *address = value_to_text(search->arena, value);
    return address && strcmp(mailbox_form(search->arena, slice_of(address)), search->form) == 0;
}

static bool matches(struct search *search, const char *key, const struct reply *document)
{
    struct diag diag;
    if (!reply_text(document) || !may_have(search, document->text))
        return false;
    const struct customer *customer =
        customer_read(search->arena, key, document->text, document->length, &diag);
    if (!customer)
        return false;
    const struct value known = customer_value(search->arena, customer);
    return is_address(search, value_get(&known, "email")) ||
           is_address(search, value_get(&known, "phone"));
}

static bool look_at(struct search *search, const struct reply *names, struct diag *diag)
{
    const char **argv = arena_alloc(search->arena, sizeof *argv * (names->count + 1));
    argv[0] = "MGET";
    for (size_t i = 0; i < names->count; i++)
        argv[i + 1] = arena_text(search->arena, names->items[i].text);
    const struct reply *documents =
        session_call(search->session, names->count + 1, argv, NULL, diag);
    if (!documents)
        return false;
    for (size_t i = 0; i < documents->count && search->count < FIND_CUSTOMER_MOST; i++)
        if (matches(search, argv[i + 1] + search->skip, reply_item(documents, i)))
            search->keys[search->count++] = arena_text(search->keep, argv[i + 1] + search->skip);
    return true;
}

/* "*", "?", "[" and "\" of the prefix as they are. */
static const char *pattern_of(struct arena *arena, const char *key)
{
    char *pattern = arena_alloc(arena, 2 * strlen(key) + 2), *to = pattern;
    for (; *key; *to++ = *key++)
        if (strchr("*?[]\\", *key))
            *to++ = '\\';
    memcpy(to, "*", 2);
    return pattern;
}

const char *find_customer_redirect(struct session *session, const char *prefix, const char *hash,
                                   struct arena *arena, struct diag *diag)
{
    const struct reply *target =
        session_command(session, diag, "GET", keys_spell(arena, prefix, KEY_TO, hash, NULL), NULL);
    const char *text = target ? reply_text(target) : NULL;
    return text ? arena_copy(arena, text, strcspn(text, "\n")) : NULL; /* behind it: since when */
}

bool find_customer(struct session *session, const char *prefix, const char *address,
                   struct arena *arena, const char *keys[FIND_CUSTOMER_MOST], size_t *count,
                   struct diag *diag)
{
    const char *nobody = keys_spell(arena, prefix, KEY_CUSTOMER, "", NULL);
    struct search search = {.session = session,
                            .form = mailbox_form(arena, slice_of(address)),
                            .skip = strlen(nobody),
                            .arena = arena_new(256 * 1024),
                            .keep = arena,
                            .keys = keys};
    const char *pattern = pattern_of(arena, nobody);
    char cursor[32] = "0";
    bool good = true;
    do {
        arena_reset(search.arena);
        const struct reply *page =
            session_command(session, diag, "SCAN", cursor, "MATCH", pattern, "COUNT", PAGE, NULL);
        const char *next = page ? reply_text(reply_item(page, 0)) : NULL;
        good = next && strlen(next) < sizeof cursor;
        if (good)
            memcpy(cursor, next, strlen(next) + 1);
        if (good && reply_item(page, 1)->count)
            good = look_at(&search, reply_item(page, 1), diag);
    } while (good && strcmp(cursor, "0") != 0 && search.count < FIND_CUSTOMER_MOST);
    arena_destroy(&search.arena);
    *count = search.count;
    return good;
}

bool find_customer_begin(struct session *session, const char *prefix, const char *begin,
                         int64_t within_ms, find_customer_hear *hear, void *context,
                         struct diag *diag)
{
    struct arena *arena = arena_new(1024);
    const size_t skip = strlen(keys_spell(arena, prefix, KEY_CUSTOMER, "", NULL));
    const char *pattern = pattern_of(arena, keys_spell(arena, prefix, KEY_CUSTOMER, begin, NULL));
    const int64_t until_ms = clock_monotonic_ms() + within_ms;
    char cursor[32] = "0";
    bool more = true, good;
    do {
        const struct reply *page =
            session_command(session, diag, "SCAN", cursor, "MATCH", pattern, "COUNT", PAGE, NULL);
        const struct reply *names = reply_item(page, 1);
        good = page && reply_text(reply_item(page, 0));
        snprintf(cursor, sizeof cursor, "%s", good ? reply_item(page, 0)->text : "0");
        for (size_t i = 0; good && more && i < names->count; i++)
            more = hear(context, reply_item(names, i)->text + skip);
    } while (good && more && strcmp(cursor, "0") != 0 && clock_monotonic_ms() < until_ms);
    arena_destroy(&arena);
    return good;
}
