#include "mail/unsubscribe.h"

static const struct token_kind kind = {.purpose = "unsubscribe", .field_count = 2};

const char *unsubscribe_make(struct arena *arena, const struct token_key *key, const char *customer,
                             const char *topic)
{
    const char *const fields[] = {customer, topic};
    return token_make(arena, key, &kind, fields);
}

bool unsubscribe_verify(struct arena *arena, const struct token_key *keys, size_t count,
                        const char *token, size_t length, const char **customer, const char **topic)
{
    const char *fields[2];
    if (!token_verify(arena, keys, count, &kind, token, length, fields))
        return false;
    *customer = fields[0];
    *topic = fields[1];
    return true;
}
