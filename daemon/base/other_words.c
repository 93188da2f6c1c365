#include "base/other_words.h"

#include <stddef.h>
#include <string.h>

/* Each row: our word, and what automation tools, workflow files and clients of APIs call it. Of
 * several that mean the same, the first that there is counts. */
static const char *const rows[][9] = {
    {"on", "trigger", "triggers", "event", "every", "schedule", "cron"},
    {"if", "when", "condition", "conditions", "filter", "where"},
    {"until", "exit", "exit_on", "exit_when", "stop_on", "cancel_on", "cancel"},
    {"again", "reentry", "re_entry", "concurrency"},
    {"steps", "actions", "flow", "do"},
    {"wait", "delay", "sleep", "after", "pause"},
    {"send", "email", "mail", "message", "template"},
    {"limit", "frequency", "throttle"},
    {"about", "description", "comment", "note"},
    {"kind", "type", "driver"},
    {"class", "type", "category"},
    {"host", "server", "hostname"},
    {"url", "endpoint", "address", "uri", "host", "hostname", "server"},
    {"user", "username", "login"},
    {"listen", "port", "bind"},
    {"from", "start", "begin"},
    {"to", "until", "end", "recipient"},
    {"secret_file", "token", "api_key", "apikey", "key", "secret"},
    {"timezone", "tz", "zone"},
    {"cap", "frequency_cap", "limit"},
    {"enabled", "active"},
    {"test", "name"},
    {"given", "events"},
    /* Values. */
    {"marketing", "promotional", "promo", "campaign", "newsletter"},
    {"never", "no", "off", "none"},
    {"debug", "verbose", "trace"},
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
