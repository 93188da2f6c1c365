/*
 * Three things: the keyed hashes by which addresses are known (policy_address), why a message must
 * not be sent now (policy_refusal) with what it counts and asks, and the times at which that
 * changes (policy_counts_until, policy_quiet_until).
 */
#include "decide/policy.h"

#include <string.h>

#include "base/digest.h"
#include "base/mailbox.h"
#include "base/zone.h"
#include "customer/said.h"
#include "decide/only.h"
#include "rules/condition_reads.h"

enum customer_place policy_place(const struct policy_facts *facts, const char *mid,
                                 enum customer_place assumed)
{
    for (size_t i = facts ? facts->place_count : 0; i-- > 0;)
        if (strcmp(facts->places[i].mid, mid) == 0)
            return facts->places[i].place;
    return facts && facts->sent ? CUSTOMER_PLACE_GONE : assumed;
}

int64_t policy_seen_since(const struct policy *policy, const struct shop_event *event)
{
    enum { MINUTE_MS = 60 * 1000 };
    return event->arrival_ms - (event->id[0] ? policy->dedupe_keep_ms : MINUTE_MS);
}

enum { HASH_BYTES = (POLICY_HASH_SIZE - 1) / 2, SHORT_HASH_BYTES = 8 };

void policy_digest(const struct policy *policy, const char *text, unsigned char out[DIGEST_SIZE])
{
    if (policy->secret) {
        digest_hmac(policy->secret, policy->secret_length, text, strlen(text), out);
        return;
    }
    uint64_t spread = digest_spread(text, strlen(text));
    for (size_t at = 0; at < DIGEST_SIZE; at += sizeof spread) {
        memcpy(out + at, &spread, sizeof spread);
        spread = (spread ^ spread >> 32) * UINT64_C(0x9e3779b97f4a7c15); /* no two become one */
    }
}

/* The first `bytes` of the keyed hash, as hex. */
static const char *hash_of(const struct policy *policy, const char *text, size_t bytes,
                           struct arena *arena)
{
    unsigned char digest[DIGEST_SIZE];
    char *out = arena_alloc(arena, 2 * bytes + 1);
    policy_digest(policy, text, digest);
    digest_hex(digest, bytes, out);
    return out;
}

const char *policy_address_hash(const struct policy *policy, const char *address,
                                struct arena *arena)
{
    return hash_of(policy, mailbox_form(arena, slice_of(address)), HASH_BYTES, arena);
}

static const char *old_hash_of(const struct policy *policy, const char *address, const char *form,
                               struct arena *arena)
{
    const char *old = mailbox_former_form(arena, slice_of(address));
    if (!old)
        old = mailbox_old_form(arena, slice_of(address));
    return strcmp(form, old) == 0 ? NULL : hash_of(policy, old, HASH_BYTES, arena);
}

const char *policy_short_hash(const struct policy *policy, const char *text, struct arena *arena)
{
    return hash_of(policy, text, SHORT_HASH_BYTES, arena);
}

const char *policy_mailbox_hash(const struct policy *policy, const char *address,
                                struct arena *arena)
{
    return policy_short_hash(policy, mailbox_form(arena, slice_of(address)), arena);
}

const char *policy_former_mailbox_hash(const struct policy *policy, const char *address,
                                       struct arena *arena)
{
    const char *former = mailbox_former_form(arena, slice_of(address));
    return former ? policy_short_hash(policy, former, arena) : NULL;
}

struct policy_address policy_address(const struct policy *policy, const char *address,
                                     struct arena *arena)
{
    if (!address)
        return (struct policy_address){0};
    const char *form = mailbox_form(arena, slice_of(address));
    const char *hash = hash_of(policy, form, HASH_BYTES, arena);
    return (struct policy_address){.hash = hash,
                                   .old_hash = old_hash_of(policy, address, form, arena),
                                   .said = arena_copy(arena, hash, 2 * SHORT_HASH_BYTES),
                                   .former_said =
                                       policy_former_mailbox_hash(policy, address, arena),
                                   .domain = mailbox_domain(arena, slice_of(form)),
                                   .text = address};
}

/* Of a rule that sends, only what was sent. */
bool policy_limit_counts(const struct rule *rule, const struct customer_send *send, int64_t now_ms)
{
    return send->at_ms > now_ms - rule->limit.per_ms && strcmp(send->rule, rule->name) == 0 &&
           (send->mid[0] || !rule->sends);
}

bool policy_limits(const struct rule *rule, const struct customer *customer, const char *run,
                   int64_t now_ms)
{
    const struct customer_send *sends = customer->sends.items;
    int64_t runs = 0;
    for (uint32_t i = 0; rule->limit.count && i < customer->sends.count; i++) {
        if (!policy_limit_counts(rule, &sends[i], now_ms) || strcmp(sends[i].run, run) == 0)
            continue;
        bool counted = false; /* a run may have sent several messages */
        for (uint32_t j = 0; j < i && !counted; j++)
            counted = policy_limit_counts(rule, &sends[j], now_ms) &&
                      strcmp(sends[j].run, sends[i].run) == 0;
        runs += !counted;
    }
    return rule->limit.count && runs >= rule->limit.count;
}

static int64_t marketing_within(const struct customer *customer, int64_t since_ms)
{
    int64_t sends = 0;
    for (uint32_t i = 0; i < customer->sends.count; i++)
        sends += customer->sends.items[i].marketing && customer->sends.items[i].at_ms > since_ms;
    return sends;
}

bool policy_caps(const struct policy *policy, const struct customer *customer, uint32_t more,
                 int64_t now_ms)
{
    return policy->cap.count &&
           marketing_within(customer, now_ms - policy->cap.per_ms) + more >= policy->cap.count;
}

bool policy_consents(const struct policy *policy, const struct condition_scene *scene,
                     struct arena *arena)
{
    if (policy->consent) {
        const char *fault;
        return condition_ask(policy->consent, scene, arena, &fault) == CONDITION_TRUE;
    }
    struct value customer = customer_value(arena, scene->customer);
    const struct value *accepts = value_get(&customer, "accepts_marketing");
    return value_is(accepts, VALUE_BOOL) && accepts->boolean;
}

struct value policy_consent_of(const struct policy *policy, const struct value *known,
                               struct arena *arena)
{
    if (policy->consent)
        return condition_reads_customer(policy->consent, policy->segments, known, arena);
    const struct value *accepts = value_get(known, "accepts_marketing");
    struct value kept = value_new_map(arena, 1);
    if (accepts)
        value_add(arena, kept, value_text("accepts_marketing"), *accepts);
    return kept;
}

bool policy_is_opt_in(const struct policy *policy, const char *name)
{
    for (const struct policy_topic *topic = policy->topics; topic && topic->name; topic++)
        if (strcmp(topic->name, name) == 0)
            return topic->opt_in;
    return false;
}

/* By what the customer has said, or by what is known of them. */
static bool is_wanted(const struct policy *policy, const struct rule *rule,
                      const struct condition_scene *scene, struct arena *arena)
{
    if (policy_is_opt_in(policy, rule->topic))
        return said_wanted(scene->customer, rule->topic);
    return !said_declined(scene->customer, rule->topic) && policy_consents(policy, scene, arena);
}

static bool is_suppressed(const struct policy_facts *facts, const struct policy_address *address)
{
    return rule_list_has(facts->suppressed, address->hash) ||
           (address->old_hash && rule_list_has(facts->suppressed, address->old_hash));
}

static bool is_declined_by(const char *declined, const struct policy_address *address,
                           const char *topic, struct arena *arena)
{
    const char *said = address->said, *former = address->former_said;
    return strcmp(declined, arena_printf(arena, "%s=%s", said, topic)) == 0 ||
           (former && strcmp(declined, arena_printf(arena, "%s=%s", former, topic)) == 0);
}

bool policy_is_declined(const struct policy_facts *facts, const struct policy_address *address,
                        const char *topic, struct arena *arena)
{
    const char *const *declined = facts ? facts->declined : NULL;
    for (; declined && *declined; declined++)
        if (is_declined_by(*declined, address, topic, arena))
            return true;
    return false;
}

enum trace_why policy_refusal(const struct policy *policy, const struct policy_facts *facts,
                              const struct rule *rule, const char *run,
                              const struct policy_address *address, bool consented,
                              const struct condition_scene *scene, struct arena *arena)
{
    if (!address->hash)
        return TRACE_WHY_NO_ADDRESS;
    if (facts && is_suppressed(facts, address))
        return TRACE_WHY_SUPPRESSED;
    if (policy_limits(rule, scene->customer, run, scene->now_ms))
        return TRACE_WHY_LIMIT;
    if (!only_admits(policy->only, address->text, arena))
        return TRACE_WHY_ONLY;
    if (rule->class != RULE_MARKETING)
        return TRACE_WHY_NONE;
    if (policy_is_declined(facts, address, rule->topic, arena) ||
        (!consented && !is_wanted(policy, rule, scene, arena)))
        return TRACE_WHY_NO_CONSENT;
    return policy_caps(policy, scene->customer, 0, scene->now_ms) ? TRACE_WHY_CAP : TRACE_WHY_NONE;
}

int64_t policy_counts_until(const struct policy *policy, const struct rule *rule, bool marketing,
                            int64_t at_ms)
{
    int64_t per_ms = rule && rule->limit.count ? rule->limit.per_ms : 0;
    if (marketing && policy->cap.count && policy->cap.per_ms > per_ms)
        per_ms = policy->cap.per_ms;
    return at_ms + per_ms;
}

/* A minute of the local day, or of one some days from it. */
static int64_t instant_of(struct zone *zone, const struct zone_time *local, int days, int minute)
{
    const struct zone_time time = {.year = local->year,
                                   .month = local->month,
                                   .day = local->day + days,
                                   .hour = minute / 60,
                                   .minute = minute % 60};
    return zone_instant(zone, &time);
}

/* Both ends are instants: what a clock that is changed shows says neither whether they have begun
 * nor whether they are over. Those of yesterday may go on, and where midnight is skipped those of
 * the day before. */
int64_t policy_quiet_until(const struct policy *policy, const struct customer *customer,
                           int64_t now_ms, struct arena *arena)
{
    if (policy->quiet_from < 0 || policy->quiet_from == policy->quiet_to)
        return 0;
    struct zone *zone = zone_get(condition_zone(customer, policy->zone, arena));
    if (!zone && !(zone = zone_get(policy->zone)))
        return 0;
    struct zone_time local;
    zone_local(zone, now_ms, &local);
    bool overnight = policy->quiet_from > policy->quiet_to;
    for (int days = 0; days >= -2; days--) {
        int64_t end_ms = instant_of(zone, &local, days + overnight, policy->quiet_to);
        if (now_ms < end_ms && now_ms >= instant_of(zone, &local, days, policy->quiet_from))
            return end_ms;
    }
    return 0;
}
