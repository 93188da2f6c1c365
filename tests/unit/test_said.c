/* Words: whatever their order, the same stand in the end; records; the document. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "customer/customer.h"
#include "customer/said.h"

static int open_arena(void **state)
{
    *state = arena_new(4096);
    return 0;
}

static int close_arena(void **state)
{
    struct arena *arena = *state;
    arena_destroy(&arena);
    return 0;
}

/* "+5 news" and the like, ended by NULL. */
enum { WORDS_MOST = 5 };

static void say(struct arena *arena, struct customer *customer, const char *word)
{
    char *topic;
    int64_t ms = strtoll(word + 1, &topic, 10);
    said_add(arena, customer, *topic ? topic + 1 : said_all, word[0] == '+', ms);
}

static const struct {
    const char *words[WORDS_MOST];
    /* Of all, news and offers: 'n' declined, 'w' wanted by its own yes, '-' nothing of these. */
    const char *stands;
} cases[] = {
    {{NULL}, "---"},
    {{"-5"}, "nnn"},
    {{"-5 news"}, "-n-"},
    {{"+5 news"}, "-w-"},
    {{"+5"}, "---"}, /* a yes to all is none to a topic */
    {{"-5", "+6 news"}, "nwn"},
    {{"-6", "+5 news"}, "nnn"},
    {{"-5", "+5 news"}, "nnn"},
    {{"+5", "-5 news"}, "-n-"},
    {{"-5 news", "+6"}, "---"},
    {{"-5 news", "-6 offers", "+7"}, "---"},
    {{"-6 news", "-5", "+5 news"}, "nnn"},
    {{"+4 news", "-5", "+6"}, "-w-"},
    {{"-4", "+6", "-5"}, "---"},
    {{"-4 news", "-5 offers", "+6 offers", "+3"}, "-nw"},
};

/* All orders, by Heap's algorithm; words of the same topic and time are not among the cases. */
static void check_orders(struct arena *arena, const char **words, size_t count, size_t all,
                         const char *stands)
{
    static const char *const topics[] = {said_all, "news", "offers"};
    if (count <= 1) {
        struct customer *customer = customer_new(arena, "id:7");
        char got[4] = "---";
        for (size_t i = 0; i < all; i++)
            say(arena, customer, words[i]);
        for (size_t i = 0; i < 3; i++)
            got[i] = said_declined(customer, topics[i]) ? 'n'
                     : said_wanted(customer, topics[i]) ? 'w'
                                                        : '-';
        assert_string_equal(got, stands);
        assert_int_equal(said_any_no(customer), strchr(stands, 'n') != NULL);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        size_t other = count % 2 ? 0 : i;
        check_orders(arena, words, count - 1, all, stands);
        const char *swapped = words[other];
        words[other] = words[count - 1];
        words[count - 1] = swapped;
    }
}

static void test_words(void **state)
{
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *words[WORDS_MOST];
        size_t count = 0;
        for (; cases[i].words[count]; count++)
            words[count] = cases[i].words[count];
        check_orders(*state, words, count, count, cases[i].stands);
    }
}

static void test_same_time(void **state)
{
    struct customer *customer = customer_new(*state, "id:7");
    assert_true(said_add(*state, customer, "news", false, 5));
    assert_true(said_add(*state, customer, "news", true, 5));
    assert_true(said_wanted(customer, "news"));
    assert_true(said_add(*state, customer, "news", false, 5));
    assert_false(said_add(*state, customer, "news", true, 4));
    assert_true(said_declined(customer, "news"));
    assert_true(said_add(*state, customer, said_all, true, -7)); /* before 1970 */
    assert_int_equal(customer->said.items[1].at_ms, 0);
}

static const char *topic_of(struct arena *arena, const char *text, size_t length)
{
    const struct value topic = value_string(text, length);
    const char *read = said_topic(arena, &topic);
    return read ? read : "(none)";
}

static void test_topics(void **state)
{
    const struct value null = value_null(), number = value_int(5);
    char longest[SAID_TOPIC_MOST + 1];
    memset(longest, 'A', sizeof longest);
    assert_string_equal(said_topic(*state, NULL), "all");
    assert_string_equal(said_topic(*state, &null), "all");
    assert_null(said_topic(*state, &number));
    assert_string_equal(topic_of(*state, "ALL", 3), "all");
    assert_string_equal(topic_of(*state, "Special Offers", 14), "special offers");
    assert_string_equal(topic_of(*state, "N\303\234TZLICH", 9), "n\303\274tzlich");
    assert_string_equal(topic_of(*state, "", 0), "(none)");
    assert_string_equal(topic_of(*state, "a\nb", 3), "(none)");
    assert_string_equal(topic_of(*state, "a\0b", 3), "(none)");
    assert_string_equal(topic_of(*state, "a\377b", 3), "(none)");
    assert_int_equal(strlen(topic_of(*state, longest, SAID_TOPIC_MOST)), SAID_TOPIC_MOST);
    assert_string_equal(topic_of(*state, longest, SAID_TOPIC_MOST + 1), "(none)");
}

/* A flood of topics costs a yes first; of the noes none is lost. */
static void test_bound(void **state)
{
    struct arena *arena = *state;
    struct customer *customer = customer_new(arena, "id:7");
    said_add(arena, customer, "first", true, 1);
    said_add(arena, customer, "kept", true, 1000);
    for (int i = 0; i < 200; i++) {
        said_add(arena, customer, arena_printf(arena, "t%d", i), false, 10 + i);
        assert_in_range(customer->said.count, 1, SAID_MOST);
        for (int j = 0; j <= i; j++)
            assert_true(said_declined(customer, arena_printf(arena, "t%d", j)));
    }
    assert_false(said_wanted(customer, "first"));
    assert_true(said_declined(customer, "never named"));
}

static void test_noes_alone(void **state)
{
    struct customer *customer = customer_new(*state, "id:7");
    static const char *const words[] = {"-5", "+6 news", "-4 offers", "-7 tips"};
    for (size_t i = 0; i < 4; i++)
        say(*state, customer, words[i]);
    said_keep_noes(customer);
    assert_int_equal(customer->said.count, 3);
    assert_true(said_declined(customer, "news"));
    say(*state, customer, "+8");
    said_keep_noes(customer);
    assert_int_equal(customer->said.count, 0);
}

/* What the document has first, its record, then what stands of all, news and offers. */
static const struct {
    const char *words[WORDS_MOST], *record, *stands;
    bool taken;
    int64_t erased_ms;
} records[] = {
    {{NULL}, "-5", "nnn", true, 0},
    {{NULL}, "-5\n+6=news", "nnn", true, 0}, /* a yes of a record lifts nothing */
    {{NULL}, "-5=news\n-7=offers", "-nn", true, 0},
    {{"+6"}, "-5", "---", false, 0},
    {{"+5"}, "-5", "nnn", true, 0},
    {{"-5"}, "-5", "nnn", false, 0},
    {{"-4", "+6 news"}, "-5", "nwn", true, 0},
    {{NULL}, "!9=00ff", "---", false, 9},
    {{NULL}, "!9=00ff\n-3=news", "-n-", true, 9},
    {{NULL}, "", "---", false, 0},
    {{NULL}, "whatever", "nnn", true, 0},
    {{NULL}, "-", "nnn", true, 0},
    {{NULL}, "-5=", "nnn", true, 0},
    {{NULL}, "+5", "nnn", true, 0},
    {{NULL}, "-5x", "nnn", true, 0},
    {{NULL}, "\n\n-5=offers\n", "--n", true, 0},
};

static void test_records(void **state)
{
    static const char *const topics[] = {said_all, "news", "offers"};
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        struct customer *customer = customer_new(*state, "id:7");
        const char *text = records[i].record;
        for (size_t w = 0; records[i].words[w]; w++)
            say(*state, customer, records[i].words[w]);
        struct said_record record = said_read(*state, slice_of(text));
        char got[4] = "---";
        assert_int_equal(said_take_over(*state, customer, &record), records[i].taken);
        assert_false(said_take_over(*state, customer, &record));
        for (size_t t = 0; t < 3; t++)
            got[t] = said_declined(customer, topics[t]) ? 'n'
                     : said_wanted(customer, topics[t]) ? 'w'
                                                        : '-';
        assert_string_equal(got, records[i].stands);
        assert_int_equal(record.erased_ms, records[i].erased_ms);
        assert_string_equal(record.erasure, record.erased_ms ? "00ff" : "");
    }
    assert_int_equal(said_read(*state, (struct slice){0}).noes.count, 0);
}

static struct customer *read_document(struct arena *arena, const char *text)
{
    struct diag diag = {0};
    struct customer *customer = customer_read(arena, "id:7", text, strlen(text), &diag);
    assert_non_null(customer);
    return customer;
}

/* Of the first format, and by a hand that knew neither. */
static void test_documents(void **state)
{
    struct customer *old = read_document(
        *state, "{\"version\":\"1-1-1\",\"format\":1,\"optouts\":{\"all\":5,\"NEWS\":7}}");
    assert_true(old->said_unrecorded);
    assert_int_equal(old->said.count, 2);
    assert_string_equal(old->said.items[1].topic, "news");
    assert_int_equal(old->said.items[1].at_ms, 7);
    struct customer *broken = read_document(
        *state, "{\"version\":\"1-1-1\",\"format\":1,\"said\":{\"news\":[\"yes\"],\"tips\":5,"
                "\"offers\":[\"yes\",-3],\"\":[\"yes\",4]}}");
    assert_false(broken->said_unrecorded);
    assert_int_equal(broken->said.count, 3);
    assert_true(said_declined(broken, "news"));
    assert_true(said_declined(broken, "tips"));
    assert_true(said_wanted(broken, "offers"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_words, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_same_time, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_topics, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_bound, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_noes_alone, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_records, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(test_documents, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
