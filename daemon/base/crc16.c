#include "base/crc16.h"

enum { POLYNOMIAL = 0x1021, TOP_BIT = 0x8000 };

static uint16_t shift_byte(uint16_t crc)
{
    for (int bit = 0; bit < 8; bit++)
        crc = (uint16_t)(crc & TOP_BIT ? (crc << 1) ^ POLYNOMIAL : crc << 1);
    return crc;
}

uint16_t crc16(const void *bytes, size_t length)
{
    const unsigned char *byte = bytes;
    uint16_t crc = 0;
    for (size_t i = 0; i < length; i++)
        crc = shift_byte((uint16_t)(crc ^ (byte[i] << 8)));
    return crc;
}
