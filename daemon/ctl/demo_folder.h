/* The folder of a demo: a copy of the example rules with short waits, the templates as
 * they are, a configuration, the pictures, and later the messages. */
#ifndef NUDGED_CTL_DEMO_FOLDER_H
#define NUDGED_CTL_DEMO_FOLDER_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/diag.h"

/* A wait of an hour takes 2 s in the demo. None is shorter than what lies between two events that
 * belong together, nor longer than DEMO_WAIT_MOST_MS. */
enum { DEMO_FASTER = 1800, DEMO_WAIT_LEAST_MS = 1800, DEMO_WAIT_MOST_MS = 3000 };

/* Where the events say that pictures are; in the demo's pages they are files of img/. */
#define DEMO_FOLDER_PICTURES "https://shop.example/img/"

/* Fills `folder`, which exists, from the folder of examples (rules/, templates/, demo/).
 * `*config` is the path of the configuration that was written. */
bool demo_folder_fill(struct arena *arena, const char *folder, const char *examples,
                      const char **config, struct diag *diag);

/* Writes a whole file. */
bool demo_folder_write(const char *path, const char *text, size_t length, struct diag *diag);

#endif
