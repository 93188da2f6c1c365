/*
 * CRC-16/XMODEM (polynomial 0x1021, begins with 0, not reflected), by which Redis Cluster finds the
 * slot of a key (its specification, "Keys distribution model") and a sharded installation the shard
 * of a person. Of "123456789" it is 0x31C3.
 */
#ifndef NUDGED_BASE_CRC16_H
#define NUDGED_BASE_CRC16_H

#include <stddef.h>
#include <stdint.h>

uint16_t crc16(const void *bytes, size_t length);

#endif
