#include "decide/only.h"

#include "base/mailbox.h"
#include "base/utf8.h"

/* After a `*` every place is tried; where a later one does not fit, the last `*` takes a byte more.
 */
static bool fits(const char *pattern, const char *text)
{
    const char *star = NULL, *behind = NULL;
    while (*text) {
        if (*pattern == '*') {
            star = pattern++;
            behind = text;
        } else if (*pattern == *text) {
            pattern++;
            text++;
        } else if (star) {
            pattern = star + 1;
            text = ++behind;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}

/* A domain with a `*` in it is none that has A-labels: then the letters are compared. */
bool only_admits(const char *const *patterns, const char *address, struct arena *arena)
{
    const struct slice given = utf8_trim(slice_of(address));
    if (!patterns)
        return true;
    for (; *patterns; patterns++) {
        const struct slice pattern = utf8_trim(slice_of(*patterns));
        if (fits(mailbox_form(arena, pattern), mailbox_form(arena, given)) ||
            fits(mailbox_fold(arena, pattern), mailbox_fold(arena, given)))
            return true;
    }
    return false;
}
