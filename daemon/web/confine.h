/*
 * nudged-web gives up what it does not need, before it takes anybody: after that it can open no
 * file, make no connection, run no program and see no other process. What it has open stays: the
 * door, the daemon's socket, standard error.
 *
 *   no_new_privs, capabilities    none, and none to be had
 *   limits of resources           descriptors, memory; no process, no file that grows, no core
 *   Landlock                      no file system, no TCP but what is accepted, no signals outward
 *   seccomp                       the system calls of a server that has all it needs
 */
#ifndef NUDGED_WEB_CONFINE_H
#define NUDGED_WEB_CONFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/diag.h"

struct confine_needs {
    size_t descriptors; /* that may be open at once */
    uint64_t memory;    /* bytes, all in all */
};

/* Raises the bound on descriptors as far as the system lets it; how many there may be. Before all
 * else. */
size_t confine_descriptors(size_t wanted);

/* For the rest of the process' life. What the kernel does not have is named in `without`, a
 * sentence for the log; "" where nothing is missing. False with `diag` where what should work did
 * not. */
bool confine(const struct confine_needs *needs, struct buf *without, struct diag *diag);

#endif
