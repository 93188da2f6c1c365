#include "config/config_place.h"

#include <errno.h>
#include <stddef.h>
#include <unistd.h>

const char *config_place(const char *named, const char *standard, struct diags *diags)
{
    struct diag diag = {0};
    if (named)
        return named;
    if (access(standard, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR))
        return standard;
    diag_error(&diag, "no configuration: there is no %s, and `--config` named none", standard);
    diag_code(&diag, "no-config");
    diag_hint(&diag, "all keys have their defaults; `--config FILE` names another file");
    diag.level = DIAG_WARNING;
    diags_add(diags, &diag);
    return NULL;
}
