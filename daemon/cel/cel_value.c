#include "cel/cel_value.h"

#include <string.h>

static const struct cel_type_name types[CEL_KIND_COUNT] = {
    [VALUE_NULL] = {"null_type", VALUE_NULL, "null"},
    [VALUE_BOOL] = {"bool", VALUE_BOOL, "a boolean"},
    [VALUE_INT] = {"int", VALUE_INT, "an integer"},
    [VALUE_DOUBLE] = {"double", VALUE_DOUBLE, "a double"},
    [VALUE_STRING] = {"string", VALUE_STRING, "a string"},
    [VALUE_LIST] = {"list", VALUE_LIST, "a list"},
    [VALUE_MAP] = {"map", VALUE_MAP, "a map"},
    [VALUE_UINT] = {"uint", VALUE_UINT, "an unsigned integer"},
    [VALUE_BYTES] = {"bytes", VALUE_BYTES, "bytes"},
    [VALUE_TIMESTAMP] = {"google.protobuf.Timestamp", VALUE_TIMESTAMP, "a timestamp"},
    [VALUE_DURATION] = {"google.protobuf.Duration", VALUE_DURATION, "a duration"},
    [CEL_KIND_OPTIONAL] = {"optional_type", CEL_KIND_OPTIONAL, "an optional"},
    [CEL_KIND_TYPE] = {"type", CEL_KIND_TYPE, "a type"},
    [CEL_KIND_DECIMAL] = {"decimal", CEL_KIND_DECIMAL, "a decimal"},
};

const struct cel_type_name *cel_type_of_kind(uint32_t kind)
{
    return kind < CEL_KIND_COUNT && types[kind].name ? &types[kind] : NULL;
}

const struct cel_type_name *cel_type_named(const char *name, size_t length)
{
    for (uint32_t kind = 0; kind < CEL_KIND_COUNT; kind++)
        if (types[kind].name && strlen(types[kind].name) == length &&
            memcmp(types[kind].name, name, length) == 0)
            return &types[kind];
    return NULL;
}

struct value cel_type_value(const struct cel_type_name *type)
{
    return (struct value){
        .kind = VALUE_EXTENSION, .length = CEL_EXTENSION_TYPE, .other = (void *)(uintptr_t)type};
}

struct value cel_optional_of(struct arena *arena, const struct value *value)
{
    struct value *inner = arena_alloc(arena, sizeof *inner);
    *inner = *value;
    return (struct value){
        .kind = VALUE_EXTENSION, .length = CEL_EXTENSION_OPTIONAL, .other = inner};
}

struct value cel_optional_none(void)
{
    return (struct value){.kind = VALUE_EXTENSION, .length = CEL_EXTENSION_OPTIONAL};
}
