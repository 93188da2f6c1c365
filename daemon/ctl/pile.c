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

/* One that is settled or shown. */
struct named {
    const struct shards_item *shard;
    const char *id;
};

struct pile_run {
    struct context *context;
    const struct pile *pile;
    struct pile_place place; /* of the shard at which it is */
    struct selection selection;
    const char *customer; /* key of the one that is selected; NULL: none is */
    enum pile_verb verb;
    const char *word, *done; /* "retry", "retried": as they are said */
    bool json, dry;
    /* ls */
    uint64_t most, shown, more;
    struct kept *kept; /* of many shards: the first ones of each, to be put in order */
    uint32_t kept_count, kept_capacity;
    /* retry, drop */
    struct arena *names; /* of the ids */
    struct named *ids;
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

/* ---- Shards ---- */

static void go_to(struct pile_run *run, const struct shards_item *shard)
{
    run->place.shard = shard;
    run->place.session = shard->session;
    run->place.prefix = shard->prefix;
}

/* Walks the pile of each shard. */
static bool walk_all(struct pile_run *run, pile_on_item *on_item, struct diag *diag)
{
    const struct shards *shards = run->place.shards;
    for (size_t k = 0; k < shards->count && run->id_count < PILE_IDS_MOST && !interrupted; k++) {
        go_to(run, &shards->items[k]);
        if (!run->pile->walk(&run->place, on_item, run, diag) &&
            !shards_pass(shards, &shards->items[k], diag))
            return false;
    }
    return true;
}

/* ---- ls ---- */

static void print_item(const struct pile_run *run, const struct shards_item *shard,
                       const struct pile_item *item)
{
    const struct shards *shards = run->place.shards;
    struct pile_item shown = *item;
    shown.id = shards_show(shards, shard, item->arena, item->id);
    if (shards_numbered(shards))
        shown.shard = arena_printf(item->arena, "%zu", shard->number);
    if (run->json)
        pile_item_print_json(&shown);
    else if (run->verb == PILE_SHOW)
        pile_item_print_all(&shown);
    else
        run->pile->print(&shown);
}

/* An item of one of many shards, until all are known. */
struct kept {
    const struct shards_item *shard;
    struct pile_item item;
};

static void keep(struct pile_run *run, const struct pile_item *item)
{
    struct arena *arena = run->names;
    run->kept =
        arena_grow(arena, run->kept, run->kept_count, &run->kept_capacity, sizeof *run->kept);
    run->kept[run->kept_count++] =
        (struct kept){run->place.shard,
                      {.arena = arena,
                       .id = arena_text(arena, item->id),
                       .reason = arena_text(arena, item->reason),
                       .at_ms = item->at_ms,
                       .since_ms = item->since_ms,
                       .is_held_back = item->is_held_back,
                       .fields = reply_copy(arena, item->fields),
                       .body = item->body.text ? slice_copy(arena, item->body) : item->body}};
}

static int older_first(const void *one, const void *other)
{
    int64_t a = ((const struct kept *)one)->item.since_ms;
    int64_t b = ((const struct kept *)other)->item.since_ms;
    return (a > b) - (a < b);
}

static int newer_first(const void *one, const void *other)
{
    return older_first(other, one);
}

static bool on_kept(void *context, const struct pile_item *item)
{
    struct pile_run *run = context;
    if (!selection_has(&run->selection, run->customer, item))
        return true;
    if (run->shown == run->most) {
        run->more++;
    } else {
        run->shown++;
        keep(run, item);
    }
    return true;
}

/* In the order of all, of which no shard knows more than its own. */
static bool list_many(struct pile_run *run, struct diag *diag)
{
    const struct shards *shards = run->place.shards;
    for (size_t k = 0; k < shards->count; k++) {
        go_to(run, &shards->items[k]);
        run->shown = 0;
        if (!run->pile->walk(&run->place, on_kept, run, diag) &&
            !shards_pass(shards, &shards->items[k], diag))
            return false;
    }
    if (run->kept_count)
        qsort(run->kept, run->kept_count, sizeof *run->kept,
              run->pile->newest_first ? newer_first : older_first);
    run->shown = run->kept_count < run->most ? run->kept_count : run->most;
    run->more += run->kept_count - run->shown;
    for (uint64_t i = 0; i < run->shown && !ferror(stdout); i++)
        print_item(run, run->kept[i].shard, &run->kept[i].item);
    return true;
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
    print_item(run, run->place.shard, item);
    return !ferror(stdout); /* `| head` */
}

static int list(struct pile_run *run)
{
    struct diag diag = {0};
    bool listed =
        run->place.shards->count == 1 ? walk_all(run, on_listed, &diag) : list_many(run, &diag);
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
    run->ids[run->id_count++] = (struct named){run->place.shard, arena_text(run->names, id)};
}

/* As it is shown. */
static const char *name_of(const struct pile_run *run, const struct named *named)
{
    return shards_show(run->place.shards, named->shard, run->names, named->id);
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

static bool is_mid(const struct pile_run *run, const char *name)
{
    const struct shards_item *shard;
    const char *id;
    return run->pile->is_id && shards_read(run->place.shards, name, &shard, &id) && !shard &&
           !run->pile->is_id(name);
}

/* An id without its shard: found by being there. */
static bool on_there(void *context, const struct pile_item *item)
{
    add_id(context, item->id);
    return true;
}

static bool look_for(struct pile_run *run, const char *id, struct diag *diag)
{
    const struct shards *shards = run->place.shards;
    uint32_t before = run->id_count;
    for (size_t k = 0; k < shards->count; k++) {
        go_to(run, &shards->items[k]);
        if (!run->pile->find(&run->place, &id, 1, on_there, run, diag) &&
            !shards_pass(shards, &shards->items[k], diag))
            return false;
    }
    if (run->id_count == before) {
        refuse(run, id, &(struct pile_answer){.refusal = run->pile->gone});
    } else if (run->id_count > before + 1) {
        const char *first = name_of(run, &run->ids[before]);
        run->id_count = before;
        return diag_error(diag, "%s is in several shards: %s is one of them", id, first);
    }
    return true;
}

/* By its id, which tells its shard where there are several. */
static bool add_named(struct pile_run *run, const char *name, struct diag *diag)
{
    const struct shards_item *shard;
    const char *id;
    if (!shards_read(run->place.shards, name, &shard, &id))
        return diag_error(diag, "there is no such shard: %s", name);
    if (!shard && shards_numbered(run->place.shards))
        return look_for(run, id, diag);
    go_to(run, shard ? shard : &run->place.shards->items[0]);
    add_id(run, id);
    return true;
}

static bool gather_mids(struct pile_run *run, char **mids, struct diag *diag)
{
    static char missing;
    bool some = false;
    run->mids = map_new();
    for (char **mid = mids; *mid; mid++)
        if (is_mid(run, *mid)) {
            map_put(run->mids, *mid, strlen(*mid), &missing);
            some = true;
        }
    bool good = !some || walk_all(run, on_named, diag);
    for (char **mid = mids; good && *mid; mid++)
        if (map_get(run->mids, *mid, strlen(*mid)) == &missing)
            refuse(run, *mid, &(struct pile_answer){.refusal = run->pile->gone});
    map_destroy(&run->mids);
    return good;
}

static void turn_around(struct pile_run *run)
{
    for (uint32_t i = 0; i < run->id_count / 2; i++) {
        const struct named id = run->ids[i];
        run->ids[i] = run->ids[run->id_count - 1 - i];
        run->ids[run->id_count - 1 - i] = id;
    }
}

/* `names`: ids or mids, NULL-terminated; none: by what they have in common. */
static bool gather(struct pile_run *run, char **names, struct diag *diag)
{
    if (!*names && !walk_all(run, on_selected, diag))
        return false;
    if (!*names && run->pile->newest_first)
        turn_around(run);
    if (!*names)
        return true;
    for (char **name = names; *name; name++)
        if (!is_mid(run, *name) && !add_named(run, *name, diag))
            return false;
    return gather_mids(run, names, diag);
}

/* ---- show ---- */

static bool on_shown(void *context, const struct pile_item *item)
{
    struct pile_run *run = context;
    if (run->shown++ && !run->json)
        printf("\n");
    print_item(run, run->place.shard, item);
    return !ferror(stdout);
}

static int show(struct pile_run *run, char **names)
{
    struct diag diag = {0};
    if (!gather(run, names, &diag))
        return context_fail(&diag);
    for (uint32_t i = 0; i < run->id_count; i++) {
        const struct named *named = &run->ids[i];
        uint64_t before = run->shown;
        go_to(run, named->shard);
        bool there = run->pile->find(&run->place, &named->id, 1, on_shown, run, &diag);
        if (!there && !shards_pass(run->place.shards, named->shard, &diag))
            return context_fail(&diag);
        if (there && run->shown == before)
            refuse(run, name_of(run, named), &(struct pile_answer){.refusal = run->pile->gone});
    }
    tell_refusals(run);
    return run->refused ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* ---- retry, drop ---- */

/* Those of one shard. */
static bool settle_batch(struct pile_run *run, const struct named *named, uint32_t count,
                         uint32_t *left, struct diag *diag)
{
    struct pile_answer answers[BATCH] = {0};
    const char *ids[BATCH];
    for (uint32_t i = 0; i < count; i++)
        ids[i] = named[i].id;
    go_to(run, named->shard);
    if (!run->pile->settle(&run->place, run->verb, run->dry, ids, count, answers, diag)) {
        *left += count;
        return shards_pass(run->place.shards, named->shard, diag);
    }
    for (uint32_t i = 0; i < count; i++)
        if (answers[i].refusal)
            refuse(run, name_of(run, &named[i]), &answers[i]);
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
        uint32_t rest = run->id_count - at, count = 1;
        while (count < rest && count < BATCH && run->ids[at + count].shard == run->ids[at].shard)
            count++;
        good = settle_batch(run, run->ids + at, count, left, diag);
        at += count;
    }
    *left += run->id_count - at;
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
        run->customer =
            who_person(run->context, place->shards, who_key(run->context, run->selection.customer));
    return selection_read(&run->selection, run->context->config->zone, seconds * 1000 + 999, diag);
}

static int work(struct pile_run *run, char **names)
{
    struct diag diag = {0};
    run->place = (struct pile_place){.context = run->context};
    run->place.shards = shards_open_some(run->context);
    if (!run->place.shards)
        return EXIT_FAILURE;
    go_to(run, shards_there(run->place.shards));
    run->names = arena_new(64 * 1024);
    int status;
    if (!read_selection(run, &diag))
        status = context_fail(&diag);
    else if (run->verb == PILE_LS)
        status = list(run);
    else
        status = run->verb == PILE_SHOW ? show(run, names) : settle(run, names);
    arena_destroy(&run->names);
    bool shows = run->verb == PILE_LS || run->verb == PILE_SHOW;
    return shards_end(run->place.shards, status, shows ? SHARDS_UNSEEN : SHARDS_UNDONE);
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
