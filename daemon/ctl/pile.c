/*
 * pile_run, at the end, reads the command line; above it the verbs, each in the order of its work:
 *
 *   list     ls: what is selected, so many of it, and how many more there are
 *   show     each in full
 *   settle   retry and drop: all that is selected is found first (gather), so that what comes
 *            back meanwhile is not met again; then settled, a batch at a time (settle_all)
 *
 * What is done is done: after Ctrl-C, or a Redis that went away, the same command goes on.
 */
#include "ctl/pile.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/map.h"
#include "base/progress.h"
#include "ctl/command.h"
#include "ctl/json_line.h"
#include "ctl/plain.h"
#include "ctl/who.h"

#define SHOWN_STANDARD "50"

enum { BATCH = 100, TOLD_MOST = 20, REFUSALS_MOST = 16, OPTIONS = 16 };

struct pile_run {
    struct context *context;
    const struct pile *pile;
    struct pile_place place;
    struct selection selection;
    const char *customer; /* key of the one that is selected; NULL: none is */
    enum pile_verb verb;
    const char *word, *done; /* "retry", "retried": as they are said */
    bool json, dry;
    /* ls */
    uint64_t most, shown, more;
    /* retry, drop */
    struct arena *names; /* of the ids */
    const char **ids;
    uint32_t id_count, id_capacity;
    struct map *mids; /* those that were named; NULL: none. An id is put in their place */
    struct progress *progress;
    uint64_t count, refused, told;
    struct {
        const char *why;
        uint64_t count;
    } refusals[REFUSALS_MOST]; /* that were not told one by one */
};

/* ---- Ctrl-C ---- */

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* The batch that is under way is finished; a second Ctrl-C ends at once. */
static void mind_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* ---- ls ---- */

static void print_item(const struct pile_run *run, const struct pile_item *item)
{
    if (run->json)
        pile_item_print_json(item);
    else if (run->verb == PILE_SHOW)
        pile_item_print_all(item);
    else
        run->pile->print(item);
}

static bool on_listed(void *context, const struct pile_item *item)
{
    struct pile_run *run = context;
    if (!selection_has(&run->selection, run->customer, item))
        return true;
    if (run->shown == run->most) {
        run->more++;
        return !ferror(stdout);
    }
    run->shown++;
    print_item(run, item);
    return !ferror(stdout); /* `| head` */
}

static int list(struct pile_run *run)
{
    struct diag diag = {0};
    bool listed = run->pile->walk(&run->place, on_listed, run, &diag);
    if (!listed)
        return context_fail(&diag);
    if (run->json)
        return EXIT_SUCCESS;
    if (run->more)
        printf("and %" PRIu64 " more\n", run->more);
    else if (run->shown == 0)
        printf("no %s%s\n", run->pile->many,
               selection_is_narrow(&run->selection) ? " of that kind" : "");
    return EXIT_SUCCESS;
}

/* ---- Refusals ---- */

static void count_refusal(struct pile_run *run, const char *why)
{
    int i = 0;
    while (i < REFUSALS_MOST - 1 && run->refusals[i].why && strcmp(run->refusals[i].why, why) != 0)
        i++;
    run->refusals[i].why = why;
    run->refusals[i].count++;
}

/* The first ones are told by their ids, of all others how many there were. */
static void refuse(struct pile_run *run, const char *id, const struct pile_answer *answer)
{
    run->refused++;
    if (run->told >= TOLD_MOST) {
        count_refusal(run, answer->refusal);
        return;
    }
    run->told++;
    progress_clear(run->progress);
    fprintf(stderr, "nudgectl: %s: %s\n", plain_of(run->names, id), answer->refusal);
    if (answer->hint)
        fprintf(stderr, "hint: `nudgectl %s %s`\n", answer->hint, id);
}

static void tell_refusals(const struct pile_run *run)
{
    for (int i = 0; i < REFUSALS_MOST && run->refusals[i].why; i++)
        fprintf(stderr, "nudgectl: %" PRIu64 " more: %s\n", run->refusals[i].count,
                run->refusals[i].why);
}

/* ---- What is selected ---- */

static void add_id(struct pile_run *run, const char *id)
{
    run->ids = arena_grow(run->names, run->ids, run->id_count, &run->id_capacity, sizeof *run->ids);
    run->ids[run->id_count++] = arena_text(run->names, id);
}

static bool on_selected(void *context, const struct pile_item *item)
{
    struct pile_run *run = context;
    if (selection_has(&run->selection, run->customer, item))
        add_id(run, item->id);
    return run->id_count < PILE_IDS_MOST && !interrupted;
}

/* A letter of one of the messages that were named. */
static bool on_named(void *context, const struct pile_item *item)
{
    struct pile_run *run = context;
    const char *mid = pile_item_field(item, "mid");
    if (!map_get(run->mids, mid, strlen(mid)))
        return true;
    map_put(run->mids, mid, strlen(mid), run);
    add_id(run, item->id);
    return run->id_count < PILE_IDS_MOST && !interrupted;
}

static bool gather_mids(struct pile_run *run, char **mids, struct diag *diag)
{
    static char missing;
    bool some = false;
    run->mids = map_new();
    for (char **mid = mids; *mid; mid++)
        if (run->pile->is_id && !run->pile->is_id(*mid)) {
            map_put(run->mids, *mid, strlen(*mid), &missing);
            some = true;
        }
    bool good = !some || run->pile->walk(&run->place, on_named, run, diag);
    for (char **mid = mids; good && *mid; mid++)
        if (map_get(run->mids, *mid, strlen(*mid)) == &missing)
            refuse(run, *mid, &(struct pile_answer){.refusal = run->pile->gone});
    map_destroy(&run->mids);
    return good;
}

static void turn_around(struct pile_run *run)
{
    for (uint32_t i = 0; i < run->id_count / 2; i++) {
        const char *id = run->ids[i];
        run->ids[i] = run->ids[run->id_count - 1 - i];
        run->ids[run->id_count - 1 - i] = id;
    }
}

/* `names`: ids or mids, NULL-terminated; none: by what they have in common. */
static bool gather(struct pile_run *run, char **names, struct diag *diag)
{
    if (!*names && !run->pile->walk(&run->place, on_selected, run, diag))
        return false;
    if (!*names && run->pile->newest_first)
        turn_around(run);
    if (!*names)
        return true;
    for (char **name = names; *name; name++)
        if (!run->pile->is_id || run->pile->is_id(*name))
            add_id(run, *name);
    return gather_mids(run, names, diag);
}

/* ---- show ---- */

static bool on_shown(void *context, const struct pile_item *item)
{
    struct pile_run *run = context;
    if (run->shown++ && !run->json)
        printf("\n");
    print_item(run, item);
    return !ferror(stdout);
}

static int show(struct pile_run *run, char **names)
{
    struct diag diag = {0};
    if (!gather(run, names, &diag))
        return context_fail(&diag);
    for (uint32_t i = 0; i < run->id_count; i++) {
        uint64_t before = run->shown;
        if (!run->pile->find(&run->place, &run->ids[i], 1, on_shown, run, &diag))
            return context_fail(&diag);
        if (run->shown == before)
            refuse(run, run->ids[i], &(struct pile_answer){.refusal = run->pile->gone});
    }
    tell_refusals(run);
    return run->refused ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- retry, drop ---- */

static bool settle_batch(struct pile_run *run, const char *const *ids, uint32_t count,
                         struct diag *diag)
{
    struct pile_answer answers[BATCH] = {0};
    if (!run->pile->settle(&run->place, run->verb, run->dry, ids, count, answers, diag))
        return false;
    for (uint32_t i = 0; i < count; i++)
        if (answers[i].refusal)
            refuse(run, ids[i], &answers[i]);
        else
            run->count++;
    progress_step(run->progress, count);
    return true;
}

/* `left`: how many stay as they are, after a fault or Ctrl-C. */
static bool settle_all(struct pile_run *run, uint32_t *left, struct diag *diag)
{
    bool good = true;
    uint32_t at = 0;
    while (good && at < run->id_count && !interrupted) {
        uint32_t rest = run->id_count - at, count = rest < BATCH ? rest : BATCH;
        good = settle_batch(run, run->ids + at, count, diag);
        at += good ? count : 0;
    }
    *left = run->id_count - at;
    return good;
}

static void print_counts(const struct pile_run *run, uint32_t left)
{
    const struct json_line_count counts[] = {{run->done, (int64_t)run->count},
                                             {"refused", (int64_t)run->refused},
                                             {"left", left},
                                             {"dry_run", run->dry},
                                             {0}};
    if (run->json) {
        json_line_counts(counts);
        return;
    }
    printf("%" PRIu64 " %s%s", run->count, run->dry ? "would be " : "", run->done);
    if (run->refused)
        printf(", %" PRIu64 " not", run->refused);
    if (left)
        printf(", %" PRIu32 " left as they were", left);
    printf("\n");
}

static int settle(struct pile_run *run, char **names)
{
    struct diag diag = {0};
    uint32_t left = 0;
    int status = EXIT_SUCCESS;
    mind_signals();
    bool good = gather(run, names, &diag);
    run->progress = run->id_count > BATCH ? progress_start(run->id_count, run->word) : NULL;
    good = good && settle_all(run, &left, &diag);
    progress_end(&run->progress);
    if (!good) {
        diag_hint(&diag, "what was done is done; the same command goes on with the rest");
        status = context_fail(&diag);
    }
    tell_refusals(run);
    print_counts(run, left);
    if (interrupted)
        fprintf(stderr, "nudgectl: interrupted; the same command goes on with the rest\n");
    else if (run->id_count == PILE_IDS_MOST)
        fprintf(stderr, "nudgectl: there are more: the same command goes on with them\n");
    if (interrupted)
        return PILE_INTERRUPTED;
    return !status && run->refused ? EXIT_FAILURE : status;
}

/* ---- The command line ---- */

static const struct {
    const char *name, *done;
    enum pile_verb verb;
} verbs[] = {
    {"ls", "", PILE_LS},
    {"show", "", PILE_SHOW},
    {"retry", "retried", PILE_RETRY},
    {"drop", "dropped", PILE_DROP},
    {"resend", "resent", PILE_RETRY}, /* of uncertain messages: the former name */
};

static int unknown_verb(const struct pile *pile, const char *word)
{
    static const char *const names[] = {"ls", "show", "retry", "drop", NULL};
    const char *nearest = diag_nearest(word, names);
    if (nearest)
        return command_usage(pile->command,
                             "`ls`, `show`, `retry` or `drop` is expected, not `%s`; did you mean "
                             "`%s`?",
                             word, nearest);
    return command_usage(pile->command, "`ls`, `show`, `retry` or `drop` is expected, not `%s`",
                         word);
}

static bool read_verb(struct pile_run *run, const char *word)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        bool former = strcmp(verbs[i].name, "resend") == 0;
        if (strcmp(verbs[i].name, word) != 0 || (former && !run->pile->resend))
            continue;
        run->verb = verbs[i].verb;
        run->word = verbs[i].name;
        run->done = verbs[i].done;
        return true;
    }
    return false;
}

/* What goes with what; `names`: the arguments behind the verb. 0, or EX_USAGE. */
static int check(struct pile_run *run, int argc, char **argv)
{
    const struct selection *selection = &run->selection;
    const char *command = run->pile->command;
    bool named = argc > 1 && run->verb != PILE_LS, narrow = selection_is_narrow(selection);
    const char *most = command_list_most(run->verb == PILE_LS ? argc : 0, argv, SHOWN_STANDARD);
    if (!most)
        return EX_USAGE;
    run->most = strtoull(most, NULL, 10);
    if (run->verb == PILE_LS && selection->all)
        return command_usage(command, "--all goes with `retry` or `drop`");
    if (run->verb == PILE_SHOW && (narrow || selection->all || !named))
        return command_usage(command, "`show` takes them by their id");
    if (run->verb == PILE_LS && run->dry)
        return command_usage(command, "--dry-run goes with `retry` or `drop`");
    if (run->verb >= PILE_RETRY && named == (narrow || selection->all))
        return command_usage(command,
                             "`%s` takes %s by their id, or by what they have in common (--rule, "
                             "--reason, …), or --all",
                             run->word, run->pile->many);
    return 0;
}

/* By Redis' clock, as what is selected by it. */
static bool read_selection(struct pile_run *run, struct diag *diag)
{
    int64_t seconds = 0;
    struct pile_place *place = &run->place;
    const struct reply *time = session_command(place->session, diag, "TIME", NULL);
    if (!time || !reply_number(reply_item(time, 0), &seconds))
        return false;
    if (run->selection.customer)
        run->customer = who_person(run->context, place->session,
                                   who_key(run->context, run->selection.customer));
    return selection_read(&run->selection, run->context->config->zone, seconds * 1000 + 999, diag);
}

static int work(struct pile_run *run, char **names)
{
    struct diag diag = {0};
    run->place = (struct pile_place){.context = run->context};
    run->place.session = context_session(run->context);
    if (!run->place.session)
        return EXIT_FAILURE;
    run->place.prefix = run->context->config->keys.redis.prefix;
    run->names = arena_new(64 * 1024);
    int status;
    if (!read_selection(run, &diag))
        status = context_fail(&diag);
    else if (run->verb == PILE_LS)
        status = list(run);
    else
        status = run->verb == PILE_SHOW ? show(run, names) : settle(run, names);
    arena_destroy(&run->names);
    session_close(&run->place.session);
    return status;
}

int pile_run(struct context *context, const struct pile *pile, int argc, char **argv)
{
    struct pile_run run = {.context = context, .pile = pile, .word = "ls"};
    static char *none[] = {NULL};
    struct command_option options[OPTIONS] = {
        {.name = "--json", .flag = &run.json}, {.name = "--dry-run", .flag = &run.dry}, {0}};
    selection_add_options(&run.selection, options);
    int count = command_options(context, argc, argv, options);
    if (count < 0)
        return EX_USAGE;
    if (count > 0 && !read_verb(&run, argv[1]))
        return unknown_verb(pile, argv[1]);
    int fault = check(&run, count, argv);
    argv[count + 1] = NULL;
    return fault ? fault : work(&run, count > 1 ? argv + 2 : none);
}
