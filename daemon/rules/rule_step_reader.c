#include "rules/rule_step_reader.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/digest.h"
#include "base/json.h"

enum { STEPS_MOST = 200 };

struct rule_step *rule_step_reader_add(struct rule_step_reader *steps, enum rule_step_kind kind,
                                       const struct value *value)
{
    struct rule *rule = steps->rule;
    if (rule->step_count == STEPS_MOST) {
        if (!steps->too_many)
            settings_fault(steps->reader->diags, steps->reader->source, value, DIAG_ERROR,
                           "more than %d steps", STEPS_MOST);
        steps->too_many = true; /* the rule is refused as a whole */
        rule->step_count--;
    }
    rule->steps = arena_grow(steps->reader->arena, rule->steps, rule->step_count, &steps->capacity,
                             sizeof *rule->steps);
    struct rule_step *step = &rule->steps[rule->step_count++];
    *step = (struct rule_step){.kind = kind,
                               .id = "",
                               .line = value->place.line,
                               .types = steps->types,
                               .column = value->place.column,
                               .within = steps->within,
                               .otherwise = steps->otherwise};
    return step;
}

/* The id that was given; NULL where there is none, or one that cannot be one. */
static const char *given_id(const struct rule_step_reader *steps, const struct value *given)
{
    const struct rule_reader *reader = steps->reader;
    if (!given || given->kind == VALUE_NULL)
        return NULL;
    const char *id = value_to_text(reader->arena, given);
    if (!id || !*id)
        settings_fault(reader->diags, reader->source, given, DIAG_ERROR,
                       "an `id` must be a text such as first-reminder");
    else if (rule_find_step(steps->rule, id))
        settings_fault(reader->diags, reader->source, given, DIAG_ERROR,
                       "the id `%s` is taken by a step before", id);
    else
        return id;
    return NULL;
}

const char *rule_step_reader_id(const struct rule_step_reader *steps, const struct value *given,
                                const char *kind, const struct value *content)
{
    struct arena *arena = steps->reader->arena;
    const char *id = given_id(steps, given);
    if (id)
        return id;
    struct buf text;
    buf_init(&text, 64 * 1024);
    buf_text(&text, kind);
    json_print(&text, content);
    uint64_t hash = digest_spread(buf_string(&text), text.length);
    buf_free(&text);
    id = arena_printf(arena, "%s-%08" PRIx32, kind, (uint32_t)(hash >> 32));
    for (int again = 2; rule_find_step(steps->rule, id); again++)
        id = arena_printf(arena, "%s-%08" PRIx32 "-%d", kind, (uint32_t)(hash >> 32), again);
    return id;
}
