"""Gateways that break, and what must hold: the others are not slowed, the spare takes over, what may
have arrived stays where it is, and nobody is lost.

Other rows of docs/delivery.md have their tests where their subject is: a daemon that is frozen past
its lease (test_limits, test_failover), drain (test_life, test_failover), no file descriptors
(test_limits), poison (test_faults), lost replies of Redis (test_faults, test_failover), who is to blame
and health (test_health), kills at every fail-point (tests/kills.py)."""

import collections
import signal
import threading

import pytest

from conftest import wait_until
from fault_proxy import FaultProxy
from fault_server import CLOSE, GOOD, HOLE, RESET, FaultHttp, FaultSmtp, answer, flood, trickle, until, wait
from ledger import KINDS, Ledger
from real_servers import Postfix

FIRST, LATE, OTHERS, CONNECTIONS = 40, 20, 100, 4

# What it does to everybody; then whether what it has had may have arrived there (it stays then).
BROKEN = {
    "answers-the-dot-after-30s": (FaultSmtp, {"dot": (wait(30), GOOD)}, True),
    "a-byte-a-second": (FaultSmtp, {"dot": trickle("250 2.0.0 taken")}, True),
    "silent-after-the-dot": (FaultSmtp, {"dot": HOLE}, True),
    "silent-at-mail": (FaultSmtp, {"mail": HOLE}, False),
    "silent-from-the-start": (FaultSmtp, {"connect": HOLE}, False),
    "ten-megabytes": (FaultSmtp, {"dot": (flood(), GOOD)}, True),
    "ten-megabytes-at-ehlo": (FaultSmtp, {"ehlo": flood()}, False),
    "lost-after-the-dot": (FaultSmtp, {"dot": RESET}, True),
    "policy-to-everybody": (FaultSmtp, {"rcpt": "550 5.7.1 you are listed"}, False),
    "policy-after-data": (FaultSmtp, {"dot": "554 5.7.1 looks like spam"}, False),
    "relaying-denied": (FaultSmtp, {"rcpt": "550 relaying denied"}, False),
    "says-no": (FaultSmtp, {"dot": "554 transaction failed"}, False),
    "system-trouble": (FaultSmtp, {"dot": "451 4.3.0 queue file write error"}, False),
    "502": (FaultHttp, {"answer": 502}, True),
    "503": (FaultHttp, {"answer": 503}, False),
    "403": (FaultHttp, {"answer": 403}, False),
    "400": (FaultHttp, {"answer": answer(400, {"error": "no such template"})}, False),
    "429": (FaultHttp, {"answer": 429}, False),
    "silent": (FaultHttp, {"answer": HOLE}, True),
    "late": (FaultHttp, {"answer": (wait(30), 200)}, True),
    "byte-a-second": (FaultHttp, {"answer": trickle(answer(200))}, True),
    "not-http": (FaultHttp, {"answer": (b"ERR\r\n\r\n", CLOSE)}, True),
    "megabytes-without-end": (FaultHttp, {"answer": flood(10 << 20, b"and so on " * 100)}, True),
}

RULES = """
{name: bad, class: transactional, on_uncertain: hold, on: bad, send: {template: hello, via: first, to: customer.email}}
---
{name: other, class: transactional, on: other, send: {template: hello, via: other, to: customer.email}}
"""


@pytest.fixture
def broken(shop):
    """A channel `first` whose gateway is broken and has a spare, and one that has nothing to do with it. Only the
    broken one is waited for so shortly: the others are good, however slow the machine."""
    shop.redis()
    shop.rules(RULES)
    shop.template("hello.text.liquid", "---\nsubject: '{{ customer.id }}'\n---\nhello\n")
    shop.template("api.json.liquid", '{"who": {{ customer.id | json }}}')

    def build(kind, script, timeout="1s"):
        shop.bad, shop.spare, shop.other = (shop.add(kind(one)) for one in (script, None, None))
        keys = {"connections": CONNECTIONS, **({} if kind is FaultSmtp else {"body": "api.json.liquid"})}
        shop.config["gateways"] = {name: getattr(shop, name).gateway(**keys) for name in ("bad", "spare", "other")}
        for key in ("connect_timeout", "answer_timeout", *["command_timeout"][kind is FaultHttp:]):
            shop.config["gateways"]["bad"][key] = timeout
        type_ = "mail" if kind is FaultSmtp else "text"
        shop.config["channels"] = {"first": {"kind": type_, "gateways": ["bad", "spare"]},
                                   "other": {"kind": type_, "gateways": ["other"]}}
        shop.one = shop.daemon().spawn()
        return shop

    return build


def events(kind, count, begin=0):
    return [{"type": kind, "id": f"{kind}{n}", "customer": {"id": f"{kind}{n}", "email": f"{kind}{n}@x.example"}}
            for n in range(begin, begin + count)]


def arrived(server):
    """Who: how often."""
    if isinstance(server, FaultSmtp):
        return collections.Counter(str(mail.parsed["Subject"]) for mail in server.taken())
    return collections.Counter(request.json["who"] for request in list(server.requests))


def held(shop):
    return {shop.client.hget(b"nudged:message:" + mid, "customer").decode()[3:]
            for mid in shop.client.zrange("nudged:uncertain", 0, -1)}


def all_are_somewhere(shop, may_have_arrived):
    """Each is with the spare, once; or held, where it may be with the one that broke."""
    wanted = {f"bad{n}" for n in range(FIRST + LATE)}
    by_spare, parked = arrived(shop.spare), held(shop)
    assert set(by_spare.values()) <= {1} and not set(by_spare) & parked
    assert may_have_arrived or not parked
    return set(by_spare) | parked == wanted


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_gateway_harms_no_other(broken, name):
    kind, script, may_have_arrived = BROKEN[name]
    shop = broken(kind, script)
    shop.push(*events("bad", FIRST), *events("other", OTHERS))
    wait_until(lambda: sum(arrived(shop.other).values()) == OTHERS, "the other gateway's")
    shop.push(*events("bad", LATE, FIRST))
    late = {f"bad{n}" for n in range(FIRST, FIRST + LATE)}
    wait_until(lambda: late <= set(arrived(shop.spare)) | held(shop),
               lambda: f"the spare: {len(late - set(arrived(shop.spare)))} of {LATE}\n{shop.one.log()[-3000:]}")
    Hurry(shop).until(lambda: all_are_somewhere(shop, may_have_arrived))
    assert len(held(shop)) <= 26, "its breaker opened"  # by 20, four more on their way, and a probe
    assert shop.dead() == [] and shop.client.hlen("nudged:suppressed") == 0
    assert set(arrived(shop.other).values()) == {1}
    if kind is FaultSmtp and not may_have_arrived:
        assert shop.bad.taken() == []


@pytest.mark.parametrize("kind, step", [(FaultSmtp, step) for step in ("connect", "ehlo", "mail", "dot")]
                         + [(FaultHttp, "connect"), (FaultHttp, "answer")])
def test_a_gateway_that_takes_its_time_holds_up_no_other(broken, kind, step):
    """All its connections are in use, and remain so until the others' messages have arrived."""
    gate = threading.Event()
    shop = broken(kind, {step: (until(gate), CLOSE)}, "10m")
    shop.push(*events("bad", FIRST))
    wait_until(lambda: shop.bad.count(step) == CONNECTIONS, "all connections to be in use")
    shop.push(*events("other", OTHERS))
    wait_until(lambda: sum(arrived(shop.other).values()) == OTHERS, "the other gateway's")
    assert shop.bad.count(step) == CONNECTIONS
    gate.set()


class Hurry:
    """Retries that would come within a minute, or within hours, come now."""

    def __init__(self, shop):
        self.shop = shop

    def until(self, condition):
        def hurried():
            if condition():
                return True
            later = [mid for mid in self.shop.client.zrange("nudged:later", 0, -1)]
            if later:
                self.shop.client.zadd("nudged:later", {mid: 1 for mid in later}, xx=True)
            return False
        wait_until(hurried, lambda: f"all to be somewhere; held {len(held(self.shop))}, spare "
                   f"{len(arrived(self.shop.spare))}\n{self.shop.dead()[:2]}\n{self.shop.one.log()[-3000:]}")


@pytest.mark.parametrize("point", ["send-answered", "passed", "settle-lost"])
def test_killed_and_killed_again(shop, point):
    """A sample of `./dev soak kills`."""
    shop.redis()
    ledger = Ledger(shop)
    ledger.gateways()
    daemon = shop.daemon()
    for _ in range(3):
        ledger.push(12, [kind for kind in KINDS if kind != "late"])  # a timer in hand has a lease of 30 s
        daemon.spawn(f"{point}=kill@1", wait=False)
        assert daemon.ended() == -signal.SIGKILL
    daemon.spawn()
    ledger.wait()
    ledger.figures()


# ---- Between us and a real server ----


@pytest.fixture
def behind_proxy(shop):
    """Postfix behind a proxy; what lies in its mailboxes counts."""
    shop.redis()
    shop.rules(RULES.replace("via: first", "via: email"))
    shop.template("hello.text.liquid", "---\nsubject: '{{ customer.id }}'\n---\n" + "hello, hello\n" * 200)
    shop.postfix = shop.add(Postfix(shop.folder, login=False))
    shop.proxy = shop.add(FaultProxy(shop.postfix.port))
    shop.config["channels"] = {"email": "relay", "other": {"kind": "mail", "gateways": ["relay"]}}

    def build(**keys):
        shop.config["gateways"] = {"relay": {**shop.postfix.gateway(shop, connections=2), "host": "127.0.0.1",
                                             "port": shop.proxy.port, **keys}}
        shop.one = shop.daemon().spawn()
        return shop

    return build


def mails(count, begin=0):
    return [{"type": "bad", "id": f"b{n}", "customer": {"id": f"b{n}", "email": f"ok{n}@mail.example"}}
            for n in range(begin, begin + count)]


@pytest.mark.parametrize("switch, may_be_held", [
    ({"sent": 20}, False), ({"sent": 500}, True), ({"sent": 1500, "how": "close"}, True), ({"answered": 20}, False),
    ({"answered": 150}, True)], ids=str)
def test_cut_at_a_byte(behind_proxy, switch, may_be_held):
    """Either way, after so many bytes: once the line is whole again each has arrived once, or is held."""
    shop = behind_proxy()
    shop.proxy.cut(**switch)
    shop.push(*mails(6))
    wait_until(lambda: shop.proxy.connections >= 2, "connections that are cut")
    wait_until(lambda: shop.client.zcard("nudged:later") + shop.client.zcard("nudged:uncertain") > 0, "a failure")
    shop.proxy.well()
    wanted = {f"ok{n}" for n in range(6)}

    def whole():
        boxes = {name for name in wanted if shop.postfix.box(name)}
        names = {f"ok{who[1:]}" for who in held(shop)}
        later = shop.client.zrange("nudged:later", 0, -1)
        if later:
            shop.client.zadd("nudged:later", {mid: 1 for mid in later}, xx=True)
        return boxes | names == wanted

    wait_until(whole, lambda: f"all six: held {held(shop)}\n{shop.one.log()[-3000:]}{shop.postfix.log()[-2000:]}")
    wait_until(shop.idle, "nothing on its way")
    assert all(len(shop.postfix.box(name)) <= 1 for name in wanted)
    assert may_be_held or not held(shop)
    assert shop.dead() == []


def test_a_line_that_is_silent_and_comes_back(behind_proxy):
    shop = behind_proxy(command_timeout="2s", connect_timeout="2s", answer_timeout="2s")
    shop.push(*mails(2))
    wait_until(lambda: len(shop.postfix.boxes()) == 2, "two that arrive")
    shop.proxy.hole = True
    shop.push(*mails(4, 2))
    wait_until(lambda: shop.client.zcard("nudged:later") + shop.client.zcard("nudged:uncertain") > 0, "timeouts")
    shop.proxy.well()
    shop.proxy.reset()
    shop.push(*mails(4, 6))

    def whole():
        later = shop.client.zrange("nudged:later", 0, -1)
        if later:
            shop.client.zadd("nudged:later", {mid: 1 for mid in later}, xx=True)
        return len(shop.postfix.boxes()) + len(held(shop)) >= 10

    wait_until(whole, lambda: f"all ten; held {held(shop)}\n{shop.one.log()[-3000:]}")
    wait_until(shop.idle, "nothing on its way")
    assert collections.Counter(len(shop.postfix.box(f"ok{n}")) for n in range(10)).keys() <= {0, 1}
