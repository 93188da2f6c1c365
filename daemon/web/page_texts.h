/*
 * What the public pages say, in each language that they speak: the rows of page_texts.c. A text may
 * have `{shop}` in it, the shop's name; nothing in it is markup.
 *
 * Topics stand alone in a line of their own, never within a sentence: so their titles need no
 * grammar, and a shop's own topic fits into every language.
 */
#ifndef NUDGED_WEB_PAGE_TEXTS_H
#define NUDGED_WEB_PAGE_TEXTS_H

#include <stdbool.h>
#include <stddef.h>

enum page_text {
    PAGE_NOTHING, /* no text at all */
    PAGE_LEAVE,
    PAGE_LEAVE_LEAD,
    PAGE_LEAVE_BUTTON,
    PAGE_LEAVE_ALL_BUTTON,
    PAGE_ORDERS_STAY,
    PAGE_LEFT,
    PAGE_ON_ITS_WAY,
    PAGE_CHOOSE,
    PAGE_CHOOSE_LEAD,
    PAGE_SAVE_BUTTON,
    PAGE_SAVED,
    PAGE_UNCHANGED,
    PAGE_MAIL_COMES,
    PAGE_CONFIRM,
    PAGE_CONFIRM_LEAD,
    PAGE_CONFIRM_BUTTON,
    PAGE_CONFIRM_NOTE,
    PAGE_CONFIRMED,
    PAGE_WAY_OUT,
    PAGE_VOID,
    PAGE_VOID_LEAD,
    PAGE_EXPIRED,
    PAGE_EXPIRED_LEAD,
    PAGE_AWAY,
    PAGE_AWAY_LEAD,
    PAGE_AGAIN_BUTTON,
    PAGE_ODD,
    PAGE_ODD_LEAD,
    PAGE_QUESTIONS,
    PAGE_TEXT_COUNT,
};

/* A language that the pages speak, as its primary subtag (RFC 5646): "en". The texts of one are
 * never NULL. */
struct page_language {
    const char *tag;
    const char *texts[PAGE_TEXT_COUNT];
    const char *all; /* the title of what stands for all topics */
};

/* The first of the tags ("ro-RO", "ro_RO"; NULL: none) whose language the pages speak; English
 * where none is. */
const struct page_language *page_language_of(const char *const *tags, size_t count);

/* The same of a browser's Accept-Language (RFC 9110, 12.5.4): the tag that it wants most, among
 * those that the pages speak; NULL where there is none. */
const char *page_language_accepted(const char *header, size_t length);

/* In the order of the table; NULL past the last. */
const struct page_language *page_language_at(size_t index);

/* The title that a topic's name has by itself in this language, such as "News"; NULL where the
 * table has none. */
const char *page_topic_title(const struct page_language *language, const char *topic);

#endif
