/*
 * Hexadecimal digits.
 */
#ifndef NUDGED_BASE_HEX_H
#define NUDGED_BASE_HEX_H

/* What the digit stands for, 0 to 15, a capital or a small letter; -1 for all else. */
static inline int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

#endif
