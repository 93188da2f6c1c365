/* What a daemon leaves in the file `in-hand.<name>`, and what the next one reads there. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "delivery/hand.h"
#include "folder_fixture.h"

struct scene {
    char folder[FOLDER_FIXTURE_SIZE];
    struct arena *arena;
    struct hand *hand;
};

static int open_scene(void **state)
{
    static struct scene scene;
    folder_fixture_make(scene.folder);
    scene.arena = arena_new(512);
    scene.hand = NULL;
    *state = &scene;
    return 0;
}

static int close_scene(void **state)
{
    struct scene *scene = *state;
    hand_close(&scene->hand);
    arena_destroy(&scene->arena);
    folder_fixture_remove(scene->folder);
    return 0;
}

/* The one before ends without a word, as one that is killed does. */
static void live(struct scene *scene, const char *instance)
{
    struct diag diag;
    hand_close(&scene->hand);
    scene->hand = hand_open(scene->folder, "shop", instance, &diag);
    assert_non_null(scene->hand);
}

/* "m1=one:7 taken, m2=one:7 waiting" */
static const char *former(struct scene *scene, size_t shard)
{
    static const char *const words[] = {"waiting", "begun", "taken"};
    static char text[512];
    size_t count, length = 0;
    const struct outbox_known *known = hand_former(scene->hand, shard, scene->arena, &count);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "%s%s=%s %s", i ? ", " : "",
                                   known[i].mid, known[i].owner, words[known[i].stage]);
    return text;
}

static void add(struct scene *scene, const char *mid, enum hand_stage stage)
{
    struct hand_place *place = hand_add(scene->hand, 0, 7, mid);
    assert_non_null(place);
    if (stage != HAND_WAITING)
        hand_mark(place, stage);
}

static void what_was_in_hand_is_read_by_the_next(void **state)
{
    struct scene *scene = *state;
    live(scene, "one-11");
    assert_string_equal(former(scene, 0), "");
    add(scene, "waits", HAND_WAITING);
    add(scene, "begun", HAND_BEGUN);
    add(scene, "ends", HAND_ENDING);
    add(scene, "taken", HAND_TAKEN);
    struct hand_place *settled = hand_add(scene->hand, 0, 7, "settled");
    hand_mark(settled, HAND_TAKEN);
    hand_remove(scene->hand, &settled);
    assert_null(settled);
    assert_string_equal(former(scene, 0), ""); /* it is this one's */

    live(scene, "one-12");
    assert_string_equal(former(scene, 0),
                        "waits=one-11:7 waiting, begun=one-11:7 begun, taken=one-11:7 taken");
    assert_string_equal(former(scene, 1), "");
    assert_true(hand_has_former(scene->hand, 0));
    assert_false(hand_has_former(scene->hand, 1));
    hand_forget(scene->hand, 1);
    add(scene, "new", HAND_WAITING);
    assert_string_equal(former(scene, 0),
                        "waits=one-11:7 waiting, begun=one-11:7 begun, taken=one-11:7 taken");
    hand_forget(scene->hand, 0);
    assert_string_equal(former(scene, 0), "");
    assert_false(hand_has_former(scene->hand, 0));

    live(scene, "one-13");
    assert_string_equal(former(scene, 0), "new=one-12:7 waiting");
}

static void nobody_goes_by_what_a_life_left_that_is_longer_ago(void **state)
{
    struct scene *scene = *state;
    live(scene, "one");
    add(scene, "m", HAND_TAKEN);
    live(scene, "two");
    live(scene, "three");
    assert_string_equal(former(scene, 0), "");
}

static void a_message_that_was_there_twice_is_uncertain(void **state)
{
    struct scene *scene = *state;
    live(scene, "one");
    add(scene, "m", HAND_TAKEN);
    add(scene, "other", HAND_TAKEN);
    add(scene, "m", HAND_WAITING);
    live(scene, "two");
    assert_string_equal(former(scene, 0), "other=one:7 taken");
}

static void each_shard_has_its_own(void **state)
{
    struct scene *scene = *state;
    live(scene, "one");
    hand_add(scene->hand, 1023, 8, "far");
    add(scene, "near", HAND_WAITING);
    live(scene, "two");
    assert_string_equal(former(scene, 0), "near=one:7 waiting");
    assert_string_equal(former(scene, 1023), "far=one:8 waiting");
}

static FILE *open_file(const struct scene *scene)
{
    char path[FOLDER_FIXTURE_SIZE + 16];
    snprintf(path, sizeof path, "%s/in-hand.shop", scene->folder);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    return file;
}

/* The machine was started anew: the disk may have the file as it was long before. */
static void another_boot_makes_it_worthless(void **state)
{
    struct scene *scene = *state;
    live(scene, "one");
    add(scene, "m", HAND_WAITING);
    hand_close(&scene->hand);
    FILE *file = open_file(scene);
    fseek(file, 20, SEEK_SET); /* within the name of the boot */
    int letter = fgetc(file);
    fseek(file, 20, SEEK_SET);
    fputc(letter == 'a' ? 'b' : 'a', file);
    fclose(file);
    live(scene, "two");
    assert_string_equal(former(scene, 0), "");
}

/* Where it cannot be seen it is told. */
static void the_environment_names_the_boot(void **state)
{
    struct scene *scene = *state;
    setenv("NUDGED_BOOT", "9f2c", 1);
    live(scene, "one");
    add(scene, "m", HAND_WAITING);
    live(scene, "two");
    assert_string_equal(former(scene, 0), "m=one:7 waiting");
    add(scene, "n", HAND_WAITING);
    setenv("NUDGED_BOOT", "9f2d", 1);
    live(scene, "three");
    unsetenv("NUDGED_BOOT");
    assert_string_equal(former(scene, 0), "");
}

static void what_is_no_such_file_is_begun_anew(void **state)
{
    struct scene *scene = *state;
    folder_fixture_put(scene->folder, "in-hand.shop", "something else\n");
    live(scene, "one");
    assert_string_equal(former(scene, 0), "");
    add(scene, "m", HAND_WAITING);
    live(scene, "two");
    assert_string_equal(former(scene, 0), "m=one:7 waiting");
}

/* Who was only frozen has it still. */
static void while_a_process_has_it_nobody_else_does(void **state)
{
    struct scene *scene = *state;
    struct diag diag;
    live(scene, "one");
    assert_null(hand_open(scene->folder, "shop", "two", &diag));
    assert_non_null(strstr(diag.text, "cannot lock"));
    struct hand *other = hand_open(scene->folder, "other", "two", &diag);
    assert_non_null(other);
    hand_close(&other);
    assert_null(hand_open("/nowhere/at/all", "shop", "two", &diag));
    assert_non_null(strstr(diag.text, "/nowhere/at/all/in-hand.shop"));
}

static void it_has_a_bound(void **state)
{
    struct scene *scene = *state;
    char mid[16];
    live(scene, "one");
    for (int i = 0; i < HAND_MOST; i++) {
        snprintf(mid, sizeof mid, "m%d", i);
        add(scene, mid, HAND_ENDING);
    }
    assert_null(hand_add(scene->hand, 0, 7, "more"));
    live(scene, "two");
    assert_null(hand_add(scene->hand, 0, 7, "more"));
    hand_forget(scene->hand, 0);
    assert_non_null(hand_add(scene->hand, 0, 7, "more"));
}

/* Nothing is known then, and nothing fails. */
static void there_may_be_none(void **state)
{
    struct scene *scene = *state;
    struct hand_place *place = hand_add(NULL, 0, 7, "m");
    assert_null(place);
    hand_mark(place, HAND_TAKEN);
    hand_remove(NULL, &place);
    hand_forget(NULL, 0);
    assert_string_equal(former(scene, 0), "");
    live(scene, "one");
    assert_null(hand_add(scene->hand, 0, 7, "a name that no message has, as it is far too long"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_scene, close_scene)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_in_hand_is_read_by_the_next),
        TEST(nobody_goes_by_what_a_life_left_that_is_longer_ago),
        TEST(a_message_that_was_there_twice_is_uncertain),
        TEST(each_shard_has_its_own),
        TEST(another_boot_makes_it_worthless),
        TEST(the_environment_names_the_boot),
        TEST(what_is_no_such_file_is_begun_anew),
        TEST(while_a_process_has_it_nobody_else_does),
        TEST(it_has_a_bound),
        TEST(there_may_be_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
