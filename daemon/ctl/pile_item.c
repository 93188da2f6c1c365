#include "ctl/pile_item.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"
#include "ctl/plain.h"

enum { LINE_MOST = 8 << 20, NAME_WIDTH = 12 };

const char *pile_item_field(const struct pile_item *item, const char *name)
{
    return reply_field(item->fields, name)->text;
}

/* Read once, at the first need. */
static const struct value *body_of(const struct pile_item *item)
{
    struct pile_item *mine = (struct pile_item *)item;
    struct diag unreadable;
    if (!item->is_read) {
        mine->is_read = true;
        mine->read = value_null();
        if (item->body.text && !json_read(item->arena, item->body.text, item->body.length,
                                          &json_file_limits, &mine->read, &unreadable))
            mine->read = value_null();
    }
    return &item->read;
}

const char *pile_item_body(const struct pile_item *item, const char *name)
{
    return value_to_text(item->arena, value_get(body_of(item), name));
}

/* ---- For people ---- */

static void print_after(const char *before, const char *text, const char *after)
{
    if (!text || !*text)
        return;
    printf("%s", before);
    plain_text(text);
    printf("%s", after);
}

void pile_item_print_what(const struct pile_item *item)
{
    const char *type = pile_item_body(item, "type"), *rule = pile_item_body(item, "rule");
    plain_text(rule ? rule : type);
    print_after(" to ", pile_item_body(item, "to"), "");
    print_after(" (", pile_item_field(item, "customer"), ")");
    print_after(" by ", pile_item_field(item, "gateway"), "");
}

static void print_row(const char *name, const char *text)
{
    if (!text || !*text)
        return;
    printf("  %-*s ", NAME_WIDTH, name);
    plain_text(text);
    printf("\n");
}

/* Over many lines where it is JSON; control characters are escaped there, all others by plain. */
static void print_body(const struct pile_item *item)
{
    const struct value *body = body_of(item);
    struct buf out;
    if (!item->body.text || !item->body.length)
        return;
    buf_init(&out, LINE_MOST);
    if (body->kind != VALUE_NULL)
        json_print_pretty(&out, body);
    else
        buf_add(&out, item->body.text, item->body.length);
    printf("  body\n");
    const char *line = buf_string(&out), *end;
    for (; *line; line = *end ? end + 1 : end) {
        end = line + strcspn(line, "\n");
        printf("    ");
        plain_print(line, (size_t)(end - line));
        printf("\n");
    }
    buf_free(&out);
}

/* Milliseconds since 1970 are shown as a time. */
static void print_field(const char *name, const char *text)
{
    char time[CLOCK_TEXT_SIZE];
    if (strcmp(name, "give_up") == 0)
        print_row(name, clock_format(strtoll(text, NULL, 10), time));
    else
        print_row(name, text);
}

void pile_item_print_all(const struct pile_item *item)
{
    static const char *const inside[] = {"rule", "template", "to", NULL};
    char time[CLOCK_TEXT_SIZE];
    plain_text(item->id);
    printf("\n");
    print_row("at", clock_format(item->at_ms, time));
    for (const char *const *name = inside; *name; name++)
        print_row(*name, pile_item_body(item, *name));
    for (size_t i = 0; i + 1 < item->fields->count; i += 2) {
        const char *name = reply_item(item->fields, i)->text;
        if (strcmp(name, "body") != 0)
            print_field(name, reply_item(item->fields, i + 1)->text);
    }
    print_body(item);
}

/* ---- JSON ---- */

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

static void add_member(struct buf *line, const char *name, const char *text, size_t length)
{
    buf_char(line, line->length > 1 ? ',' : '{');
    add_json(line, name, strlen(name));
    buf_char(line, ':');
    add_json(line, text, length);
}

void pile_item_print_json(const struct pile_item *item)
{
    struct buf line;
    buf_init(&line, LINE_MOST);
    add_member(&line, "id", item->id, strlen(item->id));
    if (item->shard)
        buf_printf(&line, ",\"shard\":%s", item->shard);
    buf_printf(&line, ",\"at\":%" PRId64, item->at_ms);
    for (size_t i = 0; i + 1 < item->fields->count; i += 2) {
        const struct reply *name = reply_item(item->fields, i),
                           *text = reply_item(item->fields, i + 1);
        if (strcmp(name->text, "give_up") == 0)
            buf_printf(&line, ",\"give_up\":%lld", strtoll(text->text, NULL, 10));
        else if (strcmp(name->text, "body") != 0)
            add_member(&line, name->text, text->text, text->length);
    }
    if (item->body.text)
        add_member(&line, "body", item->body.text, item->body.length);
    buf_char(&line, '}');
    plain_json(buf_string(&line), line.length);
    printf("\n");
    buf_free(&line);
}
