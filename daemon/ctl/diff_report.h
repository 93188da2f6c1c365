/* What came of comparing two sets of rules: for people, as Markdown for a pull request, as JSON. */
#ifndef NUDGED_CTL_DIFF_REPORT_H
#define NUDGED_CTL_DIFF_REPORT_H

#include "simulate/comparison.h"

struct diff_report {
    const struct comparison *comparison;
    const struct simulation *simulation; /* the new one */
    const char *cap;                     /* who is over: "3 per 7d" */
    const char *zone;
    const struct budget *budget;
    const struct comparison_people *over; /* of each item of the budget */
};

/* To standard output. False: the budget is passed, which was told. */
bool diff_report_table(const struct diff_report *report);
bool diff_report_markdown(const struct diff_report *report);
bool diff_report_json(const struct diff_report *report);

#endif
