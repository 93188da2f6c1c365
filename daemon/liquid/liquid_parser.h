/*
 * The state of one parse, and its faults. Below it are the words of the markup
 * (liquid_lex, liquid_scan), above it whatever reads some: expressions, outputs,
 * conditions, tags.
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

/* Fails at a place of the template's text; `length` bytes are underlined. Returns false. */
bool liquid_parser_fail(struct liquid_parser *parser, const char *at, size_t length,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Likewise at the present token; "Expected `what`, found …". */
bool liquid_parser_expected(struct liquid_parser *parser, const struct liquid_lex *lex,
                            const char *what);

/* How many bytes of the present token a message shows. */
int liquid_parser_shown(const struct liquid_lex *lex);

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
