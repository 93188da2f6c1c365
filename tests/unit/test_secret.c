/* What is masked of a secret in what a server says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "send/secret.h"

#define COUNT(array) (sizeof array / sizeof *(array))

static void however_it_is_written(void **state)
{
    (void)state;
    static const struct {
        const char *secret, *line, *masked;
    } cases[] = {
        {"s3c/ret+K:7", "a s3c/ret+K:7, s3c/ret+K:7", "a ***, ***"},
        {"s3c/ret+K:7", "?k=s3c%2Fret%2bK%3A7&b", "?k=***&b"},
        {"s3c/ret+K:7", "{\"k\": \"s3c\\/ret+K:7\"}", "{\"k\": \"***\"}"},
        {"q\"u\\e<&>'9", "q\"u\\e<&>'9 q\\\"u\\\\e<&>'9 q&quot;u\\e&lt;&amp;&gt;&#39;9",
         "*** *** ***"},
        {"q\"u\\e<&>'9", "q\\u0022u\\\\e\\u003C\\u0026\\u003e'9", "***"},
        {"100%25", "100%2525 100%25", "*** ***"},
        /* user:s3cret, \0shop\0s3cret, s3cret */
        {"s3cret", "Basic dXNlcjpzM2NyZXQ=.", "Basic ***."},
        {"s3cret", "AUTH PLAIN AHNob3AAczNjcmV0", "AUTH PLAIN ***"},
        {"s3cret", "czNjcmV0 /x/czNjcmV0", "*** ***"},
        {"s3cret", "dXNlcjpzM2NyZXQ", "***"},
        /* "user:???s3cret", whose '/' JSON writes with a backslash */
        {"s3cret", "\"dXNlcjo\\/Pz9zM2NyZXQ=\"", "\"***\""},
        {"s3cret", "s3cre s3crety dXNlcm5hbWU= connections", "s3cre ***y dXNlcm5hbWU= connections"},
        {"s3cret", "", ""},
        {"abc", "abc YWJjYWJj", "abc YWJjYWJj"}, /* not longer than what would stand there */
        {NULL, "s3cret", "s3cret"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char line[200], text[40];
        snprintf(line, sizeof line, "%s", cases[i].line);
        snprintf(text, sizeof text, "%s", cases[i].secret ? cases[i].secret : "");
        const struct secret secret = {.text = cases[i].secret ? text : NULL};
        secret_mask(&secret, line);
        if (strcmp(line, cases[i].masked) != 0)
            fail_msg("%s in %s: %s", cases[i].secret, cases[i].line, line);
    }
}

static void a_long_token(void **state)
{
    (void)state;
    char token[3001], line[4096];
    memset(token, 'x', sizeof token - 1);
    token[sizeof token - 1] = '\0';
    snprintf(line, sizeof line, "bad %s.", token);
    secret_mask(&(const struct secret){.text = token}, line);
    assert_string_equal(line, "bad ***.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(however_it_is_written),
        cmocka_unit_test(a_long_token),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
