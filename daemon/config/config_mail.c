#include "config/config_mail.h"

#include <string.h>

#include "base/locale_format.h"
#include "mail/address.h"

static bool is_dotted(const char *text, size_t length)
{
    bool after_dot = true;
    for (size_t i = 0; i < length; i++) {
        bool dot = text[i] == '.';
        if ((dot && after_dot) || text[i] <= ' ' || text[i] > '~' ||
            strchr("()<>[]:;@\\,\"", text[i]))
            return false;
        after_dot = dot;
    }
    return !after_dot;
}

const char *config_mail_id(struct arena *arena, const char *text, size_t length)
{
    if (is_dotted(text, length))
        return arena_copy(arena, text, length);
    return locale_format_domain(arena, text, length);
}

struct slice config_mail_list(const char *list_id)
{
    const char *open = strchr(list_id, '<');
    if (!open)
        return slice_of(list_id);
    return (struct slice){open + 1, strcspn(open + 1, ">")};
}

static const char *own_from(struct arena *arena, const struct value *shop)
{
    const char *name = value_to_text(arena, value_get(shop, "name"));
    const struct address from = {.name = address_clean_name(arena, slice_of(name ? name : "Shop")),
                                 .mailbox = "shop@localhost"};
    return address_print(arena, &from);
}

static void fill_id_domain(struct arena *arena, struct config_mail *mail)
{
    const char *domain = mail->message_id_domain;
    size_t length = domain ? strlen(domain) : 0;
    if (!domain) {
        const char *at = strrchr(mail->from, '@');
        domain = at ? at + 1 : "";
        length = strcspn(domain, "> \t");
    }
    const char *id = config_mail_id(arena, domain, length);
    if (id || !mail->message_id_domain)
        mail->message_id_domain = id ? id : "localhost";
}

void config_mail_fill(struct arena *arena, struct config_keys *keys)
{
    struct config_mail *mail = &keys->mail;
    struct address mailto;
    struct diag diag;
    if (!mail->from)
        mail->from = own_from(arena, &keys->shop);
    fill_id_domain(arena, mail);
    if (mail->list_id) {
        const struct slice list = config_mail_list(mail->list_id);
        const char *id = config_mail_id(arena, list.text, list.length);
        bool named = list.text != mail->list_id;
        if (id)
            mail->list_id = arena_printf(arena, "%.*s%s%s", (int)(list.text - mail->list_id),
                                         mail->list_id, id, named ? ">" : "");
    }
    if (mail->unsubscribe_mailto && address_check(arena, mail->unsubscribe_mailto, &mailto, &diag))
        mail->unsubscribe_mailto = mailto.mailbox;
}
