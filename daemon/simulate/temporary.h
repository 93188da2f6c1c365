/* A file without a name, which is gone when it is closed. */
#ifndef NUDGED_SIMULATE_TEMPORARY_H
#define NUDGED_SIMULATE_TEMPORARY_H

/* In $TMPDIR, or in /var/tmp: /tmp may be memory. Below 0 where there is none: errno says why. */
int temporary_file(void);

#endif
