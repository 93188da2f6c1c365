#include "liquid/liquid_scope.h"

#include "liquid/liquid_value.h"

enum { FIRST_CAPACITY = 8 };

struct value *liquid_scope_find(const struct liquid_bindings *bindings,
                                const struct liquid_name *name)
{
    for (uint32_t i = bindings->count; i-- > 0;)
        if (liquid_name_is(&bindings->items[i].name, name))
            return &bindings->items[i].value;
    return NULL;
}

bool liquid_scope_push(struct liquid_run *run, struct liquid_bindings *bindings,
                       const struct liquid_name *name, struct value value)
{
    if (bindings->count == bindings->capacity) {
        uint32_t capacity = bindings->capacity ? bindings->capacity * 2 : FIRST_CAPACITY;
        struct liquid_binding *items = liquid_run_room(run, sizeof *items * capacity);
        if (!items)
            return false;
        if (bindings->count)
            memcpy(items, bindings->items, sizeof *items * bindings->count);
        bindings->items = items;
        bindings->capacity = capacity;
    }
    bindings->items[bindings->count++] = (struct liquid_binding){*name, value};
    return true;
}

bool liquid_scope_set(struct liquid_run *run, struct liquid_bindings *bindings,
                      const struct liquid_name *name, struct value value)
{
    struct value *found = liquid_scope_find(bindings, name);
    if (!found)
        return liquid_scope_push(run, bindings, name, value);
    *found = value;
    return true;
}

/* What `self` is, unless something of that name is in scope. The scope outlives it: it
 * cannot be handed to a caller. */
static const struct value *find_self(struct liquid_scope *scope, const struct liquid_name *name)
{
    if (name->length != 4 || memcmp(name->text, "self", 4) != 0)
        return NULL;
    scope->self =
        (struct value){.kind = VALUE_EXTENSION, .length = LIQUID_EXTENSION_SELF, .other = scope};
    return &scope->self;
}

const struct value *liquid_scope_variable(struct liquid_run *run, struct liquid_scope *scope,
                                          const struct liquid_name *name)
{
    const struct value *found = liquid_scope_find(&scope->inner, name);
    if (!found)
        found = liquid_scope_find(&scope->locals, name);
    if (found)
        return found;
    found = liquid_scope_find(&scope->counters, name);
    if (!found)
        found = value_find(scope->data, name->text, name->length);
    if (!found || found->kind == VALUE_NULL)
        found = value_find(run->input->shared, name->text, name->length);
    return found ? found : find_self(scope, name);
}
