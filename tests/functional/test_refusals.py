"""Redis answers, and refuses: the daemon stays up, asks again after a while, and goes on by
itself when it may. Nothing is lost, nothing comes twice, memory does not grow meanwhile."""

import json
import pathlib
import threading

import pytest
import redis

from conftest import Gate, wait_until

RULES = "{name: hello, class: transactional, on: hello, send: hello}"
TEMPLATE = "---\nsubject: hello {{ customer.id }}\n---\nhello\n"


def hello(number, **more):
    return {"type": "hello", "id": f"h{number}",
            "customer": {"id": number, "email": f"c{number}@example.com", **more}}


@pytest.fixture
def hello_shop(shop):
    shop.server = shop.redis()
    shop.mail = shop.smtp()
    shop.rules(RULES)
    shop.template("hello.text.liquid", TEMPLATE)
    return shop


def calls(client, command):
    return client.info("commandstats").get(f"cmdstat_{command}", {"calls": 0})["calls"]


def refused(client):
    """How many commands Redis refused so far, whatever for. Newer clients read the rows themselves."""
    rows = client.info("errorstats").values()
    return sum(row["count"] if isinstance(row, dict) else int(row.split("=")[1]) for row in rows)


# How Redis is brought to refuse writes, and to take them again.

def become_replica(shop):
    shop.client.replicaof("127.0.0.1", "1")


def become_master(shop):
    shop.client.replicaof("NO", "ONE")


def break_saving(shop):
    """A background save that fails: MISCONF. The dump cannot take the place of a folder."""
    (shop.folder / "dump.rdb").mkdir()
    shop.client.bgsave()
    wait_until(lambda: shop.client.info("persistence")["rdb_last_bgsave_status"] == "err", "the failure")
    shop.client.config_set("save", "3600 1000000")


def mend_saving(shop):
    (shop.folder / "dump.rdb").rmdir()  # Redis 8 does not end while it cannot save
    shop.client.config_set("save", "")


def want_replicas(shop):
    shop.client.config_set("min-replicas-to-write", 1)


def want_no_replicas(shop):
    shop.client.config_set("min-replicas-to-write", 0)


REFUSALS = {
    "READONLY": (become_replica, become_master),
    "MISCONF": (break_saving, mend_saving),
    "NOREPLICAS": (want_replicas, want_no_replicas),
}


@pytest.mark.parametrize("code", REFUSALS)
@pytest.mark.parametrize("where", ["batch-read", "taken", "settle"])
def test_writes_refused(hello_shop, code, where):
    """From just before the commit, the take's end or the settlement on."""
    refuse, allow = REFUSALS[code]
    if where == "taken":  # which a gateway without a rate needs for no message, while it is free
        hello_shop.config["gateways"]["smtp"]["rate"] = "50 per 1s"
    daemon = hello_shop.daemon()
    gate = Gate(hello_shop)
    daemon.spawn(failpoints=f"{where}={gate.action}@1")
    hello_shop.push(*[hello(n) for n in range(20)])
    gate.wait()
    refuse(hello_shop)
    before = refused(hello_shop.client)
    gate.open()
    wait_until(lambda: refused(hello_shop.client) > before + 20, "some refusals")
    assert daemon.process.poll() is None
    allow(hello_shop)
    hello_shop.wait_idle()
    mails = sorted(mail["Subject"] for mail in hello_shop.mail.all_mails())
    assert mails == sorted(f"hello {n}" for n in range(20))
    assert hello_shop.dead() == []
    if where == "batch-read":  # of each that is refused the reason is told, once
        told = [line.split(" ", 1)[1] for line in daemon.log().splitlines() if f"Redis said: {code}" in line]
        assert told and len(told) == len(set(told)), told


@pytest.mark.parametrize("code", REFUSALS)
@pytest.mark.parametrize("events", [0, 20])
def test_stop_while_writes_are_refused(hello_shop, code, events):
    """What Redis refuses to decide or to hand out is not begun: the end does not wait for it, however long it might
    wait for what is."""
    refuse, allow = REFUSALS[code]
    daemon = hello_shop.daemon(drain="10m")
    gate = Gate(hello_shop)
    daemon.spawn(failpoints=f"batch-read={gate.action}@1" if events else "")
    hello_shop.push(*[hello(n) for n in range(events)])
    if events:
        gate.wait()
    refuse(hello_shop)
    before = refused(hello_shop.client)
    gate.open()
    wait_until(lambda: refused(hello_shop.client) > before + 3, "some refusals")
    assert daemon.stop() == 0
    allow(hello_shop)
    daemon.spawn()
    hello_shop.wait_idle()
    subjects = [mail["Subject"] for mail in hello_shop.mail.all_mails()]
    assert sorted(subjects) == sorted(f"hello {n}" for n in range(events))


@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_is_named(hello_shop, code):
    """By a daemon that runs and by one that cannot enter; `status` begins with it."""
    refuse, allow = REFUSALS[code]
    one, two = hello_shop.daemon().spawn(), hello_shop.daemon("two")
    refuse(hello_shop)
    two.spawn(wait=False)
    for daemon in (one, two):
        wait_until(lambda: f"degraded: Redis refuses: {code} " in daemon.ask("GET", "/health")[1],
                   lambda: (daemon.ask("GET", "/health"), daemon.log()))
    wait_until(lambda: f"!  Redis refuses: {code} " in hello_shop.ctl("status")[1], lambda: hello_shop.ctl("status"))
    allow(hello_shop)
    two.wait_healthy()
    wait_until(lambda: one.ask("GET", "/health") == (200, "ok\n"), lambda: one.ask("GET", "/health"))


def test_full_redis_drains(hello_shop):
    """Out of memory: what is in is decided and sent, new work is refused and stays where it is."""
    daemon = hello_shop.daemon()
    gate = Gate(hello_shop)
    daemon.spawn(failpoints=f"batch-read={gate.action}@1")
    hello_shop.push(*[hello(n) for n in range(20)])
    gate.wait()
    hello_shop.client.lpush("nudged:inbox", json.dumps(hello(100)))
    hello_shop.client.config_set("maxmemory", 1)
    gate.open()
    subjects = {hello_shop.mail.next_mail()["Subject"] for _ in range(20)}
    assert subjects == {f"hello {n}" for n in range(20)}
    assert hello_shop.client.llen("nudged:inbox") == 1
    refuses = "Redis refuses: OOM command not allowed when used memory > 'maxmemory'."
    wait_until(lambda: daemon.ask("GET", "/health") == (200, f"degraded: {refuses}\n"),
               lambda: daemon.ask("GET", "/health"))
    wait_until(lambda: f"!  {refuses}\n" in hello_shop.ctl("status")[1], lambda: hello_shop.ctl("status"))
    with pytest.raises(redis.exceptions.ResponseError, match="OOM|maxmemory"):
        hello_shop.push(hello(101))
    hello_shop.client.config_set("maxmemory", 0)
    assert hello_shop.mail.next_mail()["Subject"] == "hello 100"
    hello_shop.wait_idle()
    assert hello_shop.mail.mails.empty()
    wait_until(lambda: daemon.ask("GET", "/health") == (200, "ok\n"), lambda: daemon.ask("GET", "/health"))
    assert refuses not in hello_shop.ctl("status")[1]


def test_busy_redis(hello_shop):
    """Somebody's script runs for ever: BUSY, until it is killed."""
    daemon = hello_shop.daemon()
    gate = Gate(hello_shop)
    daemon.spawn(failpoints=f"batch-read={gate.action}@1")
    hello_shop.client.config_set("busy-reply-threshold", 1)
    hello_shop.push(*[hello(n) for n in range(20)])
    gate.wait()
    other = redis.Redis(unix_socket_path=hello_shop.server.path)

    def block():
        with pytest.raises(redis.exceptions.ResponseError):
            other.eval("while true do end", 0)

    blocked = threading.Thread(target=block)
    blocked.start()

    def is_busy():
        try:
            hello_shop.client.ping()
        except redis.exceptions.ResponseError as error:
            return "BUSY" in str(error)

    wait_until(is_busy, "a busy Redis")
    gate.open()
    wait_until(lambda: "Redis said: BUSY" in daemon.log(), "the daemon to say so")
    hello_shop.client.script_kill()
    blocked.join()
    hello_shop.wait_idle()
    assert len(hello_shop.mail.all_mails()) == 20
    assert hello_shop.dead() == []


def memory_kb(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("RssAnon:")]
    return int(line.split()[1])


def test_memory_while_writes_are_refused(hello_shop, monkeypatch):
    """The same batch is read and decided again and again; what that took is given back."""
    monkeypatch.setenv("ASAN_OPTIONS", "quarantine_size_mb=1")
    text = "x" * 40_000
    daemon = hello_shop.daemon().spawn()
    hello_shop.push(*[hello(n, notes=text) for n in range(100)])
    hello_shop.wait_idle()
    assert daemon.stop() == 0
    hello_shop.push(*[{**hello(n), "id": f"again{n}"} for n in range(100)])  # one batch
    gate = Gate(hello_shop)
    daemon.spawn(failpoints=f"batch-read={gate.action}@1", wait=False)
    gate.wait()
    become_replica(hello_shop)
    first = calls(hello_shop.client, "mget")
    gate.open()
    wait_until(lambda: calls(hello_shop.client, "mget") >= first + 2, "the first readings")
    before = memory_kb(daemon.process.pid)
    wait_until(lambda: calls(hello_shop.client, "mget") >= first + 10, "further readings")
    assert memory_kb(daemon.process.pid) < before + 30_000
    become_master(hello_shop)
    hello_shop.wait_idle()
    assert len(hello_shop.mail.all_mails()) == 200
