/*
 * One character after the other; `where` says what is expected:
 *
 *   LINE    between events: a line's first character decides what the line is
 *   OBJECT  within an object (or a list in a list), until its brackets are even
 *   REST    what stands behind an object on its line: if it is not blank, the piece is no JSON
 *   OTHER   up to the line's end: a line that is no object, or what is no JSON any more
 *   ITEM    in a list of events: an item, or the list's end
 *   SCALAR  an item that is no container, up to the comma, the bracket or the line's end
 *   COMMA   in a list of events, behind an item
 *   PASS    the rest of the line is nothing
 *
 * An object whose end is missing would swallow all that follows. So it ends early where no JSON can
 * go on: at the end of a line within a string, at a bracket that closes nothing, and at a brace
 * which begins a line where no value may stand, for so does the next object. Behind that the
 * splitter is lost, up to a line that begins with a bracket in the first column, or in the one in
 * which the broken piece began: items of a list are mostly indented alike.
 */
#include "customer/event_splitter.h"

#include "base/json.h"

enum where { LINE, OBJECT, REST, OTHER, ITEM, SCALAR, COMMA, PASS };

enum { DEPTH_MOST = 64 };

void event_splitter_init(struct event_splitter *splitter, event_splitter_take *take, void *context)
{
    *splitter = (struct event_splitter){
        .take = take, .context = context, .where = LINE, .line = 1, .column = 1, .blank = true};
    buf_init(&splitter->text, json_event_limits.bytes + 1);
}

void event_splitter_free(struct event_splitter *splitter)
{
    buf_free(&splitter->text);
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* ---- A piece ---- */

static void begin(struct event_splitter *splitter, enum where where, char c)
{
    buf_clear(&splitter->text);
    buf_char(&splitter->text, c);
    splitter->begun_line = splitter->line;
    splitter->begun_column = splitter->column;
    splitter->in_string = c == '"';
    splitter->escaped = false;
    splitter->depth = 0;
    splitter->where = (int)where;
}

/* Gives what was gathered, without the blanks at its end. */
static void give(struct event_splitter *splitter, enum where next)
{
    struct buf *text = &splitter->text;
    bool large = text->full;
    size_t length = text->length;
    while (length && is_space(text->data[length - 1]))
        length--;
    buf_cut(text, length);
    const struct event_splitter_piece piece = {
        .kind = *buf_string(text) != '{' ? EVENT_SPLITTER_OTHER
                : large                  ? EVENT_SPLITTER_LARGE
                                         : EVENT_SPLITTER_OBJECT,
        .text = buf_string(text),
        .length = length,
        .line = splitter->begun_line,
        .column = splitter->begun_column,
    };
    splitter->where = (int)next;
    splitter->take(splitter->context, &piece);
}

/* The piece ends here although it is not whole. A line of its own is no loss to the next. */
static void give_broken(struct event_splitter *splitter)
{
    splitter->lost = splitter->in_list || splitter->begun_line != splitter->line;
    give(splitter, LINE);
}

/* In a list, where neither an item nor its end comes. */
static void tell_unended(struct event_splitter *splitter)
{
    const struct event_splitter_piece piece = {.kind = EVENT_SPLITTER_UNENDED,
                                               .text = "",
                                               .line = splitter->line,
                                               .column = splitter->column};
    splitter->lost = true;
    splitter->where = LINE;
    splitter->take(splitter->context, &piece);
}

/* ---- Brackets and strings ---- */

static bool innermost_is_list(const struct event_splitter *splitter)
{
    return splitter->lists >> (splitter->depth - 1) & 1;
}

/* Takes a bracket; false where it closes what was not opened, or is too deep for any event. */
static bool take_bracket(struct event_splitter *splitter, char c)
{
    bool list = c == '[' || c == ']';
    if (c == '{' || c == '[') {
        if (splitter->depth == DEPTH_MOST)
            return false;
        uint64_t bit = (uint64_t)1 << splitter->depth++;
        splitter->lists = list ? splitter->lists | bit : splitter->lists & ~bit;
        return true;
    }
    if (innermost_is_list(splitter) != list)
        return false;
    splitter->depth--;
    return true;
}

/* Moves past a character of a string, or to the string's end. */
static void take_in_string(struct event_splitter *splitter, char c)
{
    if (splitter->escaped)
        splitter->escaped = false;
    else if (c == '\\')
        splitter->escaped = true;
    else if (c == '"')
        splitter->in_string = false;
}

/* Whether a value may begin here: if not, a brace at the beginning of a line is another object's.
 */
static bool value_may_begin(const struct event_splitter *splitter)
{
    return splitter->last == '[' || splitter->last == ':' ||
           (splitter->last == ',' && innermost_is_list(splitter));
}

static void begin_container(struct event_splitter *splitter, char c)
{
    begin(splitter, OBJECT, c);
    take_bracket(splitter, c);
    splitter->last = c;
}

/* ---- Between objects ---- */

/* Whether here, at a line's first character, something begins with which it can go on. */
static bool is_found(struct event_splitter *splitter, char c)
{
    bool column = splitter->column == 1 || splitter->column == splitter->begun_column;
    if ((c != '{' && c != '[') || !column)
        return false;
    splitter->in_list = splitter->in_list && splitter->column == splitter->begun_column;
    return true;
}

static void at_line_start(struct event_splitter *splitter, char c)
{
    if (is_space(c))
        return;
    splitter->lost = splitter->lost && !is_found(splitter, c);
    if (splitter->lost || (c == '#' && splitter->column == 1 && !splitter->strict)) {
        splitter->where = PASS;
    } else if (c == '{') {
        begin_container(splitter, c);
    } else if (c == '[') {
        splitter->in_list = true;
        splitter->begun_column = splitter->column;
        splitter->last = c;
        splitter->where = ITEM;
    } else {
        begin(splitter, OTHER, c);
    }
}

static void end_list(struct event_splitter *splitter)
{
    splitter->in_list = false;
    splitter->where = LINE;
}

/* Where this begins a line, it may be with what follows a list that has no end. */
static void give_up_list(struct event_splitter *splitter, char c)
{
    bool blank = splitter->blank;
    tell_unended(splitter);
    if (blank)
        at_line_start(splitter, c);
    else
        splitter->where = PASS;
}

static void at_item(struct event_splitter *splitter, char c)
{
    if (is_space(c))
        return;
    if (c == '{' || c == '[')
        begin_container(splitter, c);
    else if (c == ']' && splitter->last == '[') /* it is empty */
        end_list(splitter);
    else if (c == ',' || c == ']' || c == '}')
        give_up_list(splitter, c);
    else
        begin(splitter, SCALAR, c);
}

static void behind_item(struct event_splitter *splitter, char c)
{
    if (is_space(c))
        return;
    if (c == ',') {
        splitter->last = c;
        splitter->where = ITEM;
    } else if (c == ']') {
        end_list(splitter);
    } else {
        give_up_list(splitter, c);
    }
}

static void in_scalar(struct event_splitter *splitter, char c)
{
    if (c == '\n' || (!splitter->in_string && (c == ',' || c == ']'))) {
        give(splitter, COMMA);
        behind_item(splitter, c);
        return;
    }
    buf_char(&splitter->text, c);
    if (splitter->in_string)
        take_in_string(splitter, c);
}

static void in_line(struct event_splitter *splitter, char c)
{
    if (c != '\n')
        buf_char(&splitter->text, c);
    else if (splitter->where == REST)
        give(splitter, LINE);
    else
        give_broken(splitter);
}

/* ---- Every character ---- */

static void in_object(struct event_splitter *splitter, char c)
{
    if (splitter->in_string && c == '\n') {
        give_broken(splitter);
        return;
    }
    if (!splitter->in_string && c == '{' && splitter->blank && !value_may_begin(splitter)) {
        give_broken(splitter);
        at_line_start(splitter, c);
        return;
    }
    buf_char(&splitter->text, c);
    if (splitter->in_string) {
        take_in_string(splitter, c);
        return;
    }
    splitter->in_string = c == '"';
    if (!is_space(c))
        splitter->last = c;
    if (c != '{' && c != '[' && c != '}' && c != ']')
        return;
    if (!take_bracket(splitter, c))
        splitter->where = OTHER; /* it is told at the line's end */
    else if (splitter->depth > 0)
        return;
    else if (splitter->in_list)
        give(splitter, COMMA);
    else
        splitter->where = REST;
}

static void take_character(struct event_splitter *splitter, char c)
{
    switch ((enum where)splitter->where) {
    case LINE:
        at_line_start(splitter, c);
        break;
    case OBJECT:
        in_object(splitter, c);
        break;
    case REST:
    case OTHER:
        in_line(splitter, c);
        break;
    case ITEM:
        at_item(splitter, c);
        break;
    case SCALAR:
        in_scalar(splitter, c);
        break;
    case COMMA:
        behind_item(splitter, c);
        break;
    case PASS:
        if (c == '\n')
            splitter->where = LINE;
        break;
    }
}

/* ---- The ways in ---- */

void event_splitter_feed(struct event_splitter *splitter, const char *bytes, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        char c = bytes[i];
        take_character(splitter, c);
        if (c == '\n') {
            splitter->line++;
            splitter->column = 1;
            splitter->blank = true;
        } else {
            splitter->column += ((unsigned char)c & 0xc0) != 0x80; /* in characters */
            splitter->blank = splitter->blank && is_space(c);
        }
    }
}

void event_splitter_end(struct event_splitter *splitter)
{
    switch ((enum where)splitter->where) {
    case OBJECT:
    case REST:
    case OTHER:
        give(splitter, LINE);
        break;
    case SCALAR:
        give(splitter, LINE);
        tell_unended(splitter);
        break;
    case ITEM:
    case COMMA:
        tell_unended(splitter);
        break;
    case LINE:
    case PASS:
        break;
    }
}
