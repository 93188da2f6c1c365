#include "send/gateway_kinds.h"

#include <string.h>

#include "base/buf.h"
#include "send/http.h"
#include "send/maildir.h"
#include "send/preset.h"
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

/* "`kind` is smtp, http or maildir, or a preset: …", and which of them may be meant by `name`. */
static void hint_at_kinds(struct diag *diag, const char *name, struct arena *arena)
{
    const char *const *presets = preset_names(arena);
    size_t count = 0;
    while (presets[count])
        count++;
    const char **names = arena_zero(arena, sizeof *names * (KINDS + count + 1));
    struct buf list;
    buf_init(&list, 1024);
    for (size_t i = 0; i < KINDS; i++) {
        names[i] = gateway_kinds[i]->name;
        buf_printf(&list, "%s%s", i == 0 ? "" : i + 1 < KINDS ? ", " : " or ", names[i]);
    }
    for (size_t i = 0; i < count; i++) {
        names[KINDS + i] = presets[i];
        buf_printf(&list, "%s%s", i ? ", " : "; of http there is ", presets[i]);
    }
    diag_hint(diag, "`kind` is %s", buf_string(&list));
    if (name)
        diag_suggest(diag, name, names);
    buf_free(&list);
}

static struct diag *unknown_kind(const struct value *kind, const char *name,
                                 const struct value *map, const struct settings_source *source,
                                 struct diags *diags)
{
    const struct value *type = value_get(map, "type");
    if (!kind && type)
        kind = type;
    return name ? settings_fault(diags, source, kind, DIAG_ERROR, "unknown kind of gateway `%s`",
                                 name)
                : settings_fault(diags, source, kind ? kind : map, DIAG_ERROR,
                                 map->kind == VALUE_MAP ? "a gateway needs its `kind`"
                                                        : "a gateway is a mapping with its `kind`");
}

/* The kind that `kind` names; NULL with an error. */
static const struct gateway_kind *choose_kind(const struct value *map,
                                              const struct settings_source *source,
                                              struct arena *arena, struct diags *diags)
{
    const struct value *kind = value_get(map, "kind");
    const char *name = value_to_text(arena, kind);
    size_t errors = diags->errors;
    const struct gateway_kind *found = name ? find_kind(name) : NULL;
    if (name && !found)
        found = preset_kind(arena, name, diags);
    if (!found && diags->errors == errors) {
        struct diag *diag = unknown_kind(kind, name, map, source, diags);
        if (!kind && value_get(map, "type"))
            diag_hint(diag, "the key is `kind`, not `type`");
        else
            hint_at_kinds(diag, name, arena);
    }
    return found;
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
    struct gateway_common *common = into;
    bool right = settings_read(kind->settings, map, source, into, arena, diags);
    right &= bounds_read(&common->bounded, map, source, arena, &common->bounds, diags);
    if (kind->complete)
        kind->complete(kind, into, arena);
    right &= !kind->check || kind->check(into, map, source, diags);
    if (!right)
        return NULL;
    *settings = into;
    return kind;
}
