/* The shapes of customer/customer: what is remembered of a customer, each list with its bound. */
#ifndef NUDGED_CUSTOMER_CUSTOMER_RECORD_H
#define NUDGED_CUSTOMER_CUSTOMER_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/value.h"
#include "customer/customer_journey.h"
#include "customer/customer_list.h"
#include "customer/customer_moment.h"

enum {
    CUSTOMER_FORMAT = 3, /* of the document */
    CUSTOMER_DOCUMENT_MOST = 64 * 1024,
    CUSTOMER_PROFILE_MOST = 16 * 1024, /* of its layers as they are printed */
    CUSTOMER_FIELDS_MOST = 8 * 1024,   /* of what rules set, with when it was */
    CUSTOMER_READS_MOST = 1024,        /* of what is kept of an event for a condition of `until` */
    CUSTOMER_TIMES_MOST = 32,          /* newest times kept for each counted event type */
    CUSTOMER_SENDS_MOST = 192,         /* that some limit or cap counts, … */
    CUSTOMER_COUNTED_MOST = 128,       /* … and how many any one of them may count */
    CUSTOMER_PAST_MOST = 64,           /* newest sends that none counts */
    CUSTOMER_OPEN_MOST = 192,          /* messages not known to be gone; … */
    CUSTOMER_OPEN_ANY = 128,     /* … so many where nothing withdraws one but an erasure; … */
    CUSTOMER_OPEN_ASKED = 64,    /* … and from how many on it is asked whether they are gone */
    CUSTOMER_JOURNEYS_MOST = 64, /* running at once, besides those that wait for room */
    CUSTOMER_ENDS_MOST = 64,     /* remembered ends of all rules, … */
    CUSTOMER_ENDS_OF_RULE = 16,  /* … and those of one rule that a condition is asked about */
    CUSTOMER_RING_MOST = 64,     /* newest ids of events without effect */
    CUSTOMER_SEEN_MOST = 256,    /* newest ids of events with an effect, … */
    CUSTOMER_MARKS_MOST = 32,    /* … and how many of either kind have a mark of their content */
    CUSTOMER_KEYS_MOST = 16,     /* newest keys that name the person, besides the document's */
    CUSTOMER_LAYERS_MOST = 16,   /* of the profile */
    SAID_MOST = 32,              /* words of what the person said, one for each topic */
    SAID_TOPIC_MOST = 100,       /* bytes */
};

enum {
    CUSTOMER_ENDS_OF_PER = 16,             /* remembered ends of values of one rule's `per` */
    CUSTOMER_PER_MOST = 128,               /* bytes of such a value that stand as they are */
    CUSTOMER_COLLECTED_MOST = 50,          /* events of a journey that collects, … */
    CUSTOMER_COLLECTED_BYTES = 256 * 1024, /* … and their data together */
};

struct customer_count {
    const char *type;
    int64_t count, first_ms, last_ms;
    uint32_t time_count;
    int64_t times[CUSTOMER_TIMES_MOST]; /* newest last */
};

/* A message that was decided, or a run of a rule that sends nothing: what limits and caps count. */
struct customer_send {
    const char *mid, *rule; /* `mid` "": it is a run */
    const char *run, *per;  /* the origin of its journey, by which limits count; as of that */
    int64_t at_ms;
    int64_t started_ms; /* its journey's start; 0: not told, of a former program */
    int64_t until_ms;   /* from then on neither its rule's limit nor the cap counts it */
    bool marketing;
};

struct customer_seen {
    char identity[17], content[5]; /* as of shop_event; `content` "": not known */
    int64_t at_ms;
};

/* What stands of an event's word on the customer: no other layer mentions the same. */
struct customer_layer {
    int64_t at_ms;
    struct value patch; /* map, with nulls (RFC 7396) */
};

/* The newest word on a topic, or on "all" (customer/said). */
struct customer_said {
    const char *topic; /* folded */
    int64_t at_ms;     /* never before 1970 */
    bool yes;
};

/* A total for each rule: customer.sent("welcome"). */
struct customer_total {
    const char *rule;
    int64_t count, last_ms;
};

/* The key that a person was first known by: by this they have their share of a split. */
struct customer_first {
    const char *key; /* NULL: not told, which is the document's own key, … */
    int64_t at_ms;   /* … and 0: nobody knows since when, which is older than all */
};

struct customer {
    const char *key;      /* the canonical one: the document stands under it */
    size_t bytes;         /* of the document as it was read, and of what was added since, about */
    const char *version;  /* token of the document that was read; "" for a new one */
    struct value profile; /* map: what the layers say together (customer/customer_profile) */
    CUSTOMER_LIST(struct customer_layer) layers; /* what events said, newest first */
    struct value fields;                         /* map: what rules set (customer/customer_fields);
                                                    stands over the profile */
    struct value fields_at;                      /* map: when, also of those that were removed */
    struct value defaults; /* map: configured fields before they are set; not printed; or null */
    struct customer_known *known; /* of customer_value; NULL: it keeps nothing */
    CUSTOMER_LIST(struct customer_count) counts;
    CUSTOMER_LIST(struct customer_send) sends;
    CUSTOMER_LIST(struct customer_total) totals;
    CUSTOMER_LIST(struct customer_open) open;
    CUSTOMER_LIST(struct customer_journey) journeys;
    CUSTOMER_LIST(struct customer_end) ends;
    CUSTOMER_LIST(struct customer_seen) seen, ring;
    CUSTOMER_LIST(struct customer_moment) moments;
    CUSTOMER_LIST(const char *) keys; /* that lead here, newest last; without `key` */
    int64_t keys_until_ms;            /* so long their redirects stand at least; 0: none has one */
    CUSTOMER_LIST(struct customer_said) said;
    struct customer_first first;
    bool said_unrecorded; /* by a document of a time without P:said: no record has its words */
    CUSTOMER_LIST(struct customer_start) starts; /* of journeys and open messages; not printed */
};

#endif
