/*
 * nudgectl codes: lists of codes are filled and looked at. A file is read twice, line by line: the
 * first time nothing is written, so that one with a bad line is refused as a whole.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/progress.h"
#include "base/utf8.h"
#include "base/word.h"
#include "ctl/command.h"
#include "ctl/input.h"
#include "ctl/json_line.h"
#include "ctl/overall.h"
#include "ctl/plain.h"
#include "store/codes.h"

enum { CODE_MOST = 128, FIRST_CHUNK = 64 * 1024 };

/* ---- A file ---- */

struct file {
    const char *name;
    FILE *stream;
    char *line; /* of getline() */
    size_t room;
    uint32_t number;
};

static bool file_fault(const struct file *file, const char *what, struct diag *diag)
{
    diag_fault(diag, INPUT_WRONG, "%s", what);
    diag_file(diag, file->name);
    diag_place(diag, file->number, 1, 1);
    return false;
}

/* Why it can be no code: what stands in a mail and in a shop's form must be one word. */
static const char *fault_of(struct slice code)
{
    if (code.length > CODE_MOST)
        return "a code has at most 128 bytes";
    if (!utf8_valid(code.text, code.length))
        return "the line is no UTF-8";
    for (size_t at = 0, width; at < code.length; at += width) {
        uint32_t point = utf8_decode(code.text + at, code.length - at, &width);
        if (utf8_is_space(point) || utf8_is_unshown(point))
            return "a code is one word: there must be no space in it, and nothing unseen";
    }
    return NULL;
}

/* The next code; length 0 at the end of the file. Empty lines are passed over. False: a fault. */
static bool next_code(struct file *file, struct slice *code, struct diag *diag)
{
    ssize_t length;
    *code = (struct slice){0};
    while ((length = getline(&file->line, &file->room, file->stream)) >= 0) {
        file->number++;
        *code = utf8_trim((struct slice){file->line, (size_t)length});
        const char *fault = code->length ? fault_of(*code) : NULL;
        if (fault)
            return file_fault(file, fault, diag);
        if (code->length)
            return true;
    }
    *code = (struct slice){0};
    return !ferror(file->stream) ||
           diag_fault(diag, INPUT_UNREADABLE, "%s: %s", file->name, strerror(errno));
}

static bool check_file(struct file *file, uint64_t *count, struct diag *diag)
{
    struct slice code;
    *count = 0;
    do {
        if (!next_code(file, &code, diag))
            return false;
        *count += code.length > 0;
    } while (code.length);
    if (*count == 0)
        return diag_fault(diag, INPUT_WRONG, "%s: there is no code in it", file->name);
    file->number = 0;
    rewind(file->stream);
    return true;
}

/* ---- load ---- */

struct loading {
    const struct shards *shards;
    const char *list;
    int64_t *lefts;            /* of each shard */
    struct progress *progress; /* in codes */
    bool json;
    int64_t fresh, left;
};

/* Each has its own of the codes, and the same one again where it is loaded again. */
static bool load_into(struct loading *loading, size_t shard, const char *const *codes, size_t count,
                      bool last, struct diag *diag)
{
    const struct shards_item *item = &loading->shards->items[shard];
    const char *theirs[CODES_BATCH];
    size_t own = 0;
    for (size_t i = 0; i < count; i++)
        if (shards_of(loading->shards, codes[i]) == item)
            theirs[own++] = codes[i];
    return (!own && !last) ||
           codes_load(item->session, item->prefix, loading->list, theirs, own, last,
                      &loading->fresh, &loading->lefts[shard], diag) ||
           shards_blame(loading->shards, item, diag);
}

static bool load_batch(struct loading *loading, struct file *file, struct arena *arena, bool *over,
                       struct diag *diag)
{
    const char *codes[CODES_BATCH];
    size_t count = 0;
    struct slice code;
    *over = false;
    while (count < CODES_BATCH && !*over) {
        if (!next_code(file, &code, diag))
            return false;
        *over = code.length == 0;
        if (!*over)
            codes[count++] = arena_copy(arena, code.text, code.length);
    }
    bool loaded = true;
    for (size_t k = 0; loaded && k < loading->shards->count; k++)
        loaded = load_into(loading, k, codes, count, *over, diag);
    progress_step(loading->progress, count);
    return loaded;
}

static bool load(struct loading *loading, struct file *file, struct diag *diag)
{
    bool over = false, good = true;
    struct arena *arena = arena_new(FIRST_CHUNK);
    while (good && !over) {
        arena_reset(arena);
        good = load_batch(loading, file, arena, &over, diag);
    }
    arena_destroy(&arena);
    return good;
}

static void print_loaded(const struct loading *loading, uint64_t count)
{
    if (!loading->json) {
        printf("%s: %" PRId64 " of %" PRIu64 " codes are new, %" PRId64 " are left\n",
               loading->list, loading->fresh, count, loading->left);
        return;
    }
    struct arena *arena = arena_new(1024);
    struct value row = value_new_map(arena, 4);
    value_set(arena, row, "name", value_text(loading->list));
    value_set(arena, row, "read", value_int((int64_t)count));
    value_set(arena, row, "new", value_int(loading->fresh));
    value_set(arena, row, "left", value_int(loading->left));
    json_line_print(&row);
    arena_destroy(&arena);
}

static int load_file(struct context *context, const char *list, struct file *file, bool json)
{
    struct diag diag = {0};
    uint64_t count;
    struct loading loading = {.list = list, .json = json};
    if (!check_file(file, &count, &diag))
        return context_fail(&diag);
    loading.shards = shards_open(context);
    if (!loading.shards)
        return EXIT_FAILURE;
    loading.lefts =
        arena_zero(context->config->arena, sizeof *loading.lefts * loading.shards->count);
    loading.progress = count > CODES_BATCH ? progress_start(count, "loading") : NULL;
    bool good = load(&loading, file, &diag);
    progress_end(&loading.progress);
    if (!good)
        return context_fail(&diag);
    for (size_t k = 0; k < loading.shards->count; k++)
        loading.left += loading.lefts[k];
    print_loaded(&loading, count);
    return EXIT_SUCCESS;
}

static int command_load(struct context *context, const char *list, const char *name, bool json)
{
    struct diag diag = {0};
    struct file file = {.name = name, .stream = fopen(name, "re")};
    if (!word_is_plain(list, strlen(list))) {
        diag_error(&diag, "`%s` cannot be the name of a list of codes", list);
        diag_hint(&diag, "%s", word_hint);
    } else if (!file.stream) {
        diag_fault(&diag, INPUT_UNREADABLE, "%s: %s", name, strerror(errno));
    } else if (fseek(file.stream, 0, SEEK_SET) != 0) {
        diag_fault(&diag, INPUT_UNREADABLE, "%s: it is read twice, and must be a file", name);
    }
    int status = diag.text[0] ? context_fail(&diag) : load_file(context, list, &file, json);
    if (file.stream)
        fclose(file.stream);
    free(file.line);
    return status;
}

/* ---- ls ---- */

static void print_list(struct arena *arena, const struct codes_list *list, bool json)
{
    if (!json) {
        printf("%s  %" PRId64 " left of %" PRId64 "\n", plain_of(arena, list->name), list->left,
               list->loaded);
        return;
    }
    struct value row = value_new_map(arena, 3);
    value_set(arena, row, "name", value_text(list->name));
    value_set(arena, row, "loaded", value_int(list->loaded));
    value_set(arena, row, "left", value_int(list->left));
    json_line_print(&row);
}

static int command_ls(struct context *context, bool json)
{
    struct diag diag = {0};
    struct codes_list *lists;
    size_t count;
    const struct shards *shards = shards_open_some(context);
    if (!shards)
        return EXIT_FAILURE;
    struct arena *arena = arena_new(FIRST_CHUNK);
    bool good = overall_codes(shards, arena, &lists, &count, &diag);
    for (size_t i = 0; good && i < count; i++)
        print_list(arena, &lists[i], json);
    arena_destroy(&arena);
    return shards_end(shards, good ? EXIT_SUCCESS : context_fail(&diag), SHARDS_UNSEEN);
}

/* ---- The command line ---- */

int command_codes(struct context *context, int argc, char **argv)
{
    bool json = false;
    const struct command_option options[] = {{.name = "--json", .flag = &json}, {0}};
    int count = command_options(context, argc, argv, options);
    if (count < 0)
        return EX_USAGE;
    const char *verb = count ? argv[1] : "ls";
    bool loads = strcmp(verb, "load") == 0;
    if (!loads && strcmp(verb, "ls") != 0)
        return command_usage(argv[0], "`ls` or `load` is expected, not `%s`", verb);
    if (loads && count != 3)
        return command_usage(argv[0], "`load` takes the name of a list, and a file");
    if (!loads && count > 1)
        return command_usage(argv[0], "no argument is expected: %s", argv[2]);
    if (!context_config(context))
        return EXIT_FAILURE;
    return loads ? command_load(context, argv[2], argv[3], json) : command_ls(context, json);
}
