/*
 * nudgectl push: events from files or standard input into the stream, many at a time.
 * Each line is looked at before it goes: what is no JSON object is shown with its line
 * and not pushed, and the exit status is 1.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "base/json.h"
#include "base/progress.h"
#include "ctl/command.h"
#include "store/keys.h"

enum { IN_FLIGHT_MOST = 1000 };

struct push {
    struct session *session;
    const char *key; /* of the stream */
    struct progress *progress;
    struct arena *arena;
    const char *file;
    uint64_t pushed, refused, failed;
    struct diag fault; /* the first one of Redis */
};

static void on_pushed(void *context, const struct reply *reply, const struct diag *fault)
{
    struct push *push = context;
    if (reply && reply->kind != REPLY_ERROR) {
        push->pushed++;
        return;
    }
    if (push->failed++ > 0)
        return;
    if (fault)
        push->fault = *fault;
    else
        reply_fault(reply, &push->fault);
}

/* A line that is worth sending: a JSON object. */
static bool is_event(struct push *push, const char *line, size_t length, uint32_t number)
{
    struct value value;
    struct diag diag = {0};
    arena_reset(push->arena);
    if (json_read(push->arena, line, length, &json_event_limits, &value, &diag)) {
        if (value.kind == VALUE_MAP)
            return true;
        diag_error(&diag, "an event must be a JSON object");
        diag.column = 1;
    }
    diag_file(&diag, push->file);
    diag.line = number;
    progress_clear(push->progress);
    diag_print(&diag, stderr);
    push->refused++;
    return false;
}

static void take_line(struct push *push, const char *line, size_t length, uint32_t number)
{
    const char *argv[] = {"XADD", push->key, "*", "event", line};
    const size_t lengths[] = {4, strlen(push->key), 1, 5, length};
    if (length == 0 || *line == '#' || !is_event(push, line, length, number))
        return;
    session_push(push->session, 5, argv, lengths, on_pushed, push);
    session_drain(push->session, IN_FLIGHT_MOST);
}

static bool take_stream(struct push *push, FILE *stream)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    for (uint32_t number = 1; (length = getline(&line, &size, stream)) >= 0; number++) {
        size_t bytes = (size_t)length;
        while (bytes && (line[bytes - 1] == '\n' || line[bytes - 1] == '\r'))
            bytes--;
        take_line(push, line, bytes, number);
        progress_step(push->progress, (uint64_t)length);
        if (push->failed)
            break;
    }
    free(line);
    return !ferror(stream);
}

static bool take_file(struct push *push, const char *name)
{
    bool standard = strcmp(name, "-") == 0;
    FILE *stream = standard ? stdin : fopen(name, "re");
    push->file = standard ? "(standard input)" : name;
    bool read = stream && take_stream(push, stream);
    if (!read) {
        int fault = errno;
        progress_clear(push->progress);
        fprintf(stderr, "nudgectl: %s: %s\n", name, strerror(fault));
    }
    if (stream && !standard)
        fclose(stream);
    return read;
}

/* Bytes of all files; 0 where one of them is no regular file. */
static uint64_t total_size(int count, char **names)
{
    uint64_t total = 0;
    for (int i = 0; i < count; i++) {
        struct stat status;
        if (stat(names[i], &status) != 0 || !S_ISREG(status.st_mode))
            return 0;
        total += (uint64_t)status.st_size;
    }
    return total;
}

static int finish(struct push *push, bool read)
{
    session_drain(push->session, 0);
    progress_end(&push->progress);
    if (push->failed)
        context_fail(&push->fault);
    printf("%" PRIu64 " pushed", push->pushed);
    if (push->refused)
        printf(", %" PRIu64 " refused", push->refused);
    if (push->failed)
        printf(", %" PRIu64 " failed", push->failed);
    printf("\n");
    return read && !push->refused && !push->failed ? EXIT_SUCCESS : EXIT_FAILURE;
}

int command_push(struct context *context, int argc, char **argv)
{
    static char standard[] = "-";
    static char *only_standard[] = {standard};
    struct push push = {0};
    bool read = true;
    int count = command_options(context, argc, argv, NULL);
    char **names = count > 0 ? argv + 1 : only_standard;
    if (count < 0)
        return EX_USAGE;
    if (count == 0)
        count = 1;
    push.session = context_session(context);
    if (!push.session)
        return EXIT_FAILURE;
    push.key =
        keys_spell(context->config->arena, context->config->keys.redis.prefix, KEY_EVENTS, NULL);
    push.arena = arena_new(64 * 1024);
    push.progress = progress_start(total_size(count, names), "pushing");
    for (int i = 0; i < count && read && !push.failed; i++)
        read = take_file(&push, names[i]);
    int status = finish(&push, read);
    arena_destroy(&push.arena);
    session_close(&push.session);
    return status;
}
