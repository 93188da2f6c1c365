#include "redis/slot.h"

#include <stdint.h>
#include <string.h>

/* CRC-16/XMODEM: polynomial 0x1021, from 0, neither reflected nor inverted. */
static uint16_t crc16(const char *bytes, size_t length)
{
    uint16_t crc = 0;
    for (size_t i = 0; i < length; i++) {
        crc ^= (uint16_t)((unsigned char)bytes[i] << 8);
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)(crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1);
    }
    return crc;
}

int slot_of(const char *key, size_t length)
{
    const char *end = key + length;
    const char *open = memchr(key, '{', length);
    const char *close = open ? memchr(open, '}', (size_t)(end - open)) : NULL;
    if (close && close > open + 1)
        return crc16(open + 1, (size_t)(close - open - 1)) % SLOT_COUNT;
    return crc16(key, length) % SLOT_COUNT;
}
