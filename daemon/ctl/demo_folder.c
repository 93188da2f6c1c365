/*
 * demo_folder_fill, at the end: the shop's rules with their waits made short (copy_rules), the
 * pictures, a link to the schemas, and a configuration of the demo's own with the sections that the
 * rules need of the shipped one (write_config). Templates are read where they are.
 */
#include "ctl/demo_folder.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/duration.h"
#include "base/file.h"

enum { FILE_MOST = 1 << 20 };

static const char config_text[] =
    "# yaml-language-server: $schema=schemas/nudged.schema.json\n"
    "# Written by `nudgectl demo`: everything stays in this folder.\n"
    "state: state\n"
    "rules: rules\n"
    "templates: %s/templates\n"
    "instance: demo\n"
    "log: {level: error}\n"
    "shop:\n"
    "  name: Ceai & Cărți\n"
    "  url: https://shop.example\n"
    "  logo: " DEMO_FOLDER_PICTURES "logo.png\n"
    "  picture: " DEMO_FOLDER_PICTURES "shop.png\n"
    "  address: Strada Lipscani 12, 030035 București, România\n"
    "  email: hello@shop.example\n"
    "  phone: +40 21 555 01 99\n"
    "  person: Ioana\n"
    "  locale: en\n"
    "  timezone: Europe/Bucharest\n"
    "  currency: EUR\n"
    "  free_delivery_from: 50\n"
    "  delivery_days: 3\n"
    "  return_days: 30\n"
    "mail:\n"
    "  from: \"\\\"Ceai & Cărți\\\" <hello@shop.example>\"\n"
    "  unsubscribe_url: \"https://shop.example/unsubscribe/{token}\"\n"
    "  unsubscribe_mailto: unsubscribe@shop.example\n"
    "  confirm_url: \"https://shop.example/confirm/{token}\"\n"
    "  list_id: shop.example\n"
    "policy: {cap: 4 per 7d}\n"
    "timers: {settle: 0s}\n"
    "gateways:\n"
    "  maildir: {kind: maildir, path: mail}\n";

bool demo_folder_write(const char *path, const char *text, size_t length, struct diag *diag)
{
    FILE *file = fopen(path, "we");
    bool written = file && fwrite(text, 1, length, file) == length;
    if (file && fclose(file) != 0)
        written = false;
    return written ? true : diag_error(diag, "cannot write %s: %s", path, strerror(errno));
}

/* Where a line of a rule file says how long to wait: `wait: 1h`, `wait: {for: 3d, or: …}`. NULL:
 * it does not. */
static const char *length_in(const char *line, size_t length)
{
    static const char *const keys[] = {"wait: {for:", "wait:"};
    const char *begin = line + strspn(line, " -");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        size_t size = strlen(keys[i]);
        if (begin + size < line + length && memcmp(begin, keys[i], size) == 0)
            return begin + size + strspn(begin + size, " ");
    }
    return NULL;
}

/* A line of a rule file: its wait, where it has one, made short. In the arena. */
static const char *short_line(struct arena *arena, const char *line, size_t length)
{
    char shorter[DURATION_TEXT_SIZE];
    const char *value = length_in(line, length);
    int64_t ms;
    if (!value)
        return arena_copy(arena, line, length);
    size_t size = strcspn(value, " \r\n#,}");
    if (!duration_parse(value, size, &ms))
        return arena_copy(arena, line, length);
    ms /= DEMO_FASTER;
    if (ms < DEMO_WAIT_LEAST_MS)
        ms = DEMO_WAIT_LEAST_MS;
    if (ms > DEMO_WAIT_MOST_MS)
        ms = DEMO_WAIT_MOST_MS;
    const char *rest = value + size, *end = line + length - (line[length - 1] == '\n');
    return arena_printf(arena, "%.*s%s%.*s   # %.*s, made short for the demo\n",
                        (int)(value - line), line, duration_format(ms, shorter), (int)(end - rest),
                        rest, (int)size, value);
}

static bool copy_rules(struct arena *arena, const char *from, const char *to, const char *name,
                       struct diag *diag)
{
    const char *text;
    size_t length;
    struct buf out;
    if (!file_read(arena, arena_printf(arena, "%s/%s", from, name), FILE_MOST, &text, &length,
                   diag))
        return false;
    buf_init(&out, 2 * FILE_MOST);
    for (const char *line = text, *end = text + length; line < end;) {
        const char *next = memchr(line, '\n', (size_t)(end - line));
        next = next ? next + 1 : end;
        buf_text(&out, short_line(arena, line, (size_t)(next - line)));
        line = next;
    }
    bool written = demo_folder_write(arena_printf(arena, "%s/%s", to, name), buf_string(&out),
                                     out.length, diag);
    buf_free(&out);
    return written;
}

/* The pictures of demo/img, for the pages. */
static bool copy_pictures(struct arena *arena, const char *examples, const char *folder,
                          struct diag *diag)
{
    const char *const *names;
    const char *bytes, *from = arena_printf(arena, "%s/demo/img", examples);
    size_t count, length;
    if (!file_list(arena, from, ".png", false, &names, &count, diag))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!file_read(arena, arena_printf(arena, "%s/%s", from, names[i]), FILE_MOST, &bytes,
                       &length, diag) ||
            !demo_folder_write(arena_printf(arena, "%s/html/img/%s", folder, names[i]), bytes,
                               length, diag))
            return false;
    return true;
}

/* The lines of a section of the shipped configuration, its name included; "" where it has none. */
static const char *section_of(struct arena *arena, const char *text, const char *name)
{
    const char *begin = strstr(text, arena_printf(arena, "\n%s:", name));
    if (!begin)
        return "";
    const char *end = strchr(++begin, '\n');
    while (end && end[1] && strchr(" #\n", end[1]))
        end = strchr(end + 1, '\n');
    return arena_copy(arena, begin, end ? (size_t)(end + 1 - begin) : strlen(begin));
}

/* The demo's own, with what the shipped rules need of the shipped one. */
static bool write_config(struct arena *arena, const char *path, const char *examples,
                         struct diag *diag)
{
    const char *shipped;
    size_t length;
    if (!file_read(arena, arena_printf(arena, "%s/nudged.yaml", examples), FILE_MOST, &shipped,
                   &length, diag))
        return false;
    const char *own = arena_printf(arena, config_text, examples);
    const char *text = arena_printf(arena, "%s%s%s", own, section_of(arena, shipped, "topics"),
                                    section_of(arena, shipped, "customer"));
    return demo_folder_write(path, text, strlen(text), diag);
}

static bool make(const char *path, struct diag *diag)
{
    if (mkdir(path, 0700) == 0 || errno == EEXIST)
        return true;
    return diag_error(diag, "cannot make %s: %s", path, strerror(errno));
}

/* Where the first lines of the YAML files say that their schemas are. */
static bool link_schemas(struct arena *arena, const char *folder, const char *examples,
                         struct diag *diag)
{
    const char *from = arena_printf(arena, "%s/schemas", examples);
    const char *to = arena_printf(arena, "%s/schemas", folder);
    if (access(from, F_OK) != 0 || symlink(from, to) == 0)
        return true;
    return diag_error(diag, "cannot make %s: %s", to, strerror(errno));
}

bool demo_folder_fill(struct arena *arena, const char *folder, const char *examples,
                      const char **config, struct diag *diag)
{
    const char *const *names;
    size_t count;
    char whole[PATH_MAX];
    const char *from = arena_printf(arena, "%s/rules", examples);
    const char *to = arena_printf(arena, "%s/rules", folder);
    if (!realpath(examples, whole))
        return diag_error(diag, "no examples in %s: %s", examples, strerror(errno));
    if (!make(to, diag) || !make(arena_printf(arena, "%s/html", folder), diag) ||
        !make(arena_printf(arena, "%s/html/img", folder), diag) ||
        !copy_pictures(arena, examples, folder, diag) ||
        !link_schemas(arena, folder, whole, diag) ||
        !file_list(arena, from, ".yaml", false, &names, &count, diag))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!copy_rules(arena, from, to, names[i], diag))
            return false;
    *config = arena_printf(arena, "%s/nudged.yaml", folder);
    return write_config(arena, *config, whole, diag);
}
