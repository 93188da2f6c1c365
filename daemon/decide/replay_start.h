/* The event that started a journey, as decide/replay_memory keeps it. */
#ifndef NUDGED_DECIDE_REPLAY_START_H
#define NUDGED_DECIDE_REPLAY_START_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "customer/shop_event.h"

struct replay_start {
    char origin[SHOP_EVENT_NAME_SIZE];
    bool is_pushed; /* `text` is the event as it was pushed; else its document */
    uint32_t entry; /* of the stream: how many came before it, … */
    int64_t at_ms;  /* … and when it came */
    char *text;     /* JSON; owned */
    size_t length;
};

#endif
