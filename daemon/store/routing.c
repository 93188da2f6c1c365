#include "store/routing.h"

#include "customer/watch.h"

struct routing routing_of(const struct placement *placement, const struct shop_event_form *form,
                          struct slice event, struct arena *arena)
{
    struct shop_event read;
    struct diag diag = {0};
    const char *product, *key;
    if (placement_count(placement) == 1 || !event.text)
        return (struct routing){0};
    key = shop_event_key(arena, event.text, event.length, form);
    if (key)
        return (struct routing){.shard = placement_of(placement, key)};
    shop_event_read(arena, event.text, event.length, "0-0", form, &read, &diag);
    return (struct routing){.every = watch_is_told(arena, &read, &diag, &product)};
}
