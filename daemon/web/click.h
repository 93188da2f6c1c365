/*
 * What a click on a mailed link shows, and what it says: pure, of the link, of what the daemon
 * knows of its person, and of the form that was posted. A GET shows (click_show) and changes
 * nothing, as scanners and previews fetch every link; a POST says (click_read), and what it says
 * are events, decided like any other. Done is what Redis has: so the page of a POST is sent when
 * they are appended.
 */
#ifndef NUDGED_WEB_CLICK_H
#define NUDGED_WEB_CLICK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/value.h"
#include "web/form.h"
#include "web/link.h"
#include "web/page.h"

enum { CLICK_TOPICS_MOST = 100 };

struct click_topic {
    const char *name; /* folded */
    bool on;          /* the person's word does not stand against it, or is what it needs */
};

/* What the daemon tells of the person. */
struct click_person {
    const char *locale;               /* NULL: unknown */
    struct value names;               /* map: the members by which an event names them, such as
                                         {"customer": {"id": "7"}} */
    const struct click_topic *topics; /* those that their word decides */
    size_t topic_count;
};

struct click {
    struct value events[CLICK_TOPICS_MOST + 1]; /* maps, in the order in which they count */
    size_t event_count;
    struct page_content content; /* once all are appended */
};

/* What a GET shows. In the arena. */
struct page_content click_show(struct arena *arena, const struct link *link,
                               const struct click_person *person,
                               const struct page_language *language);

/* What a POST says. False where the form says nothing that this link can say. */
bool click_read(struct arena *arena, const struct link *link, const struct click_person *person,
                const struct page_language *language, const struct form *form, struct click *click);

/* Pages that need nobody: PAGE_VOID, PAGE_EXPIRED, PAGE_ODD. */
struct page_content click_fault(enum page_text heading);

/* Nothing could be asked, or appended: the same form once more; `form` NULL: the same page. */
struct page_content click_away(const struct form *form);

#endif
