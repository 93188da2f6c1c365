/* The path of a file in the template folder, taken apart: "cart/reminder.pt-BR.html.liquid". */
#ifndef NUDGED_TEMPLATES_TEMPLATES_PATH_H
#define NUDGED_TEMPLATES_TEMPLATES_PATH_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"

#define TEMPLATES_PATH_SUFFIX ".liquid" /* of all files that are templates */

struct templates_path {
    const char *name;   /* "cart/reminder": letters, digits, `-`, `_` and `/` */
    const char *locale; /* "pt-BR", also for pt_BR; "" without one */
    const char *kind;   /* "html", "text"; of any other kind it is a gateway's body */
};

/* Of a file outside of layouts/, snippets/ and locales/. In the arena. */
bool templates_path_read(struct arena *arena, const char *path, struct templates_path *parts,
                         struct diag *diag);

/* Without the folder in front ("layouts/"; "" for none) and the suffix behind. In the arena. */
char *templates_path_stem(struct arena *arena, const char *path, const char *folder);

/* Cuts the last ".part" off the last component, and returns it: "html"; "" where it has none. */
char *templates_path_cut(char *path);

#endif
