/*
 * cel_conformance FILE: runs the CEL conformance cases of a JSON file (a list of
 * {"name", "expr", "bindings", "container", and "value" or "error": true}).
 * Prints the name of each case that fails, and why; closes with
 * "N passed, N failed". Exit status 1 where one failed.
 *
 * Values are {"int": "7"}, "uint", "double" (as text), "bool", "string", "bytes"
 * (base64), "null", "list": […], "map": [[key, value], …], "type": name,
 * "timestamp" and "duration" as [seconds, nanoseconds].
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/file.h"
#include "base/json.h"
#include "cel/cel.h"
#include "cel/cel_compare.h"
#include "cel/cel_value.h"

enum { ROOTS_MOST = 32 };

static struct value read_value(struct arena *arena, const struct value *from);

static struct value read_bytes(struct arena *arena, const struct value *text)
{
    char *bytes = arena_alloc(arena, text->length + 1u);
    size_t length = base64_salvage(text->string, text->length, bytes);
    struct value value = value_string(bytes, length);
    value.kind = VALUE_BYTES;
    return value;
}

static struct value read_map(struct arena *arena, const struct value *pairs)
{
    struct value map = value_new_map(arena, pairs->list->count);
    for (uint32_t i = 0; i < pairs->list->count; i++) {
        const struct value *pair = pairs->list->items[i].list->items;
        value_add(arena, map, read_value(arena, &pair[0]), read_value(arena, &pair[1]));
    }
    return map;
}

static struct value read_list(struct arena *arena, const struct value *items)
{
    struct value list = value_new_list(arena, items->list->count);
    for (uint32_t i = 0; i < items->list->count; i++)
        value_push(arena, list, read_value(arena, &items->list->items[i]));
    return list;
}

static struct value read_time(enum value_kind kind, const struct value *pair)
{
    return (struct value){.kind = (uint8_t)kind,
                          .integer = pair->list->items[0].integer,
                          .length = (uint32_t)pair->list->items[1].integer};
}

static struct value read_type(struct arena *arena, const struct value *name)
{
    const struct cel_type_name *type = cel_type_named(name->string, name->length);
    if (!type) {
        fprintf(stderr, "no such type: %s\n", value_to_text(arena, name));
        exit(2);
    }
    return cel_type_value(type);
}

static struct value read_value(struct arena *arena, const struct value *from)
{
    const struct value_member *member = &from->map->members[0];
    const struct value *value = &member->value;
    const char *kind = value_to_text(arena, &member->key);
    const char *text = value_to_text(arena, value);
    if (strcmp(kind, "int") == 0)
        return value_int(strtoll(text, NULL, 10));
    if (strcmp(kind, "uint") == 0)
        return (struct value){.kind = VALUE_UINT, .natural = strtoull(text, NULL, 10)};
    if (strcmp(kind, "double") == 0)
        return value_double(strtod(text, NULL));
    if (strcmp(kind, "bytes") == 0)
        return read_bytes(arena, value);
    if (strcmp(kind, "list") == 0)
        return read_list(arena, value);
    if (strcmp(kind, "map") == 0)
        return read_map(arena, value);
    if (strcmp(kind, "type") == 0)
        return read_type(arena, value);
    if (strcmp(kind, "timestamp") == 0)
        return read_time(VALUE_TIMESTAMP, value);
    if (strcmp(kind, "duration") == 0)
        return read_time(VALUE_DURATION, value);
    return *value; /* bool, string, null */
}

/* The same value of the same type; unlike ==, 1 is not 1.0, and NaN is NaN. */
static bool same(const struct value *a, const struct value *b)
{
    if (cel_kind(a) != cel_kind(b))
        return false;
    int64_t budget = INT64_MAX;
    if (a->kind == VALUE_DOUBLE)
        return (isnan(a->real) && isnan(b->real)) ||
               (a->real == b->real && signbit(a->real) == signbit(b->real));
    if (a->kind == VALUE_LIST) {
        bool equal = a->list->count == b->list->count;
        for (uint32_t i = 0; equal && i < a->list->count; i++)
            equal = same(&a->list->items[i], &b->list->items[i]);
        return equal;
    }
    if (a->kind == VALUE_MAP) {
        bool equal = a->map->count == b->map->count;
        for (uint32_t i = 0; equal && i < a->map->count; i++) {
            const struct value *other = cel_map_find(b, &a->map->members[i].key, &budget);
            equal = other && same(&a->map->members[i].value, other);
        }
        return equal;
    }
    return cel_equal(a, b, &budget);
}

static void report(const char *name, const char *what, const char *detail)
{
    printf("%s: %s%s\n", name, what, detail);
}

static void report_value(const char *name, const char *what, const struct value *value)
{
    struct buf text;
    buf_init(&text, 4096);
    cel_print(&text, value);
    report(name, what, buf_string(&text));
    buf_free(&text);
}

static bool judge(struct arena *arena, const char *name, const struct value *wanted, bool fine,
                  const struct value *result, const char *fault)
{
    if (!wanted && fine)
        report_value(name, "an error was expected, not ", result);
    if (wanted && !fine)
        report(name, "failed: ", fault);
    if (!wanted || !fine)
        return !wanted && !fine;
    struct value value = read_value(arena, wanted);
    if (same(result, &value))
        return true;
    report_value(name, "gave ", result);
    return false;
}

static bool run_case(struct arena *arena, const struct value *test)
{
    const char *roots[ROOTS_MOST + 1] = {0};
    struct value values[ROOTS_MOST], result;
    const struct value *bindings = value_get(test, "bindings"), *expr = value_get(test, "expr");
    for (uint32_t i = 0; i < value_count(bindings) && i < ROOTS_MOST; i++) {
        roots[i] = value_to_text(arena, &bindings->map->members[i].key);
        values[i] = read_value(arena, &bindings->map->members[i].value);
    }
    struct cel_environment environment = {.roots = roots, .unchecked = true};
    if (value_get(test, "container"))
        environment.container = value_to_text(arena, value_get(test, "container"));
    struct cel_input input = {.roots = values};
    struct cel_fault fault = {0};
    struct diag diag;
    struct cel_program *program =
        cel_compile(arena, expr->string, expr->length, &environment, NULL, &diag);
    bool fine = program && cel_eval(program, &input, arena, &result, &fault);
    return judge(arena, value_to_text(arena, value_get(test, "name")), value_get(test, "value"),
                 fine, &result, program ? fault.text : diag.text);
}

int main(int count, char **arguments)
{
    const char *text;
    size_t length;
    struct value cases;
    struct diag diag;
    if (count != 2) {
        fprintf(stderr, "usage: cel_conformance FILE\n");
        return 2;
    }
    struct arena *arena = arena_new(1 << 20), *scratch = arena_new(1 << 16);
    if (!file_read(arena, arguments[1], 64 << 20, &text, &length, &diag) ||
        !json_read(arena, text, length, &json_file_limits, &cases, &diag)) {
        diag_print(&diag, stderr);
        return 2;
    }
    uint32_t passed = 0, failed = 0;
    for (uint32_t i = 0; i < value_count(&cases); i++) {
        bool fine = run_case(scratch, &cases.list->items[i]);
        passed += fine;
        failed += !fine;
        arena_reset(scratch);
    }
    printf("%u passed, %u failed\n", passed, failed);
    arena_destroy(&scratch);
    arena_destroy(&arena);
    return failed > 0;
}
