/* Lists of a customer (customer/customer_record), in the arena of who changes them. */
#ifndef NUDGED_CUSTOMER_CUSTOMER_LIST_H
#define NUDGED_CUSTOMER_CUSTOMER_LIST_H

#include <stdint.h>
#include <string.h>

#include "base/arena.h"

#define CUSTOMER_LIST(type)       \
    struct {                      \
        type *items;              \
        uint32_t count, capacity; \
    }

/* Adds an item. */
#define CUSTOMER_LIST_PUSH(arena, list, item)                                                   \
    ((list).items =                                                                             \
         arena_grow(arena, (list).items, (list).count, &(list).capacity, sizeof *(list).items), \
     (list).items[(list).count++] = (item))

/* Takes the item at an index away; the others stay in their order. */
#define CUSTOMER_LIST_DROP(list, index)                       \
    memmove(&(list).items[index], &(list).items[(index) + 1], \
            sizeof *(list).items *(--(list).count - (index)))

#endif
