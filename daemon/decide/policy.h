/*
 * What always applies, whatever a rule says: consent, caps, limits, quiet
 * hours, suppression. Each refusal has a name that `explain` and rule tests use.
 */
#ifndef NUDGED_DECIDE_POLICY_H
#define NUDGED_DECIDE_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/digest.h"
#include "base/settings.h"
#include "base/value.h"
#include "customer/customer.h"
#include "customer/shop_event.h"
#include "decide/policy_facts.h"
#include "decide/trace_words.h"
#include "rules/condition.h"
#include "rules/rule.h"

/* Of marketing: what a customer can say yes or no to by itself. */
struct policy_topic {
    const char *name; /* folded */
    bool opt_in;      /* it needs their own yes, which stands in place of consent */
};

/* The installation's own; set once at start, shared by all decisions. */
struct policy {
    struct cel_program *consent;              /* NULL: customer.accepts_marketing == true */
    const struct condition_segment *segments; /* ends with a row without a name; may be NULL */
    const struct policy_topic *topics; /* likewise; one that is not there is none of opt-in */
    struct setting_rate cap;           /* marketing messages to one customer; count 0: none */
    const char *const *only;      /* addresses that may be written to, as decide/only has them */
    struct setting_rate brake;    /* marketing messages of one rule; count 0: none */
    int quiet_from, quiet_to;     /* minutes of the customer's day; -1: no quiet hours */
    const struct field *fields;   /* computed ones; end with a row without a name; or NULL */
    struct value field_defaults;  /* map of what they are before they are set; or null */
    const char *const *key_paths; /* by which events name customers, the id first */
    int64_t dedupe_keep_ms;
    bool mails_return;           /* each mail has an envelope sender of its own: of its bounces it
                                    is remembered whom they are about */
    const char *zone;            /* of the shop (IANA) */
    struct value shop;           /* map */
    const unsigned char *secret; /* names messages and hashes addresses; NULL: nobody will see
                                    them, and any hash does */
    size_t secret_length;
};

/* The hash by the secret. */
void policy_digest(const struct policy *policy, const char *text, unsigned char out[DIGEST_SIZE]);

enum { POLICY_HASH_SIZE = 33 }; /* hex digits and a NUL */

/* The keyed hash by which the address's mailbox (base/mailbox) is known in P:suppressed. In the
 * arena. */
const char *policy_address_hash(const struct policy *policy, const char *address,
                                struct arena *arena);
/* The first 16 digits of such a hash of any text, as it is. In the arena. */
const char *policy_short_hash(const struct policy *policy, const char *text, struct arena *arena);
/* That of the address's mailbox. */
const char *policy_mailbox_hash(const struct policy *policy, const char *address,
                                struct arena *arena);
/* That of former programs (mailbox_former_form); NULL where it is the same. */
const char *policy_former_mailbox_hash(const struct policy *policy, const char *address,
                                       struct arena *arena);

/* Of an address as it is to be written to; NULL: none. */
struct policy_address policy_address(const struct policy *policy, const char *address,
                                     struct arena *arena);

/* Why this message must not be sent now: NO_ADDRESS, SUPPRESSED, LIMIT, ONLY, NO_CONSENT, CAP;
 * NONE: it may. `consented`: that the customer wants it was found before. */
enum trace_why policy_refusal(const struct policy *policy, const struct policy_facts *facts,
                              const struct rule *rule, const char *run,
                              const struct policy_address *address, bool consented,
                              const struct condition_scene *scene, struct arena *arena);

/* Whether as many other runs of the rule as its `limit` admits sent something to the customer
 * within its time; did something, where the rule sends nothing. */
bool policy_limits(const struct rule *rule, const struct customer *customer, const char *run,
                   int64_t now_ms);
/* Whether it is one that the rule's limit counts. */
bool policy_limit_counts(const struct rule *rule, const struct customer_send *send, int64_t now_ms);
/* Until when a message that is sent at `at_ms` is counted, by its rule's limit (NULL: the rule is
 * not here) or, as marketing, by the cap; `at_ms` where nothing counts it. */
int64_t policy_counts_until(const struct policy *policy, const struct rule *rule, bool marketing,
                            int64_t at_ms);

/* Whether the cap is reached once so many more are sent. */
bool policy_caps(const struct policy *policy, const struct customer *customer, uint32_t more,
                 int64_t now_ms);

/* Whether the customer wants marketing at all, by what is known of them; opt-outs are another
 * thing. */
bool policy_consents(const struct policy *policy, const struct condition_scene *scene,
                     struct arena *arena);
/* Whether the topic (folded) needs the customer's own yes. */
bool policy_is_opt_in(const struct policy *policy, const char *name);
/* Whether somebody said no to the topic under this address. */
bool policy_is_declined(const struct policy_facts *facts, const struct policy_address *address,
                        const char *topic, struct arena *arena);
/* Of what is known of a customer, a map, that which the question reads. */
struct value policy_consent_of(const struct policy *policy, const struct value *known,
                               struct arena *arena);

/* The end of the customer's quiet hours where `now` is within them; else 0. */
int64_t policy_quiet_until(const struct policy *policy, const struct customer *customer,
                           int64_t now_ms, struct arena *arena);

/* What was seen before then does not make the event a repetition. */
int64_t policy_seen_since(const struct policy *policy, const struct shop_event *event);

/* Where a message is; as `assumed` where the facts (may be NULL) do not tell. */
enum customer_place policy_place(const struct policy_facts *facts, const char *mid,
                                 enum customer_place assumed);

#endif
