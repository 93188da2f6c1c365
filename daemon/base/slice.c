#include "base/slice.h"

struct slice slice_trim(struct slice slice, const char *blanks)
{
    while (slice.length && memchr(blanks, *slice.text, strlen(blanks))) {
        slice.text++;
        slice.length--;
    }
    while (slice.length && memchr(blanks, slice.text[slice.length - 1], strlen(blanks)))
        slice.length--;
    return slice;
}
