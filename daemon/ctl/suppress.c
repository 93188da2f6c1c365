/*
 * nudgectl suppress: addresses that must not be written to. They stand in Redis as keyed hashes, so
 * the list shows these; an address is found by its own.
 *
 *   add, rm    change: each argument's hash, and whose trace tells it
 *   import     a list, in batches; what is wrong with a line is told, and the rest goes on
 *   ls, export all of them, for people or to be imported again
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/map.h"
#include "base/progress.h"
#include "ctl/command.h"
#include "ctl/csv_reader.h"
#include "ctl/json_line.h"
#include "ctl/plain.h"
#include "ctl/suppress_import.h"
#include "ctl/suppressing.h"
#include "ctl/who.h"
#include "customer/customer_key.h"
#include "decide/policy.h"

enum { BATCH = 500, TOLD_MOST = 20, FIRST_CHUNK = 64 * 1024 };

struct suppress {
    struct context *context;
    const struct shards *shards;
    struct policy policy;
    const char *reason; /* that was given, or NULL */
    bool json, csv, add, exports;
    /* import */
    struct progress *progress;
    struct arena *arena; /* of the batch */
    struct suppressions_item items[BATCH];
    size_t count;
    uint64_t changed, same, wrong;
    bool failed;
    struct diag fault;
    /* ls */
    uint64_t shown, most;
    struct map *seen; /* hashes that another shard had too; NULL: there is one */
};

/* ---- Changing ---- */

/* Whose trace tells it, as far as the address is a key of somebody. */
static const char *customer_of(const struct suppress *suppress, const char *address)
{
    struct context *context = suppress->context;
    const bool mail = strchr(address, '@') != NULL;
    const char *key = arena_printf(suppress->arena, "%s:%s", mail ? "email" : "phone", address);
    return who_person(context, suppress->shards, who_key(context, key));
}

static struct suppressions_item item_of(const struct suppress *suppress, const char *address)
{
    if (suppress_import_is_hash(address))
        return (struct suppressions_item){.hash = address};
    const struct policy_address known = policy_address(&suppress->policy, address, suppress->arena);
    return (struct suppressions_item){.hash = known.hash, .old_hash = known.old_hash};
}

static bool flush(struct suppress *suppress)
{
    bool changed[BATCH];
    if (!suppress->count)
        return true;
    if (!suppressing_change(suppress->shards, suppress->add, suppress->items, suppress->count,
                            suppress->context->config->keys.customer.keep_ms, changed,
                            &suppress->fault)) {
        suppress->failed = true;
        return false;
    }
    for (size_t i = 0; i < suppress->count; i++)
        if (changed[i])
            suppress->changed++;
        else
            suppress->same++;
    suppress->count = 0;
    arena_reset(suppress->arena);
    return true;
}

static void print_counts(const struct suppress *suppress)
{
    const bool add = suppress->add;
    const struct json_line_count counts[] = {
        {add ? "added" : "removed", (int64_t)suppress->changed},
        {add ? "there_already" : "not_there", (int64_t)suppress->same},
        {"wrong", (int64_t)suppress->wrong},
        {0}};
    if (suppress->json) {
        json_line_counts(counts);
        return;
    }
    printf("%" PRIu64 " %s", suppress->changed, add ? "added" : "removed");
    if (suppress->same)
        printf(", %" PRIu64 " %s", suppress->same, add ? "there already" : "not there");
    if (suppress->wrong)
        printf(", %" PRIu64 " wrong", suppress->wrong);
    printf("\n");
}

static int finish(struct suppress *suppress)
{
    int status = suppress->failed ? context_fail(&suppress->fault) : EXIT_SUCCESS;
    print_counts(suppress);
    bool missed = !suppress->add && suppress->same;
    return !status && (suppress->wrong || missed) ? EXIT_FAILURE : status;
}

/* "id:7", "phone:+40711222333", as `explain` names a customer: nothing goes to an address like
 * that. */
static bool is_key(const struct suppress *suppress, const char *text)
{
    const struct shop_event_form form = config_event_form(suppress->context->config);
    for (const char *const *path = form.key_paths; *path; path++) {
        const struct slice name = customer_key_kind_of(form.key_paths, *path).name;
        if (strncmp(text, name.text, name.length) == 0 && text[name.length] == ':')
            return true;
    }
    return false;
}

/* Why it cannot be changed; NULL: it can. */
static const char *fault_of(const struct suppress *suppress, const char *address)
{
    if (is_key(suppress, address))
        return "this is a customer's key, not an address";
    bool is_hash = suppress_import_is_hash(address);
    bool good = is_hash ? !suppress->add : suppress_import_is_address(suppress->arena, address);
    return good ? NULL : "this is no address";
}

static int change(struct suppress *suppress, char **addresses)
{
    for (; *addresses && !suppress->failed; addresses++) {
        bool is_hash = suppress_import_is_hash(*addresses);
        const char *fault = fault_of(suppress, *addresses);
        if (fault) {
            suppress->wrong++;
            fprintf(stderr, "nudgectl: %s: %s\n", plain_of(suppress->arena, *addresses), fault);
            continue;
        }
        struct suppressions_item *item = &suppress->items[suppress->count++];
        *item = item_of(suppress, *addresses);
        item->reason = suppress->reason ? suppress->reason : "by-hand";
        item->customer = is_hash ? NULL : customer_of(suppress, *addresses);
        if (suppress->count == BATCH)
            flush(suppress);
    }
    flush(suppress);
    return finish(suppress);
}

/* ---- Importing ---- */

static void tell_wrong(struct suppress *suppress, const struct diag *wrong)
{
    if (suppress->wrong++ >= TOLD_MOST)
        return;
    progress_clear(suppress->progress);
    diag_print(wrong, stderr);
}

static bool on_row(void *context, const struct suppress_import_row *row, uint64_t bytes,
                   const struct diag *wrong)
{
    struct suppress *suppress = context;
    progress_step(suppress->progress, bytes);
    if (wrong) {
        tell_wrong(suppress, wrong);
        return true;
    }
    struct suppressions_item *item = &suppress->items[suppress->count++];
    *item = item_of(suppress, arena_text(suppress->arena, row->hash ? row->hash : row->address));
    item->reason = suppress->reason ? suppress->reason : row->reason;
    item->reason = item->reason ? arena_text(suppress->arena, item->reason) : "imported";
    item->at_ms = row->at_ms;
    return suppress->count < BATCH || flush(suppress);
}

/* 0: nobody knows. */
static uint64_t size_of(FILE *stream)
{
    struct stat status;
    return fstat(fileno(stream), &status) == 0 && S_ISREG(status.st_mode) ? (uint64_t)status.st_size
                                                                          : 0;
}

static int import(struct suppress *suppress, const char *name)
{
    bool standard = strcmp(name, "-") == 0;
    FILE *stream = standard ? stdin : fopen(name, "re");
    struct diag diag = {0};
    if (!stream) {
        fprintf(stderr, "nudgectl: %s: %s\n", name, strerror(errno));
        return EX_NOINPUT;
    }
    suppress->progress = progress_start(size_of(stream), "importing");
    bool read = suppress_import_read(stream, standard ? "(standard input)" : name, on_row, suppress,
                                     &diag) &&
                flush(suppress);
    progress_end(&suppress->progress);
    if (!standard)
        fclose(stream);
    int fault = !read && !suppress->failed ? context_fail(&diag) : EXIT_SUCCESS;
    if (suppress->wrong > TOLD_MOST)
        fprintf(stderr, "nudgectl: %" PRIu64 " more lines are wrong\n",
                suppress->wrong - TOLD_MOST);
    int status = finish(suppress);
    return fault ? fault : status;
}

/* ---- Showing ---- */

struct shown {
    const char *hash, *reason;
    char at[CLOCK_TEXT_SIZE];
    int64_t at_ms; /* 0: it is not known */
};

/* Somebody may have written it by hand. */
static struct shown shown_of(struct arena *arena, const char *hash, const struct reply *text)
{
    struct shown shown = {.hash = hash, .reason = "", .at = ""};
    struct value known = value_null();
    struct diag unreadable;
    if (!json_read(arena, text->text, text->length, &json_event_limits, &known, &unreadable))
        return shown;
    const char *reason = value_to_text(arena, value_get(&known, "reason"));
    shown.reason = reason ? reason : "";
    if (value_to_int(value_get(&known, "at"), &shown.at_ms))
        clock_format(shown.at_ms, shown.at);
    return shown;
}

/* A line of the list, as every JSON of nudgectl has a time. */
static void print_row(const struct shown *shown, struct arena *arena)
{
    struct value row = value_new_map(arena, 3);
    value_set(arena, row, "hash", value_text(shown->hash));
    value_set(arena, row, "reason", value_text(shown->reason));
    if (shown->at_ms)
        value_set(arena, row, "at", value_int(shown->at_ms));
    json_line_print(&row);
}

/* Of what import reads again. */
static void print_json(const struct shown *shown)
{
    struct buf line;
    buf_init(&line, 1 << 20);
    buf_text(&line, "{\"hash\":");
    json_print_string(&line, shown->hash, strlen(shown->hash));
    buf_text(&line, ",\"reason\":");
    json_print_string(&line, shown->reason, strlen(shown->reason));
    buf_printf(&line, ",\"at\":\"%s\"}", shown->at);
    plain_json(buf_string(&line), line.length);
    printf("\n");
    buf_free(&line);
}

static void print_csv(const struct shown *shown)
{
    csv_reader_print(stdout, shown->hash);
    printf(",");
    csv_reader_print(stdout, shown->reason);
    printf(",%s\n", shown->at);
}

static void print_plain(const struct shown *shown)
{
    plain_text(shown->hash);
    printf("  %-24s  ", shown->at);
    plain_text(shown->reason);
    printf("\n");
}

/* What stands in many shards is shown once. */
static bool is_seen(const struct suppress *suppress, const char *hash)
{
    static char there;
    if (!suppress->seen)
        return false;
    bool seen = map_get(suppress->seen, hash, strlen(hash)) != NULL;
    map_put(suppress->seen, hash, strlen(hash), &there);
    return seen;
}

static bool on_item(void *context, const char *hash, const struct reply *text)
{
    struct suppress *suppress = context;
    if (is_seen(suppress, hash))
        return true;
    if (suppress->shown == suppress->most)
        return suppress->seen != NULL; /* the others are counted */
    arena_reset(suppress->arena);
    const struct shown shown = shown_of(suppress->arena, hash, text);
    if (suppress->reason && strcmp(suppress->reason, shown.reason) != 0)
        return true;
    suppress->shown++;
    if (suppress->csv)
        print_csv(&shown);
    else if (suppress->json && !suppress->exports)
        print_row(&shown, suppress->arena);
    else
        (suppress->json ? print_json : print_plain)(&shown);
    return !ferror(stdout);
}

static bool walk_all(struct suppress *suppress, int64_t *count, struct diag *diag)
{
    const struct shards *shards = suppress->shards;
    bool good = true;
    suppress->seen = shards->count > 1 ? map_new() : NULL;
    for (size_t k = 0; good && k < shards->count; k++) {
        const struct shards_item *shard = &shards->items[k];
        good = (suppressions_walk(shard->session, shard->prefix, on_item, suppress, diag) &&
                suppressions_count(shard->session, shard->prefix, count, diag)) ||
               shards_pass(shards, shard, diag);
    }
    if (suppress->seen) {
        *count = (int64_t)map_count(suppress->seen);
        map_destroy(&suppress->seen);
    }
    return good;
}

static int show(struct suppress *suppress)
{
    struct diag diag = {0};
    int64_t count = 0;
    if (!walk_all(suppress, &count, &diag))
        return context_fail(&diag);
    if (suppress->json || suppress->csv)
        return EXIT_SUCCESS;
    if (suppress->shown == 0)
        printf("no suppressed addresses%s\n", suppress->reason ? " of that reason" : "");
    else if (!suppress->reason && count > (int64_t)suppress->shown)
        printf("and %" PRId64 " more\n", count - (int64_t)suppress->shown);
    return EXIT_SUCCESS;
}

static int export_all(struct suppress *suppress)
{
    suppress->most = UINT64_MAX;
    suppress->exports = true;
    suppress->json = !suppress->csv;
    if (suppress->csv)
        printf("hash,reason,at\n");
    return show(suppress);
}

/* ---- The command line ---- */

static int unknown_verb(const char *command, const char *word)
{
    static const char *const names[] = {"ls", "add", "rm", "import", "export", NULL};
    const char *nearest = diag_nearest(word, names);
    return command_usage(
        command, "`ls`, `add`, `rm`, `import` or `export` is expected, not `%s`%s%s%s", word,
        nearest ? "; did you mean `" : "", nearest ? nearest : "", nearest ? "`?" : "");
}

/* Hashes are made with the secret of the installation. */
static bool open_policy(struct suppress *suppress)
{
    struct diag diag = {0};
    if (!config_secret(suppress->context->config, false, &diag)) {
        diag_hint(&diag, "addresses are known by their keyed hashes: the secret is needed");
        context_fail(&diag);
        return false;
    }
    config_policy(suppress->context->config, &suppress->policy);
    return true;
}

static int run_verb(struct suppress *suppress, const char *verb, char **arguments)
{
    if (strcmp(verb, "ls") == 0)
        return show(suppress);
    if (strcmp(verb, "export") == 0)
        return export_all(suppress);
    if (!open_policy(suppress))
        return EXIT_FAILURE;
    return strcmp(verb, "import") == 0 ? import(suppress, arguments[0])
                                       : change(suppress, arguments);
}

static int work(struct suppress *suppress, const char *verb, char **arguments)
{
    suppress->shards = shards_open_some(suppress->context);
    if (!suppress->shards)
        return EXIT_FAILURE;
    suppress->arena = arena_new(FIRST_CHUNK);
    bool shows = strcmp(verb, "ls") == 0 || strcmp(verb, "export") == 0;
    int status = run_verb(suppress, verb, arguments);
    arena_destroy(&suppress->arena);
    return shards_end(suppress->shards, status, shows ? SHARDS_UNSEEN : SHARDS_UNDONE);
}

/* 0, or EX_USAGE. `count`: arguments with the verb. */
static int check(const struct suppress *suppress, const char *verb, int count, char **argv)
{
    bool changes = strcmp(verb, "add") == 0 || strcmp(verb, "rm") == 0;
    bool imports = strcmp(verb, "import") == 0, exports = strcmp(verb, "export") == 0;
    if (!changes && !imports && !exports && strcmp(verb, "ls") != 0)
        return unknown_verb(argv[0], verb);
    if (changes && count < 2)
        return command_usage(argv[0], "`%s` takes addresses", verb);
    if (imports && count != 2)
        return command_usage(argv[0], "`import` takes one file, or - for standard input");
    if (exports && count != 1)
        return command_usage(argv[0], "`export` takes no argument: it prints the list");
    if (suppress->csv && !exports)
        return command_usage(argv[0], "--csv goes with `export`");
    if (suppress->reason && strcmp(verb, "rm") == 0)
        return command_usage(argv[0], "--reason goes with `add`, `import` and `ls`");
    return 0;
}

int command_suppress(struct context *context, int argc, char **argv)
{
    static struct suppress suppress; /* its batch is large */
    static char *none[] = {NULL};
    suppress = (struct suppress){.context = context};
    const struct command_option options[] = {{.name = "--reason", .value = &suppress.reason},
                                             {.name = "--json", .flag = &suppress.json},
                                             {.name = "--csv", .flag = &suppress.csv},
                                             {0}};
    int count = command_options(context, argc, argv, options);
    if (count < 0)
        return EX_USAGE;
    const char *verb = count ? argv[1] : "ls";
    int fault = check(&suppress, verb, count, argv);
    const char *most =
        fault ? NULL : command_list_most(strcmp(verb, "ls") == 0 ? count : 0, argv, "50");
    if (!most)
        return EX_USAGE;
    suppress.most = strtoull(most, NULL, 10);
    suppress.add = strcmp(verb, "rm") != 0;
    argv[count + 1] = NULL;
    return work(&suppress, verb, count > 1 ? argv + 2 : none);
}
