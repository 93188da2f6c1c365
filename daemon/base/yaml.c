/*
 * YAML into the value tree: libyaml's events, read by descent. One event is at
 * hand at a time (`reader->event`); a function that reads a node begins with
 * the node's first event and leaves its last.
 */
#include "base/yaml.h"

#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/file.h"
#include "base/utf8.h"
#include "base/yaml_hints.h"
#include "base/yaml_scalar.h"

enum { BYTES_DEFAULT = 4 << 20, DEPTH_DEFAULT = 64, NODES_DEFAULT = 200000, DEPTH_MOST = 512 };

/* A place in the text that moves on with the events, so that looking at the
 * characters behind them does not begin at the top each time. */
struct cursor {
    size_t offset;
    uint32_t line, column;
};

struct reader {
    yaml_parser_t parser;
    yaml_event_t event;
    bool at_hand; /* `event` holds one */

    struct arena *arena;
    const struct yaml_options *options;
    struct diag *diag;
    struct yaml_hints_source source;
    struct cursor cursor;

    struct value anchors; /* name to VALUE_EXTENSION of struct anchor */
    uint32_t nodes_left;
    uint32_t depth_left;
    uint32_t shallowest; /* the least depth_left since an anchor was begun */
};

struct anchor {
    struct value value;
    uint32_t nodes; /* of the whole subtree */
    uint32_t depth;
    bool complete;
};

/* Where a node stands: inside an expression, inside `{}` or `[]`. */
struct context {
    bool expression;
    bool flow;
};

/* ---- Faults ---- */

static uint32_t line_of(const yaml_mark_t *mark)
{
    return (uint32_t)mark->line + 1;
}

static uint32_t column_of(const yaml_mark_t *mark)
{
    return (uint32_t)mark->column + 1;
}

static bool fail_at(struct reader *reader, uint32_t line, uint32_t column, uint32_t width,
                    const char *code, const char *text)
{
    diag_error(reader->diag, "%s", text);
    diag_code(reader->diag, code);
    diag_place(reader->diag, line, column, width);
    diag_excerpt(reader->diag, reader->source.text, reader->source.length);
    return false;
}

/* At the event at hand. */
static bool fail(struct reader *reader, const char *code, const char *text)
{
    const yaml_mark_t *from = &reader->event.start_mark, *to = &reader->event.end_mark;
    uint32_t width = to->line == from->line && to->column > from->column
                         ? (uint32_t)(to->column - from->column)
                         : 1;
    return fail_at(reader, line_of(from), column_of(from), width, code, text);
}

static bool hint(struct reader *reader, const char *text)
{
    diag_hint(reader->diag, "%s", text);
    return false;
}

static bool fail_bytes(struct reader *reader, size_t offset, const char *code, const char *text)
{
    diag_error(reader->diag, "%s", text);
    diag_code(reader->diag, code);
    diag_offset(reader->diag, reader->source.text, reader->source.length, offset);
    return false;
}

static bool fail_encoding(struct reader *reader, size_t offset, const char *code, const char *text)
{
    fail_bytes(reader, offset, code, text);
    const char *advice = utf8_advice(reader->source.text, reader->source.length);
    return advice ? hint(reader, advice) : false;
}

static bool fail_parser(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    if (parser->error == YAML_READER_ERROR)
        return fail_encoding(reader, parser->problem_offset, "yaml-syntax",
                             "a control character that YAML does not allow");
    bool from = parser->context != NULL;
    struct yaml_hints_fault fault = {
        .problem = parser->problem,
        .line = line_of(&parser->problem_mark),
        .column = column_of(&parser->problem_mark),
        .from_line = from ? line_of(&parser->context_mark) : 0,
        .from_column = from ? column_of(&parser->context_mark) : 0,
    };
    if (reader->diag)
        yaml_hints_explain(&reader->source, &fault, reader->diag);
    return false;
}

/* ---- Events ---- */

static void drop_event(struct reader *reader)
{
    if (reader->at_hand)
        yaml_event_delete(&reader->event);
    reader->at_hand = false;
}

static bool next(struct reader *reader)
{
    drop_event(reader);
    if (!yaml_parser_parse(&reader->parser, &reader->event))
        return fail_parser(reader);
    reader->at_hand = true;
    return true;
}

/* The byte at a mark. */
static size_t offset_of(struct reader *reader, const yaml_mark_t *mark)
{
    struct cursor *cursor = &reader->cursor;
    const char *text = reader->source.text;
    size_t length = reader->source.length;
    uint32_t line = line_of(mark), column = column_of(mark);
    if (line < cursor->line || (line == cursor->line && column < cursor->column))
        *cursor = (struct cursor){.line = 1, .column = 1};
    while (cursor->line < line) {
        const char *newline = memchr(text + cursor->offset, '\n', length - cursor->offset);
        if (!newline)
            return length;
        *cursor = (struct cursor){(size_t)(newline - text) + 1, cursor->line + 1, 1};
    }
    for (; cursor->column < column && cursor->offset < length; cursor->column++)
        cursor->offset += utf8_width(text + cursor->offset, length - cursor->offset);
    return cursor->offset;
}

static void set_place(struct value *value, const yaml_mark_t *mark)
{
    value->flags |= VALUE_PLACED;
    value->place.line = line_of(mark);
    value->place.column = column_of(mark);
}

/* ---- Anchors ---- */

/* Bounded by the nodes: an alias counts all that it stands for, and no subtree
 * is ever copied. */
static bool count_nodes(struct reader *reader, uint32_t nodes)
{
    if (nodes > reader->nodes_left)
        return fail(reader, "yaml-nodes", "too many values, with each use of an alias counted");
    reader->nodes_left -= nodes;
    return true;
}

static struct anchor *find_anchor(struct reader *reader, const char *name)
{
    const struct value *found = value_get(&reader->anchors, name);
    return found ? found->other : NULL;
}

/* Begins an anchor; NULL where the node has none. */
static struct anchor *begin_anchor(struct reader *reader, const yaml_char_t *name)
{
    if (!name)
        return NULL;
    struct anchor *anchor = arena_zero(reader->arena, sizeof *anchor);
    anchor->nodes = reader->nodes_left;
    struct value value = {.kind = VALUE_EXTENSION, .other = anchor};
    value_set(reader->arena, reader->anchors, (const char *)name, value);
    return anchor;
}

static bool read_alias(struct reader *reader, struct value *value, struct context context)
{
    struct anchor *anchor = find_anchor(reader, (const char *)reader->event.data.alias.anchor);
    if (!anchor || !anchor->complete) {
        fail(reader, "yaml-alias",
             anchor ? "an alias inside of what it stands for" : "an alias without an anchor");
        return hint(reader, context.expression ? yaml_hints_expression
                                               : "a text that begins with `*` must be in quotes");
    }
    if (anchor->depth > reader->depth_left)
        return fail(reader, "yaml-depth", "nested too deep");
    if (reader->depth_left - anchor->depth < reader->shallowest)
        reader->shallowest = reader->depth_left - anchor->depth;
    if (!count_nodes(reader, anchor->nodes))
        return false;
    *value = anchor->value;
    set_place(value, &reader->event.start_mark);
    return true;
}

/* ---- Scalars ---- */

/* What stands behind an expression without quotes that is not at its end: a
 * comment, or inside `{}` or `[]` the comma. */
static bool check_expression(struct reader *reader)
{
    const char *text = (const char *)reader->event.data.scalar.value;
    yaml_mark_t end = reader->event.end_mark;
    if (yaml_hints_open(text, reader->event.data.scalar.length) == YAML_HINTS_CLOSED)
        return true;
    size_t at = offset_of(reader, &end);
    uint32_t column = column_of(&end);
    for (; at < reader->source.length && reader->source.text[at] == ' '; at++)
        column++;
    char c = at < reader->source.length ? reader->source.text[at] : '\0';
    if (c == '#')
        fail_at(reader, line_of(&end), column, 1, "yaml-expression",
                "`#` begins a comment here and cuts the expression off");
    else if (c == ',') /* only `{}` and `[]` end a text there */
        fail_at(reader, line_of(&end), column, 1, "yaml-expression",
                "the comma ends the value here and cuts the expression off");
    else
        return true; /* the expression is at fault, and its reader will say so */
    return hint(reader, yaml_hints_expression);
}

static bool fail_tag(struct reader *reader, struct context context)
{
    if (context.expression) {
        fail(reader, "yaml-tag", yaml_hints_tag);
        return hint(reader, yaml_hints_expression);
    }
    fail(reader, "yaml-tag", "tags are not used here");
    return hint(reader, "a text that begins with `!` must be in quotes");
}

static bool resolve_plain(struct reader *reader, struct value *value, struct context context)
{
    if (context.expression && !check_expression(reader))
        return false;
    if (!yaml_scalar_resolve(value->string, value->length, value)) {
        fail(reader, "yaml-number", "the number does not fit into 64 bits");
        return hint(reader, "put it in quotes if it is a name or an id");
    }
    value->flags |= VALUE_PLAIN;
    return true;
}

static bool read_scalar(struct reader *reader, struct value *value, struct context context)
{
    size_t length = reader->event.data.scalar.length;
    const char *bytes = (const char *)reader->event.data.scalar.value;
    yaml_scalar_style_t style = reader->event.data.scalar.style;
    if (reader->event.data.scalar.tag)
        return fail_tag(reader, context);
    if (memchr(bytes, '\0', length))
        return fail(reader, "yaml-syntax", "a text with a NUL character");
    if (context.expression && length == 0 &&
        (style == YAML_FOLDED_SCALAR_STYLE || style == YAML_LITERAL_SCALAR_STYLE)) {
        fail(reader, "yaml-expression", "`|` and `>` begin a text of many lines, and none follows");
        return hint(reader, yaml_hints_expression);
    }
    *value = value_string(arena_copy(reader->arena, bytes, length), length);
    if (style == YAML_PLAIN_SCALAR_STYLE && !resolve_plain(reader, value, context))
        return false;
    set_place(value, &reader->event.start_mark);
    return true;
}

/* ---- Keys ---- */

static bool fail_complex_key(struct reader *reader, const struct context *context)
{
    if (context->flow && reader->event.type == YAML_MAPPING_START_EVENT) {
        fail(reader, "yaml-key", "a mapping cannot be a key");
        return hint(reader, reader->options->expression_keys
                                ? "a text that begins with `{{` must be in quotes; an expression "
                                  "stands without it"
                                : "a text that begins with `{{` must be in quotes");
    }
    return fail(reader, "yaml-key", "a key must be a text");
}

/* An entry of `{}` without a colon: most often one half of a text that a comma
 * has cut. */
static bool check_colon(struct reader *reader, const struct context *context)
{
    yaml_mark_t end = reader->event.end_mark;
    const char *text = reader->source.text;
    size_t length = reader->source.length, at = offset_of(reader, &end);
    while (at < length && (text[at] == ' ' || text[at] == '\t' || text[at] == '\r' ||
                           text[at] == '\n' || text[at] == '#')) {
        if (text[at] == '#')
            while (at < length && text[at] != '\n')
                at++;
        else
            at++;
    }
    if (at >= length || (text[at] != ',' && text[at] != '}'))
        return true;
    fail(reader, "yaml-value", "this entry of the mapping has no value");
    return hint(reader, context->expression ? yaml_hints_expression
                                            : "a text that holds a comma must be in quotes");
}

static bool fail_key(struct reader *reader, const struct value *key)
{
    if (key->kind == VALUE_NULL) {
        fail(reader, "yaml-key", "a key must not be null");
        return hint(reader, "a key that is a text must be in quotes");
    }
    fail(reader, "yaml-key", "a key must be a text");
    return hint(reader, "put the key in quotes");
}

static bool check_twice(struct reader *reader, const struct value *map, const struct value *key)
{
    if (!value_find(map, key->string, key->length))
        return true;
    uint32_t line = 0;
    for (uint32_t i = 0; i < map->map->count; i++) {
        const struct value *other = &map->map->members[i].key;
        if (other->length == key->length && memcmp(other->string, key->string, key->length) == 0)
            line = other->place.line;
    }
    fail(reader, "yaml-duplicate", "the key stands twice in this mapping");
    diag_hint(reader->diag, "it stands in line %u too", line);
    return false;
}

static bool read_key(struct reader *reader, const struct value *map, struct context context,
                     struct value *key)
{
    if (reader->event.type != YAML_SCALAR_EVENT)
        return fail_complex_key(reader, &context);
    bool plain = reader->event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (context.flow && !check_colon(reader, &context))
        return false;
    if (!count_nodes(reader, 1) || !read_scalar(reader, key, (struct context){0}))
        return false;
    if (key->kind != VALUE_STRING)
        return fail_key(reader, key);
    if (plain && key->length == 2 && memcmp(key->string, "<<", 2) == 0) {
        fail(reader, "yaml-key", "`<<` does not merge mappings here");
        return hint(reader, "YAML 1.2 has no merge keys: write the members out");
    }
    if (key->length > 2 && memcmp(key->string, yaml_hints_no_break_space, 2) == 0) {
        fail(reader, "yaml-syntax", yaml_hints_no_break);
        return hint(reader, yaml_hints_spaces);
    }
    return check_twice(reader, map, key);
}

/* ---- Nodes ---- */

static bool read_node(struct reader *reader, struct value *value, struct context context);

static bool names_expression(const struct reader *reader, const struct value *key)
{
    for (const char *const *name = reader->options->expression_keys; name && *name; name++)
        if (value_is_text(key, *name))
            return true;
    return false;
}

static bool read_members(struct reader *reader, struct value map, struct context context)
{
    while (next(reader)) {
        struct value key, member;
        if (reader->event.type == YAML_MAPPING_END_EVENT)
            return true;
        if (!read_key(reader, &map, context, &key) || !next(reader))
            return false;
        struct context inner = context;
        inner.expression |= names_expression(reader, &key);
        if (!read_node(reader, &member, inner))
            return false;
        value_add(reader->arena, map, key, member);
    }
    return false;
}

static bool read_items(struct reader *reader, struct value list, struct context context)
{
    while (next(reader)) {
        struct value item;
        if (reader->event.type == YAML_SEQUENCE_END_EVENT)
            return true;
        if (!read_node(reader, &item, context))
            return false;
        value_push(reader->arena, list, item);
    }
    return false;
}

static bool enter(struct reader *reader)
{
    if (reader->depth_left == 0)
        return fail(reader, "yaml-depth", "nested too deep");
    reader->depth_left--;
    if (reader->depth_left < reader->shallowest)
        reader->shallowest = reader->depth_left;
    return true;
}

static bool read_map(struct reader *reader, struct value *value, struct context context)
{
    context.flow = reader->event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE;
    if (reader->event.data.mapping_start.tag)
        return fail_tag(reader, context);
    *value = value_new_map(reader->arena, 0);
    set_place(value, &reader->event.start_mark);
    if (!enter(reader) || !read_members(reader, *value, context))
        return false;
    reader->depth_left++;
    return true;
}

static bool read_list(struct reader *reader, struct value *value, struct context context)
{
    context.flow = reader->event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE;
    if (reader->event.data.sequence_start.tag)
        return fail_tag(reader, context);
    *value = value_new_list(reader->arena, 0);
    set_place(value, &reader->event.start_mark);
    if (!enter(reader) || !read_items(reader, *value, context))
        return false;
    reader->depth_left++;
    return true;
}

static const yaml_char_t *anchor_name(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor;
    default:
        return NULL;
    }
}

static bool read_plain_node(struct reader *reader, struct value *value, struct context context)
{
    if (!count_nodes(reader, 1))
        return false;
    if (reader->event.type == YAML_MAPPING_START_EVENT)
        return read_map(reader, value, context);
    if (reader->event.type == YAML_SEQUENCE_START_EVENT)
        return read_list(reader, value, context);
    return read_scalar(reader, value, context);
}

static bool read_node(struct reader *reader, struct value *value, struct context context)
{
    if (reader->event.type == YAML_ALIAS_EVENT)
        return read_alias(reader, value, context);
    struct anchor *anchor = begin_anchor(reader, anchor_name(&reader->event));
    uint32_t outer = reader->shallowest;
    if (anchor)
        reader->shallowest = reader->depth_left;
    if (!read_plain_node(reader, value, context))
        return false;
    if (anchor) {
        *anchor = (struct anchor){.value = *value,
                                  .nodes = anchor->nodes - reader->nodes_left,
                                  .depth = reader->depth_left - reader->shallowest,
                                  .complete = true};
        if (outer < reader->shallowest)
            reader->shallowest = outer;
    }
    return true;
}

/* ---- The stream ---- */

static bool read_stream(struct reader *reader, struct value *documents)
{
    do {
        if (!next(reader))
            return false;
        if (reader->event.type != YAML_DOCUMENT_START_EVENT)
            continue;
        struct value document;
        reader->anchors = value_new_map(reader->arena, 0);
        if (!next(reader) || !read_node(reader, &document, (struct context){0}))
            return false;
        value_push(reader->arena, *documents, document);
    } while (reader->event.type != YAML_STREAM_END_EVENT);
    return true;
}

/* What libyaml would take for the end of a line, and nobody else does: lines
 * would be counted differently. */
static bool check_breaks(struct reader *reader)
{
    const char *text = reader->source.text;
    size_t length = reader->source.length;
    for (size_t i = 0; i < length; i++) {
        if (text[i] == '\r' && (i + 1 == length || text[i + 1] != '\n'))
            return fail_bytes(reader, i, "yaml-syntax", "a carriage return without a line feed");
        bool next_line = text[i] == '\xc2' && i + 1 < length && text[i + 1] == '\x85';
        bool separator = text[i] == '\xe2' && i + 2 < length && text[i + 1] == '\x80' &&
                         (text[i + 2] == '\xa8' || text[i + 2] == '\xa9');
        if (next_line || separator) {
            fail_bytes(reader, i, "yaml-syntax",
                       "an invisible character that YAML takes for the end of a line");
            return hint(reader, "delete it, or write it as `\\u2028` between double quotes");
        }
    }
    return true;
}

static bool check_text(struct reader *reader)
{
    size_t most = reader->options->bytes ? reader->options->bytes : BYTES_DEFAULT;
    if (reader->source.length > most)
        return fail_bytes(reader, 0, "yaml-size", "the text is too long");
    size_t invalid = utf8_invalid(reader->source.text, reader->source.length);
    if (invalid < reader->source.length)
        return fail_encoding(reader, invalid, "yaml-utf8", "invalid UTF-8");
    return check_breaks(reader);
}

static uint32_t bound(uint32_t given, uint32_t fallback)
{
    return given ? given : fallback;
}

static bool read_with_parser(struct reader *reader, struct value *documents)
{
    if (!yaml_parser_initialize(&reader->parser))
        return fail_at(reader, 0, 0, 0, "yaml-syntax", "no memory for YAML");
    yaml_parser_set_encoding(&reader->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader->parser, (const unsigned char *)reader->source.text,
                                 reader->source.length);
    bool whole = read_stream(reader, documents);
    drop_event(reader);
    yaml_parser_delete(&reader->parser);
    return whole;
}

/* Past a byte order mark, which libyaml would count as a column. */
static size_t skip_mark(const char *text, size_t length)
{
    return length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
}

bool yaml_read(struct arena *arena, const char *text, size_t length,
               const struct yaml_options *options, struct value *documents, struct diag *diag)
{
    size_t mark = skip_mark(text, length);
    struct reader reader = {
        .arena = arena,
        .options = options,
        .diag = diag,
        .source = {text + mark, length - mark, options->expression_keys},
        .cursor = {.line = 1, .column = 1},
        .nodes_left = bound(options->nodes, NODES_DEFAULT),
        .depth_left = bound(options->depth, DEPTH_DEFAULT),
    };
    if (reader.depth_left > DEPTH_MOST)
        reader.depth_left = DEPTH_MOST;
    reader.shallowest = reader.depth_left;
    *documents = value_new_list(arena, 0);
    bool whole = check_text(&reader) && read_with_parser(&reader, documents);
    if (!whole && options->file)
        diag_file(diag, options->file);
    return whole;
}

bool yaml_read_file(struct arena *arena, const struct yaml_options *options,
                    struct value *documents, const char **text, size_t *length, struct diag *diag)
{
    const char *bytes;
    size_t size;
    if (!file_read(arena, options->file, options->bytes ? options->bytes : BYTES_DEFAULT, &bytes,
                   &size, diag))
        return false;
    size_t mark = skip_mark(bytes, size);
    bytes += mark;
    size -= mark;
    if (text)
        *text = bytes;
    if (length)
        *length = size;
    return yaml_read(arena, bytes, size, options, documents, diag);
}
