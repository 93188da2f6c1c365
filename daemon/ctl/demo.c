/*
 * nudgectl demo: the main job on this machine, with nothing set up.
 *
 *   a folder with the example rules (waits made short), templates and a configuration
 *   a daemon of its own, with a private Redis and a Maildir
 *   a day of a small shop, pushed event by event
 *   each message, shown as it arrives
 *   when nothing is left to do: what was sent, what was held back and why
 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/map.h"
#include "base/utf8.h"
#include "ctl/command.h"
#include "ctl/demo_folder.h"
#include "ctl/demo_pages.h"
#include "ctl/eml.h"
#include "decide/trace_words.h"
#include "store/backlog.h"
#include "store/dead_letters.h"
#include "store/keys.h"
#include "store/traces.h"

#define DEAD_MOST "1000" /* of a day */

enum {
    START_MOST_MS = 20000,
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
    pid_t daemon;
    struct session *session;
    const char *prefix;
    const char *const *events; /* lines; NULL-terminated */
    size_t event_count;
    struct map *shown;    /* file names of messages */
    struct count *counts; /* in the arena */
    uint32_t count_count, count_capacity;
    struct held *held; /* in the arena */
    uint32_t held_count, held_capacity;
    struct demo_pages pages;
};

/* How often an outcome was seen: "sent\tRULE", "held\tRULE\tWHY". */
struct count {
    const char *name;
    int times;
};

/* A message that was held back, at `at` (ms). */
struct held {
    int64_t at;
    struct demo_held what;
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
    int count = command_options(argc, argv, options);
    if (count > 0)
        command_usage(argv[0], "no argument is expected: %s", argv[1]);
    return count == 0;
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

/* ---- The daemon ---- */

/* The nudged beside this program, else the installed one. */
static const char *daemon_path(struct demo *demo)
{
    char self[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length > 0) {
        self[length] = '\0';
        *strrchr(self, '/') = '\0';
        const char *beside = arena_printf(demo->arena, "%s/nudged", self);
        if (access(beside, X_OK) == 0)
            return beside;
    }
    return NUDGED_SBINDIR "/nudged";
}

static bool start_daemon(struct demo *demo, struct diag *diag)
{
    const char *path = daemon_path(demo);
    fflush(NULL);
    demo->daemon = fork();
    if (demo->daemon == 0) {
        execl(path, "nudged", "--config", demo->config, (char *)NULL);
        fprintf(stderr, "nudgectl: %s: %s\n", path, strerror(errno));
        _exit(127);
    }
    return demo->daemon > 0 ? true : diag_error(diag, "fork: %s", strerror(errno));
}

static bool has_ended(struct demo *demo)
{
    if (demo->daemon > 0 && waitpid(demo->daemon, NULL, WNOHANG) == demo->daemon)
        demo->daemon = 0;
    return demo->daemon == 0;
}

static bool is_healthy(struct demo *demo)
{
    const struct admin_question question = {
        .socket = demo->context->config->keys.admin_socket, .method = "GET", .target = "/health"};
    struct admin_answer answer;
    if (!admin_client_ask(&question, &answer, NULL))
        return false;
    buf_free(&answer.body);
    return answer.status == 200;
}

static bool wait_for_daemon(struct demo *demo, struct diag *diag)
{
    int64_t until_ms = clock_monotonic_ms() + START_MOST_MS;
    while (!is_healthy(demo)) {
        if (has_ended(demo))
            return diag_error(diag, "the daemon did not start");
        if (clock_monotonic_ms() > until_ms)
            return diag_error(diag, "the daemon was not ready within %d s", START_MOST_MS / 1000);
        poll(NULL, 0, 50);
    }
    return true;
}

static void stop_daemon(struct demo *demo)
{
    if (demo->daemon <= 0)
        return;
    kill(demo->daemon, SIGTERM);
    while (waitpid(demo->daemon, NULL, 0) < 0 && errno == EINTR)
        continue;
    demo->daemon = 0;
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
        const struct demo_message message = {.to = to ? to : "",
                                             .subject = subject ? subject : "",
                                             .html = html,
                                             .text = eml_part(arena, mail, length, "text/plain")};
        demo_pages_add(&demo->pages, &message, &diag);
        print_row(demo->pages.count, message.to, message.subject);
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

static bool run_day(struct demo *demo, struct diag *diag)
{
    int64_t until_ms = clock_monotonic_ms() + RUN_MOST_MS, idle_ms = 0;
    for (size_t next = 0; clock_monotonic_ms() < until_ms; poll(NULL, 0, EVENT_PAUSE_MS)) {
        if (has_ended(demo))
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

/* ---- The summary ---- */

/* Why a message was held back, for who sees these names for the first time; NULL for what
 * holds nothing back. */
static const char *in_words(const char *why)
{
    static const struct {
        enum trace_why why;
        const char *words;
    } rows[] = {
        {TRACE_WHY_UNTIL, "the order or the answer came first"},
        {TRACE_WHY_NO_LONGER, "the cart was emptied"},
        {TRACE_WHY_NO_CONSENT, "marketing was not wanted, or no longer"},
        {TRACE_WHY_NO_ADDRESS, "there is no address"},
        {TRACE_WHY_LIMIT, "the rule has said enough"},
        {TRACE_WHY_CAP, "enough marketing for now"},
        {TRACE_WHY_SUPPRESSED, "the address must not be written to"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(why, trace_why_word(rows[i].why)) == 0)
            return rows[i].words;
    return NULL;
}

static void add_count(struct demo *demo, const char *name)
{
    for (uint32_t i = 0; i < demo->count_count; i++)
        if (strcmp(demo->counts[i].name, name) == 0) {
            demo->counts[i].times++;
            return;
        }
    demo->counts = arena_grow(demo->arena, demo->counts, demo->count_count, &demo->count_capacity,
                              sizeof *demo->counts);
    demo->counts[demo->count_count++] = (struct count){name, 1};
}

static bool is_what(const char *word, enum trace_what what)
{
    return strcmp(word, trace_what_word(what)) == 0;
}

static void hold(struct demo *demo, int64_t at, const struct demo_held *what)
{
    demo->held = arena_grow(demo->arena, demo->held, demo->held_count, &demo->held_capacity,
                            sizeof *demo->held);
    demo->held[demo->held_count++] = (struct held){at, *what};
}

static void count_outcome(struct demo *demo, const char *who, int64_t at, const struct value *item)
{
    const char *what = value_to_text(demo->arena, value_get(item, "what"));
    const char *why = value_to_text(demo->arena, value_get(item, "why"));
    const char *rule = value_to_text(demo->arena, value_get(item, "rule"));
    if (!what || !why || !rule)
        return;
    if (is_what(what, TRACE_SENT)) {
        add_count(demo, arena_printf(demo->arena, "sent\t%s", rule));
    } else if (in_words(why) && (is_what(what, TRACE_REFUSED) || is_what(what, TRACE_ENDED))) {
        add_count(demo, arena_printf(demo->arena, "held\t%s\t%s", rule, why));
        hold(demo, at, &(struct demo_held){who, rule, why, in_words(why)});
    }
}

/* The customer's address, else the name, else the key; in the arena. */
static const char *who_is(struct demo *demo, const char *key)
{
    static const char *const names[] = {"profile.email", "profile.first_name"};
    struct diag diag;
    struct value document;
    const char *document_key = keys_spell(demo->arena, demo->prefix, KEY_CUSTOMER, key, NULL);
    const struct reply *reply = session_command(demo->session, &diag, "GET", document_key, NULL);
    const char *text = reply && reply->text ? arena_text(demo->arena, reply->text) : NULL;
    if (!text || !json_read(demo->arena, text, strlen(text), &json_file_limits, &document, &diag))
        return key;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *name = value_to_text(demo->arena, value_path(&document, names[i]));
        if (name)
            return name;
    }
    return key;
}

static void count_trace(struct demo *demo, const char *customer)
{
    struct diag diag;
    const char *who = who_is(demo, customer);
    const struct reply *lines = traces_read(demo->session, demo->prefix, customer, &diag);
    for (size_t i = 0; lines && i < lines->count; i++) {
        struct value line;
        int64_t at = 0;
        const char *text = arena_text(demo->arena, reply_item(lines, i)->text);
        if (!json_read(demo->arena, text, strlen(text), &json_file_limits, &line, &diag))
            continue;
        value_to_int(value_get(&line, "at"), &at);
        const struct value *did = value_get(&line, "did");
        for (uint32_t d = 0; d < value_count(did); d++)
            count_outcome(demo, who, at, &did->list->items[d]);
    }
}

static void count_traces(struct demo *demo)
{
    struct diag diag;
    const char *const *customers;
    size_t count = 0;
    traces_customers(demo->session, demo->prefix, demo->arena, &customers, &count, &diag);
    for (size_t i = 0; i < count; i++)
        count_trace(demo, customers[i]);
}

static int by_time(const void *a, const void *b)
{
    const struct held *one = a, *two = b;
    return one->at < two->at ? -1 : one->at > two->at ? 1 : strcmp(one->what.who, two->what.who);
}

static int by_name(const void *a, const void *b)
{
    const struct count *one = a, *two = b;
    return strcmp(one->name, two->name);
}

static void print_counts(const struct demo *demo, const char *group)
{
    for (uint32_t i = 0; i < demo->count_count; i++) {
        const struct count *count = &demo->counts[i];
        if (strncmp(count->name, group, strlen(group)) != 0)
            continue;
        const char *rule = strchr(count->name, '\t') + 1;
        const char *why = strchr(rule, '\t');
        if (why)
            printf("  %4d  %-16.*s  %-12s%s\n", count->times, (int)(why - rule), rule, why + 1,
                   in_words(why + 1));
        else
            printf("  %4d  %s\n", count->times, rule);
    }
}

static void print_dead(struct demo *demo)
{
    struct diag diag;
    const struct reply *letters = dead_letters_read(demo->session, demo->prefix, DEAD_MOST, &diag);
    if (!letters || letters->count == 0)
        return;
    printf("\nDead letters:\n");
    for (size_t i = letters->count; i-- > 0;) {
        const struct reply *letter = reply_item(letters, i);
        const char *reason = dead_letters_field(letter, "reason")->text;
        const char *detail = dead_letters_field(letter, "detail")->text;
        printf("     1  %-16s  %s\n", reason, detail);
        demo_pages_bury(&demo->pages, reason, detail);
    }
}

/* What is known when the day is over: for the terminal, and for the page. */
static void sum_up(struct demo *demo)
{
    count_traces(demo);
    if (demo->count_count)
        qsort(demo->counts, demo->count_count, sizeof *demo->counts, by_name);
    if (demo->held_count)
        qsort(demo->held, demo->held_count, sizeof *demo->held, by_time);
    for (uint32_t i = 0; i < demo->held_count; i++)
        demo_pages_hold(&demo->pages, &demo->held[i].what);
}

static void print_summary(struct demo *demo)
{
    sum_up(demo);
    printf("\nSent:\n");
    print_counts(demo, "sent");
    printf("\nHeld back, and why:\n");
    print_counts(demo, "held");
    print_dead(demo);
}

/* Where to look. */
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
    if (!start_daemon(demo, diag) || !wait_for_daemon(demo, diag))
        return false;
    demo->session = context_session(demo->context);
    if (!demo->session)
        return diag_error(diag, "no way to the daemon's Redis");
    demo->prefix = demo->context->config->keys.redis.prefix;
    printf("A day of a small shop: %zu events. A wait of an hour takes 2 seconds here.\n\n",
           demo->event_count);
    demo_pages_begin(&demo->pages, demo->arena, arena_printf(demo->arena, "%s/html", demo->folder),
                     arena_printf(demo->arena, "%s/demo/index.html.liquid", demo->examples));
    bool done = run_day(demo, diag);
    print_summary(demo);
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
        session_close(&demo.session);
        if (!demo.keep || status != EXIT_SUCCESS)
            stop_daemon(&demo);
    }
    map_destroy(&demo.shown);
    arena_destroy(&demo.arena);
    return status;
}
