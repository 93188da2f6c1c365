/*
 * Files that are mapped. One may become shorter all the same, as an archive does that is rotated by
 * copying: who reads behind its end then gets SIGBUS, in whichever thread. That is told as any file
 * that cannot be read, and is the end of the program.
 */
#ifndef NUDGED_SIMULATE_MAPPED_H
#define NUDGED_SIMULATE_MAPPED_H

#include <stddef.h>

struct mapped {
    const char *name; /* of the file, as it is to be shown; the caller's */
    const char *bytes;
    size_t size; /* as it was when it was opened */
    struct mapped *next;
};

/* The whole file; NULL where it cannot be mapped. To be called and closed while there is one thread
 * alone. */
struct mapped *mapped_open(const char *name, int fd);
void mapped_close(struct mapped **mapped);

#endif
