#include "config/rule_files.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/yaml.h"
#include "rules/rule_expression.h"

enum { FILE_MOST = 4 * 1024 * 1024 };

/* What is read goes into the arena, which will be the set's. */
struct reading {
    const char *folder;
    struct arena *arena;
    struct ruleset_builder *builder;
    struct diags *diags;
};

static bool read_documents(const struct reading *reading, const struct yaml_options *options,
                           struct settings_source *source, struct value *documents)
{
    struct diag diag = {0};
    source->file = options->file;
    if (yaml_read_file(reading->arena, options, documents, &source->text, &source->length, &diag))
        return true;
    diags_add(reading->diags, &diag);
    return false;
}

/* False where there was a fault. No such file: no types are declared. */
static bool read_events(const struct reading *reading)
{
    const char *path = arena_printf(reading->arena, "%s/events.yaml", reading->folder);
    const struct yaml_options options = {.file = path, .bytes = FILE_MOST};
    struct settings_source source;
    struct value documents;
    if (access(path, F_OK) != 0 && errno == ENOENT)
        return true;
    return read_documents(reading, &options, &source, &documents) &&
           ruleset_add_events(reading->builder, &source, &documents);
}

/* A file of rules as it was read. */
struct rule_file {
    struct settings_source source;
    struct value documents;
};

static bool read_rules(const struct reading *reading, const char *name, struct rule_file *file)
{
    const struct yaml_options options = {
        .file = arena_printf(reading->arena, "%s/%s", reading->folder, name),
        .bytes = FILE_MOST,
        .expression_keys = rule_expression_keys};
    return read_documents(reading, &options, &file->source, &file->documents);
}

/* All files are read before the first rule is: a rule may ask for what another one sets. */
static void add_rules(const struct reading *reading, const struct rule_file *files, size_t count)
{
    for (size_t i = 0; i < count; i++)
        ruleset_note_fields(reading->builder, &files[i].documents);
    for (size_t i = 0; i < count; i++)
        ruleset_add_rules(reading->builder, &files[i].source, &files[i].documents);
}

static bool ends(const char *name, const char *tail)
{
    size_t length = strlen(name), wanted = strlen(tail);
    return length >= wanted && strcmp(name + length - wanted, tail) == 0;
}

static bool is_rule_file(const char *name)
{
    return strcmp(name, "events.yaml") != 0 && !ends(name, ".test.yaml");
}

/* What looks like a file of rules, and lies where nobody reads it. */
static void warn_of_unread(const struct reading *reading)
{
    const char *const *names;
    size_t count;
    struct diag ignored;
    if (!file_list(reading->arena, reading->folder, "", true, &names, &count, &ignored))
        return;
    for (size_t i = 0; i < count; i++) {
        bool below = strchr(names[i], '/') && ends(names[i], ".yaml") && is_rule_file(names[i]);
        if (!below && !ends(names[i], ".yml"))
            continue;
        struct diag diag;
        diag_error(&diag, "nobody reads this file");
        diag_file(&diag, arena_printf(reading->arena, "%s/%s", reading->folder, names[i]));
        diag.level = DIAG_WARNING;
        diag_code(&diag, "unread-file");
        diag_hint(&diag, below ? "rules lie in the folder itself, in none below it"
                               : "the names of files of rules, and of tests, end in .yaml");
        diags_add(reading->diags, &diag);
    }
}

static void read_all(const struct reading *reading, const char *const *names, size_t count)
{
    struct rule_file *files = arena_zero(reading->arena, sizeof *files * (count + 1));
    size_t read = 0;
    for (size_t i = 0; i < count; i++)
        if (is_rule_file(names[i]) && read_rules(reading, names[i], &files[read]))
            read++;
    add_rules(reading, files, read);
}

struct ruleset *rule_files_load(const char *folder, const struct ruleset_settings *settings,
                                struct diags *diags)
{
    struct arena *arena = arena_new(64 * 1024);
    struct reading reading = {.folder = folder,
                              .arena = arena,
                              .builder = ruleset_begin(arena, settings, diags),
                              .diags = diags};
    const char *const *names;
    size_t count;
    struct diag diag = {0};
    if (!file_list(arena, folder, ".yaml", false, &names, &count, &diag))
        diags_add(diags, &diag);
    else if (read_events(&reading)) /* rules are checked against them */
        read_all(&reading, names, count);
    warn_of_unread(&reading);
    return ruleset_finish(&reading.builder);
}
