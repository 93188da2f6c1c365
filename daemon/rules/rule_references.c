#include "rules/rule_references.h"

#include <stdio.h>
#include <string.h>

#include "base/word.h"
#include "cel/cel_calls.h"
#include "customer/customer_record.h"

struct checking {
    const struct rule_references_known *known;
    const struct rule_reference *reference; /* the one that is looked at */
    struct diags *diags;
};

void rule_references_add(struct rule_references *references, struct arena *arena,
                         const struct cel_program *program, const struct settings_source *source,
                         const struct value *value)
{
    struct rule_reference *reference = arena_zero(arena, sizeof *reference);
    *reference = (struct rule_reference){
        .program = program, .source = *source, .value = *value, .next = references->first};
    references->first = reference;
}

static void on_lookup(void *context, const struct cel_call *call)
{
    bool *looks_up = context;
    *looks_up |= call->method == CONDITION_LOOKUP;
}

const struct cel_program *const *rule_references_lookups(const struct rule_references *references,
                                                         const struct rule_reference *before,
                                                         struct arena *arena)
{
    const struct cel_program **programs = NULL;
    uint32_t count = 0, capacity = 0;
    for (const struct rule_reference *at = references->first; at != before; at = at->next) {
        bool looks_up = false;
        cel_calls(at->program, on_lookup, &looks_up);
        if (!looks_up)
            continue;
        programs = arena_grow(arena, programs, count, &capacity, sizeof *programs);
        programs[count++] = at->program;
    }
    if (count == 0)
        return NULL;
    programs = arena_grow(arena, programs, count, &capacity, sizeof *programs);
    programs[count] = NULL;
    return programs;
}

static bool has(const char *const *names, const struct value *name)
{
    for (; *names; names++)
        if (value_is_text(name, *names))
            return true;
    return false;
}

/* At the question's own bytes. `names` are those that may have been meant; NULL: none. */
static void tell(const struct checking *checking, const struct cel_call *call, struct diag *diag,
                 const char *const *names)
{
    const struct rule_reference *reference = checking->reference;
    const char *text = cel_text(reference->program);
    char name[128];
    diag->width = call->length;
    diag_offset(diag, text, strlen(text), call->offset);
    if (names) {
        snprintf(name, sizeof name, "%.*s", (int)call->argument->length, call->argument->string);
        diag_suggest(diag, name, names);
    }
    settings_fault_move(&reference->source, &reference->value, diag);
    diags_add(checking->diags, diag);
}

static void check_name(const struct checking *checking, const struct cel_call *call,
                       const char *const *names, const char *what, enum diag_level level)
{
    struct diag diag;
    if (!call->argument || !names || has(names, call->argument))
        return;
    diag_error(&diag, "there is no %s `%.*s`", what, (int)call->argument->length,
               call->argument->string);
    diag.level = level;
    diag_code(&diag, "no-such-name");
    tell(checking, call, &diag, names);
}

/* Of the times within a window only the newest are kept, so the count ends there. */
static void check_count(const struct checking *checking, const struct cel_call *call)
{
    struct diag diag;
    if (call->count < 2 || call->least <= CUSTOMER_TIMES_MOST)
        return;
    diag_error(&diag, "a count within a time is never more than %d", CUSTOMER_TIMES_MOST);
    diag.level = DIAG_WARNING;
    diag_code(&diag, "count-beyond");
    diag_hint(&diag, "the newest %d of each type are kept", CUSTOMER_TIMES_MOST);
    tell(checking, call, &diag, NULL);
}

/* Its name is part of a key in Redis. */
static void check_table(const struct checking *checking, const struct cel_call *call)
{
    struct diag diag;
    if (!call->argument || word_is_plain(call->argument->string, call->argument->length))
        return;
    diag_error(&diag, "`%.*s` cannot be the name of a table", (int)call->argument->length,
               call->argument->string);
    diag_code(&diag, "no-such-name");
    diag_hint(&diag, "%s", word_hint);
    tell(checking, call, &diag, NULL);
}

/* What one round of reading answers is what the next one asks for, and there are two. */
static void check_depth(const struct checking *checking, const struct cel_call *call)
{
    struct diag diag;
    if (call->depth != LOOKUPS_ROUNDS + 1)
        return;
    diag_error(&diag, "the key of this lookup depends on %d others, one behind the other",
               LOOKUPS_ROUNDS);
    diag_code(&diag, "lookup-depth");
    diag_hint(&diag, "tables are read in %d rounds: the key of a lookup may depend on one other",
              LOOKUPS_ROUNDS);
    tell(checking, call, &diag, NULL);
}

static void on_call(void *context, const struct cel_call *call)
{
    const struct checking *checking = context;
    const struct rule_references_known *known = checking->known;
    switch ((enum condition_method)call->method) {
    case CONDITION_SENT:
        check_name(checking, call, known->rules, "rule", DIAG_WARNING);
        break;
    case CONDITION_SEGMENT:
        check_name(checking, call, known->segments, "segment", DIAG_ERROR);
        break;
    case CONDITION_COUNT:
        check_count(checking, call);
        check_name(checking, call, known->types, "event type", DIAG_WARNING);
        break;
    case CONDITION_FIRST:
    case CONDITION_LAST:
        check_name(checking, call, known->types, "event type", DIAG_WARNING);
        break;
    case CONDITION_LOOKUP:
        check_table(checking, call);
        check_depth(checking, call);
        break;
    }
}

void rule_references_check(const struct rule_references *references,
                           const struct rule_references_known *known, struct diags *diags)
{
    struct checking checking = {.known = known, .diags = diags};
    for (checking.reference = references->first; checking.reference;
         checking.reference = checking.reference->next)
        cel_calls(checking.reference->program, on_call, &checking);
}

void rule_references_check_fields(const struct rule_references *references, struct arena *arena,
                                  const struct rule_references_known *known, struct diags *diags)
{
    const struct condition_samples samples = {.customer = known->customer, .start = known->start};
    for (const struct rule_reference *at = references->first; at; at = at->next) {
        const char *text = cel_text(at->program);
        struct diags warnings = {0};
        condition_compile(arena, text, strlen(text), &samples, &warnings, NULL);
        for (size_t i = 0; i < warnings.count; i++) {
            if (strcmp(warnings.items[i].code, "cel-field") != 0)
                continue;
            settings_fault_move(&at->source, &at->value, &warnings.items[i]);
            diags_add(diags, &warnings.items[i]);
        }
        diags_free(&warnings);
    }
}
