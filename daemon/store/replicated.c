/*
 * A question has a part for each shard. A part asks for INFO until it is safe: the first answer
 * says how far the master had written, that or a later one how far its replicas are. All parts of a
 * question have their answers before look_again() or the end.
 */
#include "store/replicated.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

enum { LOOK_MS = 200, PATIENCE_MS = 3000, UNKNOWN = -1 };

struct part {
    struct question *question;
    struct connection *connection; /* NULL: it cannot be reached */
    int64_t times;                 /* it had become ready so often */
    int64_t written;               /* by the master, in bytes; UNKNOWN: it was not asked */
    bool safe;
};

struct question {
    struct replicated *replicated;
    struct question *next;
    int64_t asked_ms; /* clock_monotonic_ms() */
    size_t open;      /* answers that have not come */
    bool lost;
    replicated_on_word *word;
    void *context;
    size_t count;
    struct part parts[];
};

struct replicated {
    struct routes routes;
    struct connection_owner owner;
    struct event *timer;
    struct question *first;
};

/* ---- What INFO says ---- */

/* The number behind `name` in a line; UNKNOWN: it has none. */
static int64_t number_in(const char *line, size_t length, const char *name)
{
    const size_t size = strlen(name);
    for (size_t i = 0; i + size < length; i++)
        if (memcmp(line + i, name, size) == 0)
            return strtoll(line + i + size, NULL, 10);
    return UNKNOWN;
}

struct offsets {
    int64_t written, had; /* `had`: by the replica that is the furthest; UNKNOWN: there is none */
};

static struct offsets offsets_of(const char *info)
{
    struct offsets offsets = {UNKNOWN, UNKNOWN};
    for (const char *line = info; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const size_t length = strcspn(line, "\r\n");
        if (strncmp(line, "master_repl_offset:", 19) == 0)
            offsets.written = number_in(line, length, "master_repl_offset:");
        if (strncmp(line, "slave", 5) != 0 || number_in(line, length, ",state=online") == UNKNOWN)
            continue;
        const int64_t had = number_in(line, length, ",offset=");
        offsets.had = had > offsets.had ? had : offsets.had;
    }
    return offsets;
}

/* ---- The end ---- */

static void end(struct question *question, bool safe)
{
    struct question **link = &question->replicated->first;
    while (*link != question)
        link = &(*link)->next;
    *link = question->next;
    question->word(question->context, safe);
    free(question);
}

static void look_again(struct replicated *replicated)
{
    const struct timeval wait = clock_timeval(LOOK_MS);
    if (!evtimer_pending(replicated->timer, NULL))
        event_add(replicated->timer, &wait);
}

static void conclude(struct question *question)
{
    bool safe = true;
    if (--question->open > 0)
        return;
    for (size_t i = 0; i < question->count; i++)
        safe = safe && question->parts[i].safe;
    const bool over = clock_monotonic_ms() - question->asked_ms > PATIENCE_MS;
    if (question->lost || safe || over)
        end(question, safe && !question->lost);
    else
        look_again(question->replicated);
}

/* ---- Asking ---- */

/* Who may not ask cannot know, and nothing waits for that. */
static void on_info(void *context, const struct reply *reply, const struct diag *fault)
{
    struct part *part = context;
    const char *info = reply ? reply_text(reply) : NULL;
    (void)fault;
    if (!reply || connection_times_ready(part->connection) != part->times) {
        part->question->lost = true;
    } else {
        const struct offsets offsets = offsets_of(info ? info : "");
        if (part->written == UNKNOWN)
            part->written = offsets.written;
        part->safe = offsets.had == UNKNOWN || offsets.had >= part->written;
    }
    conclude(part->question);
}

static void ask_all(struct question *question)
{
    question->open = 1; /* this: no answer comes in between */
    for (size_t i = 0; i < question->count && !question->lost; i++) {
        struct part *part = &question->parts[i];
        if (part->safe)
            continue;
        question->open++;
        connection_command(part->connection, &question->replicated->owner, on_info, part, "INFO",
                           "replication", NULL);
    }
    conclude(question);
}

/* Of those that have all their answers; they may end in it. */
static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct replicated *replicated = context;
    (void)fd, (void)what;
    struct question *next;
    for (struct question *question = replicated->first; question; question = next) {
        next = question->next;
        if (!question->open)
            ask_all(question);
    }
}

static struct connection *connection_to(const struct replicated *replicated, size_t shard)
{
    struct scripts *scripts = routes_scripts(&replicated->routes, shard);
    return scripts ? scripts_connection(scripts) : NULL;
}

int64_t replicated_times(const struct replicated *replicated, size_t shard)
{
    const struct connection *connection = connection_to(replicated, shard);
    return connection ? connection_times_ready(connection) : UNKNOWN;
}

void replicated_ask(struct replicated *replicated, const struct replicated_write *writes,
                    size_t count, replicated_on_word *word, void *context)
{
    struct question *question = mem_zero(1, sizeof *question + count * sizeof question->parts[0]);
    question->replicated = replicated;
    question->word = word;
    question->context = context;
    question->count = count;
    question->asked_ms = clock_monotonic_ms();
    for (size_t i = 0; i < count; i++) {
        struct connection *connection = connection_to(replicated, writes[i].shard);
        question->parts[i] = (struct part){.question = question,
                                           .connection = connection,
                                           .times = writes[i].times,
                                           .written = UNKNOWN};
        question->lost = question->lost || !connection;
    }
    question->next = replicated->first;
    replicated->first = question;
    event_active(replicated->timer, EV_TIMEOUT, 0);
}

/* ---- The object ---- */

struct replicated *replicated_new(struct event_base *base, const struct routes *routes)
{
    struct replicated *replicated = mem_zero(1, sizeof *replicated);
    replicated->routes = *routes;
    replicated->timer = evtimer_new(base, on_timer, replicated);
    if (!replicated->timer)
        mem_exhausted();
    return replicated;
}

void replicated_destroy(struct replicated **replicated)
{
    struct replicated *ended = *replicated;
    struct question *next;
    if (!ended)
        return;
    *replicated = NULL;
    connection_silence(&ended->owner);
    for (struct question *question = ended->first; question; question = next) {
        next = question->next;
        free(question);
    }
    event_free(ended->timer);
    free(ended);
}
