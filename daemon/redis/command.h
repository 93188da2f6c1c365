/* A command as Redis reads it (RESP2): "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n". */
#ifndef NUDGED_REDIS_COMMAND_H
#define NUDGED_REDIS_COMMAND_H

#include <stddef.h>

/* `lengths` NULL: all are C strings. */
size_t command_size(size_t argc, const char *const *argv, const size_t *lengths);

/* Writes it, `command_size` bytes; returns where it ends. */
char *command_print(char *to, size_t argc, const char *const *argv, const size_t *lengths);

#endif
