"""nudged-web as a process: started, watched, confined, replaced at a reload, drained at the end; and what a client is
told while something of all this fails. Never 202 for what Redis has not."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from conftest import BUILD, PATIENCE, wait_until
from real_servers import Nginx
from web_intake import EVENT, TOKEN, Web, entries, web_shop
from web_raw import at_once, connect, exchange, read_all, status

LIMITS = {"rate": "100000 per 1m", "per_client": 1000}


@pytest.fixture
def open_shop(shop):
    """A function: a daemon with these keys of `web`, and the way to it."""
    shop.server = shop.redis()

    def start(failpoints="", **web):
        web_shop(shop, **{"limits": LIMITS, **web})
        daemon = shop.daemon().spawn(failpoints)
        return daemon, Web(daemon)

    return start


def children(daemon):
    """The process ids of its nudged-webs."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rsplit(") ", 1)
            if words[0].endswith("(nudged-web") and int(words[1].split()[1]) == daemon.process.pid \
                    and words[1][0] != "Z":
                found.append(int(path.parent.name))
        except (OSError, IndexError):
            pass
    return found


def event(number):
    return {"type": "order.placed", "id": f"order-{number}", "customer": {"id": number}}


def post(web, number, **headers):
    """The status; 0: there was no answer."""
    try:
        return web.post(event(number), **headers)[0]
    except (OSError, ValueError, http_errors()):
        return 0


def http_errors():
    import http.client
    return http.client.HTTPException


def stream_ids(shop):
    return [json.loads(fields[b"event"])["id"] for _, fields in shop.client.xrange("nudged:events")]


# ---- Confinement ----


def test_confined(open_shop):
    daemon, web = open_shop()
    [pid] = children(daemon)
    told = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":\t" in line)
    assert (told["Seccomp"], told["NoNewPrivs"]) == ("2", "1")
    assert {told[name] for name in ("CapPrm", "CapEff", "CapBnd", "CapInh", "CapAmb")} == {"0" * 16}
    limits = Path(f"/proc/{pid}/limits").read_text()
    assert re.search(r"Max core file size +0 +0", limits)
    assert re.search(r"Max open files +4128 +4128", limits) or "Max open files" in limits
    opened = [os.readlink(path) for path in Path(f"/proc/{pid}/fd").iterdir()]
    assert not [path for path in opened if path.startswith("/") and path not in ("/dev/null", str(daemon.log_path))]
    assert "not confined" not in daemon.log()


def test_environment_and_arguments(open_shop, monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", "hidden")
    daemon, _ = open_shop()
    [pid] = children(daemon)
    assert b"SHOP_PASSWORD" not in Path(f"/proc/{pid}/environ").read_bytes()
    assert Path(f"/proc/{pid}/cmdline").read_bytes() == b"nudged-web\0--inherited\0"


def test_what_is_linked():
    """Nothing in it speaks to Redis, sends, or reads mail."""
    linked = subprocess.run(["ldd", BUILD / "nudged-web"], capture_output=True, text=True, check=True).stdout
    for library in ("hiredis", "libcurl", "gumbo", "gmime"):
        assert library not in linked
    names = subprocess.run(["nm", BUILD / "nudged-web"], capture_output=True, text=True, check=True).stdout
    for name in ("connection_send", "scripts_run", "senders_new", "config_load", "templates_load"):
        assert f" {name}\n" not in names


def test_started_by_hand():
    ended = subprocess.run([BUILD / "nudged-web"], capture_output=True, text=True, timeout=PATIENCE)
    assert ended.returncode == 64
    assert "is started by nudged" in ended.stderr
    ended = subprocess.run([BUILD / "nudged-web", "--daemon=/nowhere"], capture_output=True, text=True,
                           timeout=PATIENCE)
    assert ended.returncode == 64


# ---- What dies ----


def test_nudged_web_killed(shop, open_shop):
    """Another one takes its place; who comes meanwhile waits, and nobody is turned away."""
    daemon, web = open_shop()
    for number in range(3):
        [pid] = children(daemon)
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: children(daemon) not in ([], [pid]), daemon.log)
        assert post(web, number) == 202
    assert daemon.log().count("nudged-web was ended by signal 9") == 3
    assert sorted(found["id"] for _, found in entries(shop)) == ["order-0", "order-1", "order-2"]
    assert daemon.figure("nudged_web_up") == 1 and daemon.figure("nudged_web_configured") == 1
    assert daemon.stop() == 0


def test_nudged_web_hangs(open_shop):
    """One that says nothing any more is ended, and another one takes its place."""
    daemon, web = open_shop("web-silent=fail")
    [pid] = children(daemon)
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: children(daemon) not in ([], [pid]), daemon.log)
    assert "says nothing any more" in daemon.log()
    assert post(web, 1) == 202


@pytest.mark.parametrize("point", ["append", "append-lost"])
def test_daemon_killed(shop, open_shop, point):
    """With requests in flight: no answer, or 503. What was answered 202 is in Redis."""
    daemon, web = open_shop(f"{point}=kill@8")
    answers = [post(web, number) for number in range(4)]
    answers += at_once(12, lambda number: post(web, 4 + number))
    assert daemon.ended() == -signal.SIGKILL
    assert set(answers) <= {202, 503, 0}
    taken = {f"order-{number}" for number, answer in enumerate(answers) if answer == 202}
    daemon = shop.daemon().spawn()  # at once: its nudged-web has let the port go
    found = {found["id"] for _, found in entries(shop)}
    assert taken <= found
    assert len(taken) >= 4
    wait_until(lambda: len(children(daemon)) == 1, daemon.log)


def test_daemon_stopped_still(open_shop):
    """A daemon that hangs: the client hears so, and is never told that it was taken."""
    daemon, web = open_shop("ask-late=fail")
    os.kill(daemon.process.pid, signal.SIGSTOP)
    try:
        begun = time.monotonic()
        assert post(web, 1) == 503
        assert time.monotonic() - begun > 0.9
        assert web.ask("GET", "/live")[0] == 200
    finally:
        os.kill(daemon.process.pid, signal.SIGCONT)
    wait_until(lambda: post(web, 1) == 202, daemon.log)


# ---- Redis away ----


def test_redis_away(shop, open_shop):
    daemon, web = open_shop()
    assert post(web, 1) == 202
    shop.server.stop()
    wait_until(lambda: daemon.figure("nudged_redis_up") == 0, daemon.log)
    answered, head, told = web.post(event(2))
    assert (answered, told["reason"]) == (503, "daemon")
    assert int(head["Retry-After"]) > 0
    shop.server.start()
    wait_until(lambda: post(web, 2) == 202, daemon.log)
    assert {found["id"] for _, found in entries(shop)} == {"order-1", "order-2"}


def test_an_answer_that_is_lost(shop, open_shop):
    """Redis has it, nobody knows: 503. With a key the second try is told the entry of the first."""
    daemon, web = open_shop("append-lost=fail@2")
    assert post(web, 1) == 202
    answered, _, _ = web.post(event(2), Idempotency_Key="two")
    assert answered == 503
    answered, _, told = web.post(event(2), Idempotency_Key="two")
    assert answered == 202, told
    found = entries(shop)
    assert [one["id"] for _, one in found] == ["order-1", "order-2"]
    assert told["entry"] == found[1][0]


def test_redis_full(shop, open_shop):
    daemon, web = open_shop()
    shop.client.config_set("maxmemory", "1mb")
    wait_until(lambda: post(web, 1) == 503, daemon.log)
    shop.client.config_set("maxmemory", "0")
    wait_until(lambda: post(web, 2) == 202, daemon.log)


# ---- Reload and end ----


def test_reload_in_flight(shop, open_shop):
    """Requests come all the time; each is answered, whichever nudged-web has it."""
    daemon, web = open_shop()
    over, answers = threading.Event(), []

    def push(lane):
        number = 0
        while not over.is_set():
            answers.append((lane * 100000 + number, post(web, lane * 100000 + number)))
            number += 1

    lanes = [threading.Thread(target=push, args=(lane,)) for lane in range(4)]
    for lane in lanes:
        lane.start()
    for count in range(4):
        daemon.ask("POST", "/reload")
        wait_until(lambda: daemon.log().count("nudged-web takes requests") == count + 2, daemon.log)
    over.set()
    for lane in lanes:
        lane.join()
    assert {answer for _, answer in answers} == {202}
    wait_until(lambda: len(children(daemon)) == 1, daemon.log)
    assert len(entries(shop)) == len(answers)


def test_reload_brings_new_tokens(shop, open_shop):
    daemon, web = open_shop()
    other = "another-Token-0f-the-sh0p"
    assert web.post(EVENT, token=other)[0] == 401
    with open(shop.folder / "tokens", "a") as file:
        file.write(f"{other} order.*\n")
    daemon.ask("POST", "/reload")
    wait_until(lambda: web.post(EVENT, token=other)[0] == 202, daemon.log)
    wait_until(lambda: len(children(daemon)) == 1, daemon.log)
    [pid] = children(daemon)
    (shop.folder / "tokens").write_text("short\n")
    answered, told = daemon.ask("POST", "/reload")
    assert answered == 409, told
    assert children(daemon) == [pid]
    assert web.post(EVENT, token=other)[0] == 202


def test_end_with_a_request_in_flight(shop, open_shop):
    """What was begun is ended: the answer comes, then the daemon goes."""
    daemon, web = open_shop()
    body = json.dumps(event(1)).encode()
    with connect(web.port) as stream:
        stream.sendall(b"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                       b"Authorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s" %
                       (TOKEN.encode(), len(body), body[:5]))
        wait_until(lambda: daemon.figure("nudged_web_connections") >= 1, daemon.log)
        daemon.process.terminate()
        wait_until(lambda: "draining" in daemon.log(), daemon.log)
        stream.sendall(body[5:])
        answer, closed = read_all(stream)
    assert (status(answer), closed) == (202, True)
    assert daemon.stop() == 0
    assert stream_ids(shop) == ["order-1"]


def test_idle_connections_do_not_hold_the_end(open_shop):
    daemon, web = open_shop()
    with connect(web.port) as stream:
        stream.sendall(b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n")
        assert status(read_all(stream)[0]) == 200
        assert daemon.stop() == 0
        assert stream.recv(1) == b""


# ---- The configuration ----


@pytest.mark.parametrize("web, words", [
    ({"listen": "shop.example:80"}, "not an address and a port"),
    ({"listen": "127.0.0.1"}, "not an address and a port"),
    ({"listen": "127.0.0.1:8025", "socket": "/run/web.sock"}, "either"),
    ({"listen": "127.0.0.1:8025", "proxies": ["10.0.0.1/8"]}, "no network"),
    ({"listen": "127.0.0.1:8025", "proxies": "shop.example"}, "no network"),
    ({"listen": "127.0.0.1:8025", "tls": {"certificate_file": "a.pem"}}, "key_file"),
    ({"listen": "127.0.0.1:8025", "tls": {"certificate_file": "a.pem", "key_file": "b.pem"}}, "a.pem"),
    ({"listen": "127.0.0.1:8025", "limits": {"body": "1GiB"}}, "between 1KiB and 16MiB"),
    ({"listen": "0.0.0.0:8025"}, "not only this machine"),
    ({"listen": "127.0.0.1:8025", "public_url": "https://shop.example"}, "count as one client"),
])
def test_faults_of_the_section(shop, web, words):
    """`check` names each at its place."""
    shop.config["web"] = web
    shop.daemon()
    _, output, errors = shop.ctl("check")
    told = output + errors
    assert words in told, told
    assert re.search(r":\d+:\d+: (error|warning)", told), told


def test_a_port_that_is_taken(shop, open_shop):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        web_shop(shop, listen=f"127.0.0.1:{other.getsockname()[1]}")
        daemon = shop.daemon().spawn(wait=False)
        assert daemon.ended() == 78
        assert "cannot listen at 127.0.0.1" in daemon.log()


# ---- A unit of its own ----


def unit(shop, port):
    """nudged-web as systemd starts it: with a socket that listens, and the daemon's path."""
    return subprocess.Popen(
        ["systemd-socket-activate", "--listen", f"127.0.0.1:{port}", "--fdname=web",
         BUILD / "nudged-web", f"--daemon={shop.folder / 'web.sock'}"], stderr=subprocess.DEVNULL)


def test_socket_activation(shop):
    shop.redis()
    web_shop(shop)
    del shop.config["web"]["listen"]
    shop.config["web"]["socket"] = str(shop.folder / "web.sock")
    daemon = shop.daemon().spawn()
    assert (shop.folder / "web.sock").stat().st_mode & 0o777 == 0o660
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = unit(shop, port)
    web = Web.__new__(Web)
    web.port = port
    try:
        wait_until(web.is_open, daemon.log)
        assert post(web, 1) == 202
        daemon.ask("POST", "/reload")  # it ends, and systemd would start it with the new settings
        assert process.wait(PATIENCE) == 0
        process = unit(shop, port)
        wait_until(web.is_open, daemon.log)
        assert post(web, 2) == 202
        assert daemon.stop() == 0
        assert process.wait(PATIENCE) == 0
        assert not (shop.folder / "web.sock").exists()
    finally:
        process.kill()
        process.wait()


# ---- Behind a proxy ----


def test_behind_nginx(shop, open_shop):
    """nginx in front: events are taken, each client has a rate of its own, and nothing is smuggled by it."""
    daemon, web = open_shop(limits={"rate": "5 per 1h"}, proxies=["127.0.0.0/8"])
    nginx = shop.add(Nginx(shop.folder,
                           f"""location / {{ proxy_pass http://127.0.0.1:{web.port}; proxy_http_version 1.1;
        proxy_set_header Connection ""; proxy_set_header X-Forwarded-For $http_x_real; }}"""))
    behind = Web.__new__(Web)
    behind.port = nginx.port
    assert behind.post(EVENT, X_Real="192.0.2.1")[0] == 202
    guesses = [behind.post(EVENT, token="x" * 24, X_Real="192.0.2.1")[0] for _ in range(7)]
    assert guesses[-1] == 429
    assert behind.post(EVENT, token="x" * 24, X_Real="192.0.2.2")[0] == 401
    body = b'{"type":"order.placed","id":"inner","customer":{"id":7}}'
    inner = (b"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\n"
             b"Content-Length: %d\r\n\r\n%s" % (TOKEN.encode(), len(body), body))
    for lines in (b"Content-Length: 0\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding:\r\n chunked\r\n",
                  b"Transfer-Encoding : chunked\r\n", b"Content-Length: 0\r\nContent-Length: %d\r\n" % len(inner)):
        exchange(nginx.port, b"POST /live HTTP/1.1\r\nHost: x\r\n" + lines + b"Connection: close\r\n\r\n"
                 b"0\r\n\r\n" + inner)
    assert "inner" not in [found["id"] for _, found in entries(shop)]
