/* Waits for a time: the next local one, and the one that an expression gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "decide_fixture.h"

#define ANA        "\"customer\":{\"id\":7,\"email\":\"ana@example.com\",\"accepts_marketing\":true"
#define X(more)    "{\"type\":\"x\"" more "," ANA "}}"
#define IN(zone)   "{\"type\":\"x\"," ANA ",\"timezone\":\"" zone "\"}}"
#define Y(more)    "{\"type\":\"y\",\"customer\":{\"id\":7" more "}}"
#define RULE       "name: r\non: x\nagain: restart\nsteps:\n"
#define SEND       "- send: a\n"
#define AT(second) ",\"at\":\"" second "\""

enum { DAY = 86400 };

/* Second 0 is Monday, 2026-03-02, 10:00 in UTC, 12:00 in Helsinki. */
static const struct decide_play clocks[] = {
    {"the next such time of the customer",
     RULE "- wait: {until: \"14:30\"}\n" SEND,
     {{0, IN("Europe/Helsinki"), "r waits 9000"}, {8999, NULL, ""}, {9000, NULL, "r sends a"}}},
    {"of the shop where the customer's zone is not known",
     RULE "- wait: {until: \"14:30\"}\n" SEND,
     {{0, X(""), "r waits 16200"}, {1, IN("Nowhere/Land"), "r ended restart; r waits 16200"}}},
    {"strictly later than the event",
     RULE "- wait: {until: \"10:00\"}\n" SEND,
     {{0, X(""), "r waits 86400"}, {DAY, NULL, "r sends a"}}},
    {"a day of the week",
     RULE "- wait: {until: 9:00, on: [sat, wed]}\n" SEND,
     {{0, X(""), "r waits 169200"}}},
    {"today is one, and its time has passed",
     RULE "- wait: {until: \"09:00\", on: mon}\n" SEND,
     {{0, X(""), "r waits 601200"}}},
    {"the next counts from the one before",
     RULE
     "- wait: {until: \"11:00\"}\n- send: a\n- wait: {until: \"11:00\"}\n- send: b\n- wait: 1h\n"
     "- send: c\n",
     {{0, X(""), "r waits 3600"},
      {3601, NULL, "r waits 90000; r sends a"},
      {90000, NULL, "r waits 93600; r sends b"},
      {93600, NULL, "r sends c"}}},
    {"after downtime from then",
     RULE "- wait: {until: \"11:00\"}\n- send: a\n- wait: {until: \"11:30\"}\n- send: b\n",
     {{0, X(""), "r waits 3600"}, {7200, NULL, "r waits 91800; r sends a"}}},
    {"one that nobody was there for is done late, not a day later",
     RULE "- wait: {until: \"09:00\"}\n" SEND,
     {{0, X(",\"time\":\"2026-03-02T08:00:00Z\""), "r waits -3600"}, {1, NULL, "r sends a"}}},
    {"a zone that changes meanwhile changes nothing",
     RULE "- wait: {until: \"14:30\"}\n" SEND,
     {{0, IN("Europe/Helsinki"), "r waits 9000"},
      {1, Y(",\"timezone\":\"Asia/Kolkata\""), ""},
      {9000, NULL, "r sends a"}}},
    {"beside a send",
     "name: r\non: x\nagain: restart\nwait: {until: \"11:00\", on: [mon]}\nsend: a\n",
     {{0, X(""), "r waits 3600"}, {3600, NULL, "r sends a"}}},
};

/* 2026-03-29 00:00 in UTC, when Europe's summer time begins at 01:00; 10-03 12:00; 10-25 00:00. */
enum { SPRING = 26 * DAY + 14 * 3600, OCTOBER = 215 * DAY + 7200, AUTUMN = 237 * DAY - 36000 };

static const struct decide_play savings[] = {
    {"a zone without",
     RULE "- wait: {until: \"09:00\"}\n" SEND,
     {{0, IN("Asia/Kolkata"), "r waits 63000"}}},
    {"New York: 02:30 is skipped, and is 03:30",
     RULE "- wait: {until: \"02:30\", on: sun}\n" SEND,
     {{0, IN("America/New_York"), "r waits 509400"}}},
    {"Helsinki: 03:30 is 04:30",
     RULE "- wait: {until: \"03:30\"}\n" SEND,
     {{SPRING, IN("Europe/Helsinki"), "r waits 2.3022e+06"}}},
    {"the day after has it again",
     RULE "- wait: {until: \"03:30\"}\n" SEND,
     {{SPRING + 5400, IN("Europe/Helsinki"), "r waits 2.385e+06"}}},
    {"Bucharest: of 03:30 that comes twice the first",
     RULE "- wait: {until: \"03:30\"}\n" SEND,
     {{AUTUMN, IN("Europe/Bucharest"), "r waits 2.04426e+07"}}},
    {"between the two, that of the next day",
     RULE "- wait: {until: \"03:30\"}\n" SEND,
     {{AUTUMN + 2700, IN("Europe/Bucharest"), "r waits 2.05326e+07"}}},
    {"Lord Howe: half an hour is skipped",
     RULE "- wait: {until: \"02:15\"}\n" SEND,
     {{OCTOBER, IN("Australia/Lord_Howe"), "r waits 1.85967e+07"}}},
};

static const struct decide_play moments[] = {
    {"a timestamp",
     RULE "- wait: {until: timestamp(at) - duration('1h')}\n" SEND,
     {{0, X(AT("2026-03-02T12:00:00Z")), "r waits 3600"}, {3600, NULL, "r sends a"}}},
    {"a later wait counts from it",
     RULE "- wait: {until: timestamp(at)}\n- send: a\n- wait: 1h\n- send: b\n",
     {{0, X(AT("2026-03-02T11:00:00Z")), "r waits 3600"}, {3601, NULL, "r waits 7200; r sends a"}}},
    {"in the past: at once, in this decision; the next counts as if it were not there",
     RULE "- wait: {until: timestamp(at)}\n- send: a\n- wait: 1h\n- send: b\n",
     {{5, X(AT("2026-03-02T10:00:05Z")), "r goes-on past; r waits 3605; r sends a"}}},
    {"skip: passes over the step behind",
     RULE "- wait: {until: timestamp(at), past: skip}\n- send: a\n- send: b\n",
     {{0, X(AT("2026-03-02T10:00:00Z")), "r passed-over past; r sends b"},
      {1, X(AT("2026-03-02T10:00:02Z")), "r withdrawn restart; r waits 2"},
      {2, NULL, "r sends a; r sends b"}}},
    {"the whole branch, both sides",
     RULE "- wait: {until: timestamp(at), past: skip}\n- if: vip\n  then: [{send: a}, {send: c}]\n"
          "  else: [{send: d}]\n- send: b\n",
     {{0, X(AT("2026-03-02T09:00:00Z")), "r passed-over past; r sends b"},
      {1, X(AT("2026-03-02T10:00:02Z") ",\"vip\":false"), "r withdrawn restart; r waits 2"},
      {2, NULL, "r sends d; r sends b"}}},
    {"a split",
     RULE "- wait: {until: timestamp(at), past: skip}\n- split: {name: n, shares: {a: 50, b: 50}}\n"
          "  then: {a: [{send: a}], b: [{send: c}]}\n- send: b\n",
     {{0, X(AT("2026-03-02T10:00:00Z")), "r passed-over past; r sends b"}}},
    {"a wait, too",
     RULE "- wait: {until: timestamp(at), past: skip}\n- wait: 1h\n- send: a\n",
     {{0, X(AT("2026-03-02T10:00:00Z")), "r passed-over past; r sends a"}}},
    {"two that skip: a reminder three days before, and one hour before",
     RULE "- wait: {until: timestamp(at) - duration('3d'), past: skip}\n- send: a\n"
          "- wait: {until: timestamp(at) - duration('1h'), past: skip}\n- send: b\n",
     {{0, X(AT("2026-03-06T10:00:00Z")), "r waits 86400"},
      {1, X(AT("2026-03-03T10:00:00Z")), "r ended restart; r passed-over past; r waits 82800"},
      {2, X(AT("2026-03-02T10:30:00Z")),
       "r ended restart; r passed-over past; r passed-over past"}}},
    {"the last of a branch goes on behind it",
     RULE "- if: 'true'\n  then:\n  - wait: {until: timestamp(at), past: skip}\n  - send: a\n"
          "  else: [{send: c}]\n- send: b\n",
     {{0, X(AT("2026-03-02T10:00:00Z")), "r passed-over past; r sends b"}}},
    {"a moved appointment takes the new time, and back",
     RULE "- wait: {until: timestamp(at)}\n- send: a\n",
     {{0, X(AT("2026-03-02T11:00:00Z")), "r waits 3600"},
      {1, X(AT("2026-03-02T12:00:00Z")), "r ended restart; r waits 7200"},
      {61, X(AT("2026-03-02T11:00:00Z")), "r ended restart; r waits 3600"},
      {3600, NULL, "r sends a"}}},
    {"a text is none: the journey fails, and says so",
     RULE "- wait: {until: dyn(at)}\n" SEND,
     {{0, X(AT("2026-03-02T11:00:00Z")),
       "r error a wait's `until` must be a timestamp, and this is a string"}}},
    {"so does what is not there",
     RULE "- wait: {until: timestamp(at)}\n" SEND,
     {{0, X(""), "r error at: no such field"}}},
    {"a birthday's morning, and it may be past by now",
     RULE "- wait: {until: 'next_date(customer.born, \"11:00\")'}\n" SEND,
     {{0, "{\"type\":\"x\"," ANA ",\"born\":\"1990-03-02\"}}", "r waits 3600"},
      {1, "{\"type\":\"x\"," ANA ",\"born\":\"03-02\"}}", "r ended restart; r waits 3600"}}},
    {"of its own start",
     RULE "- wait: {until: started + duration('90m')}\n" SEND,
     {{0, X(""), "r waits 5400"}, {5400, NULL, "r sends a"}}},
    {"the end of the calendar",
     RULE "- wait: {until: timestamp('9999-12-31T23:59:59Z')}\n" SEND,
     {{0, X(""), "r waits 2.5163e+11"}, {DAY, NULL, ""}}},
};

static void test_clocks(void **state)
{
    (void)state;
    decide_fixture_play_all(clocks, sizeof clocks / sizeof *clocks, NULL);
}

static void test_savings(void **state)
{
    (void)state;
    decide_fixture_play_all(savings, sizeof savings / sizeof *savings, NULL);
}

static void test_moments(void **state)
{
    (void)state;
    decide_fixture_play_all(moments, sizeof moments / sizeof *moments, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clocks),
        cmocka_unit_test(test_savings),
        cmocka_unit_test(test_moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
