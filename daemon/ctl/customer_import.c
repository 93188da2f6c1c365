/*
 * take_file, at the end: a file that is one JSON object with a `format` is an export; else it is
 * read by lines, of which each is an export or a profile; a .csv is profiles. What is wrong with a
 * line is told with its place, and the rest goes on.
 */
#include "ctl/customer_import.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "ctl/csv_reader.h"
#include "ctl/exit_codes.h"
#include "ctl/loading.h"
#include "ctl/plain.h"
#include "ctl/profiles.h"
#include "ctl/subject_import.h"
#include "customer/event_splitter.h"

enum { EXPORT_MOST = 64 << 20, CHUNK = 64 * 1024, NAME_SIZE = 4096 };

static const struct json_limits export_limits = {
    .bytes = EXPORT_MOST, .depth = 64, .nodes = 16 << 20};

struct files {
    struct context *context;
    struct subject_import exports;
    struct profiles profiles;
    struct arena *arena; /* of one item */
    const char *file;
    uint64_t imported, there, refused, wrong;
    int lost; /* the exit status, where Redis has gone; else 0 */
};

/* ---- One item ---- */

static void tell_wrong(struct files *files, struct diag *diag, uint32_t line, uint32_t column)
{
    files->wrong++;
    diag->line = diag->line > 1 ? line + diag->line - 1 : line;
    diag->column = diag->column ? diag->column : column;
    diag_file(diag, files->file);
    diag_print(diag, stderr);
}

static void tell_done(struct files *files, const struct subject_import_done *done)
{
    files->imported++;
    printf("imported ");
    plain_text(done->key);
    if (done->journeys)
        printf(", %" PRIu32 " %s", done->journeys, done->journeys == 1 ? "journey" : "journeys");
    if (done->suppressed)
        printf(", %" PRIu32 " not written to", done->suppressed);
    printf("\n");
    for (const char *const *other = done->others; other && *other; other++)
        fprintf(stderr, "nudgectl: %s is another person's here, and stays theirs\n",
                plain_of(files->arena, *other));
}

static void take_export(struct files *files, const struct value *exported, uint32_t line)
{
    struct diag diag = {0};
    struct subject_import_done done;
    char time[CLOCK_TEXT_SIZE];
    switch (subject_import_one(&files->exports, exported, files->arena, &done, &diag)) {
    case SUBJECT_IMPORT_DONE:
        tell_done(files, &done);
        return;
    case SUBJECT_IMPORT_THERE:
        files->there++;
        printf("%s is known here with this already\n", plain_of(files->arena, done.key));
        return;
    case SUBJECT_IMPORT_ERASED:
        files->refused++;
        fprintf(stderr, "nudgectl: %s was erased at %s: nothing comes back\n",
                plain_of(files->arena, done.key), clock_format(done.erased_ms, time));
        fprintf(stderr, "hint: --after-erasure, where the person wants that\n");
        return;
    case SUBJECT_IMPORT_FAILED:
    case SUBJECT_IMPORT_OUTCOMES:
        break;
    }
    if (context_lost(&diag))
        files->lost = context_fail(&diag); /* nothing more is tried */
    else
        tell_wrong(files, &diag, line, 1);
}

static void take_profile(struct files *files, const struct value *profile, uint32_t line)
{
    struct diag diag = {0};
    if (profiles_push(&files->profiles, profile, files->arena, &diag))
        return;
    diag.line = diag.column = 0; /* of the event that was made of it */
    diag.excerpt[0] = '\0';
    tell_wrong(files, &diag, line, 1);
}

static void take_piece(void *context, const struct event_splitter_piece *piece)
{
    struct files *files = context;
    struct diag diag = {0};
    struct value value;
    arena_reset(files->arena);
    if (files->lost)
        return;
    bool good =
        piece->kind == EVENT_SPLITTER_OBJECT &&
        json_read(files->arena, piece->text, piece->length, &json_event_limits, &value, &diag);
    if (!good && !diag.text[0])
        diag_error(&diag, "an export or a profile is a JSON object of at most 256 KiB on a line");
    if (!good)
        tell_wrong(files, &diag, piece->line, piece->column);
    else if (value_get(&value, "format"))
        take_export(files, &value, piece->line);
    else
        take_profile(files, &value, piece->line);
}

/* ---- A file ---- */

/* What could be one export is looked at as a whole; all else, and what is more than that, by lines:
 * those that were read already, and the rest of the stream. */
static bool take_text(struct files *files, struct slice text, FILE *rest)
{
    struct event_splitter splitter;
    char chunk[CHUNK];
    size_t got;
    event_splitter_init(&splitter, take_piece, files);
    for (size_t at = 0; at < text.length; at += CHUNK)
        event_splitter_feed(&splitter, text.text + at,
                            text.length - at < CHUNK ? text.length - at : CHUNK);
    while ((got = fread(chunk, 1, sizeof chunk, rest)) > 0)
        event_splitter_feed(&splitter, chunk, got);
    event_splitter_end(&splitter);
    event_splitter_free(&splitter);
    return !ferror(rest);
}

static bool take_json(struct files *files, FILE *stream)
{
    struct arena *arena = arena_new(CHUNK);
    struct value value;
    struct diag ignored;
    struct buf text;
    char chunk[CHUNK];
    size_t got = 0;
    bool good = true;
    buf_init(&text, EXPORT_MOST);
    while (text.length < EXPORT_MOST - CHUNK && (got = fread(chunk, 1, sizeof chunk, stream)) > 0)
        buf_add(&text, chunk, got);
    bool whole =
        feof(stream) &&
        json_read(arena, buf_string(&text), text.length, &export_limits, &value, &ignored) &&
        value_get(&value, "format");
    if (whole)
        take_export(files, &value, 1);
    else
        good = take_text(files, (struct slice){buf_string(&text), text.length}, stream);
    buf_free(&text);
    arena_destroy(&arena);
    return good && !ferror(stream);
}

static bool take_csv(struct files *files, FILE *stream)
{
    struct csv_reader reader;
    struct arena *header = arena_new(4096);
    const char **names = NULL;
    size_t count = 0;
    csv_reader_open(&reader, stream);
    while (csv_reader_next(&reader)) {
        struct diag diag = {0};
        arena_reset(files->arena);
        if (!names) {
            count = reader.count;
            names = arena_alloc(header, sizeof *names * (count + 1));
            for (size_t i = 0; i < count; i++)
                names[i] = arena_text(header, reader.fields[i]);
            continue;
        }
        if (reader.broken || reader.count > count) {
            diag_error(&diag, "the line has more than the %zu fields of the first", count);
            tell_wrong(files, &diag, (uint32_t)reader.line, 1);
            continue;
        }
        const struct value profile =
            profiles_of_record(files->arena, names, count, reader.fields, reader.count);
        take_profile(files, &profile, (uint32_t)reader.line);
    }
    csv_reader_close(&reader);
    arena_destroy(&header);
    return !ferror(stream);
}

static bool ends_with(const char *name, const char *end)
{
    size_t length = strlen(name), ending = strlen(end);
    return length >= ending && strcasecmp(name + length - ending, end) == 0;
}

static bool take_file(struct files *files, const char *name)
{
    bool standard = strcmp(name, "-") == 0;
    files->file = standard ? "(standard input)" : name;
    FILE *stream = standard ? stdin : fopen(name, "re");
    bool taken =
        stream && (ends_with(name, ".csv") ? take_csv(files, stream) : take_json(files, stream));
    if (!taken)
        fprintf(stderr, "nudgectl: %s: %s\n", files->file, strerror(errno));
    if (stream && !standard)
        fclose(stream);
    return taken;
}

/* ---- The command ---- */

static int finish(struct files *files, bool read)
{
    struct profiles *profiles = &files->profiles;
    int fault = profiles_finish(profiles) ? files->lost : context_fail(&profiles->fault);
    if (profiles->pushed)
        printf("%" PRIu64 " %s pushed, as customer.updated\n", profiles->pushed,
               profiles->pushed == 1 ? "profile" : "profiles");
    if (files->imported + files->there + files->refused > 1)
        printf("%" PRIu64 " imported, %" PRIu64 " there already, %" PRIu64 " refused\n",
               files->imported, files->there, files->refused);
    if (fault)
        return fault;
    if (!read)
        return EX_NOINPUT;
    if (files->wrong)
        return EX_DATAERR;
    return files->refused ? EXIT_CODE_NO : EXIT_SUCCESS;
}

static int run(struct files *files, char **names)
{
    bool read = true;
    for (; *names && read && !files->profiles.failed && !files->lost; names++)
        read = take_file(files, *names);
    return finish(files, read);
}

int customer_import_run(struct context *context, const struct customer_import *how, char **names)
{
    const struct shards *shards = shards_open(context);
    if (!shards)
        return EXIT_FAILURE;
    struct diag diag = {0};
    struct generation *generation = NULL;
    int status = EXIT_FAILURE;
    struct config *config = context->config;
    if (!config_secret(config, false, &diag))
        context_fail(&diag);
    else if ((generation = loading_generation(context, NULL))) {
        struct files files = {.context = context,
                              .exports = {.context = context,
                                          .shards = shards,
                                          .generation = generation,
                                          .journeys = how->journeys,
                                          .after_erasure = how->after_erasure},
                              .profiles = {.shards = shards, .form = config_event_form(config)},
                              .arena = arena_new(CHUNK)};
        status = run(&files, names);
        arena_destroy(&files.arena);
        generation_release(&generation);
    }
    return status;
}
