/*
 * What the shop would have the public pages say, `texts_file`: titles of its topics, other words,
 * further languages.
 *
 *   ro:
 *     leave: Te desparți de noi?          a text of web/page_texts, by its name
 *     topics: {wine: Vinuri}
 *   de: {...}                             another language has all texts, and `all`
 */
#ifndef NUDGED_WEB_PAGE_TEXTS_FILE_H
#define NUDGED_WEB_PAGE_TEXTS_FILE_H

#include "base/arena.h"
#include "base/diag.h"
#include "web/page_texts.h"

enum { PAGE_TEXTS_FILE_MOST = 256 * 1024, PAGE_TEXTS_MOST = 600 /* bytes of one text */ };

/* `languages` has those of its own, and what the file says over them; all lies in the arena. Adds
 * each fault with its place; what is faulty is passed over. */
void page_texts_file_load(struct arena *arena, const char *path, struct page_languages *languages,
                          struct diags *diags);

#endif
