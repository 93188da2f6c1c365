/*
 * pass_begin makes a replay, whose callbacks are in the first half; pass_take feeds it line by line
 * (take), and pass_finish lets it run to the end.
 */
#include "simulate/pass.h"

#include <string.h>

#include "base/arena.h"
#include "config/config.h"
#include "simulate/event_names.h"

enum { PROGRESS_EVENTS = 1024, LINE_MOST = 256 * 1024, ARENA_BYTES = 64 * 1024 };

void pass_open(struct pass *pass, const struct simulation_options *options,
               struct simulation *simulation)
{
    const struct generation *generation = options->generation;
    *pass = (struct pass){.options = options,
                          .simulation = simulation,
                          .policy = generation->policy,
                          .form = config_event_form(generation->config),
                          .last = UINT64_MAX};
    pass->form.unmarked = true;
    if (!options->bodies)
        pass->policy.secret = NULL; /* no hash of it leaves here */
    buf_init(&pass->line, LINE_MOST);
    pass->arena = arena_new(ARENA_BYTES);
}

void pass_close(struct pass *pass)
{
    buf_free(&pass->line);
    arena_destroy(&pass->arena);
}

/* ---- What is told ---- */

bool pass_tell_caller(const struct simulation_options *options, enum pass_told what,
                      const struct replay_order *order, struct slice text)
{
    struct diag diag;
    if (what == PASS_MESSAGE) {
        options->on_line(options->context, text);
        return true;
    }
    memcpy(&diag, text.text, sizeof diag);
    if (what == PASS_DEAD) {
        options->on_dead(options->context, order->at_ms, &diag);
        return true;
    }
    options->on_no_event(options->context, &diag);
    return !options->strict;
}

static bool is_told(const struct pass *pass, int64_t at_ms)
{
    return at_ms >= pass->options->from_ms && at_ms < pass->options->to_ms;
}

static bool tell_fault(struct pass *pass, enum pass_told what, const struct replay_order *order,
                       const struct diag *diag)
{
    return pass->tell(pass->context, what, order, (struct slice){(const char *)diag, sizeof *diag});
}

static void tell_messages(struct pass *pass, const struct replay_decided *decided)
{
    const struct decision *decision = decided->decision;
    for (uint32_t i = 0; i < decision->message_count; i++) {
        const struct simulation_message message = {.at_ms = decided->now_ms,
                                                   .customer = decided->customer,
                                                   .sent = &decision->messages[i]};
        buf_clear(&pass->line);
        pass->options->on_message(pass->options->context, &message, &pass->line);
        pass->tell(pass->context, PASS_MESSAGE, &decided->order,
                   (struct slice){pass->line.data, pass->line.length});
    }
}

static void on_decided(void *context, const struct replay_decided *decided)
{
    struct pass *pass = context;
    struct simulation *simulation = pass->simulation;
    bool told = is_told(pass, decided->now_ms);
    people_decided(&simulation->people, decided, told);
    if (!told)
        return;
    hours_add(&simulation->hours, decided->now_ms, decided->decision->message_count);
    tally_decided(&simulation->tally, decided);
    if (pass->options->on_message)
        tell_messages(pass, decided);
}

static void on_dead(void *context, const struct replay_order *order, const struct diag *diag)
{
    struct pass *pass = context;
    if (!is_told(pass, order->at_ms))
        return;
    pass->simulation->tally.dead++;
    tell_fault(pass, PASS_DEAD, order, diag);
}

static void on_other(void *context, const char *key)
{
    struct pass *pass = context;
    if (pass->on_other)
        pass->on_other(pass->context, key);
}

static void on_asked(void *context, const char *name)
{
    struct pass *pass = context;
    if (pass->on_asked)
        pass->on_asked(pass->context, name);
}

/* ---- A replay ---- */

void pass_begin(struct pass *pass)
{
    const struct simulation_options *options = pass->options;
    const struct generation *generation = options->generation;
    const struct replay_options replay = {.rules = generation->rules,
                                          .policy = &pass->policy,
                                          .form = pass->form,
                                          .keep_ms = generation->config->keys.customer.keep_ms,
                                          .tables = options->tables,
                                          .silent = true,
                                          .bare = !options->bodies,
                                          .one_by_one = !pass->ahead,
                                          .on_decided = on_decided,
                                          .on_dead = on_dead,
                                          .on_other = on_other,
                                          .on_asked = on_asked,
                                          .context = pass};
    pass->replay = replay_new(&replay);
    for (const char *const *address = options->suppressed; address && *address; address++)
        replay_suppress(pass->replay, *address);
}

void pass_renew(struct pass *pass)
{
    replay_renew(pass->replay);
}

void pass_end(struct pass *pass)
{
    replay_destroy(&pass->replay);
}

static void expect(struct pass *pass, const struct feed *feed)
{
    size_t count, last;
    const struct shop_event *const *events = feed_read(feed, &count, &last);
    replay_expect(pass->replay, events, count, last);
}

/* It comes when the event before it did, behind all that was due before that. */
static bool take_no_event(struct pass *pass, const struct feed_item *item)
{
    struct replay_order order = {.at_ms = item->at_ms, .number = item->number};
    if (order.at_ms > pass->last_ms)
        order.at_ms = pass->last_ms;
    if (pass->last_ms)
        replay_wait(pass->replay, order.at_ms);
    pass->simulation->no_events++;
    return tell_fault(pass, PASS_NO_EVENT, &order, item->fault);
}

/* False: it shall be the end. */
static bool take(struct pass *pass, const struct feed_item *item)
{
    struct simulation *simulation = pass->simulation;
    if (!item->is_event)
        return take_no_event(pass, item);
    if (item->mark && item->mark != event_names_mark(&item->event) && pass->on_strange)
        pass->on_strange(pass->context);
    replay_take(pass->replay, &item->event, item->text, item->number);
    if (!simulation->first_ms || item->at_ms < simulation->first_ms)
        simulation->first_ms = item->at_ms;
    if (item->at_ms > simulation->last_ms)
        simulation->last_ms = item->at_ms;
    return true;
}

static const struct feed_item *next(struct pass *pass, struct feed *feed, struct diag *diag)
{
    if (feed_lets_go(feed))
        replay_settle(pass->replay);
    return feed_next(feed, diag);
}

bool pass_take(struct pass *pass, struct feed *feed, struct diag *diag)
{
    const struct simulation_options *options = pass->options;
    const struct feed_item *item;
    for (uint64_t count = 0; (item = next(pass, feed, diag)); count++) {
        if (item->at_ms >= options->to_ms || item->number > pass->last)
            break;
        if (pass->ahead)
            expect(pass, feed);
        if (!take(pass, item))
            return false;
        if (pass->ahead && count % PROGRESS_EVENTS == 0 && options->on_progress)
            options->on_progress(options->context, item->bytes);
    }
    return !diag->text[0];
}

static void see_customer(void *context, const struct customer *customer)
{
    struct pass *pass = context;
    pass->simulation->known++;
    for (uint32_t i = 0; i < customer->journeys.count; i++)
        tally_waits(&pass->simulation->tally, customer->journeys.items[i].rule);
}

void pass_finish(struct pass *pass, int64_t last_ms)
{
    const int64_t to_ms = pass->options->to_ms;
    replay_run(pass->replay, to_ms == SIMULATION_END ? last_ms : to_ms - 1);
    replay_each(pass->replay, pass->arena, see_customer, pass);
}
