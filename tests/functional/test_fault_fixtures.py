"""The fixtures that misbehave do so as they say, seen by Python's own clients."""

import http.client
import smtplib
import socket
import ssl
import threading
import time

import pytest

import certificates
from conftest import SmtpServer, wait_until
from fault_proxy import FaultProxy
from fault_server import (CLOSE, GOOD, HOLE, RESET, FaultHttp, FaultSmtp, answer, at_byte, by_recipient, cut_at, first,
                          flood, server_context, trickle, until, wait)

MAIL = "Subject: hello\r\n\r\n.dots\r\n..\r\nend\r\n"


@pytest.fixture
def own():
    """Ends what a test starts."""
    started = []

    def add(thing):
        started.append(thing)
        return thing

    yield add
    for thing in started:
        thing.stop()


def client(server, **more):
    return smtplib.SMTP("127.0.0.1", server.port, timeout=20, **more)


def send(server, to="a@x.example"):
    with client(server) as smtp:
        return smtp.sendmail("s@shop.example", [to], MAIL)


def test_a_mail_arrives_as_it_was_sent(own):
    server = own(FaultSmtp())
    send(server)
    [mail] = server.mails
    assert (mail.sender, mail.to, mail.taken, mail.content) == ("s@shop.example", "a@x.example", True, MAIL.encode())
    assert mail.parsed["Subject"] == "hello" and mail.connection == 1
    assert [step.name for step in server.seen] == ["connect", "banner", "ehlo", "mail", "rcpt", "data", "dot", "quit"]


@pytest.mark.parametrize("script, fault", [
    ({"banner": "421 4.3.2 busy"}, smtplib.SMTPConnectError),
    ({"connect": RESET}, OSError),
    ({"banner": (trickle("220 slow", 0.01), CLOSE), "ehlo": CLOSE}, smtplib.SMTPServerDisconnected),
    ({"mail": "550 5.7.1 not you"}, smtplib.SMTPSenderRefused),
    ({"rcpt": by_recipient({"b@": GOOD, "a@": "550 5.1.1 gone"})}, smtplib.SMTPRecipientsRefused),
    ({"data": "451 4.3.0 later"}, smtplib.SMTPDataError),
    ({"body": at_byte(10, RESET)}, OSError),
    ({"dot": RESET}, OSError),
    ({"dot": cut_at(2, "250 2.0.0 taken", CLOSE)}, OSError),
    ({"dot": b"\xff\x00\r\n"}, OSError),
])
def test_smtp_faults(own, script, fault):
    server = own(FaultSmtp(script))
    with pytest.raises(fault):
        send(server)
    server.well()
    send(server)
    assert server.mails[-1].taken


def test_a_flood_is_a_reply_of_many_lines(own):
    server = own(FaultSmtp({"dot": (flood(1 << 20), GOOD)}))
    send(server)
    assert server.mails[0].taken


def test_hole_ends_with_its_client_and_waits_with_their_server(own):
    server = own(FaultSmtp({"mail": HOLE, "rcpt": wait(60)}))
    with pytest.raises(OSError):
        with client(server) as smtp:
            smtp.ehlo()
            smtp.sock.settimeout(0.2)
            smtp.mail("s@shop.example")
    wait_until(lambda: not server.open, "the connection to end")


def test_first_and_until(own):
    gate = threading.Event()
    server = own(FaultSmtp({"mail": (until(gate), GOOD), "rcpt": first(["450 4.2.0 once", GOOD])}))
    sent = threading.Thread(target=lambda: send(server, "b@x.example"))
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        threading.Timer(0, gate.set).start()
        send(server)
    sent.start()
    sent.join()
    assert [mail.to for mail in server.taken()] == ["b@x.example"] and server.tried("a@x.example") == 1


def test_tls_and_login(own, tmp_path):
    folder = certificates.make(tmp_path / "tls")
    trust = ssl.create_default_context(cafile=folder / "ca.pem")
    server = own(FaultSmtp(tls=server_context(folder, "good"), auth="PLAIN LOGIN"))
    with smtplib.SMTP("localhost", server.port, timeout=20) as smtp:
        smtp.starttls(context=trust)
        smtp.login("user", "word")
        smtp.sendmail("s@shop.example", ["a@x.example"], MAIL)
    assert (server.mails[0].tls, server.mails[0].login) == (True, ("user", "word"))
    for name in ("other", "expired", "selfsigned"):
        bad = own(FaultSmtp(tls=server_context(folder, name), smtps=True))
        with pytest.raises(ssl.SSLCertVerificationError):
            smtplib.SMTP_SSL("localhost", bad.port, context=trust, timeout=20)


def post(server, body=b"x" * 3000, path="/send"):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        connection.request("POST", path, body, {"Idempotency-Key": "k"})
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


@pytest.mark.parametrize("script, seen", [
    ({}, (202, b"{}")),
    ({"answer": answer(429, {"slow": 1}, retry_after=5)}, (429, b'{"slow": 1}')),
    ({"head": (200, CLOSE)}, (200, b"{}")),
    ({"body": at_byte(100, (503, CLOSE))}, (503, b"{}")),
    ({"answer": (answer(100, b"", content_length=None), 204)}, (204, b"")),
    ({"answer": trickle(answer(200, b"ok"), 0.001)}, (200, b"ok")),
    ({"answer": (200, 200)}, (200, b"{}")),
    ({"answer": b"ERR\r\n\r\n"}, http.client.BadStatusLine),
    ({"answer": RESET}, OSError),
    ({"head": CLOSE}, OSError),
    ({"answer": cut_at(60, answer(200, b"x" * 50), CLOSE)}, http.client.HTTPException),
])
def test_http_faults(own, script, seen):
    server = own(FaultHttp(script))
    if isinstance(seen, tuple):
        assert post(server) == seen
    else:
        with pytest.raises(seen):
            post(server)
    assert server.begun[0].key == "k"


def test_proxy_passes_delays_and_cuts(own):
    server = own(SmtpServer())
    proxy = own(FaultProxy(server.port))
    send(proxy)
    assert server.next_mail()["Subject"] == "hello"
    proxy.delay = 0.02
    began = time.monotonic()
    send(proxy)
    assert time.monotonic() - began > 6 * 2 * 0.02
    proxy.well()
    for switch in ({"sent": 60}, {"answered": 30}, {"sent": 60, "how": "close"}):
        proxy.cut(**switch)
        with pytest.raises(OSError):
            send(proxy)
    proxy.well()
    with client(proxy) as smtp:
        smtp.ehlo()
        proxy.reset()
        with pytest.raises(OSError):
            smtp.mail("s@shop.example")


def test_proxy_is_a_hole_or_refuses(own):
    server = own(SmtpServer())
    proxy = own(FaultProxy(server.port))
    with client(proxy) as smtp:
        smtp.ehlo()
        proxy.hole = True
        smtp.sock.settimeout(0.2)
        with pytest.raises(OSError):
            smtp.noop()
    proxy.refuse()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", proxy.port), 5)
    proxy.accept()
    proxy.well()
    proxy.bandwidth = 20_000
    began = time.monotonic()
    with client(proxy) as smtp:
        smtp.sendmail("s@shop.example", ["a@x.example"], "x\r\n" * 2000)
    assert time.monotonic() - began > 0.2
