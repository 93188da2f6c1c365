/*
 * parts_new reads the history once (read_all): of each line it notes where it is, and a group of
 * names, one of which it has (take). Groups that prove to be of the same people are joined (join).
 * Then groups become circles, and circles parts (deal), and the lines are copied to a file, part by
 * part (write_parts): so all is read from one end to the other, and what a part needs lies
 * together. The lines of a part are put in order by circle when it is opened (sort_lines).
 *
 * Names come in no order: the slots of some dozen lines are fetched before the first of them is
 * looked at.
 */
#include "simulate/parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/decimal.h"
#include "base/json_shape.h"
#include "base/mem.h"
#include "simulate/event_names.h"
#include "simulate/mapped.h"
#include "simulate/temporary.h"

enum {
    AHEAD = 32,   /* lines */
    PEOPLE = 256, /* in a part, about */
    FIRST_SLOTS = 1024,
    PAGE = 4096,
    WRITTEN = 2 * PAGE, /* of a part at once */
    FORGET_LINES = 1 << 14,
    LINE = 64,          /* of memory */
    AHEAD_BYTES = 4096, /* of a part that is opened */
    EVENT_BYTES = 640,  /* most take less */
    PROGRESS_LINES = 4096,
};

struct place {
    const char *text; /* of the event; NULL: the line is too large */
    const char *file;
    int64_t at_ms;
    uint32_t length, line, mark, group;
};

struct slot {
    uint64_t hash; /* 0: empty */
    uint32_t group;
};

/* How a line stands in the file: this, then its event. */
struct head {
    int64_t at_ms;
    uint64_t number;
    const char *file;
    uint32_t length, line, mark, circle; /* length TOO_LARGE: no text follows */
};

#define TOO_LARGE UINT32_MAX

struct parts {
    struct place *places; /* in the order of the history; NULL once they are dealt out */
    uint32_t place_count, place_capacity;
    struct slot *slots;
    uint32_t slot_count, name_count;
    uint32_t *groups; /* the group that each is part of; then the circle */
    uint32_t group_count, group_capacity;
    uint32_t *homes; /* the part of each circle, in order; NULL once they are dealt out */
    uint32_t circle_count;
    uint32_t count;
    uint32_t *firsts;   /* the first circle of each part, and of what would follow the last */
    int file;           /* of the lines, part by part */
    struct mapped *map; /* it, when all of it is written */
    uint64_t *begins;   /* of the parts in it, and of what would follow the last */
    uint64_t *ends;     /* where their lines end */
    int64_t last_ms;
    int64_t event_ms; /* of the newest line that names somebody */
};

/* ---- Groups ---- */

static uint32_t add_group(struct parts *parts)
{
    if (parts->group_count == parts->group_capacity) {
        parts->group_capacity = parts->group_capacity ? 2 * parts->group_capacity : FIRST_SLOTS;
        parts->groups = mem_resize(parts->groups, sizeof *parts->groups * parts->group_capacity);
    }
    parts->groups[parts->group_count] = parts->group_count;
    return parts->group_count++;
}

static uint32_t root_of(struct parts *parts, uint32_t group)
{
    while (parts->groups[group] != group) {
        parts->groups[group] = parts->groups[parts->groups[group]];
        group = parts->groups[group];
    }
    return group;
}

/* The older stays. */
static uint32_t join(struct parts *parts, uint32_t a, uint32_t b)
{
    a = root_of(parts, a);
    b = root_of(parts, b);
    uint32_t root = a < b ? a : b;
    parts->groups[a] = parts->groups[b] = root;
    return root;
}

/* ---- Names ---- */

static struct slot *slot_of(const struct parts *parts, uint64_t hash)
{
    uint32_t mask = parts->slot_count - 1, at = (uint32_t)hash & mask;
    while (parts->slots[at].hash && parts->slots[at].hash != hash)
        at = (at + 1) & mask;
    return &parts->slots[at];
}

/* Many are in large pages, as they are looked up in no order. */
static struct slot *make_slots(uint32_t count)
{
    const size_t size = sizeof(struct slot) * count;
    return size % MEM_LARGE_PAGE ? mem_zero(count, sizeof(struct slot))
                                 : memset(mem_pages(size), 0, size);
}

static void grow(struct parts *parts)
{
    struct slot *old = parts->slots;
    uint32_t count = parts->slot_count;
    parts->slot_count = count ? 2 * count : FIRST_SLOTS;
    parts->slots = make_slots(parts->slot_count);
    for (uint32_t i = 0; i < count; i++)
        if (old[i].hash)
            *slot_of(parts, old[i].hash) = old[i];
    free(old);
}

static uint64_t never_0(uint64_t hash)
{
    return hash ? hash : 1;
}

static uint32_t group_of(struct parts *parts, uint64_t hash)
{
    if (2 * parts->name_count >= parts->slot_count)
        grow(parts);
    struct slot *slot = slot_of(parts, never_0(hash));
    if (!slot->hash) {
        *slot = (struct slot){never_0(hash), add_group(parts)};
        parts->name_count++;
    }
    return slot->group;
}

/* ---- Reading ---- */

/* The names of the last lines, which are not looked up yet: a ring. */
struct ahead {
    struct event_names names[AHEAD];
};

static void take(struct parts *parts, struct place *place, const struct event_names *names)
{
    if (!names->count)
        return;
    uint32_t group = group_of(parts, names->hashes[0]);
    for (uint32_t i = 1; i < names->count; i++) {
        uint32_t other = group_of(parts, names->hashes[i]);
        group = group == other ? group : join(parts, group, other);
    }
    place->group = group;
}

static void take_rest(struct parts *parts, const struct ahead *ahead)
{
    const uint32_t count = parts->place_count;
    for (uint32_t i = count < AHEAD ? 0 : count - AHEAD; i < count; i++)
        take(parts, &parts->places[i], &ahead->names[i % AHEAD]);
}

static void fetch_slots(const struct parts *parts, const struct event_names *names)
{
    for (uint32_t i = 0; parts->slot_count && i < names->count; i++)
        __builtin_prefetch(&parts->slots[(uint32_t)names->hashes[i] & (parts->slot_count - 1)]);
}

static void add_place(struct parts *parts, struct event_names_reader *reader,
                      const struct history_entry *entry, struct ahead *ahead)
{
    const uint32_t number = parts->place_count;
    struct event_names *names = &ahead->names[number % AHEAD];
    if (number >= AHEAD)
        take(parts, &parts->places[number - AHEAD], names);
    if (parts->place_count == parts->place_capacity) {
        parts->place_capacity = parts->place_capacity ? 2 * parts->place_capacity : FIRST_SLOTS;
        parts->places = mem_resize(parts->places, sizeof *parts->places * parts->place_capacity);
    }
    names->count = names->mark = 0;
    if (entry->event.text)
        event_names_read(reader, entry->event, names);
    fetch_slots(parts, names);
    if (names->mark || !parts->event_ms)
        parts->event_ms = entry->at_ms;
    parts->places[parts->place_count++] = (struct place){.text = entry->event.text,
                                                         .file = entry->file,
                                                         .at_ms = parts->event_ms,
                                                         .length = (uint32_t)entry->event.length,
                                                         .line = (uint32_t)entry->line,
                                                         .mark = names->mark};
}

struct progress_of {
    void (*tell)(void *context, uint64_t bytes);
    void *context;
};

static void read_all(struct parts *parts, struct history *history, int64_t to_ms,
                     struct event_names_reader *reader, const struct progress_of *progress,
                     struct diag *diag)
{
    struct history_entry entry;
    struct ahead *ahead = mem_zero(1, sizeof *ahead);
    add_group(parts); /* of lines that name nobody */
    while (history_next(history, &entry, diag) && entry.at_ms < to_ms) {
        add_place(parts, reader, &entry, ahead);
        if (progress->tell && parts->place_count % PROGRESS_LINES == 0)
            progress->tell(progress->context, history_bytes(history));
    }
    take_rest(parts, ahead);
    free(ahead);
}

/* Lines that seem to name somebody may be no events all the same. */
static void find_last(struct parts *parts, struct event_names_reader *reader)
{
    struct shop_event event;
    struct diag diag;
    for (uint32_t i = parts->place_count; i-- > 0;) {
        const struct place *place = &parts->places[i];
        arena_reset(reader->arena);
        if (!place->text || !shop_event_read(reader->arena, place->text, place->length, "0-0",
                                             &reader->form, &event, &diag))
            continue;
        parts->last_ms = place->at_ms;
        return;
    }
}

/* ---- Dealing out ---- */

/* As many groups as make about as many lines each become a part. */
static uint32_t count_parts(const struct parts *parts, const uint32_t *lines, uint32_t wanted)
{
    uint32_t people = 0;
    for (uint32_t i = 0; i < parts->group_count; i++)
        people += lines[i] != 0;
    uint32_t count = wanted ? wanted : people / PEOPLE + 1;
    return count < PARTS_MOST ? count : PARTS_MOST;
}

/* Where the circles of each part begin. */
static void find_firsts(struct parts *parts)
{
    uint32_t circle = 0;
    parts->firsts = mem_alloc(sizeof *parts->firsts * (parts->count + 1));
    for (uint32_t part = 0; part <= parts->count; part++) {
        while (circle < parts->circle_count && parts->homes[circle] < part)
            circle++;
        parts->firsts[part] = circle;
    }
}

/* A root is a circle, and each group has its root's. */
static void deal(struct parts *parts, uint32_t wanted)
{
    uint32_t *lines = mem_zero(parts->group_count, sizeof *lines);
    uint32_t part = 0;
    uint64_t dealt = 0;
    for (uint32_t i = 0; i < parts->place_count; i++)
        lines[root_of(parts, parts->places[i].group)]++;
    parts->count = count_parts(parts, lines, wanted);
    parts->homes = mem_alloc(sizeof *parts->homes * parts->group_count);
    for (uint32_t i = 0; i < parts->group_count; i++) {
        uint32_t root = parts->groups[i];
        if (root != i) { /* it is older, and has its circle already */
            parts->groups[i] = parts->groups[root];
            continue;
        }
        parts->groups[i] = parts->circle_count;
        parts->homes[parts->circle_count++] = part;
        dealt += lines[i];
        part = (uint32_t)(dealt * parts->count / ((uint64_t)parts->place_count + 1));
    }
    free(lines);
    find_firsts(parts);
}

static uint32_t part_of(const struct parts *parts, const struct place *place)
{
    return parts->homes[parts->groups[place->group]];
}

static struct slice text_of(const struct place *place)
{
    return (struct slice){place->text, place->text ? place->length : 0};
}

/* Each part begins with a page of the file. */
static void lay_out(struct parts *parts)
{
    parts->begins = mem_zero(parts->count + 1, sizeof *parts->begins);
    parts->ends = mem_zero(parts->count + 1, sizeof *parts->ends);
    for (uint32_t i = 0; i < parts->place_count; i++)
        parts->ends[part_of(parts, &parts->places[i])] +=
            sizeof(struct head) + text_of(&parts->places[i]).length;
    for (uint32_t i = 0; i < parts->count; i++) {
        parts->ends[i] += parts->begins[i];
        parts->begins[i + 1] = (parts->ends[i] + PAGE - 1) / PAGE * PAGE;
    }
}

/* What a part has that is not in the file yet. */
struct written {
    uint64_t at; /* where it belongs */
    uint32_t length;
    char bytes[WRITTEN];
};

static bool flush(const struct parts *parts, struct written *written)
{
    uint32_t done = 0;
    while (done < written->length) {
        ssize_t put = pwrite(parts->file, written->bytes + done, written->length - done,
                             (off_t)(written->at + done));
        if (put < 0 && errno != EINTR)
            return false;
        done += put > 0 ? (uint32_t)put : 0;
    }
    written->at += done;
    written->length = 0;
    return true;
}

static bool write_bytes(const struct parts *parts, struct written *written, struct slice bytes)
{
    while (bytes.length) {
        size_t some = WRITTEN - written->length;
        some = some < bytes.length ? some : bytes.length;
        memcpy(written->bytes + written->length, bytes.text, some);
        written->length += (uint32_t)some;
        bytes = (struct slice){bytes.text + some, bytes.length - some};
        if (written->length == WRITTEN && !flush(parts, written))
            return false;
    }
    return true;
}

static bool write_line(const struct parts *parts, struct written *written,
                       const struct place *place)
{
    const struct slice text = text_of(place);
    const struct head head = {.at_ms = place->at_ms,
                              .number = (uint64_t)(place - parts->places),
                              .file = place->file,
                              .length = place->text ? place->length : TOO_LARGE,
                              .line = place->line,
                              .mark = place->mark,
                              .circle = parts->groups[place->group]};
    return write_bytes(parts, written, (struct slice){(const char *)&head, sizeof head}) &&
           write_bytes(parts, written, text);
}

/* False: there is no room for the file. */
static bool write_parts(struct parts *parts, const struct history *history)
{
    struct written *written = mem_alloc(sizeof *written * parts->count);
    bool done = true;
    for (uint32_t i = 0; i < parts->count; i++) {
        written[i].at = parts->begins[i];
        written[i].length = 0;
    }
    for (uint32_t i = 0; i < parts->place_count && done; i++) {
        if (i % FORGET_LINES == 0)
            history_forget(history);
        done = write_line(parts, &written[part_of(parts, &parts->places[i])], &parts->places[i]);
    }
    for (uint32_t i = 0; i < parts->count && done; i++)
        done = flush(parts, &written[i]);
    free(written);
    history_forget(history);
    return done;
}

/* False: it cannot be dealt out. */
static bool deal_out(struct parts *parts, const struct history *history, uint32_t wanted)
{
    deal(parts, wanted);
    if (parts->count == 1)
        return false;
    lay_out(parts);
    parts->file = temporary_file();
    bool done = parts->file >= 0 && write_parts(parts, history);
    free(parts->places);
    free(parts->homes);
    parts->places = NULL;
    parts->homes = NULL;
    parts->map = done ? mapped_open("what the history was dealt out to", parts->file) : NULL;
    return parts->map;
}

struct parts *parts_new(struct history *history, const struct parts_options *options,
                        void (*on_progress)(void *context, uint64_t bytes), void *context,
                        struct diag *diag)
{
    struct parts *parts = NULL;
    struct event_names_reader reader;
    const struct progress_of progress = {on_progress, context};
    if (event_names_open(&reader, options->form, options->others) && history_lasts(history)) {
        parts = mem_zero(1, sizeof *parts);
        parts->file = -1;
        read_all(parts, history, options->to_ms, &reader, &progress, diag);
        find_last(parts, &reader);
        if (!deal_out(parts, history, options->count))
            parts_free(&parts);
    }
    event_names_close(&reader);
    return parts;
}

void parts_free(struct parts **parts)
{
    struct parts *gone = *parts;
    if (!gone)
        return;
    free(gone->places);
    free(gone->slots);
    free(gone->groups);
    free(gone->homes);
    free(gone->firsts);
    free(gone->begins);
    free(gone->ends);
    mapped_close(&gone->map);
    if (gone->file >= 0)
        close(gone->file);
    free(gone);
    *parts = NULL;
}

/* ---- What is asked ---- */

uint32_t parts_count(const struct parts *parts)
{
    return parts->count;
}

int64_t parts_last_ms(const struct parts *parts)
{
    return parts->last_ms;
}

uint32_t parts_circle_of(const struct parts *parts, uint64_t hash)
{
    const struct slot *slot = parts->slot_count ? slot_of(parts, never_0(hash)) : NULL;
    return slot && slot->hash ? parts->groups[slot->group] : PARTS_NOWHERE;
}

/* ---- A part's lines ---- */

/* A part is wanted at once: one call costs less than to be told of each page. */
static void fetch_pages(const char *begin, const char *end)
{
#ifdef MADV_POPULATE_READ
    madvise((void *)begin, (size_t)(end - begin), MADV_POPULATE_READ);
#else
    (void)begin;
    (void)end;
#endif
}

static struct head head_of(const char *line)
{
    struct head head;
    memcpy(&head, line, sizeof head);
    return head;
}

/* Behind the line. */
static const char *skip(const char *line)
{
    const struct head head = head_of(line);
    return line + sizeof head + (head.length == TOO_LARGE ? 0 : head.length);
}

/* What comes soon; behind the end nothing is fetched. */
static void fetch(const char *from, size_t length)
{
    for (size_t at = 0; at < length; at += LINE)
        __builtin_prefetch(from + at);
}

/* How many lines each circle has, two places behind its own; then, one place behind its own, where
 * they begin: so, once each has been put there, they begin at its own. */
static void count_lines(struct parts_cursor *cursor)
{
    uint32_t *begins = cursor->begins;
    memset(begins, 0, sizeof *begins * (cursor->circle_count + 2));
    for (const char *line = cursor->begin; line < cursor->end; line = skip(line)) {
        fetch(line + AHEAD_BYTES, (size_t)(skip(line) - line));
        begins[head_of(line).circle - cursor->first + 2]++;
    }
    for (uint32_t i = 2; i < cursor->circle_count + 2; i++)
        begins[i] += begins[i - 1];
}

static void sort_lines(struct parts_cursor *cursor)
{
    const size_t count = cursor->circle_count + 2;
    cursor->begins = mem_resize(cursor->begins, sizeof *cursor->begins * count);
    count_lines(cursor);
    cursor->lines =
        mem_resize(cursor->lines, sizeof *cursor->lines * (cursor->begins[count - 1] + 1));
    for (const char *line = cursor->begin; line < cursor->end; line = skip(line))
        cursor->lines[cursor->begins[head_of(line).circle - cursor->first + 1]++] = line;
}

static void forget(const struct parts_cursor *cursor)
{
    if (cursor->begin != cursor->end)
        madvise((void *)cursor->begin, (size_t)(cursor->end - cursor->begin), MADV_DONTNEED);
}

void parts_open(struct parts_cursor *cursor, const struct parts *parts, uint32_t part)
{
    forget(cursor);
    cursor->begin = parts->map->bytes + parts->begins[part];
    cursor->end = parts->map->bytes + parts->ends[part];
    cursor->first = parts->firsts[part];
    cursor->circle_count = parts->firsts[part + 1] - cursor->first;
    cursor->next = cursor->at = 0;
    fetch_pages(cursor->begin, cursor->end);
    sort_lines(cursor);
}

void parts_close(struct parts_cursor *cursor)
{
    forget(cursor);
    free(cursor->lines);
    free(cursor->begins);
    *cursor = (struct parts_cursor){0};
}

bool parts_next_circle(struct parts_cursor *cursor, uint32_t *circle)
{
    if (cursor->next == cursor->circle_count)
        return false;
    *circle = cursor->first + cursor->next++;
    return true;
}

bool parts_next(struct parts_cursor *cursor, struct history_entry *entry)
{
    if (!cursor->next || cursor->at == cursor->begins[cursor->next])
        return false;
    const char *line = cursor->lines[cursor->at++];
    const struct head head = head_of(line);
    const bool large = head.length == TOO_LARGE;
    if (cursor->at < cursor->begins[cursor->circle_count])
        fetch(cursor->lines[cursor->at], EVENT_BYTES);
    *entry = (struct history_entry){
        .event = {large ? NULL : line + sizeof head, large ? 0 : head.length},
        .at_ms = head.at_ms,
        .lasts = true,
        .file = head.file,
        .line = head.line,
        .number = head.number,
        .mark = head.mark};
    return true;
}
