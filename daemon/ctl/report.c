/*
 * GMime takes the message apart (find_parts): the report's own fields are one part of it, the mail
 * that it is about, or its header, another. What is in these are blocks of fields, which are read
 * here: of a status notification those of the recipient that fared worst (choose_group), of a
 * complaint its kind.
 */
#include "ctl/report.h"

#include <ctype.h>
#include <gmime/gmime.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/slice.h"
#include "base/utf8.h"
#include "send/retry.h"

/* What stands behind so much is of the mail that was returned: its header is before it. */
enum { PARSED_MOST = 1024 * 1024 };

enum { DEPTH_MOST = 8, PARTS_MOST = 64, BLOCK_MOST = 256 * 1024 };

/* ---- Blocks of fields ---- */

/* Unfolded, with LF; ends at BLOCK_MOST. NUL becomes a space. */
static const char *unfold(struct arena *arena, const char *text, size_t length)
{
    length = length < BLOCK_MOST ? length : BLOCK_MOST;
    char *block = arena_alloc(arena, length + 1);
    size_t to = 0;
    for (size_t i = 0; i < length; i++) {
        bool ends = text[i] == '\n',
             folds = i + 1 < length && (text[i + 1] == ' ' || text[i + 1] == '\t');
        if (text[i] == '\r' && i + 1 < length && text[i + 1] == '\n')
            continue;
        block[to++] = text[i] == '\0' || (ends && folds) ? ' ' : text[i];
    }
    block[to] = '\0';
    return block;
}

const char *report_field(struct arena *arena, const char *block, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = block; *line; line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncasecmp(line, name, length) != 0)
            continue;
        const char *value = line + length + strspn(line + length, " \t");
        if (*value != ':')
            continue;
        const struct slice bare = utf8_trim((struct slice){value + 1, strcspn(value + 1, "\n")});
        return arena_copy(arena, bare.text, bare.length);
    }
    return NULL;
}

/* What stands behind "rfc822;" or "smtp;", a type (RFC 3464, 2.1.2). */
static const char *behind_type(const char *value)
{
    const char *end = value ? strchr(value, ';') : NULL;
    return !value ? "" : end ? end + 1 + strspn(end + 1, " \t") : value;
}

/* ---- The parts ---- */

struct parts {
    struct arena *arena;
    const char *status, *feedback, *returned; /* NULL: none was found */
    size_t count;
};

static const char *content_of(struct arena *arena, GMimePart *part)
{
    GMimeDataWrapper *content = g_mime_part_get_content(part);
    GMimeStream *stream = g_mime_stream_mem_new();
    const char *text = "";
    if (content && g_mime_data_wrapper_write_to_stream(content, stream) >= 0) {
        const GByteArray *bytes = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
        text = unfold(arena, (const char *)bytes->data, bytes->len);
    }
    g_object_unref(stream);
    return text;
}

static const char *headers_of(struct arena *arena, GMimeObject *object)
{
    char *headers = g_mime_object_get_headers(object, NULL);
    const char *block = unfold(arena, headers ? headers : "", headers ? strlen(headers) : 0);
    g_free(headers);
    return block;
}

static bool is_type(GMimeObject *object, const char *type, const char *subtype)
{
    return g_mime_content_type_is_type(g_mime_object_get_content_type(object), type, subtype);
}

static void take_part(struct parts *parts, GMimePart *part)
{
    GMimeObject *object = GMIME_OBJECT(part);
    const char **to = NULL;
    if (is_type(object, "message", "delivery-status") ||
        is_type(object, "message", "global-delivery-status"))
        to = &parts->status;
    else if (is_type(object, "message", "feedback-report"))
        to = &parts->feedback;
    else if (is_type(object, "text", "rfc822-headers") || is_type(object, "message", "rfc822") ||
             is_type(object, "message", "global-headers") || is_type(object, "message", "global"))
        to = &parts->returned;
    if (to && !*to)
        *to = content_of(parts->arena, part);
}

static void find_parts(struct parts *parts, GMimeObject *object, int depth)
{
    if (!object || depth > DEPTH_MOST || parts->count++ >= PARTS_MOST)
        return;
    if (GMIME_IS_MULTIPART(object)) {
        GMimeMultipart *multipart = GMIME_MULTIPART(object);
        for (int i = 0; i < g_mime_multipart_get_count(multipart) && i < PARTS_MOST; i++)
            find_parts(parts, g_mime_multipart_get_part(multipart, i), depth + 1);
    } else if (GMIME_IS_MESSAGE_PART(object)) {
        GMimeMessage *message = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
        if (message && !parts->returned)
            parts->returned = headers_of(parts->arena, GMIME_OBJECT(message));
    } else if (GMIME_IS_PART(object)) {
        take_part(parts, GMIME_PART(object));
    }
}

/* ---- A delivery status ---- */

static enum report_kind kind_of(const char *action)
{
    if (strcasecmp(action, "failed") == 0)
        return REPORT_FAILED;
    return strcasecmp(action, "delayed") == 0 ? REPORT_DELAYED : REPORT_NONE;
}

/* The group of fields (they are divided by empty lines) of the recipient that fared worst. */
static const char *choose_group(struct arena *arena, const char *status, enum report_kind *kind)
{
    const char *chosen = "";
    for (const char *at = status; *at;) {
        const char *end = strstr(at, "\n\n");
        size_t length = end ? (size_t)(end - at) : strlen(at);
        const char *group = arena_copy(arena, at, length);
        const char *action = report_field(arena, group, "Action");
        enum report_kind found = kind_of(action ? action : "");
        if (found != REPORT_NONE && (*kind == REPORT_NONE || found < *kind)) {
            *kind = found;
            chosen = group;
        }
        at += length;
        at += strspn(at, "\n");
    }
    return chosen;
}

/* "5.1.1" at the beginning of a text, unless it says no more than its class. */
static void take_enhanced(struct report *report, const char *text)
{
    char enhanced[OUTCOME_ENHANCED_SIZE];
    int class = *text == '5' ? 500 : *text == '4' ? 400 : *text == '2' ? 200 : 0;
    retry_enhanced(class, text, strlen(text), enhanced);
    if (*enhanced && strcmp(enhanced + 1, ".0.0") != 0)
        snprintf(report->enhanced, sizeof report->enhanced, "%s", enhanced);
}

static void read_status(struct arena *arena, const char *group, struct report *report)
{
    const char *said = behind_type(report_field(arena, group, "Diagnostic-Code"));
    const char *status = report_field(arena, group, "Status");
    const char *final = report_field(arena, group, "Original-Recipient");
    if (!final)
        final = report_field(arena, group, "Final-Recipient");
    report->recipient = behind_type(final);
    if (isdigit((unsigned char)said[0]) && isdigit((unsigned char)said[1]) &&
        isdigit((unsigned char)said[2]) && (said[3] == ' ' || said[3] == '-' || !said[3])) {
        report->code = atoi(said);
        if (said[3])
            take_enhanced(report, said + 4 + strspn(said + 4, " "));
    }
    if (!*report->enhanced && status)
        take_enhanced(report, status);
    const char *words = *said ? said : status ? status : "";
    report->words[utf8_one_line(words, strlen(words), report->words, REPORT_WORDS_SIZE - 1)] = '\0';
}

/* ---- A complaint ---- */

/* RFC 5965, 7.3, RFC 6430, RFC 6591: of the kinds that there are, those by which a person, or a
 * provider for them, says that they do not want such mail. */
static bool is_complaint(const char *type)
{
    static const char *const types[] = {"abuse", "fraud", "virus", "other", "opt-out", NULL};
    for (size_t i = 0; types[i]; i++)
        if (strcasecmp(type, types[i]) == 0)
            return true;
    return false;
}

static void read_complaint(struct arena *arena, struct report *report)
{
    const char *type = report_field(arena, report->told, "Feedback-Type");
    const char *agent = report_field(arena, report->told, "User-Agent");
    const char *to = report_field(arena, report->told, "Original-Rcpt-To");
    if (!type || !is_complaint(type))
        return;
    report->kind = REPORT_COMPLAINT;
    report->recipient = to ? to : "";
    const char *words =
        arena_printf(arena, "%s%s%s", type, agent ? ", by " : "", agent ? agent : "");
    report->words[utf8_one_line(words, strlen(words), report->words, REPORT_WORDS_SIZE - 1)] = '\0';
}

/* ---- The message ---- */

static void read_message(struct arena *arena, GMimeMessage *message, struct report *report)
{
    struct parts parts = {.arena = arena};
    report->outer = headers_of(arena, GMIME_OBJECT(message));
    find_parts(&parts, g_mime_message_get_mime_part(message), 0);
    report->returned = parts.returned ? parts.returned : "";
    if (parts.feedback) {
        report->told = parts.feedback;
        read_complaint(arena, report);
    } else if (parts.status) {
        report->told = parts.status;
        read_status(arena, choose_group(arena, parts.status, &report->kind), report);
    }
}

void report_read(struct arena *arena, const char *bytes, size_t length, struct report *report)
{
    *report = (struct report){.recipient = "", .outer = "", .told = "", .returned = ""};
    g_mime_init(); /* again does nothing; what was shut down once, though, stays so */
    GMimeStream *stream =
        g_mime_stream_mem_new_with_buffer(bytes, length < PARSED_MOST ? length : PARSED_MOST);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    g_object_unref(stream);
    if (message) {
        read_message(arena, message, report);
        g_object_unref(message);
    }
    g_object_unref(parser);
}
