/* Places in a URL and in headers: what fills them, how it is written there, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "send/fill.h"

#define COUNT(array) (sizeof array / sizeof *(array))

static const char seen_text[] =
    "{\"message\": {\"subject\": \"Tab\\there \\r\\nX: 1\", \"locale\": \"fi\", \"rule\": \"cart\","
    " \"reply_to\": null, \"id\": \"m-1\"}, \"customer\": {\"id\": \"a/b?c\", \"age\": 41,"
    " \"tags\": [1], \"dots\": \"..\", \"up\": \"../..\", \"name\": \"Ääkkönen\", \"no\": \"\"},"
    " \"event\": {\"data\": {\"order\": {\"total\": 10.5, \"paid\": true}}}}";

struct desk {
    struct arena *arena;
    struct value seen;
    struct fill_source source;
};

static int open_desk(void **state)
{
    struct desk *desk = calloc(1, sizeof *desk);
    desk->arena = arena_new(4096);
    assert_true(json_read(desk->arena, seen_text, sizeof seen_text - 1, &json_file_limits,
                          &desk->seen, NULL));
    desk->source = (struct fill_source){.mid = "m-1",
                                        .channel = "sms",
                                        .to = "+40 700",
                                        .from = "Shop",
                                        .secret = "1:A/b",
                                        .seen = &desk->seen};
    *state = desk;
    return 0;
}

static int close_desk(void **state)
{
    struct desk *desk = *state;
    arena_destroy(&desk->arena);
    free(desk);
    return 0;
}

static void places_are_filled(void **state)
{
    struct desk *desk = *state;
    static const struct {
        const char *text;
        enum fill_into into;
        const char *filled; /* NULL: refused */
        enum outcome_kind kind;
    } cases[] = {
        {"{{ mid }} {{channel}} {{ to }} {{ from }}", FILL_HEADER, "m-1 sms +40 700 Shop", 0},
        {"{{ subject }}|{{ message.subject }}", FILL_HEADER, "Tab here X: 1|Tab here X: 1", 0},
        {"{{ locale }} {{ rule }} {{ id }}", FILL_HEADER, "fi cart m-1", 0},
        {"{{ customer.name }} {{ customer.age }}", FILL_HEADER, "Ääkkönen 41", 0},
        {"{{ event.data.order.total }}{{ event.data.order.paid }}", FILL_HEADER, "10.5true", 0},
        {"[{{ reply_to }}{{ customer.none }}{{ customer.age.x }}{{ shop.name }}]", FILL_HEADER,
         "[]", 0},
        {"{{ customer.tags }}", FILL_HEADER, NULL, OUTCOME_DEAD},
        {"{{ customer }}", FILL_HEADER, "", 0},
        {"https://h/{{ customer.id }}?q={{ customer.id }}", FILL_URL,
         "https://h/a%2Fb%3Fc?q=a%2Fb%3Fc", 0},
        {"https://h/{{ subject }}", FILL_URL, "https://h/Tab%09here%20%0D%0AX%3A%201", 0},
        {"https://h/{{ customer.dots }}", FILL_URL, NULL, OUTCOME_DEAD},
        {"https://h/?{{ customer.dots }}", FILL_URL, "https://h/?..", 0},
        {"https://h/{{ customer.up }}", FILL_URL, "https://h/..%2F..", 0},
        {"https://h/{{ customer.no }}/x", FILL_URL, NULL, OUTCOME_DEAD},
        {"https://h/x?a={{ customer.none }}&b={{ mid }}", FILL_URL, "https://h/x?a=&b=m-1", 0},
        {"https://h/ü?ä={{ mid }}&ö", FILL_URL, "https://h/%C3%BC?%C3%A4=m-1&%C3%B6", 0},
        {"ü {{ mid }}", FILL_HEADER, "ü m-1", 0},
        {"https://h/bot{{ secret }}/x?k={{ secret }}", FILL_URL, "https://h/bot1:A/b/x?k=1%3AA%2Fb",
         0},
        {"Bearer {{ secret }}", FILL_HEADER, "Bearer 1:A/b", 0},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf out;
        struct outcome outcome;
        buf_init(&out, 200);
        bool filled = fill_text(cases[i].text, cases[i].into, &desk->source, &out, &outcome);
        if (filled != (cases[i].filled != NULL) ||
            (filled ? strcmp(buf_string(&out), cases[i].filled) != 0
                    : outcome.kind != cases[i].kind))
            fail_msg("%s: %s", cases[i].text, filled ? buf_string(&out) : outcome.text);
        buf_free(&out);
    }
}

static void a_secret_must_fit_its_place(void **state)
{
    struct desk *desk = *state;
    static const struct {
        const char *secret;
        const char *path, *header; /* NULL: refused */
    } cases[] = {
        {"T000/B000/Xx-9", "https://h/T000/B000/Xx-9", "T000/B000/Xx-9"},
        {"123:ABC-def_~", "https://h/123:ABC-def_~", "123:ABC-def_~"},
        {"50%\"\xc3\xa4", "https://h/50%25%22%C3%A4", "50%\"\xc3\xa4"},
        {"a b", NULL, "a b"},
        {"a?b", NULL, "a?b"},
        {"a#b", NULL, "a#b"},
        {"a/../b", NULL, "a/../b"},
        {"..", NULL, ".."},
        {"./a", NULL, "./a"},
        {"a..b/.c", "https://h/a..b/.c", "a..b/.c"},
        {"a\nb", NULL, NULL},
        {NULL, NULL, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        static const char *const texts[] = {"https://h/{{ secret }}", "{{ secret }}"};
        const char *const wanted[] = {cases[i].path, cases[i].header};
        for (size_t k = 0; k < 2; k++) {
            struct buf out;
            struct outcome outcome;
            buf_init(&out, 200);
            desk->source.secret = cases[i].secret;
            bool filled =
                fill_text(texts[k], k ? FILL_HEADER : FILL_URL, &desk->source, &out, &outcome);
            if (filled != (wanted[k] != NULL) || (filled ? strcmp(buf_string(&out), wanted[k]) != 0
                                                         : outcome.kind != OUTCOME_GATEWAY_FAULT))
                fail_msg("%zu: %s", i, filled ? buf_string(&out) : outcome.text);
            if (!filled && cases[i].secret)
                assert_null(strstr(outcome.text, cases[i].secret));
            buf_free(&out);
        }
    }
}

static void addresses_and_lengths_are_guarded(void **state)
{
    struct desk *desk = *state;
    struct buf out;
    struct outcome outcome;
    char text[200];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    buf_init(&out, 100);
    assert_false(fill_text(text, FILL_HEADER, &desk->source, &out, &outcome));
    assert_int_equal(outcome.kind, OUTCOME_DEAD);
    buf_clear(&out);
    desk->source.to = "a\nb";
    assert_false(fill_text("{{ to }}", FILL_HEADER, &desk->source, &out, &outcome));
    assert_false(fill_text("https://h/{{ to }}", FILL_URL, &desk->source, &out, &outcome));
    assert_int_equal(outcome.kind, OUTCOME_DEAD);
    buf_free(&out);
}

static void unknown_names_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *text, *near; /* text NULL: none unknown */
        bool known;
    } cases[] = {
        {"{{ to }} {{ message.to }} {{ customer.x.y }} {{ data.a }} {{ secret }}", NULL, true},
        {"{{ form }}", "from", false},
        {"{{ secrte }}", "secret", false},
        {"{{ message.subjekt }}", "subject", false},
        {"{{ message.secret }}", NULL, false},
        {"{{ custmer.id }}", "customer", false},
        {"{{ customer. }}", "customer", false},
        {"{{ order.id }}", NULL, false},
        {"{{ customer }}", NULL, false},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct fill_fault fault = {0};
        if (fill_unknown(cases[i].text, &fault) == cases[i].known ||
            (cases[i].near && (!fault.near || strcmp(fault.near, cases[i].near) != 0)))
            fail_msg("%s: %s", cases[i].text, fault.near ? fault.near : "-");
    }
}

static void own_settings_are_filled(void **state)
{
    struct desk *desk = *state;
    struct buf out;
    struct value own = value_new_map(desk->arena, 1);
    value_set(desk->arena, own, "region", value_text("eu/1"));
    value_set(desk->arena, own, "none", value_null());
    buf_init(&out, 200);
    fill_settings("https://a.{{region}}/{{ to }}/{{ x }", FILL_URL, &own, &out);
    assert_string_equal(buf_string(&out), "https://a.eu%2F1/{{ to }}/{{ x }");
    buf_clear(&out);
    fill_settings("{{ region }}:{{ region }}{{ none }}", FILL_HEADER, &own, &out);
    assert_string_equal(buf_string(&out), "eu/1:eu/1");
    buf_free(&out);
    static const struct {
        const char *text;
        bool right;
    } cases[] = {{"eu-west-1", true}, {"", true}, {"a\nb", false}, {"{{ to }}", false}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct value value = value_text(cases[i].text);
        assert_int_equal(fill_wrong_setting(&value) == NULL, cases[i].right);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(places_are_filled, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(a_secret_must_fit_its_place, open_desk, close_desk),
        cmocka_unit_test_setup_teardown(addresses_and_lengths_are_guarded, open_desk, close_desk),
        cmocka_unit_test(unknown_names_are_found),
        cmocka_unit_test_setup_teardown(own_settings_are_filled, open_desk, close_desk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
