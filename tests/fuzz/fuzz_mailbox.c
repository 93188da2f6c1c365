/* An address: it has a form, which is UTF-8 where it is, and its own form. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mailbox.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct slice address = {(const char *)data, size};
    if (size > 254 || (size && memchr(data, '\0', size)))
        return 0;
    struct arena *arena = arena_new(16 * 1024);
    const char *form = mailbox_form(arena, address);
    if (strcmp(mailbox_form(arena, slice_of(form)), form) != 0)
        abort();
    if (utf8_valid(address.text, size) && !utf8_valid(form, strlen(form)))
        abort();
    mailbox_former_form(arena, address);
    mailbox_old_form(arena, address);
    arena_destroy(&arena);
    return 0;
}
