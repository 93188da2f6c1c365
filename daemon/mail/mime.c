/*
 * Bottom up: a part (headers and its body, encoded), what may stand in a part's headers, then
 * the tree: add_html (with its images in a multipart/related), add_versions (text and HTML in a
 * multipart/alternative), and mime_write (files in a multipart/mixed). Each level of the tree is
 * only there where it has more than one part.
 */
#include "mail/mime.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "mail/header.h"
#include "mail/mime_encoding.h"

enum { BOUNDARY_SIZE = 64, MID_MOST = 32, CONTENT_ID_MOST = 128, TYPE_MOST = 100 };

static bool too_large(struct diag *diag)
{
    return diag_fault(diag, "too-large", "the mail is larger than its bound");
}

/* ---- Parts ---- */

static void add_text_part(struct buf *out, const char *subtype, const char *text)
{
    size_t length = strlen(text);
    bool plain = mime_encoding_prefers_quoted_printable(text, length);
    buf_printf(out,
               "Content-Type: text/%s; charset=utf-8\r\n"
               "Content-Transfer-Encoding: %s\r\n\r\n",
               subtype, plain ? "quoted-printable" : "base64");
    if (plain)
        mime_encoding_quoted_printable(out, text, length);
    else
        mime_encoding_base64_text(out, text, length);
}

static bool add_file(struct buf *out, const struct mime_file *file, struct diag *diag)
{
    buf_printf(out, "Content-Type: %s", file->type);
    if (file->charset)
        buf_printf(out, "; charset=%s", file->charset);
    buf_text(out, "\r\nContent-Transfer-Encoding: base64\r\n");
    if (file->content_id)
        buf_printf(out, "Content-ID: <%s>\r\n", file->content_id);
    buf_printf(out, "Content-Disposition: %s", file->content_id ? "inline" : "attachment");
    if (!header_parameter(out, "filename", file->name, diag))
        return false;
    buf_text(out, "\r\n\r\n");
    mime_encoding_base64(out, file->bytes, file->length);
    return true;
}

static bool is_token(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] <= ' ' || text[i] > '~' || strchr("()<>@,;:\\\"/[]?=", text[i]))
            return false;
    return length > 0;
}

/* "type/subtype" of plain tokens (RFC 2045, section 5.1). */
static bool is_type(const char *type)
{
    size_t length = strlen(type), first = strcspn(type, "/");
    return length <= TYPE_MOST && first < length && is_token(type, first) &&
           is_token(type + first + 1, length - first - 1);
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
    else if (file->charset && !is_token(file->charset, strlen(file->charset)))
        fault = "an attached file's charset is not of the form `utf-8`";
    else if (file->content_id && !is_content_id(file->content_id))
        fault = "an attached file's `cid` has a character that no header can hold";
    else if (!*file->name || strchr(file->name, '/'))
        fault = "an attached file's name is empty or has a slash";
    if (!fault)
        return header_value_allowed("an attached file's name", file->name, diag);
    return diag_fault(diag, "bad-header", "%s", fault);
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

/* ---- Types ---- */

/* JSON has no charset by RFC 8259: readers that know it do not mind one, the others would guess. */
static bool is_text(const char *type)
{
    return strncasecmp(type, "text/", 5) == 0 || strcasecmp(type, "application/json") == 0 ||
           strcasecmp(type, "application/xml") == 0;
}

static const char *type_by_ending(const char *path)
{
    static const char *const types[][2] = {
        {".png", "image/png"},         {".jpg", "image/jpeg"},      {".jpeg", "image/jpeg"},
        {".gif", "image/gif"},         {".webp", "image/webp"},     {".svg", "image/svg+xml"},
        {".ico", "image/x-icon"},      {".pdf", "application/pdf"}, {".txt", "text/plain"},
        {".csv", "text/csv"},          {".htm", "text/html"},       {".html", "text/html"},
        {".ics", "text/calendar"},     {".vcf", "text/vcard"},      {".md", "text/markdown"},
        {".json", "application/json"}, {".xml", "application/xml"}, {".zip", "application/zip"},
        {".mp3", "audio/mpeg"},        {".mp4", "video/mp4"},       {".woff2", "font/woff2"},
    };
    const char *ending = strrchr(path, '.');
    for (size_t i = 0; ending && i < sizeof types / sizeof *types; i++)
        if (strcasecmp(ending, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}

void mime_type(struct arena *arena, struct mime_file *file, const char *said, const char *path)
{
    const char *type = said ? said : type_by_ending(path), *end = strchr(type, ';');
    bool plain = utf8_valid(file->bytes, file->length);
    if (!said && is_text(type) && !plain)
        type = "application/octet-stream";
    file->type = type;
    file->charset = is_text(type) && plain ? "utf-8" : NULL;
    if (!end)
        return;
    const char *parameter = end + 1 + strspn(end + 1, " ");
    if (strncasecmp(parameter, "charset=", 8) == 0) {
        file->type = arena_copy(arena, type, (size_t)(end - type));
        file->charset = parameter + 8;
    }
}
