/* The keys of a *.test.yaml file: its documents, and the items of `given` and `expect`. */
#ifndef NUDGED_CTL_RULE_TEST_TABLE_H
#define NUDGED_CTL_RULE_TEST_TABLE_H

#include "base/settings.h"
#include "base/shape.h"
#include "base/value.h"

struct rule_test_document {
    const char *name;
    struct value given, tables, suppressed, expect;
};

/* An item of `given`. */
struct rule_test_moment {
    struct value at, after, event;
};

extern const struct setting rule_test_document_settings[]; /* struct rule_test_document */
extern const struct setting rule_test_given_settings[];    /* struct rule_test_moment */
extern const struct setting rule_test_expect_settings[];   /* struct rule_test_expect */
extern const struct shape rule_test_shape;                 /* of a document */

#endif
