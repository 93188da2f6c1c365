/* nudgectl check: what nudged-web will read. */
#ifndef NUDGED_CTL_CHECK_WEB_H
#define NUDGED_CTL_CHECK_WEB_H

#include "base/diag.h"
#include "config/config.h"

/* All files that the section `web` names, by the code that nudged-web starts with. */
void check_web(const struct config *config, struct diags *diags);

#endif
