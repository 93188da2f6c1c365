/*
 * The public pages as routes: /u/TOKEN, /p/TOKEN and /c/TOKEN (web/link). Who has a token that was
 * signed may come in; whom it is about, and in which language, the daemon says; what is said by a
 * POST are events, and its page is sent when Redis has them.
 */
#ifndef NUDGED_WEB_PAGE_ROUTE_H
#define NUDGED_WEB_PAGE_ROUTE_H

#include "web/web_route.h"

const struct web_answer *page_route_admit(struct web_request *request);
void page_route_serve(struct web_request *request, web_done *done, void *arg);

#endif
