/*
 * Two halves. The upper one is arithmetic and text: a state that counts and knows its rate
 * (progress_count), and the line that shows it (progress_line); time is passed in. The lower one
 * has the clock and the terminal, and draws when the upper one says so.
 */
#include "base/progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"

enum {
    DRAW_MS = 100,
    MEMORY_MS = 10000, /* how long the rate remembers */
    GUESS_MS = 2000,
    FIGURES_WIDTH = 40, /* their most, kept free so that the bar does not change its width */
    BAR_LEAST = 8,
    BAR_MOST = 60,
    COLUMNS_DEFAULT = 80,
    LINE_MOST = 2048
};

bool progress_count(struct progress_state *state, uint64_t count, int64_t now_ms)
{
    state->done += count;
    int64_t passed = now_ms - state->drawn_ms;
    if (passed < DRAW_MS)
        return false;
    double recent = (double)(state->done - state->drawn_done) * 1000 / (double)passed;
    double weight = (double)passed / (double)(now_ms < MEMORY_MS ? now_ms : MEMORY_MS);
    state->rate += (weight < 1 ? weight : 1) * (recent - state->rate);
    state->drawn_ms = now_ms;
    state->drawn_done = state->done;
    return true;
}

/* Whole seconds, as "8s", "3m10s", "1h05m". */
static void put_seconds(struct buf *out, double seconds)
{
    long whole = seconds < 360000 ? (long)ceil(seconds) : 360000;
    if (whole >= 360000)
        buf_text(out, "over 99h");
    else if (whole >= 3600)
        buf_printf(out, "%ldh%02ldm", whole / 3600, whole % 3600 / 60);
    else if (whole >= 60)
        buf_printf(out, "%ldm%02lds", whole / 60, whole % 60);
    else
        buf_printf(out, "%lds", whole);
}

static bool total_holds(const struct progress_state *state)
{
    return state->total && state->done <= state->total;
}

static void put_count(struct buf *out, double count, int decimals)
{
    static const char units[] = "kMGTPE";
    size_t unit = 0;
    if (count < 100000) {
        buf_printf(out, "%.*f", decimals, count);
        return;
    }
    for (count /= 1000; count >= 999.95; count /= 1000)
        unit++;
    buf_printf(out, "%.1f%c", count, units[unit]);
}

/* "  4500/10000  1234/s  5s left" */
static void put_figures(struct buf *out, const struct progress_state *state, int64_t now_ms,
                        bool ended)
{
    double rate = state->rate;
    if (ended) /* of the whole, not of late */
        rate = now_ms > 0 ? (double)state->done * 1000 / (double)now_ms : 0;
    buf_text(out, "  ");
    put_count(out, (double)state->done, 0);
    if (total_holds(state)) {
        buf_char(out, '/');
        put_count(out, (double)state->total, 0);
    }
    if (rate > 0) {
        buf_text(out, "  ");
        put_count(out, rate, rate < 10);
        buf_text(out, "/s");
    }
    if (ended) {
        buf_text(out, "  in ");
        put_seconds(out, (double)now_ms / 1000);
    } else if (total_holds(state) && now_ms >= GUESS_MS && rate > 0) {
        buf_text(out, "  ");
        put_seconds(out, (double)(state->total - state->done) / rate);
        buf_text(out, " left");
    }
}

static void put_bar(struct buf *out, const struct progress_state *state, size_t width)
{
    size_t filled = (size_t)((double)state->done / (double)state->total * (double)width);
    buf_text(out, " [");
    for (size_t i = 0; i < width; i++)
        buf_char(out, i < filled ? '#' : '-');
    buf_char(out, ']');
}

/* Drops what is past so many characters. */
static void cut_line(struct buf *out, size_t start, size_t most)
{
    size_t at = start;
    for (; at < out->length && most > 0; most--)
        at += utf8_width(out->data + at, out->length - at);
    buf_cut(out, at);
}

void progress_line(const struct progress_state *state, int64_t now_ms, bool ended, size_t columns,
                   struct buf *out)
{
    struct buf figures;
    size_t start = out->length, most = columns > 1 ? columns - 1 : 1;
    buf_init(&figures, 256);
    put_figures(&figures, state, now_ms, ended);
    buf_text(out, state->label);
    if (total_holds(state)) {
        /* Rounded down: 100% is only what is all done. */
        buf_printf(out, " %3d%%", (int)((double)state->done * 100 / (double)state->total));
        size_t used = utf8_count(out->data + start, out->length - start) + 3 + FIGURES_WIDTH;
        size_t room = most > used ? most - used : 0;
        if (room >= BAR_LEAST)
            put_bar(out, state, room < BAR_MOST ? room : BAR_MOST);
    }
    buf_add(out, buf_string(&figures), figures.length);
    cut_line(out, start, most);
    buf_free(&figures);
}

/* ---- The clock and the terminal ---- */

struct progress {
    struct progress_state state;
    int64_t started_ms;
};

static int64_t since_start(const struct progress *progress)
{
    return clock_monotonic_ms() - progress->started_ms;
}

static size_t terminal_columns(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return COLUMNS_DEFAULT;
    return size.ws_col;
}

/* In one write; what the terminal does not take is not worth a second try. */
static void draw(const struct progress_state *state, int64_t now_ms, bool ended)
{
    struct buf line;
    buf_init(&line, LINE_MOST);
    buf_char(&line, '\r');
    progress_line(state, now_ms, ended, terminal_columns(), &line);
    buf_text(&line, ended ? "\x1b[K\n" : "\x1b[K");
    ssize_t ignored = write(STDERR_FILENO, buf_string(&line), line.length);
    (void)ignored;
    buf_free(&line);
}

struct progress *progress_start(uint64_t total, const char *label)
{
    const char *kind = getenv("TERM");
    if (!isatty(STDERR_FILENO) || (kind && strcmp(kind, "dumb") == 0))
        return NULL;
    struct progress *progress = mem_zero(1, sizeof *progress);
    progress->state = (struct progress_state){.label = label, .total = total};
    progress->started_ms = clock_monotonic_ms();
    draw(&progress->state, 0, false);
    return progress;
}

void progress_step(struct progress *progress, uint64_t count)
{
    if (!progress)
        return;
    int64_t now_ms = since_start(progress);
    if (progress_count(&progress->state, count, now_ms))
        draw(&progress->state, now_ms, false);
}

void progress_clear(struct progress *progress)
{
    static const char wipe[] = "\r\x1b[K";
    if (!progress)
        return;
    ssize_t ignored = write(STDERR_FILENO, wipe, sizeof wipe - 1);
    (void)ignored;
}

void progress_end(struct progress **progress)
{
    if (!*progress)
        return;
    draw(&(*progress)->state, since_start(*progress), true);
    free(*progress);
    *progress = NULL;
}
