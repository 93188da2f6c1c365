#include "store/find_customer.h"

#include <string.h>

#include "base/json.h"
#include "store/keys.h"

#define PAGE "500"

struct search {
    struct session *session;
    const char *address;
    size_t skip; /* bytes of a key before the customer's: "nudged:customer:" */
    struct arena *arena, *keep;
    const char **keys;
    size_t count;
};

static bool has_address(struct search *search, const struct value *fields)
{
    const char *email = value_to_text(search->arena, value_get(fields, "email"));
    return email && strcasecmp(email, search->address) == 0;
}

/* What rules set stands over what events said. */
static bool matches(struct search *search, const struct reply *document)
{
    struct value root;
    struct diag diag;
    if (!reply_text(document) || !strcasestr(document->text, search->address))
        return false;
    return json_read(search->arena, document->text, document->length, &json_file_limits, &root,
                     &diag) &&
           (has_address(search, value_get(&root, "profile")) ||
            has_address(search, value_get(&root, "fields")));
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
        if (matches(search, reply_item(documents, i)))
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

bool find_customer(struct session *session, const char *prefix, const char *address,
                   struct arena *arena, const char *keys[FIND_CUSTOMER_MOST], size_t *count,
                   struct diag *diag)
{
    const char *nobody = keys_spell(arena, prefix, KEY_CUSTOMER, "", NULL);
    struct search search = {.session = session,
                            .address = address,
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
