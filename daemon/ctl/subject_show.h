/* `nudgectl customer show`: what is known of a person, for people. */
#ifndef NUDGED_CTL_SUBJECT_SHOW_H
#define NUDGED_CTL_SUBJECT_SHOW_H

#include "ctl/subject.h"

/* `subject` was read. */
void subject_show(const struct subject *subject);

#endif
