#include "ctl/preview_form.h"

#include <string.h>

#include "base/utf8.h"
#include "ctl/eml.h"

enum { FILES_MOST = 16 };

const char *const preview_form_names[] = {"text", "html", "eml", "source", NULL};

static void write_header(struct buf *out, const char *name, const char *value)
{
    if (value && *value)
        buf_printf(out, "%-11s%s\n", name, value);
}

/* ---- Text and html ---- */

/* What no terminal should get (utf8_is_unshown) is shown as '?'; lines and tabs stay. */
static void hide_controls(struct buf *out)
{
    size_t to = 0, width;
    for (size_t at = 0; at < out->length; at += width) {
        uint32_t point = utf8_decode(out->data + at, out->length - at, &width);
        bool kept = point == '\n' || point == '\t' || !utf8_is_unshown(point);
        if (kept)
            memmove(out->data + to, out->data + at, width);
        else
            out->data[to] = '?';
        to += kept ? width : 1;
    }
    buf_cut(out, to);
}

static bool write_mail(const struct preview_form_input *input, const struct compose_mail *mail,
                       enum preview_form form, struct buf *out, struct diag *diag)
{
    const char *wire = buf_string(&mail->wire);
    size_t length = mail->wire.length;
    if (form == PREVIEW_FORM_HTML && !mail->html)
        return diag_error(diag, "`%s` has no HTML part", input->draft->step->template);
    if (form == PREVIEW_FORM_HTML)
        return buf_text(out, mail->html);
    write_header(out, "From:", eml_header(input->arena, wire, length, "From"));
    write_header(out, "To:", eml_header(input->arena, wire, length, "To"));
    write_header(out, "Subject:", mail->subject);
    write_header(out, "Preheader:", mail->preheader);
    return buf_printf(out, "\n%s", mail->text);
}

static bool compose(const struct preview_form_input *input, enum preview_form form, struct buf *out,
                    struct diag *diag)
{
    const struct draft *draft = input->draft;
    struct compose_mail mail = {0};
    buf_init(&mail.wire, COMPOSE_WIRE_MOST);
    bool made = compose_mail(input->templates, &draft->compose, &draft->message, input->arena,
                             &mail, diag) &&
                write_mail(input, &mail, form, out, diag);
    buf_free(&mail.wire);
    return made;
}

/* Of a channel that is no mail. */
static bool write_text(const struct preview_form_input *input, enum preview_form form,
                       struct buf *out, struct diag *diag)
{
    struct compose_text text;
    const struct draft *draft = input->draft;
    if (form == PREVIEW_FORM_HTML)
        return diag_error(diag, "a message of the channel `%s` has no HTML part",
                          draft->step->channel);
    if (!compose_text(input->templates, &draft->compose, &draft->message, input->arena, &text,
                      diag))
        return false;
    write_header(out, "To:", text.to);
    write_header(out, "Subject:", text.subject);
    return buf_printf(out, "\n%s\n", text.text);
}

/* ---- Eml ---- */

/* What a sender's thread would hand to the gateway. */
static bool write_outgoing(const struct preview_form_input *input, struct buf *out,
                           struct diag *diag)
{
    const struct prepare with = {.compose = &input->draft->compose,
                                 .templates = input->templates,
                                 .gateway = input->draft->gateway};
    struct outgoing outgoing;
    return prepare_outgoing(&with, &input->draft->message, input->arena, &outgoing, diag) &&
           buf_add(out, outgoing.body, outgoing.body_length);
}

/* ---- Source ---- */

struct sources {
    const struct preview_form_input *input;
    struct buf *out;
    const char *shown[FILES_MOST];
    size_t count;
};

static void write_file(struct sources *sources, const char *name)
{
    struct arena *arena = sources->input->arena;
    struct diag diag = {0};
    struct input file;
    for (size_t i = 0; i < sources->count; i++)
        if (strcmp(sources->shown[i], name) == 0)
            return;
    if (sources->count == FILES_MOST)
        return;
    sources->shown[sources->count++] = name;
    const char *path = arena_printf(arena, "%s/%s", sources->input->folder, name);
    if (!input_read(arena, path, &file, &diag))
        return;
    buf_printf(sources->out, "%s==> %s <==\n", sources->count > 1 ? "\n" : "", path);
    buf_add(sources->out, file.text, file.length);
}

static void write_layout(void *context, const char *file, const char *path, uint32_t line,
                         uint32_t column)
{
    (void)path, (void)line, (void)column;
    if (strncmp(file, "layouts/", strlen("layouts/")) == 0)
        write_file(context, file);
}

static bool write_source(const struct preview_form_input *input, struct buf *out)
{
    const struct draft *draft = input->draft;
    const char *wanted = value_to_text(input->arena, value_get(&draft->message, "locale")), *locale;
    const struct templates_variant *variant =
        templates_choose(input->templates, draft->step->template, wanted, &locale);
    struct sources sources = {.input = input, .out = out};
    if (variant->html_file)
        write_file(&sources, variant->html_file);
    if (variant->text_file)
        write_file(&sources, variant->text_file);
    templates_variables(input->templates, variant, write_layout, &sources);
    return true;
}

/* The text of a mail, or of a channel that is none. */
static bool write_shown(const struct preview_form_input *input, enum preview_form form,
                        struct buf *out, struct diag *diag)
{
    bool mail = input->draft->step->mail;
    bool written = mail ? compose(input, form, out, diag) : write_text(input, form, out, diag);
    if (written && form == PREVIEW_FORM_TEXT)
        hide_controls(out);
    return written;
}

bool preview_form_write(const struct preview_form_input *input, enum preview_form form,
                        struct buf *out, struct diag *diag)
{
    switch (form) {
    case PREVIEW_FORM_SOURCE:
        return write_source(input, out);
    case PREVIEW_FORM_EML:
        return write_outgoing(input, out, diag);
    default:
        return write_shown(input, form, out, diag);
    }
}
