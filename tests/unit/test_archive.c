/* The archive: names of its files, its lines, what is written where, and what is taken out. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "archive/archive.h"
#include "archive/archive_files.h"
#include "archive/archive_line.h"
#include "archive/archive_sweep.h"
#include "base/arena.h"
#include "base/file.h"

static const int64_t day_ms = ARCHIVE_FILES_DAY_MS;
static const int64_t now_ms = INT64_C(1795910762653); /* 2026-11-29T00:06:02.653Z */

struct world {
    struct arena *arena;
    char folder[64];
};

static int begin(void **state)
{
    static struct world world;
    world.arena = arena_new(4096);
    strcpy(world.folder, "/tmp/nudged-archive-XXXXXX");
    *state = &world;
    return mkdtemp(world.folder) ? 0 : -1;
}

static int end(void **state)
{
    struct world *world = *state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", world->folder);
    arena_destroy(&world->arena);
    return system(command);
}

static const char *path_of(const struct world *world, const char *name)
{
    return arena_printf(world->arena, "%s/%s", world->folder, name);
}

static void put_file(const struct world *world, const char *name, const char *text)
{
    FILE *file = fopen(path_of(world, name), "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static const char *text_of(const struct world *world, const char *name)
{
    struct diag diag;
    const char *text;
    size_t length;
    bool good = file_read(world->arena, path_of(world, name), 1 << 20, &text, &length, &diag);
    return good ? text : "(none)";
}

/* ---- Names ---- */

static void test_names(void **state)
{
    char name[ARCHIVE_FILES_NAME_SIZE];
    int64_t begun_ms;
    (void)state;
    archive_files_name(now_ms, "mail/1 a.b", name);
    assert_string_equal(name, "events-2026-11-29T00-06-02.mail_1_a.b.jsonl");
    assert_true(archive_files_read(name, "mail/1 a.b", &begun_ms));
    assert_int_equal(begun_ms, now_ms / 1000 * 1000);
    assert_true(archive_files_read(name, NULL, &begun_ms));
    assert_false(archive_files_read(name, "mail", &begun_ms));
    assert_false(archive_files_read(name, "mail_1_a.b.c", &begun_ms));
}

static void test_what_is_no_name(void **state)
{
    static const char *const names[] = {
        "",
        "events-.jsonl",
        "events-2026-11-29T00-06-02.jsonl",
        "events-2026-13-29T00-06-02.a.jsonl",
        "events-2026-11-29T00:06.a.jsonl",
        "events-2026-11-29T00-06-02.a.json",
        "event-2026-11-29T00-06-02.a.jsonl",
        ".events-2026-11-29T00-06-02.a.jsonl",
    };
    int64_t begun_ms;
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_false(archive_files_read(names[i], NULL, &begun_ms));
}

/* ---- Lines ---- */

static void test_a_line_is_one_line(void **state)
{
    const struct world *world = *state;
    static const char event[] = "{\"type\":\r\n \"a\\nb\"}";
    struct archive_line line;
    struct buf out;
    buf_init(&out, 1024);
    archive_line_put(&out, "17-3", event, strlen(event));
    assert_string_equal(buf_string(&out),
                        "{\"received\":17,\"entry\":\"17-3\",\"event\":{\"type\":   \"a\\nb\"}}\n");
    assert_true(archive_line_read(world->arena, (struct slice){out.data, out.length - 1}, &line));
    assert_string_equal(line.entry, "17-3");
    assert_true(slice_is(line.event, "{\"type\":   \"a\\nb\"}"));
    buf_free(&out);
}

static void test_what_is_no_line(void **state)
{
    const struct world *world = *state;
    static const char *const lines[] = {
        "",
        "{}",
        "{\"received\":17,\"entry\":\"17-3\",\"event\":",
        "{\"received\":,\"entry\":\"17-3\",\"event\":{}}",
        "{\"received\":17,\"event\":{}}",
        " {\"received\":17,\"entry\":\"17-3\",\"event\":{}}",
    };
    struct archive_line line;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_false(archive_line_read(world->arena, slice_of(lines[i]), &line));
}

/* ---- Writing ---- */

static struct archive *open_archive(const struct world *world, const char *name, int64_t at_ms)
{
    struct diag diag;
    const struct archive_options options = {
        .folder = world->folder, .name = name, .size_most = 200, .now_ms = at_ms};
    struct archive *archive = archive_new(&options, &diag);
    assert_non_null(archive);
    return archive;
}

static void write_event(struct archive *archive, const char *event, int64_t at_ms)
{
    archive_add(archive, "17-0", event, strlen(event), at_ms);
    archive_write(archive, at_ms);
    assert_false(archive_lost(archive, at_ms).goes_on);
}

#define LINE(event) "{\"received\":17,\"entry\":\"17-0\",\"event\":" event "}\n"

static void test_it_goes_on_behind_the_last_whole_line(void **state)
{
    const struct world *world = *state;
    static const char name[] = "events-2026-11-29T00-06-02.one.jsonl";
    put_file(world, name, LINE("{\"a\":1}") "{\"received\":17,\"entr");
    struct archive *archive = open_archive(world, "one", now_ms + 1000);
    write_event(archive, "{\"a\":2}", now_ms + 1000);
    assert_string_equal(text_of(world, name), LINE("{\"a\":1}") LINE("{\"a\":2}"));
    archive_destroy(&archive);
}

static void test_not_with_anothers_nor_an_old_one(void **state)
{
    const struct world *world = *state;
    put_file(world, "events-2026-11-28T00-06-00.one.jsonl", LINE("{\"a\":1}"));
    put_file(world, "events-2026-11-29T00-06-02.two.jsonl", LINE("{\"a\":1}"));
    struct archive *archive = open_archive(world, "one", now_ms);
    struct archive *same = open_archive(world, "one", now_ms); /* its lock is taken */
    write_event(archive, "{\"a\":2}", now_ms);
    write_event(same, "{\"a\":3}", now_ms);
    assert_string_equal(text_of(world, "events-2026-11-29T00-06-02.one.jsonl"), LINE("{\"a\":2}"));
    assert_string_equal(text_of(world, "events-2026-11-29T00-06-03.one.jsonl"), LINE("{\"a\":3}"));
    assert_string_equal(text_of(world, "events-2026-11-28T00-06-00.one.jsonl"), LINE("{\"a\":1}"));
    archive_destroy(&same);
    archive_destroy(&archive);
}

static void test_a_file_ends_after_a_day(void **state)
{
    const struct world *world = *state;
    struct archive *archive = open_archive(world, "one", now_ms);
    write_event(archive, "{\"a\":1}", now_ms + day_ms - 1);
    assert_int_equal(archive_rotations(archive), 0);
    archive_rotate(archive, now_ms + day_ms);
    assert_int_equal(archive_rotations(archive), 1);
    write_event(archive, "{\"a\":2}", now_ms + day_ms);
    assert_string_equal(text_of(world, "events-2026-11-29T00-06-02.one.jsonl"), LINE("{\"a\":1}"));
    assert_string_equal(text_of(world, "events-2026-11-30T00-06-02.one.jsonl"), LINE("{\"a\":2}"));
    archive_destroy(&archive);
}

/* Several of the same second, of which one is gone: none takes its place in the order. */
static void test_names_are_in_order(void **state)
{
    const struct world *world = *state;
    struct archive *archive = open_archive(world, "one", now_ms);
    archive_set_size(archive, 1);
    write_event(archive, "{\"a\":1}", now_ms);
    write_event(archive, "{\"a\":2}", now_ms);
    write_event(archive, "{\"a\":3}", now_ms);
    assert_int_equal(unlink(path_of(world, "events-2026-11-29T00-06-03.one.jsonl")), 0);
    write_event(archive, "{\"a\":4}", now_ms);
    archive_destroy(&archive);
    put_file(world, "events-2026-11-29T00-06-09.one.jsonl",
             arena_printf(world->arena, "%0300d\n", 0)); /* a full one */
    archive = open_archive(world, "one", now_ms);
    write_event(archive, "{\"a\":5}", now_ms);
    archive_destroy(&archive);
    assert_string_equal(text_of(world, "events-2026-11-29T00-06-02.one.jsonl"), LINE("{\"a\":1}"));
    assert_string_equal(text_of(world, "events-2026-11-29T00-06-05.one.jsonl"), LINE("{\"a\":4}"));
    assert_string_equal(text_of(world, "events-2026-11-29T00-06-10.one.jsonl"), LINE("{\"a\":5}"));
}

/* Who was erased stands in it for another hour at most. */
static void test_a_file_ends_an_hour_after_an_erasure(void **state)
{
    const struct world *world = *state;
    static const int64_t hour_ms = 60 * 60 * 1000;
    struct archive *archive = open_archive(world, "one", now_ms);
    archive_erased(archive, now_ms - 1); /* of before: it is in no line of this file */
    archive_rotate(archive, now_ms + hour_ms);
    assert_int_equal(archive_rotations(archive), 0);
    archive_erased(archive, now_ms + 5);
    archive_erased(archive, now_ms - 5);
    archive_rotate(archive, now_ms + hour_ms - 1);
    assert_int_equal(archive_rotations(archive), 0);
    archive_rotate(archive, now_ms + hour_ms);
    assert_int_equal(archive_rotations(archive), 1);
    write_event(archive, "{\"a\":1}", now_ms + hour_ms); /* begins another one */
    archive_rotate(archive, now_ms + 3 * hour_ms);
    assert_int_equal(archive_rotations(archive), 1);
    archive_destroy(&archive);
}

static void test_what_was_written_is_to_be_forced(void **state)
{
    const struct world *world = *state;
    struct archive *archive = open_archive(world, "one", now_ms);
    assert_int_equal(archive_unsynced(archive), -1);
    write_event(archive, "{\"a\":1}", now_ms);
    int fd = archive_unsynced(archive);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(archive_unsynced(archive), -1);
    write_event(archive, "{\"a\":2}", now_ms);
    archive_rotate(archive, now_ms + day_ms); /* a file that is done with likewise */
    fd = archive_unsynced(archive);
    assert_true(fd >= 0);
    close(fd);
    archive_destroy(&archive);
}

/* A disk that takes the one batch and not the other: it is told until an hour after the last. */
static void test_what_is_lost(void **state)
{
    const struct world *world = *state;
    static const int64_t minute_ms = 60 * 1000;
    const char *away = arena_printf(world->arena, "%s.away", world->folder);
    struct archive *archive = open_archive(world, "one", now_ms);
    struct buf text;
    buf_init(&text, 4096);
    assert_int_equal(archive_lost(archive, now_ms).count, 0);
    archive_set_size(archive, 1); /* each batch has a file of its own */
    write_event(archive, "{\"a\":1}", now_ms);
    assert_int_equal(rename(world->folder, away), 0);
    put_file(&(struct world){.arena = world->arena, .folder = "/tmp"},
             world->folder + strlen("/tmp/"), "no folder");
    for (int i = 0; i < 3; i++)
        archive_add(archive, "17-0", "{}", 2, now_ms);
    archive_write(archive, now_ms);
    struct archive_lost lost = archive_lost(archive, now_ms);
    assert_true(lost.goes_on);
    archive_lost_text(&lost, &text);
    assert_non_null(strstr(buf_string(&text), "events are not archived: cannot begin /tmp/"));
    assert_non_null(strstr(buf_string(&text), "; 3 lost since 2026-11-29T00:06:02Z"));
    assert_int_equal(unlink(world->folder), 0);
    assert_int_equal(rename(away, world->folder), 0);
    write_event(archive, "{\"a\":2}", now_ms + minute_ms);
    buf_clear(&text);
    lost = archive_lost(archive, now_ms + minute_ms);
    archive_lost_write(&lost, &text);
    assert_non_null(strstr(buf_string(&text), "\"archive\":\"events were not archived: "));
    assert_non_null(strstr(buf_string(&text), "; 3 lost from 2026-11-29T00:06:02Z to "
                                              "2026-11-29T00:06:02Z\",\"archive_lost\":3"));
    assert_int_equal(archive_lost(archive, now_ms + ARCHIVE_LOST_MS - 1).count, 3);
    assert_int_equal(archive_lost(archive, now_ms + ARCHIVE_LOST_MS).count, 0);
    buf_free(&text);
    archive_destroy(&archive);
}

/* Those of an hour count together; behind an hour without, it begins anew. */
static void test_losses_of_an_hour(void **state)
{
    struct archive_lost lost = {0};
    (void)state;
    assert_false(archive_lost_is(&lost, now_ms));
    archive_lost_add(&lost, 2, now_ms);
    archive_lost_add(&lost, 3, now_ms + ARCHIVE_LOST_MS - 1);
    assert_int_equal(lost.count, 5);
    assert_int_equal(lost.since_ms, now_ms);
    archive_lost_add(&lost, 4, now_ms + 2 * (int64_t)ARCHIVE_LOST_MS - 1);
    assert_int_equal(lost.count, 4);
    assert_int_equal(lost.since_ms, lost.last_ms);
}

/* ---- Sweeping ---- */

struct judged {
    const char *word; /* lines with it are gone */
    size_t asked;     /* lines */
    int parts;        /* so many until it is told to end; 0: never */
};

static bool judge(void *context, const struct slice *lines, size_t count, bool *gone,
                  struct diag *diag)
{
    struct judged *judged = context;
    (void)diag;
    for (size_t i = 0; i < count; i++)
        gone[i] = memmem(lines[i].text, lines[i].length, judged->word, strlen(judged->word));
    judged->asked += count;
    return true;
}

static bool go_on(void *context)
{
    struct judged *judged = context;
    return judged->parts == 0 || --judged->parts > 0;
}

static struct archive_swept sweep(const struct world *world, struct judged *judged,
                                  int64_t erased_ms)
{
    struct archive_swept swept;
    struct diag diag;
    const struct archive_sweep asked = {.folder = world->folder,
                                        .now_ms = now_ms,
                                        .keep_ms = 30 * day_ms,
                                        .erased_ms = erased_ms,
                                        .judge = judge,
                                        .go_on = go_on,
                                        .context = judged};
    assert_true(archive_sweep_run(&asked, &swept, &diag));
    return swept;
}

static const char first[] = "events-2026-11-28T00-00-00.a.jsonl";
static const char second[] = "events-2026-11-28T01-00-00.b.jsonl";

static void test_lines_of_who_was_erased_go(void **state)
{
    const struct world *world = *state;
    struct judged judged = {.word = "ana"};
    put_file(world, first, "ana 1\nbob 1\nana 2\nbob 2\n");
    put_file(world, second, "bob 3\n");
    chmod(path_of(world, first), 0600);
    const struct archive_swept swept = sweep(world, &judged, 5);
    assert_int_equal(swept.lines, 2);
    assert_string_equal(text_of(world, first), "bob 1\nbob 2\n");
    assert_string_equal(text_of(world, second), "bob 3\n");
    assert_int_equal(judged.asked, 5);
    sweep(world, &judged, 5); /* the same erasure: nothing is read again */
    assert_int_equal(judged.asked, 5);
    sweep(world, &judged, 6);
    assert_int_equal(judged.asked, 8);
    struct stat status;
    assert_int_equal(stat(path_of(world, first), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static void test_nobody_was_erased(void **state)
{
    const struct world *world = *state;
    struct judged judged = {.word = "ana"};
    put_file(world, first, "ana 1\n");
    sweep(world, &judged, 0);
    assert_int_equal(judged.asked, 0);
    assert_string_equal(text_of(world, first), "ana 1\n");
}

static void test_a_file_with_nothing_left_goes(void **state)
{
    const struct world *world = *state;
    struct judged judged = {.word = "ana"};
    put_file(world, first, "ana 1\nana 2\n");
    sweep(world, &judged, 5);
    assert_int_equal(access(path_of(world, first), F_OK), -1);
}

static void test_half_a_line_goes_with_what_is_written_anew(void **state)
{
    const struct world *world = *state;
    struct judged judged = {.word = "ana"};
    put_file(world, first, "bob 1\nana 1\nbob");
    put_file(world, ".events-2026-11-28T00-00-00.a.jsonl.new", "ana");
    sweep(world, &judged, 5);
    assert_string_equal(text_of(world, first), "bob 1\n");
    assert_int_equal(access(path_of(world, ".events-2026-11-28T00-00-00.a.jsonl.new"), F_OK), -1);
}

static void test_what_somebody_writes_to_is_let_be(void **state)
{
    const struct world *world = *state;
    struct judged judged = {.word = "ana"};
    struct archive *archive = open_archive(world, "one", now_ms);
    write_event(archive, "{\"who\":\"ana\"}", now_ms);
    sweep(world, &judged, 5);
    assert_int_equal(judged.asked, 0);
    archive_destroy(&archive);
    const struct archive_swept swept = sweep(world, &judged, 5);
    assert_int_equal(swept.lines, 1);
}

static void test_old_files_go(void **state)
{
    const struct world *world = *state;
    struct judged judged = {.word = "ana"};
    put_file(world, "events-2026-10-28T23-59-59.a.jsonl", "bob\n"); /* 30 days and one, and more */
    put_file(world, "events-2026-10-29T00-06-03.a.jsonl", "bob\n");
    const struct archive_swept swept = sweep(world, &judged, 0);
    assert_int_equal(swept.files, 1);
    assert_int_equal(access(path_of(world, "events-2026-10-28T23-59-59.a.jsonl"), F_OK), -1);
    assert_string_equal(text_of(world, "events-2026-10-29T00-06-03.a.jsonl"), "bob\n");
}

static void test_it_ends_when_it_is_told_and_goes_on_later(void **state)
{
    const struct world *world = *state;
    struct judged judged = {.word = "ana", .parts = 2};
    struct buf text;
    buf_init(&text, 1 << 20);
    for (int i = 0; i < 1000; i++)
        buf_printf(&text, "%s %d\n", i % 2 ? "ana" : "bob", i);
    put_file(world, first, buf_string(&text));
    assert_int_equal(sweep(world, &judged, 5).lines, 0);
    assert_string_equal(text_of(world, first), buf_string(&text));
    judged.parts = 0;
    assert_int_equal(sweep(world, &judged, 5).lines, 500);
    assert_null(strstr(text_of(world, first), "ana"));
    assert_non_null(strstr(text_of(world, first), "bob 998\n"));
    buf_free(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names),
        TEST(what_is_no_name),
        TEST(a_line_is_one_line),
        TEST(what_is_no_line),
        TEST(it_goes_on_behind_the_last_whole_line),
        TEST(not_with_anothers_nor_an_old_one),
        TEST(a_file_ends_after_a_day),
        TEST(names_are_in_order),
        TEST(a_file_ends_an_hour_after_an_erasure),
        TEST(what_was_written_is_to_be_forced),
        TEST(what_is_lost),
        TEST(losses_of_an_hour),
        TEST(lines_of_who_was_erased_go),
        TEST(nobody_was_erased),
        TEST(a_file_with_nothing_left_goes),
        TEST(half_a_line_goes_with_what_is_written_anew),
        TEST(what_somebody_writes_to_is_let_be),
        TEST(old_files_go),
        TEST(it_ends_when_it_is_told_and_goes_on_later),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
