#include "decide/trace_reasons.h"

#include <string.h>

#define WORD(name, word, meaning) word,
static const char *const words[] = {TRACE_REASONS(WORD)};

const char *trace_reason_word(enum trace_reason reason)
{
    return words[reason];
}

enum trace_reason trace_reason_of(const char *word)
{
    for (int i = 0; i < TRACE_REASON_COUNT; i++)
        if (strcmp(words[i], word) == 0)
            return (enum trace_reason)i;
    return TRACE_REASON_REFUSED;
}
