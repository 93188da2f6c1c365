/* How items of a trace are told: a row for each word of the tables; one without a row fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "ctl/particulars.h"
#include "decide/trace_words.h"

#define COUNT(array) (sizeof array / sizeof *(array))
#define AT           "1772352000000" /* 2026-03-01 10:00:00 +02:00 */
#define TIME         "2026-03-01 10:00:00 +02:00"

/* "what" and "why" of each stand in the tables; members that former programs did not write are left
 * out of some. */
static const struct {
    const char *item, *text;
} rows[] = {
    {"\"what\":\"no-match\",\"why\":\"if\",\"rules\":[\"a\",\"b\"],\"more\":12",
     ": if: a, b and 12 more"},
    {"\"what\":\"no-match\",\"why\":\"if\",\"no\":\"cart.total >= "
     "50\",\"saw\":{\"cart.total\":12.5}",
     ": cart.total >= 50 (cart.total: 12.5)"},
    {"\"what\":\"no-match\",\"why\":\"other reasons\",\"rules\":[\"a\"]", ": other reasons: a"},
    {"\"what\":\"passed-over\",\"why\":\"duplicate\"", ": duplicate"},
    {"\"what\":\"passed-over\",\"why\":\"duplicate-differs\",\"since\":" AT,
     ": duplicate-differs (since " TIME ")"},
    {"\"what\":\"passed-over\",\"why\":\"disabled\"", ": disabled"},
    {"\"what\":\"passed-over\",\"why\":\"per\",\"fault\":\"order: no such field\"",
     ": per: order: no such field"},
    {"\"what\":\"passed-over\",\"why\":\"max-age\",\"most\":3600000", ": max-age (at most 1h)"},
    {"\"what\":\"passed-over\",\"why\":\"until\",\"by\":\"order.placed\",\"since\":" AT,
     ": until (by order.placed; at " TIME ")"},
    {"\"what\":\"passed-over\",\"why\":\"branch\",\"no\":\"n > 5\",\"saw\":{\"n\":3}",
     ": branch: n > 5 (n: 3)"},
    {"\"what\":\"passed-over\",\"why\":\"past\",\"since\":" AT, ": past (it was " TIME ")"},
    {"\"what\":\"passed-over\",\"why\":\"paused\",\"by\":\"ana@desk\",\"since\":" AT,
     ": paused (by ana@desk; since " TIME ")"},
    {"\"what\":\"passed-over\",\"why\":\"sent\",\"template\":\"cart\"", ": sent (template cart)"},
    {"\"what\":\"passed-over\",\"why\":\"profile-too-large\"", ": profile-too-large"},
    {"\"what\":\"passed-over\",\"why\":\"field\",\"fault\":\"points: order: no such field\"",
     ": field: points: order: no such field"},
    {"\"what\":\"passed-over\",\"why\":\"field-joined\",\"fault\":\"points = 5\"",
     ": field-joined: points = 5"},
    {"\"what\":\"ignored\",\"why\":\"again\",\"since\":" AT, ": again (since " TIME ")"},
    {"\"what\":\"ignored\",\"why\":\"older\",\"since\":" AT, ": older (since " TIME ")"},
    {"\"what\":\"collected\",\"count\":3", " (now 3 events)"},
    {"\"what\":\"waits\",\"until\":" AT, " until " TIME},
    {"\"what\":\"waits-for\",\"until\":" AT ",\"or\":[\"a\",\"b\"]",
     " until " TIME " (or at a, b)"},
    {"\"what\":\"goes-on\",\"why\":\"met\"", ": met"},
    {"\"what\":\"stays\",\"why\":\"or\",\"no\":\"n > 3\",\"saw\":{\"n\":1}", ": or: n > 3 (n: 1)"},
    {"\"what\":\"branch\",\"why\":\"if\",\"no\":\"vip\",\"in\":[\"customer.segment(\\\"vip\\\")\"],"
     "\"lacks\":[\"customer.orders\"]",
     ": customer.segment(\"vip\"): vip (customer.orders is not there)"},
    {"\"what\":\"share\",\"why\":\"a\",\"split\":\"test\",\"place\":37.12",
     ": a (split test; their place is 37.12)"},
    {"\"what\":\"matched\"", ""},
    {"\"what\":\"quiet-hours\",\"until\":" AT
     ",\"template\":\"cart\",\"hours\":\"21:00-08:00\",\"zone\":\"Europe/Riga\"",
     " until " TIME " (template cart; 21:00-08:00; Europe/Riga)"},
    {"\"what\":\"outbox-full\",\"until\":" AT ",\"template\":\"cart\"",
     " until " TIME " (template cart)"},
    {"\"what\":\"paused\",\"why\":\"brake\",\"template\":\"cart\"", ": brake (template cart)"},
    {"\"what\":\"sends\",\"why\":\"cart\",\"mid\":\"m1\"", ": cart mid=m1"},
    {"\"what\":\"sets\",\"why\":\"points = 5\"", ": points = 5"},
    {"\"what\":\"emits\",\"why\":\"points.changed\"", ": points.changed"},
    {"\"what\":\"refused\",\"why\":\"no-address\",\"field\":\"phone\",\"lacks\":[\"customer."
     "phone\"]",
     ": no-address (field phone; customer.phone is not there)"},
    {"\"what\":\"refused\",\"why\":\"suppressed\",\"reason\":\"bounced\",\"since\":" AT,
     ": suppressed (bounced; since " TIME ")"},
    {"\"what\":\"refused\",\"why\":\"limit\",\"most\":1,\"per\":604800000,\"took\":[{\"rule\":"
     "\"cart\","
     "\"mid\":\"m1\",\"at\":" AT "}],\"free\":" AT,
     ": limit (1 per 1w; taken by cart at " TIME " mid=m1; a place is free at " TIME ")"},
    {"\"what\":\"refused\",\"why\":\"cap\",\"most\":9,\"per\":86400000,\"took\":[{\"rule\":"
     "\"cart\","
     "\"at\":" AT "}],\"took_more\":8",
     ": cap (9 per 1d; taken by cart at " TIME " and 8 before)"},
    {"\"what\":\"refused\",\"why\":\"only\",\"only\":[\"*@a.example\",\"*@b.example\"]",
     ": only (only *@a.example, *@b.example)"},
    {"\"what\":\"refused\",\"why\":\"no-consent\",\"topic\":\"news\",\"opt_in\":true,\"said\":"
     "\"no\","
     "\"on\":\"all\",\"since\":" AT,
     ": no-consent (topic news; it needs a yes of its own; said no to all; since " TIME ")"},
    {"\"what\":\"refused\",\"why\":\"no-code\",\"code\":\"spring\"", ": no-code (list spring)"},
    {"\"what\":\"refused\",\"why\":\"outbox-full\",\"since\":" AT,
     ": outbox-full (since " TIME ")"},
    {"\"what\":\"refused\",\"why\":\"no-such-customer\",\"fault\":\"nobody is known by id:8\"",
     ": no-such-customer: nobody is known by id:8"},
    {"\"what\":\"refused\",\"why\":\"loop\"", ": loop"},
    {"\"what\":\"refused\",\"why\":\"too-many-events\"", ": too-many-events"},
    {"\"what\":\"refused\",\"why\":\"too-many-journeys\"", ": too-many-journeys"},
    {"\"what\":\"refused\",\"why\":\"too-many-messages\",\"template\":\"cart\"",
     ": too-many-messages (template cart)"},
    {"\"what\":\"refused\",\"why\":\"too-large\"", ": too-large"},
    {"\"what\":\"refused\",\"why\":\"fields-too-large\",\"fault\":\"notes\"",
     ": fields-too-large: notes"},
    {"\"what\":\"ended\",\"why\":\"restart\",\"since\":" AT, ": restart (since " TIME ")"},
    {"\"what\":\"ended\",\"why\":\"until\",\"yes\":\"order.id == "
     "start.order.id\",\"saw\":{\"order.id\":"
     "\"a\",\"start.order.id\":\"a\"}",
     ": until: order.id == start.order.id (order.id: \"a\"; start.order.id: \"a\")"},
    {"\"what\":\"ended\",\"why\":\"no-longer\",\"no\":\"vip\",\"saw\":{\"vip\":false}",
     ": no-longer: vip (vip: false)"},
    {"\"what\":\"ended\",\"why\":\"joined\"", ": joined"},
    {"\"what\":\"ended\",\"why\":\"rule-removed\"", ": rule-removed"},
    {"\"what\":\"ended\",\"why\":\"rule-changed\"", ": rule-changed"},
    {"\"what\":\"ended\",\"why\":\"start-lost\"", ": start-lost"},
    {"\"what\":\"ended\",\"why\":\"holdout\",\"share\":10,\"place\":3.52",
     ": holdout (10 % are held out; their place is 3.52)"},
    {"\"what\":\"says-no\",\"why\":\"all\"", ": all"},
    {"\"what\":\"says-yes\",\"why\":\"news\"", ": news"},
    {"\"what\":\"watches\",\"why\":\"POT-2\"", ": POT-2"},
    {"\"what\":\"watches-no-more\",\"why\":\"POT-2\"", ": POT-2"},
    {"\"what\":\"told-of\",\"why\":\"POT-2\"", ": POT-2"},
    {"\"what\":\"watch-dropped\",\"why\":\"P0\"", ": P0"},
    {"\"what\":\"joined\",\"why\":\"email:ana@example.com\"", ": email:ana@example.com"},
    {"\"what\":\"withdrawn\",\"why\":\"unsubscribed\",\"mid\":\"m1\"", ": unsubscribed mid=m1"},
    {"\"what\":\"withdrawn, may have arrived\",\"why\":\"until\",\"mid\":\"m1\"", ": until mid=m1"},
    {"\"what\":\"marked\",\"why\":\"erasure\",\"mid\":\"m1\"", ": erasure mid=m1"},
    {"\"what\":\"too-late\",\"why\":\"dropped\",\"mid\":\"m1\"", ": dropped mid=m1"},
    {"\"what\":\"error\",\"why\":\"order: no such field\"", ": order: no such field"},
    {"\"what\":\"timer given up\",\"why\":\"document-format\"", ": document-format"},
    {"\"what\":\"sent\",\"gateway\":\"relay\",\"why\":\"250 "
     "ok\",\"mid\":\"m1\",\"gateway_id\":\"q7\"",
     " by relay: 250 ok mid=m1 id=q7"},
    {"\"what\":\"retry\",\"times\":5,\"first\":" AT ",\"gateway\":\"relay\",\"why\":\"451 later\"",
     " ×5, first " TIME ", last " TIME " by relay: 451 later"},
    {"\"what\":\"unavailable\",\"gateway\":\"relay\",\"why\":\"no connection\"",
     " by relay: no connection"},
    {"\"what\":\"uncertain\",\"why\":\"its daemon ended: hold\"", ": its daemon ended: hold"},
    {"\"what\":\"sent\",\"why\":\"its daemon ended\",\"gateway\":\"relay\",\"mid\":\"m1\"",
     " by relay: its daemon ended mid=m1"},
    {"\"what\":\"uncertain\",\"why\":\"Redis lost it: resend\"", ": Redis lost it: resend"},
    {"\"what\":\"bounced\",\"gateway\":\"relay\",\"why\":\"550 5.1.1 no such user\"",
     " by relay: 550 5.1.1 no such user"},
    {"\"what\":\"dead\",\"reason\":\"no-template\",\"gateway\":\"relay\",\"why\":\"there is none\"",
     ", no-template by relay: there is none"},
    {"\"what\":\"gateway-fault\",\"gateway\":\"relay\",\"why\":\"535 no\"", " by relay: 535 no"},
    {"\"what\":\"cut\",\"gateway\":\"relay\"", " by relay"},
    {"\"what\":\"resent\",\"why\":\"by hand\"", ": by hand"},
    {"\"what\":\"dropped\",\"why\":\"by hand\"", ": by hand"},
    {"\"what\":\"suppressed\",\"why\":\"returned\"", ": returned"},
    {"\"what\":\"unsuppressed\",\"why\":\"gateway suspected\"", ": gateway suspected"},
    {"\"what\":\"requeued\",\"why\":\"by hand\",\"mid\":\"m1\"", ": by hand mid=m1"},
    {"\"what\":\"returned\",\"why\":\"bounced: 550\"", ": bounced: 550"},
    {"\"what\":\"delayed\",\"why\":\"421\"", ": 421"},
    {"\"what\":\"complained\",\"why\":\"abuse\"", ": abuse"},
};

static const char *told(struct arena *arena, const char *members)
{
    struct value item;
    struct diag diag;
    const char *text = arena_printf(arena, "{%s}", members);
    if (!json_read(arena, text, strlen(text), &json_file_limits, &item, &diag))
        fail_msg("%s: %s", text, diag.text);
    const struct particulars particulars = {
        .item = &item, .at_ms = 1772352000000, .zone = zone_or_utc("+02:00"), .arena = arena};
    return particulars_text(&particulars);
}

static void test_rows(void **state)
{
    (void)state;
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(told(arena, rows[i].item), rows[i].text);
    arena_destroy(&arena);
}

/* Whether some row has the word so. */
static bool has_row(const char *member, const char *word)
{
    char text[200];
    for (int whole = 1; whole >= 0; whole--) {
        snprintf(text, sizeof text, "\"%s\":\"%s%s", member, word, whole ? "\"" : ":");
        for (size_t i = 0; i < COUNT(rows); i++)
            if (strstr(rows[i].item, text))
                return true;
    }
    return false;
}

static void test_each_word_has_a_row(void **state)
{
    (void)state;
    for (int i = 0; i < TRACE_WHAT_COUNT; i++)
        if (!has_row("what", trace_what_word((enum trace_what)i)))
            fail_msg("`%s` has no row", trace_what_word((enum trace_what)i));
    for (int i = 1; i < TRACE_WHY_COUNT; i++)
        if (!has_row("why", trace_why_word((enum trace_why)i)))
            fail_msg("why `%s` has no row", trace_why_word((enum trace_why)i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_each_word_has_a_row),
    };
    return cmocka_run_group_tests_name("particulars", tests, NULL, NULL);
}
