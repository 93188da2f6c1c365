"""Messages a second from events in Redis to nginx: the shop of `pipeline`, whose messages go as JSON over 20
connections. In the same rounds two Node processes that read the stream themselves and post with undici."""

from contest import node, nudged
from figures import count, ratios, rounds, row
from npm_peers import npm_peers
from place import Nginx

MESSAGES = count(20000, "BENCH_MESSAGES")
CONNECTIONS = 20
COLUMNS = {"messages": ("messages", "1/s"), "processes": ("its processes", "µs"), "redis": ("Redis", "µs"),
           "sink": ("nginx", "µs"), "resident": ("resident", "MB")}


def main():
    modules = npm_peers()
    ways = {"nudged": lambda: nudged(MESSAGES, Nginx, CONNECTIONS)}
    if modules:
        ways["two Node processes"] = lambda: node(modules, 2, MESSAGES // 2, Nginx, "http", CONNECTIONS)
    found = rounds(ways)
    for name, figures in found.items():
        for figure, (column, unit) in COLUMNS.items():
            row(f"{name}: {column}", figures[figure], unit)
    if modules:
        row("two Node processes: nudged to it", ratios(found["nudged"]["messages"],
                                                       found["two Node processes"]["messages"]), "times")
    row("a message, loop", found["nudged"]["loop"], "µs")
    row("a message, senders", found["nudged"]["senders"], "µs")


if __name__ == "__main__":
    main()
