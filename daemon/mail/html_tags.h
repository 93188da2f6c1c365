/*
 * The elements of HTML: what each does to a text, and how html_strict takes it. One table
 * for both readers.
 */
#ifndef NUDGED_MAIL_HTML_TAGS_H
#define NUDGED_MAIL_HTML_TAGS_H

#include <stddef.h>

/* What an element does to the text. */
enum html_role {
    HTML_INLINE,    /* nothing, as most */
    HTML_LINE,      /* on lines of its own */
    HTML_PARAGRAPH, /* with an empty line before and after */
    HTML_SKIP,      /* not shown, nor what is in it */
    HTML_BREAK,
    HTML_RULE,
    HTML_IMAGE,
    HTML_LINK,
    HTML_LIST,
    HTML_NUMBERED, /* a list whose items have numbers */
    HTML_ITEM,
    HTML_QUOTE,
    HTML_PRE,
    HTML_ROW,
    HTML_CELL,
};

/* Where an element may stand for html_strict; see there. */
enum html_kind {
    HTML_ANYWHERE,   /* what it becomes depends on what is around it: left to the parser */
    HTML_DOCUMENT,   /* <html> */
    HTML_HEAD,       /* <head> */
    HTML_BODY,       /* <body> */
    HTML_META,       /* empty; in the head, or without effect in the body */
    HTML_TITLE,      /* text alone; in the head */
    HTML_STYLE,      /* text alone */
    HTML_EMPTY,      /* empty, within text */
    HTML_EMPTY_FLOW, /* empty, not within a <p> */
    HTML_PHRASE,     /* within text */
    HTML_ANCHOR,     /* within text, not within another one */
    HTML_FLOW,       /* not within a <p> */
    HTML_TEXT_FLOW,  /* <p> */
    HTML_HEADING,    /* likewise, not within another heading */
    HTML_ITEMS,      /* <ul>, <ol> */
    HTML_LIST_ITEM,  /* straight in one */
    HTML_TERMS,      /* <dl> */
    HTML_TERM,       /* straight in one */
    HTML_TABLE,
    HTML_CAPTION,    /* straight in a table */
    HTML_TABLE_PART, /* likewise */
    HTML_TABLE_ROW,  /* straight in a table or a part of one */
    HTML_TABLE_CELL, /* straight in a row */
    HTML_KINDS
};

struct html_tag {
    const char *name; /* lower case */
    enum html_role role;
    enum html_kind kind;
};

/* Of any case, without NULs; NULL for one that is not known: it is HTML_INLINE, and
 * HTML_ANYWHERE. */
const struct html_tag *html_tags_find(const char *name, size_t length);

/* The attribute whose value counts for a role: of a link `href`, of an image `alt`, of a
 * numbered list `start`, of an item `value`; NULL: none. */
const char *html_tags_value(enum html_role role);

#endif
