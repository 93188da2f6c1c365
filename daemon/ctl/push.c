/*
 * nudgectl push: events from files or standard input into the stream, many at a time.
 * Each is looked at before it goes (customer/event_splitter finds where it begins and ends): what
 * the daemon would refuse is shown with its place and not pushed, and the exit status is 1. With
 * --force, and from standard input, that is only what is no JSON object: what was piped may be
 * nowhere else, and a dead letter keeps it. Of many shards each event goes to its own. Where
 * replicas are waited for, what one read() gave is a batch (ctl/confirming), and the first that
 * they do not have in time is the last.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/json.h"
#include "base/progress.h"
#include "ctl/command.h"
#include "ctl/confirming.h"
#include "ctl/json_line.h"
#include "ctl/shards.h"
#include "customer/event_splitter.h"
#include "customer/watch.h"
#include "store/keys.h"
#include "store/routing.h"

enum {
    IN_FLIGHT_MOST = 1000,
    CHUNK = 64 * 1024,
    TOLD_MOST = 10, /* events that are pushed though the daemon will refuse them */
};

struct push {
    const struct shards *shards;
    const char **streams; /* the key of each */
    struct shop_event_form form;
    struct progress *progress;
    struct arena *arena; /* of one event */
    const char *file;
    bool is_file; /* not standard input */
    bool json, force;
    bool hinted_json, hinted_event; /* told once each */
    uint64_t pushed, refused, failed;
    uint64_t unreadable; /* of those that were sent; not counted with --force */
    struct confirming confirming;
    bool unconfirmed;  /* the batch of `confirming` */
    struct diag fault; /* the first one of Redis */
};

static bool is_over(const struct push *push)
{
    return push->failed || push->unconfirmed;
}

/* An event that goes to many shards is one. */
static void on_copied(void *context, const struct reply *reply, const struct diag *fault)
{
    struct push *push = context;
    if (reply && reply->kind != REPLY_ERROR)
        return;
    if (push->failed++ > 0)
        return;
    if (fault)
        push->fault = *fault;
    else
        reply_fault(reply, &push->fault);
}

static void on_pushed(void *context, const struct reply *reply, const struct diag *fault)
{
    struct push *push = context;
    push->pushed += reply && reply->kind != REPLY_ERROR;
    on_copied(context, reply, fault);
}

/* Moves a fault in a piece to its place in the file. */
static void place_in_file(struct diag *diag, const struct event_splitter_piece *piece)
{
    if (diag->line <= 1)
        diag->column = piece->column + (diag->column ? diag->column - 1 : 0);
    diag->line = piece->line + (diag->line ? diag->line - 1 : 0);
}

/* Of a fault that reading it found: whether it is one of an event, and not of its JSON. */
static bool is_of_event(const struct diag *diag)
{
    return diag->code[0] && strncmp(diag->code, "json-", 5) != 0;
}

static void hint(struct push *push, struct diag *diag)
{
    static const char takes[] = "push takes events as JSON objects, each on a line or over many "
                                "lines, or in one list";
    static const char left_out[] = "the daemon would make it a dead letter: it is not pushed, but "
                                   "with --force";
    static const char goes[] = "it is pushed, and becomes a dead letter; from a file it would be "
                               "left out";
    bool *hinted = is_of_event(diag) ? &push->hinted_event : &push->hinted_json;
    if (!*hinted)
        diag_hint(diag, "%s", !is_of_event(diag) ? takes : push->is_file ? left_out : goes);
    *hinted = true;
}

/* Shows what is wrong with a piece; with the first of its kind, what that means. */
static void show(struct push *push, const struct event_splitter_piece *piece, struct diag *diag)
{
    place_in_file(diag, piece);
    diag_file(diag, push->file);
    hint(push, diag);
    progress_clear(push->progress);
    diag_print(diag, stderr);
}

/* Whether it goes all the same; shows it, but of very many that do only the first. */
static bool passes(struct push *push, const struct event_splitter_piece *piece, struct diag *diag)
{
    bool goes = !push->is_file && is_of_event(diag);
    uint64_t *count = goes ? &push->unreadable : &push->refused;
    if (goes)
        diag->level = DIAG_WARNING;
    if (++*count <= TOLD_MOST || !goes)
        show(push, piece, diag);
    return goes;
}

/* What is no object: some other JSON, or none. */
static bool is_other(const struct push *push, const struct event_splitter_piece *piece,
                     struct diag *diag)
{
    struct value value;
    struct diag ignored;
    bool json =
        json_read(push->arena, piece->text, piece->length, &json_event_limits, &value, &ignored);
    diag_error(diag, "an event must be a JSON object, and this is %s",
               json ? value_kind_name((enum value_kind)value.kind) : "no JSON");
    diag_offset(diag, piece->text, piece->length, 0);
    return false;
}

/* As the daemon reads it. With --force: a JSON object. */
static bool is_taken(const struct push *push, const struct event_splitter_piece *piece,
                     struct diag *diag)
{
    struct value value;
    struct shop_event event;
    const char *product;
    if (push->force)
        return json_read(push->arena, piece->text, piece->length, &json_event_limits, &value, diag);
    return shop_event_read(push->arena, piece->text, piece->length, "0-0", &push->form, &event,
                           diag) ||
           watch_is_told(push->arena, &event, diag, &product);
}

/* A piece that is worth sending. */
static bool is_event(const struct push *push, const struct event_splitter_piece *piece,
                     struct diag *diag)
{
    switch (piece->kind) {
    case EVENT_SPLITTER_OBJECT:
        return is_taken(push, piece, diag);
    case EVENT_SPLITTER_OTHER:
        return is_other(push, piece, diag);
    case EVENT_SPLITTER_LARGE:
        return diag_error(diag, "an event has at most %zu bytes, and this has more",
                          json_event_limits.bytes);
    case EVENT_SPLITTER_UNENDED:
        break;
    }
    return diag_error(diag, "the list of events must go on with `,` or end with `]` here");
}

/* To its shard; one that tells who watches a product to all. */
static void send_piece(struct push *push, const struct event_splitter_piece *piece)
{
    const struct routing routing =
        routing_of(&push->shards->placement, &push->form,
                   (struct slice){piece->text, piece->length}, push->arena);
    for (size_t k = 0; k < push->shards->count; k++) {
        const char *argv[] = {"XADD", push->streams[k], "*", "event", piece->text};
        const size_t lengths[] = {4, strlen(push->streams[k]), 1, 5, piece->length};
        if (!routing_has(&routing, k))
            continue;
        confirming_add_shard(&push->confirming, k);
        session_push(push->shards->items[k].session, 5, argv, lengths,
                     k == routing.shard ? on_pushed : on_copied, push);
        session_drain(push->shards->items[k].session, IN_FLIGHT_MOST);
    }
}

static void take_piece(void *context, const struct event_splitter_piece *piece)
{
    struct push *push = context;
    struct diag diag = {0};
    if (is_over(push))
        return;
    arena_reset(push->arena);
    if (!is_event(push, piece, &diag) && !passes(push, piece, &diag))
        return;
    confirming_add(&push->confirming, piece->line);
    send_piece(push, piece);
}

/* Of what was pushed since the last time. */
static void confirm(struct push *push)
{
    struct diag diag = {0};
    if (!push->confirming.replicas || is_over(push))
        return;
    bool confirmed = confirming_ask(&push->confirming, &diag);
    if (!confirmed && !push->failed)
        push->fault = diag;
    push->unconfirmed = !confirmed;
    if (!is_over(push))
        confirming_next(&push->confirming);
}

static bool take_stream(struct push *push, int fd)
{
    struct event_splitter splitter;
    char chunk[CHUNK];
    ssize_t got = 0;
    event_splitter_init(&splitter, take_piece, push);
    while (!is_over(push) && (got = read(fd, chunk, sizeof chunk)) > 0) {
        event_splitter_feed(&splitter, chunk, (size_t)got);
        confirm(push);
        progress_step(push->progress, (uint64_t)got);
    }
    int fault = errno;
    event_splitter_end(&splitter);
    event_splitter_free(&splitter);
    confirm(push);
    errno = fault;
    return got >= 0;
}

static bool take_file(struct push *push, const char *name)
{
    bool standard = strcmp(name, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    push->file = standard ? "(standard input)" : name;
    push->is_file = !standard;
    bool taken = fd >= 0 && take_stream(push, fd);
    if (!taken) {
        int fault = errno;
        progress_clear(push->progress);
        fprintf(stderr, "nudgectl: %s: %s\n", name, strerror(fault));
    }
    if (fd >= 0 && !standard)
        close(fd);
    return taken;
}

/* Bytes of all files; 0 where one of them is no regular file. */
static uint64_t total_size(int count, char **names)
{
    uint64_t total = 0;
    for (int i = 0; i < count; i++) {
        struct stat status;
        if (stat(names[i], &status) != 0 || !S_ISREG(status.st_mode))
            return 0;
        total += (uint64_t)status.st_size;
    }
    return total;
}

/* Events that no replica is known to have, where any is waited for. */
static uint64_t unconfirmed(const struct push *push)
{
    return push->confirming.replicas && is_over(push) ? push->confirming.count : 0;
}

static void print_json(const struct push *push)
{
    const struct json_line_count counts[] = {{"pushed", (int64_t)push->pushed},
                                             {"refused", (int64_t)push->refused},
                                             {"failed", (int64_t)push->failed},
                                             {0}};
    const struct json_line_count waited[] = {{"first_line", push->confirming.first_line},
                                             {"last_line", push->confirming.last_line},
                                             {0}};
    struct value row = value_new_map(push->arena, 8);
    json_line_add(push->arena, row, counts);
    if (push->unreadable)
        value_set(push->arena, row, "unreadable", value_int((int64_t)push->unreadable));
    if (push->confirming.replicas)
        value_set(push->arena, row, "unconfirmed", value_int((int64_t)unconfirmed(push)));
    if (unconfirmed(push)) {
        value_set(push->arena, row, "file", value_text(push->file));
        json_line_add(push->arena, row, waited);
    }
    json_line_print(&row);
}

static void print_counts(const struct push *push)
{
    printf("%" PRIu64 " pushed", push->pushed);
    if (push->unreadable)
        printf(", %" PRIu64 " of them unreadable", push->unreadable);
    if (push->refused)
        printf(", %" PRIu64 " refused", push->refused);
    if (push->failed)
        printf(", %" PRIu64 " failed", push->failed);
    if (unconfirmed(push))
        printf(", %" PRIu64 " not confirmed", unconfirmed(push));
    printf("\n");
}

static int finish(struct push *push, bool read)
{
    for (size_t k = 0; k < push->shards->count; k++)
        session_drain(push->shards->items[k].session, 0);
    progress_end(&push->progress);
    int status = is_over(push) ? context_fail(&push->fault) : EXIT_SUCCESS;
    if (unconfirmed(push))
        confirming_tell(&push->confirming, push->file);
    push->json ? print_json(push) : print_counts(push);
    return status ? status : !read ? EX_NOINPUT : push->refused ? EXIT_FAILURE : EXIT_SUCCESS;
}

static bool open_streams(struct push *push, struct context *context)
{
    push->shards = shards_open(context);
    if (!push->shards)
        return false;
    struct arena *arena = context->config->arena;
    push->form = config_event_form(context->config);
    push->form.unmarked = true;
    push->streams = arena_alloc(arena, sizeof *push->streams * push->shards->count);
    for (size_t k = 0; k < push->shards->count; k++)
        push->streams[k] = keys_spell(arena, push->shards->items[k].prefix, KEY_EVENTS, NULL);
    confirming_open(&push->confirming, push->shards, arena);
    return true;
}

int command_push(struct context *context, int argc, char **argv)
{
    static char standard[] = "-";
    static char *only_standard[] = {standard};
    struct push push = {0};
    const char *replicas = NULL, *timeout = NULL;
    const struct command_option options[] = {{.name = "--wait-replicas", .value = &replicas},
                                             {.name = "--wait-timeout", .value = &timeout},
                                             {.name = "--force", .flag = &push.force},
                                             {.name = "--json", .flag = &push.json},
                                             {0}};
    bool read = true;
    int count = command_options(context, argc, argv, options);
    char **names = count > 0 ? argv + 1 : only_standard;
    if (count < 0 || confirming_read(&push.confirming, argv[0], replicas, timeout))
        return EX_USAGE;
    if (count == 0)
        count = 1;
    if (!open_streams(&push, context))
        return EXIT_FAILURE;
    push.arena = arena_new(64 * 1024);
    push.progress = progress_start(total_size(count, names), "pushing");
    for (int i = 0; i < count && read && !is_over(&push); i++)
        read = take_file(&push, names[i]);
    int status = finish(&push, read);
    arena_destroy(&push.arena);
    return status;
}
