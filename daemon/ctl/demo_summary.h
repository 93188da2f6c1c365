/* What a day of messages came to, from the traces of all customers and the dead letters. */
#ifndef NUDGED_CTL_DEMO_SUMMARY_H
#define NUDGED_CTL_DEMO_SUMMARY_H

#include "ctl/demo_pages.h"
#include "redis/session.h"

/* To standard output: for each rule how often it sent, and held back and why; to the pages:
 * each message that was held back or given up. What cannot be read is not counted. */
void demo_summary_print(struct session *session, const char *prefix, struct demo_pages *pages);

#endif
