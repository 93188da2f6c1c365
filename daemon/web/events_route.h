/* POST /v1/events: events into Redis, and Redis' word on each (docs/intake.md). */
#ifndef NUDGED_WEB_EVENTS_ROUTE_H
#define NUDGED_WEB_EVENTS_ROUTE_H

#include "web/web_route.h"

/* For its row: who may come in, by the head alone; and what is done with the body. */
const struct web_answer *events_route_admit(struct web_request *request);
void events_route_serve(struct web_request *request, web_done *done, void *arg);

#endif
