/*
 * json_conformance FILE: runs the cases of JSONTestSuite, which FILE holds as
 * [{"name", "base64", "expect": "accept" | "reject" | "either"}, …]. What is
 * left open there must not crash, and is rejected where it is not UTF-8 or
 * holds half of a surrogate pair. What is accepted must print, and read again
 * as the same. FILE itself is read with the reader under test.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/base64.h"
#include "base/buf.h"
#include "base/diag.h"
#include "base/file.h"
#include "base/json.h"
#include "base/utf8.h"
#include "base/value.h"

enum { FILE_MOST = 8 << 20 };

struct unit {
    const char *name;
    const char *expect;
    char *bytes; /* a block of its own, so that ASan sees a read past its end */
    size_t length;
};

static char *decode_base64(const struct value *text, size_t *length)
{
    char *bytes = malloc(text->length + 1u);
    *length = base64_salvage(text->string, text->length, bytes);
    return realloc(bytes, *length ? *length : 1);
}

static bool fault(const struct unit *unit, const char *what, const struct diag *diag)
{
    printf("FAIL %s: %s%s%s\n", unit->name, what, diag ? ": " : "", diag ? diag->text : "");
    return false;
}

static bool prints_the_same(const struct unit *unit, struct arena *arena, const struct value *value,
                            const struct json_limits *limits, bool pretty)
{
    struct buf out;
    struct value again;
    struct diag diag;
    buf_init(&out, FILE_MOST);
    bool same =
        ((pretty ? json_print_pretty(&out, value) : json_print(&out, value)) ||
         fault(unit, "cannot be printed", NULL)) &&
        (json_read(arena, out.data, out.length, limits, &again, &diag) ||
         fault(unit, "what was printed cannot be read", &diag)) &&
        (value_equal(value, &again) || fault(unit, "what was printed is not the same", NULL));
    buf_free(&out);
    return same;
}

/* For the cases left open: whether this reader promises to reject them. Every
 * name that speaks of a surrogate is of one that is not paired. */
static bool must_reject(const struct unit *unit)
{
    return !utf8_valid(unit->bytes, unit->length) || memchr(unit->bytes, '\0', unit->length) ||
           strstr(unit->name, "surrogate") || strstr(unit->name, "_UTF-16") ||
           strstr(unit->name, "_utf16");
}

static bool judge(const struct unit *unit, bool accepted, const struct diag *diag)
{
    if (!accepted && (!diag->text[0] || !diag->code[0] || !diag->line || !diag->column))
        return fault(unit, "an error without text, code or place", diag);
    if (strcmp(unit->expect, "accept") == 0)
        return accepted || fault(unit, "was rejected", diag);
    if (strcmp(unit->expect, "reject") == 0 || must_reject(unit))
        return !accepted || fault(unit, "was accepted", NULL);
    return true;
}

/* Every case is read with keys allowed twice; one that has none reads the same
 * with them refused. */
static bool run(const struct unit *unit)
{
    struct arena *arena = arena_new(4096);
    struct json_limits limits = {
        .bytes = FILE_MOST, .depth = 1000, .nodes = 1 << 20, .duplicate_keys = true};
    struct value value, strict;
    struct diag diag = {0};
    bool accepted = json_read(arena, unit->bytes, unit->length, &limits, &value, &diag);
    bool good = judge(unit, accepted, &diag);
    if (good && accepted)
        good = prints_the_same(unit, arena, &value, &limits, false) &&
               prints_the_same(unit, arena, &value, &limits, true);
    limits.duplicate_keys = false;
    bool strictly = json_read(arena, unit->bytes, unit->length, &limits, &strict, &diag);
    bool twice = strstr(unit->name, "duplicated_key");
    if (good && strictly != (accepted && !twice))
        good = fault(unit, "keys twice are not told apart", strictly ? NULL : &diag);
    arena_destroy(&arena);
    return good;
}

static bool run_case(struct arena *arena, const struct value *item)
{
    const struct value *base64 = value_get(item, "base64");
    struct unit unit = {
        .name = value_to_text(arena, value_get(item, "name")),
        .expect = value_to_text(arena, value_get(item, "expect")),
    };
    if (!unit.name || !unit.expect || !value_is(base64, VALUE_STRING)) {
        printf("FAIL a case without name, expect or base64\n");
        return false;
    }
    unit.bytes = decode_base64(base64, &unit.length);
    bool good = run(&unit);
    free(unit.bytes);
    return good;
}

int main(int argc, char **argv)
{
    struct arena *arena = arena_new(1 << 20);
    const char *text;
    size_t length;
    struct value cases;
    struct diag diag;
    if (argc != 2) {
        fprintf(stderr, "usage: json_conformance FILE\n");
        return 2;
    }
    if (!file_read(arena, argv[1], FILE_MOST, &text, &length, &diag) ||
        !json_read(arena, text, length, &json_file_limits, &cases, &diag)) {
        diag_file(&diag, argv[1]);
        diag_print(&diag, stderr);
        return 2;
    }
    unsigned passed = 0, failed = 0;
    for (uint32_t i = 0; i < value_count(&cases); i++) {
        if (run_case(arena, &cases.list->items[i]))
            passed++;
        else
            failed++;
    }
    printf("%u passed, %u failed\n", passed, failed);
    arena_destroy(&arena);
    return failed || passed == 0;
}
