#include "delivery/flight.h"

#include <string.h>

struct flight *flight_new(const struct outbox_message *message, int64_t term)
{
    struct arena *arena = arena_new(2 * message->length + 2048);
    struct flight *flight = arena_zero(arena, sizeof *flight);
    flight->arena = arena;
    flight->mid = arena_text(arena, message->mid);
    flight->entry = arena_text(arena, message->entry);
    flight->customer = arena_text(arena, message->customer);
    flight->channel = arena_text(arena, message->channel);
    flight->class_ = arena_text(arena, message->class_);
    flight->body = arena_copy(arena, message->body, message->length);
    flight->body_length = message->length;
    flight->hold = strcmp(message->on_uncertain, "hold") == 0;
    flight->attempts = message->attempts;
    flight->give_up_ms = message->give_up_ms;
    flight->term = term;
    return flight;
}

void flight_destroy(struct flight **flight)
{
    if (!*flight)
        return;
    job_destroy(&(*flight)->job);
    generation_release(&(*flight)->generation);
    struct arena *arena = (*flight)->arena;
    arena_destroy(&arena);
    *flight = NULL;
}
