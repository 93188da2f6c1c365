#include "events/batch_order.h"

static bool is_older(const struct batch *other, const struct batch *batch)
{
    return other->state != BATCH_NONE && other->number < batch->number;
}

bool batch_is_barred(const struct batch *batch)
{
    const struct batch *events = batch->siblings;
    for (size_t i = 0; i < INTAKE_AT_ONCE; i++)
        if (is_older(&events[i], batch) && (batch->is_alone || events[i].is_alone))
            return true;
    return false;
}

bool batch_may_decide(const struct batch *batch)
{
    const struct batch *events = batch->siblings;
    for (size_t i = 0; i < INTAKE_AT_ONCE && batch->number; i++)
        if (is_older(&events[i], batch) && !events[i].is_known)
            return false;
    return true;
}

static bool concerns(const struct batch *batch, const char *key)
{
    const struct name *name = names_find(batch->names, key);
    return name && name->work && name->work->state != WORK_DONE;
}

static bool concerns_any(const struct batch *batch, const struct work *work)
{
    for (uint32_t i = 0; i < work->name_count; i++)
        if (concerns(batch, work->names[i]->text))
            return true;
    return work->last;
}

bool batch_is_behind(const struct work *work)
{
    const struct batch *batch = work->batch, *events = batch->siblings;
    for (size_t i = 0; i < INTAKE_AT_ONCE && batch->number; i++)
        if (is_older(&events[i], batch) && concerns_any(&events[i], work))
            return true;
    return false;
}

bool batch_wait_for_older(struct work *work, const char *const *keys, size_t count)
{
    const struct batch *batch = work->batch, *events = batch->siblings;
    for (size_t i = 0; i < INTAKE_AT_ONCE && batch->number; i++)
        for (size_t key = 0; key < count && is_older(&events[i], batch); key++)
            work->last = work->last || concerns(&events[i], keys[key]);
    return work->last;
}

struct batch *batch_oldest_to_decide(struct batch *events)
{
    struct batch *oldest = NULL;
    for (size_t i = 0; i < INTAKE_AT_ONCE; i++) {
        struct batch *batch = &events[i];
        if (batch->state == BATCH_WORKING && batch->next < batch->in_round_count &&
            (!oldest || batch->number < oldest->number))
            oldest = batch;
    }
    return oldest;
}

bool batch_moves(const struct batch *batch)
{
    return batch->state == BATCH_READING || batch->state == BATCH_WORKING;
}
