#include "store/turns.h"

#include <event2/event.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"

enum { STILL_MS = 100 /* so long without an answer: it is overdue */ };

struct row {
    struct turn *first, *last;
};

struct turns {
    size_t most, had;
    struct row wanted, holders;
    struct event *serve; /* one that waits can have its turn */
    struct event *look;  /* for those that are overdue, while others wait */
};

static void put_last(struct row *row, struct turn *turn)
{
    turn->before = row->last;
    turn->after = NULL;
    if (row->last)
        row->last->after = turn;
    else
        row->first = turn;
    row->last = turn;
}

static void take_out(struct row *row, struct turn *turn)
{
    if (turn->before)
        turn->before->after = turn->after;
    else
        row->first = turn->after;
    if (turn->after)
        turn->after->before = turn->before;
    else
        row->last = turn->before;
}

static void have(struct turn *turn)
{
    turn->state = TURN_HAD;
    turn->seen_ms = clock_monotonic_ms();
    turn->turns->had++;
    put_last(&turn->turns->holders, turn);
}

static void give_up(struct turn *turn, enum turn_state state)
{
    turn->state = state;
    turn->turns->had--;
    take_out(&turn->turns->holders, turn);
    if (turn->turns->wanted.first)
        event_active(turn->turns->serve, EV_TIMEOUT, 0);
}

static void look_later(struct turns *turns)
{
    const struct timeval wait = clock_timeval(STILL_MS);
    if (turns->wanted.first)
        event_add(turns->look, &wait);
}

static void on_look(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct turns *turns = context;
    const int64_t now_ms = clock_monotonic_ms();
    struct turn *after;
    for (struct turn *turn = turns->holders.first; turn; turn = after) {
        after = turn->after;
        if (now_ms - turn->seen_ms >= STILL_MS)
            give_up(turn, TURN_OVERDUE);
    }
    look_later(turns);
}

static void on_serve(evutil_socket_t fd, short what, void *context)
{
    (void)fd, (void)what;
    struct turns *turns = context;
    while (turns->had < turns->most && turns->wanted.first) {
        struct turn *turn = turns->wanted.first;
        take_out(&turns->wanted, turn);
        have(turn);
        turn->granted(turn->context);
    }
}

bool turns_take(struct turn *turn)
{
    struct turns *turns = turn->turns;
    if (!turns || turn->state == TURN_HAD || turn->state == TURN_OVERDUE)
        return true;
    if (turn->state == TURN_WANTED)
        return false;
    if (turns->had < turns->most && !turns->wanted.first) {
        have(turn);
        return true;
    }
    turn->state = TURN_WANTED;
    put_last(&turns->wanted, turn);
    if (!event_pending(turns->look, EV_TIMEOUT, NULL))
        look_later(turns);
    return false;
}

void turns_goes_on(struct turn *turn)
{
    if (turn->state == TURN_HAD)
        turn->seen_ms = clock_monotonic_ms();
}

bool turns_is_asked(const struct turn *turn)
{
    return turn->state != TURN_NONE;
}

bool turns_is_overdue(const struct turn *turn)
{
    return turn->state == TURN_OVERDUE;
}

void turns_end(struct turn *turn)
{
    if (turn->state == TURN_WANTED)
        take_out(&turn->turns->wanted, turn);
    else if (turn->state == TURN_HAD)
        give_up(turn, TURN_NONE);
    turn->state = TURN_NONE;
}

bool turns_is_wanted(const struct turns *turns)
{
    return turns->wanted.first != NULL;
}

struct turns *turns_new(struct event_base *base, size_t most)
{
    struct turns *turns = mem_zero(1, sizeof *turns);
    turns->most = most;
    turns->serve = evtimer_new(base, on_serve, turns);
    turns->look = evtimer_new(base, on_look, turns);
    if (!turns->serve || !turns->look)
        mem_exhausted();
    return turns;
}

void turns_destroy(struct turns **turns)
{
    if (!*turns)
        return;
    event_free((*turns)->serve);
    event_free((*turns)->look);
    free(*turns);
    *turns = NULL;
}
