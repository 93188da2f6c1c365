#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"

enum { OUTPUT_MOST = 1 << 20 };

static char output[OUTPUT_MOST];

/* Runs `body` in a process of its own, since the log looks once at where it writes, and
 * gathers its standard error. `journal`: NULL for none, "own" for what systemd would set,
 * "device" or "inode" for a stream that differs in that alone, or "nonsense". */
static void run(void (*body)(void), const char *journal)
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct stat own;
        char stream[64];
        dup2(ends[1], STDERR_FILENO);
        fstat(STDERR_FILENO, &own);
        snprintf(stream, sizeof stream, "%llu:%llu",
                 (unsigned long long)own.st_dev + (journal && strcmp(journal, "device") == 0),
                 (unsigned long long)own.st_ino + (journal && strcmp(journal, "inode") == 0));
        unsetenv("JOURNAL_STREAM");
        if (journal)
            setenv("JOURNAL_STREAM", strcmp(journal, "nonsense") == 0 ? journal : stream, 1);
        close(ends[0]);
        close(ends[1]);
        log_set_format(LOG_FORMAT_TEXT); /* not to the journal of this machine */
        body();
        _exit(0);
    }
    close(ends[1]);
    size_t length = 0;
    ssize_t got;
    while ((got = read(ends[0], output + length, sizeof output - 1 - length)) > 0)
        length += (size_t)got;
    output[length] = '\0';
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void all_levels(void)
{
    log_error("one %d", 1);
    log_warning("two");
    log_info("three");
    log_debug("four");
}

static void all_levels_at_debug(void)
{
    log_set_level(LOG_LEVEL_DEBUG);
    all_levels();
}

static void all_levels_at_error(void)
{
    log_set_level(LOG_LEVEL_ERROR);
    all_levels();
}

static void test_journal(void **state)
{
    (void)state;
    run(all_levels_at_debug, "own");
    assert_string_equal(output, "<3>one 1\n<4>two\n<6>three\n<7>four\n");
    run(all_levels, "own");
    assert_string_equal(output, "<3>one 1\n<4>two\n<6>three\n");
    run(all_levels_at_error, "own");
    assert_string_equal(output, "<3>one 1\n");
}

static void expect_times(void)
{
    static const char *const lines[] = {" error: one 1", " warning: two", " info: three"};
    char *rest = output, *line;
    for (size_t i = 0; i < 3; i++) {
        int64_t ms;
        line = strsep(&rest, "\n");
        char *space = strchr(line, ' ');
        assert_non_null(space);
        assert_true(clock_parse(line, (size_t)(space - line), &ms));
        assert_in_range(clock_wall_ms() - ms, 0, 60000);
        assert_string_equal(space, lines[i]);
    }
    assert_string_equal(rest, "");
}

static void test_time(void **state)
{
    (void)state;
    run(all_levels, NULL);
    expect_times();
    /* Somebody else's stream, inherited. */
    run(all_levels, "device");
    expect_times();
    run(all_levels, "inode");
    expect_times();
    run(all_levels, "nonsense");
    expect_times();
}

static void hostile(void)
{
    char text[3000];
    log_error("a\nb\rc\td\x1b[31m\x7f");
    log_error("C1: \xc2\x9b, not UTF-8: \xff\xc3.");
    log_error("Ünï ăș Жук 買い物 🛒");
    /* 1,019 bytes and a character of four bytes that has no room for its last. */
    memset(text, 'x', sizeof text);
    memcpy(text + 1017, "\xf0\x9f\x9b\x92", 4);
    text[2999] = '\0';
    log_error("%s", text);
    log_error("%s", "");
}

static void test_hostile_text(void **state)
{
    (void)state;
    run(hostile, "own");
    char *rest = output;
    assert_string_equal(strsep(&rest, "\n"), "<3>a?b?c d?[31m?");
    assert_string_equal(strsep(&rest, "\n"), "<3>C1: ?, not UTF-8: ??.");
    assert_string_equal(strsep(&rest, "\n"), "<3>Ünï ăș Жук 買い物 🛒");
    const char *cut = strsep(&rest, "\n");
    assert_int_equal(strlen(cut), 3 + 1017);
    assert_string_equal(cut + 1018, "xx");
    assert_string_equal(strsep(&rest, "\n"), "<3>");
    assert_string_equal(rest, "");
}

static void exactly_full(void)
{
    char text[1021];
    memset(text, 'x', sizeof text);
    text[1020] = '\0';
    log_error("%s", text);
}

static void test_longest_line(void **state)
{
    (void)state;
    run(exactly_full, "own");
    assert_int_equal(strlen(output), 1024);
    assert_int_equal(output[1023], '\n');
}

static void *write_many(void *letter)
{
    char text[300];
    memset(text, *(const char *)letter, sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (int i = 0; i < 300; i++)
        log_error("%s", text);
    return NULL;
}

static void from_threads(void)
{
    pthread_t threads[8];
    static const char letters[] = "abcdefgh";
    for (int i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, write_many, (void *)(uintptr_t)&letters[i]);
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
}

static void test_lines_never_mix(void **state)
{
    (void)state;
    run(from_threads, "own");
    int counts[8] = {0};
    char *rest = output, *line;
    while ((line = strsep(&rest, "\n")) && *line) {
        assert_memory_equal(line, "<3>", 3);
        assert_in_range(line[3], 'a', 'h');
        char letter[2] = {line[3], '\0'};
        assert_int_equal(strspn(line + 3, letter), 299);
        assert_int_equal(strlen(line), 302);
        counts[line[3] - 'a']++;
    }
    for (int i = 0; i < 8; i++)
        assert_int_equal(counts[i], 300);
}

static void diagnostics(void)
{
    struct diag diag;
    diag_error(&diag, "unknown key `%s`", "untill");
    diag_file(&diag, "rules/cart.yaml");
    diag_place(&diag, 6, 1, 6);
    diag_hint(&diag, "did you mean `until`?");
    log_diag(&diag);
    diag.level = DIAG_WARNING;
    log_diag(&diag);
}

static void test_diag(void **state)
{
    (void)state;
    run(diagnostics, "own");
    assert_string_equal(output,
                        "<3>rules/cart.yaml:6:1: unknown key `untill` (did you mean `until`?)\n"
                        "<4>rules/cart.yaml:6:1: unknown key `untill` (did you mean `until`?)\n");
}

/* For who reads fields, beside the line for people. */
static void diagnostics_as_json(void)
{
    log_set_format(LOG_FORMAT_JSON);
    diagnostics();
}

static void test_diag_as_json(void **state)
{
    (void)state;
    run(diagnostics_as_json, NULL);
    assert_non_null(strstr(output,
                           "\"message\":\"rules/cart.yaml:6:1: unknown key `untill` (did you "
                           "mean `until`?)\",\"file\":\"rules/cart.yaml\",\"hint\":\"did you "
                           "mean `until`?\",\"line\":6,\"column\":1}\n"));
}

static void keeps_errno(void)
{
    int ends[2];
    if (pipe2(ends, O_NONBLOCK) != 0)
        _exit(1);
    close(STDERR_FILENO);
    errno = EDOM;
    log_error("nobody reads this");
    if (errno != EDOM)
        _exit(2);
    /* A pipe that nobody empties: the log drops lines rather than wait. */
    dup2(ends[1], STDERR_FILENO);
    for (int i = 0; i < 2000; i++)
        log_error("a line of some length, over and over, until nothing more goes in");
    if (errno != EDOM)
        _exit(3);
}

static void test_errors_are_ignored(void **state)
{
    (void)state;
    run(keeps_errno, NULL);
}

/* ---- Fields ---- */

static int abort_if_asked(void)
{
    abort();
}

static void with_fields(void)
{
    log_with(LOG_LEVEL_WARNING,
             LOG_FIELDS(LOG_TEXT("mid", "4f2a"), LOG_TEXT("none", NULL), LOG_TEXT("empty", ""),
                        LOG_DETAIL("550 redis://u:secret@h no"), LOG_NUMBER("code", -550),
                        LOG_TEXT("rule", "two \"words\""), LOG_TEXT("a", "x=y"), LOG_ID("ffff")),
             "a message was sent by %s", "smtp");
    log_with(LOG_LEVEL_DEBUG, LOG_FIELDS(LOG_NUMBER("n", abort_if_asked())), "not written");
}

static void test_fields_in_text(void **state)
{
    (void)state;
    run(with_fields, "own");
    assert_string_equal(output, "<4>a message was sent by smtp mid=4f2a code=-550 "
                                "rule=\"two \\\"words\\\"\" a=\"x=y\": "
                                "550 redis://u:***@h no\n");
}

static void as_json(void)
{
    char text[5000];
    log_set_format(LOG_FORMAT_JSON);
    with_fields();
    memset(text, '"', sizeof text);
    text[4999] = '\0';
    log_with(LOG_LEVEL_ERROR,
             LOG_FIELDS(LOG_TEXT("a", text), LOG_TEXT("b", text), LOG_NUMBER("code", 1),
                        LOG_TEXT("code", "again")),
             "a\nb\x1b");
}

/* Each line is one object, however long its values are. */
static void test_json(void **state)
{
    (void)state;
    run(as_json, NULL);
    char *rest = output, *line = strsep(&rest, "\n");
    assert_memory_equal(line, "{\"time\":\"", 9);
    assert_string_equal(strstr(line, ",\"level\""),
                        ",\"level\":\"warning\",\"message\":\"a message was sent by smtp\","
                        "\"mid\":\"4f2a\",\"detail\":\"550 redis://u:***@h no\",\"code\":-550,"
                        "\"rule\":\"two \\\"words\\\"\",\"a\":\"x=y\"}");
    line = strsep(&rest, "\n");
    assert_true(strlen(line) < 4096);
    assert_non_null(strstr(line, ",\"message\":\"a?b?\",\"a\":\"\\\""));
    assert_string_equal(line + strlen(line) - 2, "\"}");
    assert_null(strstr(line, ",\"b\":"));
    assert_string_equal(rest, "");
    run(as_json, "own"); /* with its priority, which the journal takes off */
    assert_memory_equal(output, "<4>{\"time\":", 11);
}

/* ---- Who is not named ---- */

static void test_address(void **state)
{
    (void)state;
    static const char *const same[] = {"ana@shop.example", " ANA@Shop.EXAMPLE\t"};
    char out[64], other[64];
    assert_string_equal(log_address(same[0], out, sizeof out), "#…");
    log_set_secret("secret", 6);
    for (size_t i = 0; i < 2; i++) /* the first digits of HMAC-SHA256 */
        assert_string_equal(log_address(same[i], out, sizeof out), "#008062f29daba731");
    log_address("bob@shop.example", other, sizeof other);
    assert_string_not_equal(other, out);
    assert_int_equal(strlen(log_address("+40712345678", other, sizeof other)), 17);
    assert_string_equal(log_address("", out, sizeof out), "");
    log_show_addresses(true);
    assert_string_equal(log_address("ana@shop.example", out, sizeof out), "ana@shop.example");
    assert_string_equal(log_address("ana@shop.example", out, 8), "ana@sho");
    log_show_addresses(false);
    assert_string_equal(log_name("order-17", (char[LOG_NAME_SIZE]){0}), "order-17");
    assert_string_equal(log_name("ana@shop.example", (char[LOG_NAME_SIZE]){0}),
                        "#008062f29daba731");
}

static void test_masked(void **state)
{
    static const struct {
        const char *words, *masked;
    } cases[] = {
        {"", ""},
        {"5.1.1 <ana@shop.example>: unknown", "5.1.1 <#008062f29daba731>: unknown"},
        {"no such user: ana@shop.example,bob: ana@shop.example.",
         "no such user: #008062f29daba731,bob: #008062f29daba731."},
        {"to=ana%40shop.example", "to=…"},
        {"+40712345678 is no number, id a123456b 12345", "+… is no number, id a…b 12345"},
        {"host 127.0.0.1 said no", "host 127.0.0.1 said no"},
        {"no mailbox `ana.pop' here: user=ANA.POP, uid:ana.pop.",
         "no mailbox `…' here: user=…, uid:…."},
        {"ana, ana.popescu and shop.example stay", "ana, ana.popescu and shop.example stay"},
        {"<mailto:ana@shop.example>", "<mailto:#008062f29daba731>"},
    };
    char out[128];
    (void)state;
    log_set_secret("secret", 6);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(log_masked(cases[i].words, "Ana.Pop@shop.example", out, sizeof out),
                            cases[i].masked);
    assert_string_equal(log_masked("one two three", NULL, out, 8), "one two");
    assert_string_equal(log_masked("one xxy", NULL, out, 6), "one ");
    log_show_addresses(true);
    assert_string_equal(log_masked("ana@shop.example 1234567", NULL, out, sizeof out),
                        "ana@shop.example 1234567");
    log_show_addresses(false);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(log_level_names[LOG_LEVEL_ERROR], "error");
    assert_string_equal(log_level_names[LOG_LEVEL_WARNING], "warning");
    assert_string_equal(log_level_names[LOG_LEVEL_INFO], "info");
    assert_string_equal(log_level_names[LOG_LEVEL_DEBUG], "debug");
    assert_null(log_level_names[LOG_LEVEL_DEBUG + 1]);
    assert_string_equal(log_format_names[LOG_FORMAT_AUTO], "auto");
    assert_string_equal(log_format_names[LOG_FORMAT_TEXT], "text");
    assert_string_equal(log_format_names[LOG_FORMAT_JSON], "json");
    assert_null(log_format_names[LOG_FORMAT_JSON + 1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_journal),         cmocka_unit_test(test_time),
        cmocka_unit_test(test_hostile_text),    cmocka_unit_test(test_longest_line),
        cmocka_unit_test(test_lines_never_mix), cmocka_unit_test(test_diag),
        cmocka_unit_test(test_diag_as_json),    cmocka_unit_test(test_errors_are_ignored),
        cmocka_unit_test(test_fields_in_text),  cmocka_unit_test(test_json),
        cmocka_unit_test(test_address),         cmocka_unit_test(test_masked),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
