#include "redis/arguments.h"

#include <string.h>

#include "base/decimal.h"

struct arguments arguments_begin(struct arena *arena, size_t capacity)
{
    struct arguments arguments = {.arena = arena, .capacity = capacity ? capacity : 1};
    arguments.argv = arena_alloc(arena, arguments.capacity * sizeof *arguments.argv);
    arguments.lengths = arena_alloc(arena, arguments.capacity * sizeof *arguments.lengths);
    return arguments;
}

static void grow(struct arguments *arguments)
{
    struct arguments wider = arguments_begin(arguments->arena, arguments->capacity * 2);
    memcpy(wider.argv, arguments->argv, arguments->argc * sizeof *wider.argv);
    memcpy(wider.lengths, arguments->lengths, arguments->argc * sizeof *wider.lengths);
    wider.argc = arguments->argc;
    *arguments = wider;
}

void arguments_bytes(struct arguments *arguments, const char *bytes, size_t length)
{
    if (arguments->argc == arguments->capacity)
        grow(arguments);
    arguments->argv[arguments->argc] = bytes ? bytes : "";
    arguments->lengths[arguments->argc++] = bytes ? length : 0;
}

void arguments_text(struct arguments *arguments, const char *text)
{
    arguments_bytes(arguments, text, text ? strlen(text) : 0);
}

void arguments_number(struct arguments *arguments, int64_t number)
{
    char *digits = arena_alloc(arguments->arena, DECIMAL_TEXT_SIZE);
    arguments_bytes(arguments, digits, decimal_print_int(number, digits));
}

void arguments_texts(struct arguments *arguments, const char *const *texts, size_t count)
{
    arguments_number(arguments, (int64_t)count);
    for (size_t i = 0; i < count; i++)
        arguments_text(arguments, texts[i]);
}

struct connection_request arguments_request(const struct arguments *arguments,
                                            struct connection_owner *owner,
                                            connection_callback *callback, void *context)
{
    return (struct connection_request){.argc = arguments->argc,
                                       .argv = arguments->argv,
                                       .lengths = arguments->lengths,
                                       .owner = owner,
                                       .callback = callback,
                                       .context = context};
}
