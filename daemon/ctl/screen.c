/*
 * Signals are blocked but while ppoll() waits, so that a handler has nothing to do but to note the
 * number. Ctrl-Z is taken as a signal too: the terminal is restored, the process stops itself by
 * the same signal, and goes on drawing when it is continued.
 *
 * Control sequences: ECMA-48 (CUP, ED, EL), and of xterm's private modes 25 (cursor) and 1049
 * (alternate screen), which every terminal of today knows.
 */
#include "ctl/screen.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"

static struct {
    bool open;
    struct termios before;
    sigset_t mask; /* as it was */
} screen;

static volatile sig_atomic_t ended, resized, stopped;

static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGTSTP};
enum { SIGNALS = sizeof signals / sizeof *signals };

static void on_signal(int number)
{
    if (number == SIGWINCH)
        resized = 1;
    else if (number == SIGTSTP)
        stopped = 1;
    else
        ended = number;
}

/* What the terminal does not take is lost: it is drawn anew in a moment. */
static void put(const char *text, size_t length)
{
    while (length) {
        ssize_t written = write(STDOUT_FILENO, text, length);
        if (written < 0 && errno != EINTR)
            return;
        if (written > 0) {
            text += written;
            length -= (size_t)written;
        }
    }
}

static void enter(void)
{
    static const char sequence[] = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[J";
    struct termios raw = screen.before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO); /* ISIG stays: Ctrl-C and Ctrl-Z are signals */
    raw.c_cc[VMIN] = 1;
    raw.c_cc[VTIME] = 0;
    tcsetattr(STDIN_FILENO, TCSADRAIN, &raw);
    put(sequence, sizeof sequence - 1);
    screen.open = true;
}

static void leave(void)
{
    static const char sequence[] = "\x1b[0m\x1b[?25h\x1b[?1049l";
    if (!screen.open)
        return;
    screen.open = false;
    put(sequence, sizeof sequence - 1);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &screen.before);
}

bool screen_open(void)
{
    const char *kind = getenv("TERM");
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t blocked;
    if (!kind || !*kind || strcmp(kind, "dumb") == 0 || !isatty(STDOUT_FILENO) ||
        tcgetattr(STDIN_FILENO, &screen.before) != 0)
        return false;
    sigemptyset(&action.sa_mask);
    sigemptyset(&blocked);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaddset(&blocked, signals[i]);
    sigprocmask(SIG_BLOCK, &blocked, &screen.mask);
    for (size_t i = 0; i < SIGNALS; i++)
        sigaction(signals[i], &action, NULL);
    atexit(leave);
    enter();
    return true;
}

int screen_close(void)
{
    leave();
    for (size_t i = 0; i < SIGNALS; i++)
        signal(signals[i], SIG_DFL);
    sigprocmask(SIG_SETMASK, &screen.mask, NULL);
    return ended;
}

/* Until it is continued. */
static void stop(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    sigset_t only, before;
    stopped = 0;
    leave();
    signal(SIGTSTP, SIG_DFL);
    sigemptyset(&only);
    sigaddset(&only, SIGTSTP);
    raise(SIGTSTP);
    sigprocmask(SIG_UNBLOCK, &only, &before); /* here it stops */
    sigprocmask(SIG_SETMASK, &before, NULL);
    sigemptyset(&action.sa_mask);
    sigaction(SIGTSTP, &action, NULL);
    enter();
}

static enum screen_event read_key(const struct pollfd *in, char *key)
{
    if ((in->revents & POLLIN) && read(STDIN_FILENO, key, 1) == 1)
        return SCREEN_KEY;
    return SCREEN_END; /* nobody is there any more */
}

enum screen_event screen_wait(int64_t ms, char *key)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    int64_t until_ms = clock_monotonic_ms() + ms;
    for (;;) {
        int64_t left_ms = until_ms - clock_monotonic_ms();
        const struct timespec left = {.tv_sec = left_ms > 0 ? left_ms / 1000 : 0,
                                      .tv_nsec = left_ms > 0 ? left_ms % 1000 * 1000000 : 0};
        int ready = ppoll(&in, 1, &left, &screen.mask);
        if (ended)
            return SCREEN_END;
        if (stopped) {
            stop();
            return SCREEN_RESIZED;
        }
        if (resized) {
            resized = 0;
            return SCREEN_RESIZED;
        }
        if (ready > 0)
            return read_key(&in, key);
        if (ready == 0)
            return SCREEN_TIME;
    }
}

void screen_draw(const struct buf *page, size_t lines)
{
    struct buf out;
    const char *line = buf_string(page);
    size_t count = 0;
    buf_init(&out, page->limit + 64 * 1024);
    buf_text(&out, "\x1b[H");
    for (; count < lines && *line; count++) {
        size_t length = strcspn(line, "\n");
        /* Erased before it is written: behind a full line the last character would go. */
        buf_text(&out, count ? "\r\n\x1b[K" : "\x1b[K");
        buf_add(&out, line, length);
        line += length + (line[length] == '\n');
    }
    if (count < lines)
        buf_text(&out, "\r\n\x1b[J");
    put(buf_string(&out), out.length);
    buf_free(&out);
}
