#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "cel/cel.h"

static const char event[] =
    "{\"order\": {\"id\": \"o-1\", \"total\": 79.9, \"count\": 3, \"zero\": 0, \"none\": null,"
    " \"items\": [{\"sku\": \"TEA\", \"price\": 4.5}, {\"sku\": \"CUP\", \"price\": 12}],"
    " \"created\": \"2026-03-01T10:00:00+02:00\"},"
    " \"customer\": {\"tier\": \"gold\", \"name\": \"\\u00c4na\", \"birthday\": \"1992-02-29\"}}";

static const char *const roots[] = {"customer", NULL};
static const struct cel_method methods[] = {
    {.root = "customer", .name = "count", .least = 1, .most = 2}, {0}};

static bool count(void *context, int index, const struct value *arguments, int given,
                  struct arena *arena, struct value *result, const char **fault)
{
    (void)context, (void)index, (void)arguments, (void)arena, (void)fault;
    *result = value_int(given);
    return true;
}

static void visit(void *context, const struct cel_step *step)
{
    const char *text = context;
    size_t length = strlen(text);
    if (step->offset > length || step->length > length - step->offset ||
        !step->value == !step->fault)
        abort();
}

/* A program runs to the same end with a tracer and without. */
static void run(const struct cel_program *program, const struct cel_input *input)
{
    struct arena *arena = arena_new(4096);
    struct cel_tracer tracer = {visit, (void *)(uintptr_t)cel_text(program)};
    struct value value, again;
    struct cel_fault fault = {0}, other = {0};
    struct buf out, trace;
    buf_init(&out, 1 << 16);
    buf_init(&trace, 1 << 16);
    bool fine = cel_eval(program, input, arena, &value, &fault);
    if (fine != cel_eval_traced(program, input, arena, &tracer, &again, &other))
        abort();
    if (fine && (!cel_print(&out, &value) ^ !cel_print(&trace, &again) ||
                 strcmp(buf_string(&out), buf_string(&trace)) != 0))
        abort();
    if (!fine && (!fault.text || strcmp(fault.text, other.text) != 0 ||
                  fault.offset > strlen(cel_text(program))))
        abort();
    buf_free(&out);
    buf_free(&trace);
    arena_destroy(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new(4096);
    struct value members;
    struct diag diag;
    struct diags warnings = {0};
    if (memchr(data, '\0', size) ||
        !json_read(arena, event, sizeof event - 1, &json_event_limits, &members, &diag)) {
        arena_destroy(&arena);
        return 0;
    }
    struct value values[] = {*value_get(&members, "customer")};
    struct cel_input input = {.roots = values,
                              .members = &members,
                              .now_ms = 1772353800123,
                              .zone = "Europe/Helsinki",
                              .call = count};
    struct cel_environment environment = {.roots = roots, .methods = methods, .open = true};
    for (int unchecked = 0; unchecked < 2; unchecked++) {
        environment.unchecked = unchecked;
        environment.members = unchecked ? NULL : &members;
        struct cel_program *program =
            cel_compile(arena, (const char *)data, size, &environment, &warnings, &diag);
        if (program)
            run(program, &input);
        else if (!diag.text[0])
            abort();
    }
    diags_free(&warnings);
    arena_destroy(&arena);
    return 0;
}
