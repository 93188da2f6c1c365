#include "config/set_digest.h"

#include <inttypes.h>

#include "base/canonical.h"
#include "base/digest.h"

enum { TEXT_MOST = 4 * 1024 * 1024 };

static void put_policy(const struct config *config, struct buf *out)
{
    const struct config_policy *policy = &config->keys.policy;
    canonical_print(out, &policy->consent);
    buf_printf(out, " %" PRId64 " %" PRId64 " %d %d %" PRId64 "\n", (int64_t)policy->cap.count,
               policy->cap.per_ms, policy->quiet.from, policy->quiet.to,
               config->keys.dedupe_keep_ms);
    if (policy->brake.count)
        buf_printf(out, "brake %" PRId64 " %" PRId64 "\n", policy->brake.count,
                   policy->brake.per_ms);
    if (value_count(&config->keys.deliver.only))
        canonical_print(out, &config->keys.deliver.only);
}

/* Where messages go that name no channel, and what its address is. Of channels in their short form
 * there is nothing to say. */
static void put_channels(const struct config *config, struct buf *out)
{
    static const char *const keys[] = {"kind", "address", "topics", "classes"};
    const struct value *all = &config->keys.channels;
    struct arena *arena = arena_new(4096);
    struct value told = value_new_map(arena, 4);
    for (uint32_t i = 0; i < value_count(all); i++) {
        const struct value_member *member = &all->map->members[i];
        struct value channel = value_new_map(arena, 4);
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
            if (value_get(&member->value, keys[k]))
                value_set(arena, channel, keys[k], *value_get(&member->value, keys[k]));
        if (value_is(&member->value, VALUE_MAP))
            value_add(arena, told, member->key, channel);
    }
    if (value_count(&told))
        canonical_print(out, &told);
    arena_destroy(&arena);
}

/* They are computed in their order, which counts therefore. */
static void put_fields(const struct value *fields, struct buf *out)
{
    for (uint32_t i = 0; i < value_count(fields); i++) {
        canonical_print(out, &fields->map->members[i].key);
        canonical_print(out, &fields->map->members[i].value);
    }
}

void set_digest(const struct config *config, const struct ruleset *rules, char out[SET_DIGEST_SIZE])
{
    unsigned char digest[DIGEST_SIZE];
    struct buf text;
    buf_init(&text, TEXT_MOST);
    buf_add(&text, (const char *)ruleset_digest(rules), DIGEST_SIZE);
    put_policy(config, &text);
    canonical_print(&text, &config->keys.segments);
    canonical_print(&text, &config->keys.topics);
    if (value_count(&config->keys.customer.fields)) /* as it always was where there are none */
        put_fields(&config->keys.customer.fields, &text);
    canonical_print(&text, &config->keys.shop);
    put_channels(config, &text);
    digest_sha256(buf_string(&text), text.length, digest);
    digest_hex(digest, (SET_DIGEST_SIZE - 1) / 2, out);
    buf_free(&text);
}
