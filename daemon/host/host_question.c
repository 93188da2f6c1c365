#include "host/host_question.h"

#include <stdlib.h>

#include "base/mem.h"
#include "store/customers.h"

enum { FIRST_CHUNK = 2048 };

static void send_answer(struct host_question_world *world, uint32_t serial, enum ask_status status,
                        struct slice text)
{
    struct host_channel *channel = world->options.channel;
    struct buf *out = host_channel_out(channel);
    size_t begun = wire_begin(out, WIRE_ANSWER, serial);
    wire_number(out, status);
    wire_text(out, text);
    host_channel_send(channel, begun);
}

static void forget(struct host_question *question)
{
    struct host_question_world *world = question->world;
    struct host_question **at = &world->first;
    while (*at != question)
        at = &(*at)->next;
    *at = question->next;
    world->open--;
    arena_destroy(&question->arena);
    free(question);
}

void host_question_answer(struct host_question *question, enum ask_status status, struct slice text)
{
    send_answer(question->world, question->serial, status, text);
    forget(question);
}

struct customers *host_question_customers(const struct host_question *question, const char *key)
{
    struct host_question_world *world = question->world;
    size_t shard = placement_of(&world->options.routes.placement, key);
    struct scripts *scripts = routes_scripts(&world->options.routes, shard);
    if (scripts && !world->customers[shard])
        world->customers[shard] = customers_new(scripts, NULL);
    return scripts ? world->customers[shard] : NULL;
}

void host_question_refuse(struct host_question_world *world, uint32_t serial)
{
    send_answer(world, serial, ASK_UNAVAILABLE, slice_of(""));
}

struct host_question *host_question_new(struct host_question_world *world, uint32_t serial,
                                        struct slice text)
{
    struct host_question *question = mem_zero(1, sizeof *question);
    question->world = world;
    question->options = &world->options;
    question->arena = arena_new(FIRST_CHUNK);
    question->serial = serial;
    question->text = slice_copy(question->arena, text);
    question->next = world->first;
    world->first = question;
    world->open++;
    return question;
}

void host_question_drop_all(struct host_question_world *world)
{
    while (world->first) {
        struct host_question *question = world->first;
        if (question->cancel)
            question->cancel(question);
        forget(question);
    }
}
