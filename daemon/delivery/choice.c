#include "delivery/choice.h"

bool choice_is_free(const struct choice_lane *lane, int64_t now_ms)
{
    return now_ms >= lane->not_before_ms && destination_room(lane->destination) > 0;
}

struct choice_lane *choice_free(const struct choice *choice, int64_t now_ms)
{
    for (size_t i = 0; i < choice->count; i++)
        if (choice_is_free(&choice->lanes[i], now_ms))
            return &choice->lanes[i];
    return NULL;
}

struct choice_lane *choice_ahead(const struct choice *choice, int64_t now_ms)
{
    for (size_t i = 0; i < choice->count; i++) {
        struct choice_lane *lane = &choice->lanes[i];
        if (now_ms >= lane->not_before_ms && destination_room_ahead(lane->destination) > 0)
            return lane;
    }
    return NULL;
}

struct choice_lane *choice_next(const struct choice *choice, const struct attempt *attempt,
                                int64_t now_ms)
{
    for (size_t i = 0; i < choice->count; i++)
        if (!(attempt->tried >> i & 1) && now_ms >= choice->lanes[i].not_before_ms &&
            destination_has_room_to_pass(choice->lanes[i].destination))
            return &choice->lanes[i];
    return NULL;
}

void choice_note_tried(const struct choice *choice, struct attempt *attempt,
                       const struct destination *destination)
{
    for (size_t i = 0; i < choice->count; i++)
        if (choice->lanes[i].destination == destination)
            attempt->tried |= UINT64_C(1) << i;
}

int64_t choice_wait_ms(const struct choice *choice)
{
    int64_t least_ms = INT64_MAX;
    for (size_t i = 0; i < choice->count; i++) {
        int64_t wait_ms = destination_wait_ms(choice->lanes[i].destination);
        if (wait_ms < least_ms)
            least_ms = wait_ms;
    }
    return choice->count ? least_ms : 0;
}
