/* What the kernel knows of this process, as figures (base/metrics): process_…. Linux, proc(5). */
#ifndef NUDGED_BASE_PROCESS_H
#define NUDGED_BASE_PROCESS_H

/* What cannot be read stays as it was told last. */
void process_measure(void);

#endif
