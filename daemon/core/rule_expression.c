#include "core/rule_expression.h"

#include <stdio.h>
#include <string.h>

#include "core/condition.h"

enum { QUOTED_MOST = 120 }; /* bytes of a text that a hint shows in quotes */

static const char hint_comparison[] =
    "compare it with something: customer.count(\"order.placed\") > 0";

/* The bytes of line `number` (from 1) of a source; NULL past its end. */
static const char *line_of(const struct settings_source *source, uint32_t number)
{
    const char *at = source->text, *end = at ? at + source->length : NULL;
    while (at && --number > 0) {
        at = memchr(at, '\n', (size_t)(end - at));
        at = at ? at + 1 : NULL;
    }
    return at;
}

/* Moves a place within an expression to where that stands in its file: behind
 * the opening quote, or below the `|` of a block. */
static void move_place(const struct settings_source *source, const struct value *value,
                       struct diag *diag)
{
    uint32_t line = value->place.line, column = value->place.column;
    const char *start = line_of(source, line);
    char first = value->flags & VALUE_PLAIN || !start ? 'p' : start[column - 1];
    diag_file(diag, source->file);
    if (first == '|' || first == '>') {
        const char *text = line_of(source, line + diag->line);
        size_t indent = text ? strspn(text, " ") : 0;
        diag_place(diag, line + diag->line, diag->column + (uint32_t)indent, diag->width);
    } else if (diag->line == 1) {
        bool quoted = first == '"' || first == '\'';
        diag_place(diag, line, column + diag->column - 1 + quoted, diag->width);
    } else {
        diag_place(diag, line, column, 1);
    }
    if (source->text)
        diag_excerpt(diag, source->text, source->length);
}

/* The data members that events of all these types may have, or NULL where one of
 * them is not known. */
static bool sample_of(const struct rule_reader *reader, const char *const *types,
                      struct value *sample)
{
    if (!value_count(reader->known_events))
        return false;
    *sample = value_new_map(reader->arena, 8);
    for (; *types; types++) {
        const struct value *known = value_get(reader->known_events, *types);
        if (!known)
            return false;
        *sample = value_merge(reader->arena, sample, known);
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
    struct value sample;
    bool known = sample_of(reader, types, &sample);
    diag_clear(&diag);
    struct cel_program *program = condition_compile(reader->arena, value->string, value->length,
                                                    known ? &sample : NULL, &warnings, &diag);
    for (size_t i = 0; i < warnings.count; i++) {
        move_place(reader->source, value, &warnings.items[i]);
        diags_add(reader->diags, &warnings.items[i]);
    }
    diags_free(&warnings);
    if (!program) {
        move_place(reader->source, value, &diag);
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
