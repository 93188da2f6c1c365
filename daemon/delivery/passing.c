#include "delivery/passing.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

struct passing {
    struct passing_options options;
    struct pass *first; /* those under way */
};

/* An attempt between two gateways. */
struct pass {
    struct passing *passing;
    struct attempt *attempt;
    const struct choice *choice;
    struct choice_lane *lane; /* that is asked for */
    struct pass *next, **place;
};

static void on_answer(void *context, const struct outbox_passed *answer);

static void ask(struct pass *pass)
{
    struct passing *passing = pass->passing;
    const struct attempt *attempt = pass->attempt;
    struct destination *destination = pass->lane->destination;
    destination->promised++;
    outbox_pass(passing->options.outbox,
                &(struct outbox_pass){
                    .entry = attempt->entry,
                    .mid = attempt->mid,
                    .class_ = attempt->class_,
                    .gateway = passing->options.bounds(passing->options.context, destination),
                },
                on_answer, pass);
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
    choice_note_tried(pass->choice, pass->attempt, pass->lane->destination);
    pass->lane = choice_next(pass->choice, pass->attempt, clock_monotonic_ms());
    if (pass->lane)
        ask(pass);
    else
        end(pass, PASSING_NOWHERE);
}

static void on_passed(struct pass *pass)
{
    struct passing *passing = pass->passing;
    struct destination *destination = pass->lane->destination;
    if (!destination_takes_part(destination)) { /* it has met its own fault meanwhile */
        go_on(pass);
        return;
    }
    passing->options.passed(passing->options.context, free_pass(pass), destination);
}

static void on_answer(void *context, const struct outbox_passed *answer)
{
    struct pass *pass = context;
    pass->lane->destination->promised--;
    if (answer->fault) { /* whether it has passed is not known: nobody begins it */
        end(pass, PASSING_NOWHERE);
        return;
    }
    switch (answer->verdict) {
    case OUTBOX_PASSED:
        on_passed(pass);
        return;
    case OUTBOX_PASS_WAIT:
        pass->lane->not_before_ms = clock_monotonic_ms() + answer->wait_ms;
        go_on(pass);
        return;
    case OUTBOX_PASS_WITHDRAWN:
        end(pass, PASSING_WITHDRAWN);
        return;
    case OUTBOX_PASS_GONE:
        end(pass, PASSING_GONE);
        return;
    }
}

bool passing_begin(struct passing *passing, struct attempt *attempt, const struct choice *choice)
{
    struct choice_lane *lane = choice_next(choice, attempt, clock_monotonic_ms());
    if (!lane)
        return false;
    struct pass *pass = mem_alloc(sizeof *pass);
    *pass = (struct pass){.passing = passing,
                          .attempt = attempt,
                          .choice = choice,
                          .lane = lane,
                          .next = passing->first,
                          .place = &passing->first};
    if (pass->next)
        pass->next->place = &pass->next;
    passing->first = pass;
    ask(pass);
    return true;
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
