/*
 * The shapes of base/value: kinds, and how a value lies in memory.
 */
#ifndef NUDGED_BASE_VALUE_KIND_H
#define NUDGED_BASE_VALUE_KIND_H

#include <stdbool.h>
#include <stdint.h>

enum value_kind {
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_INT,    /* 64 bits, exact */
    VALUE_DOUBLE, /* also integers outside 64 bits: then `text` has all digits */
    VALUE_STRING, /* UTF-8, `length` bytes, not NUL-terminated in general */
    VALUE_LIST,
    VALUE_MAP,
    /* What only the languages make; no document holds these. */
    VALUE_UINT,
    VALUE_BYTES,     /* `string` and `length` */
    VALUE_TIMESTAMP, /* `integer`: seconds since 1970; `length`: nanoseconds, 0 to 999,999,999 */
    VALUE_DURATION, /* `integer`: seconds; `length`: nanoseconds as int32_t, sign as the seconds' */
    VALUE_EXTENSION, /* `other` belongs to the language that made it; `length` is its own kind */
};

enum value_flag {
    VALUE_FLEXIBLE = 1, /* a number from JSON or YAML: for expressions int, uint or double */
    VALUE_SPELLED = 2,  /* `text` holds the number as it was written (`length` bytes) */
    VALUE_PLACED = 4,   /* `place` says where in its file the value stands (YAML) */
    VALUE_PLAIN = 8,    /* a YAML scalar written without quotes */
};

/* 24 bytes. The kind says which of the first union counts, the flags which of the second. */
struct value {
    uint8_t kind;    /* enum value_kind */
    uint8_t flags;   /* a sum of enum value_flag */
    uint32_t length; /* bytes of a string, or of a number's spelling */
    union {
        bool boolean;
        int64_t integer;
        uint64_t natural; /* VALUE_UINT */
        double real;
        const char *string;
        struct value_list *list;
        struct value_map *map;
        void *other;
    };
    union {
        const char *text; /* VALUE_SPELLED */
        struct {
            uint32_t line, column; /* from 1 */
        } place;                   /* VALUE_PLACED */
    };
};

struct value_list {
    uint32_t count, capacity; /* of `items` */
    struct value *items;
};

struct value_member {
    struct value key; /* a string in documents; CEL maps have other keys too */
    struct value value;
};

/* Members stand in the order in which they were added. */
struct value_map {
    uint32_t count, capacity;
    struct value_member *members;
    uint32_t *slots; /* a hash index of string keys, built for larger maps; or NULL */
    uint32_t slot_count;
    uint64_t marks; /* bytes_mark() of all string keys; 0: not known */
};

#endif
