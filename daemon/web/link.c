#include "web/link.h"

#include "mail/confirm.h"
#include "mail/preferences.h"
#include "mail/unsubscribe.h"

const char *const link_paths[LINK_KIND_COUNT] = {"/u/", "/p/", "/c/"};

static bool verify(struct arena *arena, const struct token_keys *keys, struct slice token,
                   struct link *link, int64_t *expires_ms)
{
    struct confirm_claim claim;
    switch (link->kind) {
    case LINK_UNSUBSCRIBE:
        return unsubscribe_verify(arena, keys->items, keys->count, token.text, token.length,
                                  &link->customer, &link->topic);
    case LINK_PREFERENCES:
        return preferences_verify(arena, keys->items, keys->count, token.text, token.length,
                                  &link->customer);
    case LINK_CONFIRM:
        if (!confirm_verify(arena, keys->items, keys->count, token.text, token.length, -1, &claim))
            return false;
        link->customer = claim.customer;
        link->topic = claim.topic;
        *expires_ms = claim.expires_ms;
        link->asked_ms = claim.expires_ms - CONFIRM_LIFE_MS;
        return true;
    case LINK_KIND_COUNT:
        break;
    }
    return false;
}

enum link_verdict link_read(struct arena *arena, const struct token_keys *keys, enum link_kind kind,
                            struct slice token, int64_t now_ms, struct link *link)
{
    int64_t expires_ms = INT64_MAX;
    *link = (struct link){.kind = kind, .customer = "", .topic = ""};
    if (verify(arena, keys, token, link, &expires_ms))
        return expires_ms > now_ms ? LINK_GOOD : LINK_EXPIRED;
    return token_is_foreign(keys->items, keys->count, token.text, token.length) ? LINK_FOREIGN
                                                                                : LINK_VOID;
}
