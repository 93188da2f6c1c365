#include "mail/confirm.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct token_kind kind = {.purpose = "confirm", .field_count = 3};

static const char *print_time(struct arena *arena, int64_t ms)
{
    return arena_printf(arena, "%" PRId64, ms);
}

const char *confirm_make(struct arena *arena, const struct token_key *key,
                         const struct confirm_claim *claim)
{
    if (claim->expires_ms < 0)
        return NULL;
    const char *const fields[] = {claim->customer, claim->topic,
                                  print_time(arena, claim->expires_ms)};
    return token_make(arena, key, &kind, fields);
}

bool confirm_verify(struct arena *arena, const struct token_key *keys, size_t count,
                    const char *token, size_t length, int64_t now_ms, struct confirm_claim *claim)
{
    const char *fields[3];
    if (!token_verify(arena, keys, count, &kind, token, length, fields))
        return false;
    int64_t expires = strtoll(fields[2], NULL, 10);
    if (expires < 0 || strcmp(fields[2], print_time(arena, expires)) != 0 || expires <= now_ms)
        return false;
    *claim =
        (struct confirm_claim){.customer = fields[0], .topic = fields[1], .expires_ms = expires};
    return true;
}
