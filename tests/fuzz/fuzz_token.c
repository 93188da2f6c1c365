/*
 * Tokens of links and envelope senders from strangers. What is verified is exactly what is made
 * from it, and what is made is verified: of the input's lines the first is a token, the next two
 * are fields.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mail/confirm.h"
#include "mail/unsubscribe.h"
#include "mail/verp.h"

static const struct token_key keys[] = {{"k2", (const unsigned char *)"newest", 6, false},
                                        {"k1", (const unsigned char *)"oldest", 6, true}};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_stranger(struct arena *arena, const char *token, size_t length)
{
    const char *customer, *topic;
    struct confirm_claim claim;
    char mid[VERP_MID_SIZE], local[VERP_SIZE];
    const struct verp_key key = {keys->bytes, keys->length};
    if (unsubscribe_verify(arena, keys, 2, token, length, &customer, &topic)) {
        const struct token_key *by = memcmp(token, "k2", 2) == 0 ? &keys[0] : &keys[1];
        const char *again = unsubscribe_make(arena, by, customer, topic);
        require(again && strlen(again) == length && memcmp(again, token, length) == 0);
    }
    if (confirm_verify(arena, keys, 2, token, length, 1, &claim))
        require(confirm_make(arena, keys, &claim) != NULL);
    if (verp_find(&key, token, length, mid) == VERP_GOOD)
        require(verp_make(&key, mid, local));
}

static void check_own(struct arena *arena, const struct token_key *key, const char *customer,
                      const char *topic)
{
    const char *got_customer, *got_topic, *token = unsubscribe_make(arena, key, customer, topic);
    struct confirm_claim claim = {customer, topic, 2}, got;
    if (token)
        require(
            unsubscribe_verify(arena, keys, 2, token, strlen(token), &got_customer, &got_topic) &&
            !strcmp(got_customer, customer) && !strcmp(got_topic, topic) &&
            !confirm_verify(arena, keys, 2, token, strlen(token), 1, &got));
    if ((token = confirm_make(arena, key, &claim)))
        require(confirm_verify(arena, keys, 2, token, strlen(token), 1, &got) &&
                !confirm_verify(arena, keys, 2, token, strlen(token), 2, &got));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(8192);
    const char *text = arena_copy(arena, (const char *)data, size);
    const char *line = memchr(text, '\n', size);
    const char *customer = line ? line + 1 : "", *topic = strchr(customer, '\n');
    check_stranger(arena, text, line ? (size_t)(line - text) : size);
    for (size_t i = 0; i < 2; i++)
        check_own(arena, &keys[i],
                  topic ? arena_copy(arena, customer, (size_t)(topic - customer)) : customer,
                  topic ? topic + 1 : "");
    arena_destroy(&arena);
    return 0;
}
