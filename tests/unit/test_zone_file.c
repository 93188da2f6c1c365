#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/zone_file.h"

/* A file of two changes: no rule but the footer's, and offsets +1:00 and +2:00. */
static const unsigned char small[] = {
    /* For old readers: nothing but the one type that there must be. */
    'T',
    'Z',
    'i',
    'f',
    '2',
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    /* Two times, two types, four bytes of names. */
    'T',
    'Z',
    'i',
    'f',
    '2',
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
    2,
    0,
    0,
    0,
    2,
    0,
    0,
    0,
    4,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0xff,
    0x00, /* -256 */
    0,
    0,
    0,
    0,
    0,
    0,
    1,
    0, /* 256 */
    1,
    0, /* the types from then on */
    0,
    0,
    0x0e,
    0x10,
    0,
    0,
    0,
    0,
    0x1c,
    0x20,
    1,
    1,
    'A',
    'B',
    'C',
    0,
    '\n',
    'A',
    'B',
    'C',
    '-',
    '3',
    '\n',
};

enum { SECOND_HEADER = 51, TIMES = SECOND_HEADER + 44, FOOTER = sizeof small - 7 };

static char folder[] = "/tmp/nudged-zone-XXXXXX";

static int set_up(void **state)
{
    (void)state;
    return mkdtemp(folder) && setenv("TZDIR", folder, 1) == 0 ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    unsetenv("TZDIR");
    return rmdir(folder);
}

static bool read_bytes(const unsigned char *bytes, size_t length, struct zone_file *file)
{
    char path[64];
    snprintf(path, sizeof path, "%s/Zone", folder);
    FILE *stream = fopen(path, "wb");
    assert_non_null(stream);
    fwrite(bytes, 1, length, stream);
    fclose(stream);
    bool read = zone_file_read("Zone", file);
    unlink(path);
    return read;
}

static void test_offsets(void **state)
{
    (void)state;
    struct zone_file file;
    assert_true(read_bytes(small, sizeof small, &file));
    static const struct {
        int64_t second;
        int32_t offset;
    } cases[] = {
        {INT64_MIN / 1000, 3600}, {-257, 3600}, {-256, 7200}, {0, 7200}, {255, 7200}, {256, 10800},
        {INT64_MAX / 1000, 10800}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(zone_file_offset(&file, cases[i].second), cases[i].offset);
    assert_string_equal(zone_file_name(&file, -257), "ABC");
    assert_string_equal(zone_file_name(&file, -256), "BC"); /* names may share their letters */
    assert_string_equal(zone_file_name(&file, 256), "ABC");
    zone_file_free(&file);
    /* Without a rule, the last type stays. */
    unsigned char changed[sizeof small];
    memcpy(changed, small, sizeof small);
    changed[FOOTER + 1] = '\n';
    assert_true(read_bytes(changed, FOOTER + 2, &file));
    assert_int_equal(zone_file_offset(&file, 256), 3600);
    zone_file_free(&file);
}

/* However a file is cut or one of its bytes is wrong, it is read or refused, and no more. */
static void test_broken(void **state)
{
    (void)state;
    struct zone_file file;
    for (size_t length = 0; length < sizeof small; length++)
        assert_false(read_bytes(small, length, &file));
    size_t refused = 0;
    for (size_t i = 0; i < sizeof small; i++) {
        static const unsigned char wrong[] = {0, 1, 0x7f, 0xff};
        for (size_t j = 0; j < sizeof wrong; j++) {
            unsigned char changed[sizeof small];
            memcpy(changed, small, sizeof small);
            changed[i] = wrong[j];
            if (read_bytes(changed, sizeof changed, &file))
                assert_true(zone_file_offset(&file, 1774746000) != 1 &&
                            strlen(zone_file_name(&file, 0)) < 16);
            else
                refused++;
            zone_file_free(&file);
        }
    }
    assert_in_range(refused, 100, sizeof small * 4);
    static const struct {
        size_t at;
        unsigned char byte;
    } cases[] = {
        {0, 'X'},           {4, '1'},          {SECOND_HEADER, 'X'}, {SECOND_HEADER + 39, 0},
        {TIMES + 14, 0xfe}, {TIMES + 16, 2},   {TIMES + 23, 5}, /* a name behind the last */
        {FOOTER, 'x'},      {FOOTER + 5, 'x'}, {TIMES, 0x7f},        {SECOND_HEADER + 20, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char changed[sizeof small];
        memcpy(changed, small, sizeof small);
        changed[cases[i].at] = cases[i].byte;
        if (i == 4) /* the times no longer rise */
            memset(changed + TIMES + 8, 0xff, 6);
        if (read_bytes(changed, sizeof changed, &file))
            fail_msg("case %zu was taken", i);
    }
}

static void test_names(void **state)
{
    (void)state;
    struct zone_file file;
    unsetenv("TZDIR");
    static const char *const bad[] = {
        "",          "/etc/passwd",     "../zoneinfo/UTC", "Europe",
        "zone.tab",  "posixrules",      "localtime",       "right/UTC",
        "posix/UTC", "Europe//Nowhere", "Factory",         "leapseconds"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (zone_file_read(bad[i], &file))
            fail_msg("`%s` was taken", bad[i]);
    assert_true(zone_file_read("Europe/Helsinki", &file));
    zone_file_free(&file);
    setenv("TZDIR", folder, 1);
    assert_false(zone_file_read("Europe/Helsinki", &file));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_offsets),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
