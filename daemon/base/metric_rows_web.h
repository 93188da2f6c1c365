/* Figures of what is open to the web: rows of base/metric_rows.h. */
#ifndef NUDGED_BASE_METRIC_ROWS_WEB_H
#define NUDGED_BASE_METRIC_ROWS_WEB_H

#define METRICS_OF_WEB(X)                                                               \
    X(WEB_CONFIGURED, "nudged_web_configured", GAUGE, COUNT, "",                        \
      "1 where something is to be open to the web")                                     \
    X(WEB_UP, "nudged_web_up", GAUGE, COUNT, "", "1 where a nudged-web takes requests") \
    X(WEB_REQUESTS, "nudged_web_requests_total", COUNTER, COUNT, "route,status",        \
      "requests from the web that were answered")                                       \
    X(WEB_REFUSED, "nudged_web_refused_total", COUNTER, COUNT, "reason",                \
      "requests and connections from the web that were refused")                        \
    X(WEB_EVENTS, "nudged_web_events_total", COUNTER, COUNT, "",                        \
      "events from the web that Redis has")                                             \
    X(WEB_CONNECTIONS, "nudged_web_connections", GAUGE, COUNT, "", "connections from the web")

#endif
