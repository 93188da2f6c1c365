#include "cel/cel_type.h"
#include "cel/cel_compare.h"

struct cel_type cel_type_of(cel_kinds kinds)
{
    return (struct cel_type){.kinds = kinds, .elements = CEL_KINDS_ANY, .keys = CEL_KINDS_ANY};
}

struct cel_type cel_type_of_document(void)
{
    const cel_kinds kinds = CEL_KINDS(VALUE_NULL) | CEL_KINDS(VALUE_BOOL) | CEL_KINDS_NUMBERS |
                            CEL_KINDS_FLEXIBLE | CEL_KINDS(VALUE_STRING) | CEL_KINDS(VALUE_LIST) |
                            CEL_KINDS(VALUE_MAP);
    struct cel_type type = cel_type_of(kinds);
    type.elements = kinds;
    type.keys = CEL_KINDS(VALUE_STRING);
    type.document = true;
    return type;
}

struct cel_type cel_type_join(struct cel_type a, struct cel_type b)
{
    return (struct cel_type){.kinds = a.kinds | b.kinds,
                             .elements = a.elements | b.elements,
                             .keys = a.keys | b.keys,
                             .sample = a.sample == b.sample ? a.sample : NULL,
                             .document = a.document && b.document};
}

struct cel_type cel_type_of_value(const struct value *value)
{
    uint32_t kind = cel_kind(value);
    struct cel_type type = cel_type_of(CEL_KINDS(kind));
    if (kind == VALUE_LIST) {
        type.elements = 0;
        for (uint32_t i = 0; i < value->list->count; i++)
            type.elements |= CEL_KINDS(cel_kind(&value->list->items[i]));
    } else if (kind == VALUE_MAP) {
        type.keys = type.elements = 0;
        for (uint32_t i = 0; i < value->map->count; i++) {
            type.keys |= CEL_KINDS(cel_kind(&value->map->members[i].key));
            type.elements |= CEL_KINDS(cel_kind(&value->map->members[i].value));
        }
    } else if (kind == CEL_KIND_OPTIONAL) {
        type.elements = value->other ? CEL_KINDS(cel_kind(value->other)) : 0;
    }
    if (cel_is_flexible(value))
        type.kinds = CEL_KINDS_NUMBERS | CEL_KINDS_FLEXIBLE;
    return type;
}

/* A member that is a string in the sample may be null in another event. */
struct cel_type cel_type_of_sample(const struct value *sample)
{
    if (!sample || sample->kind == VALUE_NULL)
        return cel_type_of(CEL_KINDS_ANY);
    struct cel_type type = cel_type_of(CEL_KINDS(cel_kind(sample)));
    if (cel_is_number(sample))
        type.kinds = CEL_KINDS_NUMBERS | CEL_KINDS_FLEXIBLE;
    type.kinds |= CEL_KINDS(VALUE_NULL);
    if (sample->kind == VALUE_MAP)
        type.keys = CEL_KINDS(VALUE_STRING);
    type.sample = sample;
    return type;
}

/* ---- Operations ---- */

static cel_kinds operate_times(enum cel_operator op, uint32_t a, uint32_t b)
{
    bool adds = op == CEL_ADD, a_stamp = a == VALUE_TIMESTAMP, b_stamp = b == VALUE_TIMESTAMP;
    if ((!adds && op != CEL_SUBTRACT) || (adds && a_stamp && b_stamp) ||
        (!adds && !a_stamp && b_stamp))
        return 0;
    return CEL_KINDS(a_stamp != b_stamp ? VALUE_TIMESTAMP : VALUE_DURATION);
}

static cel_kinds operate_kinds(enum cel_operator op, uint32_t a, uint32_t b)
{
    bool number = CEL_KINDS_NUMBERS >> a & 1;
    bool a_time = a == VALUE_TIMESTAMP || a == VALUE_DURATION;
    bool b_time = b == VALUE_TIMESTAMP || b == VALUE_DURATION;
    if (a_time && b_time)
        return operate_times(op, a, b);
    if (a == CEL_KIND_DECIMAL || b == CEL_KIND_DECIMAL) {
        cel_kinds operands = CEL_KINDS_NUMBERS | CEL_KINDS(CEL_KIND_DECIMAL);
        bool fine = (operands >> a & 1) && (operands >> b & 1) && op <= CEL_MULTIPLY;
        return fine ? CEL_KINDS(CEL_KIND_DECIMAL) : 0;
    }
    if (a != b)
        return 0;
    if (number)
        return a == VALUE_DOUBLE && op == CEL_REMAINDER ? 0 : CEL_KINDS(a);
    bool joins = a == VALUE_STRING || a == VALUE_BYTES || a == VALUE_LIST;
    return joins && op == CEL_ADD ? CEL_KINDS(a) : 0;
}

/* A double that an expression made has no part in exact arithmetic; a document's has. */
static cel_kinds without_doubles(cel_kinds kinds, cel_kinds other)
{
    bool exact = other == CEL_KINDS(CEL_KIND_DECIMAL) && !(kinds & CEL_KINDS_FLEXIBLE);
    return exact ? kinds & ~CEL_KINDS(VALUE_DOUBLE) : kinds;
}

cel_kinds cel_type_operate(enum cel_operator op, cel_kinds left, cel_kinds right)
{
    cel_kinds gives = 0, a = without_doubles(left, right), b = without_doubles(right, left);
    for (uint32_t x = 0; x < CEL_KIND_COUNT; x++)
        for (uint32_t y = 0; y < CEL_KIND_COUNT; y++)
            if ((a >> x & 1) && (b >> y & 1))
                gives |= operate_kinds(op, x, y);
    bool flexible = (a | b) & CEL_KINDS_FLEXIBLE;
    if (flexible && (a & CEL_KINDS_NUMBERS) && (b & CEL_KINDS_NUMBERS))
        gives |= CEL_KINDS_NUMBERS | CEL_KINDS_FLEXIBLE;
    return gives;
}

bool cel_type_ordered(cel_kinds a, cel_kinds b)
{
    for (uint32_t x = 0; x < CEL_KIND_COUNT; x++)
        for (uint32_t y = 0; y < CEL_KIND_COUNT; y++)
            if ((a >> x & 1) && (b >> y & 1) && cel_comparable(x, y))
                return true;
    return false;
}

bool cel_type_equal(cel_kinds a, cel_kinds b)
{
    const cel_kinds numbers = CEL_KINDS_NUMBERS | CEL_KINDS(CEL_KIND_DECIMAL);
    return (a & b & ~CEL_KINDS_FLEXIBLE) || ((a & numbers) && (b & numbers));
}

/* ---- Words ---- */

const char *cel_type_words(struct arena *arena, cel_kinds kinds)
{
    const char *words = NULL;
    uint32_t count = 0;
    const cel_kinds numbers = CEL_KINDS_NUMBERS | CEL_KINDS_FLEXIBLE | CEL_KINDS(CEL_KIND_DECIMAL);
    if ((kinds & CEL_KINDS_FLEXIBLE) && !(kinds & ~(numbers | CEL_KINDS(VALUE_NULL))))
        return "a number";
    for (uint32_t kind = 0; kind < CEL_KIND_COUNT; kind++) {
        const struct cel_type_name *type = cel_type_of_kind(kind);
        if (!type || !(kinds >> kind & 1) || (kind == VALUE_NULL && kinds != CEL_KINDS(VALUE_NULL)))
            continue;
        words = words ? arena_printf(arena, "%s or %s", words, type->words) : type->words;
        count++;
    }
    return words && count <= 3 ? words : "a value of some type";
}
