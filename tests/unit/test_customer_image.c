/* customer/customer_image: what is read of an image is what would be read of the document. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "customer/customer_fields.h"
#include "customer/customer_image.h"
#include "customer/customer_print.h"
#include "customer/customer_profile.h"
#include "customer/customer_settled.h"
#include "customer/customer_starts.h"

struct fixture {
    struct arena *arena;
    struct customer_image_maker maker;
    struct customer_image *image;
    struct buf text;
};

static int set_up(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->arena = arena_new(4096);
    buf_init(&fixture->text, 2 * CUSTOMER_DOCUMENT_MOST);
    *state = fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    customer_image_drop(&fixture->maker, &fixture->image);
    customer_image_maker_free(&fixture->maker);
    arena_destroy(&fixture->arena);
    buf_free(&fixture->text);
    free(fixture);
    return 0;
}

static struct customer *read_document(struct fixture *fixture, const char *text)
{
    struct diag diag;
    return customer_read(fixture->arena, "id:7", text, strlen(text), &diag);
}

/* Of a customer who was read of the image, or as a new one. */
static enum customer_image_change keep(struct fixture *fixture, const struct customer *customer)
{
    size_t bytes = customer_image_make(&fixture->maker, fixture->image, customer, fixture->arena);
    enum customer_image_change change =
        customer_image_put(&fixture->maker, &fixture->image, customer, bytes);
    customer_image_settle(&fixture->maker);
    return change;
}

static const char *printed(struct fixture *fixture, struct customer *customer)
{
    buf_clear(&fixture->text);
    assert_true(customer_print(customer, "1", &fixture->text));
    return arena_text(fixture->arena, buf_string(&fixture->text));
}

/* As printed and read again, without the image. */
static void assert_kept(struct fixture *fixture, struct customer *customer)
{
    const char *document = printed(fixture, customer);
    struct customer *read = read_document(fixture, document);
    customer_image_drop(&fixture->maker, &fixture->image);
    keep(fixture, customer);
    struct customer *kept = customer_image_read(fixture->image, fixture->arena, "id:7");
    assert_string_equal(printed(fixture, kept), document);
    assert_int_equal(kept->starts.count, read->starts.count);
    for (uint32_t i = 0; i < read->starts.count; i++)
        assert_string_equal(kept->starts.items[i].origin, read->starts.items[i].origin);
    assert_true(value_equal(&kept->profile, &read->profile));
    assert_int_equal(value_count(&kept->profile), value_count(&read->profile));
}

static const char *const documents[] = {
    "{\"version\":\"1\",\"format\":2}",
    "{\"version\":\"1\",\"format\":2,\"first\":[\"email:a@b.example\",5],\"keys\":[9,\"email:a\","
    "\"phone:1\"],\"profile\":[[7,{\"email\":\"a@b.example\",\"tags\":[\"x\",1,2.50,true,null,{}],"
    "\"n\":1.0,\"big\":123456789012345678901234567890}],[3,{\"city\":\"Ré\",\"old\":null}]],"
    "\"fields\":{\"points\":3},\"fields_at\":{\"points\":6,\"gone\":4},\"said\":{\"all\":[\"no\",3]"
    ","
    "\"news\":[\"yes\",4]}}",
    "{\"version\":\"1\",\"format\":2,\"counts\":[{\"type\":\"a\",\"n\":2,\"times\":[1,2]},{"
    "\"type\":"
    "\"b\",\"n\":40,\"first\":1,\"last\":90,\"times\":[1,2,3,4,5,6,7,8,9]}],\"sends\":[{\"mid\":"
    "\"m\","
    "\"rule\":\"r\",\"run\":\"o\",\"per\":\"p\",\"at\":1,\"until\":9,\"marketing\":true},{\"rule\":"
    "\"s\",\"run\":\"q\",\"at\":2}],\"totals\":[{\"rule\":\"r\",\"n\":1,\"last\":1}],\"seen\":"
    "[\"0123456789abcdef\",1],\"ring\":[\"f\",2,\"e\",3]}",
    "{\"version\":\"1\",\"format\":2,\"open\":[{\"mid\":\"m\",\"rule\":\"r\",\"origin\":\"o\","
    "\"topic\":\"all\",\"per\":\"p\",\"started\":1,\"give_up\":2,\"until\":[\"x\",\"y\"],\"until_"
    "if\":"
    "\"n == 1\",\"reads\":{\"n\":1},\"marketing\":true},{\"mid\":\"l\",\"rule\":\"r\",\"origin\":"
    "\"o2\",\"topic\":\"all\",\"started\":1,\"give_up\":2,\"reads\":true}]}",
    "{\"version\":\"1\",\"format\":2,\"journeys\":[{\"rule\":\"r\",\"origin\":\"o\",\"per\":\"1\","
    "\"step\":\"s\",\"at\":5,\"clock\":4,\"imposed\":true,\"started\":1,\"rules\":2,\"until\":["
    "\"x\"],"
    "\"or\":[\"y\"],\"or_if\":\"true\",\"since\":3,\"met\":\"o3\",\"waited\":true,\"reads\":{\"a\":"
    "[1]},\"collected\":[\"o\",1,20,\"o4\",2,30],\"full\":6,\"given\":{\"codes\":\"m\"},\"halted\":"
    "7,"
    "\"marketing\":true},{\"rule\":\"q\",\"origin\":\"p\",\"step\":\"s\",\"at\":5,\"started\":1,"
    "\"rules\":0}],\"ends\":[{\"rule\":\"r\",\"per\":\"2\",\"at\":1,\"until\":5,\"event\":{"
    "\"data\":"
    "{\"n\":1}}},{\"rule\":\"\",\"at\":2,\"until\":6,\"event\":true},{\"rule\":\"q\",\"at\":3,"
    "\"until\":7}]}",
};

/* Of a customer who was settled instead, what is had once more is what is read of their image. */
static void assert_settled(struct fixture *fixture, struct customer *customer)
{
    customer_image_drop(&fixture->maker, &fixture->image);
    keep(fixture, customer);
    struct customer *kept = customer_image_read(fixture->image, fixture->arena, "id:7");
    const char *document = printed(fixture, kept);
    assert_false(customer_settle(customer, NULL, fixture->arena));
    struct customer *again = customer_settled_again(customer, fixture->arena);
    assert_string_equal(printed(fixture, again), document);
    assert_true(value_equal(&again->profile, &kept->profile));
    assert_int_equal(again->starts.count, kept->starts.count);
    for (uint32_t i = 0; i < kept->starts.count; i++) {
        assert_string_equal(again->starts.items[i].origin, kept->starts.items[i].origin);
        assert_true(again->starts.items[i].stored);
        assert_int_equal(again->starts.items[i].event.kind, VALUE_NULL);
    }
    for (uint32_t i = 0; i < kept->journeys.count; i++) {
        const struct customer_journey *one = &again->journeys.items[i];
        assert_int_equal(one->start.kind, VALUE_NULL);
        assert_int_equal(one->met_event.kind, VALUE_NULL);
        assert_true(value_equal(&one->reads, &kept->journeys.items[i].reads));
    }
    assert_true(customer_settle(again, customer, fixture->arena));
}

static void test_settled(void **state)
{
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++)
        assert_settled(*state, read_document(*state, documents[i]));
}

/* What a journey was decided by is not there any more, and what only an expression makes is what it
 * is as JSON. */
static void test_settled_journeys(void **state)
{
    struct fixture *fixture = *state;
    struct customer *customer = read_document(fixture, documents[4]);
    struct customer_journey *journey = &customer->journeys.items[0];
    struct value data = value_new_map(fixture->arena, 2);
    struct value start = value_new_map(fixture->arena, 2);
    value_add(fixture->arena, data, value_text("when"),
              (struct value){.kind = VALUE_TIMESTAMP, .integer = 1772352000});
    value_add(fixture->arena, data, value_text("n"), value_int(4));
    value_add(fixture->arena, start, value_text("type"), value_text("x"));
    value_add(fixture->arena, start, value_text("data"), data);
    journey->start = journey->met_event = journey->reads = start;
    customer->ends.items[0].event = start;
    journey->given = value_new_map(fixture->arena, 0);
    journey->until = (struct customer_until){.condition = "of no type"};
    customer_starts_learn(customer, "o", &start);
    assert_settled(fixture, customer);
    const struct value *reads = &customer->journeys.items[0].reads;
    assert_int_equal(value_count(reads), 1);
    assert_true(value_is_text(value_path(reads, "data.when"), "2026-03-01T08:00:00Z"));
    assert_true(value_path(reads, "data.n")->flags & VALUE_FLEXIBLE);
    assert_true(value_is_text(value_path(&customer->ends.items[0].event, "data.when"),
                              "2026-03-01T08:00:00Z"));
    assert_int_equal(customer->journeys.items[0].given.kind, VALUE_NULL);
    assert_null(customer->journeys.items[0].until.condition);
}

static void test_documents(void **state)
{
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++)
        assert_kept(*state, read_document(*state, documents[i]));
}

/* What only an expression makes is in the image what it is in the document. */
static void test_values_of_expressions(void **state)
{
    struct fixture *fixture = *state;
    struct customer *customer = read_document(fixture, documents[0]);
    struct value fields = value_new_map(fixture->arena, 3);
    value_add(fixture->arena, fields, value_text("when"),
              (struct value){.kind = VALUE_TIMESTAMP, .integer = 1772352000});
    value_add(fixture->arena, fields, value_text("n"), value_int(4));
    value_add(fixture->arena, fields, value_text("d"), value_double(0.5));
    customer->fields = fields;
    assert_kept(fixture, customer);
    struct customer *kept = customer_image_read(fixture->image, fixture->arena, "id:7");
    assert_true(value_is_text(value_get(&kept->fields, "when"), "2026-03-01T08:00:00Z"));
    assert_true(value_get(&kept->fields, "n")->flags & VALUE_FLEXIBLE);
}

/* A copy may be changed; the image stays. */
static void test_changes(void **state)
{
    struct fixture *fixture = *state;
    struct customer *customer = read_document(fixture, documents[2]);
    keep(fixture, customer);
    const char *before =
        printed(fixture, customer_image_read(fixture->image, fixture->arena, "id:7"));
    struct customer *copy = customer_image_read(fixture->image, fixture->arena, "id:7");
    customer_add_count(fixture->arena, copy, "a", 77);
    customer_add_seen(fixture->arena, copy, "fedcba9876543210", "", 78, true);
    CUSTOMER_LIST_DROP(copy->sends, 0);
    assert_string_equal(
        printed(fixture, customer_image_read(fixture->image, fixture->arena, "id:7")), before);
    const char *wanted = printed(fixture, copy);
    assert_int_equal(keep(fixture, copy), CUSTOMER_IMAGE_SAME);
    assert_string_equal(
        printed(fixture, customer_image_read(fixture->image, fixture->arena, "id:7")), wanted);
}

/* One kind of change after the other: each part that did not change stays, and what the new ones
 * are made of may be gone. */
static void change(struct fixture *fixture, struct customer *copy, int i)
{
    const char *text = arena_printf(fixture->arena, "email:%d", i);
    struct value map = value_new_map(fixture->arena, 1);
    value_add(fixture->arena, map, value_text("city"), value_text(text));
    customer_add_count(fixture->arena, copy, i % 2 ? "a" : "b", 100 + i);
    customer_add_seen(fixture->arena, copy, "0123456789abcdef", "", 100 + i, i % 3 == 0);
    customer_add_key(fixture->arena, copy, arena_text(fixture->arena, "email:a"));
    if (i % 5 == 1)
        customer_profile_merge(fixture->arena, copy, &map, 100 + i);
    if (i % 5 == 2)
        customer_add_send(fixture->arena, copy,
                          &(struct customer_open){.mid = text, .rule = "q", .origin = "o"}, 0, i);
    if (i % 5 == 3)
        customer_fields_set(fixture->arena, copy, "points", &(struct value){.kind = VALUE_INT}, i);
    if (i % 5 == 4)
        customer_add_key(fixture->arena, copy, text);
}

static void test_updates(void **state)
{
    struct fixture *fixture = *state;
    struct customer *customer = read_document(fixture, documents[2]);
    customer_add_key(fixture->arena, customer, "email:a");
    keep(fixture, customer);
    for (int i = 0; i < 80; i++) {
        struct customer *copy = customer_image_read(fixture->image, fixture->arena, "id:7");
        change(fixture, copy, i);
        char *wanted = strdup(printed(fixture, copy));
        bool named = i && i % 5 != 2; /* at 5 as `email:a` is the newest key again */
        assert_int_equal(keep(fixture, copy) == CUSTOMER_IMAGE_NAMED, named);
        arena_reset(fixture->arena);
        assert_string_equal(
            printed(fixture, customer_image_read(fixture->image, fixture->arena, "id:7")), wanted);
        free(wanted);
    }
}

/* What is only looked at is not copied. */
static void test_see(void **state)
{
    struct fixture *fixture = *state;
    keep(fixture, read_document(fixture, documents[2]));
    const struct customer *seen = customer_image_see(fixture->image, fixture->arena, "id:7");
    assert_string_equal(seen->key, "id:7");
    assert_int_equal(customer_find_count(seen, "b")->time_count, 9);
    assert_int_equal(customer_find_count(seen, "b")->count, 40);
    assert_string_equal(customer_find_total(seen, "r")->rule, "r");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_documents, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_settled, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_settled_journeys, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_values_of_expressions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_changes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_updates, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_see, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
