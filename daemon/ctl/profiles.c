#include "ctl/profiles.h"

#include <string.h>

#include "base/digest.h"
#include "base/json.h"
#include "store/keys.h"

enum { IN_FLIGHT_MOST = 1000, ID_BYTES = 16 };

static void on_pushed(void *context, const struct reply *reply, const struct diag *fault)
{
    struct profiles *profiles = context;
    if (reply && reply->kind != REPLY_ERROR) {
        profiles->pushed++;
        return;
    }
    if (profiles->failed++ > 0)
        return;
    if (fault)
        profiles->fault = *fault;
    else
        reply_fault(reply, &profiles->fault);
}

static const char *id_of(struct arena *arena, const struct value *profile)
{
    unsigned char digest[DIGEST_SIZE];
    char hex[2 * ID_BYTES + 1];
    const struct slice text = json_print_slice(arena, profile, json_event_limits.bytes);
    digest_sha256(text.text, text.length, digest);
    digest_hex(digest, ID_BYTES, hex);
    return arena_printf(arena, "import.%s", hex);
}

bool profiles_push(struct profiles *profiles, const struct value *profile, struct arena *arena,
                   struct diag *diag)
{
    struct shop_event read;
    struct value event = value_new_map(arena, 4);
    value_set(arena, event, "type", value_text("customer.updated"));
    value_set(arena, event, "source", value_text("nudgectl"));
    value_set(arena, event, "id", value_text(id_of(arena, profile)));
    value_set(arena, event, "customer", *profile);
    const struct slice text = json_print_slice(arena, &event, 2 * json_event_limits.bytes);
    if (!shop_event_read(arena, text.text, text.length, "0-0", &profiles->form, &read, diag))
        return false;
    const struct shards_item *shard = shards_of(profiles->shards, read.key);
    const char *stream = keys_spell(arena, shard->prefix, KEY_EVENTS, NULL);
    const char *argv[] = {"XADD", stream, "*", "event", text.text};
    const size_t lengths[] = {4, strlen(stream), 1, 5, text.length};
    session_push(shard->session, 5, argv, lengths, on_pushed, profiles);
    session_drain(shard->session, IN_FLIGHT_MOST);
    return true;
}

static struct value value_of(struct arena *arena, const char *field)
{
    if (strcmp(field, "true") == 0 || strcmp(field, "false") == 0)
        return value_bool(*field == 't');
    return value_text(arena_text(arena, field));
}

struct value profiles_of_record(struct arena *arena, const char *const *names, size_t name_count,
                                const char *const *fields, size_t count)
{
    struct value map = value_new_map(arena, (uint32_t)count);
    for (size_t i = 0; i < count && i < name_count; i++)
        if (*fields[i] && *names[i])
            value_set(arena, map, names[i], value_of(arena, fields[i]));
    return map;
}

bool profiles_finish(struct profiles *profiles)
{
    for (size_t k = 0; k < profiles->shards->count; k++)
        session_drain(profiles->shards->items[k].session, 0);
    return profiles->failed == 0;
}
