/* Numbers of a known width, as dates have them. */
#ifndef NUDGED_BASE_DIGITS_H
#define NUDGED_BASE_DIGITS_H

/* Writes the last `width` digits of a number that is not negative, with zeros before it, and no
 * NUL; returns what is behind them. Dates and times stand in every message, and printf takes a
 * thousand instructions for each of them. */
static inline char *digits_put(char *to, int number, int width)
{
    for (int i = width; i-- > 0; number /= 10)
        to[i] = (char)('0' + number % 10);
    return to + width;
}

/* Two digits, and what divides them from the next. */
static inline char *digits_put_two(char *to, int number, char behind)
{
    to = digits_put(to, number, 2);
    *to = behind;
    return to + 1;
}

#endif
