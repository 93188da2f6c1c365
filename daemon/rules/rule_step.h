/*
 * A step of a rule, one of its flat list: what a journey keeps is where in that to go on. Each kind
 * is read in a file of its own (rules/rule_step_kinds).
 */
#ifndef NUDGED_RULES_RULE_STEP_H
#define NUDGED_RULES_RULE_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/value.h"
#include "cel/cel.h"
#include "rules/rule_clock.h"

enum rule_step_kind {
    RULE_STEP_SEND,
    RULE_STEP_WAIT,   /* goes on at the time that enum rule_wait tells */
    RULE_STEP_UNLESS, /* where `condition` is false: goes on at step `target` */
    RULE_STEP_SPLIT,  /* goes on at the target of the customer's share */
    RULE_STEP_JUMP,   /* goes on at step `target` */
    RULE_STEP_SET,    /* sets fields of the customer to what `data` says */
    RULE_STEP_EMIT,   /* makes an event */
    RULE_STEP_STOP,
};

/* When a wait is over. */
enum rule_wait {
    RULE_WAIT_FOR,   /* after wait_ms; or before, at an event of `or_` */
    RULE_WAIT_CLOCK, /* at the next such local time of the customer */
    RULE_WAIT_UNTIL, /* at the timestamp that an expression gives; at once where that is past */
};

struct rule_data {
    const char *name;
    struct cel_program *program;
};

/* One of a split's shares: of those places among all (base/share) that are below `upto`, and not
 * below that of the share before. */
struct rule_share {
    const char *name;
    uint32_t upto;
    uint32_t target; /* number of the step where it goes on */
};

enum { RULE_SHARES_MOST = 100 };

struct rule_step {
    enum rule_step_kind kind;
    const char *id;        /* as given, or a digest of the step's own content */
    uint32_t line, column; /* in the rule's file */
    /* Of the events whose data it may see: the rule's own, and those that a wait before may have
     * met. NULL-terminated. */
    const char *const *types;
    /* send */
    const char *template, *channel;
    const char *code; /* name of the list that it takes a code from; NULL: none */
    const struct value *template_at, *channel_at; /* where they are written; or NULL */
    bool mail;                                    /* the channel has mails; else texts */
    const char *field;                            /* of the customer, for a send without `to` */
    struct cel_program *to;                       /* NULL: what that field has */
    const struct value *to_at;                    /* where it is written; or NULL */
    bool staff;                                   /* `to` is the same whoever the customer is */
    struct cel_program *from;                     /* NULL: what the template says */
    const struct value *from_at;                  /* where it is written; or NULL */
    struct rule_data *data; /* extra fields of the template; ends with a row without a name. Of a
                               set its fields, of an emit the data of its event */
    /* emit */
    const char *emits;            /* the event's type */
    struct cel_program *for_whom; /* the id of another customer; NULL: about the same */
    /* wait */
    enum rule_wait wait;
    int64_t wait_ms;
    struct rule_clock wait_clock;
    struct cel_program *wait_until;
    bool skips;                /* where that is past it goes on at step `target` */
    const char *const *or_;    /* event types, NULL-terminated; NULL or empty: none */
    struct cel_program *or_if; /* of the event; NULL: true */
    /* unless */
    struct cel_program *condition;
    /* split */
    const char *split;         /* its name */
    struct rule_share *shares; /* ends with a row without a name */
    /* unless, jump, a wait that skips */
    uint32_t target;
    /* The branch that it stands in, and of an unless or a split the end of its own. */
    int32_t within;  /* number of that branch's unless, or of the split; -1: none */
    bool otherwise;  /* in its `else` */
    uint32_t behind; /* the step behind both `then` and `else` */
    bool looks_back; /* a journey that goes on here may look at its events (rules/rule_looks_back)
                        before it waits again */
};

#endif
