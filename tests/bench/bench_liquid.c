/*
 * bench_liquid: subject, text and HTML of an order confirmation, rendered over and over
 * on one core, as a sender's thread does it. Prints rows "name\tvalue\tunit".
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "liquid/liquid.h"

enum { ROUND_MS = 400, FILE_MOST = 1 << 20, OUTPUT_MOST = 1 << 20 };

static const char *const files[] = {"order.subject.liquid", "order.text.liquid",
                                    "order.html.liquid"};
enum { PARTS = sizeof files / sizeof *files };

static const struct liquid_options plain = {.strict_filters = true};
static const struct liquid_options html = {.strict_filters = true, .escape = true};

static void fail(const struct diag *diag)
{
    diag_print(diag, stderr);
    exit(1);
}

static const char *read_text(struct arena *arena, const char *folder, const char *name,
                             size_t *length)
{
    struct diag diag;
    const char *text;
    if (!file_read(arena, arena_printf(arena, "%s/%s", folder, name), FILE_MOST, &text, length,
                   &diag))
        fail(&diag);
    return text;
}

/* One mail; returns its bytes. */
static size_t render(struct liquid_template *const parts[PARTS], const struct liquid_input *input,
                     struct arena *arena, struct buf *out)
{
    struct diag diag;
    size_t bytes = 0;
    for (size_t i = 0; i < PARTS; i++) {
        buf_clear(out);
        if (!liquid_render(parts[i], input, arena, out, &diag))
            fail(&diag);
        bytes += out->length;
    }
    arena_reset(arena);
    return bytes;
}

/* The processor's time that this thread had: others that run meanwhile do not count. */
static int64_t own_time_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Nanoseconds for a mail. */
static double measure(struct liquid_template *const parts[PARTS], const struct liquid_input *input,
                      struct arena *arena, struct buf *out)
{
    int64_t start = own_time_ns(), end = start, count = 0;
    while (end - start < (int64_t)ROUND_MS * 1000000) {
        for (int i = 0; i < 100; i++)
            render(parts, input, arena, out);
        count += 100;
        end = own_time_ns();
    }
    return (double)(end - start) / (double)count;
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : "tests/bench";
    struct arena *kept = arena_new(1 << 16), *arena = arena_new(1 << 14);
    struct liquid_template *parts[PARTS];
    struct value data;
    struct diag diag;
    size_t length;
    for (size_t i = 0; i < PARTS; i++) {
        const char *text = read_text(kept, folder, files[i], &length);
        parts[i] =
            liquid_parse(kept, files[i], text, length, i == PARTS - 1 ? &html : &plain, &diag);
        if (!parts[i])
            fail(&diag);
    }
    const char *json = read_text(kept, folder, "order.json", &length);
    if (!json_read(kept, json, length, &json_event_limits, &data, &diag))
        fail(&diag);
    struct liquid_input input = {.data = &data, .now_ms = clock_wall_ms()};
    struct buf out;
    buf_init(&out, OUTPUT_MOST);
    size_t bytes = render(parts, &input, arena, &out);
    if (argc > 2)
        fputs(buf_string(&out), stdout);
    double each = measure(parts, &input, arena, &out);
    printf("liquid order mail\t%.0f\trenders/s\n", 1e9 / each);
    printf("liquid order mail\t%.2f\tµs\n", each / 1e3);
    printf("liquid order mail\t%zu\tbytes\n", bytes);
    buf_free(&out);
    arena_destroy(&arena);
    arena_destroy(&kept);
    return 0;
}
