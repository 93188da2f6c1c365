/* What reading rules is done with: whence, what is known, and where it all goes. */
#ifndef NUDGED_RULES_RULE_READER_H
#define NUDGED_RULES_RULE_READER_H

#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/settings.h"
#include "base/value.h"
#include "rules/rule_references.h"

struct rule_reader {
    struct arena *arena;                  /* of the rule set: must outlive the rules */
    const struct settings_source *source; /* the file, for the places of faults */
    struct diags *diags;                  /* errors and warnings are added */
    /* The event types that are known, each with sample data; NULL or empty: unknown. */
    const struct value *known_events;
    /* A map of the fields that their customers have; NULL: unknown. */
    const struct value *known_customer;
    const struct rule_channel *channels; /* that there are; NULL: the standard ones */
    const char *const *topics;           /* that a rule may have, besides "all"; NULL: any */
    const struct value *bare;    /* map: names that expressions know before the event\'s; or NULL */
    const struct field *fields;  /* of the configuration; ends with a row without a name; or NULL */
    const struct value *sampled; /* map: what the samples' customers carry; NULL: not known */
    struct field_owners *owners; /* which rule sets which field; NULL: not asked */
    const char *const *started_by; /* the rule's own types: `start` is of these; NULL: unknown */
    int64_t now_ms;                /* since 1970, to warn of what is past; 0: nothing is */
    struct rule_references *references; /* what expressions ask about is added; may be NULL */
};

#endif
