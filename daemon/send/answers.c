/*
 * Two lists over the same table of rows: those that are asked for yes or no, in their order, of
 * which the first that is true decides; and those that give a value. The answer is made into
 * values once (see_answer), and only where there is an expression at all.
 */
#include "send/answers.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "cel/cel.h"

enum { VALUE_MOST = 1024 };

#define ANSWERS_FIELD(name) \
    .key = #name, .offset = offsetof(struct answers_settings, name), .type = SETTING_EXPRESSION

/* The first six in the order in which they are asked. */
const struct setting answers_settings[] = {
    {ANSWERS_FIELD(sent), .help = "it took the message; with this, a 2xx alone does not say so"},
    {ANSWERS_FIELD(unavailable),
     .help =
         "it cannot be used now: the next gateway takes the message, and no attempt is charged"},
    {ANSWERS_FIELD(retry), .help = "it did not take the message now: again later"},
    {ANSWERS_FIELD(bounced), .help = "there is no such address: it is suppressed"},
    {ANSWERS_FIELD(gateway), .help = "the gateway's fault: a wrong key, an account that is closed"},
    {ANSWERS_FIELD(refused), .help = "the message will never be taken: a dead letter"},
    {ANSWERS_FIELD(id), .help = "what the API calls the message"},
    {ANSWERS_FIELD(words), .help = "the words of the answer that a person should read"},
    {ANSWERS_FIELD(wait),
     .help = "when it may be asked again, in seconds from now or since 1970; beside `Retry-After`"},
    {0},
};

enum { SAID = 6, ID = SAID, WORDS, WAIT, ROWS };

static const enum retry_said meanings[SAID] = {RETRY_SAID_SENT,    RETRY_SAID_UNAVAILABLE,
                                               RETRY_SAID_RETRY,   RETRY_SAID_BOUNCED,
                                               RETRY_SAID_GATEWAY, RETRY_SAID_REFUSED};

struct answers {
    const struct cel_program *programs[ROWS]; /* NULL: none */
    bool any;
};

/* ---- Compiling ---- */

static const char *const roots[] = {"answer", NULL};

/* What is known of an answer before there is one. */
static struct value sample(struct arena *arena)
{
    struct value answer = value_new_map(arena, 3);
    value_set(arena, answer, "status", value_int(200));
    value_set(arena, answer, "headers", value_null());
    value_set(arena, answer, "body", value_null());
    return answer;
}

static void refuse_kind(const struct setting *row, const struct value *text,
                        const struct settings_source *source, struct diags *diags)
{
    bool asked = row < answers_settings + SAID;
    diag_hint(settings_fault(diags, source, text, DIAG_ERROR,
                             "`answers.%s` must be %s, and this "
                             "never is",
                             row->key, asked ? "true or false" : "a text or a number"),
              "%s",
              asked ? "compare it with something: answer.body.ok == false"
                    : "name a part of the answer: answer.body.id");
}

static bool fits(const struct setting *row, const struct cel_program *program)
{
    if (row < answers_settings + SAID)
        return cel_may_give(program, VALUE_BOOL);
    return cel_may_give(program, VALUE_STRING) || cel_may_give(program, VALUE_INT) ||
           cel_may_give(program, VALUE_DOUBLE);
}

/* Warnings of the compiler are faults here but for constants: what an answer has is known. */
static void add_warnings(struct diags *warnings, const struct value *text,
                         const struct settings_source *source, struct diags *diags)
{
    for (size_t i = 0; i < warnings->count; i++) {
        struct diag *warning = &warnings->items[i];
        if (strcmp(warning->code, "cel-field") == 0) {
            const char *name = strchr(warning->text, '`');
            char words[sizeof warning->text];
            snprintf(words, sizeof words, "an answer has no field %s",
                     name ? name : "of that name");
            memcpy(warning->text, words, sizeof words);
            warning->level = DIAG_ERROR;
            if (strncmp(warning->hint, "did you mean", 12) != 0)
                diag_hint(warning, "`answer` has status, headers and body");
        }
        settings_fault_move(source, text, warning);
        diags_add(diags, warning);
    }
    diags_free(warnings);
}

/* answer.headers["X-Id"] never is there: names are in lower case. */
static void check_names(struct arena *arena, const struct value *text,
                        const struct settings_source *source, struct diags *diags)
{
    static const char headers[] = "headers[";
    const char *all = value_to_text(arena, text);
    for (const char *at = all; (at = strstr(at, headers)) != NULL;) {
        at += sizeof headers - 1;
        at += strspn(at, " ");
        size_t length = *at == '"' || *at == '\'' ? strcspn(at + 1, "\"'") + 2 : 0, upper = 0;
        while (upper < length && !isupper((unsigned char)at[upper]))
            upper++;
        if (upper == length)
            continue;
        struct diag diag;
        diag_error(&diag, "the names of header fields are in lower case here");
        diag_offset(&diag, all, text->length, (size_t)(at - all));
        diag.width = (uint32_t)length;
        settings_fault_move(source, text, &diag);
        diags_add(diags, &diag);
    }
}

static const struct cel_program *compile(struct arena *arena, const struct setting *row,
                                         const struct value *text,
                                         const struct settings_source *source, struct diags *diags)
{
    const struct value samples[] = {sample(arena)};
    const struct cel_environment environment = {.roots = roots, .samples = samples};
    struct diags warnings = {0};
    struct diag diag = {0};
    if (text->kind != VALUE_STRING)
        return NULL;
    const struct cel_program *program =
        cel_compile(arena, text->string, text->length, &environment, &warnings, &diag);
    size_t errors = diags->errors;
    add_warnings(&warnings, text, source, diags);
    if (!program) {
        settings_fault_move(source, text, &diag);
        diags_add(diags, &diag);
    } else if (!fits(row, program)) {
        refuse_kind(row, text, source, diags);
    }
    check_names(arena, text, source, diags);
    return diags->errors == errors ? program : NULL;
}

const struct answers *answers_compile(struct arena *arena, const struct answers_settings *settings,
                                      const struct settings_source *source, struct diags *diags)
{
    static const struct settings_source nowhere = {.file = ""};
    struct answers *answers = arena_zero(arena, sizeof *answers);
    for (size_t i = 0; i < ROWS; i++) {
        const struct setting *row = &answers_settings[i];
        const void *text = (const char *)settings + row->offset;
        answers->programs[i] = compile(arena, row, text, source ? source : &nowhere, diags);
        answers->any |= answers->programs[i] != NULL;
    }
    return answers;
}

/* ---- Asking ---- */

/* Bytes that are no UTF-8 become "?": strings of expressions are texts. */
static struct value text_value(struct arena *arena, const char *bytes, size_t length)
{
    size_t invalid = utf8_invalid(bytes, length);
    if (invalid == length)
        return value_string(bytes, length);
    char *text = arena_copy(arena, bytes, length);
    for (size_t at = invalid; at < length; at += utf8_invalid(text + at, length - at))
        text[at] = '?';
    return value_string(text, length);
}

static void put_header(struct arena *arena, struct value map, const char *line, size_t length)
{
    const char *colon = memchr(line, ':', length), *end = line + length;
    if (!colon)
        return;
    const char *from = colon + 1;
    while (from < end && (*from == ' ' || *from == '\t'))
        from++;
    while (end > from && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r'))
        end--;
    const char *name = arena_copy(arena, line, (size_t)(colon - line));
    if (!value_get(&map, name))
        value_set(arena, map, name, text_value(arena, from, (size_t)(end - from)));
}

static struct value see_headers(const struct answers_heard *heard, struct arena *arena)
{
    struct value map = value_new_map(arena, 16);
    const char *at = heard->headers, *end = at + heard->headers_length;
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((stop ? stop : end) - at);
        put_header(arena, map, at, length);
        at += length + 1;
    }
    return map;
}

static struct value see_answer(const struct answers_heard *heard, struct arena *arena)
{
    struct value answer = value_new_map(arena, 3), body;
    if (!json_read(arena, heard->body, heard->body_length, &json_file_limits, &body, NULL))
        body = text_value(arena, heard->body, heard->body_length);
    value_set(arena, answer, "status", value_int(heard->status));
    value_set(arena, answer, "headers", see_headers(heard, arena));
    value_set(arena, answer, "body", body);
    return answer;
}

static bool ask(const struct cel_program *program, const struct cel_input *input,
                struct arena *arena, struct value *result)
{
    struct cel_fault fault;
    return program && cel_eval(program, input, arena, result, &fault);
}

/* A text, or an integer as one. */
static const char *text_of(const struct cel_program *program, const struct cel_input *input,
                           struct arena *arena)
{
    struct value result;
    int64_t number;
    if (!ask(program, input, arena, &result))
        return NULL;
    if (value_is(&result, VALUE_STRING))
        return result.length && result.length <= VALUE_MOST ? value_to_text(arena, &result) : NULL;
    return value_to_int(&result, &number) ? arena_printf(arena, "%lld", (long long)number) : NULL;
}

/* What is later than 2001 in seconds since 1970 is no length of time but a moment. */
static int64_t wait_of(const struct cel_program *program, const struct cel_input *input,
                       struct arena *arena)
{
    static const double moments = 1e9;
    struct value result;
    double seconds;
    if (!ask(program, input, arena, &result) || !value_to_double(&result, &seconds))
        return 0;
    return retry_wait(seconds >= moments ? seconds - (double)input->now_ms / 1000 : seconds);
}

void answers_ask(const struct answers *answers, const struct answers_heard *heard,
                 struct arena *arena, struct answers_meaning *meaning)
{
    struct value result;
    *meaning = (struct answers_meaning){.said = RETRY_SAID_NOTHING};
    if (!answers->any)
        return;
    const struct value bound[] = {see_answer(heard, arena)};
    const struct cel_input input = {.roots = bound, .now_ms = heard->now_ms, .zone = "UTC"};
    for (size_t i = 0; i < SAID && meaning->said == RETRY_SAID_NOTHING; i++)
        if (ask(answers->programs[i], &input, arena, &result) && value_is(&result, VALUE_BOOL) &&
            result.boolean)
            meaning->said = meanings[i];
    if (meaning->said == RETRY_SAID_NOTHING && answers->programs[0])
        meaning->said = RETRY_SAID_NOT_SENT;
    meaning->id = text_of(answers->programs[ID], &input, arena);
    meaning->words = text_of(answers->programs[WORDS], &input, arena);
    meaning->wait_ms = wait_of(answers->programs[WAIT], &input, arena);
}
