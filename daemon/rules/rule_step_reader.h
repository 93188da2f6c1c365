/* The steps of a rule while they are read: what the readers of all kinds of steps share. */
#ifndef NUDGED_RULES_RULE_STEP_READER_H
#define NUDGED_RULES_RULE_STEP_READER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/value.h"
#include "rules/rule.h"
#include "rules/rule_reader.h"

struct rule_step_reader {
    const struct rule_reader *reader;
    struct rule *rule;
    uint32_t capacity;
    int32_t within; /* the branch that is being read, as in struct rule_step */
    bool otherwise;
    bool too_many; /* said already */
    /* Of the events whose data expressions see from here on: the rule's own, and those that a wait
     * before may have gone on at. NULL-terminated. */
    const char *const *types;
    int32_t skips; /* number of the wait before that may pass over the next step; -1: none */
    /* Reads a list of steps, such as one side of a branch: rule_steps' own. */
    void (*read_list)(struct rule_step_reader *steps, const struct value *list);
};

/* Adds a step to the rule, for the value that it is read from; valid until the next is added. */
struct rule_step *rule_step_reader_add(struct rule_step_reader *steps, enum rule_step_kind kind,
                                       const struct value *value);

/* The id that was given (NULL: none); else a digest of the step's content, so that a step keeps
 * its id when others around it change. `kind` begins it. */
const char *rule_step_reader_id(const struct rule_step_reader *steps, const struct value *given,
                                const char *kind, const struct value *content);

#endif
