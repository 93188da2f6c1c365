#include "web/web_proxies.h"

#include <string.h>
#include <strings.h>

bool web_proxies_read(struct arena *arena, const struct value *list, struct web_proxies *proxies,
                      const struct value **wrong)
{
    uint32_t count = value_count(list);
    struct web_network *networks = arena_zero(arena, sizeof *networks * (count + 1));
    for (uint32_t i = 0; i < count; i++) {
        const struct value *item = &list->list->items[i];
        if (!web_network_read((struct slice){item->string, item->length}, &networks[i])) {
            *wrong = item;
            return false;
        }
    }
    *proxies = (struct web_proxies){.networks = networks, .count = count};
    return true;
}

bool web_proxies_has(const struct web_proxies *proxies, const struct web_address *address)
{
    for (size_t i = 0; i < proxies->count; i++)
        if (web_network_has(&proxies->networks[i], address))
            return true;
    return false;
}

/* Goes back through the list as far as proxies wrote it; true where *client is who asked them. */
static bool go_back(const struct web_proxies *proxies, struct slice list,
                    struct web_address *client)
{
    const char *end = list.text + list.length;
    while (end > list.text) {
        const char *from = end;
        while (from > list.text && from[-1] != ',')
            from--;
        struct web_address one;
        if (!web_network_read_address(slice_trim(slice_between(from, end), " \t"), true, &one))
            return true; /* nobody knows who that is: the one that wrote it is the last known */
        *client = one;
        if (!web_proxies_has(proxies, &one))
            return true;
        end = from > list.text ? from - 1 : from;
    }
    return false;
}

struct web_address web_proxies_client(const struct web_proxies *proxies,
                                      const struct web_address *peer,
                                      const struct web_fields *headers)
{
    struct web_address client = *peer;
    if (!web_proxies_has(proxies, peer))
        return client;
    for (size_t i = headers->count; i > 0; i--) {
        const struct web_field *field = &headers->items[i - 1];
        if (strcasecmp(field->name.text, "x-forwarded-for") == 0 &&
            go_back(proxies, field->value, &client))
            break;
    }
    return client;
}

bool web_proxies_secure(const struct web_proxies *proxies, const struct web_address *peer,
                        const struct web_fields *headers)
{
    if (!web_proxies_has(proxies, peer))
        return false;
    for (size_t i = headers->count; i > 0; i--) {
        const struct web_field *field = &headers->items[i - 1];
        if (strcasecmp(field->name.text, "x-forwarded-proto") == 0)
            return field->value.length >= 5 &&
                   strcasecmp(field->value.text + field->value.length - 5, "https") == 0;
    }
    return false;
}
