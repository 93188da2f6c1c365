/* What the fields of a head may say together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "web/head_rules.h"

enum { FIELDS_MOST = 128 };

/* "name: value" for each line. */
static struct web_fields parse(char *text, struct web_field items[FIELDS_MOST])
{
    struct web_fields fields = {.items = items};
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        char *colon = strchr(line, ':');
        *colon = '\0';
        items[fields.count++] = (struct web_field){slice_of(line), slice_of(colon + 2)};
    }
    return fields;
}

static enum web_refusal read_head(const char *text, bool version_1_1, struct head_rules *rules)
{
    char copy[8192];
    struct web_field items[FIELDS_MOST];
    snprintf(copy, sizeof copy, "%s", text);
    const struct web_fields fields = parse(copy, items);
    return head_rules_read(&fields, version_1_1, rules);
}

static void test_rules(void **state)
{
    (void)state;
    static const struct {
        const char *head;
        enum web_refusal refusal;
    } cases[] = {
        {"Host: x", WEB_REFUSAL_NONE},
        {"Host: shop.example:8025", WEB_REFUSAL_NONE},
        {"Host: [::1]:80", WEB_REFUSAL_NONE},
        {"Host: x\nContent-Length: 17", WEB_REFUSAL_NONE},
        {"Host: x\nTransfer-Encoding: Chunked", WEB_REFUSAL_NONE},
        {"Host: x\nExpect: 100-continue", WEB_REFUSAL_NONE},
        {"Host: x\nContent-Encoding: identity", WEB_REFUSAL_NONE},
        {"Host: x\nAccept: a\nAccept: b\nX-Forwarded-For: a\nx-forwarded-for: b", WEB_REFUSAL_NONE},
        {"Accept: a", WEB_REFUSAL_BAD_REQUEST},
        {"Host: x\nHost: x", WEB_REFUSAL_BAD_REQUEST},
        {"Host: x/y", WEB_REFUSAL_BAD_REQUEST},
        {"Host: a@b", WEB_REFUSAL_BAD_REQUEST},
        {"Host: x\nContent-Length: 1\nContent-Length: 1", WEB_REFUSAL_BAD_LENGTH},
        {"Host: x\nContent-Length: 1\ncontent-length: 2", WEB_REFUSAL_BAD_LENGTH},
        {"Host: x\nContent-Length: 1, 1", WEB_REFUSAL_BAD_LENGTH},
        {"Host: x\nContent-Length: +1", WEB_REFUSAL_BAD_LENGTH},
        {"Host: x\nContent-Length: -1", WEB_REFUSAL_BAD_LENGTH},
        {"Host: x\nContent-Length: 0x10", WEB_REFUSAL_BAD_LENGTH},
        {"Host: x\nContent-Length: 1 2", WEB_REFUSAL_BAD_LENGTH},
        {"Host: x\nContent-Length: ", WEB_REFUSAL_BAD_LENGTH},
        {"Host: x\nContent-Length: 1234567890123456", WEB_REFUSAL_BAD_LENGTH},
        {"Host: x\nTransfer-Encoding: chunked\nContent-Length: 1", WEB_REFUSAL_BAD_LENGTH},
        {"Host: x\nContent-Length: 1\nTransfer-Encoding: chunked", WEB_REFUSAL_BAD_LENGTH},
        {"Host: x\nTransfer-Encoding: chunked\nTransfer-Encoding: chunked", WEB_REFUSAL_BAD_LENGTH},
        {"Host: x\nTransfer-Encoding: gzip, chunked", WEB_REFUSAL_BAD_LENGTH},
        {"Host: x\nTransfer-Encoding: identity", WEB_REFUSAL_BAD_LENGTH},
        {"Host: x\nTransfer-Encoding: xchunked", WEB_REFUSAL_BAD_LENGTH},
        {"Host: x\nTransfer-Encoding : chunked", WEB_REFUSAL_BAD_REQUEST},
        {"Host: x\nExpect: payment", WEB_REFUSAL_EXPECTATION},
        {"Host: x\nContent-Encoding: gzip", WEB_REFUSAL_MEDIA_TYPE},
        {"Host: x\nAuthorization: a\nauthorization: b", WEB_REFUSAL_BAD_REQUEST},
        {"Host: x\nContent-Type: a\nContent-Type: a", WEB_REFUSAL_BAD_REQUEST},
        {"Host: x\nIdempotency-Key: a\nIdempotency-Key: b", WEB_REFUSAL_BAD_REQUEST},
        {"Host: x\nX-Shopify-Hmac-Sha256: a\nX-Shopify-Hmac-Sha256: b", WEB_REFUSAL_BAD_REQUEST},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct head_rules rules;
        enum web_refusal refusal = read_head(cases[i].head, true, &rules);
        if (refusal != cases[i].refusal)
            fail_msg("%s: %s", cases[i].head, web_refusal_row(refusal)->word);
    }
}

static void test_what_it_says(void **state)
{
    (void)state;
    struct head_rules rules;
    read_head("Host: x\nContent-Length:  017", true, &rules);
    assert_int_equal(rules.length, 17);
    assert_false(rules.chunked || rules.expects);
    read_head("Host: x\nTransfer-Encoding: chunked\nExpect: 100-Continue", true, &rules);
    assert_true(rules.chunked && rules.expects);
    assert_int_equal(rules.length, 0);
}

static void test_version_1_0(void **state)
{
    (void)state;
    struct head_rules rules;
    assert_int_equal(read_head("Accept: a", false, &rules), WEB_REFUSAL_NONE);
    assert_int_equal(read_head("Transfer-Encoding: chunked", false, &rules),
                     WEB_REFUSAL_BAD_LENGTH);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_what_it_says),
        cmocka_unit_test(test_version_1_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
