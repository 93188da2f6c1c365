#include "base/json_place.h"

#include <string.h>

struct reader {
    const char *at, *end;
};

static void skip_blanks(struct reader *reader)
{
    while (reader->at < reader->end && strchr(" \t\r\n", *reader->at) && *reader->at)
        reader->at++;
}

static void skip_string(struct reader *reader)
{
    for (reader->at++; reader->at < reader->end && *reader->at != '"'; reader->at++)
        if (*reader->at == '\\')
            reader->at++;
    reader->at++;
}

/* Over a value: a container up to the bracket that closes it, a scalar up to what ends it. */
static void skip_value(struct reader *reader)
{
    size_t depth = 0;
    do {
        if (*reader->at == '"') {
            skip_string(reader);
            continue;
        }
        if (strchr("{[", *reader->at) && *reader->at)
            depth++;
        else if (strchr("}]", *reader->at) && *reader->at)
            depth--;
        reader->at++;
    } while (reader->at < reader->end && (depth || !strchr(",}] \t\r\n", *reader->at)));
}

/* From an object's brace to the value of a member. */
static bool find_member(struct reader *reader, const char *name, size_t length)
{
    for (reader->at++;; reader->at++) {
        skip_blanks(reader);
        if (reader->at >= reader->end || *reader->at != '"')
            return false;
        const char *key = reader->at + 1;
        skip_string(reader);
        bool found = (size_t)(reader->at - 1 - key) == length && memcmp(key, name, length) == 0;
        skip_blanks(reader);
        reader->at++; /* the colon */
        skip_blanks(reader);
        if (found)
            return true;
        skip_value(reader);
        skip_blanks(reader);
        if (reader->at >= reader->end || *reader->at != ',')
            return false;
    }
}

/* As far down the path as it goes; false where it ends before the path does. */
static bool go_down(struct reader *reader, const char *path)
{
    while (*path) {
        size_t length = strcspn(path, ".");
        struct reader below = *reader;
        if (*below.at != '{' || !find_member(&below, path, length) || below.at >= below.end)
            return false;
        *reader = below;
        path += length + (path[length] == '.');
    }
    return true;
}

bool json_place(const char *text, size_t length, const char *path, size_t *offset)
{
    struct reader reader = {text, text + length};
    skip_blanks(&reader);
    bool found = reader.at < reader.end && go_down(&reader, path);
    *offset = (size_t)(reader.at - text);
    return found;
}

void json_place_fault(struct diag *diag, const char *text, size_t length, const char *path)
{
    size_t offset;
    json_place(text, length, path, &offset);
    diag_offset(diag, text, length, offset);
}
