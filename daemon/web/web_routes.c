#include <string.h>

#include "web/events_route.h"
#include "web/form.h"
#include "web/hook_route.h"
#include "web/page_route.h"
#include "web/posted_events.h"
#include "web/web_route.h"

/* GET /live: who listens answers, whatever the daemon does. */
static void serve_live(struct web_request *request, web_done *done, void *arg)
{
    done(arg, web_answer_text(request->arena, 200, "live"));
}

const struct web_route web_routes[] = {
    {.path = "/v1/events",
     .methods = WEB_POST,
     .body_most = POSTED_BODY_MOST,
     .proof = WEB_PROOF_HEAD,
     .name = "events",
     .admit = events_route_admit,
     .serve = events_route_serve},
    {.path = "/live", .methods = WEB_GET, .name = "live", .serve = serve_live},
    {.path = "/webhooks/*",
     .methods = WEB_POST,
     .proof = WEB_PROOF_BODY,
     .name = "webhooks",
     .admit = hook_route_admit,
     .serve = hook_route_serve},
    {.path = "/u/*",
     .methods = WEB_GET | WEB_POST,
     .body_most = FORM_BODY_MOST,
     .proof = WEB_PROOF_BODY, /* what nudged-web has no key for, the daemon may know */
     .name = "unsubscribe",
     .admit = page_route_admit,
     .serve = page_route_serve},
    {.path = "/p/*",
     .methods = WEB_GET | WEB_POST,
     .body_most = FORM_BODY_MOST,
     .proof = WEB_PROOF_BODY,
     .name = "preferences",
     .admit = page_route_admit,
     .serve = page_route_serve},
    {.path = "/c/*",
     .methods = WEB_GET | WEB_POST,
     .body_most = FORM_BODY_MOST,
     .proof = WEB_PROOF_BODY,
     .name = "confirm",
     .admit = page_route_admit,
     .serve = page_route_serve},
    {0},
};

const struct web_route *web_route_find(const struct web_route *routes, const char *path,
                                       const char **rest)
{
    *rest = "";
    for (; routes->path; routes++) {
        size_t length = strlen(routes->path) - 1;
        if (routes->path[length] != '*') {
            if (strcmp(routes->path, path) == 0)
                return routes;
        } else if (strncmp(routes->path, path, length) == 0 && path[length] &&
                   !strchr(path + length, '/')) {
            *rest = path + length;
            return routes;
        }
    }
    return NULL;
}
