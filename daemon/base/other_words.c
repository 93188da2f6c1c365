/*
 * Two tables: words of ours with what others call them, and words that have no counterpart here,
 * with what to do in their place.
 */
#include "base/other_words.h"

#include <stddef.h>
#include <string.h>

/* Each row: our word, and what automation tools, workflow files and clients of APIs call it. Of
 * several that mean the same, the first that there is counts. */
static const char *const rows[][12] = {
    {"every", "schedule", "cron", "interval", "repeat", "frequency"},
    {"or", "event"},
    {"on", "trigger", "triggers", "event", "every", "schedule", "cron", "days", "weekdays"},
    {"if", "when", "condition", "conditions", "filter", "where"},
    {"stop", "exit", "end", "finish", "return", "quit"},
    {"until", "exit", "exit_on", "exit_when", "stop_on", "cancel_on", "cancel"},
    {"again", "reentry", "re_entry", "concurrency"},
    {"then", "do", "steps", "yes"},
    {"else", "otherwise", "no"},
    {"steps", "actions", "flow", "do", "jobs", "tasks", "sequence", "journey"},
    {"wait", "delay", "sleep", "after", "pause", "time_delay"},
    {"template", "name", "id", "email", "mail", "message", "sms"},
    {"send", "email", "mail", "message", "template", "sms", "push", "notify"},
    {"split", "ab_test", "experiment", "random", "cohort"},
    {"set", "update", "update_profile", "update_attribute", "assign", "tag", "add_tag"},
    {"emit", "track", "publish", "fire", "dispatch"},
    {"id", "name", "label", "key", "title"},
    {"via", "channel", "gateway", "by"},
    {"for", "timeout", "within"},
    {"limit", "frequency", "throttle"},
    {"about", "description", "comment", "note"},
    {"kind", "type", "driver"},
    {"class", "type", "category"},
    {"host", "server", "hostname"},
    {"url", "endpoint", "address", "uri", "host", "hostname", "server"},
    {"user", "username", "login"},
    {"password_file", "pass", "password", "pwd"},
    {"path", "folder", "dir", "directory"},
    {"folder", "path", "dir", "directory"},
    {"listen", "port", "bind"},
    {"tls", "ssl", "encryption", "secure", "starttls"},
    {"from", "start", "begin"},
    {"to", "until", "end", "recipient"},
    {"secret_file", "token", "api_key", "apikey", "key", "secret"},
    {"timezone", "tz", "zone"},
    {"locale", "language", "lang"},
    {"cap", "frequency_cap", "limit"},
    {"enabled", "active"},
    {"subject", "title"},
    {"preheader", "preview_text", "preview"},
    {"test", "name"},
    {"given", "events"},
    {"expect", "then"},
    {"sample", "example", "properties", "data", "schema"},
    {"unsubscribe_url", "unsubscribe_link", "unsubscribe", "manage_preferences_link"},
    {"preferences_url", "preferences_link", "manage_preferences_url"},
    /* Tags and filters of templates. */
    {"assign", "set", "let", "var"},
    {"elsif", "elif", "elseif"},
    {"case", "switch"},
    {"size", "length", "len", "count"},
    {"downcase", "lower", "lowercase"},
    {"upcase", "upper", "uppercase"},
    {"capitalize", "title", "titlecase", "capfirst"},
    {"escape", "e", "force_escape"},
    {"raw", "safe"},
    {"money", "currency", "currency_format", "format_currency"},
    {"date", "strftime", "format_date", "date_format"},
    {"truncate", "truncatechars"},
    {"t", "trans", "translate"},
    /* Values. */
    {"marketing", "promotional", "promo", "campaign", "newsletter"},
    {"transactional", "tx", "service", "operational"},
    {"restart", "replace", "reset", "newest", "cancel_previous"},
    {"ignore", "skip", "drop", "once", "first", "no"},
    {"parallel", "allow", "queue", "multiple", "yes"},
    {"starttls", "yes", "tls", "on", "required"},
    {"smtps", "ssl", "implicit"},
    {"never", "no", "off", "none"},
    {"debug", "verbose", "trace"},
    {"day", "daily"},
    {"week", "weekly"},
    {"month", "monthly"},
    {"hour", "hourly"},
};

/* Each row: a word of ours that only one table has, by which that is known; what is none there,
 * and what to do. */
static const struct {
    const char *among, *word, *advice;
} rest[] = {
    {"again", "timezone",
     "`timezone` stands under `shop` in nudged.yaml; each customer may have their own"},
    {"again", "quiet_hours", "`quiet_hours` stand under `policy` in nudged.yaml"},
    {"again", "transactional", "write `class: transactional`"},
    {"again", "marketing", "write `class: marketing`, or leave it out"},
    {"again", "version", "rules have none: leave it out"},
    {"again", "subject", "the subject stands in the front matter of the template"},
    {"again", "from", "the sender stands in the front matter of the template, or `from` of `send`"},
    {"again", "then", "what a rule does is its `send` or its `steps`"},
    {"again", "at", "a clock is `on: {every: day, at: \"09:00\"}`"},
    {"again", "else", "branches are `steps`: `- if: …` with `then` and `else`"},
    {"spread", "if", "`if` stands beside `on`, not in it"},
    {"spread", "timezone", "each customer is asked by the clock of their own zone"},
    {"hour", "weekday", "`every: week` with `on: [mon, tue, wed, thu, fri]`"},
    {"hour", "weekdays", "`every: week` with `on: [mon, tue, wed, thu, fri]`"},
    {"hour", "monday", "`every: week` with `on: mon`"},
    {"hour", "sunday", "`every: week` with `on: sun`"},
    {"hour", "24h", "write `every: day`"},
    {"past", "at", "write `until: \"09:00\"`"},
    {"past", "timezone", "it is the clock of the customer's own zone"},
    {"past", "hours", "a length of time stands alone: `wait: 2h`"},
    {"past", "minutes", "a length of time stands alone: `wait: 30m`"},
    {"past", "weeks", "a length of time stands alone: `wait: 2w`"},
    {"past", "value", "a length of time stands alone: `wait: 2h`"},
    {"past", "unit", "a length of time stands alone: `wait: 2h`"},
    {"past", "duration", "a length of time stands alone: `wait: 2h`"},
    {"emit", "unit", "a length of time is one word: `wait: 2h`"},
    {"emit", "webhook",
     "a request goes as a `send`, by a channel whose gateway is of `kind: http`"},
    {"emit", "http", "a request goes as a `send`, by a channel whose gateway is of `kind: http`"},
    {"emit", "request",
     "a request goes as a `send`, by a channel whose gateway is of `kind: http`"},
    {"emit", "slack", "it goes as a `send`, by a channel whose gateway is of that kind"},
    {"emit", "switch", "branches are `if` with `then` and `else`; shares are a `split`"},
    {"emit", "case", "branches are `if` with `then` and `else`; shares are a `split`"},
    {"emit", "elif", "put another `- if: …` into the list under `else`"},
    {"emit", "elsif", "put another `- if: …` into the list under `else`"},
    {"emit", "elseif", "put another `- if: …` into the list under `else`"},
    {"emit", "goto", "steps only go downwards"},
    {"emit", "loop", "steps only go downwards; what repeats is a rule with a clock"},
    {"emit", "repeat", "steps only go downwards; what repeats is a rule with a clock"},
    {"emit", "while", "`while` stands beside the `steps`, and is asked before each send"},
    {"emit", "until", "`until` stands beside the `steps`; a wait is `- wait: {until: …}`"},
    {"emit", "wait_for", "write `- wait: {for: 3d, or: order.paid}`"},
    {"emit", "wait_until", "write `- wait: {until: \"09:00\"}`"},
    {"code", "subject", "the subject stands in the front matter of the template"},
    {"code", "cc", "a send is one message to one address: add a `send` with another `to`"},
    {"code", "bcc", "a send is one message to one address: add a `send` with another `to`"},
    {"code", "delay", "put a step `- wait: 1h` before it"},
    {"code", "wait", "put a step `- wait: 1h` before it"},
    {"code", "reply_to", "`reply_to` stands in the front matter of the template"},
    {"capture", "extends", "the layout is named in the front matter: `layout: default`"},
    {"capture", "block", "a layout shows the message by `{{ content }}`"},
    {"capture", "section", "a snippet is shown by `{% render 'name' %}`"},
    {"capture", "unsubscribe", "write `{{ unsubscribe_url }}`"},
    {"capture", "unsubscribe_url", "write `{{ unsubscribe_url }}`"},
    {"capture", "unsubscribe_link", "write `{{ unsubscribe_url }}`"},
    {"capture", "trans", "a translation is `{{ 'key' | t }}`"},
    {"capture", "blocktrans", "a translation is `{{ 'key' | t }}`"},
    {"capture", "currency_format", "write `{{ order.total | money }}`"},
    {"capture", "end", "each block ends by its own name: `endif`, `endfor`"},
    {"capture", "now", "write `{{ 'now' | date: '%Y' }}`"},
    {"downcase", "lookup", "fields are read by a point: `{{ customer.name }}`"},
    {"downcase", "floatformat", "write `| round: 2`, or `| money`"},
    {"downcase", "number_format", "write `| round: 2`, or `| money`"},
    {"gateways", "smtp", "a mail server is a gateway: `gateways: {relay: {kind: smtp, host: …}}`"},
    {"gateways", "timezone", "it stands under `shop`"},
    {"gateways", "locale", "it stands under `shop`"},
    {"gateways", "paths", "the folders are keys of their own: `rules`, `templates`, `state`"},
    {"gateways", "include", "the configuration is one file"},
    {"sentinel_user", "host", "it is a part of `url`: redis://127.0.0.1:6379/0"},
    {"sentinel_user", "port", "it is a part of `url`: redis://127.0.0.1:6379/0"},
    {"sentinel_user", "db", "it is a part of `url`: redis://127.0.0.1:6379/0"},
    {"sentinel_user", "database", "it is a part of `url`: redis://127.0.0.1:6379/0"},
    {"sentinel_user", "tls", "TLS is in the `url`: rediss://127.0.0.1:6380/0"},
    {"sentinel_user", "ssl", "TLS is in the `url`: rediss://127.0.0.1:6380/0"},
};

static const char *find(const char *word, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count && words[i]; i++)
        if (strcmp(words[i], word) == 0)
            return words[i];
    return NULL;
}

static const char *find_name(const char *word, const char *const *names)
{
    while (*names && strcmp(*names, word) != 0)
        names++;
    return *names;
}

const char *other_words_find(const char *word, const char *const *names)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!find(word, rows[i] + 1, sizeof rows[i] / sizeof *rows[i] - 1))
            continue;
        const char *name = find_name(rows[i][0], names);
        if (name)
            return name;
    }
    return NULL;
}

const char *other_words_advice(const char *word, const char *const *names)
{
    for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
        if (strcmp(rest[i].word, word) == 0 && find_name(rest[i].among, names))
            return rest[i].advice;
    return NULL;
}
