/*
 * The parser's state, as the tags see it: a tag's parse function reads its own
 * markup, and with liquid_parser_body() what stands up to its end.
 */
#ifndef NUDGED_LIQUID_LIQUID_PARSER_H
#define NUDGED_LIQUID_LIQUID_PARSER_H

#include "base/arena.h"
#include "base/diag.h"
#include "liquid/liquid_lex.h"
#include "liquid/liquid_scan.h"
#include "liquid/liquid_tree.h"

enum {
    LIQUID_BLOCKS_MOST = 100,   /* nested blocks of one template */
    LIQUID_BRACKETS_MOST = 100, /* nested brackets of one expression */
};

struct liquid_parser {
    struct arena *arena;
    struct liquid_template *template;
    struct liquid_scan *scan; /* where the next piece comes from */
    struct diag *diag;
    uint32_t blocks, brackets; /* how deep it is in them */
    bool trim;                 /* the last piece ended with a dash */
    bool lax;                  /* passes over wrong markup in outputs, conditions and `for` */
    bool lax_tags;             /* likewise in the other tags */
    bool forgives;             /* and tells what it passed over */
};

/* A tag as it was found. */
struct liquid_tag {
    struct slice name; /* `text` NULL: the text ended instead */
    struct slice markup;
};

/* A row of the table of tags. `node` comes zeroed but for its offset; one that
 * stays without a kind is dropped. `blank` (false before) is set for a tag that
 * prints nothing but white space. */
struct liquid_tag_row {
    const char *name;
    bool (*parse)(struct liquid_parser *parser, const struct liquid_tag *tag,
                  struct liquid_node *node, bool *blank);
};

/* Parses up to a tag that is none of the table's (`else`, `endif`, an unknown one),
 * which is given in `stop`; false after an error. */
bool liquid_parser_body(struct liquid_parser *parser, struct liquid_body *body,
                        struct liquid_tag *stop);
/* Ends a body: without its text where the block that holds it is blank. */
void liquid_parser_close(struct liquid_body *body, bool drop_text);
/* Parses the whole of a block without branches: up to end<name of tag>. */
bool liquid_parser_block(struct liquid_parser *parser, const struct liquid_tag *tag,
                         struct liquid_body *body);

bool liquid_parser_is(const struct liquid_tag *tag, const char *name);
/* `stop` is "end" and the name of `tag`. */
bool liquid_parser_is_end(const struct liquid_tag *stop, const struct liquid_tag *tag);

/* Fails: `stop` ended the body of `tag` and may not. */
bool liquid_parser_stray(struct liquid_parser *parser, const struct liquid_tag *tag,
                         const struct liquid_tag *stop);

/* Fails at a place of the template's text; `length` bytes are underlined. Returns false. */
bool liquid_parser_fail(struct liquid_parser *parser, const char *at, size_t length,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Likewise at the present token; "Expected `what`, found …". */
bool liquid_parser_expected(struct liquid_parser *parser, const struct liquid_lex *lex,
                            const char *what);

/* What the strict grammar refused, and told, was read as lax mode does: the error is none, but
 * a warning where the parser forgives. Returns true. */
bool liquid_parser_forgive(struct liquid_parser *parser);

uint32_t liquid_parser_offset(const struct liquid_parser *parser, const char *at);

/* `array` with room for one more of its `count` items. */
void *liquid_parser_grow(struct liquid_parser *parser, void *array, uint32_t count, size_t size);

/* A name, which must be there: of a variable, an argument. */
bool liquid_parser_take_name(struct liquid_parser *parser, struct liquid_lex *lex, const char *what,
                             struct liquid_name *name);
/* Nothing more may follow. */
bool liquid_parser_take_end(struct liquid_parser *parser, const struct liquid_lex *lex);

#endif
