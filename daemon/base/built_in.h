/* A file that is compiled into the programs: nothing has to be found at run time. */
#ifndef NUDGED_BASE_BUILT_IN_H
#define NUDGED_BASE_BUILT_IN_H

struct built_in {
    const char *name; /* without its folder; NULL in the row that ends a list */
    const char *text;
};

#endif
