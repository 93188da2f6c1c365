#include "ctl/rule_test_table.h"

#include <stddef.h>

#include "ctl/rule_test.h"
#include "decide/trace_words.h"

#define ROW(struct_, member, type_, ...)                                                       \
    {                                                                                          \
        .key = #member, .type = type_, .offset = offsetof(struct struct_, member), __VA_ARGS__ \
    }

static const struct shape map_shape = {.kind = SHAPE_MAP};

/* A time with a zone, or without one the shop's. */
static const struct shape time_shape = {
    .kind = SHAPE_TEXT,
    .name = "time",
    .pattern = "^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\\.[0-9]+)?)?"
               "([Zz]|[+-][0-9]{2}:?[0-9]{2})?)?$"};

/* A length of time, also none. */
static const struct shape length_shape = {
    .kind = SHAPE_EITHER,
    .name = "length",
    .either = (const struct shape *const[]){
        &(const struct shape){.kind = SHAPE_AS, .as = SETTING_DURATION},
        &(const struct shape){.kind = SHAPE_NUMBER, .whole = true}, NULL}};

/* ---- given ---- */

static const struct setting event_settings[] = {
    {.key = "type",
     .type = SETTING_TEXT,
     .required = true,
     .help = "what happened, such as order.placed"},
    {.key = "customer", .type = SETTING_VALUE, .help = "who it is about, and what is said of them"},
    {0}};

static const struct shape event_shape = {.kind = SHAPE_KEYS, .table = event_settings, .open = true};

const struct setting rule_test_given_settings[] = {
    ROW(rule_test_moment, at, SETTING_VALUE, .help = "when: a time, without a zone the shop's",
        .shape = &time_shape),
    ROW(rule_test_moment, after, SETTING_VALUE, .help = "so long after the one before",
        .shape = &length_shape),
    ROW(rule_test_moment, event, SETTING_VALUE, .help = "an event as the shop pushes it",
        .shape = &event_shape),
    {.key = NULL},
};

static const struct shape given_shape = {
    .kind = SHAPE_EITHER,
    .name = "given",
    .either = (const struct shape *const[]){
        &(const struct shape){
            .kind = SHAPE_KEYS, .table = rule_test_given_settings, .may = "at event"},
        &(const struct shape){
            .kind = SHAPE_KEYS, .table = rule_test_given_settings, .may = "after event"},
        NULL}};

/* ---- expect ---- */

/* Words of the trace: why, and what was done. */
#define WORD(name, word, meaning) word,
static const char *const reasons[] = {TRACE_WHYS(WORD) TRACE_WHATS(WORD) NULL};
#undef WORD

const struct setting rule_test_expect_settings[] = {
    ROW(rule_test_expect, sent, SETTING_TEXT, .help = "a message of this template was sent"),
    ROW(rule_test_expect, not_sent, SETTING_TEXT, .help = "none of it was"),
    ROW(rule_test_expect, because, SETTING_TEXT, .help = "why not: a word of the trace",
        .shape = &(const struct shape){.kind = SHAPE_CHOICE, .words = reasons}),
    ROW(rule_test_expect, at, SETTING_VALUE, .help = "when", .shape = &time_shape),
    ROW(rule_test_expect, after, SETTING_VALUE, .help = "when, since the first of `given`",
        .shape = &length_shape),
    ROW(rule_test_expect, to, SETTING_TEXT, .help = "to which address"),
    ROW(rule_test_expect, via, SETTING_TEXT, .help = "by which channel"),
    ROW(rule_test_expect, rule, SETTING_TEXT, .help = "by which rule"),
    ROW(rule_test_expect, customer, SETTING_VALUE, .help = "to whom; or what is known of them"),
    ROW(rule_test_expect, data, SETTING_VALUE, .help = "a part of the message's data"),
    ROW(rule_test_expect, subject, SETTING_TEXT, .help = "the subject"),
    ROW(rule_test_expect, contains, SETTING_TEXT, .help = "a text that it has"),
    ROW(rule_test_expect, count, SETTING_INT, .fallback = "-1", .least = -1, .most = INT32_MAX,
        .help = "how many messages"),
    {.key = NULL},
};

static const struct setting of_customer[] = {{.key = "customer",
                                              .type = SETTING_VALUE,
                                              .help = "what is known of a customer in the end",
                                              .shape = &map_shape},
                                             {.key = NULL}};

#define FORM(needed, others, rows)                                                             \
    &(const struct shape)                                                                      \
    {                                                                                          \
        .kind = SHAPE_KEYS, .table = rule_test_expect_settings, .must = needed, .may = others, \
        .instead = rows                                                                        \
    }

static const struct shape expect_shape = {
    .kind = SHAPE_EITHER,
    .name = "expect",
    .either = (const struct shape *const[]){
        FORM("sent", "at after to via rule customer data subject contains count", NULL),
        FORM("not_sent", "because to via rule customer", NULL), FORM("count", "customer", NULL),
        FORM("customer", "", of_customer), NULL}};

/* ---- A document ---- */

const struct setting rule_test_document_settings[] = {
    {.key = "test",
     .type = SETTING_TEXT,
     .offset = offsetof(struct rule_test_document, name),
     .required = true,
     .help = "what is tested, in words"},
    ROW(rule_test_document, given, SETTING_VALUE, .required = true,
        .help = "what happens, in order",
        .shape = &(const struct shape){.kind = SHAPE_LIST, .of = &given_shape, .least = 1}),
    ROW(rule_test_document, tables, SETTING_VALUE, .help = "what `lookup` reads",
        .shape = &(const struct shape){.kind = SHAPE_MAP, .of = &map_shape}),
    ROW(rule_test_document, suppressed, SETTING_TEXTS,
        .help = "addresses that must not be written to"),
    ROW(rule_test_document, expect, SETTING_VALUE, .required = true, .help = "what must come of it",
        .shape = &(const struct shape){.kind = SHAPE_LIST, .of = &expect_shape, .least = 1}),
    {.key = NULL},
};

const struct shape rule_test_shape = {.kind = SHAPE_KEYS, .table = rule_test_document_settings};
