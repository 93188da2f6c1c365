/*
 * A question has a part for each shard. A part is safe when an INFO says so: the first one that was
 * asked for after the question says how far the master had written, that or a later one how far its
 * replicas are. Every LOOK_MS a shard with parts that are not safe is looked at by one INFO, unless
 * the one before has no answer yet; each answer, and each look, ends the questions that can be.
 */
#include "store/replicated.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

enum { LOOK_MS = 200, UNKNOWN = -1 };

struct part {
    struct replicated_write write;
    int64_t written; /* by the master, in bytes; UNKNOWN: it has not said so yet */
    bool asked;      /* the INFO that is under way was sent after the question */
    bool safe;
};

struct question {
    struct question *next;
    int64_t until_ms; /* clock_monotonic_ms() */
    size_t replicas;
    bool lost;
    replicated_on_word *word;
    void *context;
    size_t count;
    struct part parts[];
};

/* A shard. */
struct look {
    struct replicated *replicated;
    struct connection *connection; /* that was asked */
    bool open;                     /* its answer has not come */
};

struct replicated {
    struct routes routes;
    struct connection_owner owner;
    struct event *timer;
    struct question *first;
    struct look *looks; /* one of each shard */
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
    int64_t written;              /* UNKNOWN: it does not say */
    int64_t had[REPLICATED_MOST]; /* by its replicas, the furthest first; UNKNOWN: there is none */
};

static void add_replica(struct offsets *offsets, int64_t had)
{
    for (size_t i = 0; i < REPLICATED_MOST; i++)
        if (had > offsets->had[i]) {
            const int64_t less = offsets->had[i];
            offsets->had[i] = had;
            had = less;
        }
}

static struct offsets offsets_of(const char *info)
{
    struct offsets offsets = {.written = UNKNOWN};
    for (size_t i = 0; i < REPLICATED_MOST; i++)
        offsets.had[i] = UNKNOWN;
    for (const char *line = info; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        const size_t length = strcspn(line, "\r\n");
        if (strncmp(line, "master_repl_offset:", 19) == 0)
            offsets.written = number_in(line, length, "master_repl_offset:");
        if (strncmp(line, "slave", 5) == 0 && number_in(line, length, ",state=online") != UNKNOWN)
            add_replica(&offsets, number_in(line, length, ",offset="));
    }
    return offsets;
}

/* Who may not ask cannot know: nobody who asks for no number waits for that. */
static bool is_safe(const struct offsets *offsets, int64_t written, size_t replicas)
{
    if (replicas == 0 && offsets->had[0] == UNKNOWN)
        return true;
    const int64_t had = offsets->had[replicas > 0 ? replicas - 1 : 0];
    return written != UNKNOWN && had >= written;
}

/* ---- The end ---- */

static bool all_safe(const struct question *question)
{
    bool safe = !question->lost;
    for (size_t i = 0; i < question->count; i++)
        safe = safe && question->parts[i].safe;
    return safe;
}

/* Whoever hears a word may ask anew. */
static void end_some(struct replicated *replicated)
{
    struct question *ended = NULL, **link = &replicated->first;
    const int64_t now_ms = clock_monotonic_ms();
    while (*link) {
        struct question *question = *link;
        if (question->lost || now_ms >= question->until_ms || all_safe(question)) {
            *link = question->next;
            question->next = ended;
            ended = question;
        } else {
            link = &question->next;
        }
    }
    while (ended) {
        struct question *question = ended;
        ended = question->next;
        question->word(question->context, all_safe(question));
        free(question);
    }
}

/* ---- Asking ---- */

static struct connection *connection_to(const struct replicated *replicated, size_t shard)
{
    struct scripts *scripts = routes_scripts(&replicated->routes, shard);
    return scripts ? scripts_connection(scripts) : NULL;
}

static void hear(struct question *question, struct part *part, const struct offsets *offsets,
                 int64_t times)
{
    if (part->write.times != times) {
        question->lost = true;
        return;
    }
    part->asked = false;
    if (part->written == UNKNOWN)
        part->written = offsets->written;
    part->safe = is_safe(offsets, part->written, question->replicas);
}

static void on_info(void *context, const struct reply *reply, const struct diag *fault)
{
    struct look *look = context;
    struct replicated *replicated = look->replicated;
    const size_t shard = (size_t)(look - replicated->looks);
    const char *info = reply ? reply_text(reply) : NULL;
    const struct offsets offsets = offsets_of(info ? info : "");
    const int64_t times = reply ? connection_times_ready(look->connection) : UNKNOWN - 1;
    (void)fault;
    look->open = false;
    for (struct question *question = replicated->first; question; question = question->next)
        for (size_t i = 0; i < question->count; i++)
            if (question->parts[i].asked && question->parts[i].write.shard == shard)
                hear(question, &question->parts[i], &offsets, times);
    end_some(replicated);
}

static void look_at(struct replicated *replicated, size_t shard)
{
    struct look *look = &replicated->looks[shard];
    look->replicated = replicated;
    look->open = true;
    connection_command(look->connection, &replicated->owner, on_info, look, "INFO", "replication",
                       NULL);
}

/* Marks the parts that the next INFO of their shard answers. */
static void ask_for(struct replicated *replicated, struct question *question, bool *wanted)
{
    for (size_t i = 0; i < question->count; i++) {
        struct part *part = &question->parts[i];
        struct look *look = &replicated->looks[part->write.shard];
        if (part->safe || look->open)
            continue;
        look->connection = connection_to(replicated, part->write.shard);
        question->lost = question->lost || !look->connection;
        part->asked = look->connection;
        wanted[part->write.shard] = look->connection;
    }
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
    struct replicated *replicated = context;
    const struct timeval wait = clock_timeval(LOOK_MS);
    const size_t shards = placement_count(&replicated->routes.placement);
    bool *wanted = mem_zero(shards, sizeof *wanted);
    (void)fd, (void)what;
    for (struct question *question = replicated->first; question; question = question->next)
        ask_for(replicated, question, wanted);
    for (size_t i = 0; i < shards; i++)
        if (wanted[i])
            look_at(replicated, i);
    free(wanted);
    end_some(replicated);
    if (replicated->first)
        event_add(replicated->timer, &wait);
}

int64_t replicated_times(const struct replicated *replicated, size_t shard)
{
    const struct connection *connection = connection_to(replicated, shard);
    return connection ? connection_times_ready(connection) : UNKNOWN;
}

void replicated_ask(struct replicated *replicated, const struct replicated_question *asked,
                    replicated_on_word *word, void *context)
{
    struct question *question =
        mem_zero(1, sizeof *question + asked->count * sizeof question->parts[0]);
    question->replicas = asked->replicas;
    question->until_ms = clock_monotonic_ms() + asked->patience_ms;
    question->word = word;
    question->context = context;
    question->count = asked->count;
    for (size_t i = 0; i < asked->count; i++)
        question->parts[i] = (struct part){.write = asked->writes[i], .written = UNKNOWN};
    question->next = replicated->first;
    replicated->first = question;
    if (!evtimer_pending(replicated->timer, NULL))
        event_active(replicated->timer, EV_TIMEOUT, 0);
}

/* ---- The object ---- */

struct replicated *replicated_new(struct event_base *base, const struct routes *routes)
{
    struct replicated *replicated = mem_zero(1, sizeof *replicated);
    replicated->routes = *routes;
    replicated->looks = mem_zero(placement_count(&routes->placement), sizeof *replicated->looks);
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
    free(ended->looks);
    free(ended);
}
