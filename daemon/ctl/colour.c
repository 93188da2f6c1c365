#include "ctl/colour.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Chosen once, by the command line, before anything is printed. */
static enum { AUTO, ALWAYS, NEVER } chosen = AUTO;

bool colour_choose(const char *when)
{
    static const char *const names[] = {"auto", "always", "never"};
    for (int i = 0; i < 3; i++)
        if (strcmp(when, names[i]) == 0) {
            chosen = i == 0 ? AUTO : i == 1 ? ALWAYS : NEVER;
            return true;
        }
    return false;
}

static bool terminal_knows_it(void)
{
    const char *no = getenv("NO_COLOR"), *kind = getenv("TERM");
    return !(no && *no) && kind && *kind && strcmp(kind, "dumb") != 0 && isatty(STDOUT_FILENO);
}

bool colour_is_on(void)
{
    return chosen == ALWAYS || (chosen == AUTO && terminal_knows_it());
}

/* SGR of ECMA-48, 8.3.117: the eight colours, which each terminal shows so that they can be read
 * on its background. */
const char *colour_begin(enum colour colour)
{
    static const char *const begins[COLOURS] = {
        [COLOUR_PLAIN] = "",        [COLOUR_STRONG] = "\x1b[1m", [COLOUR_FAINT] = "\x1b[2m",
        [COLOUR_GOOD] = "\x1b[32m", [COLOUR_WARN] = "\x1b[33m",  [COLOUR_BAD] = "\x1b[1;31m",
    };
    return colour_is_on() ? begins[colour] : "";
}

const char *colour_end(enum colour colour)
{
    return colour != COLOUR_PLAIN && colour_is_on() ? "\x1b[0m" : "";
}
