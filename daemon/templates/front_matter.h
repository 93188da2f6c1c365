/*
 * What stands between the two `---` lines at the top of a template: YAML, whose
 * places count within the file.
 */
#ifndef NUDGED_TEMPLATES_FRONT_MATTER_H
#define NUDGED_TEMPLATES_FRONT_MATTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/diag.h"
#include "base/settings.h"
#include "base/value.h"

extern const struct setting front_matter_settings[]; /* its keys: for the reference */

enum { FRONT_MATTER_FILES_MOST = 50 };

/* VALUE_NULL or NULL: the key is absent. The texts of templates are strings with places. */
struct front_matter {
    struct value subject, preheader, from, reply_to;
    const char *layout;
    const struct value *layout_at; /* where it is written; NULL: nowhere */
    struct value attachments;      /* a list, as it stands: front_matter_attachment reads an item */
    struct value headers;          /* a map of strings */
};

/* Reads the front matter of a whole file, if it has any. `*body` is the offset of what
 * follows, `*line` the line there (from 1). False where errors were added. */
bool front_matter_read(struct arena *arena, const struct settings_source *source,
                       struct front_matter *front, size_t *body, uint32_t *line,
                       struct diags *diags);

/* `terms.pdf`, or {file: img/logo.png, name: Logo.png, cid: logo, type: image/png}. */
struct front_matter_file {
    const char *file; /* a path within the template folder */
    const char *name; /* default: the last part of the path */
    const char *cid;  /* shown inline as cid:…; NULL: attached */
    const char *type; /* default: by the ending */
};

bool front_matter_attachment(struct arena *arena, const struct settings_source *source,
                             const struct value *item, struct front_matter_file *file,
                             struct diags *diags);

#endif
