/*
 * nudgectl uncertain: the messages that a gateway may have taken, its answer being lost, and
 * the operator's word on each: once more, or never.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/command.h"
#include "ctl/plain.h"
#include "ctl/unsent.h"

static bool walk(const struct pile_place *place, pile_on_item *on_item, void *context,
                 struct diag *diag)
{
    return unsent_walk(place, messages_walk_uncertain, on_item, context, diag);
}

static bool find(const struct pile_place *place, const char *const *mids, size_t count,
                 pile_on_item *on_item, void *context, struct diag *diag)
{
    return unsent_find(place, true, mids, count, on_item, context, diag);
}

static void print(const struct pile_item *item)
{
    char since[CLOCK_TEXT_SIZE];
    plain_text(item->id);
    printf("  since %s", clock_format(item->at_ms / 1000 * 1000, since));
    if (*pile_item_field(item, "mark")) {
        printf(", withdrawn: ");
        plain_text(pile_item_field(item, "mark"));
    }
    printf("\n    ");
    pile_item_print_what(item);
    printf("\n");
}

/* ---- Those whose gateway is not configured ---- */

struct checking {
    const struct config *config;
    const char *const *mids;
    size_t count;
    struct pile_answer *answers;
};

static bool is_configured(const struct config *config, const char *gateway)
{
    for (size_t i = 0; i < config->gateway_count; i++)
        if (strcmp(config->gateways[i].name, gateway) == 0)
            return true;
    return false;
}

static bool on_checked(void *context, const struct pile_item *item)
{
    const struct checking *checking = context;
    const char *gateway = pile_item_field(item, "gateway");
    size_t i = 0;
    while (i < checking->count && strcmp(checking->mids[i], item->id) != 0)
        i++;
    if (i < checking->count && *gateway && !is_configured(checking->config, gateway))
        checking->answers[i] = (struct pile_answer){
            "its gateway is no longer configured, and no other may send it", "uncertain drop"};
    return true;
}

/* ---- The word on them ---- */

static bool settle_rest(const struct pile_place *place, enum pile_verb verb, bool dry,
                        const char *const *mids, size_t count, struct pile_answer *answers,
                        struct diag *diag)
{
    struct arena *arena = arena_new(4096);
    const char **rest = arena_alloc(arena, sizeof *rest * (count + 1));
    struct pile_answer *theirs = arena_zero(arena, sizeof *theirs * (count + 1));
    size_t left = 0;
    for (size_t i = 0; i < count; i++)
        if (!answers[i].refusal)
            rest[left++] = mids[i];
    bool good = unsent_settle(place, true, verb, dry, rest, left, theirs, diag);
    left = 0;
    for (size_t i = 0; good && i < count; i++)
        if (!answers[i].refusal)
            answers[i] = theirs[left++];
    arena_destroy(&arena);
    return good;
}

static bool settle(const struct pile_place *place, enum pile_verb verb, bool dry,
                   const char *const *mids, size_t count, struct pile_answer *answers,
                   struct diag *diag)
{
    struct checking checking = {place->context->config, mids, count, answers};
    if (verb == PILE_RETRY && !find(place, mids, count, on_checked, &checking, diag))
        return false;
    return settle_rest(place, verb, dry, mids, count, answers, diag);
}

static const struct pile pile = {
    .command = "uncertain",
    .many = "uncertain messages",
    .gone = "it is not held",
    .resend = true,
    .walk = walk,
    .find = find,
    .print = print,
    .settle = settle,
};

int command_uncertain(struct context *context, int argc, char **argv)
{
    return pile_run(context, &pile, argc, argv);
}
