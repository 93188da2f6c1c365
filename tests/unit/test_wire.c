/* Frames between nudged-web and the daemon: whole, cut, and broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <string.h>

#include <cmocka.h>
#include <event2/buffer.h>

#include "web/wire.h"

enum { MOST = 1024 };

static void write_one(struct buf *out)
{
    size_t begun = wire_begin(out, WIRE_APPEND, 7);
    wire_number(out, 2);
    wire_text(out, slice_of("ab"));
    wire_text(out, slice_of(""));
    assert_true(wire_end(out, begun));
}

static void test_round(void **state)
{
    (void)state;
    struct buf out;
    struct wire_frame frame;
    struct evbuffer *input = evbuffer_new();
    buf_init(&out, MOST);
    write_one(&out);
    write_one(&out);
    for (size_t i = 0; i < out.length; i++) {
        evbuffer_add(input, out.data + i, 1);
        bool whole = i + 1 == out.length / 2 || i + 1 == out.length;
        assert_int_equal(wire_next(input, MOST, &frame), whole ? WIRE_WHOLE : WIRE_MORE);
        if (!whole)
            continue;
        assert_int_equal(frame.kind, WIRE_APPEND);
        assert_int_equal(frame.serial, 7);
        assert_int_equal(wire_read_count(&frame, 4), 2);
        assert_true(slice_is(wire_read_text(&frame), "ab"));
        assert_false(wire_read_all(&frame));
        assert_true(slice_is(wire_read_text(&frame), ""));
        assert_true(wire_read_all(&frame));
        wire_drop(input);
    }
    assert_int_equal(evbuffer_get_length(input), 0);
    evbuffer_free(input);
    buf_free(&out);
}

static enum wire_progress look_at(const void *bytes, size_t length, struct evbuffer *input,
                                  struct wire_frame *frame)
{
    evbuffer_drain(input, evbuffer_get_length(input));
    evbuffer_add(input, bytes, length);
    return wire_next(input, MOST, frame);
}

/* Lengths that cannot be, and texts that reach behind their frame. */
static void test_broken(void **state)
{
    (void)state;
    struct evbuffer *input = evbuffer_new();
    struct wire_frame frame;
    static const char tiny[] = "\4\0\0\0AAAAA", huge[] = "\377\377\377\177AAAAA";
    assert_int_equal(look_at(tiny, 9, input, &frame), WIRE_BROKEN);
    assert_int_equal(look_at(huge, 9, input, &frame), WIRE_BROKEN);
    static const char text[] = "\15\0\0\0A\0\0\0\0\1\0\0\0x\0\0\0";
    assert_int_equal(look_at(text, 17, input, &frame), WIRE_WHOLE);
    assert_int_equal(wire_read_number(&frame), 1);
    assert_true(slice_is(wire_read_text(&frame), ""));
    assert_true(frame.broken);
    assert_false(wire_read_all(&frame));
    assert_int_equal(look_at(text, 17, input, &frame), WIRE_WHOLE);
    assert_int_equal(wire_read_count(&frame, 8), 0);
    assert_true(frame.broken);
    evbuffer_free(input);
}

/* A frame that does not fit is taken back as a whole. */
static void test_full(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, 64);
    write_one(&out);
    size_t length = out.length, begun = wire_begin(&out, WIRE_APPEND, 8);
    char large[64] = "";
    wire_text(&out, (struct slice){large, sizeof large});
    assert_false(wire_end(&out, begun));
    assert_int_equal(out.length, length);
    buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
