/* What systemd would hear, on a real datagram socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "serve/notify.h"

static char folder[] = "/tmp/nudged-notify-XXXXXX";
static struct sockaddr_un address = {.sun_family = AF_UNIX};
static int manager = -1;

static int open_manager(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(address.sun_path, sizeof address.sun_path, "%s/notify", folder);
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(manager, (struct sockaddr *)&address, sizeof address), 0);
    return setenv("NOTIFY_SOCKET", address.sun_path, 1);
}

static int close_manager(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    close(manager);
    unlink(address.sun_path);
    return rmdir(folder);
}

static const char *heard(void)
{
    static char state[1024];
    ssize_t length = recv(manager, state, sizeof state - 1, 0);
    state[length < 0 ? 0 : length] = '\0';
    return state;
}

#ifdef HAVE_LIBSYSTEMD

static void test_states(void **state)
{
    (void)state;
    notify_ready();
    assert_string_equal(heard(), "READY=1");
    notify_stopping();
    assert_string_equal(heard(), "STOPPING=1");
    notify_alive();
    assert_string_equal(heard(), "WATCHDOG=1");
    notify_status("%d rules, %s", 3, "two\nlines");
    assert_string_equal(heard(), "STATUS=3 rules, two lines");
    notify_reloading();
    assert_memory_equal(heard(), "RELOADING=1\nMONOTONIC_USEC=", 27);
}

static void test_long_status(void **state)
{
    (void)state;
    char text[2000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    notify_status("%s", text);
    assert_int_equal(strlen(heard()), 511);
}

static void test_watchdog(void **state)
{
    (void)state;
    char pid[32];
    snprintf(pid, sizeof pid, "%ld", (long)getpid());
    assert_int_equal(notify_watchdog_ms(), 0);
    setenv("WATCHDOG_USEC", "30000000", 1);
    setenv("WATCHDOG_PID", pid, 1);
    assert_int_equal(notify_watchdog_ms(), 15000);
    setenv("WATCHDOG_PID", "1", 1);
    assert_int_equal(notify_watchdog_ms(), 0);
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

#endif

static void test_no_manager(void **state)
{
    (void)state;
    unsetenv("NOTIFY_SOCKET");
    notify_ready();
    notify_status("%s", "unheard");
    assert_string_equal(heard(), "");
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#ifdef HAVE_LIBSYSTEMD
        cmocka_unit_test(test_states),
        cmocka_unit_test(test_long_status),
        cmocka_unit_test(test_watchdog),
#endif
        cmocka_unit_test(test_no_manager),
    };
    return cmocka_run_group_tests_name("notify", tests, open_manager, close_manager);
}
