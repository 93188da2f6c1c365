/* A command as Redis reads it (RESP2): "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n". */
#ifndef NUDGED_REDIS_RESP_H
#define NUDGED_REDIS_RESP_H

#include <stddef.h>

/* `lengths` NULL: all are C strings. */
size_t resp_size(size_t argc, const char *const *argv, const size_t *lengths);

/* Writes it, `resp_size` bytes; returns where it ends. */
char *resp_print(char *to, size_t argc, const char *const *argv, const size_t *lengths);

#endif
