/* Where a work is in its round (events/pipeline). */
#ifndef NUDGED_EVENTS_WORK_STATE_H
#define NUDGED_EVENTS_WORK_STATE_H

enum work_state {
    WORK_WAITING,   /* its document is to be read */
    WORK_UNDER_WAY, /* read and decided; its commit has no answer yet */
    WORK_DONE,      /* committed, or nothing of it is ours any more */
};

#endif
