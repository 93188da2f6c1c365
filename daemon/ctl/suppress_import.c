/*
 * A list is read record by record (csv_reader). The first one tells what it is: a header that names
 * a column of addresses or hashes, an object of JSON, or else just an address, as are all that
 * follow.
 */
#include "ctl/suppress_import.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"
#include "ctl/csv_reader.h"
#include "ctl/input.h"
#include "mail/address.h"

enum { HASH_LENGTH = 32, REASON_MOST = 40, ARENA = 4096 };

/* What columns and members are called, by whom. */
static const char *const address_names[] = {"email",         "address",   "emailaddress",
                                            "email address", "recipient", "email_address",
                                            "phone",         NULL};
static const char *const hash_names[] = {"hash", NULL};
static const char *const reason_names[] = {"suppressionreason", "reason", "type", "bounce_type",
                                           NULL};
static const char *const time_names[] = {"at",      "createdat", "created_at",
                                         "created", "timestamp", NULL};

struct importing {
    struct arena *arena; /* of a record */
    const char *name;
    suppress_import_on_row *on_row;
    void *context;
    struct csv_reader reader;
    uint64_t told;                   /* bytes */
    int address, hash, reason, time; /* columns; -1: there is none */
};

bool suppress_import_is_hash(const char *text)
{
    return strlen(text) == HASH_LENGTH && strspn(text, "0123456789abcdef") == HASH_LENGTH;
}

bool suppress_import_is_address(struct arena *arena, const char *text)
{
    struct address address;
    struct diag ignored;
    const struct slice bare = utf8_trim(slice_of(text));
    const char *copy = arena_copy(arena, bare.text, bare.length);
    if (strchr(copy, '@'))
        return address_check(arena, copy, &address, &ignored);
    if (!*copy || bare.length > ADDRESS_MOST)
        return false;
    for (size_t at = 0, width; at < bare.length; at += width) {
        uint32_t point = utf8_decode(copy + at, bare.length - at, &width);
        if (point <= ' ' || utf8_is_unshown(point) || point == 0xfffd ||
            strchr("<>,;\"\\", (int)point))
            return false;
    }
    return true;
}

/* ---- What is told ---- */

static bool tell(struct importing *importing, const struct suppress_import_row *row,
                 const struct diag *wrong)
{
    uint64_t bytes = importing->reader.bytes - importing->told;
    importing->told = importing->reader.bytes;
    return importing->on_row(importing->context, row, bytes, wrong);
}

static bool refuse(struct importing *importing, const char *what)
{
    struct diag diag = {0};
    diag_error(&diag, "%s", what);
    diag_file(&diag, importing->name);
    diag.line = (uint32_t)importing->reader.line;
    diag.column = 1;
    return tell(importing, NULL, &diag);
}

/* Servers' own words are not kept: an address may stand in them. */
static const char *reason_of(const char *text)
{
    size_t length = text ? strlen(text) : 0;
    bool is_word =
        length && length <= REASON_MOST &&
        strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") == length;
    return is_word ? text : NULL;
}

static int64_t time_of(const char *text)
{
    int64_t ms = 0;
    char *end;
    if (!text || !*text)
        return 0;
    double number = strtod(text, &end);
    if (!*end && clock_of_number(number, &ms))
        return ms;
    return clock_parse(text, strlen(text), &ms) ? ms : 0;
}

/* In a list a word alone is no address: a mailbox has its `@`, a number its digits. */
static bool is_listed(const struct importing *importing, const char *address)
{
    const struct slice bare = utf8_trim(slice_of(address ? address : ""));
    bool looks =
        bare.length && (memchr(bare.text, '@', bare.length) || strchr("+0123456789", bare.text[0]));
    return looks && suppress_import_is_address(importing->arena, address);
}

static bool take(struct importing *importing, const char *address, const char *hash,
                 const char *reason, const char *time)
{
    const struct suppress_import_row row = {
        .address = address, .hash = hash, .reason = reason_of(reason), .at_ms = time_of(time)};
    if (hash && !suppress_import_is_hash(hash))
        return refuse(importing, "a hash has 32 digits of 0-9 and a-f");
    if (!hash && !is_listed(importing, address))
        return refuse(importing, "this is no address");
    return tell(importing, &row, NULL);
}

/* ---- JSON ---- */

static const char *member_of(struct importing *importing, const struct value *object,
                             const char *const *names)
{
    for (uint32_t i = 0; i < value_count(object); i++)
        for (const char *const *name = names; *name; name++) {
            const struct value_member *member = &object->map->members[i];
            const char *key = value_to_text(importing->arena, &member->key);
            if (key && strcasecmp(key, *name) == 0)
                return value_to_text(importing->arena, &member->value);
        }
    return NULL;
}

static bool take_json(struct importing *importing, const char *line, size_t length)
{
    struct value object;
    struct diag unreadable;
    if (!json_read(importing->arena, line, length, &json_event_limits, &object, &unreadable) ||
        object.kind != VALUE_MAP)
        return refuse(importing, "a JSON object is expected on each line");
    return take(importing, member_of(importing, &object, address_names),
                member_of(importing, &object, hash_names),
                member_of(importing, &object, reason_names),
                member_of(importing, &object, time_names));
}

/* The rest of a list that began with an object. */
static bool read_json(struct importing *importing, FILE *stream)
{
    struct buf line;
    bool more = true;
    int byte = '{';
    buf_init(&line, CSV_READER_RECORD_MOST);
    while (more && byte != EOF) {
        arena_reset(importing->arena);
        buf_clear(&line);
        importing->reader.line = importing->reader.next_line++;
        for (; byte != EOF && byte != '\n'; byte = getc(stream), importing->reader.bytes++)
            buf_char(&line, (char)byte);
        const struct slice text = utf8_trim((struct slice){buf_string(&line), line.length});
        if (text.length)
            more = take_json(importing, text.text, text.length);
        byte = byte == EOF ? EOF : getc(stream);
        importing->reader.bytes++;
    }
    buf_free(&line);
    return !ferror(stream);
}

/* ---- CSV, or an address a line ---- */

static int column_of(const struct csv_reader *reader, const char *const *names)
{
    for (const char *const *name = names; *name; name++)
        for (size_t i = 0; i < reader->count; i++) {
            const struct slice field = utf8_trim(slice_of(reader->fields[i]));
            if (strlen(*name) == field.length && strncasecmp(field.text, *name, field.length) == 0)
                return (int)i;
        }
    return -1;
}

/* Whether the first record is a header; which columns there are. */
static bool read_header(struct importing *importing)
{
    const struct csv_reader *reader = &importing->reader;
    importing->address = column_of(reader, address_names);
    importing->hash = column_of(reader, hash_names);
    importing->reason = column_of(reader, reason_names);
    importing->time = column_of(reader, time_names);
    if (importing->address >= 0 || importing->hash >= 0)
        return true;
    importing->address = 0;
    importing->reason = importing->time = -1;
    return false;
}

static const char *field_of(const struct importing *importing, int column)
{
    if (column < 0 || (size_t)column >= importing->reader.count)
        return NULL;
    return importing->reader.fields[column];
}

static bool take_record(struct importing *importing)
{
    if (importing->reader.broken)
        return refuse(importing, "this is no CSV: a quote without an end, or over 64 KiB");
    if (importing->reader.fields[0][0] == '#')
        return true;
    return take(importing, field_of(importing, importing->address),
                field_of(importing, importing->hash), field_of(importing, importing->reason),
                field_of(importing, importing->time));
}

static bool read_csv(struct importing *importing, FILE *stream, struct diag *diag)
{
    bool more = true;
    for (bool first = true; more && csv_reader_next(&importing->reader); first = false) {
        arena_reset(importing->arena);
        bool header = first && read_header(importing);
        if (first && !header && importing->reader.count > 1) {
            diag_error(diag,
                       "the first line has %zu fields, and none is called email, address, "
                       "recipient or hash",
                       importing->reader.count);
            diag_file(diag, importing->name);
            diag_code(diag, INPUT_WRONG);
            return false;
        }
        more = header || take_record(importing);
    }
    return !ferror(stream);
}

bool suppress_import_read(FILE *stream, const char *name, suppress_import_on_row *on_row,
                          void *context, struct diag *diag)
{
    struct importing importing = {
        .arena = arena_new(ARENA), .name = name, .on_row = on_row, .context = context};
    csv_reader_open(&importing.reader, stream);
    int first = getc(stream);
    bool read;
    if (first == '{') {
        read = read_json(&importing, stream);
    } else {
        ungetc(first, stream);
        read = read_csv(&importing, stream, diag);
    }
    if (ferror(stream)) {
        diag_error(diag, "cannot be read: %s", strerror(errno));
        diag_file(diag, name);
        diag_code(diag, INPUT_UNREADABLE);
    }
    csv_reader_close(&importing.reader);
    arena_destroy(&importing.arena);
    return read;
}
