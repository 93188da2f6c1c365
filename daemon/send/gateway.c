#include "send/gateway.h"

#include <string.h>

#include "send/http.h"
#include "send/maildir.h"
#include "send/smtp.h"

const struct gateway_kind *const gateway_kinds[] = {&smtp_kind, &http_kind, &maildir_kind, NULL};
const char *const gateway_names[] = {"smtp", "http", "maildir", NULL};

const struct gateway_kind *gateway_find(const char *name)
{
    for (size_t i = 0; gateway_kinds[i]; i++) {
        if (strcmp(gateway_kinds[i]->name, name) == 0)
            return gateway_kinds[i];
    }
    return NULL;
}

/* The row that `kind` names; NULL with an error. */
static const struct gateway_kind *choose_kind(const struct value *map,
                                              const struct settings_source *source,
                                              struct arena *arena, struct diags *diags)
{
    const struct value *kind = value_get(map, "kind");
    const char *name = value_to_text(arena, kind);
    const struct gateway_kind *found = name ? gateway_find(name) : NULL;
    if (found)
        return found;
    struct diag *diag;
    if (name)
        diag =
            settings_fault(diags, source, kind, DIAG_ERROR, "unknown kind of gateway `%s`", name);
    else
        diag = settings_fault(diags, source, kind ? kind : map, DIAG_ERROR,
                              "a gateway needs its `kind`");
    diag_hint(diag, "`kind` is smtp, http or maildir");
    if (name)
        diag_suggest(diag, name, gateway_names);
    return NULL;
}

const struct gateway_kind *gateway_read(const struct value *map,
                                        const struct settings_source *source, struct arena *arena,
                                        const void **settings, struct diags *diags)
{
    const struct gateway_kind *kind = choose_kind(map, source, arena, diags);
    if (!kind)
        return NULL;
    void *into = arena_zero(arena, kind->settings_size);
    if (!settings_read(kind->settings, map, source, into, arena, diags))
        return NULL;
    if (kind->check && !kind->check(into, map, source, diags))
        return NULL;
    *settings = into;
    return kind;
}
