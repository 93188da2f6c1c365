"""What comes from the web and is no plain request: each is refused with its status, counted by its reason, told in the
log once a minute, and takes nothing from the others."""

import re
import resource
import signal
import ssl
import threading
import time

import certificates
import pytest
from conftest import wait_until
from web_intake import EVENT, TOKEN, Web, entries, web_shop
from web_raw import SECURE, at_once, connect, exchange, read_all, status

HOST = b"Host: shop.example\r\n"
BEARER = b"Authorization: Bearer " + TOKEN.encode() + b"\r\n"
JSON = b"Content-Type: application/json\r\n"
ORDER = b'{"type":"order.placed","id":"smuggled","customer":{"id":7}}'
LENGTH = b"Content-Length: %d\r\n" % len(ORDER)
GET = b"GET /live HTTP/1.1\r\n" + HOST


def post(*lines, body=ORDER, path=b"/v1/events"):
    return b"POST " + path + b" HTTP/1.1\r\n" + HOST + BEARER + JSON + b"".join(lines) + b"\r\n" + body


CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (len(ORDER), ORDER)
INNER = b"POST /v1/events HTTP/1.1\r\n" + HOST + BEARER + JSON + LENGTH + b"\r\n" + ORDER

# (what is sent, the status, the reason that is counted)
HEADS = {
    "two lengths": (post(LENGTH, LENGTH), 400, "bad-length"),
    "two lengths that differ": (post(LENGTH, b"Content-Length: 3\r\n"), 400, "bad-length"),
    "no length first": (post(b"Content-Length: 0\r\n", LENGTH), 400, "bad-length"),
    "a list of lengths": (post(b"Content-Length: 5, 5\r\n"), 400, "bad-length"),
    "a length with a sign": (post(b"Content-Length: +5\r\n"), 400, "bad-length"),
    "a length in hex": (post(b"Content-Length: 0x5\r\n"), 400, "bad-length"),
    "a length of another world": (post(b"Content-Length: 99999999999999999999\r\n"), 400, "bad-length"),
    "length and chunks": (post(LENGTH, CHUNKED), 400, "bad-length"),
    "chunks and length": (post(CHUNKED, LENGTH, body=CHUNKS), 400, "bad-length"),
    "chunked twice": (post(CHUNKED, CHUNKED, body=CHUNKS), 400, "bad-length"),
    "an unknown coding": (post(b"Transfer-Encoding: xchunked\r\n", LENGTH), 400, "bad-length"),
    "a coding behind a tab": (post(b"Transfer-Encoding:\tchunked\r\n", LENGTH), 400, "bad-length"),
    "a coding with a folded line": (post(b"Transfer-Encoding:\r\n chunked\r\n", LENGTH), 400, "bad-request"),
    "a blank before the colon": (post(b"Transfer-Encoding : chunked\r\n", LENGTH), 400, "bad-request"),
    "a coding in HTTP/1.0": (post(CHUNKED, body=CHUNKS).replace(b"HTTP/1.1", b"HTTP/1.0"), 400, "bad-length"),
    "a line that ends in LF": (GET + b"A: b\n\r\n", 400, "bad-request"),
    "a head that ends in LF": (GET + b"\n", 400, "bad-request"),
    "a CR within a line": (GET + b"A: b\rTransfer-Encoding: chunked\r\n\r\n", 400, "bad-request"),
    "a NUL in a name": (GET + b"A\0B: c\r\n\r\n", 400, "bad-request"),
    "a NUL in a value": (GET + b"A: b\0c\r\n\r\n", 400, "bad-request"),
    "a folded line": (GET + b"A: b\r\n c\r\n\r\n", 400, "bad-request"),
    "a line without a colon": (GET + b"nonsense\r\n\r\n", 400, "bad-request"),
    "a control character": (GET + b"A: \x1b[2J\r\n\r\n", 400, "bad-request"),
    "two hosts": (GET + HOST + b"\r\n", 400, "bad-request"),
    "no host": (b"GET /live HTTP/1.1\r\n\r\n", 400, "bad-request"),
    "a host that is a login": (b"GET /live HTTP/1.1\r\nHost: a@b\r\n\r\n", 400, "bad-request"),
    "two tokens": (post(BEARER, LENGTH), 400, "bad-request"),
    "two types": (post(JSON, LENGTH), 400, "bad-request"),
    "another protocol": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "bad-request"),
    "HTTP/2 by prior knowledge": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "version"),
    "HTTP/0.9": (b"GET /live\r\n\r\n", 400, "bad-request"),
    "HTTP/3.0": (b"GET /live HTTP/3.0\r\n\r\n", 505, "version"),
    "blanks in the target": (b"GET /live /live HTTP/1.1\r\n" + HOST + b"\r\n", 400, "bad-request"),
    "a body where none is expected": (GET + LENGTH + b"\r\n" + ORDER, 400, "bad-length"),
    "an expectation": (post(LENGTH, b"Expect: 200-ok\r\n"), 417, "expectation"),
    "a zipped body": (post(LENGTH, b"Content-Encoding: gzip\r\n"), 415, "media-type"),
    "too many fields": (GET + b"".join(b"A%d: b\r\n" % i for i in range(101)) + b"\r\n", 431, "head-size"),
    "a head of 16 KiB": (GET + b"A: " + b"b" * 16384 + b"\r\n\r\n", 431, "head-size"),
    "a path of 5,000 bytes": (b"GET /" + b"a" * 5000 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414, "path-size"),
    "a path without an end": (b"GET /" + b"a" * 9000, 414, "path-size"),
}
PATHS = {
    b"/../etc/passwd": (400, "bad-path"), b"/live/..": (400, "bad-path"), b"/./live": (400, "bad-path"),
    b"//live": (400, "bad-path"), b"/live//": (400, "bad-path"), b"/%2e%2e/live": (400, "bad-path"),
    b"/%2e/live": (400, "bad-path"), b"/live%2f": (400, "bad-path"), b"/live%5c..": (400, "bad-path"),
    b"/live\\..": (400, "bad-path"), b"/live%00": (400, "bad-path"), b"/live%0d%0aA:b": (400, "bad-path"),
    b"/%252e%252e/": (400, "bad-path"), b"/live%": (400, "bad-path"), b"/%c0%ae/": (400, "bad-path"),
    b"/live#x": (400, "bad-path"), b"live": (400, "bad-path"), b"*": (400, "bad-path"),
    b"http://127.0.0.1/live": (400, "bad-path"), b"/live?a=%00": (400, "bad-path"), b"/LIVE": (404, "not-found"),
    b"/live/": (404, "not-found"), b"/v1/events/": (404, "not-found"), b"/": (404, "not-found"),
    b"/metrics": (404, "not-found"), b"/status": (404, "not-found"), b"/.git/config": (404, "not-found"),
}
METHODS = [b"PUT", b"DELETE", b"OPTIONS", b"TRACE", b"CONNECT", b"PATCH", b"get", b"DEBUG"]
BODIES = {
    "a chunk without a size": (post(CHUNKED, body=b"\r\n"), 400),
    "a chunk of a strange size": (post(CHUNKED, body=b"zz\r\nabc\r\n0\r\n\r\n"), 400),
    "a chunk of a negative size": (post(CHUNKED, body=b"-1\r\nabc\r\n0\r\n\r\n"), 400),
    "a chunk that is longer than it says": (post(CHUNKED, body=b"1\r\nabc\r\n0\r\n\r\n"), 400),
    "a chunk of another world": (post(CHUNKED, body=b"fffffffffffffffffff\r\n"), 413),
    "a body of 2 MiB": (post(b"Content-Length: 2097152\r\n", body=b""), 413),
    "chunks of 2 MiB": (post(CHUNKED, body=b"100000\r\n" + b" " * 0x100000 + b"\r\n100000\r\n "), 413),
}


PLAIN_AND_TLS = pytest.mark.parametrize("open_shop", ["plain", "tls"], indirect=True)


def own_tls(shop):
    """The key `tls` of `web`, and whom a client trusts then."""
    folder = certificates.make(shop.folder / "tls")
    return ({"certificate_file": str(folder / "good.pem"), "key_file": str(folder / "good.key")},
            ssl.create_default_context(cafile=folder / "ca.pem"))


@pytest.fixture
def open_shop(request, shop):
    """A function: a daemon with these keys of `web`, and the way to it."""
    shop.redis()
    context = None

    def start(**web):
        nonlocal context
        if getattr(request, "param", "plain") == "tls":
            web["tls"], context = own_tls(shop)
        limits = {"rate": "100000 per 1m", **web.pop("limits", {})}
        web_shop(shop, limits=limits, **web)
        daemon = shop.daemon().spawn()
        return daemon, Web(daemon, context)

    return start


def refused(daemon, reason):
    return daemon.figure("nudged_web_refused_total", reason=reason)


def wait_refused(daemon, reason, count):
    wait_until(lambda: refused(daemon, reason) >= count, lambda: f"{count} {reason}: {refused(daemon, reason)}")


def told(daemon, reason):
    """Lines of the log that tell of that reason alone."""
    return re.findall(rf"a request from the web was refused: .* reason={reason} ", daemon.log())


def hold(web, count):
    """So many connections that stay, each of which was answered once."""
    held = []

    def one_more():
        stream = connect(web.port)
        stream.sendall(GET + b"\r\n")
        if status(read_all(stream)[0]) == 200:
            held.append(stream)
        else:
            stream.close()  # one that has left is still counted
        return len(held) == count

    wait_until(one_more, lambda: f"{count} connections: {len(held)}")
    return held


@PLAIN_AND_TLS
def test_heads(shop, open_shop):
    daemon, web = open_shop()
    counts = {}
    for what, (sent, wanted, reason) in HEADS.items():
        answer, closed = exchange(web.port, sent)
        assert (status(answer), closed) == (wanted, True), (what, answer)
        assert answer.count(b"HTTP/1.1 ") == 1, (what, answer)
        counts[reason] = counts.get(reason, 0) + 1
    for reason, count in counts.items():
        wait_refused(daemon, reason, count)
        assert refused(daemon, reason) == count, reason
        assert len(told(daemon, reason)) == 1, daemon.log()
    assert web.ask("GET", "/live")[0] == 200
    assert entries(shop) == []


@PLAIN_AND_TLS
def test_heads_in_pieces(open_shop):
    daemon, web = open_shop()
    pause = threading.Event()

    def pace():
        """So that pieces arrive as such."""
        pause.wait(0.001)

    for what in ("a line that ends in LF", "a folded line", "two lengths", "a NUL in a value"):
        sent, wanted, _ = HEADS[what]
        answer, closed = exchange(web.port, [bytes([byte]) for byte in sent], pace)
        assert (status(answer), closed) == (wanted, True), (what, answer)
    good = post(LENGTH, body=ORDER)
    answer, closed = exchange(web.port, [bytes([byte]) for byte in good], pace)
    assert (status(answer), closed) == (202, False), answer


def test_paths(open_shop):
    daemon, web = open_shop()
    for path, (wanted, reason) in PATHS.items():
        answer, _ = exchange(web.port, b"GET " + path + b" HTTP/1.1\r\n" + HOST + b"\r\n")
        assert status(answer) == wanted, (path, answer)
        assert b'"reason":"%s"' % reason.encode() in answer, (path, answer)
    assert "passwd" not in daemon.log()


def test_methods(open_shop):
    _, web = open_shop()
    for method in METHODS:
        answer, _ = exchange(web.port, method + b" /live HTTP/1.1\r\n" + HOST + b"\r\n")
        assert status(answer) == 405, (method, answer)
        assert b"\r\nAllow: GET, HEAD\r\n" in answer
    answer, _ = exchange(web.port, b"HEAD /live HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
    assert status(answer) == 200
    assert answer.endswith(b"\r\n\r\n")
    answer, _ = exchange(web.port, GET + b"\r\n")
    assert b"server:" not in answer.lower()
    assert b"microhttpd" not in answer.lower()


@PLAIN_AND_TLS
def test_bodies(shop, open_shop):
    daemon, web = open_shop()
    for what, (sent, wanted) in BODIES.items():
        answer, closed = exchange(web.port, sent)
        assert (status(answer), closed) == (wanted, True), (what, answer)
    wait_refused(daemon, "bad-body", 4)
    wait_refused(daemon, "body-size", 2)
    assert entries(shop) == []
    answer, closed = exchange(web.port, post(CHUNKED, body=CHUNKS))
    assert (status(answer), closed) == (202, True), answer  # nothing may follow chunks


@PLAIN_AND_TLS
def test_who_is_refused_sends_no_body(open_shop):
    """100 Continue comes only to who may go on."""
    _, web = open_shop()
    waits = b"Expect: 100-continue\r\n"
    for sent, wanted in [(post(waits, LENGTH, body=b"").replace(TOKEN.encode(), b"x" * 24), 401),
                         (post(waits, b"Content-Length: 2097152\r\n", body=b""), 413),
                         (post(waits, LENGTH, body=b"", path=b"/nowhere"), 404)]:
        answer, closed = exchange(web.port, sent)
        assert (status(answer), closed) == (wanted, True), answer
        assert b"HTTP/1.1 100" not in answer
    with connect(web.port) as stream:
        stream.sendall(post(waits, LENGTH, body=b""))
        assert stream.recv(1000).startswith(b"HTTP/1.1 100 Continue\r\n")
        stream.sendall(ORDER)
        assert status(read_all(stream)[0]) == 202


@PLAIN_AND_TLS
def test_what_is_hidden_in_a_body_is_a_body(shop, open_shop):
    """Requests one behind the other, sent at once: the first is answered, and no other is taken."""
    daemon, web = open_shop()
    first = b"GET /live HTTP/1.1\r\n" + HOST + b"\r\n"
    with connect(web.port) as stream:
        stream.sendall(first + INNER)
        answer = b"".join(iter(lambda: stream.recv(65536), b""))
    assert answer.count(b"HTTP/1.1 ") == 1, answer
    answer, closed = exchange(web.port, post(b"Content-Length: 0\r\n", body=b"") + INNER)
    assert (answer.count(b"HTTP/1.1 "), status(answer)) == (1, 400), answer
    answer, closed = exchange(web.port, post(CHUNKED, body=CHUNKS.replace(b"smuggled", b"unlocked")) + INNER)
    assert (answer.count(b"HTTP/1.1 "), status(answer), closed) == (1, 202, True), answer
    assert [event["id"] for _, event in entries(shop)] == ["unlocked"]
    wait_refused(daemon, "pipelined", 1)


@PLAIN_AND_TLS
def test_a_head_that_begins_in_what_was_read_ahead(shop, open_shop):
    """The rest of a body that libmicrohttpd has read already may hide the beginning of a head: what was looked at in
    the socket is then the middle of it."""
    _, web = open_shop()
    hidden = b"POST /v1/events HTTP/1.1\r\n" + HOST + BEARER + JSON + LENGTH + b"A: "
    with connect(web.port) as stream:
        stream.sendall(post(LENGTH, body=b""))
        stream.sendall(ORDER.replace(b"smuggled", b"unlocked") + hidden)
        stream.sendall(b"GET /live HTTP/1.1\r\n" + HOST + b"\r\n" + ORDER)
        answer, _ = read_all(stream)
    assert status(answer) == 202, answer
    assert [event["id"] for _, event in entries(shop)] == ["unlocked"]


@PLAIN_AND_TLS
def test_slow_ones(open_shop):
    """A head, a body, an answer that nobody takes, and nothing at all: each has its time."""
    daemon, web = open_shop(limits={"head_time": "1s", "time": "2s", "idle": "1s"})
    with connect(web.port) as nothing, connect(web.port) as head, connect(web.port) as body, \
            connect(web.port) as idle:
        head.sendall(b"GET /live HTTP/1.1\r\n")
        body.sendall(post(LENGTH, body=ORDER[:10]))
        idle.sendall(GET + b"\r\n")
        assert status(read_all(idle)[0]) == 200
        head.settimeout(0.1)
        end, told_no = time.monotonic() + 20, b""
        while not told_no and time.monotonic() < end:  # a byte every now and then buys no time
            try:
                head.sendall(b"A: b\r\n")
                told_no = head.recv(4096)
            except TimeoutError:
                pass
        assert status(told_no) == 408
        assert status(read_all(nothing)[0]) == 408
        assert status(read_all(body)[0]) == 408
        assert read_all(idle) == (b"", True)
    wait_refused(daemon, "head-time", 2)
    wait_refused(daemon, "body-time", 1)
    wait_until(lambda: daemon.figure("nudged_web_connections") == 0, daemon.log)


@PLAIN_AND_TLS
def test_connections_of_one_client(open_shop):
    daemon, web = open_shop(limits={"per_client": 5})
    held = hold(web, 5)
    answer, closed = exchange(web.port, GET + b"\r\n")
    assert (status(answer), closed) == (429, True)
    assert b"\r\nRetry-After: " in answer
    wait_refused(daemon, "client-connections", 1)
    held.pop().close()
    wait_until(lambda: status(exchange(web.port, GET + b"\r\n")[0]) == 200, daemon.log)
    for stream in held:
        stream.close()


@PLAIN_AND_TLS
def test_connections_in_all(open_shop):
    """What is above the bound is told so, whoever it is; those that are in go on."""
    daemon, web = open_shop(limits={"connections": 20}, proxies=["127.0.0.0/8"])
    held = hold(web, 20)
    assert status(exchange(web.port, GET + b"\r\n")[0]) == 503
    held[0].sendall(post(LENGTH))
    assert status(read_all(held[0])[0]) == 202
    for stream in held:
        stream.close()
    wait_refused(daemon, "connections", 1)
    wait_until(lambda: status(exchange(web.port, GET + b"\r\n")[0]) == 200, daemon.log)


@PLAIN_AND_TLS
def test_bytes_of_all_bodies(open_shop):
    """Bodies that only begin cannot take more than `buffered` together."""
    daemon, web = open_shop(limits={"buffered": "2MiB", "body": "1MiB", "time": "20s"})
    large = 900 * 1024
    held = [connect(web.port) for _ in range(2)]
    for stream in held:
        stream.sendall(post(b"Content-Length: %d\r\n" % large, body=b" " * (large - 1)))

    def is_full():
        with connect(web.port) as stream:
            stream.sendall(post(b"Content-Length: %d\r\n" % large, body=b""))
            return status(read_all(stream, 0.2)[0]) == 503

    wait_until(is_full, daemon.log)
    wait_refused(daemon, "buffered", 1)
    for stream in held:
        stream.close()
    wait_until(lambda: web.post({**EVENT, "note": " " * 100000})[0] == 202, daemon.log)


def test_rate_of_who_proves_nothing(open_shop):
    """Guessing is slowed down; who has a token is not, however much they push."""
    daemon, web = open_shop(limits={"rate": "20 per 1h"})
    answers = [web.post(EVENT, token=f"guess-number-{number:08}x")[0] for number in range(30)]
    assert answers.count(401) <= 20
    assert answers[-1] == 429
    wait_refused(daemon, "rate", 9)
    assert web.ask("GET", "/live")[0] == 429
    assert [web.post(EVENT)[0] for _ in range(30)] == [202] * 30
    assert len(told(daemon, "rate")) == 1


def test_proxies(open_shop):
    """X-Forwarded-For is believed of the proxies alone, and only what they wrote."""
    daemon, web = open_shop(limits={"rate": "5 per 1h"}, proxies=["127.0.0.1/32"])

    def guess(forwarded):
        return web.post(EVENT, token="a" * 24, X_Forwarded_For=forwarded)[0]

    assert [guess("192.0.2.1") for _ in range(7)][-1] == 429
    assert guess("192.0.2.2") == 401
    assert guess("192.0.2.9, 192.0.2.1") == 429  # what stands before was written by a stranger
    assert guess("192.0.2.1, 192.0.2.9") == 401
    assert "192.0.2" not in daemon.log()


def test_no_proxies(open_shop):
    _, web = open_shop(limits={"rate": "5 per 1h"})
    answers = [web.post(EVENT, token="a" * 24, X_Forwarded_For=f"192.0.2.{number}")[0] for number in range(8)]
    assert answers[-1] == 429


@PLAIN_AND_TLS
def test_descriptors(open_shop):
    """With few descriptors it takes fewer connections, and neither spins nor ends."""
    daemon, web = open_shop(proxies=["127.0.0.0/8"])
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (96, 96))
    daemon.ask("POST", "/reload")
    wait_until(lambda: daemon.log().count("nudged-web takes requests") == 2, daemon.log)
    web = Web(daemon, SECURE.get(web.port))
    held = hold(web, 15 if web.port in SECURE else 60)

    answers = []
    while 503 not in answers and len(held) < 96:
        try:
            held.append(connect(web.port))
            held[-1].sendall(GET + b"\r\n")
            answers.append(status(read_all(held[-1])[0]))
        except OSError:  # no handshake: under TLS a few at once are told why
            answers.append(503 if web.port in SECURE else 0)
    assert set(answers) <= {200, 503}
    assert 503 in answers
    for stream in held:
        stream.close()
    wait_until(lambda: status(exchange(web.port, GET + b"\r\n")[0]) == 200, daemon.log)
    assert daemon.log().count("nudged-web takes requests") == 2


@pytest.mark.parametrize("open_shop", ["tls"], indirect=True)
def test_tls_of_its_own(shop, open_shop):
    daemon, web = open_shop()
    with connect(web.port) as stream:
        assert stream.version() == "TLSv1.3"
    context = SECURE.pop(web.port)
    assert exchange(web.port, GET + b"\r\n")[0][:5] != b"HTTP/"  # plain, to a port of TLS
    old = ssl.create_default_context(cafile=shop.folder / "tls" / "ca.pem")
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.minimum_version = ssl.TLSVersion.TLSv1
    SECURE[web.port] = old
    with pytest.raises((ssl.SSLError, OSError)):
        exchange(web.port, GET + b"\r\n")
    wait_refused(daemon, "bad-request", 2)
    assert told(daemon, "bad-request") == [
        "a request from the web was refused: the request is not HTTP as it should be "
        "reason=bad-request "]
    SECURE[web.port] = context
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    answer, closed = exchange(web.port, GET + b"Connection: close\r\n\r\n")
    assert (status(answer), closed) == (200, True)
    wait_until(lambda: daemon.figure("nudged_web_connections") == 0, daemon.log)


@pytest.mark.parametrize("open_shop", ["tls"], indirect=True)
def test_a_large_answer_under_tls(open_shop):
    """Larger than all that is held on its way, to a client that is slow to take it."""
    _, web = open_shop()
    refused_events = b"\n".join(b'{"type": "order.placed"' for _ in range(1000))
    head = b"Content-Length: %d\r\n" % len(refused_events)
    with connect(web.port) as stream:
        stream.sendall(post(head, body=refused_events).replace(JSON, b"Content-Type: application/x-ndjson\r\n"))
        answer = b""
        while not answer.endswith(b"]}"):
            piece = stream.recv(1000)
            assert piece, answer[-100:]
            answer += piece
    assert status(answer) == 400
    assert answer.count(b'"status":400') == 1001
    assert len(answer) > 80 << 10


@PLAIN_AND_TLS
def test_the_end_with_a_body_under_way(open_shop):
    """Who is slow has their time, and is told that it is over; the daemon goes after that."""
    daemon, web = open_shop(limits={"time": "1s"})
    with connect(web.port) as whole, connect(web.port) as slow:
        for stream in whole, slow:
            stream.sendall(post(b"Expect: 100-continue\r\n", LENGTH, body=b""))
            assert stream.recv(1000).startswith(b"HTTP/1.1 100 ")
        daemon.process.send_signal(signal.SIGTERM)
        whole.sendall(ORDER)
        assert status(read_all(whole)[0]) in (202, 503)
        assert status(read_all(slow)[0]) == 408
    assert daemon.ended() == 0


@PLAIN_AND_TLS
def test_many_at_once(open_shop):
    """Each of a crowd is answered."""
    _, web = open_shop(limits={"per_client": 200})
    answers = at_once(100, lambda number: exchange(web.port, post(LENGTH))[0])
    assert [status(answer) for answer in answers] == [202] * 100
