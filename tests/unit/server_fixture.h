/*
 * A server of tests/unit/servers for one test: a child that prints its ports and then what
 * it sees, a line each, and that ends with its standard input.
 */
#ifndef NUDGED_TESTS_SERVER_FIXTURE_H
#define NUDGED_TESTS_SERVER_FIXTURE_H

#include <stddef.h>
#include <sys/types.h>

enum { SERVER_FIXTURE_PORTS = 64 };

struct server_fixture {
    pid_t pid;
    int input, output;
    int ports[SERVER_FIXTURE_PORTS];
    char kept[65536]; /* read and not yet taken */
    size_t kept_length;
    char line[4096];
};

/* Starts servers/SCRIPT with NULL-terminated arguments and reads `ports` ports. */
void server_fixture_start(struct server_fixture *server, const char *script,
                          const char *const *arguments, size_t ports);
void server_fixture_stop(struct server_fixture *server);

/* The next line it prints, without its end; waits for it, at most 10 s. Good until the next. */
const char *server_fixture_line(struct server_fixture *server);

/* A new empty folder; its name is good until the program ends. */
const char *server_fixture_folder(void);
/* Removes it and the files in it and in the folders below it. */
void server_fixture_remove(const char *folder);

#endif
