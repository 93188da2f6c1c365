#include "web/page_colour.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "base/hex.h"

static const struct page_colour black = {0, 0, 0}, white = {255, 255, 255};

bool page_colour_read(const char *text, struct page_colour *colour)
{
    uint8_t *const parts[] = {&colour->red, &colour->green, &colour->blue};
    size_t digits = *text == '#' ? strlen(text + 1) : 0;
    if (digits != 3 && digits != 6)
        return false;
    for (size_t i = 0; i < digits; i++)
        if (hex_value(text[1 + i]) < 0)
            return false;
    for (size_t i = 0; i < 3; i++) {
        size_t width = digits / 3;
        int high = hex_value(text[1 + i * width]), low = hex_value(text[i * width + width]);
        *parts[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

/* Relative luminance, as WCAG defines it. */
static double linear(uint8_t part)
{
    double value = part / 255.0;
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

static double luminance(struct page_colour colour)
{
    return 0.2126 * linear(colour.red) + 0.7152 * linear(colour.green) +
           0.0722 * linear(colour.blue);
}

double page_colour_contrast(struct page_colour a, struct page_colour b)
{
    double one = luminance(a), other = luminance(b);
    return one > other ? (one + 0.05) / (other + 0.05) : (other + 0.05) / (one + 0.05);
}

static uint8_t mix(uint8_t from, uint8_t to, int percent)
{
    return (uint8_t)((from * (100 - percent) + to * percent) / 100);
}

struct page_colour page_colour_on(struct page_colour colour, struct page_colour ground)
{
    struct page_colour towards = luminance(ground) > 0.18 ? black : white, mixed = colour;
    for (int percent = 0; percent <= 100 && page_colour_contrast(mixed, ground) < 3; percent++)
        mixed = (struct page_colour){mix(colour.red, towards.red, percent),
                                     mix(colour.green, towards.green, percent),
                                     mix(colour.blue, towards.blue, percent)};
    return mixed;
}

struct page_colour page_colour_ink(struct page_colour colour)
{
    return page_colour_contrast(colour, white) >= page_colour_contrast(colour, black) ? white
                                                                                      : black;
}
