#include "send/outcome.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

void outcome_set(struct outcome *outcome, enum outcome_kind kind)
{
    *outcome = (struct outcome){.kind = kind};
}

void outcome_blame(struct outcome *outcome)
{
    outcome->kind = OUTCOME_GATEWAY_FAULT;
    outcome->suspect = OUTCOME_UNSUSPECTED;
}

void outcome_words(struct outcome *outcome, const char *bytes, size_t length)
{
    size_t used = utf8_one_line(bytes, length, outcome->text, sizeof outcome->text - 1);
    outcome->text[used] = '\0';
}

void outcome_printf(struct outcome *outcome, const char *format, ...)
{
    char text[4 * OUTCOME_TEXT_SIZE];
    va_list args;
    va_start(args, format);
    if (vsnprintf(text, sizeof text, format, args) < 0)
        text[0] = '\0';
    va_end(args);
    outcome_words(outcome, text, strlen(text));
}

void outcome_id(struct outcome *outcome, const char *id)
{
    char line[OUTCOME_ID_SIZE + 1];
    size_t used = utf8_one_line(id, strlen(id), line, sizeof line);
    if (used >= OUTCOME_ID_SIZE)
        used = 0;
    memcpy(outcome->id, line, used);
    outcome->id[used] = '\0';
}
