/* A form that was posted, in either encoding: the first line is the content type. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "web/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data, *line = size ? memchr(text, '\n', size) : NULL;
    struct arena *arena = arena_new(8192);
    const char *type = line ? arena_copy(arena, text, (size_t)(line - text)) : NULL;
    struct slice body = line ? slice_between(line + 1, text + size) : (struct slice){text, size};
    struct form form;
    if (form_read(arena, type, body, &form)) {
        if (form.count > FORM_FIELDS_MOST || body.length > FORM_BODY_MOST)
            abort();
        for (size_t i = 0; i < form.count; i++)
            if (strlen(form.fields[i].name) + strlen(form.fields[i].value) > body.length)
                abort();
    }
    arena_destroy(&arena);
    return 0;
}
