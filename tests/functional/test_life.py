"""How the daemon begins and ends: readiness, drain, and what it prints of itself."""

import re
import signal
import socket
import subprocess
import threading

import yaml

from conftest import BUILD, PATIENCE, wait_until

RULES = "{name: hello, class: transactional, on: hello, send: hello}"


def hello(number):
    return {"type": "hello", "customer": {"id": number, "email": f"c{number}@example.com"}}


def hello_shop(shop):
    shop.redis()
    smtp = shop.smtp(connections=2)
    shop.rules(RULES)
    shop.template("hello.text.liquid", "---\nsubject: hello {{ customer.id }}\n---\nhello\n")
    return smtp


def run(*arguments):
    done = subprocess.run([BUILD / "nudged", *arguments], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def test_systemd_is_told(shop, monkeypatch):
    hello_shop(shop)
    path = str(shop.folder / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", path)
        said = []

        def hear(word):
            while not any(word in line for line in said):
                said.extend(manager.recv(4096).decode().splitlines())

        daemon = shop.daemon().spawn()
        hear("READY=1")
        daemon.process.send_signal(signal.SIGHUP)
        hear("RELOADING=1")
        said.clear()
        hear("READY=1")
        assert daemon.stop() == 0
        hear("STOPPING=1")


def test_drain_lets_begun_transfers_end(shop):
    """SIGTERM under load: what was begun ends, the rest stays in the outbox."""
    smtp = hello_shop(shop)
    begun, gate = threading.Semaphore(0), threading.Event()

    def slow(envelope):
        begun.release()
        gate.wait(2 * PATIENCE)
        return "250 taken"

    smtp.answers = slow
    smtp.slow()
    daemon = shop.daemon().spawn()
    shop.push(*[hello(n) for n in range(20)])
    for _ in range(2):
        assert begun.acquire(timeout=60)
    daemon.process.terminate()
    wait_until(lambda: "draining" in daemon.log(), "the drain")
    gate.set()
    assert daemon.ended() == 0
    assert smtp.mails.qsize() == 2
    assert shop.client.xlen("nudged:outbox:email:transactional") == 18
    assert shop.client.xpending("nudged:outbox:email:transactional", "nudged")["pending"] == 0
    daemon.spawn()
    shop.wait_idle()
    subjects = {mail["Subject"] for mail in smtp.all_mails()}
    assert subjects == {f"hello {n}" for n in range(20)}


def test_drain_that_takes_too_long_is_cut(shop):
    """The answer to the final dot never comes: cut, and uncertain."""
    smtp = hello_shop(shop)
    begun, gate = threading.Semaphore(0), threading.Event()

    def silent(envelope):
        begun.release()
        gate.wait(60)
        return "451 4.3.0 too late"

    smtp.answers = silent
    smtp.slow()
    daemon = shop.daemon(drain="100ms").spawn()
    shop.push(hello(1))
    assert begun.acquire(timeout=60)
    daemon.process.terminate()
    ended = daemon.ended()
    gate.set()
    assert ended == 0
    [(mid, _)] = shop.client.zscan_iter("nudged:later")
    assert shop.client.hget(b"nudged:message:" + mid, "bound")
    assert ("hello", "uncertain") in [(rule, what) for rule, what, _ in shop.trace("id:1")]


def test_configuration_is_checked_and_printed(shop):
    hello_shop(shop)
    daemon = shop.daemon()
    assert run("--config", daemon.config, "--check-config") == (0, "ok: 1 rule, 1 template\n", "")
    status, out, err = run("--config", daemon.config, "--print-config")
    assert (status, err) == (0, "")
    printed = yaml.safe_load(out)
    assert printed["timers"] == {"settle": "0s"} and printed["redis"]["prefix"] == "nudged"
    again = shop.folder / "again.yaml"
    again.write_text(out)
    assert run("--config", again, "--print-config") == (0, out, "")
    daemon.config.write_text("redis: {url: redis://x, prefx: a}\noutbox: {most: 5}\n")
    status, out, err = run("--config", daemon.config, "--check-config")
    assert status == 78
    assert "unknown key `prefx`" in err and "did you mean `prefix`?" in err
    assert "`most` must be between 100 and 10000000" in err
    shop.rules("name: [")
    status, out, err = run("--config", again, "--check-config")
    assert (status, out) == (78, "") and "rules.yaml:2:1: error: " in err
    status, _, err = run("--confg", "x")
    assert status == 64 and err.endswith("hint: `nudged --help`\n")
    assert run("--version")[1].startswith("nudged ")


def lines_of(daemon):
    """What the log says, each line as (level, sentence without its figures)."""
    lines = [line.split(" ", 2)[1:] for line in daemon.log().splitlines()]
    return [(level.rstrip(":"), re.sub(r"( \w+=.*|:.*)$", "", text)) for level, text in lines]


def test_log_says_each_thing_once(shop):
    """A start, Redis that goes and comes, a gateway at fault, a refused reload, an end."""
    server = shop.redis()
    mail = shop.smtp()
    mail.answers = lambda envelope: f"554 5.1.8 <{envelope.rcpt_tos[0]}> 0712345678 not allowed"
    shop.rules("{name: hello, class: transactional, on: hello, send: hello}")
    shop.template("hello.text.liquid", "---\nsubject: hello\n---\nhello\n")
    daemon = shop.daemon().spawn()
    server.stop()
    wait_until(lambda: "no Redis" in daemon.log(), "the daemon to miss Redis")
    server.start()
    wait_until(lambda: daemon.log().count("connected to Redis") == 2, "Redis again")
    shop.client = server.client
    shop.push({"type": "hello", "customer": {"id": 1, "email": "ana@example.com"}})
    wait_until(lambda: "left alone" in daemon.log(), "the breaker")
    shop.rules("{name: hello")
    assert daemon.ask("POST", "/reload")[0] == 409
    assert daemon.stop() == 0
    assert lines_of(daemon) == [
        ("info", "starting"), ("info", "connected to Redis"), ("info", "running"),
        ("warning", "no Redis, trying again"), ("info", "connected to Redis"),
        ("warning", "the gateway is left alone for a while"),
        ("error", f"{shop.folder}/rules/rules.yaml"),
        ("error", "the reload was refused; all stays in force as it was before it"),
        ("info", "draining, nothing more is begun"), ("info", "stopped")]
    assert re.search(r"554 5\.1\.8 <#[0-9a-f]{16}> … not allowed\n", daemon.log())


def test_missing_redis_server_is_said_once(shop):
    shop.config["redis"] = {"server": "no-such-redis-server"}
    daemon = shop.daemon().spawn(wait=False)
    assert daemon.ended() == 69
    assert lines_of(daemon) == [("info", "starting"), (
        "error", "cannot run `no-such-redis-server` for the private Redis (install redis-server, or name a Redis of "
        "your own in `redis"), ("info", "stopped")]
