#include "delivery/passing.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

struct passing {
    struct passing_options options;
    struct pass *first; /* those under way */
};

/* An attempt between two gateways, or on its way back to its own. */
struct pass {
    struct passing *passing;
    struct attempt *attempt;
    const struct choice *choice;     /* NULL: no other gateway */
    struct destination *destination; /* that is asked for */
    struct pass *next, **place;
};

static void on_answer(void *context, const struct outbox_passed *answer);

static void ask(struct pass *pass)
{
    struct passing *passing = pass->passing;
    const struct attempt *attempt = pass->attempt;
    struct destination *destination = pass->destination;
    struct outbox_pass asked = {
        .entry = attempt->entry,
        .mid = attempt->mid,
        .class_ = attempt->class_,
        .gateway = gateways_bounds(passing->options.gateways, destination),
    };
    destination->promised++;
    if (granting_concerns(passing->options.granting, &asked.gateway))
        granting_pass(passing->options.granting, &asked, attempt->domain, on_answer, pass);
    else
        outbox_pass(passing->options.outbox, &asked, on_answer, pass);
    domains_begin(&destination->domains, attempt->domain); /* for those that ask meanwhile */
}

static struct attempt *free_pass(struct pass *pass)
{
    struct attempt *attempt = pass->attempt;
    *pass->place = pass->next;
    if (pass->next)
        pass->next->place = pass->place;
    free(pass);
    return attempt;
}

static void end(struct pass *pass, enum passing_end how)
{
    struct passing *passing = pass->passing;
    passing->options.ended(passing->options.context, free_pass(pass), how);
}

/* That gateway cannot have it now either. */
static void go_on(struct pass *pass)
{
    if (!pass->choice) {
        end(pass, PASSING_BACK);
        return;
    }
    choice_note_tried(pass->choice, pass->attempt, pass->destination);
    const struct choice_lane *lane = choice_next(pass->choice, pass->attempt, clock_monotonic_ms());
    if (!lane) {
        end(pass, PASSING_NOWHERE);
        return;
    }
    pass->destination = lane->destination;
    ask(pass);
}

static void on_passed(struct pass *pass, const struct outbox_passed *answer)
{
    struct passing *passing = pass->passing;
    struct destination *destination = pass->destination;
    if (!destination_takes_part(destination)) { /* it has met its own fault meanwhile */
        go_on(pass);
        return;
    }
    pass->attempt->token_ms = answer->token_ms;
    pass->attempt->granted_ms = answer->granted_ms;
    passing->options.passed(passing->options.context, free_pass(pass), destination);
}

static void on_answer(void *context, const struct outbox_passed *answer)
{
    struct pass *pass = context;
    pass->destination->promised--;
    domains_end(&pass->destination->domains, pass->attempt->domain);
    if (answer->fault) { /* whether it has passed is not known: nobody begins it */
        end(pass, pass->choice ? PASSING_NOWHERE : PASSING_BACK);
        return;
    }
    switch (answer->verdict) {
    case OUTBOX_PASSED:
        on_passed(pass, answer);
        return;
    case OUTBOX_PASS_WAIT:
    case OUTBOX_PASS_HELD:
        go_on(pass);
        return;
    case OUTBOX_PASS_WITHDRAWN:
        end(pass, PASSING_BACK);
        return;
    case OUTBOX_PASS_GONE:
        end(pass, PASSING_GONE);
        return;
    }
}

static void begin(struct passing *passing, struct attempt *attempt, const struct choice *choice,
                  struct destination *destination)
{
    struct pass *pass = mem_alloc(sizeof *pass);
    *pass = (struct pass){.passing = passing,
                          .attempt = attempt,
                          .choice = choice,
                          .destination = destination,
                          .next = passing->first,
                          .place = &passing->first};
    if (pass->next)
        pass->next->place = &pass->next;
    passing->first = pass;
    ask(pass);
}

bool passing_begin(struct passing *passing, struct attempt *attempt, const struct choice *choice)
{
    const struct choice_lane *lane = choice_next(choice, attempt, clock_monotonic_ms());
    if (lane)
        begin(passing, attempt, choice, lane->destination);
    return lane != NULL;
}

void passing_again(struct passing *passing, struct attempt *attempt,
                   struct destination *destination)
{
    begin(passing, attempt, NULL, destination);
}

struct passing *passing_new(const struct passing_options *options)
{
    struct passing *passing = mem_zero(1, sizeof *passing);
    passing->options = *options;
    return passing;
}

void passing_destroy(struct passing **passing)
{
    struct passing *ended = *passing;
    if (!ended)
        return;
    *passing = NULL;
    while (ended->first) {
        struct attempt *attempt = free_pass(ended->first);
        attempt_destroy(&attempt);
    }
    free(ended);
}
