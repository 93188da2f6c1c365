"""What is aimed at, and by which row of which benchmark it is told whether it is reached."""

import re

# What, benchmark, the row (a regular expression of its name), least or most, and the unit that is shown.
AIMS = [
    ("messages over SMTP, of `smtp-source -d -s 20`", "pipeline", "smtp-source -d: nudged to it", "least", 0.4, ""),
    ("… to BullMQ with nodemailer and liquidjs", "pipeline", "BullMQ: nudged to it", "least", 9, " times"),
    ("… to the best of two Node processes", "pipeline", "the best of two processes: nudged to it", "least", 3,
     " times"),
    ("a message, the daemon's processor time", "pipeline", "nudged: its processes", "most", 150, " µs"),
    ("a message, Redis' processor time", "pipeline", "nudged: Redis", "most", 70, " µs"),
    ("messages over HTTP, to two Node processes with undici", "http", "two Node processes: nudged to it", "least", 3,
     " times"),
    ("a gateway 20 ms away, 200 connections: of connections ÷ latency, SMTP", "slow",
     "smtp 20 ms, 200 connections: of the most", "least", 0.9, ""),
    ("… HTTP", "slow", "http 20 ms, 200 connections: of the most", "least", 0.9, ""),
    ("… resident memory at its most, SMTP", "slow", "smtp 20 ms, 200 connections: peak", "most", 40, " MB"),
    ("… HTTP", "slow", "http 20 ms, 200 connections: peak", "most", 40, " MB"),
    ("events that nobody reads, of the lesser of 60,000 a second and 0.8 of a bare loop", "intake",
     "nudged, an id: of the aim", "least", 1, ""),
    ("50 events a second: median", "latency", "nudged: median", "most", 1.5, " ms"),
    ("… 99 of 100", "latency", "nudged: 99 %", "most", 6, " ms"),
    ("idle: anonymous memory", "idle", "nudged: anonymous", "most", 8, " MB"),
    ("… wake-ups in a minute (a lease every 3 s: a timer, and Redis' answer)", "idle", "nudged: wake-ups", "most", 60,
     ""),
    ("50,000 events wait: anonymous memory", "backlog", "50,000 wait: most anonymous", "most", 20, " MB"),
    ("50,000 messages wait: anonymous memory", "backlog", "50,000 messages wait: most anonymous", "most", 20, " MB"),
    ("500,000 wait: the rate, of that at 1,000", "backlog", "500,000 wait: of the first", "least", 0.9, ""),
    ("10,000 rules: the rate, of that with ten", "scale", "10,000 rules: of the small one", "least", 0.8, ""),
    ("very many customers with timers: the rate of first orders, of that with 20,000", "scale",
     "[0-9,]+ customers with timers: of the small one", "least", 0.8, ""),
    ("reload of 1,000 rules and 300 templates: longest pause", "reload", "a reload: longest pause", "most", 20, " ms"),
    ("… anonymous memory, of that before", "reload", "anonymous memory after, of before", "most", 1.1, ""),
]


def standing(found, shown):
    """Lines of Markdown on those aims whose benchmarks were run: `found` is benchmark → row → value."""
    lines = []
    for what, bench, pattern, bound, aim, unit in AIMS:
        for name, value in found.get(bench, {}).items():
            if re.fullmatch(pattern, name):
                reached = float(value) >= aim if bound == "least" else float(value) <= aim
                sign, told = "≥" if bound == "least" else "≤", "yes" if reached else "no"
                lines.append(f"| {what} | {sign} {aim}{unit} | {shown(value)}{unit} | {told} | `{bench}` |")
    return ["| what | aim | found | reached | by |", "| --- | ---: | ---: | --- | --- |", *lines] if lines else []
