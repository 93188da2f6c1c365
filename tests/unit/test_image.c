#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/image.h"
#include "base/json.h"

struct thing {
    const char *text, *none;
    const char *const *texts;
    struct value value;
};

static struct thing *make(struct image_maker *maker, const struct thing *thing)
{
    image_begin(maker);
    size_t place = image_put(maker, thing, sizeof *thing);
    image_text(maker, place + offsetof(struct thing, text), thing->text);
    image_text(maker, place + offsetof(struct thing, none), thing->none);
    image_texts(maker, place + offsetof(struct thing, texts), thing->texts);
    image_value(maker, place + offsetof(struct thing, value), &thing->value);
    void *block = malloc(maker->length);
    image_copy(maker, block);
    return block;
}

static void assert_within(const struct image_maker *maker, const void *block, const void *pointer)
{
    assert_true((const char *)pointer >= (const char *)block &&
                (const char *)pointer < (const char *)block + maker->length);
}

/* All of it lies in the block, and more than once the maker had to grow. */
static void test_copy(void **state)
{
    (void)state;
    struct arena *arena = arena_new(1024);
    struct image_maker maker = {0};
    const char *const texts[] = {"one", "two", NULL};
    struct value map = value_new_map(arena, 0);
    for (int i = 0; i < 200; i++)
        value_add(arena, map, value_text(arena_printf(arena, "key-%d", i)), value_text("value"));
    struct thing *copy = make(&maker, &(struct thing){"text", NULL, texts, map});
    assert_within(&maker, copy, copy->text);
    assert_string_equal(copy->text, "text");
    assert_null(copy->none);
    assert_string_equal(copy->texts[1], "two");
    assert_null(copy->texts[2]);
    arena_destroy(&arena);
    const struct value *found = value_get(&copy->value, "key-150");
    assert_within(&maker, copy, found);
    assert_true(value_is_text(found, "value"));
    assert_int_equal(value_count(&copy->value), 200);
    free(copy);
    image_maker_free(&maker);
}

/* What outlives all images is not copied. */
static void test_lasting(void **state)
{
    (void)state;
    struct arena *arena = arena_new(64);
    struct image_maker maker = {.lasting = arena};
    const char *text = arena_text(arena, "lasting");
    const char **texts = arena_zero(arena, 2 * sizeof *texts);
    texts[0] = text;
    struct thing *copy = make(&maker, &(struct thing){text, "other", texts, value_int(1)});
    assert_ptr_equal(copy->text, text);
    assert_ptr_equal(copy->texts, texts);
    assert_within(&maker, copy, copy->none);
    free(copy);
    image_maker_free(&maker);
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_copy), cmocka_unit_test(test_lasting)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
