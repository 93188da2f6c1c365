#include "delivery/blame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "decide/policy.h"
#include "send/accepted.h"

struct blame {
    struct accepted *accepted;
    struct amends **amends; /* by the shard's number; NULL: none here works on it */
    size_t count;
    int64_t revive_wait_ms; /* of the row that was blamed last */
};

static void tell(struct blame *blame)
{
    for (size_t i = 0; i < blame->count; i++)
        if (blame->amends[i])
            amends_tell(blame->amends[i]);
}

static const char *hash_of(const struct attempt *attempt)
{
    const char *to = value_to_text(attempt->arena, value_get(&attempt->message, "to"));
    return to ? policy_address_hash(&attempt->generation->policy, to, attempt->arena) : "";
}

/* It accepts this recipient, so it knows its mailboxes: those of the row that it did not know are
 * no more than that. */
static void hear_acceptance(struct blame *blame, struct suspicion *row, uint64_t recipient,
                            int64_t now_ms)
{
    accepted_add(blame->accepted, recipient);
    for (size_t i = 0; i < row->count; i++) {
        const struct suspicion_item *item = &row->items[i];
        struct amends *amends = blame->amends[item->shard];
        if (amends && item->kind == SUSPICION_MAILBOX && item->recipient != recipient &&
            *item->hash)
            amends_suppress(amends, item->hash, now_ms);
    }
    suspicion_clear(row);
    tell(blame);
}

bool blame_hear(struct blame *blame, struct destination *destination, struct attempt *attempt,
                size_t suspect, int64_t now_ms)
{
    const struct outcome *outcome = &attempt->job.outcome;
    struct suspicion *row = &destination->suspicion;
    enum suspicion_kind kind = suspicion_kind_of(outcome);
    attempt->refusal = 0; /* it may be in the row of a gateway that it had before */
    if (outcome->kind == OUTCOME_SENT)
        hear_acceptance(blame, row, attempt->recipient, now_ms);
    if (kind == SUSPICION_NONE)
        return false;
    struct suspicion_item item = {.recipient = attempt->recipient,
                                  .kind = kind,
                                  .shard = attempt->shard->number,
                                  .known = accepted_has(blame->accepted, attempt->recipient)};
    snprintf(item.hash, sizeof item.hash, "%s", hash_of(attempt));
    uint64_t last = row->last;
    bool suspected = suspicion_add(row, &item, suspect);
    attempt->refusal = row->last > last ? row->last : 0;
    return suspected;
}

bool blame_includes(const struct destination *destination, const struct attempt *attempt)
{
    const struct suspicion *row = &destination->suspicion;
    return attempt->refusal && row->count && attempt->refusal >= row->items[0].number &&
           strcmp(attempt->gateway, destination->config->name) == 0;
}

void blame_amend(struct blame *blame, struct destination *destination, int64_t wait_ms)
{
    struct suspicion *row = &destination->suspicion;
    blame->revive_wait_ms = wait_ms;
    for (size_t i = 0; i < row->count; i++) {
        const struct suspicion_item *item = &row->items[i];
        struct amends *amends = blame->amends[item->shard];
        if (amends && item->kind == SUSPICION_BOUNCED && *item->hash)
            amends_lift(amends, item->hash);
        if (amends && *item->letter)
            amends_revive(amends, item->letter, wait_ms);
    }
    suspicion_end(row);
    tell(blame);
}

void blame_note_settled(struct blame *blame, struct destination *destination,
                        const struct attempt *attempt, const char *letter)
{
    if (!attempt->forgiven) {
        if (letter)
            suspicion_note_letter(&destination->suspicion, attempt->refusal, letter);
        return;
    }
    struct amends *amends = blame->amends[attempt->shard->number];
    if (attempt->result.suppress)
        amends_lift(amends, attempt->result.suppress);
    if (letter)
        amends_revive(amends, letter, blame->revive_wait_ms);
    amends_tell(amends);
}

struct blame *blame_new(size_t shards)
{
    struct blame *blame = mem_zero(1, sizeof *blame);
    blame->accepted = accepted_new();
    blame->amends = mem_zero(shards, sizeof(struct amends *));
    blame->count = shards;
    return blame;
}

void blame_destroy(struct blame **blame)
{
    struct blame *ended = *blame;
    if (!ended)
        return;
    *blame = NULL;
    accepted_destroy(&ended->accepted);
    free(ended->amends);
    free(ended);
}

void blame_join(struct blame *blame, size_t shard, struct amends *amends)
{
    blame->amends[shard] = amends;
}
