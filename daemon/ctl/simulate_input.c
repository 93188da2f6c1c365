#include "ctl/simulate_input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/command.h"
#include "ctl/exit_codes.h"
#include "ctl/input.h"
#include "ctl/rule_test_time.h"
#include "simulate/parts.h"

static bool read_time(const struct simulate_input *input, const char *option, const char *text,
                      const char *zone, int64_t *ms)
{
    const struct value time = value_text(text ? text : "");
    if (!text || rule_test_time_read(&time, zone, ms))
        return true;
    command_usage(input->command,
                  "`%s %s`: that is no time, such as 2026-03-01 or 2026-03-01T08:00", option, text);
    return false;
}

static int read_tables(const struct simulate_input *input, struct arena *arena,
                       struct simulation_options *options)
{
    struct value *tables = arena_alloc(arena, sizeof *tables);
    struct input file;
    struct diag diag = {0};
    if (!input->tables)
        return 0;
    if (!input_read(arena, input->tables, &file, &diag) ||
        !input_object(arena, &file, tables, &diag))
        return context_fail(&diag);
    options->tables = tables;
    return 0;
}

/* One a line. */
static const char *const *lines_of(struct arena *arena, const struct input *file)
{
    const char **list = arena_zero(arena, sizeof *list);
    const char *end = file->text + file->length;
    uint32_t count = 0, capacity = 1;
    for (const char *at = file->text, *next; at < end; at = next + 1) {
        next = memchr(at, '\n', (size_t)(end - at));
        next = next ? next : end;
        const struct slice line = slice_trim(slice_between(at, next), " \t\r");
        if (count + 1 >= capacity)
            list = arena_grow(arena, list, capacity, &capacity, sizeof *list);
        if (line.length)
            list[count++] = arena_copy(arena, line.text, line.length);
        list[count] = NULL;
    }
    return list;
}

static int read_suppressed(const struct simulate_input *input, struct arena *arena,
                           struct simulation_options *options)
{
    struct input file;
    struct diag diag = {0};
    if (!input->suppressed)
        return 0;
    if (!input_read(arena, input->suppressed, &file, &diag))
        return context_fail(&diag);
    options->suppressed = lines_of(arena, &file);
    return 0;
}

static bool read_parts(const struct simulate_input *input, uint32_t *parts)
{
    char *end;
    *parts = 0;
    if (!input->parts)
        return true;
    long number = strtol(input->parts, &end, 10);
    *parts = (uint32_t)number;
    if (end > input->parts && !*end && number >= 1 && number <= PARTS_MOST)
        return true;
    command_usage(input->command, "`--parts %s`: it is a number from 1 to %d", input->parts,
                  PARTS_MOST);
    return false;
}

int simulate_input_read(const struct simulate_input *input, const char *zone, struct arena *arena,
                        struct simulation_options *options)
{
    options->from_ms = SIMULATION_BEGINNING;
    options->to_ms = SIMULATION_END;
    if (!read_time(input, "--from", input->from, zone, &options->from_ms) ||
        !read_time(input, "--to", input->to, zone, &options->to_ms) ||
        !read_parts(input, &options->parts))
        return EX_USAGE;
    if (options->to_ms <= options->from_ms)
        return command_usage(input->command, "--to is not behind --from");
    int status = read_tables(input, arena, options);
    return status ? status : read_suppressed(input, arena, options);
}

/* What begins as packers begin their files. Of a pipe nothing is read before its time. */
static bool is_packed(const char *name)
{
    static const char *const marks[] = {"\x1f\x8b", "(\xb5/\xfd", "BZh", "\3757zXZ"};
    char begin[8] = {0};
    struct stat status;
    if (stat(name, &status) != 0 || !S_ISREG(status.st_mode))
        return false;
    FILE *file = fopen(name, "re");
    size_t length = file ? fread(begin, 1, sizeof begin - 1, file) : 0;
    if (file)
        fclose(file);
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        if (length && strncmp(begin, marks[i], strlen(marks[i])) == 0)
            return true;
    return false;
}

static int refuse_packed(const char *name)
{
    struct diag diag = {0};
    diag_error(&diag, "the file is compressed");
    diag_file(&diag, name);
    diag_hint(&diag, "unpack it first; `simulate` also reads `zcat FILE | nudgectl simulate "
                     "--events -`");
    context_fail(&diag);
    return EX_DATAERR;
}

int simulate_input_open(const struct simulate_input *input, int count, char **names,
                        struct history *history, uint64_t *size)
{
    bool sized = true;
    *size = 0;
    for (int i = -1; i < count; i++) {
        const char *name = i < 0 ? input->events : names[i];
        struct diag diag = {0};
        struct stat status;
        if (is_packed(name))
            return refuse_packed(name);
        if (!history_add(history, name, &diag)) {
            context_fail(&diag);
            return EX_NOINPUT;
        }
        sized = sized && stat(name, &status) == 0 && S_ISREG(status.st_mode);
        *size += sized ? (uint64_t)status.st_size : 0;
    }
    *size = sized ? *size : 0;
    return 0;
}

static bool are_one_file(const char *a, const char *b)
{
    struct stat one, other;
    return a && b && stat(a, &one) == 0 && stat(b, &other) == 0 && S_ISREG(one.st_mode) &&
           one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

bool simulate_input_has(const struct simulate_input *input, int count, char *const *names,
                        const char *name)
{
    bool has = are_one_file(input->events, name) || are_one_file(input->tables, name) ||
               are_one_file(input->suppressed, name);
    for (int i = 0; i < count; i++)
        has = has || are_one_file(names[i], name);
    return has;
}
