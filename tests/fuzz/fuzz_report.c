/* What a mail server hands to `nudgectl feedback`: any bytes; what is found in them is one line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "ctl/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"To", "Message-ID", "Return-Path"};
    struct report report;
    struct arena *arena = arena_new(64 * 1024);
    report_read(arena, (const char *)data, size, &report);
    if (strlen(report.words) >= REPORT_WORDS_SIZE ||
        utf8_has_control(report.words, strlen(report.words)) ||
        !utf8_valid(report.words, strlen(report.words)))
        abort();
    if (report.code && (report.code < 0 || report.code > 999))
        abort();
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = report_field(arena, report.returned, names[i]);
        if (value && strchr(value, '\n'))
            abort();
    }
    arena_destroy(&arena);
    return 0;
}
