/*
 * nudgectl rule: the rules with what keeps them from sending, over all daemons; one is paused and
 * resumed here. What was paused stands in Redis (store/halted), and daemons mind it at each commit.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "config/generation.h"
#include "ctl/by_whom.h"
#include "ctl/command.h"
#include "ctl/json_line.h"
#include "ctl/overall.h"
#include "ctl/pausing.h"
#include "ctl/plain.h"

enum { FIRST_CHUNK = 64 * 1024, NAMES_MOST = 500 };

struct overview {
    struct context *context;
    const struct shards *shards;
    struct arena *arena;
    struct generation *generation; /* of the files as they are now */
    bool json;
    struct paused *halted;
    size_t count;
};

/* ---- ls ---- */

static void print_plain(const struct overview *overview, const char *name, const char *class,
                        const struct paused *halt)
{
    printf("%s  %s", plain_of(overview->arena, name), class);
    if (halt) {
        printf("  ");
        pausing_print(overview->arena, halt);
        if (halt->waiting)
            printf(", sends to %" PRId64 " customer%s wait", halt->waiting,
                   halt->waiting == 1 ? "" : "s");
    }
    printf("\n");
}

static void print_json(const struct overview *overview, const char *name, const char *class,
                       const struct paused *halt)
{
    struct arena *arena = overview->arena;
    struct value row = value_new_map(arena, 6);
    value_set(arena, row, "name", value_text(name));
    value_set(arena, row, "class", value_text(class));
    pausing_put(arena, row, halt);
    if (halt)
        value_set(arena, row, "waiting", value_int(halt->waiting));
    json_line_print(&row);
}

static const char *class_of(const struct rule *rule)
{
    return !rule->enabled ? "disabled" : rule_class_word(rule->class);
}

/* Those that are paused and are in no file stand behind the others. */
static int list(struct overview *overview)
{
    struct diag diag = {0};
    const struct ruleset *rules = overview->generation->rules;
    if (!overall_halted(overview->shards, overview->arena, &overview->halted, &overview->count,
                        &diag))
        return context_fail(&diag);
    for (size_t i = 0; i < ruleset_count(rules); i++) {
        const struct rule *rule = ruleset_at(rules, i);
        (overview->json ? print_json
                        : print_plain)(overview, rule->name, class_of(rule),
                                       pausing_find(overview->halted, overview->count, rule->name));
    }
    for (size_t i = 0; i < overview->count; i++)
        if (!ruleset_find(rules, overview->halted[i].name))
            (overview->json ? print_json : print_plain)(overview, overview->halted[i].name,
                                                        "unknown", &overview->halted[i]);
    return EXIT_SUCCESS;
}

/* ---- pause, resume ---- */

static bool pause(const struct overview *overview, const char *name, struct diag *diag)
{
    struct arena *arena = overview->arena;
    const struct shards *shards = overview->shards;
    bool done = false;
    for (size_t k = 0; k < shards->count; k++) {
        const struct shards_item *shard = &shards->items[k];
        bool here = false;
        if (!paused_set(shard->session, shard->prefix, KEY_HALTED, name, by_whom(arena), &here,
                        diag) &&
            !shards_pass(shards, shard, diag))
            return false;
        done = done || here;
    }
    const struct value row = pausing_row(arena, "rule", name, true, done);
    if (overview->json)
        json_line_print(&row);
    else
        printf("%s\n", pausing_text(arena, name, true, done));
    return true;
}

/* The daemons would wake who waits, too: a second later, and if this ends here. */
static bool wake_all(const struct shards_item *shard, int64_t *all, struct diag *diag)
{
    int64_t woken;
    do {
        if (!halted_rouse(shard->session, shard->prefix, &woken, diag))
            return false;
        *all += woken;
    } while (woken);
    return true;
}

static bool resume_all(const struct shards *shards, const char *name, bool *done, int64_t *woken,
                       struct diag *diag)
{
    for (size_t k = 0; k < shards->count; k++) {
        const struct shards_item *shard = &shards->items[k];
        bool here = false;
        bool good = halted_clear(shard->session, shard->prefix, name, &here, diag) &&
                    wake_all(shard, woken, diag);
        if (!good && !shards_pass(shards, shard, diag))
            return false;
        *done = *done || here;
    }
    return true;
}

static bool resume(const struct overview *overview, const char *name, struct diag *diag)
{
    struct arena *arena = overview->arena;
    bool done = false;
    int64_t woken = 0;
    if (!resume_all(overview->shards, name, &done, &woken, diag))
        return false;
    struct value row = pausing_row(arena, "rule", name, false, done);
    value_set(arena, row, "asked_again", value_int(woken));
    if (overview->json) {
        json_line_print(&row);
        return true;
    }
    printf("%s", pausing_text(arena, name, false, done));
    if (woken)
        printf(", sends to %" PRId64 " customer%s are asked again", woken, woken == 1 ? "" : "s");
    printf("\n");
    return true;
}

static int set_all(const struct overview *overview, bool pauses, char **names)
{
    struct diag diag = {0};
    for (; *names; names++)
        if (!(pauses ? pause : resume)(overview, *names, &diag))
            return context_fail(&diag);
    return EXIT_SUCCESS;
}

/* ---- The command line ---- */

static int no_rule(const struct ruleset *rules, const char *name)
{
    const char *names[NAMES_MOST + 1];
    struct diag diag = {0};
    size_t count = 0;
    for (size_t i = 0; i < ruleset_count(rules) && count < NAMES_MOST; i++)
        names[count++] = ruleset_at(rules, i)->name;
    names[count] = NULL;
    diag_error(&diag, "there is no rule `%s`", name);
    diag_suggest(&diag, name, names);
    return context_fail(&diag);
}

/* 0, or EX_USAGE. `count`: arguments with the verb. */
static int check(const char *verb, int count, char **argv)
{
    static const char *const verbs[] = {"ls", "pause", "resume", NULL};
    bool lists = strcmp(verb, "ls") == 0;
    if (!rule_list_has(verbs, verb))
        return pausing_no_verb(argv[0], verb, verbs, "`ls`, `pause` or `resume`");
    if (!lists && count < 2)
        return command_usage(argv[0], "`%s` takes the names of rules", verb);
    if (lists && count > 1)
        return command_usage(argv[0], "no argument is expected: %s", argv[2]);
    return 0;
}

static int run_with_redis(struct overview *overview, const char *verb, char **names)
{
    overview->shards = shards_open_some(overview->context);
    if (!overview->shards)
        return EXIT_FAILURE;
    bool lists = strcmp(verb, "ls") == 0;
    int status = lists ? list(overview) : set_all(overview, strcmp(verb, "pause") == 0, names);
    return shards_end(overview->shards, status, lists ? SHARDS_UNSEEN : SHARDS_UNDONE);
}

static struct generation *load(struct context *context)
{
    struct diags diags = {0};
    const struct config *config = context_config(context);
    struct generation *generation = config ? generation_load(config, &diags) : NULL;
    context_print_errors(&diags);
    if (!generation)
        context->trouble = EX_CONFIG;
    return generation;
}

/* A rule that is in no file may be resumed, but not paused: it would be a misspelt one. */
static int run(struct context *context, const char *verb, bool json, char **names)
{
    struct overview overview = {.context = context, .json = json};
    overview.generation = load(context);
    if (!overview.generation)
        return EXIT_FAILURE;
    int status = EXIT_SUCCESS;
    for (char **name = names; *name && strcmp(verb, "pause") == 0 && !status; name++)
        if (!ruleset_find(overview.generation->rules, *name))
            status = no_rule(overview.generation->rules, *name);
    overview.arena = arena_new(FIRST_CHUNK);
    if (!status)
        status = run_with_redis(&overview, verb, names);
    arena_destroy(&overview.arena);
    generation_release(&overview.generation);
    return status;
}

int command_rule(struct context *context, int argc, char **argv)
{
    bool json = false;
    static char *none[] = {NULL};
    const struct command_option options[] = {{.name = "--json", .flag = &json}, {0}};
    int count = command_options(context, argc, argv, options);
    if (count < 0)
        return EX_USAGE;
    const char *verb = count ? argv[1] : "ls";
    int fault = check(verb, count, argv);
    argv[count + 1] = NULL;
    return fault ? fault : run(context, verb, json, count > 1 ? argv + 2 : none);
}
