/*
 * Landlock is spoken to by system call: the C library has no functions for it, and Debian 12's
 * headers do not know all that newer kernels can.
 */
#include "web/confine.h"

#include <errno.h>
#include <linux/capability.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
enum { IS_SANITIZED = true }; /* its shadow is terabytes, and its reports are files that grow */
#else
enum { IS_SANITIZED = false };
#endif

/* ---- Resources ---- */

size_t confine_descriptors(size_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return 0;
    if (limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur < wanted ? (size_t)limit.rlim_cur : wanted;
}

static bool limit_resources(const struct confine_needs *needs, struct diag *diag)
{
    const struct {
        __rlimit_resource_t resource;
        rlim_t most;
        bool sanitized; /* also there */
    } limits[] = {
        {RLIMIT_NOFILE, needs->descriptors, true},
        {RLIMIT_CORE, 0, true},
        {RLIMIT_NPROC, 0, false},
        {RLIMIT_MEMLOCK, 0, true},
        {RLIMIT_MSGQUEUE, 0, true},
        {RLIMIT_AS, needs->memory, false},
    };
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const struct rlimit limit = {limits[i].most, limits[i].most};
        if ((!IS_SANITIZED || limits[i].sanitized) && setrlimit(limits[i].resource, &limit) != 0)
            return diag_error(diag, "setrlimit: %s", strerror(errno));
    }
    return true;
}

/* ---- Privileges ---- */

/* A unit's filter may forbid to give up what nobody has. */
static bool drop_capabilities(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct had[2] = {0}, none[2] = {0};
    return (syscall(SYS_capget, &head, had) == 0 && memcmp(had, none, sizeof none) == 0) ||
           syscall(SYS_capset, &head, none) == 0;
}

static bool drop_privileges(struct diag *diag)
{
    for (unsigned long capability = 0; capability <= CAP_LAST_CAP; capability++)
        prctl(PR_CAPBSET_DROP, capability, 0, 0, 0); /* only who has some may, and needs to */
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 ||
        !drop_capabilities())
        return diag_error(diag, "cannot give up privileges: %s", strerror(errno));
    return true;
}

/* ---- Landlock ---- */

/* landlock(7). A kernel takes as much of the struct as it knows. */
struct ruleset {
    uint64_t files; /* LANDLOCK_ACCESS_FS_… that are refused where no rule allows them */
    uint64_t net;   /* since ABI 4: 1 bind, 2 connect */
    uint64_t scope; /* since ABI 6: 1 abstract Unix sockets, 2 signals */
};

enum { LANDLOCK_VERSION = 1 };

/* How many kinds of access to files an ABI knows; each is a bit. */
static unsigned file_bits(long abi)
{
    return abi >= 5 ? 16 : abi >= 3 ? 15 : abi == 2 ? 14 : 13;
}

static bool lock_land(struct buf *without, struct diag *diag)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION);
    if (abi < 0) {
        buf_printf(without, "Landlock (%s)", strerror(errno));
        return true;
    }
    const struct ruleset ruleset = {.files = (1ULL << file_bits(abi)) - 1, .net = 3, .scope = 3};
    size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
    int fd = (int)syscall(SYS_landlock_create_ruleset, &ruleset, size, 0);
    bool locked = fd >= 0 && syscall(SYS_landlock_restrict_self, fd, 0) == 0;
    if (!locked)
        diag_error(diag, "Landlock: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return locked;
}

/* ---- System calls ---- */

/* What a server does that has its sockets: wait, read, write, take memory, tell the time. Another
 * one fails with EPERM: a library may ask for something, and does without. */
static const int allowed[] = {
    SCMP_SYS(accept4),
    SCMP_SYS(brk),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(close),
    SCMP_SYS(epoll_ctl),
    SCMP_SYS(epoll_pwait),
    SCMP_SYS(epoll_pwait2),
    SCMP_SYS(epoll_wait),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(fcntl),
    SCMP_SYS(futex),
    SCMP_SYS(getpeername),
    SCMP_SYS(getpid),
    SCMP_SYS(getrandom),
    SCMP_SYS(getrusage),
    SCMP_SYS(getsockname),
    SCMP_SYS(getsockopt),
    SCMP_SYS(gettid),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(lseek),
    SCMP_SYS(madvise),
    SCMP_SYS(mremap),
    SCMP_SYS(munmap),
    SCMP_SYS(nanosleep),
    SCMP_SYS(newfstatat),
    SCMP_SYS(fstat),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(read),
    SCMP_SYS(readv),
    SCMP_SYS(recvfrom),
    SCMP_SYS(recvmsg),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sendmsg),
    SCMP_SYS(sendto),
    SCMP_SYS(setsockopt),
    SCMP_SYS(shutdown),
    SCMP_SYS(sigaltstack),
    SCMP_SYS(time),
    SCMP_SYS(timerfd_settime),
    SCMP_SYS(write),
    SCMP_SYS(writev),
};

/* What nothing in it ever asks for: who does is no longer our program. */
static const int deadly[] = {
    SCMP_SYS(bpf),

    SCMP_SYS(execve),
    SCMP_SYS(execveat),
    SCMP_SYS(fork),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(mount),
    SCMP_SYS(pidfd_getfd),
    SCMP_SYS(process_vm_readv),
    SCMP_SYS(process_vm_writev),
    SCMP_SYS(ptrace),
    SCMP_SYS(setns),
    SCMP_SYS(unshare),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(vfork),
};

/* Memory may be written or run, not both, and none becomes what can be run. */
static int allow_memory(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp no_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    int wrong = seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, &no_code);
    return wrong ? wrong
                 : seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, &no_code);
}

/* abort(3) signals the thread itself, and nobody else may be. */
static int allow_abort(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp own = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0);
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &own);
}

/* A pair reaches nobody else. */
static int allow_pairs(scmp_filter_ctx filter)
{
    const struct scmp_arg_cmp local = SCMP_A0(SCMP_CMP_EQ, AF_UNIX, 0);
    return seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 1, &local);
}

static int fill_filter(scmp_filter_ctx filter)
{
    int wrong = 0;
    for (size_t i = 0; !wrong && i < sizeof allowed / sizeof *allowed; i++)
        wrong = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    /* Where somebody's filter forbids seccomp(2), libseccomp knows the older action alone. */
    uint32_t kill = seccomp_api_get() >= 3 ? SCMP_ACT_KILL_PROCESS : SCMP_ACT_KILL;
    for (size_t i = 0; !wrong && i < sizeof deadly / sizeof *deadly; i++)
        wrong = seccomp_rule_add(filter, kill, deadly[i], 0);
    wrong = wrong ? wrong : allow_memory(filter);
    wrong = wrong ? wrong : allow_pairs(filter);
    return wrong ? wrong : allow_abort(filter);
}

static bool filter_calls(struct buf *without, struct diag *diag)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    int wrong = filter ? fill_filter(filter) : -ENOMEM;
    if (!wrong) {
        wrong = seccomp_load(filter);
    }
    if (filter)
        seccomp_release(filter);
    if (wrong == -ENOSYS || wrong == -EINVAL || wrong == -ECANCELED) {
        buf_printf(without, "%sseccomp (%s)", without->length ? ", " : "", strerror(-wrong));
        return true;
    }
    return !wrong || diag_error(diag, "seccomp: %s", strerror(-wrong));
}

bool confine(const struct confine_needs *needs, struct buf *without, struct diag *diag)
{
    return drop_privileges(diag) && limit_resources(needs, diag) && lock_land(without, diag) &&
           filter_calls(without, diag);
}
