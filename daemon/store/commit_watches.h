/* What a commit carries of watch lists: an item of each such list of commit.lua. */
#ifndef NUDGED_STORE_COMMIT_WATCHES_H
#define NUDGED_STORE_COMMIT_WATCHES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"

/* What the customer says of a product. */
struct commit_watch {
    const char *product;
    bool added;
    int64_t at_ms; /* since 1970 */
};

/* An entry that is to be told to all who watch a product: as the event that each gets. */
struct commit_telling {
    const char *entry, *product;
    struct slice event; /* JSON */
};

#endif
