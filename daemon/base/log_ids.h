/*
 * What the journal's catalog explains (systemd/nudged.catalog; `journalctl --catalog`), by its
 * MESSAGE_ID. An id never changes and is never used for anything else.
 */
#ifndef NUDGED_BASE_LOG_IDS_H
#define NUDGED_BASE_LOG_IDS_H

#define LOG_ID_RUNNING        "9a8a9ff3f1f244d49509771415025b11"
#define LOG_ID_RELOAD_REFUSED "963100264bf546a386215f4cd02e0fd1"
#define LOG_ID_BRAKE          "05aafc7c694e4470ac03ac80ffe36af1"
#define LOG_ID_GATEWAY_LEFT   "09b18d4d2c7a4b7a96851876aec25ad8"
#define LOG_ID_DEAD_MESSAGE   "f41e302b9c1c4500880e92b9570cdaeb"
#define LOG_ID_DEAD_EVENT     "8b15fc5ad98941518c826280c7895918"

#endif
