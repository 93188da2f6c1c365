/* What a provider says of a message: which id is ours, and which codes stand in its words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "web/hook_news.h"

#define COUNT(array) (sizeof array / sizeof *(array))
#define MID          "0123456789abcdef0123456789abcdef"

static void ids(void **state)
{
    static const char *const good[] = {MID, MID "@shop.example", "<" MID "@shop.example>"};
    static const char *const bad[] = {"",       "<" MID,
                                      "<>",     "0123456789abcdef0123456789abcde",
                                      MID "0",  "0123456789ABCDEF0123456789ABCDEF",
                                      " " MID,  "0123456789abcdef0123456789abcdeg",
                                      "<<" MID, "0123456789abcdef0123456789abcde@shop.example",
                                      "x" MID,  MID " @shop.example"};
    struct hook_news feedback;
    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        const struct value message = value_text(good[i]);
        assert_true(hook_news_make(HOOK_NEWS_FAILED, &(struct hook_news_parts){.message = &message},
                                   &feedback));
        assert_string_equal(feedback.mid, MID);
        assert_true(hook_news_is_whole(&feedback));
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        const struct value message = value_text(bad[i]);
        bool taken = hook_news_make(HOOK_NEWS_FAILED,
                                    &(struct hook_news_parts){.message = &message}, &feedback);
        /* "<MID" without an end is what a cut header has: the id is whole */
        if (taken != (i == 1))
            fail_msg("%s", bad[i]);
    }
    assert_false(hook_news_make(HOOK_NEWS_FAILED, &(struct hook_news_parts){0}, &feedback));
}

static void words(void **state)
{
    static const struct {
        const char *words, *enhanced;
        int code;
    } cases[] = {
        {"smtp; 550 5.1.1 no such user", "5.1.1", 550},
        {"smtp;550-5.1.1 The account", "5.1.1", 550},
        {"550 no such user", "", 550},
        {"5.1.1 does not exist", "5.1.1", 0},
        {"host mx.example said: 452 4.2.2 full (in reply to RCPT)", "4.2.2", 452},
        {"(#5.1.1)", "5.1.1", 0},
        {"Bounced Address", "", 0},
        {"192.168.5.1.1 is blocked", "", 0},
        {"error 5501 of 5.1.1.1", "", 0},
        {"5.1", "", 0},
        {"9.1.1 650", "", 0},
        {"", "", 0},
        {"a\nb\tc 550", "", 550},
    };
    const struct value message = value_text(MID);
    struct hook_news feedback;
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct value text = value_text(cases[i].words);
        assert_true(hook_news_make(HOOK_NEWS_FAILED,
                                   &(struct hook_news_parts){.message = &message, .words = &text},
                                   &feedback));
        if (strcmp(feedback.enhanced, cases[i].enhanced) != 0 || feedback.code != cases[i].code)
            fail_msg("%s: %d %s", cases[i].words, feedback.code, feedback.enhanced);
        assert_null(strpbrk(feedback.words, "\n\t"));
        assert_true(hook_news_is_whole(&feedback));
    }
}

static void given(void **state)
{
    const struct value message = value_text(MID), words = value_text("550 5.1.1 x"),
                       enhanced = value_text("5.7.1"), wrong = value_text("5.7"),
                       number = value_int(554), text = value_text("421"), large = value_int(99999);
    struct hook_news feedback;
    (void)state;
    hook_news_make(HOOK_NEWS_FAILED,
                   &(struct hook_news_parts){&message, &number, &enhanced, &words}, &feedback);
    assert_int_equal(feedback.code, 554);
    assert_string_equal(feedback.enhanced, "5.7.1");
    hook_news_make(HOOK_NEWS_FAILED, &(struct hook_news_parts){&message, &text, &wrong, &words},
                   &feedback);
    assert_int_equal(feedback.code, 421);
    assert_string_equal(feedback.enhanced, "5.1.1");
    hook_news_make(HOOK_NEWS_FAILED, &(struct hook_news_parts){&message, &large, NULL, NULL},
                   &feedback);
    assert_int_equal(feedback.code, 0);
}

/* What came over a socket is looked at again. */
static void strangers(void **state)
{
    const struct hook_news good = {
        .kind = HOOK_NEWS_BOUNCED, .mid = MID, .words = "x", .code = 550};
    struct hook_news bad;
    (void)state;
    assert_true(hook_news_is_whole(&good));
    bad = good;
    bad.kind = (enum hook_news_kind)5;
    assert_false(hook_news_is_whole(&bad));
    bad = good;
    bad.mid[31] = 'X';
    assert_false(hook_news_is_whole(&bad));
    bad = good;
    bad.mid[31] = '\0';
    assert_false(hook_news_is_whole(&bad));
    bad = good;
    strcpy(bad.words, "a\nb");
    assert_false(hook_news_is_whole(&bad));
    strcpy(bad.words, "\xff");
    assert_false(hook_news_is_whole(&bad));
    memset(bad.words, 'x', sizeof bad.words);
    assert_false(hook_news_is_whole(&bad));
    bad = good;
    bad.code = -1;
    assert_false(hook_news_is_whole(&bad));
    bad.code = 600;
    assert_false(hook_news_is_whole(&bad));
    bad = good;
    strcpy(bad.enhanced, "5.1.x");
    assert_false(hook_news_is_whole(&bad));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids),
        cmocka_unit_test(words),
        cmocka_unit_test(given),
        cmocka_unit_test(strangers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
