/*
 * What nudgectl's exit statuses say, for all of its commands: 0, 1, and those of sysexits(3), which
 * mail servers and scripts know.
 */
#ifndef NUDGED_CTL_EXIT_CODES_H
#define NUDGED_CTL_EXIT_CODES_H

#include <sysexits.h>

enum {
    EXIT_CODE_NO = 1, /* EXIT_FAILURE: the answer is no, or not all was done */
    EXIT_CODE_INTERRUPTED = 130
};

/* number, name of sysexits(3) or "", meaning: the table of the reference and of the man page. */
#define EXIT_CODES(ROW)                                                                            \
    ROW(0, "", "It is done; the answer is yes.")                                                   \
    ROW(1, "",                                                                                     \
        "The answer is no, or not all of it was done: a check or a test failed, nothing is known " \
        "of that customer, a line was wrong.")                                                     \
    ROW(64, "EX_USAGE", "The command line is wrong.")                                              \
    ROW(65, "EX_DATAERR", "A file that was given is not what it should be.")                       \
    ROW(66, "EX_NOINPUT", "A file that was named cannot be read.")                                 \
    ROW(69, "EX_UNAVAILABLE", "The daemon or Redis cannot be reached.")                            \
    ROW(71, "EX_OSERR", "Out of memory.")                                                          \
    ROW(73, "EX_CANTCREAT", "A file cannot be written.")                                           \
    ROW(74, "EX_IOERR", "What was to be printed could not be.")                                    \
    ROW(75, "EX_TEMPFAIL",                                                                         \
        "`feedback`: not now; the mail server is to try again. `push --wait-replicas`: too few "   \
        "replicas have it in time; push it again.")                                                \
    ROW(78, "EX_CONFIG", "The configuration, a rule or a template is broken.")                     \
    ROW(130, "", "Interrupted by Ctrl-C: what was done is done.")

#endif
