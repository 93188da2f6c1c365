/* `nudgectl customer erase`: the person is forgotten, as by an event `customer.erased`, when it
 * returns. */
#ifndef NUDGED_CTL_SUBJECT_ERASE_H
#define NUDGED_CTL_SUBJECT_ERASE_H

#include "ctl/subject.h"

struct subject_erase {
    bool yes; /* nobody is asked */
    bool dry; /* only says what would go */
    bool json;
};

/* `subject` was read. The exit status. */
int subject_erase_run(struct subject *subject, const struct subject_erase *how);

#endif
