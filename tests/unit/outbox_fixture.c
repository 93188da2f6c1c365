#include "outbox_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"

static struct outbox *new_outbox(struct store_fixture *store)
{
    static const char *const channels[] = {"email", "sms"}, *const gateways[] = {"main", "spare"};
    return outbox_new(&(struct outbox_options){.scripts = store->scripts,
                                               .instance = store->instance,
                                               .channels = channels,
                                               .channel_count = 2,
                                               .gateways = gateways,
                                               .gateway_count = 2,
                                               .dead_keep_ms = OUTBOX_FIXTURE_DAY_MS,
                                               .trace_keep_ms = OUTBOX_FIXTURE_DAY_MS,
                                               .inbox = "t:inbox"});
}

int outbox_fixture_open(void **state)
{
    struct outbox_fixture *scene = malloc(sizeof *scene);
    redis_fixture_open(&scene->redis, NULL);
    store_fixture_open(&scene->store, &scene->redis, "one");
    store_fixture_open(&scene->other, &scene->redis, "two");
    scene->outbox = new_outbox(&scene->store);
    scene->others = new_outbox(&scene->other);
    *state = scene;
    return 0;
}

int outbox_fixture_close(void **state)
{
    struct outbox_fixture *scene = *state;
    outbox_destroy(&scene->outbox);
    outbox_destroy(&scene->others);
    store_fixture_close(&scene->store);
    store_fixture_close(&scene->other);
    redis_fixture_close(&scene->redis);
    free(scene);
    return 0;
}

void outbox_fixture_put(struct outbox_fixture *scene, const char *mid, const char *class_,
                        const char *on_uncertain)
{
    redis_fixture_ask(&scene->redis,
                      "HSET t:message:%s state queued customer id:7 channel email class %s body "
                      "{\"m\":\"%s\"} on_uncertain %s give_up 4700000000001 attempts 0",
                      mid, class_, mid, on_uncertain);
    redis_fixture_ask(&scene->redis, "XADD t:outbox:email:%s * mid %s", class_, mid);
}

void outbox_fixture_put_many(struct outbox_fixture *scene, int count, const char *class_)
{
    char mid[16];
    for (int i = 0; i < count; i++) {
        snprintf(mid, sizeof mid, "%s%d", class_, i);
        outbox_fixture_put(scene, mid, class_, "hold");
    }
}

/* Taking. */

static void on_taken(void *context, const struct outbox_taken *taken)
{
    struct outbox_fixture_taken *into = context;
    struct buf out;
    assert_false(into->done);
    *into = (struct outbox_fixture_taken){.done = true,
                                          .count = taken->count,
                                          .now_ms = taken->now_ms,
                                          .wait_ms = taken->wait_ms,
                                          .behind_ms = taken->behind_ms,
                                          .paused = taken->paused,
                                          .held_ms = taken->held_ms,
                                          .crowded = taken->crowded,
                                          .buried = taken->buried,
                                          .withdrawn = taken->withdrawn};
    buf_init(&out, sizeof into->text - 1);
    if (taken->fault)
        buf_text(&out, taken->fault->code);
    for (size_t i = 0; i < taken->count; i++) {
        const struct outbox_message *m = &taken->messages[i];
        buf_printf(&out, i ? " %s%s" : "%s%s", m->mid, m->whole ? "" : "(not whole)");
        if (i < 16) {
            snprintf(into->entries[i], sizeof into->entries[i], "%s", m->entry);
            snprintf(into->queues[i], sizeof into->queues[i], "%s", m->queue);
            snprintf(into->mids[i], sizeof into->mids[i], "%s", m->mid);
            snprintf(into->classes[i], sizeof into->classes[i], "%s", m->class_);
        }
        assert_string_equal(m->customer, m->whole ? "id:7" : "");
        assert_string_equal(m->channel, "email");
    }
    if (taken->count) {
        const struct outbox_message *first = &taken->messages[0];
        snprintf(into->gateway, sizeof into->gateway, "%s", first->gateway ? first->gateway : "");
        snprintf(into->body, sizeof into->body, "%.*s", (int)first->length, first->body);
        into->attempts = first->attempts;
        into->give_up_ms = first->give_up_ms;
        into->token_ms = first->token_ms;
    }
    snprintf(into->text, sizeof into->text, "%s", buf_string(&out));
    buf_free(&out);
}

struct outbox_fixture_taken outbox_fixture_take_by(struct outbox_fixture *scene,
                                                   struct outbox *outbox,
                                                   const struct outbox_gateway *gateway,
                                                   size_t most)
{
    struct outbox_fixture_taken taken = {0};
    outbox_take(outbox, "email", gateway, most, on_taken, &taken);
    assert_false(taken.done);
    redis_fixture_run(&scene->redis, &taken.done);
    return taken;
}

struct outbox_fixture_taken outbox_fixture_take_with(struct outbox_fixture *scene,
                                                     struct outbox *outbox, const char *gateway,
                                                     size_t most, struct outbox_rate rate)
{
    const struct outbox_gateway bounds = {.name = gateway, .rate = rate};
    return outbox_fixture_take_by(scene, outbox, &bounds, most);
}

struct outbox_fixture_taken outbox_fixture_take_own(struct outbox_fixture *scene,
                                                    const char *gateway, size_t most)
{
    const struct outbox_gateway bounds = {.name = gateway, .own_only = true};
    return outbox_fixture_take_by(scene, scene->outbox, &bounds, most);
}

struct outbox_fixture_taken outbox_fixture_take(struct outbox_fixture *scene, size_t most)
{
    return outbox_fixture_take_with(scene, scene->outbox, "main", most, (struct outbox_rate){0});
}

/* Settling. */

struct outbox_fixture_settled {
    bool done;
    char text[128]; /* "1 0", or the fault's code */
};

static char letter[64];

const char *outbox_fixture_letter(void)
{
    return letter;
}

static void on_settled(void *context, const struct diag *fault, const struct outbox_answer *answers,
                       size_t count)
{
    struct outbox_fixture_settled *into = context;
    struct buf out;
    assert_false(into->done);
    into->done = true;
    *letter = '\0';
    buf_init(&out, sizeof into->text - 1);
    if (fault)
        buf_text(&out, fault->code);
    for (size_t i = 0; i < count; i++) {
        buf_printf(&out, i ? " %d" : "%d", answers[i].settled);
        if (answers[i].letter && !*letter)
            snprintf(letter, sizeof letter, "%s", answers[i].letter);
    }
    snprintf(into->text, sizeof into->text, "%s", buf_string(&out));
    buf_free(&out);
}

const char *outbox_fixture_settle(struct outbox_fixture *scene, struct outbox *outbox,
                                  const struct outbox_result *results, size_t count)
{
    static struct outbox_fixture_settled all[4];
    static size_t turn;
    struct outbox_fixture_settled *settled = &all[turn++ % 4];
    *settled = (struct outbox_fixture_settled){0};
    outbox_settle(outbox, results, count, on_settled, settled);
    assert_false(settled->done);
    redis_fixture_run(&scene->redis, &settled->done);
    return settled->text;
}

struct outbox_result outbox_fixture_result_of(const struct outbox_fixture_taken *taken,
                                              size_t index, enum outbox_verdict verdict)
{
    return (struct outbox_result){.entry = taken->entries[index],
                                  .queue = taken->queues[index],
                                  .mid = taken->mids[index],
                                  .channel = "email",
                                  .class_ = taken->classes[index],
                                  .verdict = verdict,
                                  .at_ms = 4000000000000};
}

void outbox_fixture_take_and_settle(struct outbox_fixture *scene, enum outbox_verdict verdict)
{
    struct outbox_fixture_taken taken = outbox_fixture_take(scene, 1);
    struct outbox_result result = outbox_fixture_result_of(&taken, 0, verdict);
    assert_int_equal(taken.count, 1);
    assert_string_equal(outbox_fixture_settle(scene, scene->outbox, &result, 1), "1");
}

/* Passing. */

struct outbox_fixture_passed {
    bool done;
    char text[64];
    int64_t wait_ms;
};

static void on_passed(void *context, const struct outbox_passed *passed)
{
    static const char *const words[] = {
        [OUTBOX_PASSED] = "passed",  [OUTBOX_PASS_WAIT] = "wait",
        [OUTBOX_PASS_HELD] = "held", [OUTBOX_PASS_WITHDRAWN] = "withdrawn",
        [OUTBOX_PASS_GONE] = "gone",
    };
    struct outbox_fixture_passed *into = context;
    assert_false(into->done);
    into->done = true;
    into->wait_ms = passed->wait_ms;
    snprintf(into->text, sizeof into->text, "%s%s%s",
             passed->fault ? passed->fault->code : words[passed->verdict], passed->why ? " " : "",
             passed->why ? passed->why : "");
}

const char *outbox_fixture_pass_to(struct outbox_fixture *scene, struct outbox *outbox,
                                   const struct outbox_fixture_taken *taken,
                                   const struct outbox_gateway *gateway, int64_t *number,
                                   int64_t *wait_ms)
{
    static struct outbox_fixture_passed all[4];
    static size_t turn;
    struct outbox_fixture_passed *passed = &all[turn++ % 4];
    *passed = (struct outbox_fixture_passed){0};
    struct outbox_pass pass = {.entry = taken->entries[0],
                               .mid = taken->mids[0],
                               .class_ = taken->classes[0],
                               .gateway = *gateway,
                               .number = *number};
    outbox_pass(outbox, &pass, on_passed, passed);
    *number = pass.number;
    redis_fixture_run(&scene->redis, &passed->done);
    if (wait_ms)
        *wait_ms = passed->wait_ms;
    return passed->text;
}

const char *outbox_fixture_pass(struct outbox_fixture *scene, struct outbox *outbox,
                                const struct outbox_fixture_taken *taken, const char *gateway,
                                struct outbox_rate rate, int64_t *number, int64_t *wait_ms)
{
    const struct outbox_gateway bounds = {.name = gateway, .rate = rate};
    return outbox_fixture_pass_to(scene, outbox, taken, &bounds, number, wait_ms);
}

void outbox_fixture_age(struct outbox_fixture *scene, const char *key, int64_t ms)
{
    redis_fixture_ask(
        &scene->redis, "EVAL %s 0 %s %lld",
        "local row = redis.call('HGETALL', ARGV[1]) redis.call('DEL', ARGV[1]) "
        "for i = 1, #row, 2 do local at = tonumber(row[i]) redis.call('HSET', ARGV[1], "
        "at and string.format('%.0f', at - ARGV[2]) or row[i], row[i + 1]) end",
        key, (long long)ms);
}

/* Sweeping. */

static void on_swept(void *context, const struct outbox_swept *swept)
{
    struct outbox_fixture_swept *into = context;
    assert_false(into->done);
    into->done = true;
    into->swept = *swept;
    snprintf(into->code, sizeof into->code, "%s", swept->fault ? swept->fault->code : "");
}

static struct outbox_fixture_swept sweep_by(struct outbox_fixture *scene, struct outbox *outbox,
                                            const struct outbox_sweep *sweep)
{
    struct outbox_fixture_swept swept = {0};
    outbox_sweep(outbox, sweep, on_swept, &swept);
    assert_false(swept.done);
    redis_fixture_run(&scene->redis, &swept.done);
    return swept;
}

struct outbox_fixture_swept outbox_fixture_sweep(struct outbox_fixture *scene,
                                                 struct outbox *outbox)
{
    return sweep_by(scene, outbox,
                    &(struct outbox_sweep){.tells_uncertain = true, .hand_is_new = true});
}

struct outbox_fixture_swept outbox_fixture_sweep_knowing(struct outbox_fixture *scene,
                                                         struct outbox *outbox,
                                                         const struct outbox_known *known,
                                                         size_t count)
{
    return sweep_by(scene, outbox,
                    &(struct outbox_sweep){.known = known,
                                           .known_count = count,
                                           .tells_uncertain = true,
                                           .tells_sent = true,
                                           .hand_is_new = true});
}

void outbox_fixture_assert_idle(struct outbox_fixture *scene)
{
    static const char *const classes[] = {"marketing", "transactional"};
    for (size_t i = 0; i < 2; i++)
        assert_redis(&scene->redis, "[0 (nil) (nil) (nil)]", "XPENDING t:outbox:email:%s nudged",
                     classes[i]);
}
