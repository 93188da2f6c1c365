/* Programs that are installed with this one. */
#ifndef NUDGED_BASE_PROGRAM_H
#define NUDGED_BASE_PROGRAM_H

#include <limits.h>

/* Writes the path of the program of that name: beside this one, where it stands there and can be
 * run, else as it is installed. Allocates nothing. */
void program_find(const char *name, char path[PATH_MAX]);

#endif
