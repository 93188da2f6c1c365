"""Messages per second through gateways that take their time: 0, 20 and 100 ms for each, SMTP and HTTP,
32 connections; and what connections ÷ latency would be. Then ten gateways, each with a channel of its
own, of which one never answers: what that costs the other nine.

The events are in the stream before the daemon starts; the time counts from the first messages sent to
the last."""

import http.client
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

CONNECTIONS = 32
MESSAGES = {0: 20000, 20: 10000, 100: 3000}  # by the latency in ms
GATEWAYS, EACH, LATENCY_MS = 10, 600, 20
BUILD = pathlib.Path(os.environ["NUDGED_BUILD"])


def until(condition, seconds=180):
    end, pause = time.monotonic() + seconds, threading.Event()
    while time.monotonic() < end:
        try:
            if condition():
                return
        except OSError:
            pass
        pause.wait(0.002)
    sys.exit("bench_delivery: waited too long")


class Sink:
    def __init__(self, kind, ms):
        self.process = subprocess.Popen([BUILD / "tests/bench/slow_sink", kind, str(ms)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.port, self.kind = int(self.process.stdout.readline()), kind

    def gateway(self, connections):
        if self.kind == "http":
            return {"kind": "http", "url": f"http://127.0.0.1:{self.port}/send", "body": "api.json.liquid",
                    "connections": connections}
        return {"kind": "smtp", "host": "127.0.0.1", "port": self.port, "tls": "never", "connections": connections}

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


class Run:
    """A Redis and a daemon; each gateway has a channel and a type of event of its name."""

    def __init__(self, folder, sinks, connections):
        self.folder, self.names = pathlib.Path(folder), list(sinks)
        self.redis = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", f"{folder}/r.sock",
                                       "--appendonly", "yes", "--dir", folder, "--save", ""], stdout=subprocess.DEVNULL)
        until(lambda: socket.socket(socket.AF_UNIX).connect(f"{folder}/r.sock") is None)
        for name in ("rules", "templates"):
            (self.folder / name).mkdir()
        self.write(sinks, connections)
        self.daemon = None

    def write(self, sinks, connections):
        folder = self.folder
        rule = "{{name: {0}, class: transactional, on: {0}, send: {{template: m, via: {0}, to: customer.email}}}}"
        (folder / "rules/r.yaml").write_text("\n---\n".join(rule.format(name) for name in sinks))
        (folder / "templates/m.text.liquid").write_text("---\nsubject: order {{ n }}\n---\n" + "a few words of tea\n" * 20)
        (folder / "templates/api.json.liquid").write_text('{"to": {{ message.to | json }}, "text": {{ message.text | json }}}')
        kinds = {name: "text" if sink.kind == "http" else "mail" for name, sink in sinks.items()}
        (folder / "n.yaml").write_text(json.dumps({
            "state": f"{folder}/state", "redis": {"url": f"unix://{folder}/r.sock"}, "log": {"level": "error"},
            "events": {"batch": 500}, "mail": {"from": "a@shop.example"}, "admin": {"socket": f"{folder}/a.sock"},
            "gateways": {name: sink.gateway(connections) for name, sink in sinks.items()},
            "channels": {name: {"kind": kinds[name], "gateways": name} for name in sinks}}))

    def push(self, count):
        """`count` events of each name, in turn: RESP by hand, so that it costs little."""
        client = socket.socket(socket.AF_UNIX)
        client.connect(f"{self.folder}/r.sock")
        reader = threading.Thread(target=lambda: [None for _ in iter(lambda: client.recv(1 << 16), b"")], daemon=True)
        reader.start()
        commands = []
        for n in range(count):
            for name in self.names:
                body = json.dumps({"type": name, "id": f"{name}-{n}", "n": n,
                                   "customer": {"id": f"{name}-{n}", "email": f"c{n}@{name}.example"}}).encode()
                commands.append(b"*5\r\n$4\r\nXADD\r\n$13\r\nnudged:events\r\n$1\r\n*\r\n$5\r\nevent\r\n$%d\r\n%s\r\n"
                                % (len(body), body))
        client.sendall(b"".join(commands))
        client.shutdown(socket.SHUT_WR)
        reader.join(60)
        client.close()

    def sent(self):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(f"{self.folder}/a.sock")
        connection.request("GET", "/status")
        body = json.loads(connection.getresponse().read())
        connection.close()
        return body["sent"]

    def rate(self, wanted):
        """Messages a second, from the first tenth to the last."""
        self.daemon = subprocess.Popen([BUILD / "nudged", "--config", self.folder / "n.yaml"])
        until(lambda: self.sent() >= wanted // 10)
        first, begin = self.sent(), time.monotonic()
        until(lambda: self.sent() >= wanted)
        return (wanted - first) / (time.monotonic() - begin)

    def stop(self):
        if self.daemon:
            self.daemon.send_signal(signal.SIGTERM)
            try:
                self.daemon.wait(3)  # what hangs in a gateway that is dead is not waited for
            except subprocess.TimeoutExpired:
                self.daemon.kill()
                self.daemon.wait()
        self.redis.kill()
        self.redis.wait()


def measure(kinds, count, connections, wanted):
    """`kinds`: name → (kind, ms)."""
    sinks = {name: Sink(*how) for name, how in kinds.items()}
    with tempfile.TemporaryDirectory(prefix="nudged-bench-") as folder:
        run = Run(folder, sinks, connections)
        try:
            run.push(count)
            return run.rate(wanted)
        finally:
            run.stop()
            for sink in sinks.values():
                sink.stop()


def main():
    for kind in ("smtp", "http"):
        for ms, count in MESSAGES.items():
            rate = measure({"sink": (kind, ms)}, count, CONNECTIONS, count)
            print(f"delivery_{kind}_{ms}ms\t{rate:.0f}\tmessages/s", flush=True)
            if ms:
                print(f"delivery_{kind}_{ms}ms_ratio\t{rate * ms / 1000 / CONNECTIONS:.3f}\tof connections ÷ latency",
                      flush=True)
    for kind in ("smtp", "http"):
        all_well = {f"g{n}": (kind, LATENCY_MS) for n in range(GATEWAYS)}
        one_dead = {**all_well, "g0": ("dead", 0)}
        others = EACH * (GATEWAYS - 1)
        well = measure(dict(list(all_well.items())[1:]), EACH, 4, others)
        dead = measure(one_dead, EACH, 4, others)
        print(f"delivery_{kind}_nine\t{well:.0f}\tmessages/s", flush=True)
        print(f"delivery_{kind}_nine_beside_a_dead\t{dead:.0f}\tmessages/s", flush=True)
        print(f"delivery_{kind}_dead_ratio\t{dead / well:.3f}\tof the rate without it", flush=True)


if __name__ == "__main__":
    main()
