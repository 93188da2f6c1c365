"""Where a benchmark takes place: a Redis, Postfix's smtp-sink or another gateway, a daemon; each on a Unix socket or
on the loopback interface, in a folder of its own that goes with it."""

import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import threading

from figures import BUILD, until
from processes import Process


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Folder:
    """A temporary folder, with the processes that were started in it."""

    def __init__(self):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="nudged-bench-"))
        self.started = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        for one in reversed(self.started):
            one.end()
        shutil.rmtree(self.path, ignore_errors=True)

    def start(self, process):
        """A process, or a folder within."""
        self.started.append(process)
        return process

    def write(self, name, text):
        (self.path / name).parent.mkdir(parents=True, exist_ok=True)
        (self.path / name).write_text(text)


class Redis(Process):
    """A Redis as docs/operations.md asks for it: with an append-only file, written once a second. It is not
    rewritten during a run, which would fall into some runs and not into others."""

    def __init__(self, folder):
        self.socket = f"{folder}/redis.sock"
        super().__init__(["redis-server", "--port", "0", "--unixsocket", self.socket, "--dir", folder, "--save", "",
                          "--appendonly", "yes", "--auto-aof-rewrite-percentage", "0",
                          "--maxmemory-policy", "noeviction"])
        until(lambda: self.ask("PING").startswith("+PONG"), "Redis")

    def connect(self):
        client = socket.socket(socket.AF_UNIX)
        client.connect(self.socket)
        return client

    def ask(self, *words):
        """The answer to a command of few words, as it comes over the wire."""
        with self.connect() as client:
            client.sendall(resp(*words))
            answer = client.recv(1 << 16)
            if answer[:1] == b"$" and int(answer[1:answer.index(b"\r\n")]) > 0:
                whole = answer.index(b"\r\n") + 4 + int(answer[1:answer.index(b"\r\n")])
                while len(answer) < whole:
                    answer += client.recv(1 << 16)
            return answer.decode()

    def info(self, section):
        return dict(line.split(":", 1) for line in self.ask("INFO", section).splitlines() if ":" in line)

    def used_us(self):
        """Of the whole server, as it counts itself."""
        info = self.info("cpu")
        return (float(info["used_cpu_sys"]) + float(info["used_cpu_user"])) * 1e6

    def calls(self):
        """(scripts, commands that scripts and clients called) so far."""
        scripts = commands = 0
        for name, value in self.info("commandstats").items():
            number = int(value.split("calls=")[1].split(",")[0])
            scripts += number if name == "cmdstat_evalsha" else 0
            commands += number if name != "cmdstat_info" else 0
        return scripts, commands

    def feed(self, commands, at_once=1000):
        """Runs commands, lists of words each, without waiting for each; then waits for all."""
        client, pending = self.connect(), []
        reader = threading.Thread(target=drain, args=(client,), daemon=True)
        reader.start()
        for command in commands:
            pending.append(resp(*command))
            if len(pending) == at_once:
                client.sendall(b"".join(pending))
                pending.clear()
        client.sendall(b"".join(pending))
        client.shutdown(socket.SHUT_WR)
        reader.join(1200)
        client.close()

    def push(self, events, stream="nudged:events"):
        """All of them into the stream."""
        self.feed(("XADD", stream, "*", "event", event) for event in events)


def resp(*words):
    words = [word.encode() if isinstance(word, str) else word for word in words]
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def drain(client):
    while client.recv(1 << 16):
        pass


class SmtpSink(Process):
    """Postfix's smtp-sink, which counts what it took for itself."""

    def __init__(self, folder, *options):
        self.port, self.counts = free_port(), pathlib.Path(folder) / "sink-counts"
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        with open(self.counts, "wb") as counts:
            super().__init__(["smtp-sink", "-c", *user, *options, f"127.0.0.1:{self.port}", "1024"], stdout=counts)
        until(lambda: socket.create_connection(("127.0.0.1", self.port), 1).close() is None, "smtp-sink")

    def settings(self):
        """Of a gateway, for the daemon's configuration."""
        return {"kind": "smtp", "host": "127.0.0.1", "port": self.port, "tls": "never"}

    def taken(self):
        """Messages so far."""
        with open(self.counts, "rb") as counts:
            counts.seek(max(0, os.path.getsize(self.counts) - 200))
            found = re.findall(rb"mesg=(\d+)", counts.read())
        return int(found[-1]) if found else 0


class Nginx(Process):
    """Takes whatever is posted to it, and counts."""

    def __init__(self, folder):
        self.port, self.asked = free_port(), 0
        config = pathlib.Path(folder) / "nginx.conf"
        user = "user root;" if os.geteuid() == 0 else ""
        config.write_text(f"""
            daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log; {user}
            events {{ worker_connections 1024; }}
            http {{
                access_log off; keepalive_requests 1000000; client_body_temp_path {folder}/body;
                proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
                scgi_temp_path {folder}/s;
                server {{
                    listen 127.0.0.1:{self.port};
                    location /send {{ return 202; }}
                    location /count {{ stub_status; }}
                }}
            }}""")
        super().__init__(["nginx", "-p", folder, "-c", config])
        until(lambda: self.taken() == 0, "nginx")

    def settings(self):
        return {"kind": "http", "url": f"http://127.0.0.1:{self.port}/send", "body": "api.json.liquid"}

    def taken(self):
        """Requests so far, but for these questions."""
        with socket.create_connection(("127.0.0.1", self.port), 5) as client:
            client.sendall(b"GET /count HTTP/1.0\r\n\r\n")
            self.asked += 1
            said = b"".join(iter(lambda: client.recv(4096), b""))
        return int(re.search(rb"requests\s+\d+ \d+ (\d+)", said)[1]) - self.asked


class SlowSink(Process):
    """A gateway that takes its time for each message (slow_sink.c), and counts; `dead` never says a word. Into the
    file `arrivals` it writes when each mail came."""

    def __init__(self, kind, ms, *arrivals):
        super().__init__([BUILD / "tests/bench/slow_sink", kind, ms, *arrivals], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True)
        self.port, self.kind = int(self.running.stdout.readline()), kind

    def settings(self):
        if self.kind == "http":
            return {"kind": "http", "url": f"http://127.0.0.1:{self.port}/send", "body": "api.json.liquid"}
        return {"kind": "smtp", "host": "127.0.0.1", "port": self.port, "tls": "never"}

    def taken(self):
        """Messages so far."""
        self.running.stdin.write("?\n")
        self.running.stdin.flush()
        return int(self.running.stdout.readline())


class Nudged(Process):
    """The daemon over `folder`, whose rules and templates are there; `settings` are added to its configuration."""

    def __init__(self, folder, redis, settings, name="nudged", build=None, **options):
        self.admin, secret = f"{folder}/{name}.sock", pathlib.Path(folder) / "secret"
        if not secret.exists():  # that all on this Redis share
            secret.touch(0o600)
            secret.write_text("bench" * 8)
        config = pathlib.Path(folder) / f"{name}.yaml"
        config.write_text(json.dumps({
            "state": f"{folder}/{name}-state", "redis": {"url": f"unix://{redis.socket}"}, "instance": name,
            "secret_file": str(secret),
            "log": {"level": "error"}, "mail": {"from": "a@shop.example"}, "admin": {"socket": self.admin},
            **settings}))
        super().__init__([pathlib.Path(build or BUILD) / "nudged", "--config", config], **options)
        until(lambda: self.ask("/health") is not None, "the daemon")

    def ask(self, what, method="GET"):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(30)
        try:
            connection.sock.connect(self.admin)
            connection.request(method, what)
            return connection.getresponse().read()
        finally:
            connection.close()

    def status(self):
        return json.loads(self.ask("/status"))

    def parts_us(self):
        """(the loop, which is the first thread; the senders, which are all others)."""
        loop = self.main_thread_us()
        return loop, self.used_us() - loop
