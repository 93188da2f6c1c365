/* Which of a customer's events was decided last of its time (customer/customer_order). */
#ifndef NUDGED_CUSTOMER_CUSTOMER_MOMENT_H
#define NUDGED_CUSTOMER_CUSTOMER_MOMENT_H

#include <stdint.h>

enum { CUSTOMER_MOMENTS_MOST = 8 };

/* An event that was decided. */
struct customer_moment {
    int64_t time_ms;          /* by which it is compared */
    int64_t entry_ms, number; /* of its entry's id */
};

#endif
