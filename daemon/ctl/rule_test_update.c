/*
 * An item of `expect` that is not met is written anew, in the form of one key a line, at its place:
 * its lines go from its dash to the last that is further in than that. A comment behind its first
 * line stays there, what stands between items too.
 */
#include "ctl/rule_test_update.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/json.h"
#include "ctl/rule_test_check.h"
#include "ctl/rule_test_time.h"

enum { FILE_MOST = 8 * 1024 * 1024, ITEM_MOST = 64 * 1024 };

/* ---- Where an item stands ---- */

struct item_lines {
    uint32_t from, to;
    uint32_t dash;       /* column of the dash, from 0 */
    struct slice remark; /* behind the first line; text NULL: none */
};

static struct slice line_at(const struct settings_source *source, uint32_t number)
{
    struct slice line = {0};
    line.text = diag_source_line(source->text, source->length, number, &line.length);
    return line;
}

static bool is_blank(struct slice line)
{
    const struct slice text = slice_trim(line, " \t\r");
    return text.length == 0 || text.text[0] == '#';
}

static uint32_t indent_of(struct slice line)
{
    uint32_t indent = 0;
    while (indent < line.length && line.text[indent] == ' ')
        indent++;
    return indent;
}

/* " # …" at the end of a line; in a text with quotes it may be part of that. */
static struct slice remark_of(struct slice line)
{
    for (size_t at = 1; at < line.length; at++)
        if (line.text[at] == '#' && line.text[at - 1] == ' ' &&
            !memchr(line.text + at, '"', line.length - at) &&
            !memchr(line.text + at, '\'', line.length - at))
            return (struct slice){line.text + at, line.length - at};
    return (struct slice){0};
}

/* False where it does not begin with a dash of its own. */
static bool find_lines(const struct settings_source *source, const struct value *item,
                       struct item_lines *lines)
{
    struct slice line = line_at(source, item->place.line);
    uint32_t dash = line.text ? indent_of(line) : 0;
    if (!line.text || dash + 1 >= line.length || line.text[dash] != '-' ||
        line.text[dash + 1] != ' ')
        return false;
    lines->from = lines->to = item->place.line;
    lines->dash = dash;
    lines->remark = remark_of(line);
    for (uint32_t next = lines->from + 1; (line = line_at(source, next)).text; next++) {
        if (is_blank(line))
            continue;
        if (indent_of(line) <= dash)
            break;
        lines->to = next;
    }
    return true;
}

/* ---- What is written there ---- */

struct writing {
    const struct rule_test_runner *runner;
    struct buf text;
    uint32_t dash;
    struct slice remark;
    bool begun;
};

static bool is_plain(const char *text)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789-_.@/+";
    bool letter = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z');
    return letter && text[strspn(text, plain)] == '\0' && strcmp(text, "true") != 0 &&
           strcmp(text, "false") != 0 && strcmp(text, "null") != 0;
}

static void put_text(struct buf *out, const char *text, size_t length)
{
    char short_text[64];
    if (length < sizeof short_text) {
        memcpy(short_text, text, length);
        short_text[length] = '\0';
        if (strlen(short_text) == length && is_plain(short_text)) {
            buf_text(out, short_text);
            return;
        }
    }
    json_print_string(out, text, length);
}

static void begin_key(struct writing *writing, const char *key)
{
    buf_printf(&writing->text, "%*s%s%s: ", (int)writing->dash, "", writing->begun ? "  " : "- ",
               key);
}

static void end_key(struct writing *writing)
{
    if (!writing->begun && writing->remark.text) {
        buf_text(&writing->text, "  ");
        buf_add(&writing->text, writing->remark.text, writing->remark.length);
    }
    buf_char(&writing->text, '\n');
    writing->begun = true;
}

static void add_text(struct writing *writing, const char *key, const char *text)
{
    begin_key(writing, key);
    put_text(&writing->text, text, strlen(text));
    end_key(writing);
}

static void put_value(struct buf *out, const struct value *value)
{
    bool is_list = value->kind == VALUE_LIST;
    if (value->kind == VALUE_STRING) {
        put_text(out, value->string, value->length);
        return;
    }
    if (!is_list && value->kind != VALUE_MAP) {
        json_print(out, value);
        return;
    }
    buf_char(out, is_list ? '[' : '{');
    for (uint32_t i = 0; i < value_count(value); i++) {
        buf_text(out, i ? ", " : "");
        if (!is_list)
            put_text(out, value->map->members[i].key.string, value->map->members[i].key.length);
        buf_text(out, is_list ? "" : ": ");
        put_value(out, is_list ? &value->list->items[i] : &value->map->members[i].value);
    }
    buf_char(out, is_list ? ']' : '}');
}

static void add_value(struct writing *writing, const char *key, const struct value *value)
{
    begin_key(writing, key);
    put_value(&writing->text, value);
    end_key(writing);
}

static void add_time(struct writing *writing, int64_t at_ms)
{
    begin_key(writing, "at");
    buf_text(&writing->text, rule_test_time_text(writing->runner->arena, at_ms,
                                                 writing->runner->generation->policy.zone));
    end_key(writing);
}

/* Of what is so, the members that were asked for. */
static struct value asked_of(struct arena *arena, const struct value *found,
                             const struct value *asked)
{
    struct value some = value_new_map(arena, value_count(asked));
    for (uint32_t i = 0; i < value_count(asked); i++) {
        const struct value_member *member = &asked->map->members[i];
        const struct value *is = value_find(found, member->key.string, member->key.length);
        value_add(arena, some, member->key, is ? *is : value_null());
    }
    return some;
}

static void write_sent(struct writing *writing, const struct rule_test_expect *expect,
                       const struct rule_test_message *message)
{
    struct arena *arena = writing->runner->arena;
    add_text(writing, "sent", message->template);
    if (expect->at_ms != RULE_TEST_TIME_NONE || expect->not_sent)
        add_time(writing, message->at_ms);
    if (expect->to && message->to)
        add_text(writing, "to", message->to);
    if (expect->via)
        add_text(writing, "via", message->channel);
    if (expect->rule)
        add_text(writing, "rule", message->rule);
    if (expect->customer.kind != VALUE_NULL)
        add_text(writing, "customer", message->customer);
    if (expect->data.kind != VALUE_NULL) {
        const struct value data = asked_of(arena, value_get(&message->body, "data"), &expect->data);
        add_value(writing, "data", &data);
    }
    if (expect->subject && message->subject)
        add_text(writing, "subject", message->subject);
}

static void write_not_sent(struct writing *writing, const struct rule_test_result *result,
                           const struct rule_test_expect *expect)
{
    const char *reason = rule_test_check_last_reason(writing->runner, result, expect);
    add_text(writing, "not_sent", expect->not_sent ? expect->not_sent : expect->sent);
    if (expect->rule)
        add_text(writing, "rule", expect->rule);
    if (reason)
        add_text(writing, "because", reason);
}

static struct rule_test_message *next_message(struct rule_test_result *result, const char *template)
{
    for (uint32_t i = 0; i < result->message_count; i++) {
        struct rule_test_message *message = &result->messages[i];
        if (!message->taken && strcmp(message->template, template) == 0) {
            message->taken = true;
            return message;
        }
    }
    return NULL;
}

static bool is_sent(const struct rule_test_result *result, const char *template)
{
    for (uint32_t i = 0; i < result->message_count; i++)
        if (strcmp(result->messages[i].template, template) == 0)
            return true;
    return false;
}

static void write_count(struct writing *writing, const struct rule_test_result *result,
                        const struct rule_test_expect *expect)
{
    struct value count = value_int(0);
    for (uint32_t i = 0; i < result->message_count; i++)
        count.integer += !expect->sent || strcmp(result->messages[i].template, expect->sent) == 0;
    if (expect->sent)
        add_text(writing, "sent", expect->sent);
    add_value(writing, "count", &count);
}

/* False where nothing can be said in its place; nothing is written where another item says it. */
static bool write_item(struct writing *writing, const struct rule_test *test,
                       struct rule_test_result *result, const struct rule_test_expect *expect)
{
    const char *template = expect->sent ? expect->sent : expect->not_sent;
    if (expect->count >= 0) {
        write_count(writing, result, expect);
        return true;
    }
    if (!template) {
        const struct value *known = &result->customers[expect - test->expect];
        const struct value some = asked_of(writing->runner->arena, known, &expect->customer);
        add_value(writing, "customer", &some);
        return known->kind == VALUE_MAP;
    }
    const struct rule_test_message *message = next_message(result, template);
    if (message)
        write_sent(writing, expect, message);
    else if (!is_sent(result, template))
        write_not_sent(writing, result, expect);
    return true;
}

/* ---- Edits ---- */

static bool is_first_miss(const struct rule_test_result *result, uint32_t index)
{
    for (uint32_t i = 0; i < index; i++)
        if (result->misses[i].expect == result->misses[index].expect)
            return false;
    return true;
}

static bool add_edit(const struct rule_test_runner *runner, const struct rule_test *test,
                     struct rule_test_result *result, const struct rule_test_expect *expect,
                     struct arena *arena, struct rule_test_edits *edits)
{
    struct writing writing = {.runner = runner};
    struct item_lines lines;
    if (!find_lines(test->source, expect->item, &lines))
        return false;
    writing.dash = lines.dash;
    writing.remark = lines.remark;
    buf_init(&writing.text, ITEM_MOST);
    bool written = write_item(&writing, test, result, expect) && !writing.text.full;
    if (written) {
        edits->items =
            arena_grow(arena, edits->items, edits->count, &edits->capacity, sizeof *edits->items);
        edits->items[edits->count++] = (struct rule_test_edit){
            lines.from, lines.to, arena_text(arena, buf_string(&writing.text))};
    }
    buf_free(&writing.text);
    return written;
}

uint32_t rule_test_update_add(const struct rule_test_runner *runner, const struct rule_test *test,
                              struct rule_test_result *result, struct arena *arena,
                              struct rule_test_edits *edits)
{
    uint32_t left = 0;
    for (uint32_t i = 0; i < test->expect_count; i++) {
        const struct rule_test_expect *expect = &test->expect[i];
        for (uint32_t m = 0; m < result->miss_count; m++)
            if (result->misses[m].expect == expect && is_first_miss(result, m))
                left += !add_edit(runner, test, result, expect, arena, edits);
    }
    for (uint32_t m = 0; m < result->miss_count; m++)
        left += result->misses[m].expect == NULL;
    return left;
}

/* ---- The file ---- */

static void put_lines(const struct settings_source *source, const struct rule_test_edits *edits,
                      struct buf *out)
{
    const char *at = source->text, *end = source->text + source->length;
    uint32_t number = 1, next = 0;
    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        const char *behind = newline ? newline + 1 : end;
        const struct rule_test_edit *edit = next < edits->count ? &edits->items[next] : NULL;
        if (edit && number == edit->from)
            buf_text(out, edit->text);
        if (!edit || number < edit->from)
            buf_add(out, at, (size_t)(behind - at));
        if (edit && number == edit->to)
            next++;
        at = behind;
        number++;
    }
}

static bool replace(const char *path, const struct buf *text, struct diag *diag)
{
    char beside[4096];
    struct stat was;
    int length = snprintf(beside, sizeof beside, "%s.new", path);
    if (length < 0 || (size_t)length >= sizeof beside || stat(path, &was) != 0)
        return diag_error(diag, "%s: %s", path, strerror(errno));
    FILE *file = fopen(beside, "w");
    bool written = file && fwrite(text->data, 1, text->length, file) == text->length &&
                   fchmod(fileno(file), was.st_mode & 07777) == 0;
    if (file)
        written = fclose(file) == 0 && written;
    if (written && rename(beside, path) == 0)
        return true;
    diag_error(diag, "%s: %s", beside, strerror(errno));
    unlink(beside);
    return false;
}

bool rule_test_update_write(const struct settings_source *source,
                            const struct rule_test_edits *edits, struct diag *diag)
{
    struct buf text;
    buf_init(&text, FILE_MOST);
    put_lines(source, edits, &text);
    bool written = text.full ? diag_error(diag, "%s: too large", source->file)
                             : replace(source->file, &text, diag);
    buf_free(&text);
    return written;
}
