/*
 * The innermost loops of reading JSON, for who reads it: over space, and over the plain bytes of a
 * string, sixteen or eight at once.
 */
#ifndef NUDGED_BASE_JSON_SCAN_H
#define NUDGED_BASE_JSON_SCAN_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/value_kind.h"

static inline const char *json_scan_space(const char *at, const char *end)
{
    while (at < end && (unsigned char)*at <= ' ' &&
           (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

static inline bool json_scan_is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Of eight bytes, a high bit at the first one that is not plain, and perhaps at later
 * ones: the classic tests for a byte that is zero or below a bound, in which a borrow
 * only goes upwards. */
static inline uint64_t json_scan_special(uint64_t eight)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    uint64_t quote = eight ^ ones * '"', backslash = eight ^ ones * '\\';
    return ((quote - ones) | (backslash - ones) | (eight - ones * 0x20) | eight) & highs;
}

/* Eight bytes, the first one lowest. */
static inline uint64_t json_scan_eight(const char *at)
{
    uint64_t eight;
    memcpy(&eight, at, sizeof eight);
    return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? __builtin_bswap64(eight) : eight;
}

#ifdef __SSE2__
/* Likewise of sixteen bytes, a bit for each that is not plain. One above 0x7f is negative here. */
static inline unsigned json_scan_sixteen(const char *at)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)at);
    __m128i special = _mm_cmpgt_epi8(_mm_set1_epi8(0x20), bytes);
    special = _mm_or_si128(special, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')));
    special = _mm_or_si128(special, _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    return (unsigned)_mm_movemask_epi8(special);
}
#endif

/* The first byte from `at` on that is not plain, or `end`. */
static inline const char *json_scan_plain(const char *at, const char *end)
{
#ifdef __SSE2__
    for (; end - at >= 16; at += 16) {
        unsigned special = json_scan_sixteen(at);
        if (special)
            return at + __builtin_ctz(special);
    }
#endif
    for (; end - at >= 8; at += 8) {
        uint64_t special = json_scan_special(json_scan_eight(at));
        if (special)
            return at + __builtin_ctzll(special) / 8;
    }
    while (at < end && json_scan_is_plain((unsigned char)*at))
        at++;
    return at;
}

/* Reads one value that is no container, without space around it, as json_read would: the place
 * behind it; NULL where it is a container, or there is a fault. */
const char *json_scan_scalar(struct arena *arena, const char *at, const char *end,
                             struct value *value);

#endif
