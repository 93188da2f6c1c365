"""Few descriptors, little memory, a full disk: no spin, no crash, and nothing is lost."""

import os
import resource
import subprocess
import threading
import time

import pytest

from conftest import BUILD, PATIENCE, parse, wait_until

RULE = "{name: hello, class: transactional, on: hello, again: parallel, send: hello}"
TICKS = os.sysconf("SC_CLK_TCK")


@pytest.fixture
def hello(shop):
    shop.redis()
    shop.rules(RULE)
    shop.template("hello.text.liquid", "---\nsubject: hello {{ event.data.mark }}\n---\nhello\n")
    return shop


def event(mark, **more):
    return {"type": "hello", "id": mark, "mark": mark, "customer": {"id": mark, "email": f"{mark}@example.com"}, **more}


def busy(pid):
    """Seconds of a core that the process has used."""
    fields = open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def assert_no_spin(daemon):
    """Over a second it uses less than half a core, and says little."""
    pid, lines = daemon.process.pid, len(daemon.log().splitlines())
    begun, end = busy(pid), time.monotonic() + 1
    wait_until(lambda: time.monotonic() > end, "a second")
    assert busy(pid) - begun < 0.5
    assert len(daemon.log().splitlines()) - lines < 20, daemon.log()[-3000:]


def marks(mails):
    return {str(parse(envelope.content)["Subject"]).split()[-1] for envelope in mails}


def hurry(shop):
    """What waits for another try is due."""
    waiting = shop.client.zrange("nudged:later", 0, -1)
    if waiting:
        shop.client.zadd("nudged:later", dict.fromkeys(waiting, 1), xx=True)


def taken(shop, server, count):
    """The marks of so many different mails; the server keeps those that it had."""
    found = server.__dict__.setdefault("found", [])

    def enough():
        hurry(shop)
        while not server.mails.empty():
            found.append(server.mails.get())
        return len(marks(found)) >= count

    wait_until(enough, lambda: f"{count} mails, not {len(marks(found))}", 2 * PATIENCE)
    return marks(found)


def start(daemon, command=(), **more):
    with open(daemon.log_path, "ab") as log:
        daemon.process = subprocess.Popen([*command, BUILD / "nudged", "--config", daemon.config],
                                          stdout=log, stderr=log, **more)


def test_64_descriptors(hello):
    """More connections than there are descriptors: what cannot be made is tried again, and the rest is
    done; with more of them all is."""
    server = hello.smtp(connections=80)
    daemon = hello.daemon()
    start(daemon)
    daemon.wait_healthy()
    pid = daemon.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (64, hard))
    server.slow()
    begun = threading.Event()
    server.answers = lambda envelope: begun.wait(PATIENCE) and "250 taken"
    hello.push(*[event(f"d{n}") for n in range(200)])
    wait_until(lambda: "no descriptor is left while connecting" in daemon.log(), "a connection that cannot be made")
    assert_no_spin(daemon)
    assert "the gateway is left alone" not in daemon.log()  # it is not at fault
    begun.set()
    taken(hello, server, 40)
    assert daemon.process.poll() is None, daemon.log()
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
    assert taken(hello, server, 200) == {f"d{n}" for n in range(200)}
    assert daemon.stop() == 0, daemon.log()[-3000:]


def test_64_mebibytes_above_idle(hello):
    """It does its work, or ends with the one line; then another goes on where it was."""
    server = hello.smtp()
    daemon = hello.daemon()
    options = "allocator_may_return_null=1:quarantine_size_mb=1:detect_stack_use_after_return=0"
    start(daemon, env={**os.environ, "ASAN_OPTIONS": options})
    daemon.wait_healthy()
    pid = daemon.process.pid
    pages = int(open(f"/proc/{pid}/statm").read().split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + (64 << 20)
    resource.prlimit(pid, resource.RLIMIT_AS, (most, most))
    hello.push(*[event(f"m{n}", ballast="x" * 200_000) for n in range(300)])
    wait_until(lambda: daemon.process.poll() is not None or hello.idle(), "the events' end", 2 * PATIENCE)
    if daemon.process.poll() is None:
        daemon.stop()
    else:
        assert daemon.ended() == 71, daemon.log()[-3000:]
        assert "out of memory" in daemon.log()
        daemon.spawn()
    assert taken(hello, server, 300) == {f"m{n}" for n in range(300)}


@pytest.mark.skipif(os.geteuid() != 0, reason="a small disk needs root")
def test_a_full_disk(hello):
    """The archive, the Maildir and the log lie on a disk that is full; then there is room again."""
    small = hello.folder / "small"
    small.mkdir()
    hello.config["gateways"] = {"mail": {"kind": "maildir", "path": str(small / "mail")}}
    hello.config["archive"] = {"folder": str(small / "archive")}
    daemon = hello.daemon()
    start(daemon, command=["unshare", "--mount", "sh", "-c", f"mount -t tmpfs -o size=1m tmpfs {small} && exec \"$@\" "
                           f">>{small}/log 2>&1", "sh"])
    daemon.wait_healthy()
    root = f"/proc/{daemon.process.pid}/root{small}"
    hello.push(event("before"))
    mails = lambda: os.listdir(f"{root}/mail/new") if os.path.exists(f"{root}/mail/new") else []
    wait_until(lambda: len(mails()) == 1, "the first mail")
    fill = open(f"{root}/ballast", "wb", buffering=0)
    with pytest.raises(OSError):
        while True:
            fill.write(b"x" * 4096)
    fill.close()
    hello.push(*[event(f"f{n}") for n in range(50)])
    wait_until(lambda: hello.client.exists("nudged:later") or hello.client.xlen("nudged:events"), "what waits")
    assert_no_spin(daemon)
    assert daemon.process.poll() is None
    os.unlink(f"{root}/ballast")

    wait_until(lambda: hurry(hello) or len(mails()) == 51, lambda: f"51 mails, not {len(mails())}", 2 * PATIENCE)
    assert daemon.stop() == 0
