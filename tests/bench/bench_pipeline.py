"""Messages per second, from events in Redis' stream to Postfix's smtp-sink, and what
smtp-source reaches with the same size and number of connections on the same machine in
the same run.

The events are in the stream before the daemon starts; the time counts from the first
message that is sent to the last. The processor's time for each message is told apart by
who had it: it depends less on what else the machine does."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import http.client

EVENTS = int(os.environ.get("BENCH_MESSAGES", 20000))
CUSTOMERS = 2000
CONNECTIONS = 32
ROUNDS = 3  # of smtp-source, before and after: the machine is shared
build = pathlib.Path(os.environ["NUDGED_BUILD"])

TEMPLATE = """---
subject: "Thank you, {{ customer.first_name }}: order {{ order.number }}"
layout: none
---
<html><body>{% for item in order.items %}<p>{{ item.title }}: {{ item.price }}</p>{% endfor %}
<p>""" + "A few words about tea, and why it is good to drink it slowly. " * 40 + "</p></body></html>\n"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_sink():
    port = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    sink = subprocess.Popen(["smtp-sink", *user, f"127.0.0.1:{port}", "1024"],
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: socket.create_connection(("127.0.0.1", port), 1).close() is None)
    return sink, port


def until(condition, seconds=120):
    end, pause = time.monotonic() + seconds, threading.Event()
    while time.monotonic() < end:
        try:
            if condition():
                return
        except OSError:
            pass
        pause.wait(0.005)
    sys.exit("bench_pipeline: waited too long")


def smtp_source(port, size):
    begin = time.monotonic()
    subprocess.run(["smtp-source", "-d", "-s", str(CONNECTIONS), "-m", str(EVENTS), "-l", str(size),
                    "-f", "a@shop.example", "-t", "b@shop.example", f"127.0.0.1:{port}"], check=True)
    return EVENTS / (time.monotonic() - begin)


def event(number):
    return json.dumps({
        "type": "order.placed", "id": f"o{number}",
        "customer": {"id": number % CUSTOMERS, "email": f"c{number % CUSTOMERS}@example.com",
                     "first_name": "Ștefan", "locale": "ro", "accepts_marketing": True},
        "order": {"number": str(number), "total": 64.9, "currency": "EUR",
                  "items": [{"sku": "TEA-1", "title": "Mountain tea", "price": 12.5}] * 3}})


def push(path):
    """All events in one write: RESP by hand, so that the pushing costs little."""
    client = socket.socket(socket.AF_UNIX)
    client.connect(path)

    def command(*words):
        words = [word.encode() for word in words]
        return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)

    reader = threading.Thread(target=lambda: [client.recv(1 << 16) for _ in iter(
        lambda: client.recv(1, socket.MSG_PEEK), b"")], daemon=True)
    reader.start()
    client.sendall(b"".join(command("XADD", "nudged:events", "*", "event", event(n))
                            for n in range(EVENTS)))
    client.shutdown(socket.SHUT_WR)
    reader.join(30)
    client.close()


def ask(path, what):
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(path)
    connection.request("GET", what)
    body = connection.getresponse().read()
    connection.close()
    return body


def own_time_us(pid, thread="*"):
    """What the threads of a process had of the processor so far (proc(5), schedstat)."""
    ran = 0
    for task in pathlib.Path(f"/proc/{pid}/task").glob(thread):
        ran += int((task / "schedstat").read_text().split()[0])
    return ran / 1000


def script_calls(path):
    """Calls of scripts that Redis ran so far: how well batches are filled."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(path)
        client.sendall(b"INFO commandstats\r\n")
        said = client.recv(1 << 16).decode()
    return sum(int(line.split("calls=")[1].split(",")[0]) for line in said.splitlines()
               if line.startswith("cmdstat_evalsha"))


def costs(daemon, redis, sink, path):
    """Rows of what has been used up to now, to be divided by the messages."""
    loop = own_time_us(daemon, str(daemon))
    return {"loop": (loop, "µs"), "senders": (own_time_us(daemon) - loop, "µs"),
            "redis": (own_time_us(redis, str(redis)), "µs"),
            "sink": (own_time_us(sink), "µs"), "scripts": (script_calls(path), "calls")}


def nudged(folder, sink, port):
    redis = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", f"{folder}/r.sock",
                              "--appendonly", "yes", "--dir", str(folder), "--save", ""],
                             stdout=subprocess.DEVNULL)
    until(lambda: socket.socket(socket.AF_UNIX).connect(f"{folder}/r.sock") is None)
    (folder / "rules").mkdir()
    (folder / "templates").mkdir()
    (folder / "rules/r.yaml").write_text(
        "{name: thanks, class: transactional, on: order.placed, if: order.total > 10, send: thanks}")
    (folder / "templates/thanks.html.liquid").write_text(TEMPLATE)
    (folder / "n.yaml").write_text(json.dumps({
        "state": str(folder / "state"), "redis": {"url": f"unix://{folder}/r.sock"},
        "log": {"level": "warning"}, "events": {"batch": 500},
        "mail": {"from": "a@shop.example"}, "admin": {"socket": f"{folder}/a.sock"},
        "gateways": {"sink": {"kind": "smtp", "host": "127.0.0.1", "port": port, "tls": "never",
                              "connections": CONNECTIONS}}}))
    push(f"{folder}/r.sock")
    daemon = subprocess.Popen([build / "nudged", "--config", folder / "n.yaml"])
    sent = lambda: json.loads(ask(f"{folder}/a.sock", "/status"))["sent"]
    try:
        until(lambda: sent() > 0)
        spent = lambda: costs(daemon.pid, redis.pid, sink.pid, f"{folder}/r.sock")
        first, before, begin = sent(), spent(), time.monotonic()
        until(lambda: sent() >= EVENTS)
        each = EVENTS - first
        rate, after = each / (time.monotonic() - begin), spent()
        return rate, {name: ((value - before[name][0]) / each, unit)
                      for name, (value, unit) in after.items()}
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.wait()
        redis.terminate()
        redis.wait()


def main():
    sink, port = start_sink()
    try:
        size = len(TEMPLATE) * 2  # both parts
        before = [smtp_source(port, size) for _ in range(ROUNDS)]
        with tempfile.TemporaryDirectory(prefix="nudged-bench-") as folder:
            ours, each = nudged(pathlib.Path(folder), sink, port)
        after = [smtp_source(port, size) for _ in range(ROUNDS)]
    finally:
        sink.terminate()
        sink.wait()
    theirs = sorted(before + after)[ROUNDS]
    print(f"pipeline_messages\t{ours:.0f}\tmessages/s")
    print(f"pipeline_smtp_source\t{theirs:.0f}\tmessages/s")
    print(f"pipeline_ratio\t{ours / theirs:.3f}\tof smtp-source")
    for name, (value, unit) in each.items():
        print(f"pipeline_each_{name}\t{value:.2f}\t{unit}")


if __name__ == "__main__":
    main()
