/* Reading one file of the template folder, and compiling what stands in it. */
#ifndef NUDGED_TEMPLATES_TEMPLATES_FILE_H
#define NUDGED_TEMPLATES_TEMPLATES_FILE_H

#include <stdbool.h>

#include "base/diag.h"
#include "base/value.h"
#include "templates/templates_set.h"

/* Reads FOLDER/path with its front matter (where `front` is set); NULL where errors were
 * added. Nothing is compiled yet. */
struct templates_file *templates_file_read(const struct templates *set, const char *path,
                                           bool front, struct diags *diags);

/* Likewise of a text that was read already. */
struct templates_file *templates_file_take(const struct templates *set, const char *path,
                                           const struct settings_source *source, bool front,
                                           struct diags *diags);

/* Reads FOLDER/path, a snippet, compiles it for HTML and for text, and puts it into the set under
 * the name. NULL where errors were added. */
const struct templates_snippet *templates_file_snippet(const struct templates *set,
                                                       const char *path, const char *name,
                                                       struct diags *diags);

/* Compiles the body of the file, escaping for HTML or not; NULL where an error was added. */
const struct liquid_template *templates_file_compile(const struct templates *set,
                                                     const struct templates_file *file, bool html,
                                                     struct diags *diags);

/* Compiles for HTML what was made of the file's body, on the same lines; NULL where it is
 * no template any more. */
const struct liquid_template *templates_file_compile_styled(struct templates *set,
                                                            const struct templates_file *file,
                                                            const char *text, size_t length);

/* Compiles a text of the front matter, not escaping; faults have their place in the file. */
const struct liquid_template *templates_file_compile_value(struct templates *set,
                                                           const struct templates_file *file,
                                                           const struct value *text,
                                                           struct diags *diags);

/* Adds an error about the file as a whole. */
struct diag *templates_file_fault(const struct templates *set, const char *path,
                                  struct diags *diags, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
