/* The forms in which `preview` shows a message. */
#ifndef NUDGED_CTL_PREVIEW_FORM_H
#define NUDGED_CTL_PREVIEW_FORM_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/diag.h"
#include "ctl/draft.h"
#include "templates/templates.h"

enum preview_form {
    PREVIEW_FORM_TEXT,   /* the main headers, and the text part */
    PREVIEW_FORM_HTML,   /* the HTML part */
    PREVIEW_FORM_EML,    /* all of it, as its gateway gets it */
    PREVIEW_FORM_SOURCE, /* the files of the template folder that it is made from */
    PREVIEW_FORMS,
};

/* "text", "html", "eml", "source"; NULL-terminated. */
extern const char *const preview_form_names[];

struct preview_form_input {
    const struct templates *templates;
    const char *folder; /* of the templates */
    const struct draft *draft;
    struct arena *arena;
};

/* Appends the message. False where it cannot be made, or has no such part. */
bool preview_form_write(const struct preview_form_input *input, enum preview_form form,
                        struct buf *out, struct diag *diag);

#endif
