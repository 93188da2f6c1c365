#include "mail/preferences.h"

static const struct token_kind kind = {.purpose = "preferences", .field_count = 1};

const char *preferences_make(struct arena *arena, const struct token_key *key, const char *customer)
{
    return token_make(arena, key, &kind, &customer);
}

bool preferences_verify(struct arena *arena, const struct token_key *keys, size_t count,
                        const char *token, size_t length, const char **customer)
{
    return token_verify(arena, keys, count, &kind, token, length, customer);
}
