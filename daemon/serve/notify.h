/*
 * What systemd is told of the daemon's life (sd_notify(3)). Without systemd
 * ($NOTIFY_SOCKET not set, or built without libsystemd) nothing happens, and
 * nothing here ever fails: a manager that does not listen stops no daemon.
 */
#ifndef NUDGED_SERVE_NOTIFY_H
#define NUDGED_SERVE_NOTIFY_H

#include <stdint.h>

/* The configuration is in force and intake has begun: at the end of the start
 * and, after notify_reloading(), of each reload, good or refused. */
void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);

/* The one line that `systemctl status` shows. */
void notify_status(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* How often to call notify_alive(), in ms: half of WatchdogSec=. 0: the unit has
 * no watchdog for this process. */
int64_t notify_watchdog_ms(void);
void notify_alive(void);

#endif
