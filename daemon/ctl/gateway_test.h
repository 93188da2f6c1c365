/* nudgectl gateway test: one real message through a gateway, without the daemon. */
#ifndef NUDGED_CTL_GATEWAY_TEST_H
#define NUDGED_CTL_GATEWAY_TEST_H

#include "ctl/context.h"

struct gateway_test {
    const char *to; /* the address */
    bool json;
};

/* Sends one message through it, and shows what was said. The exit status. */
int gateway_test_run(struct context *context, const struct config_gateway *gateway,
                     const struct gateway_test *test);

#endif
