#include "simulate/simulation.h"

#include "base/arena.h"
#include "config/config.h"
#include "simulate/feed.h"

enum { PROGRESS_EVENTS = 1024, HOUR_MS = 3600 * 1000 };

struct run {
    const struct simulation_options *options;
    struct simulation *simulation;
    struct replay *replay;
    int64_t hour_ms; /* that it is now, of messages */
    uint64_t hour;   /* how many there were */
};

static bool is_told(const struct run *run, int64_t at_ms)
{
    return at_ms >= run->options->from_ms && at_ms < run->options->to_ms;
}

static void count_hour(struct run *run, int64_t at_ms, uint32_t messages)
{
    struct simulation *simulation = run->simulation;
    int64_t hour_ms = at_ms - at_ms % HOUR_MS;
    if (hour_ms != run->hour_ms)
        run->hour = 0;
    run->hour_ms = hour_ms;
    run->hour += messages;
    if (run->hour > simulation->busiest) {
        simulation->busiest = run->hour;
        simulation->busiest_ms = hour_ms;
    }
}

static void on_decided(void *context, const struct replay_decided *decided)
{
    struct run *run = context;
    const struct decision *decision = decided->decision;
    bool told = is_told(run, decided->now_ms);
    people_decided(&run->simulation->people, decided, told);
    if (!told)
        return;
    count_hour(run, decided->now_ms, decision->message_count);
    tally_decided(&run->simulation->tally, decided);
    for (uint32_t i = 0; i < decision->message_count && run->options->on_message; i++)
        run->options->on_message(run->options->context,
                                 &(struct simulation_message){.at_ms = decided->now_ms,
                                                              .customer = decided->customer,
                                                              .sent = &decision->messages[i]});
}

static void on_dead(void *context, int64_t now_ms, const struct diag *diag)
{
    struct run *run = context;
    if (!is_told(run, now_ms))
        return;
    run->simulation->tally.dead++;
    run->options->on_dead(run->options->context, now_ms, diag);
}

static void see_customer(void *context, const struct customer *customer)
{
    struct run *run = context;
    run->simulation->known++;
    for (uint32_t i = 0; i < customer->journeys.count; i++)
        tally_waits(&run->simulation->tally, customer->journeys.items[i].rule);
}

static void expect(struct run *run, const struct feed *feed)
{
    size_t count, last;
    const struct shop_event *const *events = feed_read(feed, &count, &last);
    replay_expect(run->replay, events, count, last);
}

/* False: it shall be the end. */
static bool take(struct run *run, const struct feed_item *item)
{
    struct simulation *simulation = run->simulation;
    if (!item->is_event) {
        simulation->no_events++;
        return run->options->on_no_event(run->options->context, item->fault);
    }
    replay_take(run->replay, &item->event, item->text);
    simulation->first_ms = simulation->first_ms ? simulation->first_ms : item->at_ms;
    simulation->last_ms = item->at_ms;
    return true;
}

static bool take_all(struct run *run, struct feed *feed, struct diag *diag)
{
    const struct simulation_options *options = run->options;
    const struct feed_item *item;
    for (uint64_t count = 0; (item = feed_next(feed, diag)); count++) {
        if (item->at_ms >= options->to_ms)
            break;
        expect(run, feed);
        if (!take(run, item))
            return false;
        if (count % PROGRESS_EVENTS == 0 && options->on_progress)
            options->on_progress(options->context, item->bytes);
    }
    return !diag->text[0];
}

bool simulation_run(struct simulation *simulation, const struct simulation_options *options,
                    struct history *history, struct diag *diag)
{
    const struct generation *generation = options->generation;
    struct run run = {.options = options, .simulation = simulation};
    struct policy policy = generation->policy;
    const struct replay_options replay = {.rules = generation->rules,
                                          .policy = &policy,
                                          .form = config_event_form(generation->config),
                                          .keep_ms = generation->config->keys.customer.keep_ms,
                                          .tables = options->tables,
                                          .silent = true,
                                          .bare = !options->bodies,
                                          .on_decided = on_decided,
                                          .on_dead = on_dead,
                                          .context = &run};
    if (!options->bodies)
        policy.secret = NULL; /* no hash of it leaves here */
    *simulation = (struct simulation){0};
    tally_open(&simulation->tally, generation->rules);
    people_open(&simulation->people, &options->people);
    run.replay = replay_new(&replay);
    for (const char *const *address = options->suppressed; address && *address; address++)
        replay_suppress(run.replay, *address);
    struct feed *feed = feed_new(history, &replay.form, options->threads > 1);
    bool done = take_all(&run, feed, diag);
    feed_destroy(&feed);
    if (done) {
        int64_t end_ms =
            options->to_ms == SIMULATION_END ? simulation->last_ms : options->to_ms - 1;
        replay_run(run.replay, end_ms);
        struct arena *arena = arena_new(64 * 1024);
        replay_each(run.replay, arena, see_customer, &run);
        arena_destroy(&arena);
    }
    replay_destroy(&run.replay);
    return done;
}

void simulation_free(struct simulation *simulation)
{
    tally_close(&simulation->tally);
    people_close(&simulation->people);
}
