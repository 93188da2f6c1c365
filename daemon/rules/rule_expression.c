#include "rules/rule_expression.h"

#include <stdio.h>
#include <string.h>

#include "rules/condition.h"
#include "rules/rule_clock_read.h"

const char *const rule_expression_keys[] = {"if",  "per",  "while", "to",
                                            "set", "data", "until", NULL};

enum { QUOTED_MOST = 120 }; /* bytes of a text that a hint shows in quotes */

static const char hint_comparison[] =
    "compare it with something: customer.count(\"order.placed\") > 0";

static const char hint_clock[] =
    "a clock brings no data: `event` has a type and a time, what is known stands in `customer`";

/* The data members that events of all these types may have, or NULL where one of
 * them is not known. */
static bool sample_of(const struct rule_reader *reader, const char *const *types,
                      struct value *sample)
{
    *sample = value_new_map(reader->arena, 8);
    if (types == rule_clock_types)
        return true;
    if (!value_count(reader->known_events))
        return false;
    for (; *types; types++) {
        const struct value *known = value_get(reader->known_events, *types);
        if (!known)
            return false;
        *sample = value_merge(reader->arena, sample, known);
        for (uint32_t i = 0; i < value_count(known); i++) /* a merge drops what is null */
            if (known->map->members[i].value.kind == VALUE_NULL)
                value_set(reader->arena, *sample,
                          value_to_text(reader->arena, &known->map->members[i].key), value_null());
    }
    return true;
}

/* Whether it looks like words, an address or a link rather than a formula. */
static bool reads_as_text(const struct value *value)
{
    static const char formula[] = "\"\\\n()[]{}<>=&|?*+;$`";
    const char *text = value->string;
    if (memchr(text, '@', value->length) || memmem(text, value->length, "://", 3))
        return !memchr(text, '"', value->length) && !memchr(text, '\n', value->length);
    for (uint32_t i = 0; i < value->length; i++)
        if (!text[i] || strchr(formula, text[i]))
            return false;
    return value->length > 0;
}

/* `tier: gold` where an expression is meant: YAML takes one pair of quotes away, and
 * the expression needs its own. */
static void hint_quotes(const struct value *value, struct diag *diag)
{
    const char *format =
        memchr(value->string, '\'', value->length) ? "\"\\\"%.*s\\\"\"" : "'\"%.*s\"'";
    char quoted[QUOTED_MOST + 8];
    snprintf(quoted, sizeof quoted, format, (int)value->length, value->string);
    diag_hint(diag, "an expression is meant here; a text stands in both quotes: %s", quoted);
}

static struct cel_program *compile(const struct rule_reader *reader, const struct value *value,
                                   const char *const *types, bool may_be_text)
{
    if (!value_is(value, VALUE_STRING))
        return NULL;
    struct diag diag;
    struct diags warnings = {0};
    struct value members, start;
    struct condition_samples samples = {.customer = reader->known_customer};
    if (types && sample_of(reader, types, &members))
        samples.members = &members;
    for (uint32_t i = 0; samples.members && reader->bare && i < value_count(reader->bare); i++)
        value_set(reader->arena, members,
                  value_to_text(reader->arena, &reader->bare->map->members[i].key),
                  reader->bare->map->members[i].value);
    if (reader->started_by && sample_of(reader, reader->started_by, &start))
        samples.start = &start;
    diag_clear(&diag);
    struct cel_program *program =
        condition_compile(reader->arena, value->string, value->length, &samples, &warnings, &diag);
    if (program && reader->references)
        rule_references_add(reader->references, reader->arena, program, reader->source, value);
    for (size_t i = 0; i < warnings.count; i++) {
        settings_fault_move(reader->source, value, &warnings.items[i]);
        diags_add(reader->diags, &warnings.items[i]);
    }
    diags_free(&warnings);
    if (!program) {
        settings_fault_move(reader->source, value, &diag);
        if (types == rule_clock_types && strncmp(diag.text, "unknown name", 12) == 0)
            diag_hint(&diag, "%s", hint_clock);
        if (!diag.hint[0] && value->length <= QUOTED_MOST && reads_as_text(value)) {
            if (may_be_text)
                hint_quotes(value, &diag);
            else
                diag_hint(&diag, "%s", hint_comparison);
        }
        diags_add(reader->diags, &diag);
    }
    return program;
}

struct cel_program *rule_expression(const struct rule_reader *reader, const struct value *value,
                                    const char *const *types)
{
    return compile(reader, value, types, true);
}

bool rule_expression_fits(const struct rule_reader *reader, const struct value *value,
                          const char *const *types)
{
    struct value members;
    struct diag unknown;
    if (!value_is(value, VALUE_STRING) || !sample_of(reader, types, &members))
        return true;
    const struct condition_samples samples = {.members = &members};
    return condition_compile(reader->arena, value->string, value->length, &samples, NULL, &unknown);
}

struct cel_program *rule_condition(const struct rule_reader *reader, const struct value *value,
                                   const char *const *types)
{
    struct cel_program *program = compile(reader, value, types, false);
    if (program && !cel_may_give(program, VALUE_BOOL))
        diag_hint(settings_fault(reader->diags, reader->source, value, DIAG_ERROR,
                                 "a condition must be true or false, and this one never is"),
                  "%s", hint_comparison);
    return program;
}
