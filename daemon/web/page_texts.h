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
    /* Titles that the shop gave (web/page_texts_file); ends with a row without a topic; or NULL. */
    const struct page_topic {
        const char *topic, *title;
    } * topics;
};

/* All that the pages speak; the first is for who speaks none of them. */
struct page_languages {
    const struct page_language *items;
    size_t count;
};

extern const struct page_languages page_languages_own;

/* What each text is called in a file: "leave_lead". */
extern const char *const page_text_names[PAGE_TEXT_COUNT];

/* The first of the tags ("ro-RO", "ro_RO"; NULL: none) whose language the pages speak; the first of
 * the languages where none is. */
const struct page_language *page_language_of(const struct page_languages *languages,
                                             const char *const *tags, size_t count);

/* The same of a browser's Accept-Language (RFC 9110, 12.5.4): the tag that it wants most, among
 * those that the pages speak; NULL where there is none. */
const char *page_language_accepted(const struct page_languages *languages, const char *header,
                                   size_t length);

/* The title of a topic in this language, such as "News": the shop's, or that of a shipped rule's
 * topic; NULL where there is none. */
const char *page_topic_title(const struct page_language *language, const char *topic);

#endif
