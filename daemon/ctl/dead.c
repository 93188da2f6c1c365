/* nudgectl dead ls: the dead letters, newest first. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "core/shop_event.h"
#include "ctl/command.h"
#include "ctl/plain.h"

enum { BODY_SHOWN = 100 };

/* The value of a field in a stream entry's list of names and values; "" where absent. */
static const struct reply *field_of(const struct reply *fields, const char *name)
{
    for (size_t i = 0; i + 1 < fields->count; i += 2)
        if (strcmp(reply_item(fields, i)->text, name) == 0)
            return reply_item(fields, i + 1);
    return reply_item(fields, fields->count);
}

/* The beginning of a body that may hold any bytes, without half a character at its end. */
static void print_body(const struct reply *body)
{
    size_t length = body->length;
    if (length > BODY_SHOWN)
        for (length = BODY_SHOWN; length && ((unsigned char)body->text[length] & 0xc0) == 0x80;)
            length--;
    plain_print(body->text, length);
    printf("%s\n", length < body->length ? "…" : "");
}

static void print_letter(const struct reply *entry)
{
    char time[CLOCK_TEXT_SIZE];
    const struct reply *fields = reply_item(entry, 1);
    const char *id = reply_item(entry, 0)->text;
    printf("%s  %s  %s  %s: ", id, clock_format(shop_event_arrival(id), time),
           field_of(fields, "kind")->text, field_of(fields, "reason")->text);
    plain_text(field_of(fields, "detail")->text);
    printf("\n    ");
    print_body(field_of(fields, "body"));
}

static int list(struct context *context, const char *most)
{
    struct diag diag = {0};
    struct session *session = context_session(context);
    if (!session)
        return EXIT_FAILURE;
    const struct reply *letters = session_command(
        session, &diag, "XREVRANGE", context_key(context, "dead"), "+", "-", "COUNT", most, NULL);
    int status = letters ? EXIT_SUCCESS : context_fail(&diag);
    for (size_t i = 0; letters && i < letters->count; i++)
        print_letter(reply_item(letters, i));
    if (letters && letters->count == 0)
        printf("no dead letters\n");
    session_close(&session);
    return status;
}

int command_dead(struct context *context, int argc, char **argv)
{
    int count = command_options(argc, argv, NULL);
    if (count < 0)
        return EX_USAGE;
    if (count == 0 || strcmp(argv[1], "ls") != 0)
        return command_usage(argv[0], "`ls` is expected");
    if (count > 2 || (count == 2 && strspn(argv[2], "0123456789") != strlen(argv[2])))
        return command_usage(argv[0], "a number is expected after `ls`");
    return list(context, count == 2 ? argv[2] : "50");
}
