/*
 * compose_probe TEMPLATES OUTPUT: composes each message that standard input holds, one JSON
 * object a line, into OUTPUT/1.eml, OUTPUT/2.eml, …; prints a line of JSON for each: what
 * was made of it, or why it was refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "compose/compose.h"

static const struct compose_settings settings = {
    .from = "Ceainăria <mail@shop.example>",
    .unsubscribe_url = "https://shop.example/u/",
    .unsubscribe_mailto = "leave@shop.example",
    .list_id = "shop.example",
    .feedback_id = "shop",
    .message_id_domain = "shop.example",
    .zone = "Europe/Bucharest",
    .now_ms = 1772352000000,
    .key = {.id = "1", .bytes = (const unsigned char *)"secret", .length = 6},
};

static struct templates *load(const char *folder)
{
    struct diags diags = {0};
    const struct templates_settings where = {.folder = folder, .default_locale = "en"};
    struct templates *templates = templates_load(&where, &diags);
    for (size_t i = 0; i < diags.count; i++)
        diag_print(&diags.items[i], stderr);
    diags_free(&diags);
    return templates;
}

static void print_member(struct buf *out, const char *name, const char *text)
{
    buf_printf(out, ", \"%s\": ", name);
    if (text)
        json_print_string(out, text, strlen(text));
    else
        buf_text(out, "null");
}

static void write_file(const char *folder, unsigned number, const struct buf *wire)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%u.eml", folder, number);
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(buf_string(wire), 1, wire->length, file) != wire->length || fclose(file)) {
        perror(path);
        exit(1);
    }
}

static void tell(const struct compose_mail *mail, bool made, const struct diag *diag,
                 struct buf *out)
{
    buf_clear(out);
    buf_printf(out, "{\"made\": %s", made ? "true" : "false");
    if (made) {
        print_member(out, "from", mail->from);
        print_member(out, "to", mail->to);
        print_member(out, "subject", mail->subject);
        print_member(out, "html", mail->html);
        print_member(out, "text", mail->text);
        buf_printf(out, ", \"smtputf8\": %s", mail->smtputf8 ? "true" : "false");
    } else {
        print_member(out, "code", diag->code);
        print_member(out, "fault", diag->text);
    }
    buf_text(out, "}\n");
    fwrite(out->data, 1, out->length, stdout);
}

static void compose_line(const struct templates *templates, const char *line, size_t length,
                         struct arena *arena, const char *folder, unsigned number)
{
    struct compose_mail mail = {0};
    struct diag diag = {0};
    struct value message;
    struct buf out;
    buf_init(&out, 4 * COMPOSE_PART_MOST);
    buf_init(&mail.wire, COMPOSE_WIRE_MOST);
    bool made = json_read(arena, line, length, &json_file_limits, &message, &diag) &&
                compose_mail(templates, &settings, &message, arena, &mail, &diag);
    if (made)
        write_file(folder, number, &mail.wire);
    tell(&mail, made, &diag, &out);
    buf_free(&mail.wire);
    buf_free(&out);
}

int main(int argc, char **argv)
{
    char *line = NULL;
    size_t capacity = 0;
    ssize_t length;
    if (argc != 3) {
        fprintf(stderr, "usage: compose_probe TEMPLATES OUTPUT < MESSAGES\n");
        return 2;
    }
    struct templates *templates = load(argv[1]);
    if (!templates)
        return 1;
    struct arena *arena = arena_new(256 * 1024);
    for (unsigned number = 1; (length = getline(&line, &capacity, stdin)) > 0; number++) {
        compose_line(templates, line, (size_t)length, arena, argv[2], number);
        arena_reset(arena);
    }
    free(line);
    arena_destroy(&arena);
    templates_destroy(&templates);
    return 0;
}
