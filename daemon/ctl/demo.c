/*
 * nudgectl demo: the main job on this machine, with nothing set up.
 *
 *   a folder with the example rules (waits made short), templates, configuration (demo_folder)
 *   a daemon of its own, with a private Redis and a Maildir (demo_daemon)
 *   a day of a small shop, pushed event by event
 *   each message, shown as it arrives, and put on pages to look at (demo_pages)
 *   when nothing is left to do: what was sent, what was held back and why (demo_summary)
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "base/utf8.h"
#include "ctl/command.h"
#include "ctl/demo_daemon.h"
#include "ctl/demo_folder.h"
#include "ctl/demo_pages.h"
#include "ctl/demo_summary.h"
#include "ctl/eml.h"
#include "ctl/plain.h"
#include "store/backlog.h"
#include "store/keys.h"

enum {
    RUN_MOST_MS = 90000,
    EVENT_PAUSE_MS = 120, /* between two events */
    QUIET_MS = 600,       /* nothing was left to do for so long: it is over */
    MAIL_MOST = 1 << 22,
    ADDRESS_COLUMNS = 42,
};

struct demo {
    struct context *context;
    struct arena *arena;
    const char *folder, *examples, *config;
    bool keep;
    struct demo_daemon daemon;
    struct session *session;
    const char *prefix;
    const char *const *events; /* lines; NULL-terminated */
    size_t event_count;
    struct map *shown; /* file names of messages */
    struct demo_pages pages;
};

/* ---- Arguments and the folder ---- */

static bool read_arguments(struct demo *demo, int argc, char **argv)
{
    const struct command_option options[] = {
        {.name = "--folder", .value = &demo->folder},
        {.name = "--examples", .value = &demo->examples},
        {.name = "--keep", .flag = &demo->keep},
        {0},
    };
    return command_no_arguments(command_options(demo->context, argc, argv, options), argv);
}

static bool make_folder(struct demo *demo, struct diag *diag)
{
    char whole[PATH_MAX];
    const char *temporary = getenv("TMPDIR");
    if (demo->folder) {
        if (mkdir(demo->folder, 0700) != 0)
            return diag_error(diag, "cannot make %s: %s", demo->folder, strerror(errno));
    } else {
        char *name = arena_printf(demo->arena, "%s/nudged-demo-XXXXXX",
                                  temporary && *temporary ? temporary : "/tmp");
        demo->folder = mkdtemp(name);
        if (!demo->folder)
            return diag_error(diag, "cannot make %s: %s", name, strerror(errno));
    }
    if (!realpath(demo->folder, whole))
        return diag_error(diag, "%s: %s", demo->folder, strerror(errno));
    demo->folder = arena_text(demo->arena, whole);
    return demo_folder_fill(demo->arena, demo->folder, demo->examples, &demo->config, diag);
}

/* The lines of demo/events.jsonl that are no comments. */
static bool read_events(struct demo *demo, struct diag *diag)
{
    const char *text, *path = arena_printf(demo->arena, "%s/demo/events.jsonl", demo->examples);
    size_t length;
    uint32_t capacity = 0, count = 0;
    const char **lines = NULL;
    if (!file_read(demo->arena, path, MAIL_MOST, &text, &length, diag))
        return false;
    for (const char *line = text; *line;) {
        size_t size = strcspn(line, "\n");
        if (size && *line == '{') {
            lines = arena_grow(demo->arena, lines, count, &capacity, sizeof *lines);
            lines[count++] = arena_copy(demo->arena, line, size);
        }
        line += size + (line[size] == '\n');
    }
    demo->events = lines;
    demo->event_count = count;
    return count ? true : diag_error(diag, "%s has no events", path);
}

/* ---- Messages ---- */

/* Columns count in characters, not in bytes. */
static void print_row(int number, const char *to, const char *subject)
{
    int width = (int)utf8_count(to, strlen(to));
    printf("  %2d  %s%*s  %s\n", number, to, width < ADDRESS_COLUMNS ? ADDRESS_COLUMNS - width : 0,
           "", subject);
    fflush(stdout);
}

static void show_message(struct demo *demo, const char *name)
{
    struct diag diag;
    const char *mail;
    size_t length;
    struct arena *arena = arena_new(64 * 1024);
    const char *path = arena_printf(arena, "%s/mail/new/%s", demo->folder, name);
    if (file_read(arena, path, MAIL_MOST, &mail, &length, &diag)) {
        const char *to = eml_header(arena, mail, length, "To");
        const char *subject = eml_header(arena, mail, length, "Subject");
        const char *html = eml_part(arena, mail, length, "text/html");
        const struct demo_pages_message message = {.to = to ? to : "",
                                                   .subject = subject ? subject : "",
                                                   .html = html,
                                                   .text =
                                                       eml_part(arena, mail, length, "text/plain")};
        demo_pages_add(&demo->pages, &message, &diag);
        print_row(demo->pages.count, plain_of(arena, message.to), plain_of(arena, message.subject));
    }
    arena_destroy(&arena);
}

static void show_new(struct demo *demo)
{
    struct diag diag;
    const char *const *names;
    size_t count;
    struct arena *arena = arena_new(4096);
    const char *folder = arena_printf(arena, "%s/mail/new", demo->folder);
    if (file_list(arena, folder, "", false, &names, &count, &diag))
        for (size_t i = 0; i < count; i++) {
            size_t length = strlen(names[i]);
            if (map_get(demo->shown, names[i], length))
                continue;
            map_put(demo->shown, names[i], length, demo);
            show_message(demo, names[i]);
        }
    arena_destroy(&arena);
}

/* ---- The day ---- */

static bool push(struct demo *demo, const char *event, struct diag *diag)
{
    const char *key = keys_spell(demo->arena, demo->prefix, KEY_EVENTS, NULL);
    return session_command(demo->session, diag, "XADD", key, "*", "event", event, NULL) != NULL;
}

/* Whether no event, timer or message is left. */
static bool is_idle(struct demo *demo)
{
    struct diag diag;
    int64_t left;
    return backlog_count(demo->session, demo->prefix, &left, &diag) && left == 0;
}

/* What the turn took is part of the pause: on a slow machine, too, who buys in time does. */
static void pause_after(int64_t turn_ms)
{
    int64_t left_ms = turn_ms + EVENT_PAUSE_MS - clock_monotonic_ms();
    if (left_ms > 0)
        poll(NULL, 0, (int)left_ms);
}

static bool run_day(struct demo *demo, struct diag *diag)
{
    int64_t until_ms = clock_monotonic_ms() + RUN_MOST_MS, idle_ms = 0, turn_ms = 0;
    for (size_t next = 0; clock_monotonic_ms() < until_ms; pause_after(turn_ms)) {
        turn_ms = clock_monotonic_ms();
        if (demo_daemon_ended(&demo->daemon))
            return diag_error(diag, "the daemon ended");
        if (next < demo->event_count && !push(demo, demo->events[next++], diag))
            return false;
        show_new(demo);
        if (next < demo->event_count || !is_idle(demo))
            idle_ms = clock_monotonic_ms();
        else if (clock_monotonic_ms() - idle_ms > QUIET_MS)
            return true;
    }
    return diag_error(diag, "something was left to do after %d s", RUN_MOST_MS / 1000);
}

static void print_places(const struct demo *demo)
{
    printf("\nThe messages, to look at:  %s/html/index.html\n", demo->folder);
    printf("The same, as .eml:         %s/mail/new\n", demo->folder);
    if (demo->keep)
        printf("\nThe daemon still runs. Ask it, and end it:\n"
               "  nudgectl --config %s explain ana.ionescu@example.com\n"
               "  nudgectl --config %s stop\n",
               demo->config, demo->config);
}

/* ---- All of it ---- */

static bool run(struct demo *demo, struct diag *diag)
{
    if (!make_folder(demo, diag) || !read_events(demo, diag))
        return false;
    demo->context->config_file = demo->config;
    if (!context_config(demo->context))
        return diag_error(diag, "the demo's configuration is broken");
    const char *socket = demo->context->config->keys.admin_socket;
    if (!demo_daemon_start(&demo->daemon, demo->config, socket, diag))
        return false;
    demo->session = context_session_of(demo->context, 0);
    if (!demo->session)
        return diag_error(diag, "no way to the daemon's Redis");
    demo->prefix = demo->context->config->keys.redis.prefix;
    printf("A day of a small shop: %zu events. A wait of an hour takes 2 seconds here.\n\n",
           demo->event_count);
    demo_pages_begin(&demo->pages, demo->arena, arena_printf(demo->arena, "%s/html", demo->folder),
                     arena_printf(demo->arena, "%s/demo/index.html.liquid", demo->examples));
    bool done = run_day(demo, diag);
    demo_summary_print(demo->session, demo->prefix, &demo->pages);
    struct diag *shown = done ? diag : &(struct diag){0}; /* the first fault is the one to tell */
    bool written = demo_pages_end(&demo->pages, demo->event_count, shown);
    print_places(demo);
    return done && written;
}

int command_demo(struct context *context, int argc, char **argv)
{
    struct diag diag = {0};
    struct demo demo = {.context = context,
                        .examples = NUDGED_EXAMPLES,
                        .arena = arena_new(64 * 1024),
                        .shown = map_new()};
    int status;
    if (!read_arguments(&demo, argc, argv)) {
        status = EX_USAGE;
    } else {
        status = run(&demo, &diag) ? EXIT_SUCCESS : context_fail(&diag);
        if (!demo.keep || status != EXIT_SUCCESS)
            demo_daemon_stop(&demo.daemon);
    }
    map_destroy(&demo.shown);
    arena_destroy(&demo.arena);
    return status;
}
