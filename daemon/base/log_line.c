#include "base/log_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/mask.h"
#include "base/utf8.h"

enum { MASKED_MOST = 8192, TEXT_MOST = 4096 };

size_t log_line_value(const char *text, char *to, size_t size)
{
    struct buf masked;
    buf_init(&masked, MASKED_MOST);
    mask_text(text, strnlen(text, TEXT_MOST), &masked);
    size_t length = utf8_show(buf_string(&masked), masked.length, to, size - 1);
    to[length] = '\0';
    buf_free(&masked);
    return length;
}

static bool is_told(const struct log_field *field)
{
    return field->kind == LOG_FIELD_NUMBER || (field->text && *field->text);
}

/* ---- Text ---- */

/* Whether it needs no quotes: nothing that would begin another field. */
static bool is_plain(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text <= ' ' || strchr("\"=", *text))
            return false;
    return true;
}

static void put_field(struct buf *line, const struct log_field *field)
{
    char value[TEXT_MOST];
    buf_printf(line, " %s=", field->name);
    if (field->kind == LOG_FIELD_NUMBER) {
        buf_printf(line, "%" PRId64, field->number);
        return;
    }
    size_t length = log_line_value(field->text, value, sizeof value);
    if (is_plain(value))
        buf_add(line, value, length);
    else
        json_print_string(line, value, length);
}

size_t log_line_text(const char *sentence, const struct log_field *fields, char *to, size_t room)
{
    char text[TEXT_MOST];
    struct buf line;
    buf_init(&line, 8 * TEXT_MOST);
    buf_add(&line, text, log_line_value(sentence, text, sizeof text));
    for (const struct log_field *field = fields; field && field->kind; field++)
        if (is_told(field) && !field->said &&
            (field->kind == LOG_FIELD_TEXT || field->kind == LOG_FIELD_NUMBER))
            put_field(&line, field);
    for (const struct log_field *field = fields; field && field->kind; field++)
        if (is_told(field) && field->kind == LOG_FIELD_DETAIL) {
            buf_text(&line, ": ");
            buf_add(&line, text, log_line_value(field->text, text, sizeof text));
        }
    size_t length = utf8_show(buf_string(&line), line.length, to, room); /* whole characters */
    buf_free(&line);
    return length;
}

/* ---- JSON ---- */

static void put_member(struct buf *line, const char *name, const char *text)
{
    char value[LOG_LINE_VALUE_MOST];
    size_t length = log_line_value(text, value, sizeof value);
    buf_printf(line, "%s\"%s\":", line->length ? "," : "{", name);
    json_print_string(line, value, length);
}

static bool is_again(const struct log_field *fields, const struct log_field *field)
{
    for (; fields < field; fields++)
        if (strcmp(fields->name, field->name) == 0)
            return true;
    return false;
}

size_t log_line_json(const char *time, const char *level, const char *sentence,
                     const struct log_field *fields, char *to, size_t room)
{
    struct buf line;
    buf_init(&line, 2 * LOG_LINE_JSON_MOST);
    put_member(&line, "time", time);
    put_member(&line, "level", level);
    put_member(&line, "message", sentence);
    for (const struct log_field *field = fields; field && field->kind; field++) {
        size_t before = line.length;
        if (field->kind == LOG_FIELD_ID || !is_told(field) || is_again(fields, field))
            continue;
        if (field->kind == LOG_FIELD_NUMBER)
            buf_printf(&line, ",\"%s\":%" PRId64, field->name, field->number);
        else
            put_member(&line, field->name, field->text);
        if (line.full || line.length >= room) { /* no room for it and the end */
            buf_cut(&line, before);
            break;
        }
    }
    buf_text(&line, "}");
    size_t length = line.length;
    memcpy(to, line.data, length);
    buf_free(&line);
    return length;
}
