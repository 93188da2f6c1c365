/*
 * Reads HTML that is written strictly, as templates that were made with care are: every
 * element closed in its order and standing where it may, so that its tree is what its tags
 * say, and nothing of HTML's rules for repairing comes into play. Of such a document it
 * tells what the parser would, in a tenth of the time. Of any other it says that it is not
 * sure; a fuzzer holds both against each other.
 */
#ifndef NUDGED_MAIL_HTML_STRICT_H
#define NUDGED_MAIL_HTML_STRICT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "mail/html_outline.h"

/* False: not sure; what was told so far is to be thrown away. `html` is UTF-8. */
bool html_strict_read(struct html_outline *outline, struct arena *arena, const char *html,
                      size_t length);

#endif
