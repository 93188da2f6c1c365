#include "base/other_words.h"

#include <stddef.h>
#include <string.h>

/* Each row: our word, and what automation tools, workflow files and clients of APIs call it. Of
 * several that mean the same, the first that there is counts. */
static const char *const rows[][8] = {
    {"on", "trigger", "triggers", "event"},
    {"if", "when", "condition", "conditions", "filter", "where"},
    {"until", "exit", "exit_on", "exit_when", "stop_on", "cancel_on", "cancel"},
    {"again", "reentry", "re_entry", "concurrency"},
    {"steps", "actions", "flow", "do"},
    {"wait", "delay", "sleep", "after", "pause"},
    {"send", "email", "mail", "message", "template"},
    {"limit", "frequency", "throttle"},
    {"about", "description", "comment", "note"},
    {"kind", "type", "driver"},
    {"url", "endpoint", "address", "uri"},
    {"host", "server", "hostname"},
    {"secret_file", "token", "api_key", "apikey", "key", "secret"},
    {"timezone", "tz", "zone"},
    {"cap", "frequency_cap", "limit"},
};

static const char *find(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count && words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return words[i];
    return NULL;
}

const char *other_words_find(const char *word, const char *const *names)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!find(word, rows[i] + 1, sizeof rows[i] / sizeof *rows[i] - 1))
            continue;
        for (const char *const *name = names; *name; name++)
            if (strcmp(*name, rows[i][0]) == 0)
                return *name;
    }
    return NULL;
}
