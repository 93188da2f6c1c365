/* Providers of free mail, from whose addresses only their own servers may send. */
#ifndef NUDGED_MAIL_PROVIDER_H
#define NUDGED_MAIL_PROVIDER_H

#include "base/arena.h"
#include "base/diag.h"
#include "base/settings_fault.h"
#include "base/value.h"

/* A warning at `place` where `from` ("Tea Shop <tea@gmail.com>") is an address of one of them.
 * What is no address is nobody's. */
void provider_check(struct arena *arena, const char *from, const struct settings_source *source,
                    const struct value *place, struct diags *diags);

#endif
