#include "ctl/by_whom.h"

#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

const char *by_whom(struct arena *arena)
{
    char host[256] = "";
    const char *sudo = getenv("SUDO_USER");
    const struct passwd *user = sudo ? NULL : getpwuid(getuid());
    gethostname(host, sizeof host - 1);
    return arena_printf(arena, "%s@%s", sudo ? sudo : user ? user->pw_name : "somebody", host);
}
