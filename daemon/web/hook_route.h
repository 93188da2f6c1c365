/* The route of webhooks: POST /webhooks/NAME, rows of `web.webhooks`. */
#ifndef NUDGED_WEB_HOOK_ROUTE_H
#define NUDGED_WEB_HOOK_ROUTE_H

#include "web/web_route.h"

const struct web_answer *hook_route_admit(struct web_request *request);
void hook_route_serve(struct web_request *request, web_done *done, void *arg);

#endif
