/*
 * Every figure, in four tables: its name, as Prometheus knows it, its labels and its meaning.
 * docs/reference.md prints the table.
 *
 * Names: nudged_…, in base units (seconds, bytes), counters with _total. What a figure is counted
 * over stands in its help where it is more than this daemon.
 */
#ifndef NUDGED_BASE_METRIC_ROWS_H
#define NUDGED_BASE_METRIC_ROWS_H

#include "base/metric_rows_events.h"
#include "base/metric_rows_messages.h"
#include "base/metric_rows_state.h"
#include "base/metric_rows_web.h"

/* X(NAME, "exposed_name", COUNTER | GAUGE | HISTOGRAM, COUNT | MS | US, "labels", "help")
 *
 * COUNT, MS, US: what the figure is kept in; the latter two are told as seconds. A histogram is
 * kept in US. Labels are joined by commas; "": none. */
#define METRICS(X) METRICS_OF_EVENTS(X) METRICS_OF_MESSAGES(X) METRICS_OF_WEB(X) METRICS_OF_STATE(X)

#endif
