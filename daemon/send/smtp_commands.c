#include "send/smtp_commands.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static bool is_ascii(const char *bytes, size_t length)
{
    uint64_t any = 0, word;
    size_t at = 0;
    for (; at + sizeof word <= length; at += sizeof word) {
        memcpy(&word, bytes + at, sizeof word);
        any |= word;
    }
    for (; at < length; at++)
        any |= (unsigned char)bytes[at];
    return (any & 0x8080808080808080) == 0;
}

bool smtp_commands_need_utf8(const struct smtp_mail *mail)
{
    return mail->utf8 || !is_ascii(mail->from, strlen(mail->from)) ||
           !is_ascii(mail->to, strlen(mail->to));
}

/* Addresses are as short as envelope_check() lets them pass: there is room. */
static void add_text(struct smtp_commands *commands, const char *text)
{
    size_t length = strlen(text), room = sizeof commands->text - commands->length;
    length = length < room ? length : room;
    memcpy(commands->text + commands->length, text, length);
    commands->length += length;
}

static void add_path(struct smtp_commands *commands, const char *verb, const char *address)
{
    add_text(commands, verb);
    add_text(commands, address);
    add_text(commands, ">");
}

static void add_size(struct smtp_commands *commands, size_t size)
{
    char text[32];
    snprintf(text, sizeof text, " SIZE=%zu", size);
    add_text(commands, text);
}

static void end_command(struct smtp_commands *commands, enum retry_phase phase, int class)
{
    add_text(commands, "\r\n");
    commands->list[commands->count++] = (struct smtp_command){phase, class, commands->length};
}

void smtp_commands_make(struct smtp_commands *commands, const struct smtp_mail *mail,
                        const struct smtp_extensions *offers, bool reset)
{
    commands->length = commands->count = 0;
    commands->reset = reset;
    if (reset) {
        add_text(commands, "RSET");
        end_command(commands, RETRY_MAIL, 2);
    }
    add_path(commands, "MAIL FROM:<", mail->from);
    if (offers->size)
        add_size(commands, mail->length);
    if (offers->eight_bit && !is_ascii(mail->body, mail->length))
        add_text(commands, " BODY=8BITMIME");
    if (smtp_commands_need_utf8(mail))
        add_text(commands, " SMTPUTF8");
    end_command(commands, RETRY_MAIL, 2);
    add_path(commands, "RCPT TO:<", mail->to);
    end_command(commands, RETRY_RCPT, 2);
    add_text(commands, "DATA");
    end_command(commands, RETRY_DATA, 3);
}
