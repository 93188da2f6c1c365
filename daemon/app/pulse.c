#include "app/pulse.h"

#include <inttypes.h>

enum { MINUTE_MS = PULSE_SECONDS * 1000 + 500 };

void pulse_begin(struct pulse *pulse, int64_t wall_ms)
{
    *pulse = (struct pulse){.started_ms = wall_ms, .reloaded_ms = wall_ms};
}

void pulse_reloaded(struct pulse *pulse, bool good, int64_t wall_ms)
{
    pulse->reload_failed_ms = good ? 0 : wall_ms;
    if (good)
        pulse->reloaded_ms = wall_ms;
}

void pulse_note(struct pulse *pulse, const struct pulse_sample *sample)
{
    pulse->samples[pulse->next] = *sample;
    pulse->next = (pulse->next + 1) % (PULSE_SECONDS + 1);
    if (pulse->count <= PULSE_SECONDS)
        pulse->count++;
}

/* `back` 0: the newest. */
static const struct pulse_sample *sample_at(const struct pulse *pulse, size_t back)
{
    const size_t size = PULSE_SECONDS + 1;
    return &pulse->samples[(pulse->next + size - 1 - back) % size];
}

static double per_second(int64_t count, int64_t ms)
{
    return ms > 0 ? (double)count * 1000 / (double)ms : 0;
}

/* The oldest that is no more than a minute older than the newest: of a daemon that was idle there
 * are fewer. */
static const struct pulse_sample *oldest(const struct pulse *pulse)
{
    const struct pulse_sample *new = sample_at(pulse, 0);
    size_t back = pulse->count - 1;
    while (back > 1 && new->at_ms - sample_at(pulse, back)->at_ms > MINUTE_MS)
        back--;
    return sample_at(pulse, back);
}

double pulse_events(const struct pulse *pulse)
{
    if (pulse->count < 2)
        return 0;
    const struct pulse_sample *new = sample_at(pulse, 0), *old = oldest(pulse);
    return per_second(new->events - old->events, new->at_ms - old->at_ms);
}

double pulse_messages(const struct pulse *pulse)
{
    if (pulse->count < 2)
        return 0;
    const struct pulse_sample *new = sample_at(pulse, 0), *old = oldest(pulse);
    return per_second(new->messages - old->messages, new->at_ms - old->at_ms);
}

void pulse_write(const struct pulse *pulse, struct buf *out)
{
    buf_printf(out,
               "\"version\":\"%s\",\"started_at\":%" PRId64 ",\"reloaded_at\":%" PRId64
               ",\"events_per_second\":%.2f,\"messages_per_second\":%.2f",
               PACKAGE_VERSION, pulse->started_ms, pulse->reloaded_ms, pulse_events(pulse),
               pulse_messages(pulse));
    if (pulse->reload_failed_ms)
        buf_printf(out, ",\"reload_failed_at\":%" PRId64, pulse->reload_failed_ms);
}
