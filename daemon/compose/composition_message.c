#include <string.h>

#include "base/base64.h"
#include "compose/composition.h"

static void put(struct composition *c, struct value map, const char *name, const char *text)
{
    value_set(c->arena, map, name, text ? value_text(text) : value_null());
}

/* The value of a field as it goes out, ASCII alone, on one line (RFC 5322, 2.2.3). */
static const char *unfold(struct composition *c, const struct composition_field *field)
{
    struct buf line;
    buf_init(&line, COMPOSE_WIRE_MOST);
    const char *value = NULL;
    if (composition_write_field(c, field, &line)) {
        char *text = arena_text(c->arena, buf_string(&line) + strlen(field->name) + 1), *to = text;
        for (const char *at = text; *at; at++)
            if (*at != '\r' && *at != '\n')
                *to++ = *at;
        *to = '\0';
        value = text + strspn(text, " ");
    }
    buf_free(&line);
    return value;
}

/* Those that a mail has beside its addresses, its subject and its date. */
static bool headers_of(struct composition *c, struct value map)
{
    static const char *const apart[] = {"From", "To", "Reply-To", "Subject", "Date"};
    for (size_t i = 0; i < c->field_count; i++) {
        bool skip = false;
        for (size_t k = 0; k < sizeof apart / sizeof *apart; k++)
            skip |= strcmp(c->fields[i].name, apart[k]) == 0;
        const char *value = skip ? NULL : unfold(c, &c->fields[i]);
        if (!skip && !value)
            return false;
        if (value)
            value_set(c->arena, map, c->fields[i].name, value_text(value));
    }
    return true;
}

static struct value file_of(struct composition *c, const struct mime_file *file)
{
    struct value map = value_new_map(c->arena, 8);
    char *content = arena_alloc(c->arena, base64_size(file->length));
    size_t length =
        base64_encode(file->bytes, file->length, BASE64_STANDARD | BASE64_PADDED, content);
    put(c, map, "filename", file->name);
    put(c, map, "content_type", file->type);
    put(c, map, "charset", file->charset);
    value_set(c->arena, map, "content", value_string(content, length));
    put(c, map, "cid", file->content_id);
    value_set(c->arena, map, "inline", value_bool(file->content_id != NULL));
    value_set(c->arena, map, "size", value_int((int64_t)file->length));
    return map;
}

static struct value files_of(struct composition *c)
{
    const struct templates_variant *variant = c->variant;
    struct value list = value_new_list(c->arena, (uint32_t)variant->file_count);
    for (size_t i = 0; i < variant->file_count; i++)
        value_push(c->arena, list, file_of(c, &variant->files[i]));
    return list;
}

static void put_addresses(struct composition *c, struct value map)
{
    put(c, map, "to", c->recipient.mailbox ? c->recipient.mailbox : c->to);
    put(c, map, "to_name", c->recipient.name);
    put(c, map, "name", c->recipient.name);
    put(c, map, "to_mailbox", c->recipient.mailbox ? address_print(c->arena, &c->recipient) : NULL);
    put(c, map, "from", c->from.mailbox);
    put(c, map, "from_address", c->from.mailbox);
    put(c, map, "from_name", c->from.name);
    put(c, map, "from_mailbox", c->from.mailbox ? address_print(c->arena, &c->from) : NULL);
    put(c, map, "reply_to", c->reply_to.mailbox);
}

bool composition_message(struct composition *c, const char *envelope_from, bool files)
{
    struct value map = value_copy(c->arena, value_get(&c->variables, "message"));
    put(c, map, "mid", c->mid);
    put_addresses(c, map);
    put(c, map, "envelope_from", envelope_from);
    put(c, map, "template", c->variant->name);
    put(c, map, "channel", c->channel);
    put(c, map, "locale", c->locale);
    put(c, map, "subject", c->subject);
    put(c, map, "preheader", c->preheader);
    put(c, map, "preview", c->preheader);
    put(c, map, "html", c->html);
    put(c, map, "text", composition_trim(c, c->text));
    put(c, map, "unsubscribe_url", c->unsubscribe_url);
    struct value headers = value_new_map(c->arena, 8);
    if (!headers_of(c, headers))
        return false;
    value_set(c->arena, map, "headers", headers);
    if (files)
        value_set(c->arena, map, "attachments", files_of(c));
    value_set(c->arena, c->variables, "message", map);
    value_set(c->arena, c->shared, "message", map);
    const struct value *data = value_get(c->message, "data");
    if (data)
        value_set(c->arena, c->variables, "data", *data);
    return true;
}
