/* Labels of Mermaid's diagrams. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/graph_label.h"

static void check(const char *text, const char *expected)
{
    struct buf out;
    buf_init(&out, 8192);
    graph_label_put(&out, text);
    assert_string_equal(buf_string(&out), expected);
    buf_free(&out);
}

static void test_what_mermaid_takes_for_its_own(void **state)
{
    (void)state;
    static const struct {
        const char *text, *label;
    } cases[] = {
        {"cart.total >= 20 && size(cart.items) > 0",
         "cart.total #gt;= 20 #amp;#amp; size(cart.items) #gt; 0"},
        {"say \"hi\"", "say #quot;hi#quot;"},
        {"end", "end"}, /* within quotes it ends nothing */
        {"a[0] | b; <b> #35;", "a#91;0#93; #124; b#59; #lt;b#gt; #35;35#59;"},
        {"`a` *b* _c_ \\ %%{x}%%", "#96;a#96; #42;b#42; #95;c#95; #92; #37;#37;{x}#37;#37;"},
        {"- a", "#45; a"},
        {"1. a", "1#46; a"},
        {"1.5 a - b", "1.5 a - b"},
        {"Coșul tău", "Coșul tău"},
        {" a\n\t b\x01 ", "a b"},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check(cases[i].text, cases[i].label);
}

static void test_long_texts(void **state)
{
    (void)state;
    char text[2001];
    check("customer.tier == \"gold\" && order.total >= 100 && size(order.items) > 1",
          "customer.tier == #quot;gold#quot; #amp;#amp; order.total<br/>#gt;= 100 #amp;#amp; "
          "size(order.items) #gt; 1");
    check("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b",
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa<br/>b");
    for (size_t i = 0; i < sizeof text - 1; i++)
        text[i] = i % 10 == 9 ? ' ' : 'x';
    text[sizeof text - 1] = '\0';
    struct buf out;
    buf_init(&out, 8192);
    graph_label_put(&out, text);
    assert_true(out.length < 500);
    assert_non_null(strstr(buf_string(&out), " …"));
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_mermaid_takes_for_its_own),
        cmocka_unit_test(test_long_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
