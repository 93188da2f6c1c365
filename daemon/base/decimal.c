/*
 * Numbers and their decimal digits. Each way has a fast half for what shops write, prices and
 * counts, and an exact one for all the rest.
 *
 * Reading: where digits and power of ten are doubles themselves, one operation rounds correctly
 * (decimal_exact, which base/json_read tries first); else strtod() reads, in the C locale.
 *
 * Printing a double looks for the fewest digits that read back as the same: a number of few
 * decimals is found by trying them one by one (find_short), any other is printed with 15 to 17
 * digits and read again (find_long). What was found is a `struct shortest`, and is written plain
 * or with an exponent.
 */
#include "base/decimal.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Every integer up to 2^53 and every power of ten up to 10^22 is a double, so
 * one operation on two of them rounds once, which is correct rounding. */
enum { EXACT_POWER = 22, EXACT_DIGITS = 15, MOST_DIGITS = 17 };
static const uint64_t exact_most = 1ull << 53;
static const double powers[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                               1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                               1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* Numbers from here on, and those below, are written with an exponent. */
static const double plain_below = 1e21, plain_from = 1e-6;

bool decimal_exact(uint64_t digits, int exponent, double *number)
{
    if (FLT_EVAL_METHOD != 0 || digits > exact_most || exponent < -EXACT_POWER ||
        exponent > EXACT_POWER)
        return false;
    *number = exponent < 0 ? (double)digits / powers[-exponent] : (double)digits * powers[exponent];
    return true;
}

static locale_t c_locale;

static void open_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!c_locale)
        mem_exhausted();
}

/* strtod with the point of the C locale. */
static double read_text(const char *text)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, open_locale);
    return strtod_l(text, NULL, c_locale);
}

double decimal_read(const char *text, size_t length)
{
    char small[64];
    char *copy = length < sizeof small ? small : mem_alloc(length + 1);
    memcpy(copy, text, length);
    copy[length] = '\0';
    double number = read_text(copy);
    if (copy != small)
        free(copy);
    return number;
}

/* By the bits that it has: the logarithm of 2 is 1233/4096, but for a power of ten. */
static inline size_t count_digits(uint64_t number)
{
    static const uint64_t least[] = {0,
                                     10,
                                     100,
                                     1000,
                                     10000,
                                     100000,
                                     1000000,
                                     10000000,
                                     100000000,
                                     1000000000,
                                     10000000000,
                                     100000000000,
                                     1000000000000,
                                     10000000000000,
                                     100000000000000,
                                     1000000000000000,
                                     10000000000000000,
                                     100000000000000000,
                                     1000000000000000000,
                                     10000000000000000000u};
    unsigned bits = 64 - (unsigned)__builtin_clzll(number | 1), log = bits * 1233 >> 12;
    return log + (number >= least[log]);
}

/* Two digits at a time. */
size_t decimal_print_natural(uint64_t number, char *out)
{
    static const char pairs[] = "00010203040506070809101112131415161718192021222324"
                                "25262728293031323334353637383940414243444546474849"
                                "50515253545556575859606162636465666768697071727374"
                                "75767778798081828384858687888990919293949596979899";
    const size_t length = count_digits(number);
    char *at = out + length;
    for (*at = '\0'; at - out >= 2; number /= 100)
        memcpy(at -= 2, pairs + number % 100 * 2, 2);
    if (at > out)
        *out = (char)('0' + number);
    return length;
}

size_t decimal_print_int(int64_t number, char *out)
{
    if (number >= 0)
        return decimal_print_natural((uint64_t)number, out);
    out[0] = '-';
    return 1 + decimal_print_natural(0 - (uint64_t)number, out + 1);
}

/* The digits of a number d[0].d[1]d[2]… * 10^exponent. */
struct shortest {
    char digits[MOST_DIGITS + 1];
    int count;
    int exponent;
};

static void drop_zeros(struct shortest *found)
{
    while (found->count > 1 && found->digits[found->count - 1] == '0')
        found->count--;
}

/* The fewest decimals that read back: tried one by one, as prices have two.
 * With at most 15 digits, scaling is off by less than half a unit, so rounding
 * finds the digits there were; division, which rounds correctly, proves it. */
static bool find_short(double number, struct shortest *found)
{
    if (FLT_EVAL_METHOD != 0 || number < plain_from || number >= powers[EXACT_DIGITS])
        return false;
    for (int decimals = 0; decimals <= EXACT_POWER; decimals++) {
        double scaled = rint(number * powers[decimals]);
        if (scaled >= powers[EXACT_DIGITS])
            return false;
        if (scaled / powers[decimals] != number)
            continue;
        char text[DECIMAL_TEXT_SIZE];
        found->count = (int)decimal_print_natural((uint64_t)scaled, text);
        found->exponent = found->count - 1 - decimals;
        memcpy(found->digits, text, (size_t)found->count);
        drop_zeros(found);
        return true;
    }
    return false;
}

/* Digits and exponent out of "%.*e", whatever stands for the point. */
static void split_printed(const char *text, struct shortest *found)
{
    const char *e = strchr(text, 'e');
    found->count = 0;
    for (; text < e; text++)
        if (*text >= '0' && *text <= '9' && found->count < MOST_DIGITS)
            found->digits[found->count++] = *text;
    found->exponent = (int)strtol(e + 1, NULL, 10);
    drop_zeros(found);
}

/* 17 digits always read back; the shorter is taken where it does. A subnormal
 * may need only one. */
static void find_long(double number, struct shortest *found)
{
    for (int digits = number < DBL_MIN ? 1 : EXACT_DIGITS; digits <= MOST_DIGITS; digits++) {
        char text[64], again[64];
        snprintf(text, sizeof text, "%.*e", digits - 1, number);
        split_printed(text, found);
        snprintf(again, sizeof again, "%.*se%d", found->count, found->digits,
                 found->exponent - (found->count - 1));
        if (digits == MOST_DIGITS || read_text(again) == number)
            return;
    }
}

static size_t write_plain(const struct shortest *found, char *out)
{
    char *to = out;
    int point = found->exponent + 1; /* digits before the point */
    if (point <= 0) {
        *to++ = '0';
        *to++ = '.';
        for (int i = point; i < 0; i++)
            *to++ = '0';
        memcpy(to, found->digits, (size_t)found->count);
        return (size_t)(to - out) + (size_t)found->count;
    }
    for (int i = 0; i < point; i++)
        *to++ = i < found->count ? found->digits[i] : '0';
    *to++ = '.';
    if (found->count <= point)
        *to++ = '0';
    for (int i = point; i < found->count; i++)
        *to++ = found->digits[i];
    return (size_t)(to - out);
}

static size_t write_scientific(const struct shortest *found, char *out)
{
    char *to = out;
    *to++ = found->digits[0];
    if (found->count > 1) {
        *to++ = '.';
        memcpy(to, found->digits + 1, (size_t)found->count - 1);
        to += found->count - 1;
    }
    *to++ = 'e';
    *to++ = found->exponent < 0 ? '-' : '+';
    to += decimal_print_natural((uint64_t)abs(found->exponent), to);
    return (size_t)(to - out);
}

size_t decimal_print(double number, char *out)
{
    size_t length = 0;
    out[0] = '\0';
    if (!isfinite(number))
        return 0;
    if (signbit(number)) {
        out[length++] = '-';
        number = -number;
    }
    if (number == 0) {
        memcpy(out + length, "0.0", sizeof "0.0");
        return length + 3;
    }
    struct shortest found;
    if (!find_short(number, &found))
        find_long(number, &found);
    if (number < plain_below && number >= plain_from)
        length += write_plain(&found, out + length);
    else
        length += write_scientific(&found, out + length);
    out[length] = '\0';
    return length;
}
