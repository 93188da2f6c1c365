#include "store/placement.h"

#include <string.h>

#include "base/crc16.h"

size_t placement_count(const struct placement *placement)
{
    return placement->shards ? placement->shards : 1;
}

int64_t placement_part(const struct placement *placement, int64_t bound)
{
    int64_t part = bound / (int64_t)placement_count(placement);
    return bound > 0 && part == 0 ? 1 : part;
}

const char *placement_prefix(const struct placement *placement, struct arena *arena, size_t shard)
{
    return placement->shards ? arena_printf(arena, "%s{%zu}", placement->prefix, shard)
                             : placement->prefix;
}

size_t placement_of(const struct placement *placement, const char *key)
{
    return crc16(key, strlen(key)) % placement_count(placement);
}

bool placement_is_away(const struct placement_home *home, const char *key)
{
    return home->placement && placement_count(home->placement) > 1 &&
           placement_of(home->placement, key) != home->shard;
}

size_t placement_of_name(const struct placement *placement, const char *hash)
{
    return crc16(hash, strnlen(hash, PLACEMENT_NAME_SIZE)) % placement_count(placement);
}
