/*
 * The whole terminal for a program that draws again and again: the alternate screen, no cursor,
 * keys as they are pressed. What stood there before comes back however the program ends, while it
 * is stopped by Ctrl-Z, and where it ends by exit(3).
 */
#ifndef NUDGED_CTL_SCREEN_H
#define NUDGED_CTL_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

enum screen_event {
    SCREEN_TIME,    /* the time is over */
    SCREEN_KEY,     /* one was pressed */
    SCREEN_RESIZED, /* or continued after Ctrl-Z: draw */
    SCREEN_END,     /* SIGINT, SIGTERM or SIGHUP came, or the terminal is gone */
};

/* False where standard input or output is no terminal that can be drawn on. */
bool screen_open(void);
/* Restores the terminal. The signal that ended it: SIGINT, …; 0: none did. */
int screen_close(void);

/* Waits so long for something; `*key`: of SCREEN_KEY. Signals are heard only here. */
enum screen_event screen_wait(int64_t ms, char *key);

/* Draws lines of text from the top on, so many at most; what stood there goes. None may be wider
 * than the terminal. */
void screen_draw(const struct buf *page, size_t lines);

#endif
