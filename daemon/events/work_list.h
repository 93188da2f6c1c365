/* A list of texts that grows in an arena. */
#ifndef NUDGED_EVENTS_WORK_LIST_H
#define NUDGED_EVENTS_WORK_LIST_H

#include <stdint.h>

#include "base/arena.h"

/* NULL-terminated once something was added. */
struct work_list {
    const char **texts;
    uint32_t count, capacity;
};

/* The text is not copied. */
void work_list_add(struct arena *arena, struct work_list *list, const char *text);

#endif
