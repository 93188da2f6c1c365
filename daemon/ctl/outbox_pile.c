/* nudgectl outbox: what waits to be sent, or is being sent; the operator's word on it. */
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
    return unsent_walk(place, messages_walk_outbox, on_item, context, diag);
}

static bool find(const struct pile_place *place, const char *const *mids, size_t count,
                 pile_on_item *on_item, void *context, struct diag *diag)
{
    return unsent_find(place, false, mids, count, on_item, context, diag);
}

static bool settle(const struct pile_place *place, enum pile_verb verb, bool dry,
                   const char *const *mids, size_t count, struct pile_answer *answers,
                   struct diag *diag)
{
    return unsent_settle(place, false, verb, dry, mids, count, answers, diag);
}

/* "one" of the consumer "one:1772352000000". */
static void print_owner(const char *owner)
{
    const char *colon = strrchr(owner, ':');
    printf(" by the daemon ");
    plain_print(owner, colon ? (size_t)(colon - owner) : strlen(owner));
}

/* Why it does not go now, as far as its record says. */
static void print_why(const struct pile_item *item)
{
    const char *attempts = pile_item_field(item, "attempts");
    if (strcmp(attempts, "0") != 0) {
        printf(", tried ");
        plain_text(attempts);
        printf(strcmp(attempts, "1") == 0 ? " time" : " times");
    }
    if (item->is_held_back) {
        printf(", held: no room for ");
        plain_text(pile_item_field(item, "domain"));
    }
    if (*pile_item_field(item, "lacks"))
        printf(", a daemon lacks its template");
    if (*pile_item_field(item, "bound"))
        printf(", may have arrived");
    if (*pile_item_field(item, "mark")) {
        printf(", withdrawn: ");
        plain_text(pile_item_field(item, "mark"));
    }
}

/*   5f0c…  later, until 2026-11-29T00:06:02Z, tried 3 times
 *       news to c1@example.com (id:1) by relay   */
static void print(const struct pile_item *item)
{
    char time[CLOCK_TEXT_SIZE];
    bool later = strcmp(item->reason, "later") == 0;
    plain_text(item->id);
    printf("  ");
    plain_text(item->reason);
    if (strcmp(item->reason, "taken") == 0)
        print_owner(pile_item_field(item, "owner"));
    printf("%s %s", later ? ", until" : ", since", clock_format(item->at_ms / 1000 * 1000, time));
    print_why(item);
    printf("\n    ");
    pile_item_print_what(item);
    printf("\n");
}

static const struct pile pile = {
    .command = "outbox",
    .many = "messages in the outbox",
    .gone = "it is not in the outbox",
    .walk = walk,
    .find = find,
    .print = print,
    .settle = settle,
};

int command_outbox(struct context *context, int argc, char **argv)
{
    return pile_run(context, &pile, argc, argv);
}
