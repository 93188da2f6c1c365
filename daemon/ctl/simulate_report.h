/* What came of a simulation: for people, and as JSON. */
#ifndef NUDGED_CTL_SIMULATE_REPORT_H
#define NUDGED_CTL_SIMULATE_REPORT_H

#include <stdio.h>

#include "simulate/simulation.h"

/* Of people it is told how many had so many messages within that span: 1, 2, … SIMULATE_REPORT_MOST
 * or more. */
enum { SIMULATE_REPORT_SPAN_MS = 7 * 24 * 3600 * 1000, SIMULATE_REPORT_MOST = 4 };

/* Times are shown in the zone (IANA). */
void simulate_report_table(FILE *out, const struct simulation *simulation, const char *zone);
/* One object on a line, as ctl/json_line has it. */
void simulate_report_json(FILE *out, const struct simulation *simulation);

#endif
