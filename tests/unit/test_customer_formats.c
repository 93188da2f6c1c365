/* Documents of former formats, of later ones, and what is no document. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "customer/customer.h"
#include "customer/customer_print.h"
#include "customer/customer_starts.h"

/* A document of format 1, in which starts stood, becomes one of this format. */
static void test_format_1(void **state)
{
    static const char text[] =
        "{\"version\":\"4-1-1\",\"format\":1,\"profile\":{\"email\":\"a@b.example\"},"
        "\"profile_ms\":5,\"fields\":{},\"optouts\":{\"news\":7},\"counts\":[],\"sends\":[],"
        "\"totals\":[],\"open\":[{\"mid\":\"m1\",\"rule\":\"held\",\"origin\":\"o1\",\"topic\":"
        "\"all\","
        "\"started\":1,\"give_up\":99,\"start\":{\"type\":\"t\",\"data\":{\"n\":1}}}],"
        "\"journeys\":[{\"rule\":\"cart\",\"origin\":\"o2\",\"run\":\"o2\",\"step\":\"s\",\"at\":8,"
        "\"clock\":8,\"started\":3,\"since\":4,\"start\":{\"type\":\"t\",\"data\":{\"n\":2}}}],"
        "\"seen\":[],\"ring\":[]}";
    static const char expected[] =
        "\"open\":[{\"mid\":\"m1\",\"rule\":\"held\",\"origin\":\"o1\",\"topic\":\"all\","
        "\"started\":1,"
        "\"give_up\":99,\"reads\":{\"n\":1}}],\"journeys\":[{\"rule\":\"cart\",\"origin\":\"o2\","
        "\"step\":\"s\",\"at\":8,\"started\":3,\"rules\":0}]}";
    struct arena *arena = arena_new(4096);
    struct diag diag = {0};
    struct buf out;
    (void)state;
    buf_init(&out, CUSTOMER_DOCUMENT_MOST);
    struct customer *customer = customer_read(arena, "id:7", text, sizeof text - 1, &diag);
    assert_non_null(customer);
    assert_int_equal(customer->starts.count, 2);
    for (uint32_t i = 0; i < 2; i++) {
        assert_false(customer->starts.items[i].stored);
        assert_true(customer_starts_needs(customer, customer->starts.items[i].origin));
    }
    assert_ptr_equal(customer_starts_find(customer, "o2")->event.map,
                     customer->journeys.items[0].start.map);
    assert_true(customer_print(customer, "5-1-1", &out));
    assert_string_equal(strstr(buf_string(&out), "\"open\""), expected);
    customer = customer_read(arena, "id:7", buf_string(&out), out.length, &diag);
    assert_non_null(customer);
    assert_int_equal(customer->journeys.items[0].clock_ms, 8);
    assert_int_equal(customer->starts.count, 2);
    assert_true(customer->starts.items[0].stored && customer->starts.items[1].stored);
    buf_free(&out);
    arena_destroy(&arena);
}

/* Sends and open messages stood as maps in format 2, and each time as it is. */
static void test_format_2(void **state)
{
    static const char text[] =
        "{\"version\":\"4-1-1\",\"format\":2,\"counts\":[{\"type\":\"t\",\"n\":3,\"first\":1,"
        "\"last\":"
        "2000,\"times\":[1500,1400,2000]}],\"sends\":[{\"mid\":\"m1\",\"rule\":\"r\",\"run\":"
        "\"o1\","
        "\"per\":\"p\",\"at\":1000,\"started\":900,\"until\":1500,\"marketing\":true},"
        "{\"rule\":\"s\",\"run\":\"o2\",\"at\":1100},"
        "{\"mid\":\"m2\",\"rule\":\"r\",\"run\":\"o3\",\"at\":1050,\"started\":1060},"
        "{\"mid\":\"m3\",\"rule\":\"r\",\"run\":\"o4\",\"at\":1200,\"started\":1200}],"
        "\"open\":[{\"mid\":\"m0\",\"rule\":\"r\",\"origin\":\"o0\",\"topic\":\"all\",\"started\":"
        "1,"
        "\"give_up\":99},{\"mid\":\"m1\",\"rule\":\"r\",\"origin\":\"o1\",\"topic\":\"news\","
        "\"per\":\"p\",\"started\":900,\"give_up\":98,\"marketing\":true},"
        "{\"mid\":\"m2\",\"rule\":\"\",\"origin\":\"\",\"topic\":\"\",\"started\":0,\"give_up\":97}"
        ","
        "{\"mid\":\"m3\",\"rule\":\"r\",\"origin\":\"o4\",\"topic\":\"all\",\"started\":1200,"
        "\"give_up\":96}],\"seen\":[\"a\",50,\"b\",40,\"c\",60,\"12ef\"],\"ring\":[\"d\",70]}";
    static const char expected[] =
        "{\"version\":\"5-1-1\",\"format\":3,\"counts\":[{\"type\":\"t\",\"n\":3,\"first\":1,"
        "\"last\":"
        "2000,\"times\":[1500,-100,600]}],\"sends\":[[\"m1\",\"r\",\"o1\",1000,100,500,1,\"p\"],"
        "[\"\",\"s\",\"o2\",100,1100],[\"m2\",\"r\",\"o3\",-50,-10],[\"m3\",\"r\",\"o4\",150,0]],"
        "\"open\":[{\"mid\":\"m0\",\"rule\":\"r\",\"origin\":\"o0\",\"topic\":\"all\",\"started\":"
        "1,"
        "\"give_up\":99},[0,-902,{\"topic\":\"news\"}],"
        "{\"mid\":\"m2\",\"rule\":\"\",\"origin\":\"\",\"topic\":\"\",\"started\":0,\"give_up\":97}"
        ","
        "[3,-202]],\"seen\":[\"a\",50,\"b\",-10,\"c\",20,\"12ef\"],\"ring\":["
        "\"d\",70]}";
    struct arena *arena = arena_new(4096);
    struct diag diag = {0};
    struct buf out;
    (void)state;
    buf_init(&out, CUSTOMER_DOCUMENT_MOST);
    for (int i = 0; i < 2; i++) { /* what is read of the new form is the same again */
        const char *from = i ? arena_text(arena, buf_string(&out)) : text;
        struct customer *customer = customer_read(arena, "id:7", from, strlen(from), &diag);
        assert_non_null(customer);
        assert_int_equal(customer->sends.items[1].started_ms, 0); /* nobody told */
        buf_clear(&out);
        assert_true(customer_print(customer, "5-1-1", &out));
        assert_string_equal(buf_string(&out), expected);
    }
    buf_free(&out);
    arena_destroy(&arena);
}

static void assert_same_again(const char *text)
{
    struct arena *arena = arena_new(4096);
    struct diag diag = {0};
    struct buf out;
    buf_init(&out, CUSTOMER_DOCUMENT_MOST);
    struct customer *customer = customer_read(arena, "id:7", text, strlen(text), &diag);
    assert_non_null(customer);
    assert_true(customer_print(customer, "1-1-1", &out));
    assert_string_equal(buf_string(&out), text);
    buf_free(&out);
    arena_destroy(&arena);
}

/* What stands elsewhere in the document is named by its place there: of two sends of one event, of
 * one of an older event, of an event that is forgotten, of one that was seen with another time, and
 * of rules with and without a total. */
static void test_places(void **state)
{
    static const char text[] =
        "{\"version\":\"1-1-1\",\"format\":3,\"sends\":[[\"m1\",1,1,1000,950],[\"m2\",0,0,0,950],"
        "[\"m3\",0,-1,50,1010],[\"m4\",1,2,10,1000],[\"m5\",1,\"e\",10,7],[\"\",\"s\",\"a\",10,7],"
        "[\"m6\",1,0,0,1020]],"
        "\"totals\":[{\"rule\":\"r\",\"n\":2,\"last\":1050},{\"rule\":\"q\",\"n\":4,\"last\":1080}]"
        ","
        "\"open\":[[0,500,{\"until\":[\"t\"]}],[1,0],{\"mid\":\"m0\",\"rule\":\"\",\"origin\":\"\","
        "\"topic\":\"\",\"started\":0,\"give_up\":97},[1,-100],[4,100,{\"topic\":\"news\","
        "\"reads\":"
        "true}]],\"seen\":[\"a\",40,\"b\",10,\"c\",10],\"moments\":[40,0,1,10,5,7,0,5,8]}";
    static const char *const runs[] = {"b", "b", "a", "c", "e", "a", "c"};
    static const int64_t give_up[] = {1500, 1500, 97, 1450, 1580};
    struct arena *arena = arena_new(4096);
    struct diag diag = {0};
    (void)state;
    assert_same_again(text);
    struct customer *customer = customer_read(arena, "id:7", text, sizeof text - 1, &diag);
    assert_non_null(customer);
    for (uint32_t i = 0; i < customer->sends.count; i++)
        assert_string_equal(customer->sends.items[i].run, runs[i]);
    assert_string_equal(customer->sends.items[0].rule, "q");
    assert_string_equal(customer->sends.items[1].rule, "r");
    for (uint32_t i = 0; i < customer->open.count; i++)
        assert_int_equal(customer->open.items[i].give_up_ms, give_up[i]);
    assert_string_equal(customer->open.items[4].mid, "m6");
    assert_string_equal(customer->open.items[4].origin, "c");
    assert_string_equal(customer->open.items[4].topic, "news");
    assert_int_equal(customer->moments.items[2].time_ms, 50);
    assert_int_equal(customer->moments.items[2].entry_ms, 55);
    arena_destroy(&arena);
}

/* What no program of ours wrote is taken as far as it makes sense. */
static void test_odd_rows(void **state)
{
    static const char text[] =
        "{\"version\":\"1-1-1\",\"format\":3,\"sends\":[[],[7,null,{},\"x\",9e99],"
        "[\"m\",\"r\",\"o\",9223372036854775807,-9223372036854775807,9223372036854775807,2,3]],"
        "\"open\":[[3],[9223372036854775807,0],[],[\"x\",{},7],[2,9223372036854775807]],"
        "\"seen\":[\"a\",9223372036854775807,\"b\",9223372036854775807]}";
    struct arena *arena = arena_new(4096);
    struct diag diag = {0};
    (void)state;
    struct customer *customer = customer_read(arena, "id:7", text, sizeof text - 1, &diag);
    assert_non_null(customer);
    assert_int_equal(customer->sends.count, 3);
    assert_string_equal(customer->sends.items[1].rule, "");
    assert_string_equal(customer->sends.items[2].rule, "r");
    assert_false(customer->sends.items[2].marketing);
    assert_int_equal(customer->sends.items[2].at_ms, 253402300799999);
    assert_string_equal(customer->open.items[1].mid, "");
    assert_string_equal(customer->open.items[4].mid, "m");
    assert_string_equal(customer->open.items[4].topic, "all");
    assert_int_equal(customer->open.items[4].give_up_ms, 253402300799999);
    assert_int_equal(customer->seen.items[1].at_ms, 253402300799999);
    arena_destroy(&arena);
}

static void test_unknown_format(void **state)
{
    (void)state;
    static const char *const texts[] = {"{\"version\":\"1-1-1\",\"format\":4}", "[]", "{", ""};
    struct arena *arena = arena_new(4096);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct diag diag = {0};
        assert_null(customer_read(arena, "id:7", texts[i], strlen(texts[i]), &diag));
        assert_true(diag.code[0]);
        assert_true(diag.text[0]);
    }
    arena_destroy(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_format_1),       cmocka_unit_test(test_format_2),
        cmocka_unit_test(test_places),         cmocka_unit_test(test_odd_rows),
        cmocka_unit_test(test_unknown_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
