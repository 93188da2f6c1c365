#include "base/slice.h"

#include "base/arena.h"

struct slice slice_copy(struct arena *arena, struct slice slice)
{
    if (slice.text)
        slice.text = arena_copy(arena, slice.text, slice.length);
    return slice;
}

static bool is_among(char c, const char *blanks)
{
    for (; *blanks; blanks++)
        if (*blanks == c)
            return true;
    return false;
}

struct slice slice_trim(struct slice slice, const char *blanks)
{
    while (slice.length && is_among(*slice.text, blanks)) {
        slice.text++;
        slice.length--;
    }
    while (slice.length && is_among(slice.text[slice.length - 1], blanks))
        slice.length--;
    return slice;
}
