"""What functional tests share: a real Redis, SMTP server and HTTP server on loopback, and
the daemon under test, each started by the test and ended by it.

Nothing here sleeps for a fixed time: `wait_until` asks again until what it waits for is
there, and fails with what it saw when it is not."""

import concurrent.futures
import email
import email.policy
import http.client
import http.server
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import pytest
import redis
import yaml
from aiosmtpd.smtp import SMTP

SOURCE = pathlib.Path(os.environ.get("NUDGED_SOURCE", pathlib.Path(__file__).parents[2]))
BUILD = pathlib.Path(os.environ.get("NUDGED_BUILD", SOURCE / "build-test"))
REDIS_SERVER = os.environ.get("NUDGED_REDIS_SERVER", "redis-server")  # or valkey-server
TOLD_ALONE = {"says-no", "says-yes", "branch", "share", "stays", "matched"}
RIGHTS = os.environ.get("NUDGED_REDIS_RIGHTS", "")  # words of ACL SETUSER: nudged logs in as a user with these
RIGHTS_PASSWORD = "only-for-tests"
PATIENCE = int(os.environ.get("NUDGED_PATIENCE", "60"))  # seconds until a test gives up; a slow machine, not a rule


def wait_until(condition, what, patience=PATIENCE):
    """The first true value of `condition()`. `what` may be a function: what is to be shown is known at the end."""
    end = time.monotonic() + patience
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            pytest.fail(f"waited {patience} s for {what() if callable(what) else what}")
        pause.wait(0.02)


class RedisServer:
    """A redis-server on a Unix socket. `stop` and `start` again keep the data."""

    def __init__(self, folder):
        self.folder = folder
        self.path = str(folder / "redis.sock")
        self.url = f"unix://{self.path}"
        self.process, self.kept = None, 0
        if RIGHTS:
            self.url += f"?user=nudged&password={RIGHTS_PASSWORD}"

    def start(self, environment=None):
        self.process = subprocess.Popen(
            [REDIS_SERVER, "--port", "0", "--unixsocket", self.path, "--dir", str(self.folder),
             "--appendonly", "yes", "--appendfsync", "no", "--save", "",
             "--maxmemory-policy", "noeviction", "--daemonize", "no", *self.users()],
            stdout=subprocess.DEVNULL, env={**os.environ, **(environment or {})},
        )
        self.client = redis.Redis(unix_socket_path=self.path)

        def answers():
            try:
                return self.client.ping()
            except redis.exceptions.ConnectionError:
                return False

        wait_until(answers, "redis-server")
        return self

    def users(self):
        """What makes a user of the rights that the daemon is to have no more than, if it is to."""
        if not RIGHTS:
            return []
        file = self.folder / "users.acl"
        file.write_text(f"user default on nopass ~* &* +@all\nuser nudged >{RIGHTS_PASSWORD} {RIGHTS}\n")
        return ["--aclfile", str(file)]

    def keep(self):
        """What it has written by now, for lose()."""
        self.kept += 1
        return shutil.copytree(self.folder / "appendonlydir", self.folder / f"kept{self.kept}")

    def lose(self, kept):
        """It dies, and begins again with what it had written then."""
        self.stop(signal.SIGKILL)
        shutil.rmtree(self.folder / "appendonlydir")
        shutil.copytree(kept, self.folder / "appendonlydir")
        return self.start()

    def denied(self):
        """What the user `nudged` was not allowed: of each kind once."""
        return [entry["object"] for entry in self.client.acl_log() if entry["username"] == "nudged"]

    def stop(self, how=signal.SIGTERM):
        if self.process:
            denied = self.denied() if RIGHTS and how == signal.SIGTERM else []
            self.client.close()
            self.process.send_signal(how)
            self.process.wait()
            self.process = None
            assert not denied, f"no right to: {denied}"


class SmtpServer:
    """aiosmtpd on a port of the kernel's choice; each mail goes into a queue.

    `answers`: a function of the envelope that may return another reply than 250; `greylisting`: each
    recipient is put off, which says nothing against the server."""

    def __init__(self):
        self.mails = queue.Queue()
        self.answers = lambda envelope: "250 taken"
        self.greylisting = False
        self.blocking = False
        self.loop_ready = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        assert self.loop_ready.wait(PATIENCE)

    def _run(self):
        import asyncio

        self.loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self.loop)

        async def begin():
            self.server = await self.loop.create_server(
                lambda: SMTP(self, hostname="sink.example", enable_SMTPUTF8=True, loop=self.loop),
                "127.0.0.1", 0)
            self.port = self.server.sockets[0].getsockname()[1]

        self.loop.run_until_complete(begin())
        self.loop.call_soon(self.loop_ready.set)  # once it runs for ever: stop() ends that
        self.loop.run_forever()

    def slow(self):
        """From now on `answers` may block: each mail waits for it in a thread of its own."""
        self.blocking = True

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.greylisting:
            return "450 4.2.0 greylisted"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server, session, envelope):
        if self.blocking:
            answer = await self.loop.run_in_executor(None, self.answers, envelope)
        else:
            answer = self.answers(envelope)
        if answer.startswith("250"):
            self.mails.put(envelope)
        return answer

    def stop(self):
        def end():
            self.server.close()
            self.loop.stop()

        self.loop.call_soon_threadsafe(end)
        self.thread.join(PATIENCE)

    def next_mail(self):
        """The next mail, parsed by Python's own reader."""
        return parse(self.mails.get(timeout=PATIENCE).content)

    def all_mails(self):
        mails = []
        while not self.mails.empty():
            mails.append(parse(self.mails.get_nowait().content))
        return mails


class HttpServer:
    """http.server on a port of the kernel's choice; each request goes into a queue.
    `status`: what is answered."""

    def __init__(self):
        self.requests = queue.Queue()
        self.status = 202
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                owner.requests.put((self.path, dict(self.headers), body))
                self.send_response(owner.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(PATIENCE)


def parse(content):
    return email.message_from_bytes(content, policy=email.policy.default)


class Daemon:
    """One nudged with a folder of its own for its log; `config` overrides the shop's."""

    def __init__(self, shop, name, **config):
        self.shop, self.name = shop, name
        self.config = shop.folder / f"{name}.yaml"
        self.socket = str(shop.folder / f"{name}.sock")
        self.log_path = shop.folder / f"{name}.log"
        settings = {**shop.config, "instance": name, "admin": {"socket": self.socket}, **config}
        self.config.write_text(yaml.safe_dump(settings, allow_unicode=True, sort_keys=False))
        self.process = None

    def spawn(self, failpoints="", wait=True):
        environment = {**os.environ, "NUDGED_FAILPOINTS": failpoints}
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([BUILD / "nudged", "--config", self.config],
                                            stdout=log, stderr=log, env=environment)
        if wait:
            self.wait_healthy()
        return self

    def wait_healthy(self):
        def healthy():
            assert self.process.poll() is None, self.log()
            return self.ask("GET", "/health")[0] == 200

        wait_until(healthy, f"{self.name} to be well:\n{self.log()}")

    def ask(self, method, path):
        connection = http.client.HTTPConnection("localhost", timeout=PATIENCE)
        try:
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(self.socket)
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()

    def figure(self, name, **labels):
        """What /metrics says of a figure: the sum of its series with these labels."""
        text, found = self.ask("GET", "/metrics")[1], []
        for line in text.splitlines():
            series = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
            if series and series[1] == name:
                told = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', series[2] or ""))
                if labels.items() <= told.items():
                    found.append(float(series[3]))
        assert f"# TYPE {name} " in text, name
        return sum(found)

    def status(self):
        return json.loads(self.ask("GET", "/status")[1])

    def log(self):
        return self.log_path.read_text() if self.log_path.exists() else ""

    def kill(self):
        self.process.kill()
        assert self.ended() == -signal.SIGKILL

    def lapse(self):
        """Its lease is over, and has been for so long that others take over what it had, which else
        takes twenty seconds."""
        client, lease = self.shop.client, f"nudged:instance:{self.name}"
        if epoch := client.get(lease):
            client.hset("nudged:gone", f"{self.name}:{epoch.decode()}", 1)
            client.delete(lease)

    def outlast(self):
        """It stands still: until its lease is over by its own clock too, and then as if for long."""
        client, lease = self.shop.client, f"nudged:instance:{self.name}"
        epoch = client.get(lease)
        wait_until(lambda: not client.exists(lease), "the end of its lease")
        if epoch:
            client.hset("nudged:gone", f"{self.name}:{epoch.decode()}", 1)

    def ended(self):
        """The exit status of a daemon that ends by itself."""
        status = self.process.wait(PATIENCE)
        self.process = None
        return status

    def stop(self):
        """SIGTERM; the exit status, which is 0 also under the sanitizers."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
        if self.process:
            status = self.process.wait(PATIENCE)
            self.process = None
            return status
        return 0


def is_stopped(daemon):
    """By SIGSTOP, as a fail-point does it."""
    with open(f"/proc/{daemon.process.pid}/stat") as stat:
        return stat.read().rsplit(")", 1)[1].split()[0] == "T"


def refusals(client, kind):
    """How often Redis has answered with this error since it runs."""
    told = client.info("errorstats").get(f"errorstat_{kind}", "count=0")  # some versions of the client parse it
    return int(told["count"] if isinstance(told, dict) else told.removeprefix("count="))


class Core(yaml.SafeLoader):
    """YAML 1.2's core schema, as nudged reads it: `on` is a text."""


Core.yaml_implicit_resolvers = {
    letter: [(tag, form) for tag, form in forms if tag != "tag:yaml.org,2002:bool" or letter in "tTfF"]
    for letter, forms in yaml.SafeLoader.yaml_implicit_resolvers.items()}


def shipped_config():
    """The configuration that comes with nudged."""
    return yaml.load((SOURCE / "nudged.yaml").read_text(), Core)


class Shop:
    """A folder with rules, templates and a configuration; what was started for it."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "rules").mkdir()
        (folder / "templates").mkdir()
        self.started = []
        self.config = {
            "state": str(folder / "state"), "rules": str(folder / "rules"),
            "templates": str(folder / "templates"), "timers": {"settle": "0s"},
            "shop": {"name": "Ceai & Cărți", "locale": "en", "timezone": "UTC"},
            "mail": {"from": "Shop <mail@shop.example>"},
        }

    def add(self, thing):
        self.started.append(thing)
        return thing

    def use_shipped(self, folder=SOURCE):
        """The rules and templates that come with nudged, and what they need of its configuration."""
        self.config["rules"], self.config["templates"] = str(folder / "rules"), str(folder / "templates")
        shipped = shipped_config()
        for key in ("topics", "segments", "customer"):
            if key in shipped:
                self.config[key] = shipped[key]
        for key in ("unsubscribe_url", "confirm_url"):
            self.config["mail"][key] = shipped["mail"][key]
        self.config["shop"] = {**shipped["shop"], **self.config["shop"]}

    def redis(self, kind=None):
        server = self.add((kind or RedisServer)(self.folder).start())
        self.config["redis"] = {"url": server.url}
        self.client = server.client
        return server

    def smtp(self, **gateway):
        server = self.add(SmtpServer())
        self.config["gateways"] = {"smtp": {
            "kind": "smtp", "host": "127.0.0.1", "port": server.port, "tls": "never", **gateway}}
        return server

    def http(self):
        return self.add(HttpServer())

    def daemon(self, name="one", **config):
        return self.add(Daemon(self, name, **config))

    def rules(self, text, name="rules.yaml"):
        (self.folder / "rules" / name).write_text(text)

    def template(self, name, text):
        path = self.folder / "templates" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def push(self, *events):
        pipe = self.client.pipeline(transaction=False)
        for event in events:
            body = event if isinstance(event, (str, bytes)) else json.dumps(event)
            pipe.xadd("nudged:events", {"event": body})
        return pipe.execute()

    def idle(self):
        """No event is left, nobody waits for room or is in hand, and no message: asked for in the order
        in which things go, or what goes on meanwhile would be seen in neither place."""
        client = self.client
        return (client.xlen("nudged:events") == 0
                and not client.exists("nudged:full:marketing", "nudged:full:transactional")
                and client.zcard("nudged:taken") == 0
                and not client.exists("nudged:inbox") and not any(client.scan_iter("nudged:begun:*"))
                and sum(client.xlen(key) for key in client.scan_iter("nudged:outbox:*")) == 0)

    def wait_idle(self, patience=PATIENCE):
        wait_until(self.idle, "the daemon to have nothing left to do", patience)

    def trace(self, customer):
        """What was done for the customer, oldest first: (rule, what, why). What only tells how things
        came is left out."""
        return self.trace_at("nudged", customer)

    def trace_at(self, prefix, customer):
        lines = self.client.lrange(f"{prefix}:trace:{customer}", 0, -1)
        return [(item.get("rule"), item["what"], item.get("why"))
                for line in reversed(lines) for item in json.loads(line)["did"] if item["what"] not in TOLD_ALONE]

    def dead(self):
        return [{key.decode(): value for key, value in fields.items()}
                for _, fields in self.client.xrange("nudged:dead")]

    def ctl(self, *arguments, stdin=None, config=None):
        """nudgectl with the first daemon's configuration: (status, output, errors)."""
        if config is None:
            daemons = [thing for thing in self.started if isinstance(thing, Daemon)]
            config = daemons[0].config
        done = subprocess.run([BUILD / "nudgectl", "--config", config, *arguments], input=stdin,
                              capture_output=True, text=True, timeout=PATIENCE)
        return done.returncode, done.stdout, done.stderr

    def ctl_side_by_side(self, *commands, **how):
        """The same of many commands that wait for something at the same time."""
        with concurrent.futures.ThreadPoolExecutor(len(commands)) as pool:
            return list(pool.map(lambda command: self.ctl(*command, **how), commands))

    def close(self):
        """Ends everything, the last first. A daemon that still runs must end well."""
        failed = []
        for thing in reversed(self.started):
            if isinstance(thing, Daemon) and thing.process:
                status = thing.stop()
                if status != 0:
                    failed.append(f"{thing.name} ended with {status}:\n{thing.log()}")
            elif not isinstance(thing, Daemon):
                thing.stop()
        assert not failed, "\n".join(failed)


class Gate:
    """A fail-point at which the daemon waits until it is let through: `action` arms it. Made
    after the daemon, it is opened before that is ended."""

    def __init__(self, shop, name="gate"):
        self.path = shop.folder / name
        self.path.touch()
        self.action = f"wait:{self.path}"
        shop.add(self)

    def wait(self):
        reached = pathlib.Path(f"{self.path}.reached")
        wait_until(reached.exists, f"the daemon at {self.path.name}")

    def open(self):
        self.path.unlink(missing_ok=True)

    stop = open


@pytest.fixture
def shop():
    # A short path: a Unix socket's has 107 bytes at most.
    with tempfile.TemporaryDirectory(prefix="nudged-") as folder:
        shop = Shop(pathlib.Path(folder))
        yield shop
        shop.close()
