/*
 * event_names_read, at the end: an event is scanned up to the customer's last member (scan), and
 * how that looked is learnt (learn): most begin as another one did, and are only compared with it
 * (recall). What is not seen at a glance is read as any event (read_whole).
 */
#include "simulate/event_names.h"

#include <string.h>

#include "base/json.h"
#include "base/json_shape.h"
#include "base/map.h"
#include "simulate/member_scan.h"

enum {
    ARENA_BYTES = 64 * 1024,
    DIGITS_MOST = 15,
    SCALARS_MOST = 64, /* of a begin that is learnt */
};

/* What a scan went by: the scalars, and which of them are names. */
struct trail {
    struct slice scalars[SCALARS_MOST];
    const char *end; /* behind what was looked for */
    uint32_t count;  /* more than there is room for: it is not to be learnt */
    struct begin {
        struct {
            uint32_t scalar, path;
        } names[EVENT_NAMES_PATHS];
        uint32_t name_count;
    } begin;
};

/* ---- Which names there are ---- */

static bool add_path(struct event_names_reader *reader, struct event_names_path path)
{
    if (reader->path_count == EVENT_NAMES_PATHS)
        return false;
    path.length = strlen(path.member);
    reader->paths[reader->path_count++] = path;
    return true;
}

static bool add_key_path(struct event_names_reader *reader, const char *path)
{
    static const char customer[] = "customer.";
    const char *const *paths = reader->form.key_paths;
    const struct customer_key_kind kind = customer_key_kind_of(paths, path);
    const bool subject = strcmp(path, "subject") == 0;
    const bool plain =
        strncmp(path, customer, strlen(customer)) == 0 && !strchr(path + strlen(customer), '.');
    reader->subject |= subject;
    reader->scans &= subject || plain;
    return add_path(reader,
                    (struct event_names_path){.member = plain ? path + strlen(customer) : path,
                                              .kind = kind,
                                              .is_subject = subject,
                                              .is_key = true});
}

/* A name of the kind of that path's, which is no key of whom the event is about. */
static bool add_other(struct event_names_reader *reader, const char *member, const char *path)
{
    const struct customer_key_kind kind = customer_key_kind_of(reader->form.key_paths, path);
    return add_path(reader, (struct event_names_path){.member = member, .kind = kind});
}

static bool has_path(const struct event_names_reader *reader, const char *member)
{
    for (uint32_t i = 0; i < reader->path_count; i++)
        if (!reader->paths[i].is_subject && strcmp(reader->paths[i].member, member) == 0)
            return true;
    return false;
}

/* Who says no under an address says it for all who have that address. */
bool event_names_open(struct event_names_reader *reader, const struct shop_event_form *form,
                      const char *const *others)
{
    static const char *const addresses[] = {"email", "phone", NULL};
    const char *const *paths = form->key_paths;
    *reader = (struct event_names_reader){.form = *form, .scans = true};
    reader->arena = arena_new(ARENA_BYTES);
    reader->form.shapes = json_shapes_new(&json_event_limits);
    reader->begins = json_shapes_new(&json_event_limits);
    bool fits = true;
    for (const char *const *path = paths; *path; path++)
        fits &= add_key_path(reader, *path);
    for (const char *const *address = addresses; *address; address++)
        fits &= has_path(reader, *address) || add_other(reader, *address, *address);
    for (; *others; others++)
        fits &= add_other(reader, *others, paths[0]);
    return fits;
}

void event_names_close(struct event_names_reader *reader)
{
    json_shapes_destroy(&reader->form.shapes);
    json_shapes_destroy(&reader->begins);
    arena_destroy(&reader->arena);
}

/* ---- What an event has of them ---- */

static void add_hash(struct event_names *names, uint64_t hash)
{
    for (uint32_t i = 0; i < names->count; i++)
        if (names->hashes[i] == hash)
            return;
    if (names->count < EVENT_NAMES_MOST)
        names->hashes[names->count++] = hash;
}

static uint32_t mark_of(uint64_t hash)
{
    return (uint32_t)(hash ^ hash >> 32) | 1;
}

static void add_name(struct event_names_reader *reader, struct event_names *names,
                     const struct event_names_path *path, const struct value *value)
{
    struct customer_key key;
    if (!customer_key_read(reader->arena, &path->kind, value, &key))
        return;
    add_hash(names, key.hash);
    if (key.old)
        add_hash(names, map_hash(key.old, strlen(key.old)));
    if (path->is_key)
        names->mark += mark_of(key.hash);
}

uint32_t event_names_mark(const struct shop_event *event)
{
    uint32_t mark = 0;
    for (uint32_t i = 0; i < event->key_count; i++)
        mark += mark_of(event->keys[i].hash);
    return mark;
}

/* ---- In the text ---- */

/* False where it is nothing that is seen at a glance. */
static bool value_of(struct slice text, struct value *value)
{
    int64_t number = 0;
    if (text.length >= 2 && text.text[0] == '"') {
        *value = value_string(text.text + 1, text.length - 2);
        return !memchr(value->string, '\\', value->length);
    }
    for (size_t i = 0; i < text.length; i++) {
        if (text.text[i] < '0' || text.text[i] > '9')
            return false;
        number = number * 10 + (text.text[i] - '0');
    }
    *value = value_int(number);
    return text.length && text.length <= DIGITS_MOST && (text.length == 1 || text.text[0] != '0');
}

static void learn_nothing(struct trail *trail)
{
    trail->count = SCALARS_MOST + 1;
}

static void note_name(struct trail *trail, uint32_t path)
{
    struct begin *begin = &trail->begin;
    if (begin->name_count == EVENT_NAMES_PATHS) {
        learn_nothing(trail);
        return;
    }
    begin->names[begin->name_count].scalar = trail->count;
    begin->names[begin->name_count++].path = path;
}

static void note_scalar(struct trail *trail, struct slice text)
{
    bool learns = trail->count < SCALARS_MOST && text.length && !memchr("{[", text.text[0], 2);
    if (learns)
        trail->scalars[trail->count++] = text;
    else
        learn_nothing(trail);
    trail->end = text.text + text.length;
}

/* Behind the object's brace, where only that follows. */
static void note_end(struct trail *trail, const char *end)
{
    const char *at = member_scan_skip_blanks(trail->end, end);
    if (at < end && *at == '}')
        trail->end = at + 1;
    else
        learn_nothing(trail);
}

static bool take_member(struct event_names_reader *reader, struct event_names *names,
                        struct trail *trail, struct slice name, struct slice text, bool is_subject)
{
    struct value value;
    for (uint32_t i = 0; i < reader->path_count; i++) {
        const struct event_names_path *path = &reader->paths[i];
        if (path->length != name.length || path->is_subject != is_subject ||
            memcmp(path->member, name.text, name.length) != 0)
            continue;
        note_name(trail, i);
        if (slice_is(text, "null"))
            continue;
        if (!value_of(text, &value))
            return false;
        add_name(reader, names, path, &value);
    }
    return true;
}

static bool scan_customer(struct event_names_reader *reader, struct member_scan scan,
                          struct trail *trail, struct event_names *names)
{
    struct slice name, value;
    while (member_scan_next(&scan, &name, &value)) {
        if (!take_member(reader, names, trail, name, value, false))
            return false;
        note_scalar(trail, value);
    }
    note_end(trail, scan.end);
    return true;
}

/* Of the short form, up to the last that is looked for. False: it is to be read. */
static bool scan(struct event_names_reader *reader, struct slice event, struct trail *trail,
                 struct event_names *names)
{
    struct member_scan scan = member_scan_open(event);
    struct slice name, value;
    bool customer = false, subject = !reader->subject;
    while (!(customer && subject) && member_scan_name(&scan, &name)) {
        const bool is_customer = slice_is(name, "customer");
        if (slice_is(name, "specversion"))
            return false;
        if (is_customer) {
            customer = true;
            if (!scan_customer(reader, member_scan_inner(&scan), trail, names))
                return false;
        }
        if ((customer && subject) || !member_scan_value(&scan, &value))
            break;
        if (reader->subject && slice_is(name, "subject")) {
            subject = true;
            if (!take_member(reader, names, trail, name, value, true))
                return false;
        }
        if (!is_customer)
            note_scalar(trail, value);
    }
    if (!(customer && subject)) /* in another text that begins so the rest may come */
        learn_nothing(trail);
    return names->mark != 0;
}

/* ---- Begins that were seen before ---- */

static void learn(struct event_names_reader *reader, const struct trail *trail, struct slice event)
{
    if (trail->count <= SCALARS_MOST)
        json_shapes_learn_begin(reader->begins, event.text, trail->end, trail->scalars,
                                trail->count, &trail->begin, sizeof trail->begin);
}

/* False: it begins in another way. */
static bool recall(struct event_names_reader *reader, struct slice event, struct event_names *names)
{
    struct value scalars[JSON_SHAPE_SCALARS_MOST];
    const struct begin *begin = json_shapes_begin(reader->begins, reader->arena, event, scalars);
    for (uint32_t i = 0; begin && i < begin->name_count; i++)
        add_name(reader, names, &reader->paths[begin->names[i].path],
                 &scalars[begin->names[i].scalar]);
    return names->mark != 0;
}

/* ---- Read whole ---- */

static void read_others(struct event_names_reader *reader, const struct value *customer,
                        struct event_names *names)
{
    for (uint32_t i = 0; i < reader->path_count && customer->kind == VALUE_MAP; i++) {
        const struct event_names_path *path = &reader->paths[i];
        const struct value *value = value_get(customer, path->member);
        if (value && !path->is_key)
            add_name(reader, names, path, value);
    }
}

static void read_whole(struct event_names_reader *reader, struct slice text,
                       struct event_names *names)
{
    struct shop_event event;
    struct diag diag;
    if (!shop_event_read(reader->arena, text.text, text.length, "0-0", &reader->form, &event,
                         &diag))
        return;
    for (uint32_t i = 0; i < event.key_count; i++) {
        const struct customer_key *key = &event.keys[i];
        add_hash(names, key->hash);
        if (key->old)
            add_hash(names, map_hash(key->old, strlen(key->old)));
    }
    names->mark = event_names_mark(&event);
    read_others(reader, &event.customer, names);
}

static void forget(struct event_names_reader *reader, struct event_names *names)
{
    names->count = names->mark = 0;
    arena_reset(reader->arena);
}

void event_names_read(struct event_names_reader *reader, struct slice event,
                      struct event_names *names)
{
    struct trail trail;
    forget(reader, names);
    if (reader->scans && recall(reader, event, names))
        return;
    trail.end = event.text;
    trail.count = trail.begin.name_count = 0;
    forget(reader, names);
    if (reader->scans && scan(reader, event, &trail, names)) {
        learn(reader, &trail, event);
        return;
    }
    forget(reader, names);
    read_whole(reader, event, names);
}
