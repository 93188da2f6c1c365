/*
 * An expression without quotes may be any YAML: `a: b`, `[x`, `!done`. So what libyaml complains
 * of is looked up in a table of plainer wordings, and where it lies in the value of a key that
 * takes expressions, the answer is the same for all: write it after `|`, or in quotes. Whether it
 * lies there can only be guessed from the text (in_expression), for libyaml gave up; for that the
 * lines are read by hand, with their indentation. yaml_hints_explain() at the end puts it
 * together.
 */
#include "base/yaml_hints.h"

#include <string.h>

#include "base/slice.h"
#include "base/utf8.h"

const char yaml_hints_expression[] = "write the expression after `|`, or in quotes";
const char yaml_hints_no_break_space[] = "\xc2\xa0";
const char yaml_hints_no_break[] = "a no-break space stands here, where a space is meant";
const char yaml_hints_spaces[] = "replace it by a space; it often comes along when text is copied";
const char yaml_hints_tag[] = "`!` begins a YAML tag here, not an expression";

/* ---- Expressions ---- */

/* The rest of a string behind its opening quote, or NULL where it is not closed. */
static const char *skip_string(const char *at, const char *end, char quote)
{
    for (; at < end; at++) {
        if (*at == quote)
            return at + 1;
        if (*at == '\\')
            at++;
    }
    return NULL;
}

enum yaml_hints_end yaml_hints_open(const char *text, size_t length)
{
    const char *end = text + length;
    int depth = 0;
    for (const char *at = text; at < end;) {
        char c = *at++;
        if (c == '"' || c == '\'') {
            at = skip_string(at, end, c);
            if (!at)
                return YAML_HINTS_OPEN_STRING;
        } else if (c == '(' || c == '[' || c == '{') {
            depth++;
        } else if (c == ')' || c == ']' || c == '}') {
            depth--;
        }
    }
    return depth > 0 ? YAML_HINTS_OPEN_BRACKET : YAML_HINTS_CLOSED;
}

/* ---- Lines ---- */

static struct slice find_line(const struct yaml_hints_source *source, uint32_t number)
{
    struct slice line;
    line.text = diag_source_line(source->text, source->length, number, &line.length);
    return line.text ? line : (struct slice){source->text + source->length, 0};
}

static bool previous_line(const struct yaml_hints_source *source, struct slice *line)
{
    if (line->text == source->text)
        return false;
    const char *end = line->text - 1, *at = end;
    while (at > source->text && at[-1] != '\n')
        at--;
    *line = slice_between(at, end);
    return true;
}

/* The byte at which a column begins. */
static size_t offset_of(const struct slice *line, uint32_t column)
{
    size_t at = 0;
    while (--column > 0 && at < line->length)
        at += utf8_width(line->text + at, line->length - at);
    return at;
}

/* Where the text of a line begins, behind spaces and the dashes of list items. */
static size_t indentation(const struct slice *line)
{
    size_t at = 0;
    while (at < line->length &&
           (line->text[at] == ' ' ||
            (line->text[at] == '-' && at + 1 < line->length && line->text[at + 1] == ' ')))
        at++;
    return at;
}

static bool is_blank(const struct slice *line)
{
    size_t at = indentation(line);
    return at == line->length || line->text[at] == '#' || line->text[at] == '\r';
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

static bool is_listed(const char *word, size_t length, const char *const *names)
{
    for (; names && *names; names++)
        if (strlen(*names) == length && memcmp(*names, word, length) == 0)
            return true;
    return false;
}

/* Whether a key of an expression stands before byte `most` of the line. `value` is
 * set to where the value of the last key before it begins, if there is one. */
static bool names_expression(const struct yaml_hints_source *source, const struct slice *line,
                             size_t most, size_t *value)
{
    bool found = false;
    for (size_t i = 1; i < most; i++) {
        if (line->text[i] != ':' || (i + 1 < line->length && line->text[i + 1] != ' '))
            continue;
        size_t end = i, start;
        if (line->text[end - 1] == '"' || line->text[end - 1] == '\'')
            end--;
        for (start = end; start > 0 && is_name(line->text[start - 1]); start--)
            ;
        found |= is_listed(line->text + start, end - start, source->expression_keys);
        for (*value = i + 1; *value < most && line->text[*value] == ' '; ++*value)
            ;
    }
    return found;
}

/* Whether a byte of a line lies within the value of an expression's key, as far as
 * the text tells: on the same line, or on a line above that is indented less. At
 * the beginning of a line something else is wrong. `value` is where on this line
 * the text begins that cannot be read. */
static bool in_expression(const struct yaml_hints_source *source, struct slice line, size_t offset,
                          size_t *value)
{
    size_t indent = indentation(&line), ignored;
    if (offset <= indent)
        return false;
    *value = indent;
    if (names_expression(source, &line, offset, value))
        return true;
    while (indent > 0 && previous_line(source, &line)) {
        size_t other = indentation(&line);
        if (is_blank(&line) || other >= indent)
            continue;
        indent = other;
        if (names_expression(source, &line, line.length, &ignored))
            return true;
    }
    return false;
}

/* ---- What libyaml complains of ---- */

enum where { AT_PROBLEM, AT_BEGIN };

struct wording {
    const char *problem;
    const char *text;
    const char *begin; /* what `text` goes on with: "… that begins in line N"; or NULL */
    const char *hint;
    enum where where;
    bool expression; /* a likely end of an expression without quotes */
};

static const char hint_indentation[] = "compare the indentation with that of the lines above";
static const char hint_quotes[] = "a text that holds such characters must stand in quotes";

static const struct wording wordings[] = {
    {"mapping values are not allowed in this context", "a `:` where no key can stand", NULL,
     "a text that holds `: ` must stand in quotes; for a nested key compare the indentation",
     AT_PROBLEM, true},
    {"did not find expected key", "this line does not fit into the mapping", "that begins",
     hint_indentation, AT_PROBLEM, true},
    {"did not find expected '-' indicator", "this line does not fit into the list", "that begins",
     "each item begins with `- ` in the same column", AT_PROBLEM, true},
    {"could not find expected ':'", "this line is no `key: value`", NULL, hint_indentation,
     AT_BEGIN, true},
    {"did not find expected ',' or '}'", "a `,` or `}` is missing in the mapping", "that begins",
     hint_quotes, AT_PROBLEM, true},
    {"did not find expected ',' or ']'", "a `,` or `]` is missing in the list", "that begins",
     hint_quotes, AT_PROBLEM, true},
    {"did not find expected node content", "a value is missing here", NULL, hint_quotes, AT_PROBLEM,
     true},
    {"did not find expected alphabetic or numeric character",
     "`&` and `*` begin an anchor or an alias, and a name must follow", NULL, hint_quotes,
     AT_PROBLEM, true},
    {"block sequence entries are not allowed in this context", "a list cannot begin here", NULL,
     "put each `- ` on a line of its own", AT_PROBLEM, true},
    {"block mapping keys are not allowed in this context", "a key cannot stand here", NULL,
     hint_indentation, AT_PROBLEM, true},
    {"mapping keys are not allowed in this context", "a key cannot stand here", NULL,
     hint_indentation, AT_PROBLEM, true},
    {"found undefined tag handle", "`!` begins a tag, and tags are not used here", NULL,
     hint_quotes, AT_PROBLEM, true},
    {"did not find expected whitespace or line break",
     "`!` begins a tag, and tags are not used here", NULL, hint_quotes, AT_PROBLEM, true},
    {"did not find expected tag URI", "`!` begins a tag, and tags are not used here", NULL,
     "a text that begins with `!` must be in quotes", AT_PROBLEM, true},
    {"did not find expected '!'", "`!` begins a tag, and tags are not used here", NULL,
     "a text that begins with `!` must be in quotes", AT_PROBLEM, true},
    {"did not find expected comment or line break",
     "nothing can follow `|` or `>` on the same line", NULL,
     "begin the text on the next line, indented", AT_PROBLEM, true},
    {"found unknown escape character", "an unknown escape between double quotes", NULL,
     "write `\\\\`, or use single quotes", AT_PROBLEM, true},
    {"found unexpected end of stream", "a quote that is never closed", NULL, NULL, AT_BEGIN, false},
    {"found unexpected document indicator", "a quote that is not closed before the document ends",
     NULL, NULL, AT_BEGIN, false},
    {"did not find expected <document start>", "something follows the end of the document", NULL,
     "a line `---` begins another document", AT_PROBLEM, false},
    {"found a tab character where an indentation space is expected", "a tab indents this line",
     NULL, "indent with spaces", AT_PROBLEM, false},
    {"found a tab character that violates indentation", "a tab indents this line", NULL,
     "indent with spaces", AT_PROBLEM, false},
    {"exceeded maximum depth", "nested too deep", NULL, NULL, AT_PROBLEM, false},
};

static const struct wording *find_wording(const char *problem)
{
    for (size_t i = 0; i < sizeof wordings / sizeof *wordings; i++)
        if (strcmp(wordings[i].problem, problem) == 0)
            return &wordings[i];
    return NULL;
}

static void explain_character(const struct slice *line, size_t offset, struct diag *diag)
{
    size_t left = line->length - offset;
    if (left > 0 && line->text[offset] == '\t') {
        diag_error(diag, "a tab indents this line");
        diag_hint(diag, "indent with spaces");
        return;
    }
    size_t width = left ? utf8_width(line->text + offset, left) : 0;
    diag_error(diag, "`%.*s` cannot begin a text", (int)width, line->text + offset);
    diag_hint(diag, "put the text in quotes");
}

/* Behind the end of a value, on its line: most often behind a closing quote. */
static bool follows_value(const struct slice *line, size_t offset)
{
    return offset > indentation(line) && offset < line->length;
}

static void explain_wording(const struct wording *wording, const struct yaml_hints_fault *fault,
                            bool behind, struct diag *diag)
{
    if (behind && strcmp(wording->problem, "did not find expected key") == 0) {
        diag_error(diag, "something follows the end of the value");
        diag_hint(diag, "put the whole value in quotes, or after `|`");
        return;
    }
    if (wording->begin && fault->from_line && fault->from_line != fault->line)
        diag_error(diag, "%s %s in line %u", wording->text, wording->begin, fault->from_line);
    else
        diag_error(diag, "%s", wording->text);
    if (wording->hint)
        diag_hint(diag, "%s", wording->hint);
}

/* U+00A0, as it comes from web pages: it looks like a space and is none. Within quotes it is text.
 */
static bool find_no_break_space(const struct slice *line, size_t *offset)
{
    const char *found = memmem(line->text, line->length, yaml_hints_no_break_space,
                               strlen(yaml_hints_no_break_space));
    if (!found || memchr(line->text, '"', (size_t)(found - line->text)) ||
        memchr(line->text, '\'', (size_t)(found - line->text)))
        return false;
    *offset = (size_t)(found - line->text);
    return true;
}

void yaml_hints_explain(const struct yaml_hints_source *source,
                        const struct yaml_hints_fault *fault, struct diag *diag)
{
    const char *problem = fault->problem ? fault->problem : "YAML that cannot be read";
    const struct wording *wording = find_wording(problem);
    bool from = wording && wording->where == AT_BEGIN && fault->from_line;
    uint32_t number = from ? fault->from_line : fault->line;
    uint32_t column = from ? fault->from_column : fault->column;
    struct slice line = find_line(source, number);
    size_t offset = offset_of(&line, column);
    size_t value;
    bool character = strcmp(problem, "found character that cannot start any token") == 0;
    const char *code = "yaml-syntax";
    if ((character || (wording && wording->expression)) &&
        in_expression(source, line, offset, &value)) {
        bool tag = line.text[value] == '!';
        if (tag)
            column = (uint32_t)utf8_count(line.text, value) + 1;
        code = tag ? "yaml-tag" : "yaml-expression";
        diag_error(diag, "%s",
                   tag ? yaml_hints_tag : "YAML cannot read this expression as it stands");
        diag_hint(diag, "%s", yaml_hints_expression);
    } else if (find_no_break_space(&line, &value)) {
        column = (uint32_t)utf8_count(line.text, value) + 1;
        diag_error(diag, "%s", yaml_hints_no_break);
        diag_hint(diag, "%s", yaml_hints_spaces);
    } else if (character) {
        explain_character(&line, offset, diag);
    } else if (wording) {
        explain_wording(wording, fault, follows_value(&line, offset), diag);
    } else {
        diag_error(diag, "%s", problem);
    }
    diag_code(diag, code);
    diag_place(diag, number, column, 1);
    diag_excerpt(diag, source->text, source->length);
}
