#include "mail/mime.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/base64.h"
#include "mail/header.h"

enum { LINE_MOST = 76, BOUNDARY_SIZE = 64, MID_MOST = 32, CONTENT_ID_MOST = 128 };

static bool too_large(struct diag *diag)
{
    diag_error(diag, "the mail is larger than its bound");
    diag_code(diag, "too-large");
    return false;
}

/* ---- The encodings ---- */

/* At `at` stands a line end of any kind: its width, else 0. */
static size_t line_end(const char *text, size_t length, size_t at)
{
    if (text[at] == '\n')
        return 1;
    if (text[at] == '\r')
        return at + 1 < length && text[at + 1] == '\n' ? 2 : 1;
    return 0;
}

static bool ends_line(const char *text, size_t length, size_t at)
{
    return at >= length || line_end(text, length, at) > 0;
}

/* What stands for itself wherever it is on a line: 0; what need not: 1. A space is plain
 * here, as it is everywhere but at the end of a line. */
static const uint8_t special[256] = {[0 ... 31] = 1, ['='] = 1, [127 ... 255] = 1};

static inline bool is_plain(char c)
{
    return !special[(unsigned char)c];
}

/* How many bytes stand for themselves, eight at a time where all of them do: between ' ' and
 * '~', and no '='. */
static size_t plain_run(const char *text, size_t length)
{
    static const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    size_t at = 0;
    for (uint64_t eight; length - at >= sizeof eight; at += sizeof eight) {
        memcpy(&eight, text + at, sizeof eight);
        uint64_t equals = eight ^ '=' * ones; /* a byte is 0 where it is '=' */
        if (((eight - ' ' * ones) | (eight + ones) | (equals - ones)) & high)
            break;
    }
    while (at < length && is_plain(text[at]))
        at++;
    return at;
}

/* RFC 2045, section 6.7, with the advice of its notes: what a gateway may change at the
 * begin of a line (a mailbox's "From ", SMTP's dot) or at its end (a space) is escaped. */
static bool qp_escapes(const char *text, size_t length, size_t at, size_t column)
{
    char c = text[at];
    if (c == ' ' || c == '\t')
        return ends_line(text, length, at + 1);
    if (!is_plain(c))
        return true;
    if (column > 0)
        return false;
    return c == '.' || (c == 'F' && length - at >= 5 && memcmp(text + at, "From ", 5) == 0);
}

/* How many bytes from `at` on, within a line, stand for themselves; `most` at most. */
static size_t qp_run(const char *text, size_t length, size_t at, size_t most)
{
    size_t to = at + plain_run(text + at, length - at < most ? length - at : most);
    while (to > at && text[to - 1] == ' ' && ends_line(text, length, to))
        to--;
    return to - at;
}

bool mime_quoted_printable(struct buf *out, const char *text, size_t length)
{
    enum { ROOM = LINE_MOST - 1 }; /* the last place is for the soft line end's '=' */
    static const char hex[] = "0123456789ABCDEF";
    size_t column = 0;
    for (size_t at = 0, width; at < length; at += width) {
        if ((width = line_end(text, length, at))) {
            buf_add(out, "\r\n", 2);
            column = 0;
            continue;
        }
        if (column && (width = qp_run(text, length, at, ROOM - column))) {
            buf_add(out, text + at, width);
            column += width;
            continue;
        }
        bool escapes = qp_escapes(text, length, at, column);
        width = 1;
        if (column + (escapes ? 3 : 1) > ROOM) {
            buf_add(out, "=\r\n", 3);
            width = column = 0;
        } else if (escapes) {
            unsigned char c = (unsigned char)text[at];
            const char escaped[3] = {'=', hex[c >> 4], hex[c & 15]};
            buf_add(out, escaped, 3);
            column += 3;
        } else {
            buf_char(out, text[at]);
            column++;
        }
    }
    return !out->full;
}

/* Is quoted-printable the smaller one, line ends left out? */
static bool prefers_quoted_printable(const char *text, size_t length)
{
    size_t escaped = 0;
    for (size_t at = 0; (at += plain_run(text + at, length - at)) < length; at++)
        escaped += text[at] != '\n';
    return length + 2 * escaped <= (length + 2) / 3 * 4;
}

bool mime_base64(struct buf *out, const void *bytes, size_t length)
{
    enum { LINE_BYTES = LINE_MOST / 4 * 3 };
    const unsigned char *from = bytes;
    while (length) {
        size_t taken = length < LINE_BYTES ? length : LINE_BYTES;
        char line[LINE_MOST + 2];
        size_t size = base64_encode(from, taken, BASE64_STANDARD | BASE64_PADDED, line);
        memcpy(line + size, "\r\n", 2);
        if (!buf_add(out, line, size + 2))
            return false;
        from += taken;
        length -= taken;
    }
    return true;
}

/* ---- Parts ---- */

/* The canonical form of text has CRLF (RFC 2049), which base64 must be told. */
static bool add_text_base64(struct buf *out, const char *text, size_t length)
{
    struct buf canonical;
    buf_init(&canonical, 2 * length + 2);
    for (size_t at = 0, width; at < length; at += width) {
        width = line_end(text, length, at);
        if (width) {
            buf_add(&canonical, "\r\n", 2);
            continue;
        }
        for (width = 1; !ends_line(text, length, at + width); width++)
            ;
        buf_add(&canonical, text + at, width);
    }
    bool fits = mime_base64(out, buf_string(&canonical), canonical.length);
    buf_free(&canonical);
    return fits;
}

static void add_text_part(struct buf *out, const char *subtype, const char *text)
{
    size_t length = strlen(text);
    bool plain = prefers_quoted_printable(text, length);
    buf_printf(out,
               "Content-Type: text/%s; charset=utf-8\r\n"
               "Content-Transfer-Encoding: %s\r\n\r\n",
               subtype, plain ? "quoted-printable" : "base64");
    if (plain)
        mime_quoted_printable(out, text, length);
    else
        add_text_base64(out, text, length);
}

static bool add_file(struct buf *out, const struct mime_file *file, struct diag *diag)
{
    buf_printf(out, "Content-Type: %s\r\n", file->type);
    buf_text(out, "Content-Transfer-Encoding: base64\r\n");
    if (file->content_id)
        buf_printf(out, "Content-ID: <%s>\r\n", file->content_id);
    buf_printf(out, "Content-Disposition: %s", file->content_id ? "inline" : "attachment");
    if (!header_parameter(out, "filename", file->name, diag))
        return false;
    buf_text(out, "\r\n\r\n");
    mime_base64(out, file->bytes, file->length);
    return true;
}

/* "type/subtype" of plain tokens (RFC 2045, section 5.1). */
static bool is_type(const char *type)
{
    size_t slashes = 0, token = 0, length = strlen(type);
    for (size_t i = 0; i < length; i++) {
        if (type[i] == '/') {
            slashes++;
            if (token == 0)
                return false;
            token = 0;
        } else if (type[i] <= ' ' || type[i] > '~' || strchr("()<>@,;:\\\"[]?=", type[i])) {
            return false;
        } else {
            token++;
        }
    }
    return slashes == 1 && token > 0 && length <= 100;
}

static bool is_content_id(const char *id)
{
    size_t length = strlen(id);
    for (size_t i = 0; i < length; i++)
        if (id[i] <= ' ' || id[i] > '~' || strchr("()<>,;:\\\"[]", id[i]))
            return false;
    return length > 0 && length <= CONTENT_ID_MOST;
}

bool mime_check_file(const struct mime_file *file, struct diag *diag)
{
    const char *fault = NULL;
    if (!is_type(file->type))
        fault = "an attached file's type is not of the form `image/png`";
    else if (file->content_id && !is_content_id(file->content_id))
        fault = "an attached file's `cid` has a character that no header can hold";
    else if (!*file->name || strchr(file->name, '/'))
        fault = "an attached file's name is empty or has a slash";
    if (!fault)
        return header_value_allowed("an attached file's name", file->name, diag);
    diag_error(diag, "%s", fault);
    diag_code(diag, "bad-header");
    return false;
}

/* ---- The tree ---- */

/*
 * "=_" can stand neither in quoted-printable (an equals sign is followed by hex or a line
 * end) nor in base64, and every part is one of the two: no boundary occurs in a part.
 */
static void make_boundary(const char *mid, char level, char out[BOUNDARY_SIZE])
{
    size_t length = 0;
    out[length++] = '=';
    out[length++] = '_';
    for (size_t taken = 0; *mid && taken < MID_MOST; mid++)
        if ((*mid >= 'a' && *mid <= 'z') || (*mid >= 'A' && *mid <= 'Z') ||
            (*mid >= '0' && *mid <= '9') || *mid == '-' || *mid == '_') {
            out[length++] = *mid;
            taken++;
        }
    out[length++] = '_';
    out[length++] = level;
    out[length] = '\0';
}

static void begin_multipart(struct buf *out, const char *subtype, const char *parameter,
                            const char *boundary)
{
    buf_printf(out, "Content-Type: multipart/%s;%s\r\n boundary=\"%s\"\r\n", subtype, parameter,
               boundary);
}

static void next_part(struct buf *out, const char *boundary)
{
    buf_printf(out, "\r\n--%s\r\n", boundary);
}

static void end_multipart(struct buf *out, const char *boundary)
{
    buf_printf(out, "\r\n--%s--\r\n", boundary);
}

/* Adds those files that are inline, or those that are not. */
static bool add_files(struct buf *out, const struct mime_body *body, bool inlined,
                      const char *boundary, struct diag *diag)
{
    for (size_t i = 0; i < body->file_count; i++) {
        if (!body->files[i].content_id == inlined)
            continue;
        next_part(out, boundary);
        if (!add_file(out, &body->files[i], diag))
            return false;
    }
    return true;
}

static size_t count_inline(const struct mime_body *body)
{
    size_t count = 0;
    for (size_t i = 0; i < body->file_count; i++)
        count += body->files[i].content_id != NULL;
    return count;
}

/* The HTML, with the images that it shows. */
static bool add_html(struct buf *out, const struct mime_body *body, struct diag *diag)
{
    char boundary[BOUNDARY_SIZE];
    if (count_inline(body) == 0) {
        add_text_part(out, "html", body->html);
        return true;
    }
    make_boundary(body->mid, 'r', boundary);
    begin_multipart(out, "related", " type=\"text/html\";", boundary);
    next_part(out, boundary);
    add_text_part(out, "html", body->html);
    if (!add_files(out, body, true, boundary, diag))
        return false;
    end_multipart(out, boundary);
    return true;
}

/* The text, the HTML, or both; the best version last (RFC 2046, section 5.1.4). */
static bool add_versions(struct buf *out, const struct mime_body *body, struct diag *diag)
{
    char boundary[BOUNDARY_SIZE];
    if (!body->html) {
        add_text_part(out, "plain", body->text);
        return true;
    }
    if (!body->text)
        return add_html(out, body, diag);
    make_boundary(body->mid, 'a', boundary);
    begin_multipart(out, "alternative", "", boundary);
    next_part(out, boundary);
    add_text_part(out, "plain", body->text);
    next_part(out, boundary);
    if (!add_html(out, body, diag))
        return false;
    end_multipart(out, boundary);
    return true;
}

/* A mail ends with a whole line, also where its only part does not. */
static void end_line(struct buf *out)
{
    if (out->length && out->data[out->length - 1] != '\n')
        buf_text(out, "\r\n");
}

bool mime_write(struct buf *out, const struct mime_body *body, struct diag *diag)
{
    char boundary[BOUNDARY_SIZE];
    for (size_t i = 0; i < body->file_count; i++)
        if (!mime_check_file(&body->files[i], diag))
            return false;
    buf_text(out, "MIME-Version: 1.0\r\n");
    if (count_inline(body) == body->file_count) {
        if (!add_versions(out, body, diag))
            return false;
        end_line(out);
        return !out->full || too_large(diag);
    }
    make_boundary(body->mid, 'm', boundary);
    begin_multipart(out, "mixed", "", boundary);
    next_part(out, boundary);
    if (!add_versions(out, body, diag) || !add_files(out, body, false, boundary, diag))
        return false;
    end_multipart(out, boundary);
    return !out->full || too_large(diag);
}

const char *mime_type(const char *file_name)
{
    static const char *const types[][2] = {
        {".png", "image/png"},       {".jpg", "image/jpeg"},        {".jpeg", "image/jpeg"},
        {".gif", "image/gif"},       {".webp", "image/webp"},       {".svg", "image/svg+xml"},
        {".ico", "image/x-icon"},    {".pdf", "application/pdf"},   {".txt", "text/plain"},
        {".csv", "text/csv"},        {".html", "text/html"},        {".ics", "text/calendar"},
        {".vcf", "text/vcard"},      {".json", "application/json"}, {".xml", "application/xml"},
        {".zip", "application/zip"}, {".mp3", "audio/mpeg"},        {".mp4", "video/mp4"},
        {".woff2", "font/woff2"},
    };
    const char *ending = strrchr(file_name, '.');
    for (size_t i = 0; ending && i < sizeof types / sizeof *types; i++)
        if (strcasecmp(ending, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}
