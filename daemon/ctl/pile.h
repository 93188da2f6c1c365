/*
 * A pile of things that wait for an operator: dead letters, the outbox, uncertain messages. Each
 * command is one of these, and pile_run() its verbs: ls, show, retry, drop.
 */
#ifndef NUDGED_CTL_PILE_H
#define NUDGED_CTL_PILE_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/context.h"
#include "ctl/pile_item.h"
#include "ctl/selection.h"
#include "ctl/shards.h"

enum pile_verb { PILE_LS, PILE_SHOW, PILE_RETRY, PILE_DROP };

/* A shard of it. */
struct pile_place {
    struct context *context;
    const struct shards *shards; /* all of them */
    const struct shards_item *shard;
    struct session *session; /* of the shard, as is the prefix */
    const char *prefix;
};

/* Hears an item, which is good until it returns. False: that is enough. */
typedef bool pile_on_item(void *context, const struct pile_item *item);

/* What became of one. */
struct pile_answer {
    const char *refusal; /* why nothing was done; NULL: it was. A text that stays */
    const char *hint;    /* a command that takes its id; or NULL */
};

struct pile {
    const char *command; /* "dead" */
    const char *many;    /* "dead letters" */
    const char *gone;    /* what is said of an id that is not there */
    bool resend;         /* `resend` is another name of `retry` */
    bool newest_first;   /* so they are shown; they are settled the oldest first */
    /* All of them, in the order in which they are shown. False with `diag`. */
    bool (*walk)(const struct pile_place *place, pile_on_item *on_item, void *context,
                 struct diag *diag);
    /* Those of these ids that are there. */
    bool (*find)(const struct pile_place *place, const char *const *ids, size_t count,
                 pile_on_item *on_item, void *context, struct diag *diag);
    /* Whether the text may be an id; else (NULL: all may) it is the mid of one. */
    bool (*is_id)(const char *text);
    void (*print)(const struct pile_item *item);
    /* The verb on each, `dry` without doing it. False with `diag`: it may be asked again. */
    bool (*settle)(const struct pile_place *place, enum pile_verb verb, bool dry,
                   const char *const *ids, size_t count, struct pile_answer *answers,
                   struct diag *diag);
};

/* The command line of `nudgectl <pile>`. The exit status. */
int pile_run(struct context *context, const struct pile *pile, int argc, char **argv);

enum {
    PILE_INTERRUPTED = 130, /* exit status: by Ctrl-C; what was done is done */
    PILE_IDS_MOST = 1000000 /* in one run; the next one takes the rest */
};

#endif
