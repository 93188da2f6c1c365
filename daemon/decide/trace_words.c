#include "decide/trace_words.h"

#include <string.h>

/* The words of a table one behind the other, each with its NUL. */
#define WORD(name, word, meaning) word "\0"
static const char whats[] = TRACE_WHATS(WORD);
static const char whys[] = "\0" TRACE_WHYS(WORD); /* that of TRACE_WHY_NONE is empty */

static const char *nth_word(const char *words, int n)
{
    while (n-- > 0)
        words += strlen(words) + 1;
    return words;
}

const char *trace_what_word(enum trace_what what)
{
    return nth_word(whats, (int)what);
}

const char *trace_why_word(enum trace_why why)
{
    return nth_word(whys, (int)why);
}
