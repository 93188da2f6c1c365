#include "ctl/input.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

static bool fault(const struct input *input, const char *code, struct diag *diag)
{
    diag_file(diag, input->name);
    diag_code(diag, code);
    return false;
}

static bool read_stream(FILE *stream, struct buf *out, struct diag *diag)
{
    char chunk[16384];
    size_t got;
    while ((got = fread(chunk, 1, sizeof chunk, stream)) > 0)
        if (!buf_add(out, chunk, got))
            return diag_error(diag, "is larger than %d bytes", INPUT_MOST);
    return ferror(stream) ? diag_error(diag, "cannot be read: %s", strerror(errno)) : true;
}

bool input_read(struct arena *arena, const char *name, struct input *input, struct diag *diag)
{
    bool standard = strcmp(name, "-") == 0;
    *input = (struct input){.name = standard ? "(standard input)" : name};
    FILE *stream = standard ? stdin : fopen(name, "re");
    if (!stream) {
        diag_error(diag, "cannot be read: %s", strerror(errno));
        return fault(input, INPUT_UNREADABLE, diag);
    }
    struct buf out;
    buf_init(&out, INPUT_MOST + 1);
    bool read = read_stream(stream, &out, diag);
    input->text = arena_copy(arena, buf_string(&out), out.length);
    input->length = out.length;
    buf_free(&out);
    if (!standard)
        fclose(stream);
    return read || fault(input, INPUT_UNREADABLE, diag);
}

bool input_object(struct arena *arena, const struct input *input, struct value *object,
                  struct diag *diag)
{
    if (!json_read(arena, input->text, input->length, &json_file_limits, object, diag))
        return fault(input, INPUT_WRONG, diag);
    if (object->kind == VALUE_MAP)
        return true;
    diag_error(diag, "a JSON object is expected, and this is %s", value_kind_name(object->kind));
    return fault(input, INPUT_WRONG, diag);
}
