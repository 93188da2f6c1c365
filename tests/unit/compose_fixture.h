/* A folder of templates, a shop's settings, and the mail that is composed from them. */
#ifndef NUDGED_TESTS_COMPOSE_FIXTURE_H
#define NUDGED_TESTS_COMPOSE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/diag.h"
#include "base/json.h"
#include "compose/compose.h"
#include "folder_fixture.h"
#include "mail/header_line.h"

struct room {
    char folder[FOLDER_FIXTURE_SIZE];
    struct arena *arena;
    struct diags diags;
    struct templates *templates;
    struct value shop;
    struct compose_settings settings;
    struct compose_mail mail;
    struct diag diag;
};

static struct value read_json(struct room *room, const char *text)
{
    struct value value;
    if (!json_read(room->arena, text, strlen(text), &json_file_limits, &value, &room->diag))
        fail_msg("%s: %s", room->diag.text, text);
    return value;
}

static int enter(void **state)
{
    struct room *room = calloc(1, sizeof *room);
    folder_fixture_make(room->folder);
    room->arena = arena_new(65536);
    room->shop =
        read_json(room, "{\"name\": \"Tea & Co\", \"url\": \"https://shop.example/\","
                        " \"currency\": \"EUR\", \"assets_url\": \"https://cdn.example/a\"}");
    room->settings = (struct compose_settings){
        .from = "Tea Shop <mail@shop.example>",
        .shop = &room->shop,
        .unsubscribe_url = "https://shop.example/u/",
        .unsubscribe_mailto = "leave@shop.example",
        .list_id = "shop.example",
        .feedback_id = "teashop",
        .message_id_domain = "shop.example",
        .zone = "Europe/Helsinki",
        .now_ms = 1772395200000, /* 2026-03-01T20:00:00Z */
        .key = {.id = "1", .bytes = (const unsigned char *)"secret", .length = 6},
    };
    buf_init(&room->mail.wire, COMPOSE_WIRE_MOST);
    *state = room;
    return 0;
}

static int leave(void **state)
{
    struct room *room = *state;
    folder_fixture_remove(room->folder);
    templates_destroy(&room->templates);
    buf_free(&room->mail.wire);
    arena_destroy(&room->arena);
    diags_free(&room->diags);
    free(room);
    return 0;
}

static void put(struct room *room, const char *name, const char *text)
{
    folder_fixture_put(room->folder, name, text);
}

static void load(struct room *room)
{
    const struct templates_settings settings = {.folder = room->folder, .default_locale = "en"};
    templates_destroy(&room->templates);
    room->templates = templates_load(&settings, &room->diags);
    for (size_t i = 0; i < room->diags.count; i++)
        diag_print(&room->diags.items[i], stderr);
    assert_non_null(room->templates);
}

/* The members of a message that every test shares, and those of this one over them. */
static struct value message_with(struct room *room, const char *members)
{
    struct value base = read_json(
        room, "{\"mid\": \"0a1b2c\", \"rule\": \"welcome\", \"step\": \"s1\","
              " \"class\": \"transactional\", \"topic\": \"all\", \"channel\": \"email\","
              " \"template\": \"a\", \"to\": \"ana@example.com\", \"name\": \"Ana Pop\","
              " \"customer_key\": \"id:7\", \"decided\": 1772352000000,"
              " \"customer\": {\"first_name\": \"Ana\"},"
              " \"event\": {\"type\": \"x\", \"id\": \"e1\", \"data\": {}}, \"start\": {}}");
    struct value over = read_json(room, members);
    return value_merge(room->arena, &base, &over);
}

static bool compose(struct room *room, const char *members)
{
    struct value message = message_with(room, members);
    buf_clear(&room->mail.wire);
    memset(&room->diag, 0, sizeof room->diag);
    return compose_mail(room->templates, &room->settings, &message, room->arena, &room->mail,
                        &room->diag);
}

static void compose_well(struct room *room, const char *members)
{
    if (!compose(room, members)) {
        diag_print(&room->diag, stderr);
        fail();
    }
}

static bool has_line(const struct room *room, const char *line)
{
    const char *at = strstr(buf_string(&room->mail.wire), line);
    return at && (at == room->mail.wire.data || at[-1] == '\n') &&
           memcmp(at + strlen(line), "\r\n", 2) == 0;
}

static size_t count(const char *text, const char *piece)
{
    size_t found = 0;
    for (const char *at = text; (at = strstr(at, piece)); at++)
        found++;
    return found;
}

#define FRONT "---\nsubject: Hello\n---\n"

#endif
