/*
 * rule_read, at the end, goes through a document three times: by the table of keys
 * (rule_settings) into struct rule_text, which tells of unknown keys and wrong types; by hand
 * for what is more than a scalar, event types, expressions, `until` and the steps (rule_steps);
 * and last for what one key demands of another (read_behaviour).
 *
 * A fault is added to the reader's diags and reading goes on, so that one run tells of all of
 * them; a rule that had one is not given.
 */
#include "rules/rule_read.h"

#include <inttypes.h>
#include <string.h>

#include "base/share.h"
#include "base/word.h"
#include "cel/cel_reads.h"
#include "customer/customer_record.h"
#include "customer/said.h"
#include "rules/condition.h"
#include "rules/rule_channel.h"
#include "rules/rule_clock_read.h"
#include "rules/rule_collect.h"
#include "rules/rule_events.h"
#include "rules/rule_expression.h"
#include "rules/rule_step_kinds.h"
#include "rules/rule_steps.h"

/* A rule's keys as they are written. */
struct rule_text {
    const char *name, *about, *topic;
    bool enabled;
    int class, again, on_uncertain;
    struct value on, condition, per, while_, until, holdout, send, wait, steps;
    struct setting_rate limit;
    int64_t priority, max_age_ms, give_up_ms;
};

static const char *const classes[] = {"marketing", "transactional", NULL};
static const char *const agains[] = {"restart", "ignore", "parallel", "collect", NULL};
static const char *const uncertains[] = {"resend", "hold", NULL};

enum { DAY_MS = 24 * 60 * 60 * 1000 };

#define AT(field) .offset = offsetof(struct rule_text, field)

const struct setting rule_settings[] = {
    {.key = "name",
     .type = SETTING_TEXT,
     AT(name),
     .required = true,
     .reload = SETTING_RELOAD,
     .help = "`a-z 0-9 -`; in figures, logs and Message-IDs; unique over all files",
     .shape = &(const struct shape){.kind = SHAPE_TEXT, .pattern = "^[a-z0-9-]{1,64}$"}},
    {.key = "about",
     .type = SETTING_TEXT,
     AT(about),
     .reload = SETTING_RELOAD,
     .help = "prose, for people"},
    {.key = "enabled",
     .type = SETTING_BOOL,
     AT(enabled),
     .fallback = "true",
     .reload = SETTING_RELOAD,
     .help = "`false` ends its journeys (`disabled`)"},
    {.key = "class",
     .type = SETTING_CHOICE,
     AT(class),
     .fallback = "marketing",
     .choices = classes,
     .reload = SETTING_RELOAD,
     .help = "`transactional`: a receipt, an account matter; consent and caps do not apply"},
    {.key = "on",
     .type = SETTING_TEXTS,
     AT(on),
     .required = true,
     .reload = SETTING_RELOAD,
     .help = "an event type, or a list of them; or a clock: {every, at, on, spread}, {once, "
             "spread}",
     .shape =
         &(const struct shape){.kind = SHAPE_EITHER,
                               .either = (const struct shape *const[]){&rule_events_types_shape,
                                                                       &rule_clock_shape, NULL}}},
    {.key = "if",
     .type = SETTING_EXPRESSION,
     AT(condition),
     .reload = SETTING_RELOAD,
     .help = "a condition (CEL)"},
    {.key = "per",
     .type = SETTING_EXPRESSION,
     AT(per),
     .reload = SETTING_RELOAD,
     .help = "a text or a number, such as `order.id`: there is one journey for each value; "
             "default: for each customer"},
    {.key = "again",
     .type = SETTING_CHOICE,
     AT(again),
     .choices = agains,
     .reload = SETTING_RELOAD,
     .help = "what a new match does to the journey that runs; required in a rule that waits"},
    {.key = "while",
     .type = SETTING_EXPRESSION,
     AT(while_),
     .reload = SETTING_RELOAD,
     .help = "a condition that is asked before every send, set and emit: false ends the journey"},
    {.key = "until",
     .type = SETTING_VALUE,
     AT(until),
     .reload = SETTING_RELOAD,
     .help = "ends the journey: a type, {on, if}, or a list of these",
     .shape = &rule_events_shape},
    {.key = "limit",
     .type = SETTING_RATE,
     AT(limit),
     .least = 1,
     .most = CUSTOMER_COUNTED_MOST,
     .reload = SETTING_RELOAD,
     .help = "how many runs of this rule may send something to one customer within a time; if the "
             "rule sends nothing: set or emit something"},
    {.key = "priority",
     .type = SETTING_INT,
     AT(priority),
     .fallback = "0",
     .least = -1000,
     .most = 1000,
     .reload = SETTING_RELOAD,
     .help = "within one decision, who gets the last place under a cap; higher first"},
    {.key = "topic",
     .type = SETTING_TEXT,
     AT(topic),
     .fallback = "all",
     .reload = SETTING_RELOAD,
     .help = "what a customer can say yes or no to by itself",
     .shape = &(const struct shape){.kind = SHAPE_TEXT, .pattern = "^" WORD_PATTERN "$"}},
    {.key = "holdout",
     .type = SETTING_VALUE,
     AT(holdout),
     .reload = SETTING_RELOAD,
     .help = "a percentage of customers who never get it, to measure what it does; marketing only",
     .shape = &share_shape},
    {.key = "max_age",
     .type = SETTING_DURATION,
     AT(max_age_ms),
     .fallback = "24h",
     .most = 3650LL * DAY_MS,
     .reload = SETTING_RELOAD,
     .help = "an older event updates the customer and starts nothing"},
    {.key = "on_uncertain",
     .type = SETTING_CHOICE,
     AT(on_uncertain),
     .choices = uncertains,
     .reload = SETTING_RELOAD,
     .help = "what to do with a message whose gateway's answer was lost; default: `resend` for "
             "transactional, `hold` for marketing"},
    {.key = "give_up",
     .type = SETTING_DURATION,
     AT(give_up_ms),
     .fallback = "24h",
     .least = 60 * 1000,
     .most = 30LL * DAY_MS,
     .reload = SETTING_RELOAD,
     .help = "how long a message may wait for its gateway"},
    {.key = "send",
     .type = SETTING_VALUE,
     AT(send),
     .reload = SETTING_RELOAD,
     .help = "a template's name, or {template, via, to, from, data, code}",
     .shape = &rule_step_send_shape},
    {.key = "wait",
     .type = SETTING_VALUE,
     AT(wait),
     .reload = SETTING_RELOAD,
     .help = "how long before the `send` beside it",
     .shape = &rule_step_wait_shape},
    {.key = "steps",
     .type = SETTING_VALUE,
     AT(steps),
     .reload = SETTING_RELOAD,
     .help = "what to do, in order",
     .shape = &rule_steps_shape},
    {0},
};

const struct shape rule_shape = {.kind = SHAPE_KEYS,
                                 .table = rule_settings,
                                 .one_of = "send steps",
                                 .needs = (const char *const[]){"wait send", NULL}};

/* What a limit counts is remembered: all messages of so many runs must find their place. */
static void check_limit(const struct rule_reader *reader, const struct value *document,
                        const struct rule *rule)
{
    int64_t sends = 0;
    for (uint32_t i = 0; i < rule->step_count; i++)
        sends += rule->steps[i].kind == RULE_STEP_SEND;
    if (rule->limit.count * sends <= CUSTOMER_COUNTED_MOST)
        return;
    diag_hint(settings_fault(
                  reader->diags, reader->source, value_get(document, "limit"), DIAG_ERROR,
                  "`limit` is about %" PRId64 " messages to one customer, and %d are remembered",
                  rule->limit.count * sends, CUSTOMER_COUNTED_MOST),
              "a run of this rule may send %" PRId64 ": at most %" PRId64 " runs can be counted",
              sends, CUSTOMER_COUNTED_MOST / sends);
}

/* Folded, as what customers say is. */
static const char *read_topic(const struct rule_reader *reader, const struct value *document,
                              const char *topic)
{
    const struct value *place = value_get(document, "topic"), text = value_text(topic);
    if (!word_is_plain(topic, strlen(topic))) {
        diag_hint(settings_fault(reader->diags, reader->source, place, DIAG_ERROR,
                                 "`topic` must be a word such as offers"),
                  "%s", word_hint);
        return said_all;
    }
    const char *folded = said_topic(reader->arena, &text);
    if (reader->topics && strcmp(folded, said_all) != 0 && !rule_list_has(reader->topics, folded))
        diag_suggest(settings_fault(reader->diags, reader->source, place, DIAG_ERROR,
                                    "`topics` of the configuration has no `%s`", folded),
                     folded, reader->topics);
    return folded;
}

enum { NAME_MOST = 64 };

/* "Win back!" as a name may be written: win-back. */
static void hint_name(struct diag *diag, const char *name)
{
    char plain[NAME_MOST + 2];
    size_t length = 0;
    for (; *name && length <= NAME_MOST; name++) {
        const char c = *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : *name;
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            plain[length++] = c;
        else if (length > 0 && plain[length - 1] != '-')
            plain[length++] = '-';
    }
    length -= length > 0 && plain[length - 1] == '-';
    if (length > 0 && length <= NAME_MOST)
        diag_hint(diag, "write `%.*s`", (int)length, plain);
}

static void check_name(const struct rule_reader *reader, const struct value *document,
                       const char *name)
{
    if (!name)
        return;
    size_t good = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");
    if (name[good] || good == 0 || good > NAME_MOST)
        hint_name(settings_fault(reader->diags, reader->source, value_get(document, "name"),
                                 DIAG_ERROR,
                                 "a rule's name has 1 to 64 of the characters a-z, 0-9 and -"),
                  name);
}

static void read_until(const struct rule_reader *reader, const struct value *value,
                       struct rule *rule)
{
    const struct rule_events events = rule_events_read(reader, value, "until");
    rule->until = events.types;
    rule->until_plain = events.plain;
    rule->until_condition = events.condition;
}

static void read_per(const struct rule_reader *reader, const struct value *value, struct rule *rule)
{
    static const enum value_kind kinds[] = {VALUE_STRING, VALUE_INT, VALUE_UINT, VALUE_DOUBLE};
    bool may_be = false;
    rule->per = rule_expression(reader, value, rule->on);
    for (size_t i = 0; rule->per && i < sizeof kinds / sizeof *kinds; i++)
        may_be = may_be || cel_may_give(rule->per, kinds[i]);
    if (rule->per && !may_be)
        diag_hint(settings_fault(reader->diags, reader->source, value, DIAG_ERROR,
                                 "`per` must be a text or a number, and this never is one"),
                  "name what there is one journey for: per: order.id");
}

static void read_holdout(const struct rule_reader *reader, const struct value *value,
                         struct rule *rule)
{
    if (value->kind == VALUE_NULL)
        return;
    if (!share_read(value, &rule->holdout))
        diag_hint(settings_fault(reader->diags, reader->source, value, DIAG_ERROR,
                                 "`holdout` is a number from 0 to 100, with two decimals at most"),
                  "holdout: 10 is a tenth of all customers");
    else if (rule->class == RULE_TRANSACTIONAL && rule->holdout)
        diag_hint(settings_fault(reader->diags, reader->source, value, DIAG_ERROR,
                                 "`holdout` is for marketing: nobody is refused a receipt"),
                  "leave it out, or `class: transactional`");
    else if (rule->holdout && rule->holdout < SHARE_WHOLE / 100)
        diag_hint(settings_fault(reader->diags, reader->source, value, DIAG_WARNING,
                                 "`holdout` is less than one customer in a hundred"),
                  "holdout: 10 is a tenth of all customers");
}

static void read_behaviour(const struct rule_reader *reader, const struct value *document,
                           const struct rule_text *text, struct rule *rule)
{
    bool again = value_get(document, "again") != NULL;
    bool uncertain = value_get(document, "on_uncertain") != NULL;
    rule->again = again ? (enum rule_again)(text->again + 1) : RULE_AGAIN_UNSET;
    rule->on_uncertain = uncertain ? (enum rule_uncertain)(text->on_uncertain + 1)
                         : rule->class == RULE_MARKETING ? RULE_HOLD
                                                         : RULE_RESEND;
    if (rule->waits && !again)
        diag_hint(settings_fault(reader->diags, reader->source, document, DIAG_ERROR,
                                 "`again` is missing: this rule waits"),
                  "say what a new match does to the journey that runs: restart, ignore, "
                  "parallel or collect");
    if (rule->again == RULE_COLLECT)
        rule_collect_check(reader, rule);
}

/* The document, with nothing for `on` where that is a clock, which is read by itself. */
static struct value without_clock(const struct rule_reader *reader, const struct value *document)
{
    if (!value_is(value_get(document, "on"), VALUE_MAP))
        return *document;
    struct value patch = value_new_map(reader->arena, 1);
    value_set(reader->arena, patch, "on", value_new_list(reader->arena, 0));
    struct value rest = value_merge(reader->arena, document, &patch);
    rest.flags = document->flags;
    rest.place = document->place;
    return rest;
}

/* What starts the rule: event types, or a clock. */
static void read_on(const struct rule_reader *reader, const struct value *document,
                    const struct value *types, struct rule *rule)
{
    const struct value *on = value_get(document, "on");
    bool has_clock = value_is(on, VALUE_MAP);
    rule->on = has_clock ? rule_clock_types : rule_events_types(reader, types);
    rule->clock = has_clock ? rule_clock_read(reader, on) : NULL;
}

/* A text message has no address that it comes from: its gateway's template says as whom. */
static void check_sender(const struct rule_reader *reader, const struct rule_step *step)
{
    if (step->from && !step->mail)
        diag_hint(settings_fault(reader->diags, reader->source, step->from_at, DIAG_ERROR,
                                 "`from` is of mails alone, and `%s` has none", step->channel),
                  "write it into the front matter of the template");
}

/* Whoever it goes to has given no consent, and is shown no way out. */
static void check_recipient(const struct rule_reader *reader, const struct rule *rule,
                            const struct rule_step *step)
{
    if (step->to && rule->class == RULE_MARKETING)
        diag_hint(settings_fault(reader->diags, reader->source, step->to_at, DIAG_WARNING,
                                 "marketing to an address of its own has no link to "
                                 "unsubscribe"),
                  "what goes to somebody else is `class: transactional`; to the customer it "
                  "goes without `to`");
}

static void check_addresses(const struct rule_reader *reader, const struct rule *rule)
{
    for (uint32_t i = 0; i < rule->step_count; i++) {
        check_sender(reader, &rule->steps[i]);
        check_recipient(reader, rule, &rule->steps[i]);
    }
}

/* Where a key was taken to mean one of the two, that was told. */
static void check_deeds(const struct rule_reader *reader, const struct value *document)
{
    const struct value *list = value_get(document, "steps");
    bool none = !list || (list->kind == VALUE_LIST && value_count(list) == 0);
    if (none && !value_get(document, "send") &&
        !settings_meant(rule_settings, document, "send", reader->arena) &&
        !settings_meant(rule_settings, document, "steps", reader->arena))
        settings_fault(reader->diags, reader->source, document, DIAG_ERROR,
                       "the rule does nothing: `send` or `steps` is missing");
}

static void note_early(void *context, const struct cel_read *read)
{
    const char **early = context;
    if (read->root == CONDITION_ROOT_START)
        *early = "start";
    else if (read->root == CONDITION_ROOT_STARTED)
        *early = "started";
    else if (read->root == CONDITION_ROOT_WAITED)
        *early = "waited";
}

/* What is only there once a journey has begun is never there in the rule's own `if` and `per`. */
static void check_beginning(const struct rule_reader *reader, const struct value *value,
                            const struct cel_program *program, const char *key)
{
    const char *early = NULL;
    if (program)
        cel_reads(program, note_early, &early);
    if (early)
        diag_hint(settings_fault(reader->diags, reader->source, value, DIAG_WARNING,
                                 "there is no `%s` yet when the rule's `%s` is asked", early, key),
                  "the event itself is meant: its data by their own names, and event.time");
}

static bool is_rule_key(const struct value *key)
{
    const struct setting *setting = rule_settings;
    while (setting->key && !value_is_text(key, setting->key))
        setting++;
    return setting->key != NULL;
}

/* A mapping, or a list of them. */
static bool holds_mapping(const struct value *value)
{
    return value->kind == VALUE_MAP || (value_is(value, VALUE_LIST) && value_count(value) > 0 &&
                                        value->list->items[0].kind == VALUE_MAP);
}

/* `rules:` with a list of rules below it, or a rule's name with its keys below: told once, and not
 * of each key that is missing therefore. */
static bool refuse_wrapping(const struct rule_reader *reader, const struct value *document)
{
    const struct value_member *found = NULL;
    for (uint32_t i = 0; i < value_count(document); i++) {
        const struct value_member *member = &document->map->members[i];
        if (is_rule_key(&member->key))
            return false;
        if (!found && holds_mapping(&member->value))
            found = member;
    }
    if (!found)
        return false;
    const char *word = value_to_text(reader->arena, &found->key);
    struct diag *diag = settings_fault(reader->diags, reader->source, &found->key, DIAG_ERROR,
                                       "no rule stands below `%s`", word ? word : "");
    diag_code(diag, "wrapped");
    diag_hint(diag,
              "each YAML document is one rule: `name`, `on` and `steps` begin the line; `---` "
              "stands between two rules");
    return true;
}

struct rule *rule_read(const struct rule_reader *reader, const struct value *document)
{
    struct rule_text text = {0};
    size_t errors = reader->diags->errors;
    if (document->kind != VALUE_MAP) {
        diag_hint(settings_fault(reader->diags, reader->source, document, DIAG_ERROR,
                                 "a rule must be a mapping of keys, not %s",
                                 value_kind_name((enum value_kind)document->kind)),
                  "each YAML document is one rule; `---` stands between several");
        return NULL;
    }
    if (refuse_wrapping(reader, document))
        return NULL;
    const struct value known = without_clock(reader, document);
    settings_read(rule_settings, &known, reader->source, &text, reader->arena, reader->diags);
    check_name(reader, document, text.name);
    struct rule *rule = arena_zero(reader->arena, sizeof *rule);
    *rule = (struct rule){
        .name = text.name ? text.name : "",
        .about = text.about ? text.about : "",
        .enabled = text.enabled,
        .class = (enum rule_class)text.class,
        .limit = text.limit,
        .priority = text.priority,
        .topic = read_topic(reader, document, text.topic),
        .max_age_ms = text.max_age_ms,
        .give_up_ms = text.give_up_ms,
        .file = reader->source->file,
        .line = document->place.line,
    };
    read_on(reader, document, &text.on, rule);
    struct rule_reader within = *reader;
    within.started_by = rule->on;
    reader = &within;
    rule->condition = rule_condition(reader, &text.condition, rule->on);
    read_per(reader, &text.per, rule);
    check_beginning(reader, &text.condition, rule->condition, "if");
    check_beginning(reader, &text.per, rule->per, "per");
    rule_collect_refuse(reader, &text.condition, rule->condition);
    rule_collect_refuse(reader, &text.per, rule->per);
    rule->while_condition = rule_condition(reader, &text.while_, rule->on);
    read_until(reader, &text.until, rule);
    read_holdout(reader, &text.holdout, rule);
    rule_steps_read(reader, document, rule);
    check_deeds(reader, document);
    rule_channel_settle(reader->channels, rule);
    check_addresses(reader, rule);
    check_limit(reader, document, rule);
    read_behaviour(reader, document, &text, rule);
    return reader->diags->errors == errors ? rule : NULL;
}
