/*
 * Gateway `maildir`: a folder (cr.yp.to/proto/maildir.html) in which one message
 * is one file, named after its mid: <mid>.eml. So what was delivered before is
 * recognised, whichever daemon did it, and no message is there twice.
 *
 * A file is written under tmp/, forced to the disk, and linked into new/; a link
 * fails where the name is taken, so two daemons at once make one file.
 *
 * The connection is three open folders, so that all steps are taken below the one that was
 * found at the start, wherever its path leads to by then. send_mail(), at the end, is the
 * whole of one message: is it there (find_file)? Else deliver().
 */
#include "send/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/mem.h"
#include "send/envelope.h"

struct maildir_settings {
    struct gateway_common common;
    const char *path;
};

static const struct setting settings_table[] = {
    GATEWAY_COMMON_SETTINGS("maildir", struct maildir_settings, "1"),
    {.key = "path",
     .type = SETTING_TEXT,
     .offset = offsetof(struct maildir_settings, path),
     .required = true,
     .help = "the folder; it is made if it does not exist, but its parent must exist"},
    {0},
};

struct maildir {
    const struct maildir_settings *settings;
    int root, fresh, temporary; /* the folder, new/, tmp/; -1: not open */
};

static void *open_connection(const void *settings, const struct gateway_hooks *hooks)
{
    struct maildir *maildir = mem_zero(1, sizeof *maildir);
    (void)hooks; /* a delivery takes no time to speak of: nothing to cut */
    *maildir = (struct maildir){.settings = settings, .root = -1, .fresh = -1, .temporary = -1};
    return maildir;
}

static void close_folder(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static void rest_connection(void *connection)
{
    struct maildir *maildir = connection;
    close_folder(&maildir->fresh);
    close_folder(&maildir->temporary);
    close_folder(&maildir->root);
}

static void close_connection(void *connection)
{
    rest_connection(connection);
    free(connection);
}

static bool make_folder(int at, const char *name)
{
    return mkdirat(at, name, 0700) == 0 || errno == EEXIST;
}

/* Opens a folder below `at`, making it where it is not there; -1 with errno. */
static int open_folder(int at, const char *name)
{
    return make_folder(at, name) ? openat(at, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
}

static bool open_folders(struct maildir *maildir)
{
    if (maildir->root >= 0)
        return true;
    maildir->root = open_folder(AT_FDCWD, maildir->settings->path);
    if (maildir->root < 0)
        return false;
    maildir->temporary = open_folder(maildir->root, "tmp");
    maildir->fresh = open_folder(maildir->root, "new");
    if (maildir->temporary >= 0 && maildir->fresh >= 0 && make_folder(maildir->root, "cur"))
        return true;
    int fault = errno;
    rest_connection(maildir);
    errno = fault;
    return false;
}

/* A reader moves a file from new/ to cur/ and appends its flags: "<name>:2,S". So all of
 * cur/ is looked through; the two waits for the disk weigh more. In this order, because
 * files go from new/ to cur/ and none comes back. It is opened each time: somebody may have made
 * it anew. UNKNOWN, with errno, where cur/ cannot be read:
 * then it is not delivered, as it might be the second time. */
enum { ABSENT, PRESENT, UNKNOWN };

static int find_file(const struct maildir *maildir, const char *name)
{
    if (faccessat(maildir->fresh, name, F_OK, 0) == 0)
        return PRESENT;
    size_t length = strlen(name);
    int fd = openat(maildir->root, "cur", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder) {
        int fault = errno;
        close_folder(&fd);
        errno = fault;
        return UNKNOWN;
    }
    bool found = false;
    const struct dirent *entry;
    errno = 0;
    while (!found && (entry = readdir(folder)) != NULL)
        found = strncmp(entry->d_name, name, length) == 0 &&
                (entry->d_name[length] == '\0' || entry->d_name[length] == ':');
    int fault = errno;
    closedir(folder);
    errno = fault;
    return found ? PRESENT : fault ? UNKNOWN : ABSENT;
}

static bool write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno != EINTR)
            return false;
        if (written > 0) {
            bytes += written;
            length -= (size_t)written;
        }
    }
    return true;
}

/* The mail with the two lines that a final delivery puts over it (RFC 5321, 4.4). */
static bool write_mail(int fd, const struct outgoing *outgoing)
{
    char head[ENVELOPE_ADDRESS_MOST + ENVELOPE_PLAIN_MOST + 64];
    int length =
        snprintf(head, sizeof head, "Return-Path: <%s>\r\nDelivered-To: %s\r\n",
                 outgoing->envelope_from ? outgoing->envelope_from : "", outgoing->envelope_to);
    return write_all(fd, head, (size_t)length) &&
           write_all(fd, outgoing->body, outgoing->body_length) && fsync(fd) == 0;
}

/* False with errno. A name that is taken is a message that was delivered. */
static bool deliver(struct maildir *maildir, const struct outgoing *outgoing, const char *name)
{
    char temporary[256];
    uint64_t random;
    digest_random(&random, sizeof random);
    snprintf(temporary, sizeof temporary, "%s.%016llx", outgoing->mid, (unsigned long long)random);
    int fd = openat(maildir->temporary, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool done = write_mail(fd, outgoing);
    int fault = errno;
    if (close(fd) != 0 && done) {
        done = false;
        fault = errno;
    }
    if (done && linkat(maildir->temporary, temporary, maildir->fresh, name, 0) != 0) {
        done = errno == EEXIST;
        fault = errno;
    }
    unlinkat(maildir->temporary, temporary, 0);
    errno = fault;
    return done && fsync(maildir->fresh) == 0;
}

static void send_mail(void *connection, const struct outgoing *outgoing, struct arena *arena,
                      struct outcome *outcome)
{
    struct maildir *maildir = connection;
    char name[160];
    (void)arena;
    outcome_set(outcome, OUTCOME_SENT);
    bool sound = outgoing->mail ? envelope_check(outgoing, outcome)
                                : envelope_check_plain(outgoing, outcome);
    if (!sound || !envelope_check_mid(outgoing->mid, outcome))
        return;
    snprintf(name, sizeof name, "%s.eml", outgoing->mid);
    int found = open_folders(maildir) ? find_file(maildir, name) : UNKNOWN;
    if (found == PRESENT) {
        outcome_printf(outcome, "was there already");
    } else if (found == ABSENT && deliver(maildir, outgoing, name)) {
        outcome_printf(outcome, "new/%s", name);
    } else {
        /* A full disk, a folder that is not there or not ours: no fault of the message. */
        outcome_set(outcome, OUTCOME_GATEWAY_FAULT);
        outcome_printf(outcome, "%s: %s", maildir->settings->path, strerror(errno));
        rest_connection(maildir);
    }
}

const struct gateway_kind maildir_kind = {
    .name = "maildir",
    .form = GATEWAY_TEXT,
    .blocks = true,
    .settings = settings_table,
    .settings_size = sizeof(struct maildir_settings),
    .open = open_connection,
    .close = close_connection,
    .send = send_mail,
    .rest = rest_connection,
};
