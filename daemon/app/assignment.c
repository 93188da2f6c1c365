#include "app/assignment.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"

enum { NAME_MOST = 64 }; /* store/instance */

static uint64_t weight(const char *name, size_t shard)
{
    char text[NAME_MOST + 24];
    int length = snprintf(text, sizeof text, "%zu/%s", shard, name);
    size_t most = sizeof text - 1;
    return digest_spread(text, (size_t)length < most ? (size_t)length : most);
}

bool assignment_has(const char *const *daemons, size_t count, const char *name, size_t shard)
{
    uint64_t own = weight(name, shard);
    size_t before = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t other = weight(daemons[i], shard);
        int order = strcmp(daemons[i], name);
        before += order != 0 && (other > own || (other == own && order < 0));
    }
    return before < ASSIGNMENT_DAEMONS;
}
