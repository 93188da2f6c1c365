"""What an answer means: a test for each row. A verdict is about the message, its recipient or its
gateway, and each row is seen by what becomes of its message, of its address, of the gateway and of
all other messages, which go on as if nothing were."""

import pathlib
import socket
import tempfile

import pytest

from conftest import wait_until
from fault_server import (CLOSE, HOLE, RESET, answer, at_byte, by_recipient, cut_at, flood, trickle)
from verdict_world import World

# ---- About the message or its recipient ----
# Where, what the server does there; what becomes of the message; the event; whether a further
# message to the address is refused.

LATER, LOST = "later 1", "uncertain"
PLENTY = 32  # connections: a gateway that is busy would leave messages to its spare
MESSAGE = {
    "taken": ("dot", "250 2.0.0 taken", "sent relay"),
    "taken-twice": ("dot", ("250 2.0.0 taken", "250 2.0.0 taken"), "sent relay"),
    "taken-then-lost": ("dot", ("250 2.0.0 taken", RESET), "sent relay"),
    "taken-in-many-lines": ("dot", "250-2.0.0 it\n250-2.0.0 was\n250 2.0.0 taken", "sent relay"),
    # Greylisting and the like.
    "grey": ("rcpt", "450 4.2.0 greylisted", LATER),
    "grey-policy": ("rcpt", "451 4.7.1 greylisted", LATER),
    "full-for-now": ("rcpt", "452 4.2.2 mailbox full", LATER),
    "busy-at-rcpt": ("rcpt", "421 4.3.2 going down", LATER),
    "later-at-data": ("data", "451 4.3.0 try later", LATER),
    "later-at-dot": ("dot", "451 4.3.0 try later", LATER),
    "busy-at-dot": ("dot", "421 4.3.2 going down", LATER),
    # Lost before the end went out: nobody can have taken it.
    "lost-at-rcpt": ("rcpt", RESET, LATER),
    "closed-at-data": ("data", CLOSE, LATER),
    "lost-in-body": ("body", RESET, LATER),
    "silent-at-rcpt": ("rcpt", HOLE, LATER),
    "garbage-at-rcpt": ("rcpt", b"WAT\r\n", LATER),
    "garbage-at-data": ("data", b"\x00\xff\r\n", LATER),
    # Lost after it.
    "lost-at-dot": ("dot", RESET, LOST),
    "closed-at-dot": ("dot", CLOSE, LOST),
    "silent-at-dot": ("dot", HOLE, LOST),
    "cut-at-dot": ("dot", cut_at(3, "250 2.0.0 taken", CLOSE), LOST),
    "garbage-at-dot": ("dot", (b"WAT\r\n", CLOSE), LOST),
    "http-at-dot": ("dot", answer(200), LOST),
    "flood-at-dot": ("dot", flood(1 << 20), LOST),
    "trickle-at-dot": ("dot", trickle("250 " + "x" * 500, 0.05), LOST),
    # There is no such address.
    "gone-511": ("rcpt", "550 5.1.1 no such user", "dead bounced", "bounced", "suppressed"),
    "gone-513": ("rcpt", "501 5.1.3 bad address", "dead bounced", "bounced", "suppressed"),
    "gone-516": ("rcpt", "550 5.1.6 moved away", "dead bounced", "bounced", "suppressed"),
    "gone-5110": ("rcpt", "556 5.1.10 null MX", "dead bounced", "bounced", "suppressed"),
    "gone-521": ("rcpt", "550 5.2.1 disabled", "dead bounced", "bounced", "suppressed"),
    "gone-at-dot": ("dot", "550 5.1.1 no such user", "dead bounced", "bounced", "suppressed"),
    # No code says so; the server takes others.
    "bare-550": ("rcpt", "550 User unknown", "dead bounced", "bounced", "suppressed"),
    "bare-551": ("rcpt", "551 not local", "dead bounced", "bounced", "suppressed"),
    "bare-553": ("rcpt", "553 not allowed", "dead bounced", "bounced", "suppressed"),
    # About this message.
    "policy-at-rcpt": ("rcpt", "550 5.7.1 not from you", "dead refused", "failed"),
    "policy-554": ("rcpt", "554 5.7.1 access denied", "dead refused", "failed"),
    "policy-at-dot": ("dot", "554 5.7.1 spam", "dead refused", "failed"),
    "too-big": ("dot", "552 5.3.4 too big", "dead refused", "failed"),
    "full-for-good": ("rcpt", "552 5.2.2 over quota", "dead refused", "failed"),
    "bare-552": ("rcpt", "552 over quota", "dead refused", "failed"),
    "bare-554": ("rcpt", "554 no", "dead refused", "failed"),
    "bare-554-at-data": ("data", "554 no valid recipients", "dead refused", "failed"),
    "bare-550-at-dot": ("dot", "550 no", "dead refused", "failed"),
    "content": ("dot", "554 5.6.0 malformed", "dead refused", "failed"),
}


def run(build):
    """The world that `build` makes, for all tests of this file."""
    with tempfile.TemporaryDirectory(prefix="nudged-") as folder:
        world = World(pathlib.Path(folder))
        try:
            yield build(world)
        finally:
            world.stop()


def between(channel, rows, held=(), again=""):
    """Each row's event, with others that are well between them. `…-body` and `early…` are long."""
    events = []
    for who in rows:
        kind, lines = f"{channel}.held" if who in held else channel, 20000 if "body" in who or "early" in who else 1
        events += [World.event(kind, who, lines, id=f"{who}{again}"), World.event(channel, f"well-{who}{again}")]
    return events


def build_smtp(world):
    script = {}
    for who, (step, action, *_) in MESSAGE.items():
        script.setdefault(step, {})[f"<{who}@"] = action
    actions = {step: by_recipient(table) for step, table in script.items()}
    actions["body"] = at_byte(20, actions["body"])
    world.relay, world.spare = world.smtp(actions, receive_buffer=16384), world.smtp()
    world.channel("mail", "mail", world.gateway("relay", world.relay, answer_timeout="1s", command_timeout="1s",
                                                connections=PLENTY), world.gateway("spare", world.spare))
    world.start()
    ended = [who for who in MESSAGE if MESSAGE[who][2].startswith("dead")]
    for rows, again in ((MESSAGE, ""), (ended, "-again")):
        world.push_each(between("mail", rows, [who for who in rows if MESSAGE[who][2] == LOST], again))
    return world


@pytest.fixture(scope="module")
def smtp():
    yield from run(build_smtp)


def expect_charged(world, who, wanted, tries, again=1):
    """`later N`: retried meanwhile, N grows with what the server saw, which for each may be `again`
    times: over a kept connection, and then over a new one."""
    if not wanted.startswith("later"):
        return world.expect(who, wanted)
    rest = wanted[len("later 1"):]

    def charged():
        seen = tries()
        return seen and world.seen(who) in [f"later {n}{rest}" for n in range(-(-seen // again), seen + 1)]

    return wait_until(charged, lambda: f"{who} to be charged {tries()} times: {world.seen(who)}\n{world.trace(who)}")


@pytest.mark.parametrize("who", MESSAGE)
def test_smtp_about_the_message(smtp, who):
    _, _, wanted, event, again = (*MESSAGE[who], None, None)[:5]
    address = f"{who}@x.example"
    expect_charged(smtp, who, wanted, lambda: smtp.relay.tried(address))
    if event:
        wait_until(lambda: smtp.told(who), f"message.{event}")
        assert set(smtp.told(who)) == {event}
        assert smtp.was_refused(who) == (again == "suppressed")
        assert smtp.relay.tried(address) == (1 if again else 2)
    if wanted == LOST:
        assert len([mail for mail in smtp.relay.mails if mail.to == address]) == 1
        assert smtp.dead(who) == [] and smtp.told(who) == []
    assert smtp.spare.tried(address) == 0


def test_smtp_others_notice_nothing(smtp):
    """All that were well arrived by the first gateway, each once."""
    arrived = [mail.to for mail in smtp.relay.taken("well-")]
    assert {f"well-{who}@x.example" for who in MESSAGE} <= set(arrived) and len(arrived) == len(set(arrived))
    assert smtp.spare.mails == []
    assert smtp.breaker("relay") == "closed"


# ---- About the gateway ----
# What stands in the way before MAIL, or at it; its breaker then. Its message goes by the spare at
# once, and where there is none it waits uncharged.

LOGIN = {"user": "nudged", "auth": "plain"}
GATEWAY = {
    "busy-banner": ({"banner": "421 4.3.2 busy"}, {}, {}, "closed"),
    "no-banner": ({"banner": "554 5.7.1 go away"}, {}, {}, "open"),
    "later-banner": ({"banner": "450 4.3.2 not now"}, {}, {}, "closed"),
    "reset": ({"connect": RESET}, {}, {}, "closed"),
    "closed": ({"connect": CLOSE}, {}, {}, "closed"),
    "silent": ({"banner": HOLE}, {}, {"connect_timeout": "1s"}, "closed"),
    "trickles": ({"banner": trickle("220 " + "x" * 500, 0.1)}, {}, {"connect_timeout": "1s"}, "closed"),
    "garbage": ({"banner": (b"\x00\x01\x02WAT\r\n", CLOSE)}, {}, {}, "closed"),
    "http": ({"banner": (answer(400), CLOSE)}, {}, {}, "closed"),
    "busy-ehlo": ({"ehlo": "421 4.3.2 busy"}, {}, {}, "closed"),
    "lost-ehlo": ({"ehlo": CLOSE}, {}, {}, "closed"),
    "no-ehlo": ({"ehlo": "550 5.7.1 not you", "helo": "550 5.7.1 not you"}, {}, {}, "open"),
    "busy-mail": ({"mail": "421 4.3.2 busy"}, {}, {}, "closed"),
    "no-mail": ({"mail": "550 5.7.1 you may not send"}, {}, {}, "open"),
    "bare-mail": ({"mail": "550 no"}, {}, {}, "open"),
    "log-in-first": ({"mail": "530 5.7.0 authentication required"}, {}, {}, "open"),
    "sender-517": ({"rcpt": "550 5.1.7 bad sender"}, {}, {}, "open"),
    "sender-518": ({"rcpt": "553 5.1.8 your domain is not there"}, {}, {}, "open"),
    "no-auth": ({}, {}, LOGIN, "open"),
    "wrong-password": ({"auth": "535 5.7.8 wrong"}, {"auth": "PLAIN LOGIN"}, LOGIN, "open"),
    "auth-later": ({"auth": "454 4.7.0 try later"}, {"auth": "PLAIN LOGIN"}, LOGIN, "closed"),
    "tls-stripped": ({}, {}, {"tls": "starttls"}, "open"),
    "tls-refused": ({"starttls": "454 4.7.0 not now"}, {"tls": True}, {"tls": "starttls"}, "closed"),
    "tls-garbage": ({"tls": (b"WAT\r\n", CLOSE)}, {"tls": True}, {"tls": "starttls"}, "closed"),
    "expired": ({}, {"tls": True, "name": "expired"}, {"tls": "starttls"}, "open"),
    "another": ({}, {"tls": True, "name": "other"}, {"tls": "starttls"}, "open"),
    "selfsigned": ({}, {"tls": True, "name": "selfsigned", "smtps": True}, {"tls": "smtps"}, "open"),
}


def build_gateways(world):
    world.spare = world.smtp()
    world.gateway("spare", world.spare, connections=PLENTY)
    password = world.secret("password")
    world.servers = {}
    for name, (script, how, keys, _) in GATEWAY.items():
        more = dict(keys)
        if "user" in keys:
            more["password_file"] = password
        if "tls" in keys:
            more.update(host="localhost", ca_file=str(world.certs / "ca.pem"))
        world.servers[name] = world.smtp(script, **how)
        for which in (name, f"{name}-alone"):
            world.gateway(which, world.servers[name], **more)
        world.channel(name, "mail", name, "spare")
        world.channel(f"{name}-alone", "mail", f"{name}-alone")
    port = nobody(world)
    for channel in ("refused", "unknown"):
        world.gateways[channel] = {"kind": "smtp", "host": "127.0.0.1", "tls": "never", "port": port, "connections": 1}
    world.gateways["unknown"].update(host="nobody.invalid", connect_timeout="2s")
    world.gateways["unreadable"] = world.spare.gateway(connections=1, user="nudged", password_file=world.secret("gone"))
    for channel in ("refused", "unknown", "unreadable"):
        world.channel(channel, "mail", channel, "spare")
        world.gateways[f"{channel}-alone"] = dict(world.gateways[channel])
        world.channel(f"{channel}-alone", "mail", f"{channel}-alone")
    world.start()
    (world.shop.folder / "gone").unlink()
    for name in (*GATEWAY, "refused", "unknown", "unreadable"):
        world.push(world.event(name, name), world.event(f"{name}-alone", f"{name}-alone"))
    return world


def nobody(world):
    """A port that is ours, and nobody listens."""
    held = socket.socket()
    held.bind(("127.0.0.1", 0))
    world.held.append(held)
    return held.getsockname()[1]


@pytest.fixture(scope="module")
def gateways():
    yield from run(build_gateways)


OTHERS = {"refused": "closed", "unknown": "closed", "unreadable": "open"}


@pytest.mark.parametrize("name", [*GATEWAY, *OTHERS])
def test_smtp_about_the_gateway(gateways, name):
    breaker = GATEWAY[name][3] if name in GATEWAY else OTHERS[name]
    gateways.expect(name, "sent spare")
    assert [mail.to for mail in gateways.spare.taken()].count(f"{name}@x.example") == 1
    assert gateways.breaker(name) == breaker
    if name in gateways.servers:
        assert gateways.servers[name].mails == []
        assert gateways.servers[name].tried(f"{name}@x.example") <= 1
    gateways.expect(f"{name}-alone", "later 0")
    assert gateways.dead(f"{name}-alone") == [] and gateways.told(name) == []


def test_gateways_suppress_nobody(gateways):
    assert gateways.client.hlen("nudged:suppressed") == 0
    assert gateways.shop.dead() == []


# ---- HTTP: about the message ----
# What is done at which step of the request; the same columns as above.

HTTP = {
    "ok-200": ("answer", 200, "sent api"),
    "ok-201": ("answer", 201, "sent api"),
    "ok-204": ("answer", answer(204, b"", content_length=None), "sent api"),
    "ok-then-lost": ("answer", (202, RESET), "sent api"),
    "ok-after-103": ("answer", (answer(103, b"", content_length=None), 200), "sent api"),
    "ok-without-length": ("answer", (answer(200, b"{}", connection="close", content_length=None), CLOSE), "sent api"),
    "ok-chunked": ("answer", answer(200, b"2\r\n{}\r\n0\r\n\r\n", transfer_encoding="chunked"), "sent api"),
    "ok-1.0": ("answer", (answer(200, version="HTTP/1.0"), CLOSE), "sent api"),
    "ok-twice": ("answer", (200, 200), "sent api"),
    "ok-in-trickles": ("answer", trickle(answer(200), 0.005), "sent api"),
    "early-202": ("head", (202, CLOSE), "sent api"),
    "early-in-body-202": ("body", (202, CLOSE), "sent api"),
    "later-408": ("answer", 408, LATER),
    "later-425": ("answer", 425, LATER),
    "later-503": ("answer", 503, LATER),
    "lost-in-body": ("body", RESET, LATER),
    "early-503": ("head", (503, CLOSE), LATER),
    "lost-500": ("answer", 500, LOST),
    "lost-502": ("answer", 502, LOST),
    "lost-504": ("answer", 504, LOST),
    "lost-520": ("answer", 520, LOST),
    "lost-reset": ("answer", RESET, LOST),
    "lost-closed": ("answer", CLOSE, LOST),
    "lost-silent": ("answer", HOLE, LOST),
    "lost-in-answer": ("answer", cut_at(10, answer(200), CLOSE), LOST),
    "not-http": ("answer", (b"ERR upstream\r\n\r\n", CLOSE), LOST),
    "smtp-reply": ("answer", ("250 2.0.0 taken", CLOSE), LOST),
    "not-bytes": ("answer", (b"\x00\xff\x00\xff\r\n", CLOSE), LOST),
    "flood-no-head": ("answer", (flood(1 << 20, b"x" * 4096), CLOSE), LOST),
    "refused-400": ("answer", 400, "dead refused", "failed"),
    "refused-403": ("answer", 403, "dead refused", "failed"),
    "refused-404": ("answer", 404, "dead refused", "failed"),
    "refused-413": ("answer", 413, "dead refused", "failed"),
    "refused-422": ("answer", 422, "dead refused", "failed"),
}


def by_path(table):
    """Gateways put the address into the path: /send/ADDRESS."""
    return lambda step: next((action for who, action in table.items() if step.request.path.startswith(f"/send/{who}%40")
                              or step.request.path.startswith(f"/send/{who}@")), None)


def build_http(world):
    script = {}
    for who, (step, action, *_) in HTTP.items():
        script.setdefault(step, {})[who] = action
    actions = {step: by_path(table) for step, table in script.items()}
    actions["body"] = at_byte(20, actions["body"])
    world.api, world.spare = world.http(actions, receive_buffer=16384), world.http()
    world.once = world.http({"answer": by_path({"idempotent-500": 500, "idempotent-lost": RESET,
                                                "idempotent-garbage": (b"WAT\r\n", CLOSE)})})
    send = "/send/{{ to }}"
    for name, server, more in (("api", world.api, {"answer_timeout": "1s"}), ("spare", world.spare, {}),
                               ("once", world.once, {"idempotent": True})):
        world.gateways[name] = server.gateway(send, connections=PLENTY, body="api.json.liquid", **more)
    world.channel("text", "text", "api", "spare")
    world.channel("once", "text", "once", "spare")
    world.start()
    world.push_each(between("text", HTTP, [who for who in HTTP if HTTP[who][2] == LOST]))
    world.push_each(between("once", ["idempotent-500", "idempotent-lost", "idempotent-garbage"], ["idempotent-500"]))
    return world


@pytest.fixture(scope="module")
def http():
    yield from run(build_http)


def asked(server, who):
    return [request for request in list(server.begun) if f"/send/{who}" in request.path]


@pytest.mark.parametrize("who", HTTP)
def test_http_about_the_message(http, who):
    _, _, wanted, event = (*HTTP[who], None)[:4]
    expect_charged(http, who, wanted, lambda: len(asked(http.api, who)), again=2 if who == "lost-in-body" else 1)
    if event:
        wait_until(lambda: http.told(who), f"message.{event}")
    assert http.told(who) == ([event] if event else [])
    assert len({request.key for request in asked(http.api, who)}) == 1
    if not wanted.startswith("later"):
        assert len(asked(http.api, who)) == 1
    assert asked(http.spare, who) == []


@pytest.mark.parametrize("who", ["idempotent-500", "idempotent-lost", "idempotent-garbage"])
def test_where_a_key_makes_a_repeat_safe(http, who):
    """A plain retry, under `hold` too."""
    expect_charged(http, who, LATER, lambda: len(asked(http.once, who)))


def test_http_others_notice_nothing(http):
    arrived = [request.path for request in http.api.requests if "/send/well-" in request.path]
    assert len(arrived) == len(set(arrived)) == len(HTTP)
    assert http.spare.begun == [] and http.client.hlen("nudged:suppressed") == 0
    assert http.breaker("api") == "closed"


# ---- HTTP: about the gateway ----

API = {
    "slow-429": (({"answer": 429}), {}, "closed"),
    "slow-429-after": ({"answer": answer(429, retry_after=50)}, {}, "closed"),
    "login-401": ({"answer": 401}, {}, "open"),
    "proxy-407": ({"answer": 407}, {}, "open"),
    "moved-301": ({"answer": answer(301, location="/elsewhere")}, {}, "open"),
    "moved-302": ({"answer": answer(302, location="/elsewhere")}, {}, "open"),
    "expired": ({}, {"tls": True, "name": "expired"}, "open"),
    "selfsigned": ({}, {"tls": True, "name": "selfsigned"}, "open"),
    "no-tls": ({"connect": (b"HTTP/1.1 400 plain\r\n\r\n", CLOSE)}, {"tls": True}, "closed"),
    "nobody": ({}, {}, "closed"),
    "unreadable": ({}, {"secret": True}, "open"),
}


def build_api(world):
    world.spare = world.http()
    world.gateways["spare"] = world.spare.gateway("/send/{{ to }}", body="api.json.liquid")
    world.servers = {}
    for name, (script, how, _) in API.items():
        more = {"secret_file": world.secret("gone")} if how.get("secret") else {}
        if "tls" in how:
            more["ca_file"] = str(world.certs / "ca.pem")
        world.servers[name] = world.http(script, **{key: value for key, value in how.items() if key != "secret"})
        for which in (name, f"{name}-alone"):
            world.gateways[which] = world.servers[name].gateway(
                "/send/{{ to }}", body="api.json.liquid", connections=1, connect_timeout="2s", **more)
            if name == "nobody":
                world.gateways[which]["url"] = f"http://127.0.0.1:{nobody(world)}/send"
            world.channel(which, "text", *([which, "spare"] if which == name else [which]))
    world.start()
    (world.shop.folder / "gone").unlink()
    for name in API:
        world.push(world.event(name, name), world.event(f"{name}-alone", f"{name}-alone"))
    return world


@pytest.fixture(scope="module")
def api():
    yield from run(build_api)


@pytest.mark.parametrize("name", API)
def test_http_about_the_gateway(api, name):
    api.expect(name, "sent spare")
    assert len(asked(api.spare, f"{name}%40") + asked(api.spare, f"{name}@")) == 1
    assert api.breaker(name) == API[name][2]
    api.expect(f"{name}-alone", "later 0")
    assert api.dead(f"{name}-alone") == [] and api.told(f"{name}-alone") == []
