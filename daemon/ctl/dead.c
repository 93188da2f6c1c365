/* nudgectl dead ls: the dead letters, newest first. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"
#include "ctl/command.h"
#include "ctl/plain.h"
#include "customer/shop_event.h"
#include "store/dead_letters.h"

#define SHOWN_MOST "50"

enum { BODY_SHOWN = 100, LINE_MOST = 8 << 20 };

/* The beginning of a body that may hold any bytes, without half a character at its end. */
static void print_body(const struct reply *body)
{
    size_t length = body->length <= BODY_SHOWN ? body->length : utf8_floor(body->text, BODY_SHOWN);
    if (length == 0)
        return;
    printf("    ");
    plain_print(body->text, length);
    printf("%s\n", length < body->length ? "…" : "");
}

static void print_letter(const struct reply *entry)
{
    char time[CLOCK_TEXT_SIZE];
    const char *id = reply_item(entry, 0)->text;
    printf("%s  %s  ", id, clock_format(shop_event_arrival(id), time));
    plain_text(dead_letters_field(entry, "kind")->text);
    printf("  ");
    plain_text(dead_letters_field(entry, "reason")->text);
    printf(": ");
    plain_text(dead_letters_field(entry, "detail")->text);
    printf("\n");
    print_body(dead_letters_field(entry, "body"));
}

/* The text as JSON; what is no UTF-8 in it as U+FFFD. */
static void add_json(struct buf *out, const char *text, size_t length)
{
    struct buf clean;
    buf_init(&clean, 3 * length + 1);
    for (size_t at = 0, width; at < length; at += width)
        if (utf8_decode(text + at, length - at, &width) == 0xfffd)
            buf_text(&clean, "\xef\xbf\xbd");
        else
            buf_add(&clean, text + at, width);
    json_print_string(out, buf_string(&clean), clean.length);
    buf_free(&clean);
}

/* {"id": …, "kind": …, "reason": …, …, "body": …} */
static void print_json(const struct reply *entry)
{
    const struct reply *id = reply_item(entry, 0), *fields = reply_item(entry, 1);
    struct buf line;
    buf_init(&line, LINE_MOST);
    buf_text(&line, "{\"id\":");
    add_json(&line, id->text, id->length);
    for (size_t i = 0; i + 1 < fields->count; i += 2) {
        const struct reply *name = reply_item(fields, i), *text = reply_item(fields, i + 1);
        buf_char(&line, ',');
        add_json(&line, name->text, name->length);
        buf_char(&line, ':');
        add_json(&line, text->text, text->length);
    }
    buf_char(&line, '}');
    plain_json(buf_string(&line), line.length);
    printf("\n");
    buf_free(&line);
}

static int list(struct context *context, const char *most, bool raw)
{
    struct diag diag = {0};
    struct session *session = context_session(context);
    if (!session)
        return EXIT_FAILURE;
    const struct reply *letters =
        dead_letters_read(session, context->config->keys.redis.prefix, most, &diag);
    int status = letters ? EXIT_SUCCESS : context_fail(&diag);
    for (size_t i = 0; letters && i < letters->count; i++)
        (raw ? print_json : print_letter)(reply_item(letters, i));
    if (letters && letters->count == 0 && !raw)
        printf("no dead letters\n");
    session_close(&session);
    return status;
}

int command_dead(struct context *context, int argc, char **argv)
{
    bool raw = false;
    const struct command_option options[] = {{.name = "--json", .flag = &raw}, {0}};
    int count = command_options(context, argc, argv, options);
    if (count < 0)
        return EX_USAGE;
    if (count > 0 && strcmp(argv[1], "ls") != 0)
        return command_usage(argv[0], "`ls` is expected, not `%s`", argv[1]);
    const char *most = command_list_most(count, argv, SHOWN_MOST);
    return most ? list(context, most, raw) : EX_USAGE;
}
