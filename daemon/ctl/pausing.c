#include "ctl/pausing.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/command.h"
#include "ctl/plain.h"

const struct paused *pausing_find(const struct paused *paused, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(paused[i].name, name) == 0)
            return &paused[i];
    return NULL;
}

void pausing_print(struct arena *arena, const struct paused *paused)
{
    char at[CLOCK_TEXT_SIZE];
    bool brake = paused->by && strcmp(paused->by, "brake") == 0;
    printf("paused");
    if (paused->at_ms)
        printf(" since %s", clock_format(paused->at_ms / 1000 * 1000, at));
    if (paused->by)
        printf(" by %s", brake ? "policy.brake" : plain_of(arena, paused->by));
}

void pausing_put(struct arena *arena, struct value row, const struct paused *paused)
{
    value_set(arena, row, "paused", value_bool(paused != NULL));
    if (paused && paused->at_ms)
        value_set(arena, row, "paused_at", value_int(paused->at_ms));
    if (paused && paused->by)
        value_set(arena, row, "paused_by", value_text(paused->by));
}

const char *pausing_text(struct arena *arena, const char *name, bool pause, bool done)
{
    const char *state =
        pause ? (done ? "is paused" : "was paused already") : (done ? "goes on" : "was not paused");
    return arena_printf(arena, "%s %s", plain_of(arena, name), state);
}

struct value pausing_row(struct arena *arena, const char *what, const char *name, bool pause,
                         bool done)
{
    struct value row = value_new_map(arena, 4);
    value_set(arena, row, what, value_text(name));
    value_set(arena, row, "paused", value_bool(pause));
    value_set(arena, row, "changed", value_bool(done));
    return row;
}

int pausing_no_verb(const char *command, const char *verb, const char *const *verbs,
                    const char *expected)
{
    const char *nearest = diag_nearest(verb, verbs);
    return command_usage(command, "%s is expected, not `%s`%s%s%s", expected, verb,
                         nearest ? "; did you mean `" : "", nearest ? nearest : "",
                         nearest ? "`?" : "");
}
