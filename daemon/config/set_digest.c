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
    canonical_print(&text, &config->keys.shop);
    digest_sha256(buf_string(&text), text.length, digest);
    digest_hex(digest, (SET_DIGEST_SIZE - 1) / 2, out);
    buf_free(&text);
}
