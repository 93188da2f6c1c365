#include "ctl/browser.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static bool write_new(char *path, int ending, const char *text, size_t length, struct diag *diag)
{
    int fd = mkstemps(path, ending);
    FILE *file = fd >= 0 ? fdopen(fd, "w") : NULL;
    bool written = file && fwrite(text, 1, length, file) == length;
    if (file && fclose(file) != 0)
        written = false;
    return written || diag_error(diag, "cannot write %s: %s", path, strerror(errno));
}

bool browser_open(const char *text, size_t length, const char *ending, struct diag *diag)
{
    static char program[] = "xdg-open";
    const char *folder = getenv("TMPDIR");
    char path[PATH_MAX];
    pid_t pid;
    int status;
    snprintf(path, sizeof path, "%s/nudged-preview-XXXXXX.%s", folder && *folder ? folder : "/tmp",
             ending);
    if (!write_new(path, (int)strlen(ending) + 1, text, length, diag))
        return false;
    fprintf(stderr, "%s\n", path);
    char *argv[] = {program, path, NULL};
    int fault = posix_spawnp(&pid, program, NULL, NULL, argv, environ);
    if (fault)
        return diag_error(diag, "cannot run %s: %s", program, strerror(fault));
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return status == 0 || diag_error(diag, "%s could not open it", program);
}
