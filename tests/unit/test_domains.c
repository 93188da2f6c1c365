/* How many messages a gateway has in hand, by domain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/domains.h"

static int64_t in_hand(const struct outbox_gateway *gateway, const char *domain)
{
    for (size_t i = 0; i < gateway->in_hand_count; i++)
        if (strcmp(gateway->in_hand[i].domain, domain) == 0)
            return gateway->in_hand[i].count;
    return 0;
}

static void test_counts(void **state)
{
    static const struct bounds_domain rows[] = {{.name = "a.example", .rate = {3, 1000}},
                                                {.name = "", .connections = 2}};
    const struct bounds bounds = {
        .domains = rows, .domain_count = 2, .first = 5, .growth = 2, .until = 9};
    struct domains domains = {0};
    struct outbox_gateway gateway = {0};
    char name[32] = "a.example";
    (void)state;
    domains_begin(&domains, name);
    strcpy(name, "b.example"); /* it was copied */
    domains_begin(&domains, name);
    domains_begin(&domains, name);
    domains_begin(&domains, "");
    domains_end(&domains, "");
    domains_end(&domains, "unknown.example");
    domains_fill(&domains, &bounds, &gateway);
    assert_true(domains.counted);
    assert_int_equal(gateway.domain_count, 2);
    assert_string_equal(gateway.domains[0].name, "a.example");
    assert_int_equal(gateway.domains[0].rate.count, 3);
    assert_int_equal(gateway.domains[1].connections, 2);
    assert_int_equal(gateway.warmup.first, 5);
    assert_int_equal(gateway.in_hand_count, 2);
    assert_int_equal(in_hand(&gateway, "a.example"), 1);
    assert_int_equal(in_hand(&gateway, "b.example"), 2);
    domains_end(&domains, "a.example");
    domains_end(&domains, "b.example");
    domains_fill(&domains, &bounds, &gateway);
    assert_int_equal(gateway.in_hand_count, 1);
    assert_int_equal(in_hand(&gateway, "b.example"), 1);
    domains_clear(&domains);
    assert_int_equal(domains.count, 0);
}

/* Without a bound on connections nobody needs to know. */
static void test_rates_alone(void **state)
{
    static const struct bounds_domain row = {.name = "a.example", .rate = {3, 1000}};
    const struct bounds bounds = {.domains = &row, .domain_count = 1};
    struct domains domains = {0};
    struct outbox_gateway gateway = {0};
    (void)state;
    domains_begin(&domains, "a.example");
    domains_fill(&domains, &bounds, &gateway);
    assert_false(domains.counted);
    assert_int_equal(gateway.in_hand_count, 0);
    domains_clear(&domains);
}

static void test_very_many(void **state)
{
    static const struct bounds_domain row = {.name = "", .connections = 3};
    const struct bounds bounds = {.domains = &row, .domain_count = 1};
    struct domains domains = {0};
    struct outbox_gateway gateway = {0};
    char name[32];
    (void)state;
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "d%d.example", i);
        domains_begin(&domains, name);
    }
    domains_fill(&domains, &bounds, &gateway);
    assert_int_equal(gateway.in_hand_count, 300);
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "d%d.example", i);
        assert_int_equal(in_hand(&gateway, name), 1);
    }
    for (int i = 299; i >= 0; i--) {
        snprintf(name, sizeof name, "d%d.example", i);
        domains_end(&domains, name);
    }
    assert_int_equal(domains.count, 0);
    domains_clear(&domains);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_rates_alone),
        cmocka_unit_test(test_very_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
