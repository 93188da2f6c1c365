#include "send/gateway_kinds.h"

#include <string.h>

#include "base/buf.h"
#include "send/http.h"
#include "send/maildir.h"
#include "send/smtp.h"

const struct gateway_kind *const gateway_kinds[] = {&smtp_kind, &http_kind, &maildir_kind, NULL};

enum { KINDS = sizeof gateway_kinds / sizeof *gateway_kinds - 1 };

static const struct gateway_kind *find_kind(const char *name)
{
    for (size_t i = 0; i < KINDS; i++) {
        if (strcmp(gateway_kinds[i]->name, name) == 0)
            return gateway_kinds[i];
    }
    return NULL;
}

/* "`kind` is smtp, http or maildir", and which of them may be meant by `name`. */
static void hint_at_kinds(struct diag *diag, const char *name)
{
    const char *names[KINDS + 1] = {0};
    struct buf list;
    buf_init(&list, 256);
    for (size_t i = 0; i < KINDS; i++) {
        names[i] = gateway_kinds[i]->name;
        buf_printf(&list, "%s%s", i == 0 ? "" : i + 1 < KINDS ? ", " : " or ", names[i]);
    }
    diag_hint(diag, "`kind` is %s", buf_string(&list));
    if (name)
        diag_suggest(diag, name, names);
    buf_free(&list);
}

/* The row that `kind` names; NULL with an error. */
static const struct gateway_kind *choose_kind(const struct value *map,
                                              const struct settings_source *source,
                                              struct arena *arena, struct diags *diags)
{
    const struct value *kind = value_get(map, "kind");
    const char *name = value_to_text(arena, kind);
    const struct gateway_kind *found = name ? find_kind(name) : NULL;
    if (found)
        return found;
    struct diag *diag;
    if (name)
        diag =
            settings_fault(diags, source, kind, DIAG_ERROR, "unknown kind of gateway `%s`", name);
    else
        diag = settings_fault(diags, source, kind ? kind : map, DIAG_ERROR,
                              "a gateway needs its `kind`");
    hint_at_kinds(diag, name);
    return NULL;
}

const struct gateway_kind *gateway_kinds_read(const struct value *map,
                                              const struct settings_source *source,
                                              struct arena *arena, const void **settings,
                                              struct diags *diags)
{
    const struct gateway_kind *kind = choose_kind(map, source, arena, diags);
    if (!kind)
        return NULL;
    void *into = arena_zero(arena, kind->settings_size);
    bool right = settings_read(kind->settings, map, source, into, arena, diags);
    right &= !kind->check || kind->check(into, map, source, diags);
    if (!right)
        return NULL;
    *settings = into;
    return kind;
}
