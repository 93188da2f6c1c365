#include "ctl/cells.h"

#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "base/utf8.h"

enum { COLUMNS_STANDARD = 80, LINES_STANDARD = 24 };

/* The C library's table of widths, whatever the locale is: C.UTF-8 is in libc itself. */
static int width_of(uint32_t point)
{
    static locale_t widths;
    if (!widths)
        widths = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (!widths)
        return 1;
    locale_t before = uselocale(widths);
    int width = wcwidth((wchar_t)point);
    uselocale(before);
    return width < 0 ? 1 : width;
}

size_t cells_width(const char *text)
{
    size_t cells = 0, length = strlen(text);
    for (size_t at = 0, bytes; at < length; at += bytes)
        cells += (size_t)width_of(utf8_decode(text + at, length - at, &bytes));
    return cells;
}

size_t cells_fit(const char *text, size_t cells)
{
    size_t length = strlen(text), at = 0;
    for (size_t bytes; at < length; at += bytes) {
        size_t width = (size_t)width_of(utf8_decode(text + at, length - at, &bytes));
        if (width > cells)
            break;
        cells -= width;
    }
    return at;
}

static size_t of_environment(const char *name, size_t otherwise)
{
    const char *text = getenv(name);
    long number = text ? strtol(text, NULL, 10) : 0;
    return number > 0 && number < 10000 ? (size_t)number : otherwise;
}

void cells_of_terminal(size_t *columns, size_t *lines)
{
    struct winsize size = {0};
    *columns = *lines = 0;
    if (!isatty(STDOUT_FILENO))
        return;
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    *columns = size.ws_col ? size.ws_col : of_environment("COLUMNS", COLUMNS_STANDARD);
    *lines = size.ws_row ? size.ws_row : of_environment("LINES", LINES_STANDARD);
}
