/*
 * Of each file some lines wait, in order (`source`): history_next, at the end, gives the earliest
 * of all, once each file that may have an earlier one has been read far enough (choose).
 */
#include "simulate/history.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "simulate/history_line.h"
#include "simulate/line_reader.h"

enum {
    RING = 16384, /* a power of two above HISTORY_WINDOW, as at() counts */
    AHEAD = 4,
    FETCHED = 6, /* lines of memory: where an event names whom it is about */
};

struct waiting {
    struct line line;
    struct history_line is;
};

/* A file, and those of its lines that wait for earlier ones: a ring, in order. */
struct source {
    struct line_reader *reader;
    struct waiting *ring;
    uint32_t first, count;
    int64_t last_ms; /* of the line that was read last */
    bool timed, ended;
};

struct history {
    struct source *sources;
    uint32_t source_count;
    const char *zone;     /* of a time that says none */
    struct source *given; /* whose first line the caller has; NULL: none */
    int64_t now_ms;       /* of the entry that was given last */
    uint64_t number;      /* of the next */
};

struct history *history_new(const char *zone)
{
    struct history *history = mem_zero(1, sizeof *history);
    history->zone = zone;
    history->now_ms = INT64_MIN;
    return history;
}

bool history_add(struct history *history, const char *name, struct diag *diag)
{
    struct line_reader *reader = line_reader_open(name, diag);
    if (!reader)
        return false;
    history->sources =
        mem_resize(history->sources, sizeof *history->sources * (history->source_count + 1));
    history->sources[history->source_count++] =
        (struct source){.reader = reader, .ring = mem_alloc(sizeof(struct waiting) * RING)};
    return true;
}

static struct waiting *at(const struct source *source, uint32_t place)
{
    return &source->ring[(source->first + place) & (RING - 1)];
}

static void drop_first(struct source *source)
{
    line_reader_give_back(source->reader, &at(source, 0)->line);
    source->first = (source->first + 1) & (RING - 1);
    source->count--;
}

void history_destroy(struct history **history)
{
    struct history *gone = *history;
    if (!gone)
        return;
    for (uint32_t i = 0; i < gone->source_count; i++) {
        struct source *source = &gone->sources[i];
        while (source->count)
            drop_first(source);
        line_reader_close(&source->reader);
        free(source->ring);
    }
    free(gone->sources);
    free(gone);
    *history = NULL;
}

uint64_t history_bytes(const struct history *history)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < history->source_count; i++)
        bytes += line_reader_bytes(history->sources[i].reader);
    return bytes;
}

bool history_lasts(const struct history *history)
{
    for (uint32_t i = 0; i < history->source_count; i++)
        if (!line_reader_lasts(history->sources[i].reader))
            return false;
    return true;
}

void history_forget(const struct history *history)
{
    for (uint32_t i = 0; i < history->source_count; i++)
        line_reader_forget(history->sources[i].reader);
}

void history_rewind(struct history *history)
{
    for (uint32_t i = 0; i < history->source_count; i++) {
        struct source *source = &history->sources[i];
        while (source->count)
            drop_first(source);
        line_reader_rewind(source->reader);
        *source = (struct source){.reader = source->reader, .ring = source->ring};
    }
    history->given = NULL;
    history->now_ms = INT64_MIN;
    history->number = 0;
}

/* ---- Order ---- */

static bool is_before(const struct history_line *a, const struct history_line *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->sequence < b->sequence;
}

static void insert(struct source *source, const struct waiting *waiting)
{
    uint32_t place = source->count++;
    for (; place > 0 && is_before(&waiting->is, &at(source, place - 1)->is); place--)
        *at(source, place) = *at(source, place - 1);
    *at(source, place) = *waiting;
}

/* Also a comment, as `nudgectl push` knows them. */
static bool is_blank(const struct line *line)
{
    return line->text &&
           ((line->length && line->text[0] == '#') ||
            slice_trim((struct slice){line->text, line->length}, " \t\r").length == 0);
}

static bool is_object(const struct line *line)
{
    const struct slice text = slice_trim((struct slice){line->text, line->length}, " \t\r");
    return text.length && text.text[0] == '{';
}

/* Whether it is what a daemon had written of an archive's last line when it was killed. */
static bool is_cut(const struct line *line)
{
    static const char begin[] = "{\"received\":";
    return !line->ended && line->text && line->length >= sizeof begin &&
           memcmp(line->text, begin, sizeof begin - 1) == 0 && line->text[line->length - 1] != '}';
}

static bool refuse(const struct source *source, const struct line *line, struct diag *diag)
{
    diag_file(diag, line_reader_name(source->reader));
    diag_place(diag, (uint32_t)line->number, 0, 0);
    return false;
}

/* When it came: a line that does not tell comes with the one before it; what is no event, before
 * all else. */
static bool find_time(const struct history *history, struct source *source, struct waiting *waiting,
                      struct diag *diag)
{
    struct history_line *is = &waiting->is;
    if (is->timed)
        source->timed = true;
    else
        is->at_ms = source->last_ms;
    if (!source->timed && !is_object(&waiting->line)) {
        is->at_ms = INT64_MIN;
        return true;
    }
    if (!source->timed) {
        diag_error(diag, "no time: this event has no `time`%s, and none stands before it",
                   is->misdated ? " that can be read" : "");
        diag_hint(diag,
                  is->misdated
                      ? "a time is RFC 3339, such as \"2026-03-01T10:00:00+02:00\", or seconds "
                        "since 1970"
                      : "an event comes at its `time`, or as {\"received\": MS, \"event\": "
                        "{…}} says");
        return refuse(source, &waiting->line, diag);
    }
    source->last_ms = is->at_ms;
    if (is->at_ms >= history->now_ms)
        return true;
    diag_error(diag,
               "out of order: this event is older than one that stands over %d lines before "
               "it",
               HISTORY_WINDOW);
    diag_hint(diag, "sort the file by time first");
    return refuse(source, &waiting->line, diag);
}

static bool read_line(const struct history *history, struct source *source, struct diag *diag)
{
    struct waiting waiting = {0};
    if (!line_reader_next(source->reader, &waiting.line, diag)) {
        source->ended = true;
        return !diag->text[0];
    }
    if (is_blank(&waiting.line) || is_cut(&waiting.line)) {
        line_reader_give_back(source->reader, &waiting.line);
        return true;
    }
    if (waiting.line.text)
        waiting.is =
            history_line_of((struct slice){waiting.line.text, waiting.line.length}, history->zone);
    if (!find_time(history, source, &waiting, diag)) {
        line_reader_give_back(source->reader, &waiting.line);
        return false;
    }
    insert(source, &waiting);
    return true;
}

/* Reads on until so many lines of the file wait, or all that are left. */
static bool fill(const struct history *history, struct source *source, uint32_t wanted,
                 struct diag *diag)
{
    while (!source->ended && source->count < wanted)
        if (!read_line(history, source, diag))
            return false;
    return true;
}

/* Whose first line is the earliest of those that were read. */
static struct source *find_first(struct history *history)
{
    struct source *first = NULL;
    for (uint32_t i = 0; i < history->source_count; i++) {
        struct source *source = &history->sources[i];
        if (source->count && (!first || is_before(&at(source, 0)->is, &at(first, 0)->is)))
            first = source;
    }
    return first;
}

/* Of a file that begins much later than what is at hand no more than the first line is read. */
static struct source *choose(struct history *history, struct diag *diag)
{
    for (uint32_t i = 0; i < history->source_count; i++)
        if (!fill(history, &history->sources[i], 1, diag))
            return NULL;
    struct source *first = find_first(history);
    int64_t near_ms = first ? at(first, 0)->is.at_ms + HISTORY_NEAR_MS : 0;
    for (uint32_t i = 0; i < history->source_count; i++) {
        struct source *source = &history->sources[i];
        if (source->count && at(source, 0)->is.at_ms <= near_ms &&
            !fill(history, source, HISTORY_WINDOW + 1, diag))
            return NULL;
    }
    return find_first(history);
}

/* A line was looked at when it came, some thousand others ago. */
static void fetch(const struct source *source)
{
    const struct waiting *soon = at(source, AHEAD);
    for (int i = 0; i < FETCHED && AHEAD < source->count; i++)
        __builtin_prefetch(soon->is.event.text + i * 64);
}

bool history_next(struct history *history, struct history_entry *entry, struct diag *diag)
{
    if (history->given)
        drop_first(history->given);
    history->given = NULL;
    struct source *first = choose(history, diag);
    if (!first)
        return false;
    const struct waiting *waiting = at(first, 0);
    fetch(first);
    *entry = (struct history_entry){.event = waiting->is.event,
                                    .at_ms = waiting->is.at_ms,
                                    .lasts = line_reader_lasts(first->reader),
                                    .file = line_reader_name(first->reader),
                                    .line = waiting->line.number,
                                    .number = history->number++};
    history->now_ms = entry->at_ms;
    history->given = first;
    return true;
}
